"""How numbers, progress and any text are told to people, and how wide a text is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_BAR: Final = 20  # characters
# Letters of words that `plain_slip` knows, and of those in which two may be wrong.
_SHORT: Final = 4
_LONG: Final = 8
_ALIKE: Final = 0.65  # of 1, from which on a word may be a slip for another
# Columns of a long line that `excerpt` shows, and those before the caret.
_SHOWN: Final = 100
_BEFORE: Final = 60


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s but for one.

    >>> counted(1, "record"), counted(2_000, "record")
    ('1 record', '2,000 records')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that another may be a slip for, or None; case counts little.

    >>> nearest("mesage", ["message", "name"]), nearest("peak", ["Peak", "peaks"])
    ('message', 'Peak')
    """
    from difflib import get_close_matches

    folded: dict[str, list[str]] = {}
    for each in sorted(known):
        folded.setdefault(each.casefold(), []).append(each)
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=_ALIKE)
    if not found:
        return None
    # Names of classes and of properties may differ in the case of their first letter alone.
    return min(folded[found[0]], key=lambda each: (each[:1] != word[:1], each))


def plain_slip(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that another is plainly a slip for, or None.

    It is written with other cases or marks between its parts, or a letter is wrong, too much,
    missing or swapped with the next: one of four to seven letters, two of eight or more. Shorter
    words have too many neighbours.

    >>> (
    ...     plain_slip("subjets", ["subjects", "s"]),
    ...     plain_slip("predicate_objects", ["predicateobjects"]),
    ... )
    ('subjects', 'predicateobjects')
    >>> plain_slip("creator", ["authors", "sources"]), plain_slip("x", ["a"])
    (None, None)
    """
    folded = _folded(word)
    distances = [
        (_distance(folded, _folded(each)), each) for each in sorted(known) if len(each) >= _SHORT
    ]
    distance, found = min(distances, default=(len(word), ""))
    return found if found and distance <= (1 if len(found) < _LONG else 2) else None


def _folded(word: str) -> str:
    return word.casefold().replace("-", "").replace("_", "")


def _distance(first: str, second: str) -> int:
    """Return how many letters are wrong, missing, too much, or swapped with their neighbours.

    Spec: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance (optimal alignment)
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and (a, b) == (second[j - 2], first[i - 2]):
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def progress_bar(done: int, total: int) -> str:
    """Return a bar for how far something is.

    >>> progress_bar(1, 4)
    '[#####---------------]'
    """
    filled = _BAR * done // total if total else _BAR
    return f"[{'#' * filled}{'-' * (_BAR - filled)}]"


def printable(text: str) -> str:
    r"""Return the text without what would move a terminal's cursor or turn its direction.

    >>> printable("a\x1b[2J\tb")
    'a\\x1B[2J\\tb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char in "\u200c\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return char
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    if named:
        return named
    return f"\\x{ord(char):02X}" if ord(char) < 256 else f"\\u{ord(char):04X}"


def width(text: str) -> int:
    """Return how many columns a printable text takes on a terminal.

    >>> width("abc"), width("朝鮮"), width("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(char_width(char) for char in text)


def char_width(char: str) -> int:
    """Return how many columns a printable character takes on a terminal."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def visible(text: str) -> str:
    r"""Return lines of text as `printable` would; their ends, and tabs in them, are kept.

    >>> visible("a\tb\n\x1b[2Jc\n")
    'a\tb\n\\x1B[2Jc\n'
    """
    if text.isprintable():
        return text
    return "\n".join(
        line if line.isprintable() else "\t".join(map(printable, line.split("\t")))
        for line in text.split("\n")
    )


def excerpt(text: str, offset: int) -> str:
    """Return the line of an offset with a caret below it; a long line is cut around it.

    >>> print(excerpt("a[", 1))
        a[
         ^
    """
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)].rstrip("\r").replace("\t", " ")
    column = min(offset - start, len(line))
    if len(line) > _SHOWN:
        cut = max(0, column - _BEFORE)
        line = ("…" if cut else "") + line[cut : cut + _SHOWN]
        column = column - cut + (1 if cut else 0)
    return f"    {printable(line)}\n    {' ' * width(printable(line[:column]))}^"
