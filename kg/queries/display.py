"""Terms as people read them, and how wide a text is on a terminal."""

from __future__ import annotations

from typing import Final

from kg.datatypes import NUMERIC
from kg.names import Namer
from kg.queries.engine import Term
from kg.terms import XSD, XSD_STRING, escape, split_literal
from kg.wording import char_width as char_width
from kg.wording import printable as printable
from kg.wording import width as width

# Datatypes whose lexical form says what they are.
_PLAIN: Final = NUMERIC | {
    XSD + name for name in ("string", "boolean", "date", "dateTime", "time", "gYear", "gYearMonth")
}


class Shortener(Namer):
    """Writes terms of answers for people: a plain text bare, without quotes."""

    def text(self, term: Term | None, language: str | None = None) -> str:
        """Return a term as a person reads it.

        Args:
            term: A term, or None for nothing.
            language: The language in which a text is bare too.

        >>> Shortener({"ex": "http://example.org/"}).text("<http://example.org/a>")
        'ex:a'
        """
        if term is None:
            return ""
        if term.startswith('"'):
            return self._literal(term, language)
        return self.iri(term[1:-1]) if term[0] == "<" and term[1] != "<" else term

    def _literal(self, term: Term, language: str | None) -> str:
        text, datatype, tag = split_literal(term)
        if tag:
            return text if tag == language else f'"{escape(text)}"@{tag}'
        if datatype == XSD_STRING or datatype in _PLAIN:
            return text
        return f'"{escape(text)}"^^{self.iri(datatype)}'


def is_number(term: Term) -> bool:
    """Return whether a term is a literal of a numeric datatype."""
    return term.startswith('"') and split_literal(term).datatype in NUMERIC


def wrap(text: str, limit: int) -> list[str]:
    """Return the text in lines that are at most so many columns wide, broken at blanks if possible.

    >>> wrap("a claim about launches", 10)
    ['a claim', 'about', 'launches']
    """
    if width(text) <= limit:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if width(candidate) <= limit:
            line = candidate
            continue
        if line:
            lines.append(line)
        *full, line = _chopped(word, limit)
        lines += full
    return [*lines, line]


def _chopped(word: str, limit: int) -> list[str]:
    pieces, piece, used = [], "", 0
    for char in word:
        size = char_width(char)
        if piece and used + size > limit:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += size
    return [*pieces, piece]
