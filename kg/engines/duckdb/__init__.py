"""DuckDB: the plan of a mapping as SQL, the sources as tables, the quads as a quad table."""

from kg.engines.duckdb.run import DuckDB, explain

__all__ = ["DuckDB", "explain"]
