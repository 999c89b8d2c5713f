"""Validation of a quad table against shapes: the steps, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path as FilePath
from typing import Final

import duckdb

from kg.duck import translated
from kg.quads import QuadTable
from kg.validation.check import load_shapes
from kg.validation.judge import Judge, to_graph
from kg.validation.model import read_model
from kg.validation.names import RDF_TYPE, sh
from kg.validation.report import turtle_file
from kg.validation.results import Result, Severity, Sink, Verdict
from kg.validation.shapes import ShapesGraph, Triple
from kg.validation.sieve.compiler import QuerySite
from kg.validation.sieve.routes import Route, Way, choose_routes
from kg.validation.sieve.run import Sieve
from kg.validation.sieve.triples import Triples, merged_triples

# Rows that are fetched from DuckDB at once.
_FETCH: Final = 20_000
# What a shape says without demanding it; a shape may be its own SPARQL constraint.
_ABOUT: Final = ("path", "severity", "message", "name", "deactivated", "select", "prefixes")


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
    model = read_model(shapes)
    with (
        merged_triples(connection, table) as triples,
        Sieve(connection, triples, model) as sieve,
    ):
        routes = choose_routes(model, sieve.compiler)
        sieve.build_tables()
        bounded = [route for route in routes if route.way is not Way.WHOLE]
        if sieve.find_suspects(bounded):
            judge = Judge(shapes.without(_is_query))
            yield from sieve.judged(bounded, judge.judge)
        yield from _whole(connection, triples, shapes, routes, sieve)


def _whole(
    connection: duckdb.DuckDBPyConnection,
    triples: Triples,
    shapes: ShapesGraph,
    routes: list[Route],
    sieve: Sieve,
) -> Iterator[Result]:
    """Yield the results of what only pySHACL over the whole graph can tell."""
    focus = {r.shape.node: sieve.nodes(r.targets) for r in routes if r.way is Way.WHOLE}
    sites = [site for route in routes for site in route.suspects.sites]
    if not sites and not any(focus.values()):
        return
    graph = to_graph(_triples(connection, triples))
    if any(focus.values()):
        yield from Judge(shapes).judge(graph, focus)
    for site in sites:
        alone = shapes.without(_beside(site))
        yield from Judge(alone).judge(graph, {site.shape.node: sieve.nodes(site.domain)})


def _is_query(_: str, predicate: str, __: str) -> bool:
    return predicate == sh("sparql")


def _beside(site: QuerySite) -> Callable[[str, str, str], bool]:
    """Return what picks all that a shape demands beside one query."""
    kept = {RDF_TYPE, *map(sh, _ABOUT)}

    def drop(subject: str, predicate: str, object_: str) -> bool:
        if predicate == sh("sparql"):
            return object_ != site.constraint
        return subject == site.shape.node and predicate not in kept

    return drop


def _triples(connection: duckdb.DuckDBPyConnection, triples: Triples) -> Iterator[Triple]:
    with translated():
        rows = connection.execute(f"SELECT s, p, o FROM {triples.name}")
        while batch := rows.fetchmany(_FETCH):
            yield from batch
