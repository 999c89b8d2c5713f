"""Checks the bytes of an RDF file for brackets that nest too deep, before a parser gets them."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import IO, Final

from kg.errors import InputError

_BLOCK: Final = 1 << 16  # bytes
# A block that seems to nest too deep is counted again in portions of this many bytes.
_PORTION: Final = 1 << 9
_OPENING: Final = (b"[", b"(", b"{")
_CLOSING: Final = (b"]", b")", b"}")
# Few files have any `<<`, and a regex search is faster than counting.
_QUOTED: Final = re.compile(rb"<<")
# A triple term counts as this many levels: Oxigraph's stack holds fewer triple terms than brackets.
QUOTED_WEIGHT: Final = 100


class GuardedSource:
    """A stream that drops the byte order mark and counts brackets.

    Oxigraph keeps open brackets in memory, and triple terms on its stack. The count here is
    rough, because it includes brackets within literals: above the limit `check` counts exactly.

    Args:
        source: The bytes as they are in the file.
        deepest: Depth above which `check` is called; None: do not count.
        brackets: Whether the format has other brackets than those of triple terms.
        check: Called once, above the limit: returns an error, or None if the depth is allowed.

    Raises:
        InputError: Brackets nest too deep; only `read` raises it.
    """

    def __init__(
        self,
        source: IO[bytes],
        deepest: int | None = None,
        brackets: bool = True,
        check: Callable[[], InputError | None] = lambda: None,
    ) -> None:
        self._source = source
        self._deepest = deepest
        self._brackets = brackets
        self._check = check
        self._depth = 0
        self._quoted = 0
        head = source.read(_BLOCK)
        self.is_empty = len(head) < _BLOCK and not head.removeprefix(BOM_UTF8).strip()
        self._waiting = head.removeprefix(BOM_UTF8)
        self._block = io.BytesIO()

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size`; empty at the end."""
        found = self._block.read(size)
        return found if found or not size else self._next().read(size)

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line or a part of it, at most `size` bytes; empty at the end."""
        found = self._block.readline(size)
        return found if found or not size else self._next().readline(size)

    def _next(self) -> IO[bytes]:
        """Read the next block, count its brackets, and return it as a stream."""
        if self._deepest is None and not self._waiting:
            return self._source
        block, self._waiting = self._waiting or self._source.read(_BLOCK), b""
        if self._deepest is not None and not self._settled(block, self._deepest):
            # Hand over the part before it first: the parser may find another mistake there.
            block, self._waiting = block[:_PORTION], block[_PORTION:]
            if not self._settled(block, self._deepest):
                self._deepest = None
                error = self._check()
                if error is not None:
                    raise error
        self._block = io.BytesIO(block)
        return self._block

    def _settled(self, text: bytes, deepest: int) -> bool:
        """Count the brackets of a text; return False, uncounted, if they may nest too deep."""
        opened = 0
        if self._brackets:  # `in` is faster than `count` for brackets that do not occur
            opened = sum(text.count(each) for each in _OPENING if each in text)
        quoted = text.count(b"<<") if _QUOTED.search(text) else 0
        if max(self._depth + opened, (self._quoted + quoted) * QUOTED_WEIGHT) > deepest:
            return False
        self._depth += opened
        self._quoted += quoted
        if self._depth:
            self._depth = max(0, self._depth - sum(map(text.count, _CLOSING)))
        if self._quoted:
            self._quoted = max(0, self._quoted - text.count(b">>"))
        return True
