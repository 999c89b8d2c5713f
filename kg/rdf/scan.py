"""Finds the place of a token that is too long, or nests too deep, for Oxigraph.

Covers Turtle, TriG, N-Triples and N-Quads. It scans a file only after Oxigraph rejected a value
as too long, or when the file may nest too deep.
"""

from __future__ import annotations

import re
from typing import IO, Final

from kg.rdf.guard import QUOTED_WEIGHT
from kg.records import dataclass

CHUNK: Final = 1 << 18  # bytes
# The start of a literal, a comment or an IRI, a bracket, or a backslash, which escapes the next.
_NEXT: Final = re.compile(rb"\\|#|<<|>>|<|\"|'|[\[\](){}]")
_LONGEST_OPENING: Final = 3
_NAMES: Final = {b"#": "a comment", b"<": "an IRI"}
_OPENING: Final = frozenset((b"[", b"(", b"{", b"<<"))
_CLOSING: Final = frozenset((b"]", b")", b"}", b">>"))


@dataclass(frozen=True, slots=True)
class Found:
    """A token that exceeds a limit.

    Attributes:
        what: ``a literal``, ``an IRI``, ``a comment``, or ``brackets``.
        line: Line where it begins, from 1; for brackets, where the limit is exceeded.
    """

    what: str
    line: int


def find_excess(source: IO[bytes], longest: int, deepest: int) -> Found | None:
    """Return the first token that exceeds a limit, or None.

    Args:
        source: The text.
        longest: Limit for a token, in bytes.
        deepest: Limit for nested brackets.
    """
    scan, depth = _Scan(source), 0
    while token := scan.next_token():
        if token in _OPENING:
            depth += QUOTED_WEIGHT if token == b"<<" else 1
            if depth > deepest:
                return Found("brackets", scan.line)
        elif token in _CLOSING:
            depth -= QUOTED_WEIGHT if token == b">>" else 1
        elif token in _ENDS:
            line = scan.line
            if scan.pass_over(token, longest) > longest:
                return Found(_NAMES.get(token, "a literal"), line)
    return None


class _Scan:
    """A position in a text that is read as a stream.

    Attributes:
        line: The line of the last token.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._text = b""
        self._at = 0
        self.line = 1

    def next_token(self) -> bytes:
        """Return the next token of `_NEXT`; empty at the end."""
        while True:
            match = _NEXT.search(self._text, self._at)
            # A token in the last bytes may continue in the next chunk.
            start = len(self._text) if match is None else match.start()
            if start + _LONGEST_OPENING > len(self._text) and self._more(start):
                continue
            if match is None:
                return b""
            self._move(match.end())
            token = match[0]
            if token == b"\\":
                self._move(min(self._at + 1, len(self._text)))
                continue
            if token in (b'"', b"'") and self._text.startswith(token * 3, start):
                self._move(start + 3)
                token *= 3
            return token

    def pass_over(self, token: bytes, longest: int) -> int:
        """Move past the token that begins here; return its length, or any above `longest`."""
        size, end = 0, _ENDS[token]
        while size <= longest:
            match = end.search(self._text, self._at)
            if match is not None:
                size += match.end() - self._at
                self._move(match.end())
                if not match[0].startswith(b"\\"):
                    return size
                continue
            kept = max(self._at, len(self._text) - 2)
            size += kept - self._at
            if not self._more(kept):
                self._move(len(self._text))
                return size
        return size

    def _more(self, at: int) -> bool:
        """Read more, keeping the text from `at` on; return whether there was any."""
        more = self._source.read(CHUNK)
        if more:
            self._move(at)
            self._text, self._at = self._text[at:] + more, 0
        return bool(more)

    def _move(self, to: int) -> None:
        self.line += self._text.count(b"\n", self._at, to)
        self._at = to


_ENDS: Final = {
    b"#": re.compile(rb"\n"),
    b"<": re.compile(rb">"),
    b'"': re.compile(rb'\\.|"|\n', re.DOTALL),
    b"'": re.compile(rb"\\.|'|\n", re.DOTALL),
    b'"""': re.compile(rb'\\.|"""', re.DOTALL),
    b"'''": re.compile(rb"\\.|'''", re.DOTALL),
}
