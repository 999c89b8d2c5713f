"""Solutions that another pattern has a solution for, or none: EXISTS, and OPTIONAL with !bound.

Spec: https://www.w3.org/TR/sparql11-query/#func-filter-exists
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from kg.queries.table.exists import certain, exists_sql, mentioned, needed, substitutes
from kg.queries.table.expressions import VariableOperand
from kg.queries.table.extremes import all_of, conjuncts, extremes, split
from kg.queries.table.relation import NotCompiledError, Relation, View
from kg.queries.table.scans import ActiveGraph
from kg.sparql import algebra
from kg.sparql.tree import Variable

if TYPE_CHECKING:
    from kg.queries.table.compile import Compiler

_SIGNS = frozenset({"<", "<=", ">", ">=", "!="})


class Absent(NamedTuple):
    """``OPTIONAL { … } FILTER(!bound(?x))``, which keeps what the optional part does not fit.

    Attributes:
        left: The pattern before OPTIONAL.
        right: The optional pattern.
        condition: Its condition.
        rest: Other conditions of the filter.
    """

    left: algebra.Operator
    right: algebra.Operator
    condition: algebra.Expression
    rest: tuple[algebra.Expression, ...]


class SemiJoins:
    """Makes SQL of the tests whether a pattern has a solution that fits.

    Args:
        compiler: Makes relations of patterns.
    """

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler

    def exists(
        self, pattern: algebra.Operator, view: View, graph: ActiveGraph, outer: tuple[View, ...]
    ) -> str:
        """Return SQL for EXISTS.

        Args:
            pattern: Its pattern.
            view: The solutions that it is asked of.
            graph: The active graph.
            outer: The views around that.

        Raises:
            NotCompiledError: To put values in is not to join with them.
        """
        views = (view, *outer)
        pattern = needed(pattern)
        around = {name for each in views for name in each.relation.columns}
        if not substitutes(pattern, around):
            raise NotCompiledError("EXISTS around what is not a join with its values")
        pattern = halved(pattern, around)
        if isinstance(pattern, algebra.Filter):
            inner = self._compiler.relation(pattern.pattern, graph, views)
            inner = self._fitting(pattern.condition, inner, graph, views)
        else:
            inner = self._compiler.relation(pattern, graph, views)
        return self._sql(inner, views)

    def absent(
        self, node: algebra.Filter, graph: ActiveGraph, outer: tuple[View, ...]
    ) -> Relation | None:
        """Return the solutions of a filter, if it keeps those that an OPTIONAL does not fit."""
        found = _absent(node)
        if found is None:
            return None
        a = self._compiler.relation(found.left, graph, outer)
        b = self._compiler.relation(found.right, graph, outer)
        if not all(column.bound for name, column in b.columns.items() if name in a.columns):
            return None
        view = self._compiler.view(a)
        views = (view, *outer)
        if found.condition != algebra.TRUE:
            b = self._fitting(found.condition, b, graph, views)
        items = [f"{view.alias}.{name}" for name in a.names]
        kept = replace(a, sql=view.select(items, f"NOT {self._sql(b, views)}"))
        if not found.rest:
            return kept
        return self._compiler.filtered(all_of(found.rest), kept, graph, outer)

    def _fitting(
        self,
        condition: algebra.Expression,
        inner: Relation,
        graph: ActiveGraph,
        views: tuple[View, ...],
    ) -> Relation:
        """Return solutions of a pattern for which a condition holds; enough to tell if any is."""
        around = {name for each in views for name in each.relation.columns}
        parts = split(condition, inner, around)
        if parts is not None and not any(f"{each.alias}." in inner.sql for each in views):
            if parts.inside:
                inner = self._compiler.filtered(all_of(parts.inside), inner, graph, ())
            view = self._compiler.view(inner)
            operand = self._compiler.expressions(view, graph, ()).operand(Variable(parts.variable))
            assert isinstance(operand, VariableOperand)
            kept = [name for name in inner.columns if name in around]
            inner = extremes(inner, view, kept, operand, parts)
            condition = all_of(parts.between)
        return self._compiler.filtered(condition, inner, graph, views)

    def _sql(self, inner: Relation, views: tuple[View, ...]) -> str:
        return exists_sql(inner, views, self._compiler.joins, self._compiler.names.new("e"))


def _absent(node: algebra.Filter) -> Absent | None:
    if not isinstance(node.pattern, algebra.LeftJoin):
        return None
    left, right, condition = node.pattern.left, node.pattern.right, node.pattern.condition
    new = certain(right) - mentioned(left)
    parts = tuple(conjuncts(node.condition))
    tests = {each for each in parts if _not_bound(each) in new}
    if not tests:
        return None
    return Absent(left, right, condition, tuple(each for each in parts if each not in tests))


def _not_bound(node: algebra.Expression) -> str | None:
    """Return the variable of ``!bound(?x)``."""
    match node:
        case algebra.Function("!", (algebra.Function("BOUND", (Variable(name),)),)):
            return name
    return None


def halved(node: algebra.Operator, seen: Collection[str]) -> algebra.Operator:
    """Return a pattern that has a solution for the same values of some variables.

    Two halves that only a comparison joins, besides variables that are seen, make as many solutions
    as pairs of them fit. Of the half that is not seen, it is enough whether there is one.

    Args:
        node: The pattern.
        seen: The variables.
    """
    if not isinstance(node, algebra.Filter) or not isinstance(node.pattern, algebra.BGP):
        return node
    parts = tuple(conjuncts(node.condition))
    for each in parts:
        for name in _sides(each):
            far = _component(node.pattern.triples, name, seen) if name not in seen else ()
            near = tuple(triple for triple in node.pattern.triples if triple not in far)
            mine, others = mentioned(far), mentioned(near)
            shared = mine & others
            if not far or not mine & set(seen) <= others or not mentioned(each) - mine <= others:
                continue
            if not mentioned(each) - mine:
                continue
            own = mine - shared
            there = tuple(one for one in parts if mentioned(one) & own)
            here = tuple(one for one in parts if one not in there)
            inner = algebra.Filter(all_of(there), algebra.BGP(far))
            test = all_of((*here, algebra.Exists(inner)))
            return algebra.Filter(test, algebra.BGP(near))
    return node


def _sides(node: algebra.Expression) -> tuple[str, ...]:
    """Return the variables that a comparison has on a side."""
    if not isinstance(node, algebra.Function) or node.name not in _SIGNS:
        return ()
    return tuple(each.name for each in node.operands if isinstance(each, Variable))


def _component(
    triples: tuple[algebra.Triple, ...], name: str, seen: Collection[str]
) -> tuple[algebra.Triple, ...]:
    """Return the triples that hang together with a variable by such as are not seen."""
    names, size = {name}, 0
    while len(names) > size:
        size = len(names)
        for triple in triples:
            own = mentioned(tuple(triple)) - set(seen)
            if own & names:
                names |= own
    return tuple(each for each in triples if mentioned(tuple(each)) & names)
