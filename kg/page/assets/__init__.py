"""Files that pages load: styles, scripts, an icon. They name no other server."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def names() -> tuple[str, ...]:
    """Return the names of all files."""
    found = (each.name for each in files(__name__).iterdir())
    return tuple(sorted(name for name in found if name.endswith(tuple(MEDIA_TYPES))))


@cache
def content(name: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        KeyError: There is no such file.
    """
    if name not in names():
        raise KeyError(name)
    return files(__name__).joinpath(name).read_bytes()


@cache
def digest(name: str) -> str:
    """Return what changes when a file does; KeyError if there is no such file."""
    return blake2b(content(name), digest_size=8).hexdigest()
