"""Tables of small datasets, and the table engine's answers in a form in which they compare."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyoxigraph as ox

from kg.queries.engine import Answer, Rows
from kg.queries.kinds import Facts
from kg.queries.oxigraph import oxigraph_term, triple_texts
from kg.queries.oxigraph.facts import read_facts
from kg.queries.table.engine import Table
from kg.table import ids, write
from kg.table.write import define_macros, open_copies, write_copies
from tests.query.manifests import canonical as canonical_graph
from tests.query.manifests import solutions
from tests.sparql.values import exact


def table_of(
    quads: Iterable[ox.Quad],
    folder: Path,
    default: str = "g IS NULL",
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Table:
    """Return the table of quads, in a folder that is made.

    Args:
        quads: The quads.
        folder: The folder.
        default: SQL for the rows of the default graph.
        connection: Of a table that is asked after others are made, too.
    """
    rows = sorted({(*triple_texts(quad), _graph(quad)) for quad in quads}, key=str)
    fresh = connection is not None
    connection = connection or _connection()
    connection.execute("CREATE OR REPLACE TABLE quads (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    _insert(connection, "quads", rows)
    with ExitStack() as stack:
        stack.enter_context(patch.object(ids, "COMMON", 2))  # so that small graphs have prefixes
        if not fresh:
            stack.enter_context(patch.object(write, "define_macros"))
        statistics = write_copies(connection, "quads", folder)
        open_copies(connection, folder)
    return Table(connection, statistics, "a test", default)


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    # One for all: each table takes the place of the one before it.
    made = duckdb.connect(config={"threads": 1})
    define_macros(made)
    return made


def facts_of(quads: list[ox.Quad], store: ox.Store) -> Facts:
    """Return what the choice of an engine knows of quads that an index holds."""
    rows = [(f"<{quad.predicate.value}>", str(quad.object)) for quad in quads]
    connection = _connection()
    connection.execute("CREATE OR REPLACE TABLE known (p VARCHAR, o VARCHAR)")
    _insert(connection, "known", rows)
    found = read_facts(connection, "known")
    assert found is not None
    kinds = {name: frozenset(letters) for name, letters in found.items()}
    return Facts(kinds, merged=len(store) != len(set(quads)))


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[str | None, ...]]
) -> None:
    if rows:
        one = f"({', '.join('?' * len(rows[0]))})"
        values = [value for row in rows for value in row]
        connection.execute(f"INSERT INTO {table} VALUES {', '.join([one] * len(rows))}", values)


def _graph(quad: ox.Quad) -> str | None:
    return None if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)


def exact_answer(found: Any) -> Any:
    """Return an answer of an engine, or of the evaluator, so that it compares term by term."""
    if isinstance(found, bool):
        return found
    if isinstance(found, Rows):
        columns = found.columns
        found = [{n: t for n, t in zip(columns, row, strict=True) if t} for row in found]
    if isinstance(found, list):
        return Counter(frozenset((n, exact(t)) for n, t in row.items()) for row in found)
    return {" ".join(map(exact, triple)) for triple in found}


def as_answer(found: Answer) -> Any:
    """Return an answer as `tests.query.manifests.read_answer` returns one."""
    if isinstance(found, bool):
        return found
    if isinstance(found, Rows):
        rows = [
            {n: oxigraph_term(t) for n, t in zip(found.columns, row, strict=True) if t}
            for row in found
        ]
        return solutions(list(found.columns), rows)  # type: ignore[arg-type]
    return canonical_graph(ox.Quad(*map(oxigraph_term, triple)) for triple in found)


def has_chance(text: str) -> bool:
    """Return whether SPARQL leaves it to an engine what it answers."""
    return re.search(r"\b(LIMIT|OFFSET|SAMPLE|GROUP_CONCAT)\b", text) is not None
