"""Run the sieve: DuckDB finds suspects and their neighbourhoods, pySHACL judges them in batches.

Everything that grows with the data is in DuckDB's temporary tables, which spill to disk. pySHACL
sees one batch at a time.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from kg import progress
from kg.names import local_name
from kg.validation.judge import Asked, to_graph
from kg.validation.model import Shape
from kg.validation.names import RDF_TYPE, RDFS_SUBCLASS
from kg.validation.patterns import Patterns
from kg.validation.results import Result
from kg.validation.shapes import Triple
from kg.validation.sieve.answering import Answering, Told
from kg.validation.sieve.compiler import Compiler
from kg.validation.sieve.neighbourhood import Automaton, put_transitions, step_sql
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import QuerySite
from kg.validation.sieve.renewal import Before, Renewal
from kg.validation.sieve.routes import Route
from kg.validation.sieve.session import Session
from kg.validation.sieve.solutions import solvable_sql
from kg.validation.sieve.triples import Triples
from kg.wording import progress_bar

# Focus nodes that are judged at once; their neighbourhoods take about 10 kB each in rdflib.
BATCH: Final = 2_000

# From this many focus nodes, DuckDB first finds those for which a query may have solutions.
NARROWED: Final = 1_000

# Up to this many subclass axioms are held in memory and written into queries; more are joined.
_HELD_AXIOMS: Final = 2_000
# Queries for results that one statement runs, of few triples.
ANSWERS_AT_ONCE: Final = 8

# If shapes target this many classes, first find which have instances; hold up to so many of these.
_MANY_CLASSES: Final = 20
_HELD_CLASSES: Final = 10_000

Ask = Callable[[Any, Sequence[Asked]], Iterator[Result]]
Tell = Callable[[str], None]


class Sieve:
    """Temporary tables of one validation: suspects and their neighbourhoods.

    Args:
        connection: From `kg.duck.engine`.
        triples: The triples.
        shapes: All shapes, by node.
        reasons: How many results of each logical constraint get the results of its branches.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        triples: Triples,
        shapes: Mapping[str, Shape],
        reasons: int = 0,
    ) -> None:
        self._session = Session(connection)
        self._triples = triples
        self._shapes = shapes
        prefix = self._session.name("t")
        self._held_axioms = self._axioms()
        self.compiler = Compiler(
            shapes, triples, prefix, self._held_axioms, self._populated(), bool(reasons)
        )
        at_once = ANSWERS_AT_ONCE if triples.few else 1
        self._answering = Answering(self._session, reasons, at_once)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drop the tables."""
        self._session.close()

    def build_tables(self, tell: Tell) -> None:
        """Make the tables that the compiled queries read."""
        tell("focus nodes")
        for step in self.compiler.steps:
            self._make(step.name, step.sql)

    def renewal(self, before: Before) -> Renewal | None:
        """Return what judges again what a difference affects; None if that is not known."""
        if self._held_axioms is None:
            return None
        given = self._session, self._triples, self._shapes, self.compiler, self._held_axioms
        return Renewal(*given, before)

    def answers(
        self, routes: Sequence[Route], tell: Tell
    ) -> Iterator[tuple[Route, Iterator[Told]]]:
        """Yield the results that DuckDB finds, shape by shape; collect the nodes for pySHACL.

        Args:
            routes: The routes of shapes.
            tell: Called with the name of each step.
        """
        for number, route in enumerate(routes):
            bar = progress_bar(number, len(routes))
            tell(f"{bar} shape {number + 1} of {len(routes)}: {local_name(route.shape.node)}")
            progress.part(number, len(routes), "shapes")
            yield route, self._answering.told(route)

    def number_suspects(self) -> int:
        """Put the nodes for pySHACL into batches, and count them."""
        found = self._answering.found
        if not self.count(found):
            return 0
        self._make(
            self._name("suspects"),
            "SELECT unit, n, w, (dense_rank() OVER (ORDER BY n) - 1) // {0} AS batch"
            f" FROM {found}".format(BATCH),
        )
        return self.count(self._name("suspects"))

    def suspects_by_shape(self) -> dict[str, int]:
        """Return the number of nodes that pySHACL judged, by shape with targets."""
        if not self._session.has(self._name("suspects")):
            return {}
        asked: Counter[str] = Counter()
        rows = self._run(f"SELECT unit, count(*) FROM {self._answering.found} GROUP BY unit")
        for unit, count in rows:
            asked[self._answering.units[unit][0].shape.node] += count
        return dict(asked)

    def judged(self, ask: Ask, tell: Tell) -> Iterator[Result]:
        """Yield pySHACL's results for the suspects, batch by batch.

        Args:
            ask: Runs pySHACL on a graph.
            tell: Called with the name of each step.
        """
        tell("neighbourhood of the suspects")
        hood = self._cut_out()
        suspects = self._name("suspects")
        batches = self._run(f"SELECT DISTINCT batch FROM {suspects} ORDER BY batch")
        for (batch,) in batches:
            bar = progress_bar(batch, len(batches))
            tell(f"{bar} pySHACL on batch {batch + 1} of {len(batches)}")
            nodes: dict[tuple[int, int], list[str]] = {}
            rows = self._run(
                f"SELECT unit, w, n FROM {suspects} WHERE batch = {batch} ORDER BY unit, w, n"
            )
            for unit, times, node in rows:
                nodes.setdefault((unit, times), []).append(node)
            yield from ask(
                to_graph(self._batch(hood, batch)),
                [self._asked(unit, found, times) for (unit, times), found in nodes.items()],
            )

    def _asked(self, unit: int, nodes: Sequence[str], times: int) -> Asked:
        doubt = self._answering.units[unit][1]
        return Asked(doubt.shape.node, nodes, doubt.parameters, times)

    def nodes(self, table: str) -> list[str]:
        """Return the focus nodes in a table, sorted."""
        return [node for (node,) in self._run(f"SELECT n FROM {table} ORDER BY n")]

    def known(self, site: QuerySite) -> QuerySite:
        """Return the site with only the focus nodes that occur in a triple."""
        nodes = f"SELECT s AS n FROM {self._triples.name} UNION SELECT o FROM {self._triples.name}"
        name = self._session.fresh("known")
        self._make(name, f"SELECT n FROM {site.domain} SEMI JOIN ({nodes}) k USING (n)")
        return replace(site, domain=name)

    def narrowed(self, site: QuerySite, patterns: Patterns) -> QuerySite:
        """Return the site with only the focus nodes for which the query may have solutions."""
        if self.count(site.domain) < NARROWED:
            return site
        sql = solvable_sql(PathCompiler(self._triples), site.domain, patterns)
        if sql is None:
            return site
        name = self._make(self._session.fresh("solvable"), sql)
        return replace(site, domain=name)

    def chunks(
        self, site: QuerySite, size: int, beside: str | None = None
    ) -> Iterator[list[tuple[str, int]]]:
        """Yield the focus nodes of a query, sorted, each with how often it is validated.

        Args:
            site: The site of the query.
            size: How many nodes a chunk has.
            beside: Table (n) of nodes to leave out.
        """
        weighted = f"SELECT n, 1 AS w FROM {site.domain}"
        if site.weights is not None:
            weighted = (
                f"SELECT n, w::BIGINT AS w FROM {site.weights} SEMI JOIN {site.domain} USING (n)"
            )
        left_out = "" if beside is None else f" ANTI JOIN {beside} b USING (n)"
        name = self._session.fresh("site")
        self._make(
            name,
            f"SELECT n, w, (row_number() OVER (ORDER BY n) - 1) // {size} AS chunk"
            f" FROM ({weighted}){left_out}",
        )
        for chunk in range(self.count(f"(SELECT DISTINCT chunk FROM {name})")):
            yield self._run(f"SELECT n, w FROM {name} WHERE chunk = {chunk} ORDER BY n")

    def _batch(self, hood: str, batch: int) -> Iterator[Triple]:
        yield from self._run(f"SELECT DISTINCT s, p, o FROM {hood} WHERE batch = {batch}")

    def _cut_out(self) -> str:
        """Collect the triples that pySHACL will read, and return their table."""
        automaton = Automaton(self._shapes)
        states = [
            (i, automaton.state(doubt.shape)) for i, (_, doubt) in enumerate(self._answering.units)
        ]
        moves, hood = self._name("moves"), self._name("hood")
        put_transitions(self._session, moves, automaton.transitions())
        self._make(hood, "SELECT 0::BIGINT AS batch, '' AS s, '' AS p, '' AS o WHERE false")
        first = ", ".join(f"({number}, {state})" for number, state in states)
        seen = self._make(
            self._name("seen"),
            f"SELECT DISTINCT batch, n, q FROM {self._name('suspects')}"
            f" JOIN (VALUES {first}) AS start(unit, q) USING (unit)",
        )
        frontier = seen
        for number in itertools.count():
            step = self._make(
                self._name(f"step{number}"), step_sql(frontier, moves, self._triples.name)
            )
            self._session.add(hood, f"SELECT DISTINCT batch, s, p, o FROM {step}")
            reached = (
                f"SELECT DISTINCT batch, n, q FROM {step} WHERE q IS NOT NULL"
                f" EXCEPT SELECT batch, n, q FROM {seen}"
            )
            frontier = self._make(self._name(f"front{number}"), reached)
            self._session.drop([step])
            if not self.count(frontier):
                return hood
            self._session.add(seen, f"FROM {frontier}")
        raise AssertionError  # the loop ends by returning

    def _axioms(self) -> list[tuple[str, str]] | None:
        """Return the pairs of a class and a superclass, or None if there are too many."""
        having = self._triples.has(RDFS_SUBCLASS)
        rows = self._run(
            f"SELECT s, o FROM {self._triples.name} WHERE {having} LIMIT {_HELD_AXIOMS + 1}"
        )
        return rows if len(rows) <= _HELD_AXIOMS else None

    def _populated(self) -> set[str] | None:
        """Return the classes that have instances, if shapes target many; None if unknown.

        Shapes of a whole vocabulary target hundreds of classes, most without instances.
        """
        asked = {iri for shape in self._shapes.values() for iri in shape.targets.classes}
        if len(asked) < _MANY_CLASSES:
            return None
        having = self._triples.has(RDF_TYPE)
        rows = self._run(
            f"SELECT DISTINCT o FROM {self._triples.name} WHERE {having} LIMIT {_HELD_CLASSES + 1}"
        )
        return {iri for (iri,) in rows} if len(rows) <= _HELD_CLASSES else None

    def _name(self, name: str) -> str:
        return self._session.name(name)

    def _make(self, name: str, sql: str) -> str:
        self._session.make(name, sql)
        return name

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        return self._session.count(table)

    def _run(self, sql: str) -> list[Any]:
        return self._session.run(sql)
