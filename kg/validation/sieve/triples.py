"""The triples to validate: the merge of all graphs of a quad table, without duplicates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Final

import duckdb

from kg.duck import only_row, read_parquet, sql_target, sql_text, translated
from kg.quads import QuadTable
from kg.records import dataclass
from kg.temporary import temporary_folder

# Below this many rows, a second thread costs more than it saves, and so does running queries one
# by one.
_ONE_THREAD: Final = 200_000
# Up to this many triples are kept in a table, which is faster to scan repeatedly; a million take
# about 120 MB.
_HELD: Final = 2_000_000

_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Triples:
    """A relation of distinct triples with the columns s, p, o.

    Attributes:
        name: Its name.
        hashed: Whether it has a column h with the hash of p, which is faster to compare.
        few: Whether they are so few that a query is planned for longer than it runs.
    """

    name: str
    hashed: bool = False
    few: bool = False

    def has(self, *predicates: str) -> str:
        """Return the condition that a triple has one of the predicates."""
        texts = [sql_text(predicate) for predicate in predicates]
        named = f"p IN ({', '.join(texts)})" if len(texts) > 1 else f"p = {texts[0]}"
        if not self.hashed:
            return named
        hashes = " OR ".join(f"h = hash({text})" for text in texts)
        return f"({hashes}) AND {named}"


@contextmanager
def merged_triples(connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Iterator[Triples]:
    """Merge the graphs of a quad table into a relation, which is dropped at the end.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    name = f"kg_triples_{next(_serial)}"
    rows = table.count(connection)
    with _settings_for(connection, rows):
        yield from _merged(connection, table, name, rows)


@contextmanager
def _settings_for(connection: duckdb.DuckDBPyConnection, rows: int) -> Iterator[None]:
    """Use one thread if there are few rows, and no filters that joins make as they run.

    Such a filter, of the keys of one side for the scan of the other, takes longer to make than
    a scan of few rows.
    """
    if rows >= _ONE_THREAD:
        yield
        return
    settings = "current_setting('threads'), current_setting('disabled_optimizers')"
    threads, disabled = only_row(connection.execute(f"SELECT {settings}"))
    connection.execute("SET threads = 1")
    connection.execute("SET disabled_optimizers = 'join_filter_pushdown'")
    try:
        yield
    finally:
        connection.execute(f"SET disabled_optimizers = {sql_text(disabled)}")
        connection.execute(f"SET threads = {threads}")


def _merged(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, name: str, rows: int
) -> Iterator[Triples]:
    held = rows <= _HELD
    source = f"SELECT s, p, o FROM {table.sql}"
    merged = len(table.graphs(connection)) > 1
    if merged:
        # Rows are sorted, so equal triples are adjacent.
        marked = (
            "SELECT s, p, o, (s, p, o) IS DISTINCT FROM lag((s, p, o)) OVER () AS first"
            f" FROM {table.sql}"
        )
        source = f"SELECT s, p, o FROM ({marked}) WHERE first"
    with temporary_folder("validate") as folder, translated():
        if held:
            source = f"SELECT s, p, o, hash(p) AS h FROM ({source})"
        elif merged:
            copy = FilePath(folder) / "triples.parquet"
            connection.execute(f"COPY ({source}) TO {sql_target(copy)} (FORMAT parquet)")
            source = f"SELECT s, p, o FROM {read_parquet(copy)}"
        kind = "TABLE" if held else "VIEW"
        connection.execute(f"CREATE TEMP {kind} {name} AS {source}")
        try:
            yield Triples(name, held, rows < _ONE_THREAD)
        finally:
            connection.execute(f"DROP {kind} IF EXISTS {name}")
