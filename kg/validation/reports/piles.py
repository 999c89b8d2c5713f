"""Texts kept in an unnamed file until the text before them is complete."""

from __future__ import annotations

import os
import struct
import weakref
from collections.abc import Iterator
from typing import Final

from kg.temporary import new_scratch, scratch_told

# Bytes of a pile that are buffered in memory.
_PIECE: Final = 8 * 1024
# Where the next piece of a pile starts, 0 for none; and the length of this one.
_HEAD: Final = struct.Struct("<QQ")


class Scratch:
    """An unnamed file that stores bytes and returns them by position.

    Raises:
        WorldError: It cannot be made or written.
    """

    def __init__(self) -> None:
        self._descriptor = new_scratch()
        weakref.finalize(self, os.close, self._descriptor)
        self._end = 0

    def put(self, data: bytes) -> int:
        """Write bytes at the end, and return where they start."""
        start = self._end
        self.write_at(start, data)
        self._end += len(data)
        return start

    def write_at(self, place: int, data: bytes) -> None:
        """Overwrite bytes."""
        with scratch_told():
            while data:
                count = os.pwrite(self._descriptor, data, place)
                data, place = data[count:], place + count

    def get(self, place: int, length: int) -> bytes:
        """Read bytes."""
        with scratch_told():
            return os.pread(self._descriptor, length, place)


class Piles:
    """Many piles of text in one file, each written in pieces and read in order of writing.

    Memory grows with the number of piles, not with their size: each piece of a pile holds the
    position of the next one.

    Raises:
        WorldError: The file cannot be made or written.
    """

    def __init__(self) -> None:
        self._scratch = Scratch()
        self._waiting: dict[str, bytearray] = {}
        self._ends: dict[str, tuple[int, int]] = {}  # of the first piece and of the last one
        self._scratch.put(b"\0")  # so that no piece starts at 0

    def add(self, name: str, text: str) -> None:
        """Put a text on a pile, which may be new."""
        waiting = self._waiting.setdefault(name, bytearray())
        waiting += text.encode("utf-8", "backslashreplace")
        if len(waiting) >= _PIECE:
            self._write(name, waiting)

    def read(self, name: str) -> Iterator[str]:
        """Yield the texts of a pile, in pieces."""
        self._write(name, self._waiting.get(name, bytearray()))
        place = self._ends.get(name, (0, 0))[0]
        while place:
            after, length = _HEAD.unpack(self._scratch.get(place, _HEAD.size))
            yield self._scratch.get(place + _HEAD.size, length).decode()
            place = after

    def _write(self, name: str, waiting: bytearray) -> None:
        if not waiting:
            return
        place = self._scratch.put(_HEAD.pack(0, len(waiting)) + waiting)
        first, last = self._ends.get(name, (place, 0))
        if last:
            self._scratch.write_at(last, place.to_bytes(8, "little"))
        self._ends[name] = (first, place)
        waiting.clear()
