"""Write an answer to standard output, or to a temporary file that is then renamed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kg.cli.watchdog import Guard
from kg.files import replacing, writing


@contextmanager
def opened(target: Path | None, guard: Guard) -> Iterator[IO[bytes]]:
    """Give a binary file to write an answer to.

    Args:
        target: The file; None for standard output. It is replaced in one step if the body succeeds,
            and left alone otherwise. A device or pipe is written to directly.
        guard: Learns which files to remove if the process is ended, and that the work is done
            before the file is put in place.

    Raises:
        WorldError: The file cannot be written.
        BrokenPipeError: The reader of a pipe has gone.
    """
    if target is None:
        with writing("standard output"):
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        guard.finish()
        return
    with replacing(target, begun=guard.leftovers.append) as part:
        with part.open("wb") as out:
            yield out
        guard.finish()


@contextmanager
def paged(guard: Guard) -> Iterator[IO[bytes]]:
    """Give a binary file whose text a terminal shows, by a pager if it is long.

    The pager is what the variable ``KG_PAGER`` names, or else ``PAGER``; without them, or where
    the keyboard is not a terminal, there is none.

    Args:
        guard: Learns that the work is done before the pager begins, which may take any time.
    """
    pager = _pager()
    if not pager:
        with opened(None, guard) as out:
            yield out
        return
    import subprocess
    import tempfile

    with writing("standard output"), tempfile.TemporaryFile() as text:
        yield text
        guard.finish()
        text.seek(0)
        lines = sum(1 for _ in text)
        text.seek(0)
        sys.stdout.flush()
        if lines < shutil.get_terminal_size().lines:
            shutil.copyfileobj(text, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        # As git calls less: quit if all fits, show colours, leave the text on the screen.
        subprocess.run(pager, stdin=text, check=False, env={"LESS": "FRX", **os.environ})


def _pager() -> list[str]:
    """Return the words of the pager's command; none if there is no pager, or nobody to use it."""
    command = os.environ.get("KG_PAGER", os.environ.get("PAGER", ""))
    if not sys.stdin.isatty() or os.environ.get("TERM") == "dumb":
        return []
    words = shlex.split(command)
    return words if words and words != ["cat"] and shutil.which(words[0]) else []
