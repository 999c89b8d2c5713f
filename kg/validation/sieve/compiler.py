"""Shapes compiled to SQL: for each shape, queries that find its suspect focus nodes.

A shape is compiled for one side. *Maybe* gives at least the nodes that fail it, *surely* at
most those; what negates a shape (``sh:not``, ``sh:xone``, a maximum of qualified values) asks
it for the other side. So the suspects are never too few, however the shapes nest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from kg.duck import sql_text
from kg.validation import model
from kg.validation.model import Constraint, Shape
from kg.validation.names import RDF_TYPE, RDFS_RESOURCE, RDFS_SUBCLASS
from kg.validation.paths import Predicate
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.values import Test, is_blank, language, less_than, value_test

# The judge gives up where shapes nest this deep.
_DEEPEST: Final = 14
_NOTHING: Final = "SELECT NULL::VARCHAR AS n WHERE false"


class Side(Enum):
    """Which side of the truth a query is on."""

    MAYBE = "maybe"
    SURELY = "surely"

    @property
    def other(self) -> Side:
        """The side that a negation asks for."""
        return Side.SURELY if self is Side.MAYBE else Side.MAYBE

    def of(self, test: Test) -> str:
        """Return a test's condition on this side."""
        return test.maybe_bad if self is Side.MAYBE else test.surely_bad


class NotCompilableError(Exception):
    """A shape has something that SQL cannot tell; the text says what."""


class NeedsQueryError(NotCompilableError):
    """Whether a node conforms hangs on a SPARQL query."""


@dataclass(frozen=True, slots=True)
class Step:
    """A temporary table to make.

    Attributes:
        name: Its name.
        sql: The query for its rows.
        about: The component or part of a shape that it serves.
    """

    name: str
    sql: str
    about: str


@dataclass(frozen=True, slots=True)
class QuerySite:
    """A place where a ``sh:sparql`` constraint gives results of its own.

    Attributes:
        shape: The shape that has the constraint.
        constraint: The value of ``sh:sparql``.
        domain: Table (n) of the focus nodes.
        weights: Table (n, w): how often each focus node is validated there; None for once.
    """

    shape: Shape
    constraint: str
    domain: str
    weights: str | None


@dataclass(frozen=True, slots=True)
class Suspects:
    """How the suspects of a shape are found.

    Attributes:
        queries: Each gives some of them, in a column n.
        sites: Where queries of the shapes' own give results beside them.
    """

    queries: tuple[Step, ...]
    sites: tuple[QuerySite, ...]


@dataclass(frozen=True, slots=True)
class _Domain:
    """The focus nodes of a shape: a table (n).

    Attributes:
        table: Its name.
        direct: Whether results for these nodes are results of the validation, rather than
            reasons for another shape to fail.
        weights: As in `QuerySite`.
    """

    table: str
    direct: bool = False
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class _Values:
    """The value nodes of a shape on a domain: a table of pairs (n, v)."""

    shape: Shape
    domain: _Domain
    pairs: str
    is_focus: bool


class Compiler:
    """Compiles shapes, and keeps the temporary tables that their queries read.

    Args:
        shapes: Every shape by its node.
        triples: Table with the columns s, p, o; distinct.
        prefix: What the names of temporary tables start with.
    """

    def __init__(self, shapes: Mapping[str, Shape], triples: str, prefix: str) -> None:
        self.steps: list[Step] = []
        self._shapes = shapes
        self._triples = triples
        self._prefix = prefix
        self._paths = PathCompiler(triples)
        self._instances: dict[str, str] = {}
        self._nested: dict[tuple[str, _Domain, Side], str] = {}
        self._distinct: dict[str, str] = {}
        self._active: list[str] = []
        self._sites: list[QuerySite] = []

    def targets(self, shape: Shape) -> str:
        """Return the table (n) of the focus nodes that a shape's targets give.

        Spec: https://www.w3.org/TR/shacl/#targets
        """
        targets = shape.targets
        parts = [f"SELECT n FROM {self._instances_of(iri)}" for iri in targets.classes]
        if targets.nodes:
            rows = ", ".join(f"({sql_text(node)})" for node in targets.nodes)
            parts.append(f"SELECT n FROM (VALUES {rows}) AS t(n)")
        for column, predicates in (("s", targets.subjects_of), ("o", targets.objects_of)):
            if predicates:
                listed = ", ".join(map(sql_text, predicates))
                parts.append(f"SELECT {column} AS n FROM {self._triples} WHERE p IN ({listed})")
        union = " UNION ALL ".join(parts or [_NOTHING])
        return self.table(f"SELECT DISTINCT n FROM ({union})", "targets")

    def suspects(self, shape: Shape, targets: str) -> Suspects:
        """Return queries that together find the targets of a shape that may fail it.

        Args:
            shape: A shape with targets.
            targets: Their table, from `targets`.

        Raises:
            NotCompilableError: SQL cannot tell.
        """
        self._sites = []
        found = self._failing(shape, _Domain(targets, direct=True), Side.MAYBE)
        queries = tuple(Step("", sql, about) for about, sql in found)
        return Suspects(queries, tuple(self._sites))

    def table(self, sql: str, about: str) -> str:
        """Add a temporary table, and return its name."""
        name = f"{self._prefix}{len(self.steps)}"
        self.steps.append(Step(name, sql, about))
        return name

    def _failing(self, shape: Shape, domain: _Domain, side: Side) -> list[tuple[str, str]]:
        """Return queries (n) for the nodes of a domain that fail a shape, each with its name."""
        if shape.deactivated:
            return []
        if shape.unreadable is not None:
            raise NotCompilableError(shape.unreadable)
        if shape.node in self._active:
            raise NotCompilableError("recursive")
        if len(self._active) >= _DEEPEST:
            raise NotCompilableError("nested too deep")
        self._active.append(shape.node)
        try:
            values = self._values(shape, domain)
            found = self._value_tests(values, side)
            for constraint in shape.constraints:
                if value_test(constraint, "v") is None:
                    name = type(constraint).__name__
                    queries = self._constraint(constraint, values, side)
                    found += [(name, query) for query in queries]
        finally:
            self._active.pop()
        return found

    def _values(self, shape: Shape, domain: _Domain) -> _Values:
        if shape.path is None:
            itself = f"(SELECT n, n AS v FROM {domain.table})"
            return _Values(shape, domain, itself, is_focus=True)
        query = self._paths.pairs(shape.path, domain.table)
        if isinstance(shape.path, Predicate):
            return _Values(shape, domain, f"({query})", is_focus=False)
        return _Values(shape, domain, self.table(query, "path"), is_focus=False)

    def _value_tests(self, values: _Values, side: Side) -> list[tuple[str, str]]:
        """Compile all tests of single values into one query."""
        bad, names = [], []
        for constraint in values.shape.constraints:
            test = value_test(constraint, "v")
            if test is not None:
                bad.append(side.of(test))
                names.append(type(constraint).__name__)
        if not bad:
            return []
        sql = f"SELECT DISTINCT n FROM {values.pairs} WHERE {' OR '.join(bad)}"
        return [(", ".join(names), sql)]

    def _constraint(self, constraint: Constraint, values: _Values, side: Side) -> list[str]:
        match constraint:
            case model.Class(iri):
                instances = self._instances_of(iri)
                return [f"SELECT DISTINCT n FROM {values.pairs} ANTI JOIN {instances} i ON v = i.n"]
            case model.MinCount(least):
                return self._too_few(values, least)
            case model.MaxCount(most):
                return [f"SELECT n FROM {values.pairs} GROUP BY n HAVING count(*) > {most}"]
            case model.UniqueLang():
                return self._same_language(values)
            case model.HasValue(term):
                has = f"SELECT n FROM {values.pairs} WHERE v = {sql_text(term)}"
                return [f"SELECT n FROM {values.domain.table} EXCEPT ({has})"]
            case model.Pair():
                return self._pair(constraint, values, side)
            case model.Closed(allowed):
                return self._closed(values, allowed)
            case model.Qualified():
                return self._qualified(constraint, values, side)
            case model.Sparql(node) if values.domain.direct:
                domain = values.domain
                site = QuerySite(values.shape, node, domain.table, domain.weights)
                self._sites.append(site)
                return []
            case model.Sparql() | model.Custom():
                raise NeedsQueryError("a SPARQL query decides whether nodes conform")
        return self._logical(constraint, values, side)

    def _logical(self, constraint: Constraint, values: _Values, side: Side) -> list[str]:
        match constraint:
            case model.Property(node):
                shape = self._shape(node, property_shape=True)
                return [self._where_failing(values, shape, side, direct=values.domain.direct)]
            case model.Node(node):
                shape = self._shape(node, property_shape=False)
                return [self._where_failing(values, shape, side)]
            case model.And(nodes):
                members = [self._shape(node) for node in dict.fromkeys(nodes)]
                return [self._where_failing(values, shape, side) for shape in members]
            case model.Or(nodes):
                members = [self._shape(node) for node in dict.fromkeys(nodes)]
                tables = [self._failing_values(values, shape, side) for shape in members]
                joins = " ".join(f"SEMI JOIN {f} f{i} ON v = f{i}.n" for i, f in enumerate(tables))
                return [f"SELECT DISTINCT n FROM {values.pairs} {joins}"]
            case model.Not(node):
                failing = self._failing_values(values, self._shape(node), side.other)
                return [f"SELECT DISTINCT n FROM {values.pairs} ANTI JOIN {failing} f ON v = f.n"]
            case model.Xone(nodes):
                return self._xone(values, [self._shape(node) for node in nodes], side)
        raise NotCompilableError(f"{type(constraint).__name__} has no SQL")

    def _shape(self, node: str, property_shape: bool | None = None) -> Shape:
        shape = self._shapes.get(node)
        if shape is None:
            raise NotCompilableError("a shape is missing")
        if property_shape is not None and (shape.path is not None) is not property_shape:
            raise NotCompilableError("a property shape where a node shape belongs, or the reverse")
        return shape

    def _failing_values(
        self, values: _Values, shape: Shape, side: Side, direct: bool = False
    ) -> str:
        """Return the table (n) of the values that fail a shape."""
        domain = self._value_domain(values, direct)
        key = (shape.node, domain, side)
        if direct or key not in self._nested:
            queries = [query for _, query in self._failing(shape, domain, side)]
            union = " UNION ".join(f"({query})" for query in queries or [_NOTHING])
            self._nested[key] = self.table(union, f"{side.value} failing")
        return self._nested[key]

    def _value_domain(self, values: _Values, direct: bool) -> _Domain:
        """Return the value nodes as focus nodes of another shape."""
        if values.is_focus:
            return replace(values.domain, direct=direct)
        distinct = self._distinct_values(values)
        if not direct:
            return _Domain(distinct)
        # A value is validated once for each focus node that leads to it.
        weights = values.domain.weights or f"(SELECT n, 1 AS w FROM {values.domain.table})"
        counted = f"{values.pairs} p JOIN {weights} w USING (n)"
        return _Domain(distinct, True, f"(SELECT v AS n, sum(w) AS w FROM {counted} GROUP BY v)")

    def _distinct_values(self, values: _Values) -> str:
        query = f"SELECT DISTINCT v AS n FROM {values.pairs}"
        if query not in self._distinct:
            self._distinct[query] = self.table(query, "values")
        return self._distinct[query]

    def _where_failing(
        self, values: _Values, shape: Shape, side: Side, direct: bool = False
    ) -> str:
        failing = self._failing_values(values, shape, side, direct)
        if values.is_focus:
            return f"SELECT n FROM {failing}"
        return f"SELECT DISTINCT n FROM {values.pairs} SEMI JOIN {failing} f ON v = f.n"

    def _instances_of(self, iri: str) -> str:
        """Return the table (n) of the SHACL instances of a class.

        Spec: https://www.w3.org/TR/shacl/#dfn-shacl-instance
        """
        if iri not in self._instances:
            classes = (
                f"WITH RECURSIVE c(n) AS (SELECT {sql_text(iri)} UNION SELECT t.s FROM c"
                f" JOIN {self._triples} t ON t.o = c.n WHERE t.p = {sql_text(RDFS_SUBCLASS)})"
                " SELECT n FROM c"
            )
            subclasses = self.table(classes, "subclasses")
            self._instances[iri] = self.table(
                f"SELECT DISTINCT s AS n FROM {self._triples} SEMI JOIN {subclasses} c ON o = c.n"
                f" WHERE p = {sql_text(RDF_TYPE)}",
                "instances",
            )
        return self._instances[iri]

    def _too_few(self, values: _Values, least: int) -> list[str]:
        if least == 0:
            return []
        if least == 1:
            return [f"SELECT n FROM {values.domain.table} ANTI JOIN {values.pairs} v USING (n)"]
        enough = f"SELECT n FROM {values.pairs} GROUP BY n HAVING count(*) >= {least}"
        return [f"SELECT n FROM {values.domain.table} ANTI JOIN ({enough}) v USING (n)"]

    def _same_language(self, values: _Values) -> list[str]:
        tagged = f"SELECT n, {language('v')} AS tag FROM {values.pairs}"
        return [
            f"SELECT DISTINCT n FROM ({tagged}) WHERE tag <> '' GROUP BY n, tag HAVING count(*) > 1"
        ]

    def _closed(self, values: _Values, allowed: Iterable[str]) -> list[str]:
        listed = ", ".join(map(sql_text, allowed))
        other = f"t.p NOT IN ({listed})" if listed else "true"
        return [
            f"SELECT DISTINCT n FROM {values.pairs} JOIN {self._triples} t ON t.s = v WHERE {other}"
            f" AND NOT (t.p = {sql_text(RDF_TYPE)} AND t.o = {sql_text(RDFS_RESOURCE)})"
        ]

    def _pair(self, constraint: model.Pair, values: _Values, side: Side) -> list[str]:
        others = self._paths.pairs(Predicate(constraint.predicate), values.domain.table)
        both = f"FROM {values.pairs} a JOIN ({others}) b USING (n)"
        if constraint.kind == "equals":
            pairs = f"SELECT n, v FROM {values.pairs}"
            return [
                f"SELECT DISTINCT n FROM (({pairs} EXCEPT ({others}))"
                f" UNION ALL (({others}) EXCEPT {pairs}))"
            ]
        if constraint.kind == "disjoint":
            return [f"SELECT DISTINCT n {both} WHERE a.v = b.v"]
        sign = "<" if constraint.kind == "lessThan" else "<="
        found = [f"SELECT DISTINCT n {both} WHERE {side.of(less_than('a.v', 'b.v', sign))}"]
        if side is Side.MAYBE:
            # The judge refuses to compare a blank node, even with nothing.
            found.append(f"SELECT DISTINCT n FROM {values.pairs} WHERE {is_blank('v')}")
        return found

    def _xone(self, values: _Values, members: list[Shape], side: Side) -> list[str]:
        """Count the members that a value fails; it passes if it fails all but one."""
        maybe = [self._failing_values(values, shape, Side.MAYBE) for shape in members]
        surely = [self._failing_values(values, shape, Side.SURELY) for shape in members]
        rows = [f"SELECT n AS v, 1 AS m, 0 AS s FROM {table}" for table in maybe]
        rows += [f"SELECT n AS v, 0 AS m, 1 AS s FROM {table}" for table in surely]
        counts = f"SELECT v, sum(m) AS m, sum(s) AS s FROM ({' UNION ALL '.join(rows)}) GROUP BY v"
        m, s = "coalesce(c.m, 0)", "coalesce(c.s, 0)"
        all_but_one, every = len(members) - 1, len(members)
        if side is Side.MAYBE:
            bad = f"NOT ({m} = {all_but_one} AND {s} = {all_but_one})"
        else:
            bad = f"({m} < {all_but_one} OR {s} = {every})"
        return [
            f"SELECT DISTINCT n FROM {values.pairs} p LEFT JOIN ({counts}) c ON p.v = c.v"
            f" WHERE {bad}"
        ]

    def _qualified(self, constraint: model.Qualified, values: _Values, side: Side) -> list[str]:
        """Count the values that conform, at least and at most, and compare with the bounds."""
        shape = self._shape(constraint.shape)
        siblings = [self._shape(node) for node in dict.fromkeys(constraint.siblings)]
        found = []
        if constraint.least is not None and constraint.least > 0:
            # Too few: maybe if the values that surely count are, surely if those that may are.
            counted = self._conforming(values, shape, siblings, side.other)
            enough = f"SELECT n FROM ({counted}) GROUP BY n HAVING count(*) >= {constraint.least}"
            found.append(f"SELECT n FROM {values.domain.table} ANTI JOIN ({enough}) e USING (n)")
        if constraint.most is not None:
            counted = self._conforming(values, shape, siblings, side)
            found.append(
                f"SELECT n FROM ({counted}) GROUP BY n HAVING count(*) > {constraint.most}"
            )
        return found

    def _conforming(self, values: _Values, shape: Shape, siblings: list[Shape], side: Side) -> str:
        """Return the pairs whose value conforms to a shape, and to none of its siblings."""
        failing = self._failing_values(values, shape, side.other)
        joins = f"ANTI JOIN {failing} f ON v = f.n"
        for number, sibling in enumerate(siblings):
            passing = self._failing_values(values, sibling, side)
            joins += f" SEMI JOIN {passing} f{number} ON v = f{number}.n"
        return f"SELECT n, v FROM {values.pairs} {joins}"
