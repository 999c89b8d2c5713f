"""kg: source facts in, a validated, queryable, exportable knowledge graph out.

The functions `build`, `map`, `query`, `validate` and `export` are the Python API; they are imported
when they are first used, since the command line has no time for what it does not use.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.api import build, map, validate
    from kg.export.api import export
    from kg.query.api import query

__all__ = ["build", "export", "map", "query", "validate"]

_HOMES = {
    "build": "kg.api",
    "export": "kg.export.api",
    "map": "kg.api",
    "query": "kg.query.api",
    "validate": "kg.api",
}


class _Package(ModuleType):
    """Keeps the names of the API for its functions.

    Python binds a submodule to its name in the package once it is imported, and four submodules
    have the names of functions: ``from kg.build import …`` finds them all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from importlib import import_module

        function: object = getattr(import_module(_HOMES[name]), name)
        setattr(self, name, function)
        return function


sys.modules[__name__].__class__ = _Package
