"""Addresses of sources: kg fetches nothing, and reads the file that one names, where it is here."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_address(path: str) -> bool:
    """Return whether a source is an address, not a file.

    >>> is_address("https://example.org/a.csv"), is_address("C:/a.csv")
    (True, False)
    """
    return _ADDRESS.match(path) is not None


def name_at(address: str) -> str:
    """Return the name of the file that an address names by its end; empty if by none.

    >>> name_at("https://example.org/a%20b.csv?v=1"), name_at("tcp://localhost:1883")
    ('a b.csv', '')
    """
    try:
        name = unquote(urlsplit(address).path.rpartition("/")[2])
    except ValueError:  # such as a bracket where a host is named
        return ""
    return "" if "/" in name else name
