"""Violations of components that refer to other shapes, as rows of focus node and value.

Each other shape gives a relation of the values that fail it. DuckDB gives the result if nothing
about the value in the other shapes is in doubt: then the relations of both sides are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kg.validation import model
from kg.validation.model import Constraint
from kg.validation.sieve.plan import Side, Values, union
from kg.validation.sieve.values import bound

NO_VALUE: Final = "NULL::VARCHAR AS v, NULL::VARCHAR AS p"
NO_PROPERTY: Final = "NULL::VARCHAR AS p"

# Returns queries (n) for the values that fail a shape; on the side of doubt, for the values about
# which something in the shape is in doubt.
Failing = Callable[[Values, str, Side], list[str]]


class NestedRows:
    """Compiles components that refer to other shapes.

    Args:
        failing: Compiles which values fail a shape.
    """

    def __init__(self, failing: Failing) -> None:
        self._failing = failing

    def rows(self, constraint: Constraint, values: Values, side: Side) -> list[str] | None:
        """Return queries (n, v, p) for the violations; None if it is another component.

        Args:
            constraint: The constraint.
            values: The value nodes.
            side: The side to compile.
        """
        members = shapes_of(constraint)
        if not members:
            return None
        if isinstance(constraint, model.Qualified) and constraint.least == 0:
            return []
        if side is Side.DOUBT:
            unsure = [query for shape in members for query in self._failing(values, shape, side)]
            return [_having(values, f"SEMI JOIN {union(unsure)} f ON v = f.n")] if unsure else []
        match constraint:
            case model.Node() | model.And():
                queries = [q for shape in members for q in self._failing(values, shape, side)]
                return [_having(values, f"SEMI JOIN {union(queries)} f ON v = f.n")]
            case model.Or():
                tables = [union(self._failing(values, shape, side)) for shape in members]
                joins = (f"SEMI JOIN {table} f{i} ON v = f{i}.n" for i, table in enumerate(tables))
                return [_having(values, " ".join(joins))]
            case model.Not(shape):
                failing = union(self._failing(values, shape, side.other))
                return [_having(values, f"ANTI JOIN {failing} f ON v = f.n")]
            case model.Xone(shapes):
                return [self._xone(values, shapes, side)]
            case model.Qualified():
                return self._qualified(constraint, values, side)
        return None

    def _xone(self, values: Values, members: Sequence[str], side: Side) -> str:
        """Count the members that a value fails: it conforms if it fails all but one."""
        rows = []
        for shape in members:
            maybe = self._failing(values, shape, Side.MAYBE)
            surely = self._failing(values, shape, Side.SURELY)
            if maybe == surely:
                rows.append(f"SELECT DISTINCT n AS v, 1 AS m, 1 AS s FROM {union(maybe)}")
                continue
            rows.append(f"SELECT DISTINCT n AS v, 1 AS m, 0 AS s FROM {union(maybe)}")
            rows.append(f"SELECT DISTINCT n AS v, 0 AS m, 1 AS s FROM {union(surely)}")
        counts = f"SELECT v, sum(m) AS m, sum(s) AS s FROM ({' UNION ALL '.join(rows)}) GROUP BY v"
        m, s = "coalesce(c.m, 0)", "coalesce(c.s, 0)"
        all_but_one, every = len(members) - 1, len(members)
        if side is Side.MAYBE:
            bad = f"NOT ({m} = {all_but_one} AND {s} = {all_but_one})"
        else:
            bad = f"({m} < {all_but_one} OR {s} = {every})"
        return (
            f"SELECT n, x.v AS v, {NO_PROPERTY} FROM {values.pairs} x"
            f" LEFT JOIN ({counts}) c ON x.v = c.v WHERE {bad}"
        )

    def _qualified(self, constraint: model.Qualified, values: Values, side: Side) -> list[str]:
        """Count the conforming values, and compare with the bound."""
        if constraint.least is not None:
            # Maybe too few: count those that surely conform. Surely too few: those that may.
            counted = self._conforming(values, constraint, side.other)
            least = bound(constraint.least)
            enough = f"SELECT n FROM ({counted}) GROUP BY n HAVING count(*) >= {least}"
            return [
                f"SELECT n, {NO_VALUE} FROM {values.domain.table} ANTI JOIN ({enough}) e USING (n)"
            ]
        counted = self._conforming(values, constraint, side)
        most = bound(constraint.most or 0)
        return [f"SELECT n, {NO_VALUE} FROM ({counted}) GROUP BY n HAVING count(*) > {most}"]

    def _conforming(self, values: Values, constraint: model.Qualified, side: Side) -> str:
        """Return the pairs whose value conforms to the shape and to none of its siblings."""
        failing = union(self._failing(values, constraint.shape, side.other))
        joins = f"ANTI JOIN {failing} f ON v = f.n"
        for number, sibling in enumerate(dict.fromkeys(constraint.siblings)):
            passing = union(self._failing(values, sibling, side))
            joins += f" SEMI JOIN {passing} f{number} ON v = f{number}.n"
        return f"SELECT n, v FROM {values.pairs} {joins}"


def shapes_of(constraint: Constraint) -> tuple[str, ...]:
    """Return the distinct shapes that a constraint refers to."""
    match constraint:
        case model.Not(shape) | model.Node(shape):
            return (shape,)
        case model.And(shapes) | model.Or(shapes) | model.Xone(shapes):
            return tuple(dict.fromkeys(shapes))
        case model.Qualified(shape, siblings):
            return tuple(dict.fromkeys((shape, *siblings)))
    return ()


def _having(values: Values, joins: str) -> str:
    return f"SELECT n, v, {NO_PROPERTY} FROM {values.pairs} {joins}"
