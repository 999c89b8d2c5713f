"""Places in a text: offsets, and lines with columns."""

from __future__ import annotations


def position(text: str, offset: int) -> tuple[int, int]:
    r"""Return line and column, both from 1 and in code points, of an offset.

    >>> position("ab\ncd", 4)
    (2, 2)
    """
    line_start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - line_start + 1


def offset_of(text: str, line: int, column: int) -> int:
    """Return the offset of a line and column, both from 1; at most the length of the text."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1 or len(text)
    return min(start + column - 1, len(text))
