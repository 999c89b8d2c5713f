r"""Sets of characters for regular expressions, as ranges of code points.

Spec: https://www.w3.org/TR/xmlschema11-2/#charcter-classes
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from kg.names import BASE_RANGES

# First and last code point, both included; sorted, with gaps between ranges.
Ranges = tuple[tuple[int, int], ...]

LAST: Final = 0x10FFFF
SPACE: Final[Ranges] = ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20))
# https://www.w3.org/TR/xml/#NT-NameStartChar
NAME_START: Final[Ranges] = tuple(sorted(((0x3A, 0x3A), (0x5F, 0x5F), *BASE_RANGES)))
_NAME_REST: Final[Ranges] = (
    *((0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040)),
)
_MINOR: Final = {
    "L": "ultmo",
    "M": "nce",
    "N": "dlo",
    "P": "cdseifo",
    "Z": "slp",
    "S": "mcko",
    "C": "cfon",
}
CATEGORIES: Final = frozenset(_MINOR) | {m + n for m, minor in _MINOR.items() for n in minor}


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges sorted, and joined where they touch.

    >>> merged([(5, 7), (1, 2), (3, 4)])
    ((1, 7),)
    """
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    """Return all other characters.

    >>> complement(((0, 9), (12, 1114111)))
    ((10, 11),)
    """
    found, start = [], 0
    for first, last in ranges:
        if start < first:
            found.append((start, first - 1))
        start = last + 1
    return (*found, (start, LAST)) if start <= LAST else tuple(found)


def difference(ranges: Ranges, less: Ranges) -> Ranges:
    """Return the characters of a set that are not in another."""
    return complement(merged((*complement(ranges), *less)))


def name_characters() -> Ranges:
    """Return the characters allowed in an XML name."""
    return merged((*NAME_START, *_NAME_REST))


def category(name: str) -> Ranges:
    """Return the characters of a category of Unicode, such as ``Lu`` or ``L``."""
    table = _categories()
    return merged(r for key, found in table.items() if key.startswith(name) for r in found)


def words() -> Ranges:
    """Return the letters and digits of all alphabets, and the underscore."""
    return merged((*category("L"), *category("N"), (0x5F, 0x5F)))


@cache
def _categories() -> dict[str, list[tuple[int, int]]]:
    table: dict[str, list[tuple[int, int]]] = {}
    for code in range(LAST + 1):
        found = table.setdefault(unicodedata.category(chr(code)), [])
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return table
