"""Limits of a query: time, memory, rows; and the errors that tell of them."""

from __future__ import annotations

import os
from typing import Final

from kg.errors import LimitError, UsageError
from kg.records import dataclass

_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
# Bytes: room for an answer that is sorted, and little enough for a laptop.
_USUAL_MEMORY: Final = 4 * 10**9


def default_memory() -> int:
    """Return the most memory that a query takes unless told otherwise, in bytes."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * _PAGE
    except (AttributeError, ValueError, OSError):
        return _USUAL_MEMORY
    return min(_USUAL_MEMORY, physical * 3 // 4)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take.

    Attributes:
        seconds: Of wall-clock time; None for no limit.
        memory: Bytes of the whole process; None for no limit.
        rows: Of the answer; None for no limit.

    Raises:
        UsageError: One is negative, or is not a number.
    """

    seconds: float | None = None
    memory: int | None = None
    rows: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no answer can keep to."""
        for name in ("seconds", "memory", "rows"):
            value = getattr(self, name)
            if value is not None and not value >= 0:  # a NaN is not
                raise UsageError(
                    "bad-option",
                    f"the limit of {name} is {value!r}, and must be 0 or more",
                    hint=f"Leave {name} out for no limit.",
                )


def time_error(seconds: float) -> LimitError:
    """Return the error for a query that takes longer than allowed."""
    return LimitError(
        "timeout",
        f"stopped after {seconds:g} s; no complete answer was written",
        hint="Ask for less (a narrower pattern, LIMIT), or give more time with --timeout.",
    )


def memory_error(memory: int) -> LimitError:
    """Return the error for a query that takes more memory than allowed."""
    return LimitError(
        "out-of-memory",
        f"stopped at {memory / 1e6:,.0f} MB of memory; no complete answer was written",
        hint="Ask for less (no ORDER BY or DISTINCT over many rows), or give more with --memory.",
    )


def rows_error(rows: int) -> LimitError:
    """Return the error for an answer with more rows than allowed."""
    return LimitError(
        "too-many-rows",
        f"the answer has more than {rows:,} row{'' if rows == 1 else 's'}",
        hint="Add LIMIT to the query, or give more with --max-rows.",
    )
