"""Compare kg's validation with pySHACL alone: the results must be the same multiset."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from unittest import mock

import duckdb

from kg.errors import InputError
from kg.quads import QuadTable, spooled, write_table
from kg.rdf import spool_rdf
from kg.validation import Result, validate
from kg.validation.judge import Judge, to_graph
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.validation.sieve import run
from tests.validation.random_cases import RandomCase

Fact = tuple[str | None, ...]


def facts(results: list[Result]) -> Counter[Fact]:
    """Return the facts by which two runs are compared; nested results of ``sh:node`` count too."""
    return Counter(_fact(result) for result in results)


def _fact(result: Result) -> Fact:
    return (
        result.focus_node,
        repr(result.path),
        result.value,
        result.component,
        result.source_shape,
        result.severity,
        repr(result.messages),
        repr(sorted(repr(_fact(detail)) for detail in result.details)),
    )


def load(
    case: RandomCase, connection: duckdb.DuckDBPyConnection, folder: Path
) -> tuple[QuadTable, ShapesGraph]:
    """Write a case to files and read them."""
    data, shapes, spool = folder / "data.ttl", folder / "shapes.ttl", folder / "data.parquet"
    data.write_text(case.data, encoding="utf-8")
    shapes.write_text(case.shapes, encoding="utf-8")
    spool_rdf([(data, None)], spool)
    return write_table(connection, spooled(spool), folder / "q.parquet"), read_shapes([shapes])


def by_judge(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, shapes: ShapesGraph
) -> Counter[Fact] | str:
    """Return pySHACL's results on the whole graph, or its failure."""
    rows = connection.execute(f"SELECT DISTINCT s, p, o FROM {table.sql}").fetchall()
    try:
        return facts(list(Judge(shapes).judge(to_graph(rows))))
    except InputError as error:
        return error.code


def by_sieve(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, shapes: ShapesGraph
) -> Counter[Fact] | str:
    """Return kg's results, or its failure."""
    found: list[Result] = []
    try:
        # As on large graphs, queries run only for nodes that may have solutions.
        with mock.patch.object(run, "NARROWED", 0):
            validate(connection, table, shapes, sinks=[found.append])
    except InputError as error:
        return error.code
    return facts(found)


def difference(case: RandomCase, connection: duckdb.DuckDBPyConnection, folder: Path) -> str | None:
    """Return how the two differ on a case, or None.

    If pySHACL fails on the whole graph, there is nothing to compare: kg may succeed, because it
    does not give pySHACL nodes that surely conform.
    """
    table, shapes = load(case, connection, folder)
    expected, got = by_judge(connection, table, shapes), by_sieve(connection, table, shapes)
    if expected == got or isinstance(expected, str):
        return None
    if isinstance(got, str):
        return f"judge: {_short(expected)}\nkg: {_short(got)}"
    lost, invented = expected - got, got - expected
    return f"lost: {dict(lost)}\ninvented: {dict(invented)}"


def _short(outcome: Counter[Fact] | str) -> str:
    return outcome if isinstance(outcome, str) else f"{sum(outcome.values())} results"
