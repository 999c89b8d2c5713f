"""What EXISTS asks of a pattern, and its SQL: a join with the solutions that it is asked of.

The specification puts the values of a solution in for the variables of the pattern, which is the
same as joining for most patterns, and for others not.

Spec: https://www.w3.org/TR/sparql11-query/#func-filter-exists
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass

from kg.queries.table.joins import Joins
from kg.queries.table.paths import is_empty
from kg.queries.table.relation import Relation, View
from kg.sparql import algebra
from kg.sparql.tree import Variable


def needed(node: algebra.Operator) -> algebra.Operator:
    """Return what of an EXISTS's pattern decides whether there is a solution."""
    while True:
        match node:
            case algebra.LeftJoin(left, _, _):
                node = left
            case algebra.Distinct(inner) | algebra.Reduced(inner) | algebra.OrderBy(inner, _):
                node = inner
            case _:
                return node


def substitutes(node: algebra.Operator, known: Collection[str]) -> bool:
    """Return whether joining an EXISTS's pattern with solutions is substituting their values.

    Args:
        node: The pattern.
        known: The variables of the solutions.
    """
    if not mentioned(node).intersection(known):
        return True
    match node:
        case algebra.BGP() | algebra.Values():
            return True
        case algebra.Path(start, path, end):
            # Without a step, a path leads from a term to itself though no graph has it.
            return not (is_empty(path) and mentioned((start, end)).intersection(known))
        case algebra.Join(left, right) | algebra.Union(left, right):
            return substitutes(left, known) and substitutes(right, known)
        case algebra.Filter(_, pattern) | algebra.Graph(_, pattern):
            return substitutes(pattern, known)
        case algebra.Extend(pattern, _, _):
            return substitutes(pattern, known)
        case algebra.LeftJoin(left, right, condition):
            # A value that the right side alone has would be put in there before it is joined.
            inside = mentioned((right, condition)).intersection(known)
            return inside <= certain(left) and substitutes(left, known)
        case algebra.Minus(left, right):
            # What is put in on both sides is no variable any more that they share.
            return not mentioned(right).intersection(known) and substitutes(left, known)
        case algebra.ToMultiset(query):
            return _selects(query, known)
    return False


def _selects(query: algebra.Operator, known: Collection[str]) -> bool:
    """Return the same of a query within the pattern, of which some variables are not seen."""
    while isinstance(query, algebra.Distinct | algebra.Reduced | algebra.OrderBy):
        query = query.pattern
    if not isinstance(query, algebra.Project):
        return False
    seen = {each.name for each in query.variables}.intersection(known)
    if not seen:
        return True
    inner = query.pattern
    while isinstance(inner, algebra.OrderBy):
        inner = inner.pattern
    return isinstance(inner, algebra.BGP | algebra.Path) and substitutes(inner, seen)


def mentioned(part: object) -> frozenset[str]:
    """Return the names of all variables that a part of a query has."""
    if isinstance(part, Variable):
        return frozenset({part.name})
    if isinstance(part, tuple):
        return frozenset().union(*map(mentioned, part))
    if is_dataclass(part):
        return mentioned(tuple(getattr(part, each.name) for each in fields(part)))
    return frozenset()


def certain(node: algebra.Operator) -> frozenset[str]:
    """Return the variables that have a value in each solution of a pattern, as far as is seen."""
    match node:
        case algebra.BGP() | algebra.Path():
            return mentioned(node)
        case algebra.Join(left, right):
            return certain(left) | certain(right)
        case algebra.Union(left, right):
            return certain(left) & certain(right)
        case algebra.LeftJoin(left, _, _) | algebra.Minus(left, _):
            return certain(left)
        case algebra.Filter(_, pattern) | algebra.Extend(pattern, _, _):
            return certain(pattern)
        case algebra.Graph(name, pattern):
            return certain(pattern) | mentioned(name)
    return frozenset()


def exists_sql(inner: Relation, views: tuple[View, ...], joins: Joins, name: str) -> str:
    """Return SQL that says whether a pattern has a solution that fits.

    Args:
        inner: The pattern's solutions.
        views: The solutions that it is asked of, the nearest first.
        joins: Makes texts of ids.
        name: A name for the pattern's solutions.
    """
    tests = []
    for variable in inner.columns:
        known = next((each for each in views if variable in each.relation.columns), None)
        if known is None:
            continue
        mine = known.relation.columns[variable]
        if mine.kinds is None:
            inner = joins.as_text(inner, [variable])
        column = inner.columns[variable]
        value = known.text(mine) if column.kinds is None else known.value(mine)
        loose = [f"{value} IS NULL"] * (not mine.bound)
        loose += [f"{name}.{column.name} IS NULL"] * (not column.bound)
        equal = f"{value} = {name}.{column.name}"
        tests.append(f"({' OR '.join([equal, *loose])})" if loose else equal)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"EXISTS (SELECT 1 FROM ({inner.sql}) AS {name}{where})"
