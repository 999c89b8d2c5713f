"""Ranges of the cells of a sheet, as spreadsheet programs write them: ``B3:F20``.

An end may be left open: ``B3:F`` and ``B:F`` go on to the last row, ``3:20`` over all columns.
"""

from __future__ import annotations

import re
from typing import Final

from kg.records import dataclass

# What becomes of merged cells, and whether each of them has their value.
MERGED: Final = {"first": False, "fill": True}
RANGE_HINT: Final = "Write it as B3:F20; B3:F goes on to the last row."
_SIDE: Final = r"\$?([A-Z]{1,3})?\$?([1-9][0-9]{0,6})?"
_RANGE: Final = re.compile(f"{_SIDE}:{_SIDE}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CellRange:
    """A range of cells; numbers are from 0, and the last ones are part of it.

    Attributes:
        top: The first row.
        bottom: The last row; None: that of the sheet.
        left: The first column.
        right: The last column; None: that of the sheet.
    """

    top: int = 0
    bottom: int | None = None
    left: int = 0
    right: int | None = None


def parse_range(text: str) -> CellRange | None:
    """Return what a range means; None if it is none.

    >>> parse_range("B3:$F$20")
    CellRange(top=2, bottom=19, left=1, right=5)
    >>> parse_range("b:b"), parse_range("F2:B9"), parse_range("B3")
    (CellRange(top=0, bottom=None, left=1, right=1), None, None)
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    left, top, right, bottom = found.groups()
    made = CellRange(
        int(top) - 1 if top else 0,
        int(bottom) - 1 if bottom else None,
        _number(left) if left else 0,
        _number(right) if right else None,
    )
    is_turned = (made.bottom is not None and made.bottom < made.top) or (
        made.right is not None and made.right < made.left
    )
    return None if is_turned else made


def _number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
