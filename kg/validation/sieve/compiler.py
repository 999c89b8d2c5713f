"""Shapes compiled to SQL: for each shape, queries that give its results or find its suspects.

A shape is compiled for one side. *Maybe* gives at least the nodes that fail it, *surely* at
most those; what negates a shape (``sh:not``, ``sh:xone``, a maximum of qualified values) asks
it for the other side. So the suspects are never too few, however the shapes nest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Final

from kg.duck import sql_text
from kg.validation import model
from kg.validation.model import Constraint, Shape, parameter_of
from kg.validation.names import RDF_TYPE, RDFS_SUBCLASS
from kg.validation.paths import Predicate
from kg.validation.sieve.fold import folded_sql, is_foldable, valued_sql
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import (
    Answer,
    Domain,
    Doubt,
    NeedsQueryError,
    NotCompilableError,
    Part,
    QuerySite,
    Side,
    Step,
    Suspects,
    Tests,
    Values,
)
from kg.validation.sieve.rows import RowCompiler
from kg.validation.sieve.triples import Triples
from kg.validation.sieve.values import value_test, value_tests

# The judge gives up where shapes nest this deep.
_DEEPEST: Final = 15
_NOTHING: Final = "SELECT NULL::VARCHAR AS n WHERE false"


class Compiler:
    """Compiles shapes, and keeps the temporary tables that their queries read.

    Args:
        shapes: Every shape by its node.
        triples: The triples.
        prefix: What the names of temporary tables start with.
        axioms: Pairs of a class and one above it; None where they are too many to be held.
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        triples: Triples,
        prefix: str,
        axioms: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        self.steps: list[Step] = []
        self._shapes = shapes
        self._triples = triples
        self._prefix = prefix
        self._axioms = axioms
        self._paths = PathCompiler(triples)
        self._rows = RowCompiler(triples, self._paths, self._instances_of)
        self._numbers = count()
        self._tables: dict[str, str] = {}
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
                having = self._triples.has(*predicates)
                parts.append(f"SELECT {column} AS n FROM {self._triples.name} WHERE {having}")
        if targets == model.Targets(targets.classes[:1]) and targets:
            return self._instances_of(targets.classes[0])
        union = " UNION ALL ".join(parts or [_NOTHING])
        return self._shared_table(f"SELECT DISTINCT n FROM ({union})", "targets")

    def suspects(self, shape: Shape, targets: str) -> Suspects:
        """Return how the results of a shape are found: by SQL, by the judge, by queries.

        Args:
            shape: A shape with targets.
            targets: Their table, from `targets`.

        Raises:
            NotCompilableError: SQL cannot tell.
        """
        self._sites = []
        parts = tuple(self._direct(shape, Domain(targets, direct=True)))
        return Suspects(parts, tuple(self._sites))

    def _direct(self, shape: Shape, domain: Domain, folded: bool = False) -> Iterator[Part]:
        """Yield what is asked of the nodes of a shape whose results are results.

        Args:
            shape: The shape.
            domain: Its focus nodes.
            folded: Whether what a scan tells of the shape was compiled with its parent.
        """
        if shape.deactivated:
            return
        with self._entered(shape):
            values = self._values(shape, domain)
            if not folded:
                yield from self._folded_part(values)
            rest: list[Constraint] = []
            for constraint in shape.constraints:
                match constraint:
                    case model.Property(node):
                        inner = self._shape(node, property_shape=True)
                        known = values.is_focus and inner in self._foldable_shapes(values)
                        yield from self._direct(inner, self._value_domain(values, True), known)
                    case model.Sparql() | model.Custom():
                        self._constraint(constraint, values, Side.MAYBE)
                    case _ if not (isinstance(shape.path, Predicate) and is_foldable(constraint)):
                        rest.append(constraint)
            yield from self._parts(values, rest)

    def _folded_part(self, values: Values) -> Iterator[Part]:
        """Yield what is asked of all properties of a node: one scan, and its suspects' values."""
        demands = self._demands(values)
        table = values.domain.table
        sql = folded_sql(self._triples, table, demands, Side.MAYBE.of) if demands else None
        if sql is None:
            return
        suspects = f"{self._prefix}g{next(self._numbers)}"
        held = f"{suspects}v"
        steps = (
            Step(suspects, f"SELECT DISTINCT n FROM ({sql})", "suspects"),
            Step(held, valued_sql(self._triples, suspects, list(demands)), "values"),
        )
        numbers = {predicate: number for number, predicate in enumerate(demands)}
        domain = replace(values.domain, table=suspects)
        answers: list[Answer] = []
        doubts: list[Doubt] = []
        for shape in self._foldable_shapes(values):
            assert isinstance(shape.path, Predicate)
            found = [c for c in shape.constraints if is_foldable(c)]
            if found:
                pairs = f"(SELECT n, v FROM {held} WHERE i = {numbers[shape.path.iri]})"
                inner = Values(shape, domain, pairs, is_focus=False)
                for component in _by_component(found):
                    told, asked = self._simple(inner, component)
                    answers += told
                    doubts += asked
        yield Part(steps, tuple(answers), tuple(doubts), values.domain.weights)

    def _parts(self, values: Values, constraints: Sequence[Constraint]) -> Iterator[Part]:
        """Yield what is asked of the values of a shape beside what a scan tells."""
        weights = values.domain.weights
        for component in _by_component(constraints):
            maybe = tuple(q for c in component for q in self._constraint(c, values, Side.MAYBE))
            unsure = [self._rows.rows(c, values, Side.DOUBT) for c in component]
            if None in unsure:
                # Other shapes take part.
                asked = Doubt(_only(values.shape, component), _parameters(component), maybe)
                yield Part((), (), (asked,), weights)
            elif any(unsure):
                suspects = f"{self._prefix}g{next(self._numbers)}"
                union = " UNION ALL ".join(maybe)
                step = Step(suspects, f"SELECT DISTINCT n FROM ({union})", "suspects")
                narrowed = replace(
                    values,
                    domain=replace(values.domain, table=suspects),
                    pairs=f"(SELECT n, v FROM {values.pairs} SEMI JOIN {suspects} s USING (n))",
                )
                answers, doubts = self._simple(narrowed, component)
                yield Part((step,), tuple(answers), tuple(doubts), weights)
            else:
                answers, _ = self._simple(values, component)
                yield Part((), tuple(answers), (), weights)

    def _simple(
        self, values: Values, component: Sequence[Constraint]
    ) -> tuple[list[Answer], list[Doubt]]:
        """Return the results of a simple component by SQL, and of which nodes it is in doubt.

        The judge is asked about the whole component for a node, so SQL leaves that node out.
        """
        shape = values.shape
        unsure = [r for c in component for r in self._rows.rows(c, values, Side.DOUBT) or ()]
        nodes = tuple(f"SELECT n FROM ({rows})" for rows in unsure)
        beside = f" ANTI JOIN ({' UNION ALL '.join(nodes)}) d USING (n)" if nodes else ""
        answers = [
            Answer(shape, constraint, f"SELECT n, v, p FROM ({rows}) r{beside}")
            for constraint in component
            for rows in self._rows.rows(constraint, values, Side.SURELY) or ()
        ]
        doubt = Doubt(_only(shape, component), _parameters(component), nodes)
        return answers, [doubt] if nodes else []

    def _shared_table(self, sql: str, about: str) -> str:
        """Return the name of a temporary table for a query, which is made once."""
        if sql not in self._tables:
            self._tables[sql] = f"{self._prefix}{len(self.steps)}"
            self.steps.append(Step(self._tables[sql], sql, about))
        return self._tables[sql]

    def _failing(self, shape: Shape, domain: Domain, side: Side, folded: bool = False) -> list[str]:
        """Return queries (n) for the nodes of a domain that fail a shape.

        Args:
            shape: The shape.
            domain: The nodes.
            side: Which side of the truth is wanted.
            folded: Whether what a scan tells of the shape was compiled with its parent.
        """
        if shape.deactivated:
            return []
        with self._entered(shape):
            values = self._values(shape, domain)
            found = [] if folded else self._folded(values, side)
            for constraint in self._unfolded(values):
                found += self._constraint(constraint, values, side)
        return found

    @contextmanager
    def _entered(self, shape: Shape) -> Iterator[None]:
        """Note that a shape is being compiled.

        Raises:
            NotCompilableError: SQL cannot tell.
        """
        if shape.unreadable is not None:
            raise NotCompilableError(shape.unreadable)
        if shape.node in self._active:
            raise NotCompilableError("recursive")
        if len(self._active) >= _DEEPEST:
            raise NotCompilableError("nested too deep")
        self._active.append(shape.node)
        try:
            yield
        finally:
            self._active.pop()

    def _folded(self, values: Values, side: Side) -> list[str]:
        """Compile what is told of all properties of a node in one scan."""
        demands = self._demands(values)
        sql = folded_sql(self._triples, values.domain.table, demands, side.of) if demands else None
        return [] if sql is None else [sql]

    def _demands(self, values: Values) -> dict[str, list[Constraint]]:
        """Return what one scan tells: predicate to constraints on its values."""
        demands: dict[str, list[Constraint]] = {}
        for shape in self._foldable_shapes(values):
            assert isinstance(shape.path, Predicate)
            demands.setdefault(shape.path.iri, []).extend(filter(is_foldable, shape.constraints))
        return {predicate: found for predicate, found in demands.items() if found}

    def _foldable_shapes(self, values: Values) -> list[Shape]:
        """Return the shapes of one predicate that are told by a node's own triples."""
        if isinstance(values.shape.path, Predicate):
            return [values.shape]
        if not values.is_focus:
            return []
        shapes = (
            self._shapes.get(constraint.shape)
            for constraint in values.shape.constraints
            if isinstance(constraint, model.Property)
        )
        return [
            shape
            for shape in shapes
            if shape is not None
            and isinstance(shape.path, Predicate)
            and not shape.deactivated
            and shape.unreadable is None
        ]

    def _unfolded(self, values: Values) -> list[Constraint]:
        """Return the constraints of a shape that no fold tells.

        A property shape below a node shape was folded there.
        """
        if isinstance(values.shape.path, Predicate):
            return [c for c in values.shape.constraints if not is_foldable(c)]
        tests = [c for c in values.shape.constraints if value_test(c, "v") is not None]
        rest = [c for c in values.shape.constraints if value_test(c, "v") is None]
        return [Tests(tuple(tests)), *rest] if tests else rest

    def _values(self, shape: Shape, domain: Domain) -> Values:
        if shape.path is None:
            itself = f"(SELECT n, n AS v FROM {domain.table})"
            return Values(shape, domain, itself, is_focus=True)
        query = self._paths.pairs(shape.path, domain.table)
        if isinstance(shape.path, Predicate):
            return Values(shape, domain, f"({query})", is_focus=False)
        return Values(shape, domain, self._shared_table(query, "path"), is_focus=False)

    def _constraint(self, constraint: Constraint, values: Values, side: Side) -> list[str]:
        simple = self._rows.rows(constraint, values, side)
        if simple is not None:
            return [f"SELECT n FROM ({rows})" for rows in simple]
        match constraint:
            case Tests(constraints):
                bad = " OR ".join(f"({side.of(test)})" for test in value_tests(constraints, "v"))
                return [f"SELECT n FROM {values.pairs} WHERE {bad}"]
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

    def _logical(self, constraint: Constraint, values: Values, side: Side) -> list[str]:
        match constraint:
            case model.Property(node):
                return self._property(values, self._shape(node, property_shape=True), side)
            case model.Node(node):
                return self._where_failing(values, self._shape(node, property_shape=False), side)
            case model.And(nodes):
                members = [self._shape(node) for node in dict.fromkeys(nodes)]
                return [q for shape in members for q in self._where_failing(values, shape, side)]
            case model.Or(nodes):
                members = [self._shape(node) for node in dict.fromkeys(nodes)]
                tables = [self._failing_values(values, shape, side) for shape in members]
                joins = " ".join(f"SEMI JOIN {f} f{i} ON v = f{i}.n" for i, f in enumerate(tables))
                return [f"SELECT n FROM {values.pairs} {joins}"]
            case model.Not(node):
                failing = self._failing_values(values, self._shape(node), side.other)
                return [f"SELECT n FROM {values.pairs} ANTI JOIN {failing} f ON v = f.n"]
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

    def _failing_values(self, values: Values, shape: Shape, side: Side) -> str:
        """Return a query in brackets, or a table, for the values (n) that fail a shape."""
        queries = self._failing(shape, self._value_domain(values), side)
        return "(" + " UNION ALL ".join(f"({query})" for query in queries or [_NOTHING]) + ")"

    def _value_domain(self, values: Values, direct: bool = False) -> Domain:
        """Return the value nodes as focus nodes of another shape."""
        if values.is_focus:
            return replace(values.domain, direct=direct)
        distinct = self._shared_table(f"SELECT DISTINCT v AS n FROM {values.pairs}", "values")
        if not direct:
            return Domain(distinct)
        # A value is validated once for each focus node that leads to it.
        weights = values.domain.weights or f"(SELECT n, 1 AS w FROM {values.domain.table})"
        counted = f"{values.pairs} p JOIN {weights} w USING (n)"
        return Domain(distinct, True, f"(SELECT v AS n, sum(w) AS w FROM {counted} GROUP BY v)")

    def _property(self, values: Values, shape: Shape, side: Side) -> list[str]:
        folded = values.is_focus and shape in self._foldable_shapes(values)
        return self._where_failing(values, shape, side, values.domain.direct, folded)

    def _where_failing(
        self,
        values: Values,
        shape: Shape,
        side: Side,
        direct: bool = False,
        folded: bool = False,
    ) -> list[str]:
        """Return queries for the focus nodes with a value that fails a shape."""
        domain = self._value_domain(values, direct)
        queries = self._failing(shape, domain, side, folded)
        if values.is_focus:
            return queries
        return [
            f"SELECT n FROM {values.pairs} SEMI JOIN ({query}) f ON v = f.n" for query in queries
        ]

    def _instances_of(self, iri: str) -> str:
        """Return the table (n) of the SHACL instances of a class.

        Spec: https://www.w3.org/TR/shacl/#dfn-shacl-instance
        """
        return self._shared_table(
            f"SELECT DISTINCT s AS n FROM ({self._with_predicate(RDF_TYPE)})"
            f" WHERE {self._is_subclass('o', iri)}",
            "instances",
        )

    def _is_subclass(self, column: str, iri: str) -> str:
        """Return the condition that a column's class is a class, or one below it."""
        if self._axioms is not None:
            return f"{column} IN ({', '.join(map(sql_text, _subclasses(self._axioms, iri)))})"
        return (
            f"{column} IN (WITH RECURSIVE c(n) AS (SELECT {sql_text(iri)} UNION SELECT e.s FROM c"
            f" JOIN {self._subclass_axioms()} e ON e.o = c.n) SELECT n FROM c)"
        )

    def _subclass_axioms(self) -> str:
        return self._shared_table(self._with_predicate(RDFS_SUBCLASS), "subclass axioms")

    def _with_predicate(self, iri: str) -> str:
        return f"SELECT s, o FROM {self._triples.name} WHERE {self._triples.has(iri)}"

    def _xone(self, values: Values, members: list[Shape], side: Side) -> list[str]:
        """Count the members that a value fails; it passes if it fails all but one."""
        maybe = [self._failing_values(values, shape, Side.MAYBE) for shape in members]
        surely = [self._failing_values(values, shape, Side.SURELY) for shape in members]
        rows = [f"SELECT DISTINCT n AS v, 1 AS m, 0 AS s FROM {table}" for table in maybe]
        rows += [f"SELECT DISTINCT n AS v, 0 AS m, 1 AS s FROM {table}" for table in surely]
        counts = f"SELECT v, sum(m) AS m, sum(s) AS s FROM ({' UNION ALL '.join(rows)}) GROUP BY v"
        m, s = "coalesce(c.m, 0)", "coalesce(c.s, 0)"
        all_but_one, every = len(members) - 1, len(members)
        if side is Side.MAYBE:
            bad = f"NOT ({m} = {all_but_one} AND {s} = {all_but_one})"
        else:
            bad = f"({m} < {all_but_one} OR {s} = {every})"
        return [f"SELECT n FROM {values.pairs} p LEFT JOIN ({counts}) c ON p.v = c.v WHERE {bad}"]

    def _qualified(self, constraint: model.Qualified, values: Values, side: Side) -> list[str]:
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

    def _conforming(self, values: Values, shape: Shape, siblings: list[Shape], side: Side) -> str:
        """Return the pairs whose value conforms to a shape, and to none of its siblings."""
        failing = self._failing_values(values, shape, side.other)
        joins = f"ANTI JOIN {failing} f ON v = f.n"
        for number, sibling in enumerate(siblings):
            passing = self._failing_values(values, sibling, side)
            joins += f" SEMI JOIN {passing} f{number} ON v = f{number}.n"
        return f"SELECT n, v FROM {values.pairs} {joins}"


def _by_component(constraints: Iterable[Constraint]) -> list[tuple[Constraint, ...]]:
    """Return constraints by their component: the judge is asked about all of one at once."""
    found: dict[str, list[Constraint]] = {}
    for constraint in constraints:
        found.setdefault(parameter_of(constraint), []).append(constraint)
    return [tuple(each) for each in found.values()]


def _parameters(constraints: Iterable[Constraint]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(parameter_of, constraints)))


def _only(shape: Shape, constraints: Iterable[Constraint]) -> Shape:
    """Return a shape with some of its constraints alone."""
    return replace(shape, constraints=tuple(constraints))


def _subclasses(axioms: Sequence[tuple[str, str]], iri: str) -> list[str]:
    """Return a class and all classes below it."""
    below: dict[str, list[str]] = {}
    for low, high in axioms:
        below.setdefault(high, []).append(low)
    found = {iri: None}
    pending = [iri]
    while pending:
        fresh = [low for low in below.get(pending.pop(), ()) if low not in found]
        found.update(dict.fromkeys(fresh))
        pending += fresh
    return list(found)
