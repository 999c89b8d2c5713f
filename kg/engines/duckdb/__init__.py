"""DuckDB: the plan of a mapping as SQL, the sources as tables, the quads as a quad table.

Both names are imported when they are first used: who compiles a plan alone does not load DuckDB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.late import late

if TYPE_CHECKING:
    from kg.engines.duckdb.run import DuckDB, explain

__all__ = ["DuckDB", "explain"]

if not TYPE_CHECKING:  # a type checker would take every name for one that is there
    __getattr__ = late(__name__, dict.fromkeys(__all__, ".run"))
