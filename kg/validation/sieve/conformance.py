"""Compile to SQL which nodes fail a shape.

A shape is compiled for one side. *Maybe* gives at least the nodes that fail, *surely* at most
those. A negation (``sh:not``, ``sh:xone``, a maximum of qualified values) compiles its shape for
the other side, so no suspect is missed, however shapes are nested. Both sides are exact for nodes
that are not in *doubt*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from kg.validation import model
from kg.validation.model import Constraint, Shape
from kg.validation.paths import Predicate
from kg.validation.sieve.classes import Classes
from kg.validation.sieve.fold import bad_values, folded_sql, is_foldable
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import (
    Domain,
    NeedsQueryError,
    NotCompilableError,
    Side,
    Tests,
    Values,
)
from kg.validation.sieve.rows import RowCompiler
from kg.validation.sieve.tables import Tables
from kg.validation.sieve.triples import Triples
from kg.validation.sieve.values import value_test

# pySHACL gives up on shapes nested this deep.
_DEEPEST: Final = 15


class Conformance:
    """Compiles which nodes fail a shape.

    Args:
        shapes: All shapes, by node.
        triples: The triples.
        tables: Keeps the temporary tables that the queries read.
        classes: Finds the instances of classes.
    """

    def __init__(
        self, shapes: Mapping[str, Shape], triples: Triples, tables: Tables, classes: Classes
    ) -> None:
        self._shapes = shapes
        self._triples = triples
        self._tables = tables
        self._paths = PathCompiler(triples)
        self._active: list[str] = []
        self._rows = RowCompiler(triples, self._paths, classes.instances_of, self._failing_values)

    def shape(self, node: str, property_shape: bool | None = None) -> Shape:
        """Return a shape that another one refers to.

        Args:
            node: Its node.
            property_shape: Whether it must be a property shape; None if it may be either.

        Raises:
            NotCompilableError: There is no such shape.
        """
        shape = self._shapes.get(node)
        if shape is None:
            raise NotCompilableError("a shape is missing")
        if property_shape is not None and (shape.path is not None) is not property_shape:
            raise NotCompilableError("a property shape where a node shape belongs, or the reverse")
        return shape

    @contextmanager
    def entered(self, shape: Shape) -> Iterator[None]:
        """Mark a shape as being compiled, to find recursion.

        Raises:
            NotCompilableError: The shape is unreadable, recursive or nested too deep.
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

    def values(self, shape: Shape, domain: Domain) -> Values:
        """Return the value nodes of a shape for a domain."""
        if shape.path is None:
            itself = f"(SELECT n, n AS v FROM {domain.table})"
            return Values(shape, domain, itself, is_focus=True)
        query = self._paths.pairs(shape.path, domain.table)
        if isinstance(shape.path, Predicate):
            return Values(shape, domain, f"({query})", is_focus=False)
        return Values(shape, domain, self._tables.shared(query, "path"), is_focus=False)

    def value_domain(self, values: Values, direct: bool = False) -> Domain:
        """Return the value nodes as focus nodes of another shape."""
        if values.is_focus:
            return replace(values.domain, direct=direct)
        distinct = self._tables.shared(f"SELECT DISTINCT v AS n FROM {values.pairs}", "values")
        if not direct:
            return Domain(distinct)
        # A value is validated once for each focus node that leads to it.
        weights = values.domain.weights or f"(SELECT '' AS r, n, 1 AS w FROM {values.domain.table})"
        counted = f"{values.pairs} p JOIN {weights} w USING (n)"
        weighed = f"(SELECT r, v AS n, sum(w) AS w FROM {counted} GROUP BY r, v)"
        return Domain(distinct, True, weighed)

    def demands(self, values: Values) -> dict[str, list[Constraint]]:
        """Return the constraints that one scan can check, by predicate."""
        demands: dict[str, list[Constraint]] = {}
        for shape in self.foldable_shapes(values):
            assert isinstance(shape.path, Predicate)
            demands.setdefault(shape.path.iri, []).extend(filter(is_foldable, shape.constraints))
        return {predicate: found for predicate, found in demands.items() if found}

    def foldable_shapes(self, values: Values) -> list[Shape]:
        """Return the property shapes whose path is one predicate, which a scan can check."""
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

    def rows(self, constraint: Constraint, values: Values, side: Side) -> list[str] | None:
        """Return queries (n, v, p) for the violations of a constraint; see `RowCompiler.rows`.

        Raises:
            NotCompilableError: The constraint cannot be compiled to SQL.
        """
        if isinstance(constraint, model.Node):
            self.shape(constraint.shape, property_shape=False)
        return self._rows.rows(constraint, values, side)

    def suspects(self, constraint: Constraint, values: Values, side: Side) -> list[str]:
        """Return queries (n) for the focus nodes that violate a constraint.

        Raises:
            NotCompilableError: The constraint cannot be compiled to SQL.
        """
        rows = self.rows(constraint, values, side)
        if rows is not None:
            return [f"SELECT n FROM ({query})" for query in rows]
        match constraint:
            case Tests(constraints):
                bad = bad_values(constraints, side)
                return [f"SELECT n FROM {values.pairs} WHERE {bad}"] if bad else []
            case model.Property(node):
                return self._property(values, self.shape(node, property_shape=True), side)
            case model.Sparql() | model.Custom():
                raise NeedsQueryError("a SPARQL query decides whether nodes conform")
        raise NotCompilableError(f"{type(constraint).__name__} has no SQL")

    def _failing_values(self, values: Values, node: str, side: Side) -> list[str]:
        """Return queries (n) for the values that fail another shape."""
        return self._failing(self.shape(node), self.value_domain(values), side)

    def _failing(self, shape: Shape, domain: Domain, side: Side, folded: bool = False) -> list[str]:
        """Return queries (n) for the nodes of a domain that fail a shape.

        Args:
            shape: The shape.
            domain: The nodes.
            side: The side to compile.
            folded: Whether its foldable constraints were compiled with its parent.
        """
        if shape.deactivated:
            return []
        with self.entered(shape):
            values = self.values(shape, domain)
            found = [] if folded else self._folded(values, side)
            for constraint in self._unfolded(values):
                found += self.suspects(constraint, values, side)
        return found

    def _folded(self, values: Values, side: Side) -> list[str]:
        """Compile the constraints that one scan checks for all properties of a node."""
        demands = self.demands(values)
        sql = folded_sql(self._triples, values.domain.table, demands, side) if demands else None
        return [] if sql is None else [sql]

    def _unfolded(self, values: Values) -> list[Constraint]:
        """Return the constraints of a shape that are not folded into a scan.

        A property shape below a node shape was folded there.
        """
        if isinstance(values.shape.path, Predicate):
            return [c for c in values.shape.constraints if not is_foldable(c)]
        tests = [c for c in values.shape.constraints if value_test(c, "v") is not None]
        rest = [c for c in values.shape.constraints if value_test(c, "v") is None]
        return [Tests(tuple(tests)), *rest] if tests else rest

    def _property(self, values: Values, shape: Shape, side: Side) -> list[str]:
        """Return queries (n) for the focus nodes with a value that fails a property shape."""
        folded = values.is_focus and shape in self.foldable_shapes(values)
        queries = self._failing(shape, self.value_domain(values), side, folded)
        if values.is_focus:
            return queries
        return [
            f"SELECT n FROM {values.pairs} SEMI JOIN ({query}) f ON v = f.n" for query in queries
        ]
