"""Terms as people read them, and how wide a text is on a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from kg.datatypes import NUMERIC
from kg.names import Namer
from kg.queries.engine import Term
from kg.terms import XSD, XSD_STRING, escape, split_literal
from kg.wording import char_width as char_width
from kg.wording import printable as printable
from kg.wording import width as width

_FRACTION: Final = re.compile(r"[-+]?[0-9]*\.([0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
# Digits before the point with which a number is still written out.
_MOST_DIGITS: Final = 15
# Datatypes whose lexical form says what they are.
_PLAIN: Final = NUMERIC | {
    XSD + name for name in ("string", "boolean", "date", "dateTime", "time", "gYear", "gYearMonth")
}


# Digits that a rounded number keeps, and behind the point those that are never cut.
_KEPT: Final = 6
_UNCUT: Final = 4


def rounded(text: str) -> str:
    """Return a number that is long behind the point with six digits; others as they are.

    >>> [rounded(text) for text in ("6.283464566929", "1234567.8912345", "0.0039846", "40.6412")]
    ['6.28346', '1234568', '0.0039846', '40.6412']
    >>> rounded("3.3456789E1"), rounded("1.00000001"), rounded("INF")
    ('33.4568', '1', 'INF')
    """
    number = _FRACTION.fullmatch(text)
    if number is None or len(number[1]) <= _UNCUT:
        return text
    value = Decimal(text)
    places = _KEPT - 1 - (value.adjusted() if value else 0)
    if value and not -_KEPT <= value.adjusted() <= _MOST_DIGITS:
        return f"{value:.{_KEPT - 1}E}"
    exact = f"{value:f}"
    if places >= len(exact.partition(".")[2]):
        return exact
    cut = f"{value:.{max(0, places)}f}"
    return cut.rstrip("0").rstrip(".") if "." in cut else cut


class Shortener(Namer):
    """Writes terms of answers for people: a plain text bare, without quotes.

    Args:
        prefixes: Prefix to namespace.
        rounds: Whether numbers with many digits are rounded.

    Attributes:
        has_rounded: Whether one was.
    """

    def __init__(self, prefixes: Mapping[str, str], *, rounds: bool = False) -> None:
        super().__init__(prefixes)
        self._rounds = rounds
        self.has_rounded = False

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
        if self._rounds and datatype in NUMERIC:
            short = rounded(text)
            self.has_rounded |= short != text
            return short
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
