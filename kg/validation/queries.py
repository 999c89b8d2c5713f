"""Run each ``sh:sparql`` constraint on Oxigraph once for all focus nodes.

The results equal pySHACL's. Oxigraph merges lexical forms of the same value, so its literals are
mapped back to the forms in the quad table.

Spec: https://www.w3.org/TR/shacl/#sparql-constraints-validation
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path as FilePath
from typing import Any, Final

import duckdb

from kg.datatypes import NUMERIC
from kg.duck import lent, reserved, sql_text, translated
from kg.quads import copy_lines
from kg.queries.choice import TABLE, Chosen
from kg.queries.engine import Answer, Engine, Rows
from kg.queries.oxigraph import Oxigraph, kept_form
from kg.records import dataclass
from kg.sparql.guard import is_listed
from kg.store import Room, load_lines
from kg.temporary import temporary_folder
from kg.terms import XSD, literal
from kg.validation.messages import QUERY_MESSAGE
from kg.validation.names import sh
from kg.validation.paths import Path, Predicate
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.plan import QuerySite
from kg.validation.sieve.triples import Triples
from kg.validation.sparql import Query
from kg.validation.terms import is_literal, split_literal

# Up to this many triples are loaded into memory; more go to disk.
_IN_MEMORY: Final = 1_000_000
_BYTES_IN_MEMORY: Final = 250
# Memory of an Oxigraph store on disk while it is queried, for any number of triples.
_BYTES_OF_OPEN: Final = 64 * 2**20
# Solutions whose lexical forms are looked up together; each look-up scans the triples.
_TOGETHER: Final = 10_000
# Stands for a focus node that is an IRI.
_ANY: Final = "<urn:kg:node>"
_COMPONENT: Final = sh("SPARQLConstraintComponent")

Row = Mapping[str, str]
OpenIndex = Callable[[], Engine]


@dataclass(frozen=True, slots=True)
class Both:
    """Both engines of a large graph.

    Attributes:
        engines: The engines.
        memory: Bytes that the table engine may take.
    """

    engines: Chosen
    memory: int


# Datatypes of which Oxigraph keeps the value, not the lexical form.
_MERGED: Final = NUMERIC | {
    XSD + name
    for name in (
        *("boolean", "date", "dateTime", "time"),
        *("duration", "dayTimeDuration", "yearMonthDuration"),
        *("gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay"),
    )
}


@dataclass(frozen=True, slots=True)
class Forms:
    """Literals in the quad table that have the value of a literal that Oxigraph returned.

    Attributes:
        variants: Literal of Oxigraph to those of the table; left out if they are the same.
        own: Focus node and literal of Oxigraph to the literals that the node has.
    """

    variants: Mapping[str, Sequence[str]]
    own: Mapping[tuple[str, str], Sequence[str]]

    def of(self, term: str, node: str) -> Sequence[str]:
        """Return the forms of a term: those of the focus node, or else any one form."""
        variants = self.variants.get(term)
        if variants is None:
            return (term,)
        return self.own.get((node, term)) or ((term,) if term in variants else variants[:1])


class QueryRunner:
    """Runs the queries of shapes on Oxigraph.

    Args:
        connection: From `kg.duck.engine`.
        triples: The triples.
        shapes: The shapes graph.
        open_index: Opens the existing index of these triples; by default one is made.
        both: Both engines of these triples: the table engine is asked where they surely agree.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        triples: Triples,
        shapes: ShapesGraph,
        open_index: OpenIndex | None = None,
        both: Both | None = None,
    ) -> None:
        self._connection = connection
        self._triples = triples
        self._shapes = shapes
        self._open_index = open_index
        self._both = both
        self._table: Engine | None = None
        # By the text of a query: whether the table engine is asked.
        self._by_table: dict[str, bool] = {}
        self._predicates: list[str] | None = None
        self._engine: Engine | None = None
        self._held = ExitStack()

    def close(self) -> None:
        """Remove the index if it is temporary."""
        self._engine = self._table = None
        self._held.close()

    def restrict(self, predicates: Iterable[str]) -> None:
        """Restrict a temporary index to the predicates (terms) that the queries read.

        Call it before the first query.
        """
        self._predicates = sorted(set(predicates))

    def results(
        self, site: QuerySite, query: Query, chunks: Iterable[list[tuple[str, int]]]
    ) -> Iterator[Result]:
        """Yield the results of a constraint for focus nodes, sorted by them.

        Args:
            site: The constraint and its shape.
            query: Its query, which must be safe.
            chunks: Sorted focus nodes, each with how often it is validated.
        """
        constraint = _Constraint(self._shapes, site)
        rows: list[Row] = []
        asked: list[tuple[str, int]] = []
        for chunk in chunks:
            found = list(self.solutions(query, [node for node, _ in chunk]))
            failing = {row["this"] for row in found}
            rows += found
            asked += [pair for pair in chunk if pair[0] in failing]
            if len(rows) >= _TOGETHER:
                yield from self._told(constraint, query, rows, asked)
                rows, asked = [], []
        yield from self._told(constraint, query, rows, asked)

    def _told(
        self, constraint: _Constraint, query: Query, rows: list[Row], asked: list[tuple[str, int]]
    ) -> Iterator[Result]:
        """Yield the results of solutions, in the order of the focus nodes."""
        # The table engine gives the terms as they are.
        kept = self._by_table.get(query.text, False)
        forms = Forms({}, {}) if kept else self._lexical_forms(rows)
        by_node: dict[str, list[Result]] = {}
        for row in rows:
            by_node.setdefault(row["this"], []).extend(constraint.results(row, forms))
        for node, times in asked:
            for result in sorted(by_node[node], key=lambda result: result.sort_key):
                yield from [result] * times

    def solutions(self, query: Query, nodes: list[str]) -> Iterator[Row]:
        """Yield the distinct solutions for focus nodes, as terms of the quad table."""
        named = [node for node in nodes if node.startswith("<")]
        engine = self._engine_for(query, named)
        seen: dict[tuple[tuple[str, str], ...], None] = {}
        if named:
            _take(engine.ask(query.joined_with(named)), seen, None)
        for node in nodes:
            # VALUES cannot list a blank node, and a literal might return in another form. To bind a
            # literal is not enough: Oxigraph then takes `?x = $this` for the same term, not value.
            if not node.startswith("<"):
                if is_listed(node):
                    _take(engine.ask(query.joined_with([node])), seen, node)
                else:
                    _take(engine.ask(query.guarded, bound={"this": node}), seen, node)
        yield from (dict(row) for row in seen)

    def _engine_for(self, query: Query, named: list[str]) -> Engine:
        """Return the engine for a query, all of whose focus nodes are asked of one."""
        if self._both is None:
            return self._index()
        if query.text not in self._by_table:
            joined = query.joined_with(named[:1] or [_ANY])
            self._by_table[query.text] = self._both.engines.agree(joined)
        if not self._by_table[query.text]:
            return self._index()
        if self._table is None:
            self._held.enter_context(reserved(self._connection, self._both.memory))
            self._table = self._both.engines.engine(TABLE)
        return self._table

    def _index(self) -> Engine:
        """Return an index whose blank nodes have the same labels as in the quad table."""
        if self._engine is None:
            blank = self._ask("s >= '_' OR o >= '_'")
            if self._open_index is not None and not blank:
                self._engine = self._open_index()
            else:
                self._engine = self.load_index()
        return self._engine

    def _ask(self, condition: str) -> bool:
        rows = self._run(f"SELECT 1 FROM {self._triples.name} WHERE {condition} LIMIT 1")
        return bool(rows)

    def load_index(self) -> Engine:
        """Load the triples that the queries read into a temporary index."""
        folder = self._held.enter_context(temporary_folder("validate"))
        lines = FilePath(folder) / "triples.nt"
        count = copy_lines(
            self._connection,
            f"SELECT s || ' ' || p || ' ' || o || ' .' FROM {self._triples.name}{self._read()}",
            lines,
        )
        size = count * _BYTES_IN_MEMORY
        with lent(self._connection) as (free, taken):
            if count > _IN_MEMORY or size > free // 2:
                size = _BYTES_OF_OPEN
                store = load_lines(lines, FilePath(folder) / "store", Room(free, taken))
            else:
                store = load_lines(lines)
        self._held.enter_context(reserved(self._connection, size))
        return Oxigraph(store, "the triples that the shapes are about")

    def _read(self) -> str:
        """Return the SQL condition for the triples that the queries read."""
        if self._predicates is None:
            return ""
        return f" WHERE {self._triples.has(*self._predicates) if self._predicates else 'false'}"

    def _lexical_forms(self, rows: list[Row]) -> Forms:
        """Return the quad table's forms of the literals in solutions, where they differ."""
        given = {term for row in rows for term in row.values() if is_literal(term)}
        variants: dict[str, list[str]] = {}
        for datatype in sorted({split_literal(term).datatype for term in given} & _MERGED):
            wanted = {term for term in given if split_literal(term).datatype == datatype}
            for (term,) in self.candidates("DISTINCT o", datatype, wanted, ""):
                normal = kept_form(term)
                if normal in wanted:
                    variants.setdefault(normal, []).append(term)
        variants = {normal: found for normal, found in variants.items() if found != [normal]}
        own: dict[tuple[str, str], list[str]] = {}
        for datatype in sorted({split_literal(term).datatype for term in variants}):
            wanted = {term for term in variants if split_literal(term).datatype == datatype}
            nodes = sorted({row["this"] for row in rows})
            within = f" AND s IN ({', '.join(map(sql_text, nodes))})"
            for node, term in self.candidates("DISTINCT s, o", datatype, wanted, within):
                own.setdefault((node, kept_form(term)), []).append(term)
        return Forms(variants, own)

    def candidates(
        self, columns: str, datatype: str, wanted: set[str], within: str
    ) -> list[tuple[str, ...]]:
        """Return the literals of a datatype that may have the value of a wanted one."""
        ending = sql_text('"^^<' + datatype + ">")
        condition = f"ends_with(o, {ending})"
        if all(_is_number(term) for term in wanted):
            numbers = ", ".join(str(float(split_literal(term).lexical)) for term in wanted)
            number = "TRY_CAST(regexp_extract(o, '^\"(.*)\"', 1) AS DOUBLE)"
            condition += f" AND {number} IN ({numbers})"
        elif datatype in (f"{XSD}date", f"{XSD}dateTime"):
            starts = ", ".join(sorted({sql_text(term[:6]) for term in wanted}))
            condition += f" AND substr(o, 1, 6) IN ({starts})"
        return self._run(
            f"SELECT {columns} FROM {self._triples.name} WHERE {condition}{within} ORDER BY ALL"
        )

    def _run(self, sql: str, values: list[object] | None = None) -> list[Any]:
        with translated():
            return self._connection.execute(sql, values).fetchall()


class _Constraint:
    """Turns the solutions of one constraint into results, as pySHACL does."""

    def __init__(self, shapes: ShapesGraph, site: QuerySite) -> None:
        self._site = site
        self._severity = shapes.value(site.shape.node, sh("severity")) or sh("Violation")
        written = [
            *shapes.objects(site.constraint, sh("message")),
            *shapes.objects(site.shape.node, sh("message")),
        ]
        self._messages = [split_literal(message).lexical for message in written]
        self._messages = self._messages or [QUERY_MESSAGE]

    def results(self, row: Row, forms: Forms) -> Iterator[Result]:
        """Yield the results of a solution: one for each lexical form that Oxigraph merged."""
        this = row["this"]
        rest = {name: forms.of(term, this)[0] for name, term in row.items()}
        path: Path | None = self._site.shape.path
        if "path" in row:
            path = Predicate(row["path"])
        given = row.get("value")
        values: list[str | None] = [None if self._site.shape.path is not None else this]
        if given is not None:
            values = list(forms.of(given, this))
        for value in values:
            bound = rest if value is None else {**rest, "value": value}
            yield Result(
                focus_node=this,
                path=path,
                value=value,
                source_shape=self._site.shape.node,
                component=_COMPONENT,
                severity=self._severity,
                messages=tuple(sorted({_filled(text, bound) for text in self._messages})),
                source_constraint=self._site.constraint,
            )


def _filled(message: str, row: Row) -> str:
    """Return a message with its variables filled in, as a literal.

    Spec: https://www.w3.org/TR/shacl/#sparql-constraints-variables
    """

    def fill(match: re.Match[str]) -> str:
        term = row.get(match[1])
        if term is None:
            return match[0]
        return split_literal(term).lexical if is_literal(term) else re.sub(r"^_:|[<>]", "", term)

    return literal(re.sub(r"\{[?$](\w+)\}", fill, message))


def _take(answer: Answer, seen: dict[tuple[tuple[str, str], ...], None], node: str | None) -> None:
    assert isinstance(answer, Rows)
    for terms in answer:
        bound = zip(answer.columns, terms, strict=True)
        row = [(name, term) for name, term in bound if term is not None]
        if node is not None:
            row = [("this", node), *(pair for pair in row if pair[0] != "this")]
        seen.setdefault(tuple(row))


def _is_number(term: str) -> bool:
    try:
        return math.isfinite(float(split_literal(term).lexical))
    except ValueError:
        return False
