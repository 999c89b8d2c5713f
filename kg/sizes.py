"""Limits as people write them: sizes of memory, seconds, threads."""

from __future__ import annotations

import re
from typing import Final

from kg.errors import UsageError

# What a command takes unless it is told otherwise; `kg query` has its own.
USUAL_MEMORY: Final = "2GB"
# Beyond these a number is taken for a mistake: bytes (a petabyte), seconds (30 years), threads.
_LARGEST: Final = 10**15
_LONGEST: Final = 10**9
_MOST_THREADS: Final = 1024
# Quads from which on the table engine answers sooner than Oxigraph, with its start and the making
# of what it asks (docs/decisions/2026-11-27-table-engine.md).
LARGE: Final = 200_000
_SIZE: Final = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([kKmMgGtT]?)(i?)[bB]?")


def parse_size(text: str) -> int:
    """Return a size such as ``400MB`` or ``1.5GiB`` in bytes.

    Raises:
        UsageError: The text is not a size, or one that no machine has.

    >>> parse_size("400MB"), parse_size("1GiB")
    (400000000, 1073741824)
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise UsageError(
            "bad-size", f"{text!r} is not a size", hint="Write a size as 400MB or 2GB."
        )
    number, unit, binary = match.groups()
    step = 1024 if binary else 1000
    size = int(float(number) * step ** " kmgt".index(unit.lower() or " "))
    if not 0 < size <= _LARGEST:
        raise UsageError(
            "bad-size",
            f"{text} is no amount of memory that a process can have",
            hint="Write a size as 400MB or 2GB.",
        )
    return size


def check_seconds(seconds: float | None, option: str = "--timeout") -> float | None:
    """Return a time limit in seconds; None where there is none, which 0 says too.

    Raises:
        UsageError: It is negative, not a number, or endless.
    """
    if seconds is None:
        return None
    if not 0 <= seconds <= _LONGEST:  # not a number fails this too
        raise UsageError(
            "usage", f"{option} takes seconds, not {seconds:g}", hint="Give 0 for no limit."
        )
    return seconds or None


def check_threads(threads: int | None) -> int | None:
    """Return a number of worker threads.

    Raises:
        UsageError: It is less than one, or more than any machine has.
    """
    if threads is not None and not 1 <= threads <= _MOST_THREADS:
        raise UsageError(
            "usage",
            f"--threads takes a number from 1 to {_MOST_THREADS:,}, not {threads}",
            hint="Leave it out for one thread for each core.",
        )
    return threads


def is_large(quads: int) -> bool:
    """Return whether a graph of so many quads is the table engine's."""
    return quads >= LARGE
