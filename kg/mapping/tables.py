"""Which tables a plan reads: one for each logical source, with a column for each reference.

A number that only makes a literal with its natural datatype may be written anew, since such a
literal has a canonical form. In templates, comparisons, and with a datatype of the mapping, its
own text counts.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-natural-rdf-literal
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kg.errors import InputError
from kg.mapping.jsonpath import JsonPath, parse_jsonpath
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Expression,
    Formulation,
    LogicalSource,
    Origin,
    Plan,
    Reference,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
    references,
    term_references,
)
from kg.mapping.source_table import Column, SourceTable

_JSON_LIKE: Final = (Formulation.JSON, Formulation.YAML)


@dataclass(frozen=True, slots=True)
class _Use:
    """A reference to values of a source, and whether their texts count."""

    source: LogicalSource
    reference: Reference
    origin: Origin
    is_text: bool = True


def source_tables(plan: Plan) -> dict[LogicalSource, SourceTable]:
    """Return the table that each logical source of a plan is read into.

    Raises:
        InputError: An iterator or a reference is not a JSONPath where it must be one.
    """
    needed: dict[LogicalSource, dict[Reference, Origin]] = {}
    textual: set[tuple[LogicalSource, Reference]] = set()
    for triples_map in plan.triples_maps:
        source = triples_map.source
        needed.setdefault(source, {})
        if source.formulation in _JSON_LIKE and source.iterator:
            _jsonpath(source.iterator, source.origin)
        for use in (*_own(triples_map), *_of_parents(plan, triples_map)):
            needed.setdefault(use.source, {}).setdefault(use.reference, use.origin)
            if use.is_text or plan.datatypes is not Datatypes.NATURAL:
                textual.add((use.source, use.reference))
    return {
        source: SourceTable(
            f"source_{number}",
            source,
            tuple(
                _column(source, ref, origin, n, textual=(source, ref) in textual)
                for n, (ref, origin) in enumerate(used.items())
            ),
        )
        for number, (source, used) in enumerate(needed.items())
    }


def _own(triples_map: TriplesMap) -> Iterator[_Use]:
    """Yield the references of a triples map to its own records."""
    source = triples_map.source
    yield from _of_terms(source, triples_map.subject, *triples_map.graphs)
    for pair in triples_map.predicate_objects:
        yield from _of_terms(source, *pair.predicates, *pair.graphs)
        for object_map in pair.objects:
            yield from _of_object(source, object_map)


def _of_terms(source: LogicalSource, *term_maps: TermMap) -> Iterator[_Use]:
    for term_map in term_maps:
        for reference in term_references(term_map):
            yield _Use(source, reference, term_map.origin)
        for member in term_map.gather.members if term_map.gather is not None else ():
            yield from _of_object(source, member)


def _of_object(source: LogicalSource, term_map: TermMap | RefObjectMap) -> Iterator[_Use]:
    if isinstance(term_map, RefObjectMap):
        used: list[Expression] = [join.child for join in term_map.joins]
        used += [term_map.condition] if term_map.condition is not None else []
        for expression in used:
            for reference in references(expression):
                yield _Use(source, reference, term_map.origin)
        return
    value = term_map.expression
    natural = term_map.term_type is TermType.LITERAL and isinstance(value, Reference)
    if natural and term_map.language is None and term_map.datatype is None:
        assert isinstance(value, Reference)
        yield _Use(source, value, term_map.origin, is_text=False)
        chosen = references(term_map.condition) if term_map.condition is not None else ()
        yield from (_Use(source, reference, term_map.origin) for reference in chosen)
    else:
        yield from _of_terms(source, term_map)


def _of_parents(plan: Plan, child: TriplesMap) -> Iterator[_Use]:
    """Yield the references that the objects of a triples map make to others."""
    for object_map in child.maps:
        if isinstance(object_map, TermMap) or not plan.has(object_map.parent):
            continue  # what is not there is told where rules are made
        parent = plan.triples_map(object_map.parent)
        for join in object_map.joins:
            for reference in references(join.parent):
                yield _Use(parent.source, reference, object_map.origin)
        if not object_map.joins and parent.source == child.source:
            yield from _of_terms(child.source, parent.subject)


def _jsonpath(text: str, origin: Origin) -> JsonPath:
    try:
        return parse_jsonpath(text)
    except InputError as error:
        raise error.at(origin.location()) from error


def _column(
    source: LogicalSource, reference: Reference, origin: Origin, index: int, *, textual: bool
) -> Column:
    many = source.formulation is Formulation.XPATH
    typed = source.formulation.has_typed_columns
    if source.formulation in _JSON_LIKE:
        many, typed = _jsonpath(reference.name, origin).is_many, True
    return Column(reference.name, index, many, typed, textual, origin)
