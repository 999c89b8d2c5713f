"""Bytes of an RDF file as a parser may have them."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import IO, Final

from kg.errors import InputError

_HEAD: Final = 1 << 16  # bytes
_OPENING: Final = (b"[", b"(", b"{")
_CLOSING: Final = (b"]", b")", b"}")
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
        head = source.read(_HEAD)
        self.is_empty = len(head) < _HEAD and not head.removeprefix(BOM_UTF8).strip()
        self._head = io.BytesIO(head.removeprefix(BOM_UTF8))

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        return self._counted(self._head.read(size) or self._source.read(size))

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line or a part of it, at most `size` bytes; none at the end."""
        return self._counted(self._head.readline(size) or self._source.readline(size))

    def _counted(self, chunk: bytes) -> bytes:
        if self._deepest is not None:
            self._count(chunk, self._deepest)
        return chunk

    def _count(self, chunk: bytes, deepest: int) -> None:
        closed = 0
        if self._brackets:
            self._depth += sum(map(chunk.count, _OPENING))
            closed = sum(map(chunk.count, _CLOSING))
        self._quoted += chunk.count(b"<<")
        if self._depth > deepest or self._quoted * QUOTED_WEIGHT > deepest:
            self._deepest = None
            error = self._check()
            if error is not None:
                raise error
        self._depth = max(0, self._depth - closed)
        self._quoted = max(0, self._quoted - chunk.count(b">>"))
