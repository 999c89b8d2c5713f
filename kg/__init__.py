"""kg: source facts in, a validated, queryable, exportable knowledge graph out.

`open` gives the graph of a workspace; `build`, `map`, `query`, `validate` and `export` do what the
commands of these names do. They are imported when they are first used, since the command line has
no time for what it does not use.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.api import build, export, map, open, query, validate
    from kg.graph import Graph

__all__ = ["Graph", "build", "export", "map", "open", "query", "validate"]


class _Package(ModuleType):
    """Keeps the names of the API for its functions.

    Python binds a submodule to its name in the package once it is imported, and four submodules
    have the names of functions: ``from kg.build import …`` finds them all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from kg import api

        found: object = getattr(api, name)
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
