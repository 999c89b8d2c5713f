"""Validation of a quad table against shapes: the steps, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final

import duckdb

from kg.duck import translated
from kg.quads import QuadTable
from kg.validation.check import load_shapes
from kg.validation.judge import Judge, to_graph
from kg.validation.model import read_model
from kg.validation.names import RDF_TYPE, sh
from kg.validation.queries import OpenIndex, QueryRunner
from kg.validation.report import turtle_file
from kg.validation.results import Result, Severity, Sink, Verdict
from kg.validation.shapes import ShapesGraph, Triple
from kg.validation.sieve.compiler import QuerySite
from kg.validation.sieve.routes import Route, Way, choose_routes
from kg.validation.sieve.run import Sieve
from kg.validation.sieve.triples import Triples, merged_triples
from kg.validation.sparql import prepare

if TYPE_CHECKING:
    from rdflib import Graph

# Focus nodes that a query is asked about at once.
_CHUNK: Final = 1_000
# Rows that are fetched from DuckDB at once.
_FETCH: Final = 20_000
# What a shape says without demanding it; a shape may be its own SPARQL constraint.
_ABOUT: Final = (
    *("path", "severity", "message", "name", "deactivated", "select", "prefixes"),
    *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"),
)


def validate_table(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shape_files: Sequence[FilePath],
    *,
    report: FilePath | None = None,
    sinks: Sequence[Sink] = (),
    open_index: OpenIndex | None = None,
) -> Verdict:
    """Read and check shapes, and validate a quad table against them.

    Args:
        connection: From `kg.duck.engine`.
        table: The graph; all its named graphs are validated as one.
        shape_files: RDF files with the shapes.
        report: Where the standard report goes, in Turtle.
        sinks: Each is called with every result, as it is found.
        open_index: Opens the SPARQL index of the table, for ``sh:sparql``; without it one is made
            where it is needed.

    Raises:
        InputError: The shapes are wrong or cannot be applied.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    shapes = load_shapes(shape_files)
    return validate(connection, table, shapes, report=report, sinks=sinks, open_index=open_index)


def validate(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shapes: ShapesGraph,
    *,
    report: FilePath | None = None,
    sinks: Sequence[Sink] = (),
    open_index: OpenIndex | None = None,
) -> Verdict:
    """Validate a quad table against shapes that `load_shapes` has read.

    Args:
        connection: From `kg.duck.engine`.
        table: The graph; all its named graphs are validated as one.
        shapes: The shapes graph.
        report: Where the standard report goes, in Turtle.
        sinks: Each is called with every result, as it is found.
        open_index: Opens the SPARQL index of the table, for ``sh:sparql``; without it one is made
            where it is needed.

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
        triples = stack.enter_context(merged_triples(connection, table))
        model = read_model(shapes)
        sieve = stack.enter_context(Sieve(connection, triples, model))
        runner = QueryRunner(connection, triples, shapes, open_index)
        stack.callback(runner.close)
        routes = choose_routes(model, sieve.compiler)
        work = _Validation(connection, triples, shapes, sieve, runner)
        for result in work.results(routes):
            counts[result.level] += 1
            for take in takers:
                take(result)
    return Verdict(dict(sorted(counts.items(), reverse=True)), report)


class _Validation:
    """One validation at work."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        triples: Triples,
        shapes: ShapesGraph,
        sieve: Sieve,
        runner: QueryRunner,
    ) -> None:
        self._connection = connection
        self._triples = triples
        self._shapes = shapes
        self._sieve = sieve
        self._runner = runner
        self._graph: Graph | None = None

    def results(self, routes: list[Route]) -> Iterator[Result]:
        """Yield all results: of suspects, of queries, of what needs the whole graph."""
        self._sieve.build_tables()
        bounded = [route for route in routes if route.way is not Way.WHOLE]
        if self._sieve.find_suspects(bounded):
            judge = Judge(self._shapes.without(_is_query))
            yield from self._sieve.judged(bounded, judge.judge)
        for route in bounded:
            for site in route.suspects.sites:
                yield from self._queried(site, bool(route.shape.targets.nodes))
        focus = {r.shape.node: self._sieve.nodes(r.targets) for r in routes if r.way is Way.WHOLE}
        if any(focus.values()):
            yield from Judge(self._shapes).judge(self._whole_graph(), focus)

    def _queried(self, site: QuerySite, has_strangers: bool) -> Iterator[Result]:
        """Yield the results of one query: at once on the index, or node by node in pySHACL.

        Args:
            site: Where the query stands.
            has_strangers: Whether there may be focus nodes that no triple has.
        """
        query = prepare(self._shapes, site.constraint, site.shape.path)
        if query.unsafe is None and not (query.has_empty_paths and has_strangers):
            yield from self._runner.results(site, query, self._sieve.chunks(site, _CHUNK))
        elif query.unsafe is None:
            known = self._sieve.known(site)
            yield from self._runner.results(site, query, self._sieve.chunks(known, _CHUNK))
            yield from self._judged_whole(site, self._sieve.chunks(site, _CHUNK, known.domain))
        else:
            yield from self._judged_whole(site, self._sieve.chunks(site, _CHUNK))

    def _judged_whole(
        self, site: QuerySite, chunks: Iterator[list[tuple[str, int]]]
    ) -> Iterator[Result]:
        judge = Judge(self._shapes.without(_beside(site)))
        for chunk in chunks:
            for times in sorted({times for _, times in chunk}):
                nodes = [node for node, often in chunk if often == times]
                for result in judge.judge(self._whole_graph(), {site.shape.node: nodes}):
                    yield from [result] * times

    def _whole_graph(self) -> Graph:
        if self._graph is None:
            self._graph = to_graph(_all_triples(self._connection, self._triples))
        return self._graph


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


def _all_triples(connection: duckdb.DuckDBPyConnection, triples: Triples) -> Iterator[Triple]:
    with translated():
        rows = connection.execute(f"SELECT s, p, o FROM {triples.name}")
        while batch := rows.fetchmany(_FETCH):
            yield from batch
