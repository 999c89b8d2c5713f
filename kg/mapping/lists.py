"""References to what turns out to be a list: each of its members is a value.

JSON may have a list in one record where it has a single value in another, and the mapping says
``tags`` for both. A reference may give several values, each of which makes a term.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-reference-expression
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any

from kg.mapping.abstract_source import AbstractSource
from kg.mapping.plan import (
    JoinCondition,
    LogicalSource,
    Lookup,
    Origin,
    OwnFunction,
    Plan,
    Reference,
    RefObjectMap,
    TriplesMap,
)
from kg.mapping.views import ExpressionField, Field, IterableField, LogicalView

_LEFT_ALONE = (AbstractSource, Lookup, Origin, OwnFunction)


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

    def field(each: Field) -> Field:
        """Change a field of a view on the source; what is in a record starts there."""
        if isinstance(each, IterableField):
            return each
        made: ExpressionField = replace(each, expression=members(each.expression, own=True))
        return made

    def view(each: LogicalView) -> LogicalView:
        fields = tuple(map(field, each.fields)) if each.on == source else each.fields
        joins = tuple(replace(join, parent=view(join.parent)) for join in each.joins)
        return replace(each, on=under(each.on), fields=fields, joins=joins)

    def under(each: AbstractSource) -> AbstractSource:
        return view(each) if isinstance(each, LogicalView) else each

    def changed(each: TriplesMap) -> TriplesMap:
        made: TriplesMap = members(each, own=each.source == source)
        return replace(made, source=under(each.source))

    return replace(plan, triples_maps=tuple(map(changed, plan.triples_maps)))
