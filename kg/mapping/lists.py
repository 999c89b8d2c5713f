"""References to what turns out to be a list: each of its members is a value.

JSON may have a list in one record where it has a single value in another, and the mapping says
``tags`` for both. A reference may give several values, each of which makes a term.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-reference-expression
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any

from kg.mapping.plan import (
    LogicalSource,
    LogicalTarget,
    Origin,
    Plan,
    Reference,
    RefObjectMap,
    TriplesMap,
)

_LEFT_ALONE = (LogicalSource, LogicalTarget, Origin)


def with_lists(plan: Plan, source: LogicalSource, names: Collection[str]) -> Plan:
    """Return a plan in which references lead to the members of lists.

    Args:
        plan: The plan.
        source: The source whose records have the lists.
        names: The references to them.
    """
    parents = {each.name: each.source for each in plan.triples_maps}

    def members(value: Any) -> Any:  # noqa: ANN401 (any part of a plan, and the same part)
        if isinstance(value, Reference):
            return Reference(f"{value.name.strip()}[*]") if value.name in names else value
        if isinstance(value, tuple):
            return tuple(members(each) for each in value)
        if is_dataclass(value) and not isinstance(value, (*_LEFT_ALONE, type)):
            changed = {each.name: members(getattr(value, each.name)) for each in fields(value)}
            return replace(value, **changed)
        return value

    def object_map(value: Any, owner: TriplesMap) -> Any:  # noqa: ANN401
        """Change an object map: the sides of a join belong to two sources."""
        if not isinstance(value, RefObjectMap):
            return members(value) if owner.source == source else value
        made = members(value) if owner.source == source else value
        of_parent = parents.get(value.parent) == source
        joins = tuple(
            replace(new, parent=members(old.parent) if of_parent else old.parent)
            for new, old in zip(made.joins, value.joins, strict=True)
        )
        return replace(made, joins=joins)

    def changed(each: TriplesMap) -> TriplesMap:
        own = members(each) if each.source == source else each
        pairs = tuple(
            replace(new, objects=tuple(object_map(value, each) for value in old.objects))
            for new, old in zip(own.predicate_objects, each.predicate_objects, strict=True)
        )
        made: TriplesMap = replace(own, predicate_objects=pairs)
        return made

    return replace(plan, triples_maps=tuple(map(changed, plan.triples_maps)))
