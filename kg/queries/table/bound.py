"""Puts values that are given beforehand into a query, for its variables.

Spec: https://www.w3.org/TR/shacl/#pre-binding
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias

from kg.queries.table.exists import mentioned
from kg.queries.table.relation import NotCompiledError
from kg.sparql import algebra
from kg.sparql.tree import Variable

# A part of a query: an operator, an expression, a term, or a tuple of such.
_Part: TypeAlias = Any


def with_values(query: algebra.Query, values: Mapping[str, str]) -> algebra.Query:
    """Return a query in which variables have values.

    Args:
        query: The query.
        values: By the names of variables: terms as N-Triples text.

    Raises:
        NotCompiledError: The query has MINUS, VALUES or an assignment of such a variable, which
            pre-binding leaves out.
    """
    terms = {Variable(name): algebra.Constant(term) for name, term in values.items()}
    pattern = None if query.pattern is None else _put(query.pattern, terms)
    return replace(
        query,
        pattern=pattern,
        template=_put(query.template, terms),
        targets=_put(query.targets, terms),
    )


def _put(part: _Part, terms: Mapping[Variable, algebra.Constant]) -> _Part:
    match part:
        case Variable():
            return terms.get(part, part)
        case algebra.Function("BOUND", (Variable() as variable,)) if variable in terms:
            return algebra.TRUE
        case algebra.Minus() | algebra.Values():
            if _has(part, terms):
                raise NotCompiledError("MINUS or VALUES with values that are given beforehand")
            return part
        case algebra.Extend(pattern, variable, expression):
            if variable in terms:
                raise NotCompiledError("an assignment to what has a value beforehand")
            return algebra.Extend(_put(pattern, terms), variable, _put(expression, terms))
        case algebra.ToMultiset(query):
            shown = _shown(query)
            return algebra.ToMultiset(_put(query, {v: t for v, t in terms.items() if v in shown}))
        case algebra.Project(pattern, variables):
            found = _put(pattern, terms)
            for variable in variables:
                if variable in terms:
                    found = algebra.Extend(found, variable, terms[variable])
            return algebra.Project(found, variables)
        case tuple():
            made = [_put(each, terms) for each in part]
            return type(part)(*made) if hasattr(part, "_fields") else tuple(made)
    if is_dataclass(part) and not isinstance(part, type):
        changed = {each.name: _put(getattr(part, each.name), terms) for each in fields(part)}
        return replace(part, **changed)
    return part


def _has(part: _Part, terms: Mapping[Variable, algebra.Constant]) -> bool:
    return not mentioned(part).isdisjoint(each.name for each in terms)


def _shown(node: algebra.Operator) -> tuple[Variable, ...]:
    while not isinstance(node, algebra.Project):
        assert isinstance(
            node, algebra.Distinct | algebra.Reduced | algebra.OrderBy | algebra.Slice
        )
        node = node.pattern
    return node.variables
