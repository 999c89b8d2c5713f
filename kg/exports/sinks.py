"""Writes the bytes of an export to one or several files or standard output, and compresses them."""

from __future__ import annotations

import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

from kg.duck import break_off
from kg.errors import KgError
from kg.exports.formats import Compression
from kg.files import writing
from kg.quads import copy_lines
from kg.supervise import leftover
from kg.temporary import new_part, remove_part

if TYPE_CHECKING:
    import duckdb

_CHUNK: Final = 1 << 20  # bytes
_PIPE: Final = 1 << 20  # bytes of a pipe's buffer, if the system allows setting it
_GZIP_LEVEL: Final = 6
# A gzip header without a time, so that the bytes are the same every time.
_GZIP_FORM: Final = 16 + zlib.MAX_WBITS


class Writer(Protocol):
    """Receives bytes."""

    def write(self, data: bytes, /) -> object:
        """Write all of the bytes."""


@contextmanager
def opened(target: Path, compression: Compression) -> Iterator[Writer]:
    """Open a file for writing, compressed if wanted; it is closed at the end."""
    with target.open("wb", buffering=0) as raw:
        if not compression:
            yield raw
            return
        steady = _Steady(_gzip(raw) if compression == ".gz" else _zstd(raw))
        yield steady
        steady.finish()


class SplitWriter:
    """Writes lines to files ``NAME-00001.nt``, ``NAME-00002.nt`` of limited length.

    The files have temporary names until `commit`.

    Args:
        target: The name without a number.
        lines: Maximum number of lines of a file.
        compression: How the files are compressed.
    """

    def __init__(self, target: Path, lines: int, compression: Compression) -> None:
        self._target = target
        self._lines = lines
        self._compression = compression
        self._left = 0
        self._open: tuple[IO[bytes], _Steady | None] | None = None
        self._parts: list[Path] = []

    def name(self, number: int) -> Path:
        """Return the name of a file; the first has number 1."""
        folder, name = self._target.parent, self._target.name
        bare = name[: -len(self._compression)] if self._compression else name
        ending = Path(bare).suffix
        stem = bare.removesuffix(ending)
        return folder / f"{stem}-{number:05}{ending}{self._compression}"

    def write(self, data: bytes) -> None:
        """Write bytes, which may end anywhere in a line."""
        start = 0
        while start < len(data):
            if not self._left:
                self._next()
            end, lines = _after_lines(data, start, self._left)
            assert self._open is not None
            raw, steady = self._open
            (steady or raw).write(data[start:end])
            self._left -= lines
            start = end

    def commit(self) -> tuple[Path, ...]:
        """Rename the files, remove surplus files of an earlier export, return the names."""
        self._close()
        targets = [self.name(number + 1) for number in range(len(self._parts))]
        for part, target in zip(self._parts, targets, strict=True):
            part.replace(target)
        number = len(targets) + 1
        while (leftover := self.name(number)).is_file():
            leftover.unlink()
            number += 1
        return tuple(targets)

    def discard(self) -> None:
        """Close and remove the files that are not committed."""
        if self._open is not None:
            self._open[0].close()
        for part in self._parts:
            remove_part(part)

    def _next(self) -> None:
        self._close()
        part = new_part(self.name(len(self._parts) + 1))
        leftover(part)
        self._parts.append(part)
        raw = part.open("wb", buffering=0)
        steady = None
        if self._compression:
            steady = _Steady(_gzip(raw) if self._compression == ".gz" else _zstd(raw))
        self._open = raw, steady
        self._left = self._lines

    def _close(self) -> None:
        if self._open is None:
            return
        raw, steady = self._open
        if steady is not None:
            steady.finish()
        raw.close()
        self._open = None


@contextmanager
def splitting(target: Path, lines: int, compression: Compression) -> Iterator[SplitWriter]:
    """Open a `SplitWriter`; files that are not committed are removed at the end.

    Raises:
        WorldError: The disk failed.
    """
    writer = SplitWriter(target, lines, compression)
    try:
        with writing(target):
            yield writer
    finally:
        writer.discard()


def _after_lines(data: bytes, start: int, lines: int) -> tuple[int, int]:
    """Return where at most `lines` lines of `data` end, and how many lines that are."""
    here = data.count(b"\n", start)
    if here < lines:
        return len(data), here
    position = start
    for _ in range(lines):
        position = data.index(b"\n", position) + 1
    return position, lines


class _Steady:
    """Passes bytes on in pieces of one size, since the output of compressors may depend on it."""

    def __init__(self, hand_on: Callable[[bytes, bool], None]) -> None:
        self._hand_on = hand_on
        self._held = bytearray()

    def write(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= _CHUNK:
            self._hand_on(bytes(self._held[:_CHUNK]), False)
            del self._held[:_CHUNK]

    def finish(self) -> None:
        self._hand_on(bytes(self._held), True)
        self._held.clear()


def _gzip(raw: IO[bytes]) -> Callable[[bytes, bool], None]:
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORM)

    def hand_on(data: bytes, last: bool) -> None:
        raw.write(compressor.compress(data))
        if last:
            raw.write(compressor.flush())

    return hand_on


def _zstd(raw: IO[bytes]) -> Callable[[bytes, bool], None]:
    import zstandard

    compressor = zstandard.ZstdCompressor().compressobj()

    def hand_on(data: bytes, last: bool) -> None:
        raw.write(compressor.compress(data))
        if last:
            raw.write(compressor.flush())

    return hand_on


@contextmanager
def piped(connection: duckdb.DuckDBPyConnection, lines: str) -> Iterator[Pipe]:
    """Let DuckDB write the rows of a query into a pipe, and return its reading end.

    The query runs in its own thread until the pipe is read to its end, or this block raises.

    Args:
        connection: From `kg.duck.engine`.
        lines: A query with one text column, each value one line without its end.

    Raises:
        LimitError: The memory limit was reached.
        WorldError: The disk failed.
    """
    pipe = Pipe(connection, lines)
    try:
        yield pipe
        pipe.finish()
    except BaseException:  # re-raised after the writer is stopped
        cause = pipe.stop()
        # If DuckDB failed, the reader's error is only a consequence.
        if isinstance(cause, KgError):
            raise cause from None
        raise


class Pipe:
    """The reading end of a pipe into which DuckDB writes lines.

    Attributes:
        count: Number of lines, once all are read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lines: str) -> None:
        self._connection = connection
        reading, self._writing = os.pipe()
        _widen(reading)
        self.source: IO[bytes] = open(reading, "rb", buffering=0)  # noqa: SIM115, PTH123
        self.count = 0
        self._failure: BaseException | None = None
        # Not Thread.join: after a signal interrupts it, it takes the thread for ended.
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._produce, args=(lines,), name="kg-export")
        try:
            self._thread.start()
        except KeyboardInterrupt:  # the thread may have started
            self.stop()
            raise

    def _produce(self, lines: str) -> None:
        try:
            self.count = copy_lines(self._connection, lines, Path(f"/dev/fd/{self._writing}"))
        except BaseException as error:  # noqa: BLE001  (re-raised by `finish`)
            self._failure = error
        finally:
            os.close(self._writing)
            self._ended.set()

    def copy_to(self, sink: Writer) -> None:
        """Write everything to the sink."""
        while chunk := self.source.read(_CHUNK):
            sink.write(chunk)

    def finish(self) -> None:
        """Wait for the end; raise the error of DuckDB, if any."""
        self._ended.wait()
        self.source.close()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> BaseException | None:
        """Stop the query; return the error of DuckDB before that, if any."""
        failure = self._failure
        self.source.close()
        break_off(self._connection, self._thread, self._ended)
        return failure


def _widen(descriptor: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # above this user's limit; the default size works too
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE)


def standard_output() -> IO[bytes]:
    """Return standard output as a binary stream."""
    sys.stdout.flush()
    return sys.stdout.buffer
