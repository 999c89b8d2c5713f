"""Sizes of memory as people write them."""

from __future__ import annotations

import re
from typing import Final

from kg.errors import InputError

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)(i?)[bB]?")


def parse_size(text: str) -> int:
    """Return a size such as ``400MB`` or ``1.5GiB`` in bytes.

    Raises:
        InputError: The text is no size.

    >>> parse_size("400MB"), parse_size("1GiB")
    (400000000, 1073741824)
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise InputError(
            "bad-size", f"{text!r} is not a size", hint="Write a size as 400MB or 2GB."
        )
    number, unit, binary = match.groups()
    step = 1024 if binary else 1000
    return int(float(number) * step ** " kmgt".index(unit.lower() or " "))
