"""Rules within a token: escapes, characters of names, language tags.

The lexer lets them be, so that a mistake has a place and a name.

Spec: https://www.w3.org/TR/sparql12-query/#grammarTerminals
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from kg.sparql.lexer import Kind, Token
from kg.terms import is_language_tag

_NAMES: Final = (Kind.WORD, Kind.NAME, Kind.VARIABLE, Kind.BLANK)
# Beyond ASCII, the first and last characters of PN_CHARS_BASE, and of what else PN_CHARS has.
_BASE: Final = (
    0xC0, 0xD7, 0xD8, 0xF7, 0xF8, 0x300, 0x370, 0x37E, 0x37F, 0x2000, 0x200C, 0x200E, 0x2070,
    0x2190, 0x2C00, 0x2FF0, 0x3001, 0xD800, 0xF900, 0xFDD0, 0xFDF0, 0xFFFE, 0x10000, 0xF0000,
)  # fmt: skip
_INNER: Final = (0xB7, 0xB8, 0x300, 0x370, 0x203F, 0x2041)
_ESCAPE: Final = r"""\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf"'\\])|)"""
_USUAL_LANGUAGE: Final = r"[A-Za-z]{2,3}(?:-[A-Z]{2})?"


def broken_at(token: Token) -> int | None:
    """Return where a token breaks a rule, as an offset in it, or None."""
    text = token.text
    if token.kind is Kind.OTHER:
        return 0
    if token.kind is Kind.LANGUAGE:
        tag, _, direction = text[1:].partition("--")
        wrong = not (re.fullmatch(_USUAL_LANGUAGE, tag) or is_language_tag(tag))
        return 0 if wrong or (text.count("--") and direction not in ("ltr", "rtl")) else None
    if token.kind in (Kind.STRING, Kind.IRI):
        return _broken_escape(text) if "\\" in text else None
    if token.kind in _NAMES and not text.isascii():
        return _broken_name(token)
    return None


def _broken_escape(text: str) -> int | None:
    for match in re.finditer(_ESCAPE, text):
        code = match[1] or match[2]
        number = int(code, 16) if code else 0
        if not (code or match[3]) or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            return match.start()
    return None


def _broken_name(token: Token) -> int | None:
    # A name's first character, and that behind its colon, are of fewer kinds.
    starts = {0, 1} if token.kind is Kind.VARIABLE else {0}
    if token.kind in (Kind.NAME, Kind.BLANK):
        starts.add(token.text.index(":") + 1)
    for at, char in enumerate(token.text):
        if char.isascii() or _is_within(ord(char), _BASE):
            continue
        if at in starts or not _is_within(ord(char), _INNER):
            return at
    return None


def _is_within(code: int, ranges: tuple[int, ...]) -> bool:
    return bisect_right(ranges, code) % 2 == 1
