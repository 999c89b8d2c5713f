"""What is known once all YARRRML documents are read: parents, and inverse predicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kg.mapping.plan import (
    PredicateObjectMap,
    RefObjectMap,
    TermMap,
    TriplesMap,
    both,
    term_references,
)
from kg.mapping.yaml_nodes import Node
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """A triples map, with the inverse predicates of each of its predicate-object maps."""

    triples_map: TriplesMap
    inverses: tuple[tuple[TermMap, ...], ...]


def with_all_parents(
    triples_map: TriplesMap, maps: Mapping[str, Sequence[TriplesMap]]
) -> TriplesMap:
    """Let references to a mapping of several sources or subjects mean all its triples maps."""

    def parents(object_map: TermMap | RefObjectMap) -> Iterator[TermMap | RefObjectMap]:
        if isinstance(object_map, TermMap):
            yield object_map if object_map.gather is None else gathered(object_map)
            return
        found = maps[object_map.parent]
        if not object_map.joins:
            found = tuple(m for m in found if m.source == triples_map.source) or found[:1]
        for parent in found:
            yield replace(object_map, parent=parent.name)

    def gathered(term: TermMap) -> TermMap:
        assert term.gather is not None
        members = tuple(made for each in term.gather.members for made in parents(each))
        return replace(term, gather=replace(term.gather, members=members))

    return replace(
        triples_map,
        predicate_objects=tuple(
            replace(pair, objects=tuple(o for each in pair.objects for o in parents(each)))
            for pair in triples_map.predicate_objects
        ),
    )


def inverted(made: Made, maps: Mapping[str, TriplesMap]) -> Iterator[TriplesMap]:
    """Yield the triples maps of inverse predicates: the objects are their subjects."""
    child, number = made.triples_map, 0
    for pair, inverses in zip(child.predicate_objects, made.inverses, strict=True):
        for object_map in pair.objects if inverses else ():
            number += 1
            subject, source, back = _from_object(child, object_map, maps)
            if back.joins:
                _check_constant((*inverses, *child.graphs, *pair.graphs))
            yield TriplesMap(
                name=f"{child.name}/inverse{number}",
                source=source.source,
                subject=subject,
                predicate_objects=(
                    PredicateObjectMap(
                        inverses, (back,), (*child.graphs, *pair.graphs), origin=pair.origin
                    ),
                ),
                base=source.base,
                origin=pair.origin,
            )


def _from_object(
    child: TriplesMap, object_map: TermMap | RefObjectMap, maps: Mapping[str, TriplesMap]
) -> tuple[TermMap, TriplesMap, RefObjectMap]:
    """Return an object as a subject, whose records it is made of, and the way back."""
    back = RefObjectMap(child.name, targets=object_map.targets, origin=object_map.origin)
    if isinstance(object_map, TermMap):
        if object_map.gather is not None:
            raise Node(None, object_map.origin).unsupported(
                "an inverse predicate does not go with what is gathered",
                hint="Write the inverse as a mapping of its own.",
            )
        return replace(object_map, scope=object_map.scope or child.name), child, back
    parent = maps[object_map.parent]
    subject = replace(parent.subject, scope=parent.subject.scope or parent.name)
    if not object_map.joins:
        condition = both(subject.condition, object_map.condition)
        return replace(subject, condition=condition), child, back
    if object_map.condition:
        raise _node_error(object_map)
    joins = tuple(replace(j, child=j.parent, parent=j.child) for j in object_map.joins)
    return subject, parent, replace(back, joins=joins)


def _check_constant(terms: Sequence[TermMap]) -> None:
    """Refuse predicates and graphs that depend on the child's record, which the join leaves."""
    for term in terms:
        if term_references(term):
            raise Node(None, term.origin).unsupported(
                "the inverse predicate of a join goes with constant predicates and graphs only",
                hint="Write the inverse as a mapping of its own.",
            )


def _node_error(object_map: RefObjectMap) -> Exception:
    return Node(None, object_map.origin).unsupported(
        "an inverse predicate goes with a join, but not with a further condition",
        hint="Write the inverse as a mapping of its own.",
    )
