"""Plans as JSON, and back: reading one so takes a fifth of the time that its documents take.

A stored plan is data in a workspace that may come from anywhere, so it is read into the kinds of
records that are listed here alone. Plans with others are not stored: functions of the user's own,
views, targets, and sources whose queries or databases were checked as the documents were read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from kg.mapping.function_set import Function
from kg.mapping.gather import CollectionKind, Gather
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Call,
    Constant,
    Dialect,
    Formulation,
    JoinCondition,
    LogicalSource,
    Lookup,
    Origin,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)

# The fields of records that are stored, in the order in which they are given; enumerations have
# their value. Nodes have the number of their kind.
_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    Call: ("function", "arguments"),
    CollectionKind: ("value",),
    Constant: ("value", "kind", "datatype", "language"),
    Datatypes: ("value",),
    Dialect: (
        *("delimiter", "quote", "escape", "header", "comment", "skip_rows", "trim", "names"),
        *("cells", "fills_merged", "sheet_column"),
    ),
    Formulation: ("value",),
    Function: ("value",),
    Gather: ("members", "kind", "is_product", "keeps_empty"),
    JoinCondition: ("child", "parent"),
    LogicalSource: (
        *("path", "formulation", "iterator", "folder", "dialect", "nulls", "encoding"),
        *("compression", "query", "namespaces", "lines", "more", "database", "has_members"),
        *("takes_namespaces", "origin"),
    ),
    Lookup: ("source", "key", "found"),
    Origin: ("file", "line"),
    Plan: ("triples_maps", "prefixes", "datatypes", "most_records"),
    PredicateObjectMap: ("predicates", "objects", "graphs", "origin"),
    RefObjectMap: ("parent", "joins", "condition", "targets", "is_older", "origin"),
    Reference: ("name",),
    Template: ("parts",),
    TermMap: (
        *("expression", "term_type", "language", "datatype", "condition", "targets", "scope"),
        *("note", "gather", "origin"),
    ),
    TermType: ("value",),
    TriplesMap: ("name", "source", "subject", "predicate_objects", "graphs", "base", "origin"),
    tuple: (),
}
_KINDS: Final[tuple[Callable[..., Any], ...]] = tuple(_FIELDS)
_NUMBERS: Final = {kind: number for number, kind in enumerate(_FIELDS)}
_TUPLE: Final = _NUMBERS[tuple]
_PLAIN: Final = frozenset({str, int, bool, type(None)})


class _Unstorable(Exception):
    """A part of a plan that is not stored."""


def to_stored(plan: Plan) -> list[list[Any]] | None:
    """Return a plan as JSON has it; None if it has a part that is not stored, or is very deep.

    Returns:
        A list of nodes, each after those that it refers to, the plan last. A node is the number of
        its kind and its parts; a list of one number stands for a node of that place.
    """
    nodes: dict[tuple[Any, ...], int] = {}
    try:
        _place(plan, nodes)
    except (_Unstorable, RecursionError):
        return None
    return [
        [kind, *([part[0]] if isinstance(part, tuple) else part for _, part in parts)]
        for kind, *parts in nodes
    ]


def _place(value: object, nodes: dict[tuple[Any, ...], int]) -> int:
    """Return the place of the node of a value, which is added if it is not there."""
    kind = type(value)
    names = _FIELDS.get(kind)
    if names is None or (isinstance(value, LogicalSource) and value.query):
        raise _Unstorable
    parts = value if isinstance(value, tuple) else [getattr(value, name) for name in names]
    # The type is part of the node, since 1 is True otherwise.
    node = (_NUMBERS[kind], *((type(part), _part(part, nodes)) for part in parts))
    return nodes.setdefault(node, len(nodes))


def _part(value: object, nodes: dict[tuple[Any, ...], int]) -> object:
    return value if type(value) in _PLAIN else (_place(value, nodes),)


def from_stored(nodes: Sequence[Sequence[Any]]) -> Plan:
    """Return the plan of a list of nodes.

    Raises:
        ValueError: It is no such list; or TypeError, or LookupError.
    """
    made: list[Any] = []
    for kind, *parts in nodes:
        found = [made[part[0]] if isinstance(part, list | tuple) else part for part in parts]
        made.append(tuple(found) if kind == _TUPLE else _KINDS[kind](*found))
    plan = made[-1]
    if not isinstance(plan, Plan):
        raise ValueError("the last node is no plan")
    return plan
