"""Which references must keep the text that the source has.

A number that only makes a literal with its natural datatype may be written anew, since such a
literal has a canonical form. In templates, comparisons, and with a datatype of the mapping, its
own text counts.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-natural-rdf-literal
"""

from __future__ import annotations

from collections.abc import Iterator

from kg.mapping.plan import (
    LogicalSource,
    Plan,
    Reference,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
    references,
    term_references,
)


def textual_references(plan: Plan) -> frozenset[tuple[LogicalSource, Reference]]:
    """Return the references of each source whose values are used as texts."""
    found: set[tuple[LogicalSource, Reference]] = set()
    for triples_map in plan.triples_maps:
        found |= {(triples_map.source, reference) for reference in _own(triples_map)}
        for pair in triples_map.predicate_objects:
            for object_map in pair.objects:
                if isinstance(object_map, RefObjectMap):
                    found |= set(_of_parents(plan, triples_map, object_map))
    return frozenset(found)


def _own(triples_map: TriplesMap) -> Iterator[Reference]:
    """Yield the references that a triples map uses as texts of its own records."""
    yield from term_references(triples_map.subject)
    for graph in triples_map.graphs:
        yield from term_references(graph)
    for pair in triples_map.predicate_objects:
        for term_map in (*pair.predicates, *pair.graphs):
            yield from term_references(term_map)
        for object_map in pair.objects:
            if isinstance(object_map, TermMap):
                yield from _of_object(object_map)
                continue
            for join in object_map.joins:
                yield from references(join.child)
            if object_map.condition is not None:
                yield from references(object_map.condition)


def _of_object(term_map: TermMap) -> Iterator[Reference]:
    natural = (
        term_map.term_type is TermType.LITERAL
        and isinstance(term_map.expression, Reference)
        and term_map.language is None
        and term_map.datatype is None
    )
    if not natural:
        yield from term_references(term_map)
    elif term_map.condition is not None:
        yield from references(term_map.condition)


def _of_parents(
    plan: Plan, triples_map: TriplesMap, object_map: RefObjectMap
) -> Iterator[tuple[LogicalSource, Reference]]:
    try:
        parent = plan.triples_map(object_map.parent)
    except KeyError:  # the compiler says so
        return
    for join in object_map.joins:
        for reference in references(join.parent):
            yield parent.source, reference
    if not object_map.joins:
        for reference in term_references(parent.subject):
            yield triples_map.source, reference
