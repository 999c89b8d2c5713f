"""The tables that the logical sources of a plan are read into, with the columns that are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.errors import InputError
from kg.mapping.jsonpath import JsonPath, parse_jsonpath
from kg.mapping.plan import (
    Formulation,
    LogicalSource,
    Plan,
    Reference,
    RefObjectMap,
    TermMap,
    TriplesMap,
    references,
    term_references,
)
from kg.mapping.term_sql import Column, SourceTable
from kg.mapping.texts import textual_references


def source_tables(plan: Plan) -> dict[LogicalSource, SourceTable]:
    """Return the table that each logical source of a plan is read into.

    Raises:
        InputError: An iterator or a reference is no JSONPath where it must be one.
    """
    needed: dict[LogicalSource, dict[Reference, None]] = {}
    for triples_map in plan.triples_maps:
        found = needed.setdefault(triples_map.source, {})
        if triples_map.source.formulation in _JSON_LIKE and triples_map.source.iterator:
            _jsonpath(triples_map.source, triples_map.source.iterator)
        for reference in _all_references(triples_map):
            found[reference] = None
        for object_map in _ref_objects(triples_map):
            parents = [p for p in plan.triples_maps if p.name == object_map.parent]
            for parent in parents:
                inside = needed.setdefault(parent.source, {})
                for join in object_map.joins:
                    inside |= dict.fromkeys(references(join.parent))
                if not object_map.joins and parent.source == triples_map.source:
                    found |= dict.fromkeys(term_references(parent.subject))
    textual = textual_references(plan)
    return {
        source: SourceTable(
            f"source_{number}",
            source,
            tuple(
                _column(source, ref, index, textual=(source, ref) in textual)
                for index, ref in enumerate(found)
            ),
        )
        for number, (source, found) in enumerate(needed.items())
    }


_JSON_LIKE: Final = (Formulation.JSON, Formulation.YAML)


def _jsonpath(source: LogicalSource, text: str) -> JsonPath:
    try:
        return parse_jsonpath(text)
    except InputError as error:
        raise error.at(source.origin.location()) from error


def _column(source: LogicalSource, reference: Reference, index: int, *, textual: bool) -> Column:
    if source.formulation in _JSON_LIKE:
        many = _jsonpath(source, reference.name).is_many
        return Column(reference.name, index, many=many, typed=True, textual=textual)
    if source.formulation is Formulation.XPATH:
        return Column(reference.name, index, many=True, typed=False, textual=textual)
    typed = source.formulation in (Formulation.SQL, Formulation.PARQUET, Formulation.EXCEL)
    return Column(reference.name, index, many=False, typed=typed, textual=textual)


def _ref_objects(triples_map: TriplesMap) -> Iterator[RefObjectMap]:
    for pair in triples_map.predicate_objects:
        for object_map in pair.objects:
            if isinstance(object_map, RefObjectMap):
                yield object_map


def _all_references(triples_map: TriplesMap) -> Iterator[Reference]:
    yield from term_references(triples_map.subject)
    for graph in triples_map.graphs:
        yield from term_references(graph)
    for pair in triples_map.predicate_objects:
        for term_map in (*pair.predicates, *pair.graphs):
            yield from term_references(term_map)
        for object_map in pair.objects:
            if isinstance(object_map, TermMap):
                yield from term_references(object_map)
            else:
                for join in object_map.joins:
                    yield from references(join.child)
                if object_map.condition is not None:
                    yield from references(object_map.condition)
