"""Which lines of a text file have changed since another file was a copy of it.

Both files are read once, a block at a time: what is the same is only compared. Where a block
differs, the next block of the old file that the new one still has is looked for a little further
on, so that lines that come or go do not make all that follows different.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from kg.paths import open_file
from kg.records import dataclass

BLOCK: Final = 2**16
# Bytes in which a block is looked for, and bytes of all blocks that differ: beyond these, too much
# has changed.
_AHEAD: Final = 2**20
_MOST: Final = 2**22
# How files in UTF-16 begin, whose line ends are no single bytes.
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class LineChanges:
    """How the lines of a file have changed; their order is not looked at.

    Attributes:
        head: The first lines, which are the same.
        gone: Lines of the old file that the new one has not, or has less often.
        come: Lines of the new file that the old one has not, or has less often.
        sha256: The digest of the old file.
    """

    head: bytes
    gone: tuple[bytes, ...]
    come: tuple[bytes, ...]
    sha256: str

    def write(self, lines: tuple[bytes, ...], target: Path) -> None:
        """Write a file of the first lines and some others."""
        target.write_bytes(b"".join((self.head, *lines)))


def line_changes(old: Path, new: Path, head: int, block: int = BLOCK) -> LineChanges | None:
    """Return how the lines of a file have changed.

    Args:
        old: A copy of what the file was.
        new: The file.
        head: The number of first lines that must be the same.
        block: How many bytes are compared at once.

    Returns:
        The changes; None if the first lines differ, or too many others, or if a line that came
        has a line end of another kind within.
    """
    with open_file(old) as before, open_file(new) as after:
        first = b"".join(before.readline() for _ in range(head))
        if b"".join(after.readline() for _ in range(head)) != first or first[:2] in _WIDE:
            return None
        digest = hashlib.sha256(first)
        gone, come, size = Counter[bytes](), Counter[bytes](), 0
        for were, are in _regions(before, _Ahead(after), digest, block):
            size += max(len(were), len(are))
            if size > _MOST:
                return None
            gone.update(_lines(were))
            come.update(_lines(are))
    if any(_has_inner_end(line) for line in come):
        return None
    lost, new_lines = gone - come, come - gone
    return LineChanges(
        first, tuple(lost.elements()), tuple(new_lines.elements()), digest.hexdigest()
    )


def count_lines(path: Path) -> int | None:
    """Return the number of lines of a file; None if a line has a line end of another kind within.

    The last line needs no line end.
    """
    found, last, inner = 0, b"\n", 0
    with open_file(path) as source:
        while part := source.read(_AHEAD):
            found += part.count(b"\n")
            if returns := part.count(b"\r"):
                inner += returns - part.count(b"\r\n")
            inner -= last == b"\r" and part[:1] == b"\n"
            last = part[-1:]
    return None if inner else found + (last != b"\n")


def _has_inner_end(line: bytes) -> bool:
    return b"\r" in line.removesuffix(b"\n").removesuffix(b"\r")


class _Ahead:
    """A file that is read in order, with a look at what follows."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._held = b""

    def peek(self, size: int) -> bytes:
        """Return the bytes that follow, as many as there are up to a number."""
        if len(self._held) < size:
            self._held += self._source.read(size - len(self._held))
        return self._held[:size]

    def skip(self, size: int) -> None:
        """Leave out bytes that were looked at."""
        self._held = self._held[size:]


def _regions(
    before: BinaryIO, after: _Ahead, digest: hashlib._Hash, size: int
) -> Iterator[tuple[bytes, bytes]]:
    """Yield what differs: whole lines of the old file, and those in their place."""
    waiting = b""
    while block := before.read(size):
        block += before.readline()
        digest.update(block)
        is_whole = block.endswith(b"\n")
        if not waiting and is_whole and after.peek(len(block)) == block:
            after.skip(len(block))
            continue
        place = _place_of(block, after) if waiting and is_whole else None
        if place is None:
            waiting += block
            if len(waiting) > _MOST:
                break
            continue
        yield waiting, after.peek(place)
        after.skip(place + len(block))
        waiting = b""
    yield waiting, after.peek(_MOST + 1)


def _place_of(block: bytes, after: _Ahead) -> int | None:
    """Return how many bytes further on a block begins, as whole lines; None if it does not."""
    follows = after.peek(_AHEAD + len(block))
    place = follows.find(block)
    while place > 0 and follows[place - 1 : place] != b"\n":
        place = follows.find(block, place + 1)
    return None if place < 0 else place


def _lines(text: bytes) -> Iterator[bytes]:
    """Yield lines with their ends; the last has one, too."""
    *lines, last = text.split(b"\n")
    for line in (*lines, last) if last else lines:
        yield line + b"\n"
