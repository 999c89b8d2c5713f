"""What EXISTS asks of a pattern.

Spec: https://www.w3.org/TR/sparql11-query/#func-filter-exists
"""

from __future__ import annotations

from collections.abc import Collection

from kg.queries.table.paths import is_empty
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
    match node:
        case algebra.BGP() | algebra.Values():
            return True
        case algebra.Path(start, path, end):
            # Without a step, a path leads from a term to itself though no graph has it.
            ends = {each.name for each in (start, end) if isinstance(each, Variable)}
            return not (is_empty(path) and ends.intersection(known))
        case algebra.Join(left, right) | algebra.Union(left, right):
            return substitutes(left, known) and substitutes(right, known)
        case algebra.Filter(_, pattern) | algebra.Graph(_, pattern):
            return substitutes(pattern, known)
    return False
