"""Where the header of a table is: below titles, in two rows, or nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from kg.peek.columns import NULLS
from kg.records import dataclass
from kg.wording import counted

# A header of fewer names than this cannot be told from a title by its width.
_WIDE: Final = 3
# Sorts of cells, by what all of them match. A day may look like a number with two points.
_SORTS: Final = (
    ("day", re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}([T ]\d{1,2}:\d\d.*)?")),
    ("time", re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?")),
    ("number", re.compile(r"[-+]?(\d[\d.,']*|[.,]\d+)([eE][-+]?\d+)?\s?%?")),
    ("truth", re.compile(r"true|false", re.IGNORECASE)),
)
_TEXT: Final = "text"
_NOTHING: Final = ""
_YEAR: Final = re.compile(r"1[5-9]\d\d|20\d\d")
# Numbers that rise by the same step from column to column; two may do so by accident.
_FEWEST_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Header:
    """Where the names of a table's columns are.

    Attributes:
        skip: Rows, or lines, above the last row of it.
        is_there: Whether there is one at all.
        names: Names for all columns, where the header does not name each of them once.
        rows: How many rows it takes.
    """

    skip: int
    is_there: bool
    names: tuple[str, ...]
    rows: int = 1


def header_of(rows: Sequence[Sequence[str]]) -> Header:
    """Return where the header of a table is.

    Args:
        rows: The first rows that are not empty; there is one at least.
    """
    width = Counter(map(len, rows)).most_common(1)[0][0]
    skip = next(n for n, row in enumerate(rows) if len(row) == width)
    skip += _titles(rows[skip:])
    first, below = rows[skip], rows[skip + 1 :]
    if _is_data(first, below):
        return Header(skip, False, tuple(f"column_{n}" for n in range(1, width + 1)))
    if _goes_on(first, below):
        return Header(skip + 1, True, _named(_together(first, below[0])), 2)
    return Header(skip, True, () if _names_all(first) else _named(first))


def header_notes(header: Header) -> list[str]:
    """Return what was guessed about a header."""
    if not header.is_there:
        return ["the first row looks like data, so the columns get names here"]
    if header.rows > 1:
        return ["the names of the columns take two rows, which are put together"]
    return ["the header lacks names or has some twice, so all get names here"] * bool(header.names)


def passed_over(count: int, noun: str) -> str:
    """Return what is told of the rows above a header.

    >>> passed_over(1, "line"), passed_over(2, "row")
    ('1 line above the header is passed over', '2 rows above the header are passed over')
    """
    return f"{counted(count, noun)} above the header {'is' if count == 1 else 'are'} passed over"


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows above the header are titles: they fill few cells of a wide row."""
    filled = [sum(map(bool, row)) for row in rows]
    usual = Counter(filled).most_common(1)[0][0]
    full = next((n for n, count in enumerate(filled) if count > max(1, usual // 2)), 0)
    if not full:
        return 0
    if usual >= _WIDE and max(filled[:full]) <= 1:
        return full
    return full if _is_sure(rows[full], rows[full + 1 :]) else 0


def is_header(
    row: Sequence[str], above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]
) -> bool:
    """Return whether a row within a table is the header of another: texts between values."""
    texts = [n for n, text in enumerate(row) if _sort(text) == _TEXT]
    is_full = 1 < len(texts) == sum(map(bool, row))
    return is_full and any(_is_of_values(above, n) or _is_of_values(below, n) for n in texts)


def _is_sure(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row has nothing but texts, and one of them is above values."""
    texts = [n for n, text in enumerate(first) if _sort(text) == _TEXT]
    return len(texts) == sum(map(bool, first)) and any(_is_of_values(below, n) for n in texts)


def _names_all(first: Sequence[str]) -> bool:
    return all(first) and len(set(first)) == len(first)


def _named(first: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each column: an empty first one numbers the rows, as R and pandas do."""
    found: list[str] = []
    for number, text in enumerate(first):
        name = text or ("row" if number == 0 else f"column_{number + 1}")
        while name in found:
            name = f"{name}_{number + 1}"
        found.append(name)
    return tuple(found)


def _sort(text: str) -> str:
    """Return what a cell looks like: the name of a sort, text, or nothing."""
    if text in NULLS:
        return _NOTHING
    return next((name for name, form in _SORTS if form.fullmatch(text)), _TEXT)


def is_value(text: str) -> bool:
    """Return whether a cell looks like a number, a day, a time or a truth, or stands for none."""
    return _sort(text) != _TEXT


def _sorts_of(rows: Sequence[Sequence[str]], number: int) -> set[str]:
    return {_sort(row[number]) for row in rows if number < len(row)} - {_NOTHING}


def _is_of_values(rows: Sequence[Sequence[str]], number: int) -> bool:
    """Return whether the cells of a column are values of one sort."""
    sorts = _sorts_of(rows, number)
    return len(sorts) == 1 and _TEXT not in sorts


def _is_data(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row is a record: its values stand above values of their sorts.

    A text above values shows that it is none, and so do a day above numbers and a first column
    that has a value everywhere but there.
    """
    sorts = [_sort(text) for text in first]
    if not below or not set(sorts) - {_TEXT, _NOTHING} or _rises(first, below):
        return False
    # R and pandas number the rows in a first column without a name.
    if not first[0] and all(first[1:]) and all(row and row[0] for row in below):
        return False
    for number, own in enumerate(sorts):
        others = _sorts_of(below, number)
        if own == _TEXT and _is_of_values(below, number):
            return False
        if own not in (_TEXT, _NOTHING) and others and others != {own}:
            return False
    return True


def _rises(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the numbers of a row are names: years in their order, or steps."""
    places = [n for n, text in enumerate(first) if _sort(text) not in (_TEXT, _NOTHING)]
    values = [first[n] for n in places]
    if len(values) < 2 or not all(map(_is_count, values)):
        return False
    if all(map(_YEAR.fullmatch, values)):
        return [*map(int, values)] == sorted({*map(int, values)})
    has_text = any(_sort(text) == _TEXT for text in first)
    others = [below[0][n] for n in places if n < len(below[0])]
    step = _step(values)
    return has_text and len(values) >= _FEWEST_STEPS and step > 0 and step != _step(others)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _step(values: Sequence[str]) -> int:
    """Return by how much each number is more than the one before; 0 if they differ in that."""
    if not all(map(_is_count, values)):
        return 0
    steps = {int(b) - int(a) for a, b in pairwise(values)}
    return steps.pop() if len(steps) == 1 else 0


def _goes_on(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the names take a second row: groups above their parts, or units below."""
    if len(below) < 2 or len(below[0]) != len(first):
        return False
    second, rest = below[0], below[1:]
    is_group = not _names_all(first)
    if not is_group and second[0]:
        return False
    texts = 0
    for number, text in enumerate(second):
        if not text or not _is_of_values(rest, number):
            # A name of a column of texts looks like a text of it.
            continue
        if _sort(text) != _TEXT and not (is_group and _YEAR.fullmatch(text) and not second[0]):
            return False
        texts += 1
    return texts > 1


def _together(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return names of two rows; a group is named above the first of its columns."""
    found, group = [], ""
    for above, below in zip(first, second, strict=True):
        group = above or group
        found.append(f"{group if below else above} {below}".strip())
    return found
