"""DuckDB: the plan of a mapping as SQL, the sources as tables, the quads as a quad table."""
