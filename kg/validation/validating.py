"""Validation of a quad table against shapes: the steps, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final

import duckdb

from kg.duck import memory_limit, reserve, translated
from kg.errors import LimitError
from kg.infer import infer_rdfs
from kg.names import local_name
from kg.quads import QuadTable
from kg.records import dataclass
from kg.temporary import temporary_folder
from kg.validation.answers import Teller
from kg.validation.judge import Judge, to_graph
from kg.validation.model import Shape
from kg.validation.names import RDF_TYPE, sh
from kg.validation.patterns import Patterns, read_patterns
from kg.validation.queries import Both, OpenIndex, QueryRunner
from kg.validation.report import turtle_file
from kg.validation.results import Result, Severity, ShapeWay, Sink, Verdict
from kg.validation.shape_reader import read_model
from kg.validation.shapes import ShapesGraph, Triple
from kg.validation.sieve.plan import QuerySite
from kg.validation.sieve.renewal import Before, Renewal
from kg.validation.sieve.routes import Route, Way, choose_routes
from kg.validation.sieve.run import Sieve
from kg.validation.sieve.triples import Triples, merged_triples
from kg.validation.sparql import Query, prepare
from kg.validation.unchecked import notes_on_targets

if TYPE_CHECKING:
    from rdflib import Graph

# Focus nodes that are joined with a query at once.
_CHUNK: Final = 1_000
# Rows that are fetched from DuckDB at once.
_FETCH: Final = 20_000
# Predicates of a shape that are not constraints; a shape may be its own SPARQL constraint.
_ABOUT: Final = (
    *("path", "severity", "message", "name", "deactivated", "select", "prefixes"),
    *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"),
)


# Memory of a triple in rdflib, measured on graphs of records.
_BYTES_IN_RDFLIB: Final = 900
# Most classes searched for one that a target may mean.
_CLASSES: Final = 5_000
# Results that are traced to their records at once.
LOCATED: Final = 5_000
# While these are collected, up to this many times as many results are held.
_HELD_ALONG: Final = 4

# Returns the same results with their origins.
Locate = Callable[[Sequence[Result]], Sequence[Result]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to validate.

    Attributes:
        open_index: Opens the Oxigraph index of the table, for ``sh:sparql``; by default one is
            made if needed.
        both: Both engines of the table, if it is large: ``sh:sparql`` is asked of the table engine
            where the two surely agree.
        infer: Whether to infer RDFS triples from subclasses and subproperties first; done in any
            case if the shapes require it with ``sh:entailment``.
        is_inferred: Whether the table and the index already contain the inferred triples.
        max_results: Stop after so many results.
        reasons: How many results of each constraint get reasons for every branch of ``sh:or``,
            ``sh:xone``, ``sh:and``, ``sh:not``, ``sh:node``.
        locate: Adds the origins to results.
        located: How many results `locate` gets at once.
        traced: How many results of each constraint are traced; None for all.
        explain: Called for each shape with how it will be validated, before the first one is.
        progress: Called with the name of each step.
        before: The validation of a graph that differs a little, to judge only what that affects.
    """

    open_index: OpenIndex | None = None
    both: Both | None = None
    infer: bool = False
    is_inferred: bool = False
    max_results: int | None = None
    reasons: int = 0
    locate: Locate | None = None
    located: int = LOCATED
    traced: int | None = None
    explain: Callable[[ShapeWay], None] | None = None
    progress: Callable[[str], None] = lambda _: None
    before: Before | None = None


DEFAULTS: Final = Options()


def validate(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shapes: ShapesGraph,
    *,
    report: FilePath | None = None,
    sinks: Sequence[Sink] = (),
    options: Options = DEFAULTS,
) -> Verdict:
    """Validate a quad table against shapes that `load_shapes` has read.

    Args:
        connection: From `kg.duck.engine`.
        table: The graph; all its named graphs are validated as one.
        shapes: The shapes graph.
        report: Where the standard report goes, in Turtle.
        sinks: Each is called with every result, as it is found.
        options: How to validate.

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
        if (options.infer or shapes.wants_rdfs) and not options.is_inferred:
            table = stack.enter_context(_inferred(connection, table))
            # They lack the inferred triples.
            options = replace(options, open_index=None, both=None, before=None)
        triples = stack.enter_context(merged_triples(connection, table))
        model = read_model(shapes)
        sieve = stack.enter_context(Sieve(connection, triples, model, options.reasons))
        runner = QueryRunner(connection, triples, shapes, options.open_index, options.both)
        stack.callback(runner.close)
        renewal = sieve.renewal(options.before) if options.before else None
        routes = renewal.routes() if renewal else None
        if routes is None:
            renewal, routes = None, choose_routes(model, sieve.compiler)
        work = _Validation(connection, triples, shapes, sieve, runner, options, renewal)
        found = work.results(routes)
        for result in located_results(islice(found, options.max_results), options):
            counts[result.level] += 1
            for take in takers:
                take(result)
        cut = options.max_results is not None and next(found, None) is not None
        applied = {r.shape.node: count for r, count in work.focus_counts(routes)}
        notes = (*shapes.notes, *notes_on_targets(shapes, model, applied, work.classes))
        judged = sieve.suspects_by_shape()
    sums = dict(sorted(counts.items(), reverse=True))
    sieved = tuple(work.sieved.items())
    return Verdict(sums, report, cut, judged, len(routes), notes, applied, sieved)


@contextmanager
def _inferred(connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Iterator[QuadTable]:
    """Make a quad table that includes the RDFS inferences; it is removed at the end."""
    with temporary_folder("validate") as folder:
        target = FilePath(folder) / "inferred.parquet"
        made, _ = infer_rdfs(connection, table, "urn:kg:inferred", target)
        yield made


def located_results(results: Iterable[Result], options: Options) -> Iterator[Result]:
    """Yield results in the same order, with the origins that `options.locate` finds."""
    if options.locate is None:
        yield from results
        return
    source, seen = iter(results), Counter[object]()
    while batch := _batch(source, seen, options):
        asked = [result for result, wanted in batch if wanted]
        located = iter(options.locate(asked) if asked else ())
        yield from (next(located) if wanted else result for result, wanted in batch)


def _batch(
    source: Iterator[Result], seen: Counter[object], options: Options
) -> list[tuple[Result, bool]]:
    """Take the next results, each with whether it is to be traced.

    Tracing one result costs as much as tracing thousands, so results that are not traced are held
    as well, until enough others are collected.
    """
    batch: list[tuple[Result, bool]] = []
    wanted = 0
    for result in source:
        seen[result.rule] += 1
        is_wanted = options.traced is None or seen[result.rule] <= options.traced
        batch.append((result, is_wanted))
        wanted += is_wanted
        if wanted == options.located or len(batch) == _HELD_ALONG * options.located:
            break
    return batch


class _Validation:
    """One validation."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        triples: Triples,
        shapes: ShapesGraph,
        sieve: Sieve,
        runner: QueryRunner,
        options: Options,
        renewal: Renewal | None,
    ) -> None:
        self._renewal = renewal
        self.sieved: Counter[str] = Counter()
        self._options = options
        self._connection = connection
        self._triples = triples
        self._shapes = shapes
        self._sieve = sieve
        self._runner = runner
        self._graph: Graph | None = None
        # How many results of each constraint have got reasons.
        self._reasoned: Counter[tuple[str, str]] = Counter()

    def results(self, routes: list[Route]) -> Iterator[Result]:
        """Yield all results: from DuckDB, from pySHACL, from queries, from the whole graph."""
        tell = self._options.progress
        self._sieve.build_tables(tell)
        if self._options.explain is not None:
            for way in self._ways(routes):
                self._options.explain(way)
        bounded = [route for route in routes if route.way is not Way.WHOLE]
        teller = Teller(self._shapes, self._options.reasons, self._reasoned)
        for route, answers in self._sieve.answers(bounded, tell):
            results = (result for told in answers for result in teller.results(told))
            for result in (
                results if self._renewal is None else self._renewal.merged(route, results)
            ):
                self.sieved[route.shape.node] += 1
                yield result
        if self._sieve.number_suspects():
            judge = self._judge(self._shapes.without(_is_query))
            yield from self._sieve.judged(judge.judge_parts, tell)
        asked = [
            self._asked(site, route.shape)
            for route in bounded
            if self._sieve.count(route.targets)
            for site in route.suspects.sites
        ]
        if (predicates := _predicates_read(asked)) is not None:
            self._runner.restrict(predicates)
        for each in asked:
            tell(f"queries of {local_name(each.shape.node)}")
            yield from self._queried(each)
        focus = {r.shape.node: self._sieve.nodes(r.targets) for r in routes if r.way is Way.WHOLE}
        if any(focus.values()):
            tell("pySHACL on the whole graph")
            yield from self._judge(self._shapes).judge(self._whole_graph(), focus)

    def focus_counts(self, routes: list[Route]) -> list[tuple[Route, int]]:
        """Return the routes, each with the number of its focus nodes."""
        if self._renewal is not None:
            return [(route, self._renewal.count(route)) for route in routes]
        counts = {table: self._sieve.count(table) for table in {r.targets for r in routes}}
        return [(route, counts[route.targets]) for route in routes]

    def classes(self) -> list[str]:
        """Return the classes of nodes in the graph, up to a limit."""
        having = self._triples.has(RDF_TYPE)
        with translated():
            rows = self._connection.execute(
                f"SELECT DISTINCT o FROM {self._triples.name} WHERE {having} LIMIT {_CLASSES}"
            ).fetchall()
        return sorted(iri for (iri,) in rows)

    def _ways(self, routes: list[Route]) -> Iterator[ShapeWay]:
        """Yield how each shape is validated, with the number of its focus nodes."""
        for route in sorted(routes, key=lambda route: route.way is Way.WHOLE):
            queries = []
            for site in route.suspects.sites:
                query = prepare(self._shapes, site.constraint, site.shape.path)
                queries.append((site.constraint, query.unsafe))
            count = self._sieve.count(route.targets)
            yield ShapeWay(route.shape.node, route.way.value, route.reason, count, tuple(queries))

    def _judge(self, shapes: ShapesGraph) -> Judge:
        return Judge(shapes, self._options.reasons, self._shapes, self._reasoned)

    def _asked(self, site: QuerySite, shape: Shape) -> _Asked:
        query = prepare(self._shapes, site.constraint, site.shape.path)
        return _Asked(site, query, read_patterns(query.guarded.tree), shape)

    def _queried(self, asked: _Asked) -> Iterator[Result]:
        """Yield the results of one query: in one run on Oxigraph, or node by node in pySHACL."""
        site, query = asked.site, asked.query
        if query.unsafe is not None:
            yield from self._judged_whole(site, self._sieve.chunks(site, _CHUNK))
            return
        known = site
        # sh:targetNode may name nodes that are not in the graph.
        if query.has_empty_paths and asked.shape.targets.nodes:
            known = self._sieve.known(site)
            yield from self._judged_whole(site, self._sieve.chunks(site, _CHUNK, known.domain))
        if asked.patterns is not None:
            known = self._sieve.narrowed(known, asked.patterns)
        yield from self._runner.results(known, query, self._sieve.chunks(known, _CHUNK))

    def _judged_whole(
        self, site: QuerySite, chunks: Iterator[list[tuple[str, int]]]
    ) -> Iterator[Result]:
        judge = self._judge(self._shapes.without(_beside(site)))
        for chunk in chunks:
            for times in sorted({times for _, times in chunk}):
                nodes = [node for node, often in chunk if often == times]
                for result in judge.judge(self._whole_graph(), {site.shape.node: nodes}):
                    yield from [result] * times

    def _whole_graph(self) -> Graph:
        """Return all triples as an rdflib graph.

        Raises:
            LimitError: It would not fit into memory.
        """
        if self._graph is None:
            count = self._sieve.count(self._triples.name)
            limit = memory_limit(self._connection)
            if count * _BYTES_IN_RDFLIB > limit:
                raise LimitError(
                    "whole-graph-too-large",
                    f"a shape needs pySHACL on the whole graph, and its {count:,} triples would"
                    f" take about {count * _BYTES_IN_RDFLIB / 1e9:.1f} GB there",
                    hint="See which with --explain, give more with --memory, or write the shape"
                    " with SHACL Core.",
                )
            reserve(self._connection, "whole_graph", count * _BYTES_IN_RDFLIB)
            self._graph = to_graph(_all_triples(self._connection, self._triples))
        return self._graph


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query of a shape: its site, its prepared form, its patterns; and the shape."""

    site: QuerySite
    query: Query
    patterns: Patterns | None
    shape: Shape


def _predicates_read(asked: Sequence[_Asked]) -> set[str] | None:
    """Return all predicates that queries read in Oxigraph; None if they may read any."""
    found: set[str] = set()
    for each in asked:
        if each.query.unsafe is not None:
            continue
        # A path of length zero starts at every node of the graph.
        if each.patterns is None or each.patterns.any_predicate or each.query.has_empty_paths:
            return None
        found |= each.patterns.predicates
    return found


def _is_query(_: str, predicate: str, __: str) -> bool:
    return predicate == sh("sparql")


def _beside(site: QuerySite) -> Callable[[str, str, str], bool]:
    """Return a predicate for the triples to drop, so that only one query of a shape is left."""
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
