"""The standard streams of a command: control characters, and broken streams.

Standard error is for people. It shows control characters instead of sending them to the terminal,
and a command does not fail because nobody reads its messages. Standard output is for results:
a failed write is an error, except to a pipe whose reader has gone, which ends a command quietly.
Text for people on standard output goes through `shown`; data is written as it is.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, TextIO, cast

from kg.errors import WorldError
from kg.logins import without_logins
from kg.wording import visible

# Goes back to the start of the line and clears it, as a progress display does.
CLEAR: Final = "\r\x1b[K"


class _Shown:
    """A text stream that shows control characters, except `CLEAR` at the start of a write."""

    def __init__(self, stream: TextIO, *, must_work: bool) -> None:
        self._stream = stream
        self._must_work = must_work

    def write(self, text: str) -> int:
        """Write a text for people."""
        start = CLEAR if text.startswith(CLEAR) else ""
        try:
            self._stream.write(start + self._made(text.removeprefix(start)))
        except OSError:
            if self._must_work:
                raise
        return len(text)

    def _made(self, text: str) -> str:
        # Standard error gets messages; logins in them are hidden.
        return visible(text if self._must_work else without_logins(text))

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self._stream.flush()
        except OSError:
            if self._must_work:
                raise

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever a text stream has)
        return getattr(self._stream, name)


def shown(stream: TextIO | None = None) -> TextIO:
    """Return a stream that shows control characters; by default over standard output."""
    return cast(TextIO, _Shown(stream or sys.stdout, must_work=True))


class _Output(io.RawIOBase):
    """Standard output at its lowest level: kg reports one failure, which ends the output."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.broken = False
        self.reader_has_gone = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:  # noqa: ANN401  (any buffer of bytes)
        if self.broken:  # the rest of a buffer when the process ends
            return len(data)
        try:
            return os.write(self._descriptor, data)
        except OSError as error:
            self.broken = True
            if error.errno == errno.EPIPE:
                self.reader_has_gone = True
                raise
            reason = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise WorldError(
                "disk",
                f"cannot write standard output: {reason}",
                hint="Check where it goes, and the room on the disk; -o FILE writes a file.",
            ) from error


@contextmanager
def standard_streams() -> Iterator[_Output]:
    """Guard the standard streams while a command runs; give the state of the output."""
    _open_closed()
    output = _Output(1)
    before = sys.stdout, sys.stderr
    if sys.stdout is sys.__stdout__:  # else a caller collects the output, as tests do
        sys.stdout = _text(output, before[0])
    sys.stderr = cast(TextIO, _Shown(sys.stderr, must_work=False))
    try:
        yield output
    finally:
        with suppress(OSError, WorldError, ValueError):  # it may be closed
            sys.stdout.flush()
        sys.stdout, sys.stderr = before


def _text(output: _Output, before: TextIO) -> TextIO:
    before.flush()
    terminal = output.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(output),
        # Files and pipes get UTF-8, as the formats that kg writes require.
        encoding=before.encoding if terminal else "utf-8",
        # Characters that a terminal of another encoding lacks are shown by number.
        errors="backslashreplace",
        line_buffering=terminal,
        newline="",
    )


def _open_closed() -> None:
    """Open standard streams that are closed; writing to such an output fails.

    Python sets them to None, and the system would give their numbers to the next files opened.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, mode)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            way: Literal["r", "w"] = "w" if descriptor else "r"
            stream = open(descriptor, way, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
