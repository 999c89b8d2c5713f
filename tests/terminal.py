"""Runs a command as on a terminal, and returns what stands there in the end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

# A line that is drawn over, as progress is; and the escape codes of terminals.
_OVERDRAWN = re.compile(r"[^\n]*\r(?!\n)")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_on_terminal(
    command: str, folder: Path, *, columns: int = 100, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command line with bash on a terminal; return its exit code and what it shows."""
    ours, theirs = pty.openpty()
    # The terminal tells its size, not a variable that the tests' own runner was given.
    inherited = {k: v for k, v in environment.items() if k not in ("COLUMNS", "LINES")}
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=inherited,
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
    text = shown.decode("utf-8").replace("\r\n", "\n")
    return process.returncode, _ESCAPE.sub("", _OVERDRAWN.sub("", text))


def _read(descriptor: int) -> bytes:
    with contextlib.suppress(OSError):
        return os.read(descriptor, 65536)
    return b""  # Linux reports EIO once the other side has closed it
