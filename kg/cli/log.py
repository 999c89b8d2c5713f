"""``kg --log FILE``: what a command said and did, each line with its time, for who runs kg unseen.

Lines are added to the file. The process that works and the one that watches it write to one file;
the one that began writes the last line.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kg.files import writing
from kg.logins import HIDDEN, without_secrets, without_values
from kg.records import dataclass

_SET: Final = "--set"


@dataclass(frozen=True, slots=True)
class Log:
    """An open log.

    Attributes:
        descriptor: Of the file, which is opened to add to.
        process: The process that began.
        started: Seconds of a clock that does not jump.
    """

    descriptor: int
    process: int
    started: float


_current: list[Log] = []


def begin(path: Path, words: Sequence[str]) -> None:
    """Begin a log, or go on with one.

    Args:
        path: The file.
        words: The words of the command line; logins and secrets in them are left out.

    Raises:
        WorldError: The file cannot be written.
    """
    with writing(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    _current[:] = [Log(descriptor, os.getpid(), time.monotonic())]
    note(f"begins: kg {shlex.join(_shown(words))}")


def _shown(words: Sequence[str]) -> Iterator[str]:
    """Yield the words of a command line; the values of variables may be secret, so without them."""
    before = ""
    for word in words:
        option, mark, given = word.partition("=")
        if before == _SET:
            yield f"{option}={HIDDEN}" if mark else HIDDEN
        elif option == _SET and mark:
            name, mark, _ = given.partition("=")
            yield f"{_SET}={name}={HIDDEN}" if mark else f"{_SET}={HIDDEN}"
        else:
            yield without_secrets(word)
        before = word


def note(text: str) -> None:
    """Add a message, if there is a log; a line for each of its lines."""
    for log in _current:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = [f"{moment} {line}\n" for line in without_values(text).splitlines()]
        os.write(log.descriptor, "".join(lines).encode(errors="backslashreplace"))


def end(code: int) -> None:
    """Add how the command ended, and close the log."""
    for log in _current:
        if log.process == os.getpid():
            note(f"ends: exit code {int(code)} after {time.monotonic() - log.started:.2f} s")
            os.close(log.descriptor)
    _current.clear()
