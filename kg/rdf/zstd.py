"""Zstandard files in, read as a stream.

The stream reader of the package zstandard takes a file that was cut off for one that ends there;
this one does not.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from kg.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Compressed bytes taken at a time: a block of four may stand for 128 KiB, and what comes out of
# one step is held in memory.
_STEP: Final = 4096


def open_zstd(path: Path) -> IO[bytes]:
    """Open a Zstandard file for reading; reading raises EOFError where it was cut off.

    Raises:
        InputError: The package zstandard is not there.
    """
    require_zstd()
    return cast(IO[bytes], io.BufferedReader(_Frames(path.open("rb")), io.DEFAULT_BUFFER_SIZE))


def require_zstd() -> None:
    """Make sure that the package for ``.zst`` files is there.

    Raises:
        InputError: It is not.
    """
    if find_spec("zstandard") is None:
        raise InputError(
            "missing-extra",
            "files that end in .zst need the package zstandard",
            hint="Install it with: pip install zstandard",
        )


class _Frames(io.RawIOBase):
    """The content of the frames in a file, one after the other."""

    def __init__(self, source: IO[bytes]) -> None:
        import zstandard

        self._source = source
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame = self._decompressor.decompressobj()
        self._inside = False  # whether a frame has begun and not ended
        self._rest = b""  # compressed, of the next frame
        self._out = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._source.close()
        super().close()

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._out:
            step = self._rest or self._source.read(_STEP)
            if not step:
                if self._inside:
                    raise EOFError("it ends in the middle of a frame")
                return 0
            self._out = memoryview(self._frame.decompress(step))
            self._inside = not self._frame.eof
            self._rest = b""
            if self._frame.eof:
                self._rest = self._frame.unused_data
                self._frame = self._decompressor.decompressobj()
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._out))
        target[:count] = self._out[:count]
        self._out = self._out[count:]
        return count
