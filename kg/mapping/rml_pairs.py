"""References of YARRRML, and of RML of before, to maps of another source without a join condition.

By the specification that is an error. RMLMapper, for which such mappings are written, takes all
subjects of the other triples map; mappings rely on that where a document has one of each.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-referencing-object-map
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kg.mapping.abstract_source import AbstractSource
from kg.mapping.plan import (
    Constant,
    Formulation,
    JoinCondition,
    LogicalSource,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.notes import Notes

_ONE: Final = Constant("1", TermType.LITERAL)
_TOLD: Final = (
    "references to a triples map with another source have no join condition, so each record is"
    " joined with all of the other ({count} in this file; RMLMapper does so)"
)
_ALWAYS: Final = (JoinCondition(_ONE, _ONE),)


def paired(triples_map: TriplesMap, known: Mapping[str, TriplesMap], notes: Notes) -> TriplesMap:
    """Return a triples map whose records are joined with all of another source where it says so.

    Args:
        triples_map: The triples map.
        known: Triples maps by name.
        notes: Takes a note for each file.
    """

    def made(each: TermMap | RefObjectMap) -> TermMap | RefObjectMap:
        if isinstance(each, TermMap) or each.joins or not each.is_older:
            return each
        parent = known.get(each.parent)
        if parent is None or parent.source == triples_map.source:
            return each
        if _is_table(parent.source) or _is_table(triples_map.source):
            return each
        notes.add(_TOLD, each.origin.location(), each.parent.rpartition("#")[2], loses=False)
        return replace(each, joins=_ALWAYS)

    pairs = triples_map.predicate_objects
    changed = tuple(
        replace(pair, objects=tuple(made(each) for each in pair.objects)) for pair in pairs
    )
    return triples_map if changed == pairs else replace(triples_map, predicate_objects=changed)


def _is_table(source: AbstractSource) -> bool:
    """Return whether a source is a table of a database or a view, which have their own rules."""
    return not isinstance(source, LogicalSource) or source.formulation is Formulation.SQL
