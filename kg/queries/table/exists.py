"""What EXISTS asks of a pattern.

Spec: https://www.w3.org/TR/sparql11-query/#func-filter-exists
"""

from __future__ import annotations

from kg.sparql import algebra


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


def substitutes(node: algebra.Operator) -> bool:
    """Return whether joining an EXISTS's pattern with solutions is substituting their values."""
    match node:
        case algebra.BGP() | algebra.Path() | algebra.Values():
            return True
        case algebra.Join(left, right) | algebra.Union(left, right):
            return substitutes(left) and substitutes(right)
        case algebra.Filter(_, pattern):
            return substitutes(pattern)
        case algebra.Graph(_, pattern):
            return substitutes(pattern)
    return False
