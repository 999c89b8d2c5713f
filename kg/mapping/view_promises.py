"""What structural annotations of views promise of a join.

A promise that does not hold gives other statements than without it, as the specification says.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/#invariance-principle
"""

from __future__ import annotations

from typing import Final

from kg.mapping.plan import Reference
from kg.mapping.views import Constraint, LogicalView, ViewJoin

_UNIQUE: Final = frozenset({Constraint.UNIQUE, Constraint.PRIMARY_KEY})
_INCLUDED: Final = frozenset({Constraint.FOREIGN_KEY, Constraint.INCLUSION})


def always_matches(view: LogicalView, join: ViewJoin) -> bool:
    """Return whether each iteration with all values of a join's keys is promised a match."""
    pairs = _pairs(join)
    if pairs is None:
        return False
    return any(
        pairs <= {*zip(each.fields, each.target_fields, strict=True)}
        for each in view.annotations
        if each.kind in _INCLUDED and each.target == join.parent.name
    )


def matches_once(join: ViewJoin) -> bool:
    """Return whether an iteration is promised one match at most."""
    pairs = _pairs(join)
    if pairs is None:
        return False
    keys = {parent for _, parent in pairs}
    return any({*a.fields} <= keys for a in join.parent.annotations if a.kind in _UNIQUE)


def _pairs(join: ViewJoin) -> set[tuple[str, str]] | None:
    """Return the keys that a join compares; None if it compares more than keys."""
    found = set()
    for each in join.conditions:
        if not isinstance(each.child, Reference) or not isinstance(each.parent, Reference):
            return None
        found.add((each.child.name, each.parent.name))
    return found
