"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def late(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return ``__getattr__`` of a package.

    Args:
        package: The name of the package.
        homes: Each name with the module that has it, which may be written ``.module`` if it is in
            the package; no submodule has the name of one of them.
    """

    def __getattr__(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(homes[name], package), name)
        setattr(sys.modules[package], name, found)
        return found

    return __getattr__
