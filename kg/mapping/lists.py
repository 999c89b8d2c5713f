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
    JoinCondition,
    LogicalSource,
    LogicalTarget,
    Lookup,
    Origin,
    OwnFunction,
    Plan,
    Reference,
    RefObjectMap,
    TriplesMap,
)

_LEFT_ALONE = (LogicalSource, LogicalTarget, Lookup, Origin, OwnFunction)


def with_lists(plan: Plan, source: LogicalSource, names: Collection[str]) -> Plan:
    """Return a plan in which references lead to the members of lists.

    Args:
        plan: The plan.
        source: The source whose records have the lists.
        names: The references to them.
    """
    parents = {each.name: each.source for each in plan.triples_maps}

    def members(value: Any, *, own: bool) -> Any:  # noqa: ANN401 (any part of a plan, and the same part)
        """Change a part of a triples map, whose own records may be those of the source."""
        if isinstance(value, Reference):
            changes = own and value.name in names
            return Reference(f"{value.name.strip()}[*]") if changes else value
        if isinstance(value, tuple):
            return tuple(members(each, own=own) for each in value)
        if isinstance(value, RefObjectMap):
            # The sides of a join belong to two sources.
            of_parent = parents.get(value.parent) == source
            joins = tuple(
                JoinCondition(members(join.child, own=own), members(join.parent, own=of_parent))
                for join in value.joins
            )
            return replace(value, joins=joins, condition=members(value.condition, own=own))
        if is_dataclass(value) and not isinstance(value, (*_LEFT_ALONE, type)):
            changed = {f.name: members(getattr(value, f.name), own=own) for f in fields(value)}
            return replace(value, **changed)
        return value

    def changed(each: TriplesMap) -> TriplesMap:
        made: TriplesMap = members(each, own=each.source == source)
        return made

    return replace(plan, triples_maps=tuple(map(changed, plan.triples_maps)))
