"""Bytes of an RDF file as a parser may have them."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import IO, Final

from kg.errors import InputError

_BLOCK: Final = 1 << 16  # bytes
# Bytes that are counted together where a block seems to nest too deep.
_PORTION: Final = 1 << 9
_OPENING: Final = (b"[", b"(", b"{")
_CLOSING: Final = (b"]", b")", b"}")
# Looked for before they are counted: few files have any, and a pattern finds that out faster.
_QUOTED: Final = re.compile(rb"<<")
# Levels that a triple term counts for: the parser's stack holds fewer of them, and RDF 1.1 none.
QUOTED_WEIGHT: Final = 100


class GuardedSource:
    """A stream without a byte order mark, whose brackets are counted.

    Oxigraph keeps what is open in memory, and triple terms on its stack. The count is a rough
    one, as brackets in texts count too: past the limit an exact one decides.

    Args:
        source: The bytes as they are in the file.
        deepest: Brackets in one another that are not looked at; None: count none.
        brackets: Whether the format has other brackets than those of triple terms.
        check: Called once, past the limit: returns an error, or None if the text is in order.

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
        """Return the next bytes, at most `size`; none at the end."""
        found = self._block.read(size)
        return found if found or not size else self._next().read(size)

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line or a part of it, at most `size` bytes; none at the end."""
        found = self._block.readline(size)
        return found if found or not size else self._next().readline(size)

    def _next(self) -> IO[bytes]:
        """Return what to read from when a block is at its end: the next one, already counted."""
        if self._deepest is None and not self._waiting:
            return self._source
        block, self._waiting = self._waiting or self._source.read(_BLOCK), b""
        if self._deepest is not None and not self._settled(block, self._deepest):
            # What stands before it is read first, and may hold another mistake.
            block, self._waiting = block[:_PORTION], block[_PORTION:]
            if not self._settled(block, self._deepest):
                self._deepest = None
                error = self._check()
                if error is not None:
                    raise error
        self._block = io.BytesIO(block)
        return self._block

    def _settled(self, text: bytes, deepest: int) -> bool:
        """Count the brackets of a text, unless they may nest too deep."""
        opened = 0
        if self._brackets:  # one that is missing is told so faster than it is counted
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
