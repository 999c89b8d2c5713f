"""DuckDB: the plan of a mapping as SQL, the sources as tables, the quads as a quad table.

Both names are imported when they are first used: who compiles a plan alone does not load DuckDB.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.engines.duckdb.run import DuckDB, explain

__all__ = ["DuckDB", "explain"]

if not TYPE_CHECKING:  # a type checker would take every name for one that is there

    def __getattr__(name: str) -> object:
        """Import a name when it is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.run"), name)
        return found
