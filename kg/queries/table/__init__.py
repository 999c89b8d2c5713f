"""The table engine: SPARQL's algebra as SQL over the coded copies of the quad table, by DuckDB."""
