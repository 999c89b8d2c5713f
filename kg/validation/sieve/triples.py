"""The triples that a validation reads: the merge of all graphs of a quad table, each once."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Final

import duckdb

from kg.duck import sql_text, translated
from kg.quads import QuadTable

# Rows up to which the triples are held in a table, which is quicker to scan again and again;
# it takes about 120 MB a million.
_HELD: Final = 1_000_000

_serial = itertools.count()


@contextmanager
def merged_triples(connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Iterator[str]:
    """Give the name of a relation (s, p, o) with the triples of all graphs; it goes at the end.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    name = f"kg_triples_{next(_serial)}"
    rows = table.count(connection)
    source = f"SELECT s, p, o FROM {table.sql}"
    if len(table.graphs(connection)) > 1:
        # Rows are sorted, so that equal triples stand together.
        marked = (
            "SELECT s, p, o, (s, p, o) IS DISTINCT FROM lag((s, p, o)) OVER () AS first"
            f" FROM {table.sql}"
        )
        source = f"SELECT s, p, o FROM ({marked}) WHERE first"
    with tempfile.TemporaryDirectory(prefix="kg-validate-") as folder, translated():
        kind = "TABLE" if rows <= _HELD else "VIEW"
        if rows > _HELD and "first" in source:
            copy = FilePath(folder) / "triples.parquet"
            connection.execute(f"COPY ({source}) TO {sql_text(str(copy))} (FORMAT parquet)")
            source = f"SELECT s, p, o FROM read_parquet({sql_text(str(copy))})"
        connection.execute(f"CREATE TEMP {kind} {name} AS {source}")
        try:
            yield name
        finally:
            connection.execute(f"DROP {kind} IF EXISTS {name}")
