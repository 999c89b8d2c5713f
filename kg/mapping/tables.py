"""Which tables a plan reads: one for each logical source, with a column for each reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from kg.errors import InputError
from kg.mapping.jsonpath import JsonPath, parse_jsonpath
from kg.mapping.plan import (
    Formulation,
    LogicalSource,
    Origin,
    Plan,
    Reference,
    RefObjectMap,
    TermMap,
    TriplesMap,
    references,
    term_references,
)
from kg.mapping.source_table import Column, SourceTable
from kg.mapping.texts import textual_references

_Used = Iterator[tuple[Reference, Origin]]
_JSON_LIKE: Final = (Formulation.JSON, Formulation.YAML)
_TYPED: Final = (Formulation.SQL, Formulation.PARQUET, Formulation.EXCEL)


def source_tables(plan: Plan) -> dict[LogicalSource, SourceTable]:
    """Return the table that each logical source of a plan is read into.

    Raises:
        InputError: An iterator or a reference is no JSONPath where it must be one.
    """
    needed: dict[LogicalSource, dict[Reference, Origin]] = {}
    for triples_map in plan.triples_maps:
        source = triples_map.source
        found = needed.setdefault(source, {})
        if source.formulation in _JSON_LIKE and source.iterator:
            _jsonpath(source.iterator, source.origin)
        for reference, origin in _own(triples_map):
            found.setdefault(reference, origin)
        for object_map in ref_objects(triples_map):
            with suppress(KeyError):  # the compiler says so
                parent = plan.triples_map(object_map.parent)
                inside = needed.setdefault(parent.source, {})
                for reference, origin in _of_parent(triples_map, object_map, parent):
                    inside.setdefault(reference, origin)
    textual = textual_references(plan)
    return {
        source: SourceTable(
            f"source_{number}",
            source,
            tuple(
                replace(_column(source, ref, origin, n), textual=(source, ref) in textual)
                for n, (ref, origin) in enumerate(used.items())
            ),
        )
        for number, (source, used) in enumerate(needed.items())
    }


def ref_objects(triples_map: TriplesMap) -> Iterator[RefObjectMap]:
    """Yield the referencing object maps of a triples map."""
    for pair in triples_map.predicate_objects:
        for object_map in pair.objects:
            if isinstance(object_map, RefObjectMap):
                yield object_map


def _own(triples_map: TriplesMap) -> _Used:
    yield from _of_terms(triples_map.subject, *triples_map.graphs)
    for pair in triples_map.predicate_objects:
        yield from _of_terms(*pair.predicates, *pair.graphs)
        for object_map in pair.objects:
            if isinstance(object_map, TermMap):
                yield from _of_terms(object_map)
                continue
            for join in object_map.joins:
                yield from ((reference, object_map.origin) for reference in references(join.child))
            if object_map.condition is not None:
                found = references(object_map.condition)
                yield from ((reference, object_map.origin) for reference in found)


def _of_terms(*term_maps: TermMap) -> _Used:
    for term_map in term_maps:
        for reference in term_references(term_map):
            yield reference, term_map.origin


def _of_parent(child: TriplesMap, object_map: RefObjectMap, parent: TriplesMap) -> _Used:
    for join in object_map.joins:
        for reference in references(join.parent):
            yield reference, object_map.origin
    if not object_map.joins and parent.source == child.source:
        yield from _of_terms(parent.subject)


def _jsonpath(text: str, origin: Origin) -> JsonPath:
    try:
        return parse_jsonpath(text)
    except InputError as error:
        raise error.at(origin.location()) from error


def _column(source: LogicalSource, reference: Reference, origin: Origin, index: int) -> Column:
    many = source.formulation is Formulation.XPATH
    typed = source.formulation in _TYPED
    if source.formulation in _JSON_LIKE:
        many, typed = _jsonpath(reference.name, origin).is_many, True
    return Column(reference.name, index, many=many, typed=typed, origin=origin)
