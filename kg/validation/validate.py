"""Validation of a quad table against shapes: the steps, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path as FilePath
from typing import Final

import duckdb

from kg.duck import translated
from kg.quads import QuadTable
from kg.validation.check import load_shapes
from kg.validation.judge import Judge, to_graph
from kg.validation.report import turtle_file
from kg.validation.results import Result, Severity, Sink, Verdict
from kg.validation.shapes import ShapesGraph, Triple

# Rows that are fetched from DuckDB at once.
_FETCH: Final = 20_000


def validate_table(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shape_files: Sequence[FilePath],
    *,
    report: FilePath | None = None,
    sinks: Sequence[Sink] = (),
) -> Verdict:
    """Read and check shapes, and validate a quad table against them.

    Args:
        connection: From `kg.duck.engine`.
        table: The graph; all its named graphs are validated as one.
        shape_files: RDF files with the shapes.
        report: Where the standard report goes, in Turtle.
        sinks: Each is called with every result, as it is found.

    Raises:
        InputError: The shapes are wrong or cannot be applied.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    return validate(connection, table, load_shapes(shape_files), report=report, sinks=sinks)


def validate(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shapes: ShapesGraph,
    *,
    report: FilePath | None = None,
    sinks: Sequence[Sink] = (),
) -> Verdict:
    """Validate a quad table against shapes that `load_shapes` has read.

    Args:
        connection: From `kg.duck.engine`.
        table: The graph; all its named graphs are validated as one.
        shapes: The shapes graph.
        report: Where the standard report goes, in Turtle.
        sinks: Each is called with every result, as it is found.

    Raises:
        InputError: The shapes cannot be applied.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.

    Spec: https://www.w3.org/TR/shacl/#validation
    """
    counts: Counter[Severity] = Counter()
    with ExitStack() as stack:
        takers = list(sinks)
        if report is not None:
            takers.append(stack.enter_context(turtle_file(report, shapes)).add)
        for result in _results(connection, table, shapes):
            counts[result.level] += 1
            for take in takers:
                take(result)
    return Verdict(dict(sorted(counts.items(), reverse=True)), report)


def _results(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, shapes: ShapesGraph
) -> Iterator[Result]:
    judge = Judge(shapes)
    yield from judge.judge(to_graph(_triples(connection, table)))


def _triples(connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Iterator[Triple]:
    """Yield the triples of the merge of all graphs."""
    with translated():
        rows = connection.execute(f"SELECT DISTINCT s, p, o FROM {table.sql}")
        while batch := rows.fetchmany(_FETCH):
            yield from batch
