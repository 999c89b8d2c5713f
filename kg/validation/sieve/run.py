"""The sieve at work: suspects found by SQL, their neighbourhood cut out, the judge asked.

Everything that grows with the data lies in DuckDB's temporary tables, which spill to disk; what
the judge sees at a time is bounded by the size of a batch.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from kg.duck import translated
from kg.names import local_name
from kg.validation.judge import Asked, to_graph
from kg.validation.model import Shape
from kg.validation.names import RDFS_SUBCLASS
from kg.validation.patterns import Patterns
from kg.validation.results import Result
from kg.validation.shapes import Triple
from kg.validation.sieve.compiler import Compiler
from kg.validation.sieve.neighbourhood import Automaton, step_sql, transitions_sql
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import Answer, Doubt, Part, QuerySite
from kg.validation.sieve.routes import Route
from kg.validation.sieve.solutions import solvable_sql
from kg.validation.sieve.triples import Triples
from kg.wording import progress_bar

# Focus nodes that are judged at once; their neighbourhoods take about 10 kB each in rdflib.
BATCH: Final = 2_000

# Focus nodes from which on it pays to look by SQL which of them a query may have solutions for.
NARROWED: Final = 1_000

# Subclass axioms that are held in memory, and written into queries; more are joined.
_HELD_AXIOMS: Final = 2_000

_serial = itertools.count()

# Rows that are fetched from DuckDB at once.
PAGE: Final = 20_000

Ask = Callable[[Any, Sequence[Asked]], Iterator[Result]]
Tell = Callable[[str], None]
# A result: what is broken, the focus node, the value, the property, how often it counts.
Told = tuple[Answer, str, str | None, str | None, int]


class Sieve:
    """Temporary tables of one validation: suspects, and the neighbourhoods of them.

    Args:
        connection: From `kg.duck.engine`.
        triples: The triples.
        shapes: Every shape by its node.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, triples: Triples, shapes: Mapping[str, Shape]
    ) -> None:
        self._connection = connection
        self._triples = triples
        self._shapes = shapes
        self._prefix = f"kg_v{next(_serial)}_"
        self._made: list[str] = []
        self.compiler = Compiler(shapes, triples, f"{self._prefix}t", self._axioms())
        self._numbers = itertools.count()
        self._units: list[tuple[Route, Doubt]] = []

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
        for name in reversed(self._made):
            with suppress(duckdb.Error):
                self._connection.execute(f"DROP TABLE IF EXISTS {name}")

    def build_tables(self, tell: Tell) -> None:
        """Make the tables that the compiled queries read."""
        tell("focus nodes")
        for step in self.compiler.steps:
            self._make(step.name, step.sql)

    def answers(self, routes: Sequence[Route], tell: Tell) -> Iterator[Told]:
        """Yield the results that SQL gives, shape by shape, and note whom to ask the judge about.

        Each comes with its focus node, value, property and how often it counts.

        Args:
            routes: The routes of shapes.
            tell: Told what is being done.
        """
        self._make(self._name("found"), "SELECT 0 AS unit, '' AS n, 0::BIGINT AS w WHERE false")
        for number, route in enumerate(routes):
            bar = progress_bar(number, len(routes))
            tell(f"{bar} shape {number + 1} of {len(routes)}: {local_name(route.shape.node)}")
            yield from self._answered(route)

    def _answered(self, route: Route) -> Iterator[Told]:
        tables: list[str] = []
        ready = [part for part in route.suspects.parts if self._ready(part, tables)]
        for part in ready:
            for doubt in part.doubts:
                unit = len(self._units)
                self._units.append((route, doubt))
                for sql in doubt.nodes:
                    weighed = _weighed(f"SELECT DISTINCT n FROM ({sql})", part.weights)
                    self._run(
                        f"INSERT INTO {self._name('found')} SELECT {unit}, n, w FROM {weighed}"
                    )
        answers = [answer for part in ready for answer in part.answers]
        numbers = itertools.count()
        queries = [
            f"SELECT {next(numbers)} AS c, n, v, p, w FROM {_weighed(answer.rows, part.weights)}"
            for part in ready
            for answer in part.answers
        ]
        if queries:
            rows = self._name(f"rows{next(self._numbers)}")
            columns = "(c INTEGER, n VARCHAR, v VARCHAR, p VARCHAR, w BIGINT)"
            self._run(f"CREATE TEMP TABLE {rows} {columns}")
            self._made.append(rows)
            # One by one: a union of dozens takes longer to plan than all of them take to run.
            for sql in queries:
                self._run(f"INSERT INTO {rows} {sql}")
            for code, *row in self._pages(rows):
                yield answers[code], *row
            self._run(f"DROP TABLE {rows}")
        for table in reversed(tables):
            self._run(f"DROP TABLE {table}")

    def _ready(self, part: Part, tables: list[str]) -> bool:
        """Make the tables of a part; return whether there is anything to ask."""
        for number, step in enumerate(part.steps):
            tables.append(self._make(step.name, step.sql))
            if number == 0 and not self.count(step.name):
                return False
        return True

    def _pages(self, rows: str) -> Iterator[Any]:
        """Yield rows in order, a page at a time."""
        count = self.count(rows)
        if count <= PAGE:
            yield from self._run(f"SELECT * FROM {rows} ORDER BY n, c, v, p")
            return
        ordered = self._make(
            f"{rows}o",
            f"SELECT *, (row_number() OVER (ORDER BY n, c, v, p) - 1) // {PAGE} AS page"
            f" FROM {rows}",
        )
        for page in range((count - 1) // PAGE + 1):
            yield from self._run(
                f"SELECT * EXCLUDE (page) FROM {ordered} WHERE page = {page} ORDER BY n, c, v, p"
            )
        self._run(f"DROP TABLE {ordered}")

    def number_suspects(self) -> int:
        """Put the nodes that the judge is asked about into batches, and count them."""
        found = self._name("found")
        if not self.count(found):
            return 0
        self._make(
            self._name("suspects"),
            "SELECT unit, n, w, (dense_rank() OVER (ORDER BY n) - 1) // {0} AS batch"
            f" FROM {found}".format(BATCH),
        )
        return self.count(self._name("suspects"))

    def suspects_by_shape(self) -> dict[str, int]:
        """Return about how many nodes the judge was asked for each shape with targets."""
        if self._name("suspects") not in self._made:
            return {}
        asked: Counter[str] = Counter()
        rows = self._run(f"SELECT unit, count(*) FROM {self._name('found')} GROUP BY unit")
        for unit, count in rows:
            asked[self._units[unit][0].shape.node] += count
        return dict(asked)

    def judged(self, ask: Ask, tell: Tell) -> Iterator[Result]:
        """Yield what the judge finds about the suspects, batch by batch.

        Args:
            ask: The judge, over a graph and what it is asked.
            tell: Told what is being done.
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
        doubt = self._units[unit][1]
        return Asked(doubt.shape.node, nodes, doubt.parameters, times)

    def nodes(self, table: str) -> list[str]:
        """Return the focus nodes in a table, sorted."""
        return [node for (node,) in self._run(f"SELECT n FROM {table} ORDER BY n")]

    def known(self, site: QuerySite) -> QuerySite:
        """Return the site with those of its focus nodes that a triple has."""
        nodes = f"SELECT s AS n FROM {self._triples.name} UNION SELECT o FROM {self._triples.name}"
        name = self._name(f"known{next(self._numbers)}")
        self._make(name, f"SELECT n FROM {site.domain} SEMI JOIN ({nodes}) k USING (n)")
        return replace(site, domain=name)

    def narrowed(self, site: QuerySite, patterns: Patterns) -> QuerySite:
        """Return the site with those of its focus nodes that the query may have solutions for."""
        if self.count(site.domain) < NARROWED:
            return site
        sql = solvable_sql(PathCompiler(self._triples), site.domain, patterns)
        if sql is None:
            return site
        name = self._make(self._name(f"solvable{next(self._numbers)}"), sql)
        return replace(site, domain=name)

    def chunks(
        self, site: QuerySite, size: int, beside: str | None = None
    ) -> Iterator[list[tuple[str, int]]]:
        """Yield the focus nodes of a query, sorted, each with how often it is validated.

        Args:
            site: Where the query stands.
            size: How many nodes are given at once.
            beside: Table (n) of nodes to leave out.
        """
        weighted = f"SELECT n, 1 AS w FROM {site.domain}"
        if site.weights is not None:
            weighted = (
                f"SELECT n, w::BIGINT AS w FROM {site.weights} SEMI JOIN {site.domain} USING (n)"
            )
        left_out = "" if beside is None else f" ANTI JOIN {beside} b USING (n)"
        name = self._name(f"site{next(self._numbers)}")
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
        """Collect the triples that the judge will read, and return their table."""
        automaton = Automaton(self._shapes)
        states = [(i, automaton.state(doubt.shape)) for i, (_, doubt) in enumerate(self._units)]
        moves, hood = self._name("moves"), self._name("hood")
        self._make(moves, transitions_sql(automaton.transitions()))
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
            self._run(f"INSERT INTO {hood} SELECT DISTINCT batch, s, p, o FROM {step}")
            reached = (
                f"SELECT DISTINCT batch, n, q FROM {step} WHERE q IS NOT NULL"
                f" EXCEPT SELECT batch, n, q FROM {seen}"
            )
            frontier = self._make(self._name(f"front{number}"), reached)
            self._run(f"DROP TABLE {step}")
            if not self.count(frontier):
                return hood
            self._run(f"INSERT INTO {seen} FROM {frontier}")
        raise AssertionError  # the loop ends by returning

    def _axioms(self) -> list[tuple[str, str]] | None:
        """Return the pairs of a class and one above it, or None if they are too many."""
        having = self._triples.has(RDFS_SUBCLASS)
        rows = self._run(
            f"SELECT s, o FROM {self._triples.name} WHERE {having} LIMIT {_HELD_AXIOMS + 1}"
        )
        return rows if len(rows) <= _HELD_AXIOMS else None

    def _name(self, name: str) -> str:
        return self._prefix + name

    def _make(self, name: str, sql: str) -> str:
        self._run(f"CREATE TEMP TABLE {name} AS {sql}")
        self._made.append(name)
        return name

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        return int(self._run(f"SELECT count(*) FROM {table}")[0][0])

    def _run(self, sql: str) -> list[Any]:
        with translated():
            return self._connection.execute(sql).fetchall()


def _weighed(query: str, weights: str | None) -> str:
    """Return a query with a column w: how often each of its nodes is validated."""
    if weights is None:
        return f"(SELECT *, 1 AS w FROM ({query}))"
    return f"(SELECT q.*, w::BIGINT AS w FROM ({query}) q JOIN {weights} k ON q.n = k.n)"
