"""Reads Zstandard files as a stream.

The stream reader of the package zstandard does not notice that a file is truncated; this one does.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from kg.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Compressed bytes read at a time. The output of one step is held in memory, and a block of four
# bytes may expand to 128 KiB.
_STEP: Final = 4096


def open_zstd(path: Path) -> IO[bytes]:
    """Open a Zstandard file for reading; reading a truncated file raises EOFError.

    Raises:
        InputError: The package zstandard is not installed.
    """
    require_zstd()
    return cast(IO[bytes], io.BufferedReader(_Frames(path.open("rb")), io.DEFAULT_BUFFER_SIZE))


def require_zstd() -> None:
    """Check that the package for ``.zst`` files is installed.

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
