"""Compile shapes with targets to SQL queries over their focus nodes.

DuckDB gives the results that are certain; pySHACL judges the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from kg.duck import sql_text
from kg.validation import model
from kg.validation.model import Constraint, Shape, parameter_of
from kg.validation.paths import Predicate
from kg.validation.sieve.classes import Classes
from kg.validation.sieve.conformance import Conformance
from kg.validation.sieve.fold import folded_sql, is_foldable, valued_sql
from kg.validation.sieve.nested import shapes_of
from kg.validation.sieve.plan import (
    Answer,
    Branch,
    Domain,
    Doubt,
    NeedsQueryError,
    Part,
    QuerySite,
    Side,
    Step,
    Suspects,
    Values,
    union,
)
from kg.validation.sieve.tables import Tables
from kg.validation.sieve.triples import Triples


class Compiler:
    """Compiles shapes, and keeps the temporary tables that their queries read.

    Args:
        shapes: All shapes, by node.
        triples: The triples.
        prefix: Prefix for the names of temporary tables.
        axioms: Pairs of a class and a superclass; None if there are too many to hold.
        populated: The classes that have instances; None if unknown.
        reasons: Whether results of logical components say why each branch failed.
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        triples: Triples,
        prefix: str,
        axioms: Sequence[tuple[str, str]] | None = None,
        populated: Collection[str] | None = None,
        reasons: bool = False,
    ) -> None:
        self._triples = triples
        self._tables = Tables(prefix)
        self._classes = Classes(triples, self._tables, axioms, populated)
        self._conformance = Conformance(shapes, triples, self._tables, self._classes)
        self._reasons = reasons
        self._sites: list[QuerySite] = []

    @property
    def steps(self) -> list[Step]:
        """The tables to make before the queries of shapes run."""
        return self._tables.steps

    def targets(self, shape: Shape) -> str:
        """Return the table (n) of a shape's focus nodes.

        Spec: https://www.w3.org/TR/shacl/#targets
        """
        targets = shape.targets
        instances_of = self._classes.instances_of
        parts = [f"SELECT n FROM {instances_of(iri)}" for iri in targets.classes]
        if targets.nodes:
            rows = ", ".join(f"({sql_text(node)})" for node in targets.nodes)
            parts.append(f"SELECT n FROM (VALUES {rows}) AS t(n)")
        for column, predicates in (("s", targets.subjects_of), ("o", targets.objects_of)):
            if predicates:
                having = self._triples.has(*predicates)
                parts.append(f"SELECT {column} AS n FROM {self._triples.name} WHERE {having}")
        if targets == model.Targets(targets.classes[:1]) and targets:
            return instances_of(targets.classes[0])
        return self._tables.shared(f"SELECT DISTINCT n FROM {union(parts)}", "targets")

    def suspects(self, shape: Shape, targets: str) -> Suspects:
        """Return how the results of a shape are found: by DuckDB, by pySHACL, by SPARQL.

        Args:
            shape: A shape with targets.
            targets: The table of its focus nodes, from `targets`.

        Raises:
            NotCompilableError: The shape cannot be compiled to SQL.
        """
        self._sites = []
        parts = tuple(self._direct(shape, Domain(targets, direct=True)))
        return Suspects(parts, tuple(self._sites))

    def _direct(self, shape: Shape, domain: Domain, folded: bool = False) -> Iterator[Part]:
        """Yield the parts of a shape whose results are reported.

        Args:
            shape: The shape.
            domain: Its focus nodes.
            folded: Whether its foldable constraints were compiled with its parent.
        """
        if shape.deactivated:
            return
        conformance = self._conformance
        with conformance.entered(shape):
            values = conformance.values(shape, domain)
            if not folded:
                yield from self._folded_part(values)
            rest: list[Constraint] = []
            for constraint in shape.constraints:
                match constraint:
                    case model.Property(node):
                        inner = conformance.shape(node, property_shape=True)
                        known = values.is_focus and inner in conformance.foldable_shapes(values)
                        inner_domain = conformance.value_domain(values, direct=True)
                        yield from self._direct(inner, inner_domain, known)
                    case model.Sparql(node):
                        self._sites.append(QuerySite(shape, node, domain.table, domain.weights))
                    case model.Custom():
                        raise NeedsQueryError("a SPARQL query decides whether nodes conform")
                    case _ if not (isinstance(shape.path, Predicate) and is_foldable(constraint)):
                        rest.append(constraint)
            yield from self._parts(values, rest)

    def _folded_part(self, values: Values) -> Iterator[Part]:
        """Yield the part for all properties of a node: one scan, then the values of suspects."""
        demands = self._conformance.demands(values)
        table = values.domain.table
        sql = folded_sql(self._triples, table, demands, Side.MAYBE) if demands else None
        if sql is None:
            return
        suspects, held = self._tables.name(), self._tables.name()
        steps = (
            Step(suspects, f"SELECT DISTINCT n FROM ({sql})", "suspects"),
            Step(held, valued_sql(self._triples, suspects, list(demands)), "values"),
        )
        numbers = {predicate: number for number, predicate in enumerate(demands)}
        domain = replace(values.domain, table=suspects)
        answers: list[Answer] = []
        doubts: list[Doubt] = []
        for shape in self._conformance.foldable_shapes(values):
            assert isinstance(shape.path, Predicate)
            found = [c for c in shape.constraints if is_foldable(c)]
            if found:
                pairs = f"(SELECT n, v FROM {held} WHERE i = {numbers[shape.path.iri]})"
                inner = Values(shape, domain, pairs, is_focus=False)
                for component in _by_component(found):
                    told, asked = self._told(inner, component)
                    answers += told
                    doubts += asked
        yield Part(steps, tuple(answers), tuple(doubts), values.domain.weights)

    def _parts(self, values: Values, constraints: Sequence[Constraint]) -> Iterator[Part]:
        """Yield the parts for constraints that are not folded into one scan."""
        weights = values.domain.weights
        for component in _by_component(constraints):
            if not any(self._rows(component, values, Side.DOUBT)):
                answers, _ = self._told(values, component)
                yield Part((), tuple(answers), (), weights)
                continue
            # Separate certain from uncertain results on the few nodes that may fail.
            suspects = self._tables.name()
            maybe = [f"SELECT n FROM ({q})" for q in self._rows(component, values, Side.MAYBE)]
            steps = [Step(suspects, f"SELECT DISTINCT n FROM {union(maybe)}", "suspects")]
            with self._tables.scope() as more:
                answers, doubts = self._told(self._narrowed(values, suspects), component)
            yield Part((*steps, *more), tuple(answers), tuple(doubts), weights)

    def _narrowed(self, values: Values, suspects: str) -> Values:
        """Return the values of some of the focus nodes."""
        domain = replace(values.domain, table=suspects)
        if values.is_focus:
            return replace(values, domain=domain, pairs=f"(SELECT n, n AS v FROM {suspects})")
        pairs = f"SELECT n, v FROM {values.pairs} SEMI JOIN {suspects} s USING (n)"
        return replace(values, domain=domain, pairs=self._tables.shared(pairs, "values"))

    def _rows(self, component: Sequence[Constraint], values: Values, side: Side) -> list[str]:
        return [rows for c in component for rows in self._conformance.rows(c, values, side) or ()]

    def _told(
        self, values: Values, component: Sequence[Constraint]
    ) -> tuple[list[Answer], list[Doubt]]:
        """Return the SQL results of a component, and the nodes that are in doubt.

        pySHACL judges the whole component for a node in doubt, so SQL leaves that node out.
        """
        shape = values.shape
        unsure = self._rows(component, values, Side.DOUBT)
        nodes = tuple(f"SELECT n FROM ({rows})" for rows in unsure)
        beside = f" ANTI JOIN {union(nodes)} d USING (n)" if nodes else ""
        answers = [
            Answer(
                shape,
                constraint,
                f"SELECT n, v, p FROM ({rows}) r{beside}",
                self._branches(constraint),
            )
            for constraint in component
            for rows in self._rows([constraint], values, Side.SURELY)
        ]
        doubt = Doubt(_only(shape, component), _parameters(component), nodes)
        return answers, [doubt] if nodes else []

    def _branches(self, constraint: Constraint) -> tuple[Branch, ...]:
        """Return the branches of a constraint: the shapes that values should conform to.

        Results of the shape of ``sh:node`` are details. Results of other branches are reasons:
        found only if wanted, and not for nested results.
        """
        match constraint:
            case model.Node():
                return tuple(map(self._branch, shapes_of(constraint)))
            case model.And() | model.Or() | model.Xone() | model.Not() if self._reasons:
                return tuple(map(self._branch, shapes_of(constraint)))
        return ()

    def _branch(self, node: str) -> Branch:
        domain = self._tables.name()
        roots = f"(SELECT n AS r, n, 1 AS w FROM {domain})"
        wanted, self._reasons = self._reasons, False
        with self._tables.scope() as steps:
            shape = self._conformance.shape(node)
            parts = tuple(self._direct(shape, Domain(domain, direct=True, weights=roots)))
        self._reasons = wanted
        return Branch(node, domain, tuple(steps), parts)


def _by_component(constraints: Iterable[Constraint]) -> list[tuple[Constraint, ...]]:
    """Group constraints by component, because pySHACL judges all of a component at once."""
    found: dict[str, list[Constraint]] = {}
    for constraint in constraints:
        found.setdefault(parameter_of(constraint), []).append(constraint)
    return [tuple(each) for each in found.values()]


def _parameters(constraints: Iterable[Constraint]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(parameter_of, constraints)))


def _only(shape: Shape, constraints: Iterable[Constraint]) -> Shape:
    """Return a shape with only some of its constraints."""
    return replace(shape, constraints=tuple(constraints))
