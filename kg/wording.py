"""How numbers and progress are told to people."""

from __future__ import annotations

from typing import Final

_BAR: Final = 20  # characters


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s but for one.

    >>> counted(1, "record"), counted(2_000, "record")
    ('1 record', '2,000 records')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def progress_bar(done: int, total: int) -> str:
    """Return a bar for how far something is.

    >>> progress_bar(1, 4)
    '[#####---------------]'
    """
    filled = _BAR * done // total if total else _BAR
    return f"[{'#' * filled}{'-' * (_BAR - filled)}]"
