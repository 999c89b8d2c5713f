"""RML documents of one call: their graphs are joined, as the mapping is one graph in RDF.

A triples map may have its logical source in one document and its predicate-object maps in another.
Names such as ``<#TriplesMap1>`` are in many documents, and two that have a logical source each, or
say different things of a node, mean different nodes by it. So each keeps its own; a document that
does not describe such a node cannot refer to it.

Spec: https://kg-construct.github.io/rml-core/spec/docs/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyoxigraph as ox

from kg.errors import InputError
from kg.mapping.rml_graph import MADE, RML, RmlGraph, Term, Value
from kg.notes import Notes
from kg.terms import RDF

# Properties that may have several values; two values of another contradict each other.
_SEVERAL: Final = frozenset(
    {
        *(f"{RML}{name}" for name in ("predicateObjectMap", "predicateMap", "predicate", "class")),
        *(f"{RML}{name}" for name in ("objectMap", "object", "graphMap", "graph", "input", "path")),
        *(f"{RML}{name}" for name in ("joinCondition", "null", "namespace", "logicalTarget")),
        *(f"{RML}{name}" for name in ("field", "leftJoin", "innerJoin", "structuralAnnotation")),
        *(f"{RML}{name}" for name in ("gather", "parameterMap", "inputValueMap")),
        f"{RDF}type",
    }
)
_SOURCE: Final = f"{RML}logicalSource"
_VIEW: Final = f"{RML}viewOn"
_DEEPEST: Final = 50
# Properties that take something out of a record.
_TAKING: Final = ("reference", "child", "parent", "parentTriplesMap")
# A reference in a template; a brace behind a backslash is one of the text.
_VARIABLE: Final = re.compile(r"(?<!\\)(?:\\\\)*\{")


def joined(graphs: Sequence[RmlGraph], faults: list[InputError]) -> RmlGraph:
    """Return the graph of several documents.

    Args:
        graphs: Those of the documents, with the same base.
        faults: Receives references to nodes that two other documents describe differently.
    """
    first, *others = graphs
    if not others:
        return first
    places = _places(graphs)
    shared = {node: found for node, found in places.items() if len(found) > 1}
    apart = {node for node, found in shared.items() if _differ(node, graphs, found)}
    # What refers to nodes that differ, differs too: a triples map by its view.
    while more := {n for n in shared.keys() - apart if _refers(n, graphs, shared[n], apart)}:
        apart |= more
    made = RmlGraph("", first.file, first.base)
    for number, graph in enumerate(graphs):
        names = dict(_new_names(number, graph, made, apart))
        faults += _unclear(graph, apart, places, graphs)
        _add(graph, made, names)
    return made


def _places(graphs: Sequence[RmlGraph]) -> dict[Term, list[int]]:
    """Return the numbers of the documents that describe each IRI."""
    found: dict[Term, list[int]] = {}
    for number, graph in enumerate(graphs):
        for node in graph.values:
            if isinstance(node, ox.NamedNode):
                found.setdefault(node, []).append(number)
    return found


def _differ(node: Term, graphs: Sequence[RmlGraph], numbers: Sequence[int]) -> bool:
    """Return whether documents mean different nodes by one IRI.

    A triples map with one logical source is one, however much is said of it: where that
    contradicts itself, it is an error.
    """
    if sum(_VIEW in graphs[number].values[node] for number in numbers) > 1:
        return True  # each has its own fields
    whole = [number for number in numbers if _SOURCE in graphs[number].values[node]]
    if len(whole) == 1:
        return False
    compared = [graphs[number] for number in whole or numbers]
    if whole and len({graph.folders[graph.file] for graph in compared}) > 1:
        return True
    said: dict[str, object] = {}
    for graph in compared:
        for predicate, values in graph.values[node].items():
            if predicate not in _SEVERAL:
                form = _form(graph, values, 0)
                if said.setdefault(predicate, form) != form:
                    return True
    return False


def _refers(
    node: Term, graphs: Sequence[RmlGraph], numbers: Sequence[int], apart: set[Term]
) -> bool:
    """Return whether several documents have a node refer to what they mean differently."""
    found = (
        any(value.term in apart for values in graphs[n].values[node].values() for value in values)
        for n in numbers
    )
    return sum(found) > 1


def _form(graph: RmlGraph, values: Sequence[Value], depth: int) -> object:
    """Return what values say, whatever their blank nodes are called."""
    found = []
    for value in values:
        inside = graph.values.get(value.term) if isinstance(value.term, ox.BlankNode) else None
        if inside is None or depth > _DEEPEST:
            found.append(str(value.term))
        else:
            parts = sorted((name, _form(graph, each, depth + 1)) for name, each in inside.items())
            found.append(repr(parts))
    return tuple(sorted(found))


def _new_names(
    number: int, graph: RmlGraph, made: RmlGraph, apart: set[Term]
) -> Iterator[tuple[Term, Term]]:
    """Yield nodes of a document that need another name in the joined graph, with that name."""
    for position, node in enumerate(graph.values):
        if node in apart:
            alias = ox.BlankNode(f"document{number}node{position}")
            made.names[alias] = node
            yield node, alias
        elif isinstance(node, ox.BlankNode) and node in made.values:
            yield node, ox.BlankNode(f"{node.value}document{number}")


def _add(graph: RmlGraph, made: RmlGraph, names: Mapping[Term, Term]) -> None:
    """Add a document to the joined graph."""
    made.prefixes.update((name, iri) for name, iri in graph.prefixes.items())
    made.folders.update(graph.folders)
    made.bases.update(graph.bases)
    for node, properties in graph.values.items():
        subject = names.get(node, node)
        known = made.values.setdefault(subject, {})
        if subject not in made.origins or _SOURCE in properties:
            made.origins[subject] = graph.origins[node]
            made.numbers[subject] = graph.numbers[node]
        for predicate, values in properties.items():
            there = known.setdefault(predicate, [])
            forms = {_form(made, [value], 0) for value in there}
            is_made = predicate.removeprefix(RML) in MADE
            for value in values:
                if not forms or _form(graph, [value], 0) not in forms:
                    stays = is_made and isinstance(value.term, ox.NamedNode)
                    term = value.term if stays else names.get(value.term, value.term)
                    there.append(replace(value, term=term))


def _unclear(
    graph: RmlGraph,
    apart: set[Term],
    places: Mapping[Term, Sequence[int]],
    graphs: Sequence[RmlGraph],
) -> Iterator[InputError]:
    """Yield errors for references to what two other documents describe differently."""
    for properties in graph.values.values() if apart else ():
        for predicate, values in properties.items():
            for value in values if predicate.removeprefix(RML) not in MADE else ():
                if value.term in apart and value.term not in graph.values:
                    first, second = (graphs[number].file for number in places[value.term][:2])
                    yield value.error(
                        f"<{value.text.removeprefix(graph.base)}> is described differently in"
                        f" {first} and in {second}",
                        hint="Give one of them another name.",
                    )


def triples_maps(graph: RmlGraph) -> list[Term]:
    """Return the triples maps of a graph; those that make nothing are told and left out."""
    passed = _incomplete(graph)
    for node in passed:
        text = f"the triples map {graph.name(node)} has no logical source, so it makes nothing"
        place = graph.origin(node).location()
        Notes().add(text.replace("{", "{{").replace("}", "}}"), place, loses=False)
    return [node for node in described_maps(graph) if node not in passed]


def described_maps(graph: RmlGraph) -> Iterator[Term]:
    """Yield the triples maps of a graph."""
    # Function values of the older vocabularies have sources and pairs, too.
    values = {value.term for name, value in graph.properties() if name == "functionValue"}
    for node in graph.subjects():
        parts = graph.all(node, "subjectMap", "subject", "logicalSource")
        makes = parts and node not in values and graph.all(node, "predicateObjectMap")
        if graph.has_type(node, "TriplesMap") or makes or len(parts) > 1:
            yield node


def has_source(graph: RmlGraph, node: Term) -> bool:
    """Return whether a triples map has a logical source, or needs none: all it says is constant.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-triples-map
    """
    if graph.all(node, "logicalSource"):
        return True
    subjects = graph.all(node, "subjectMap", "subject")
    makes = graph.all(node, "predicateObjectMap")
    for subject in subjects:
        makes += graph.all(subject.term, "class", "gather")
    return bool(subjects and makes) and not _reads(graph, node, {node})


def _reads(graph: RmlGraph, node: Term, seen: set[Term]) -> bool:
    """Return whether a node, or what it is made of, takes values of a record."""
    if graph.all(node, *_TAKING):
        return True
    if any(_VARIABLE.search(each.text) for each in graph.all(node, "template")):
        return True
    for predicate, values in graph.values.get(node, {}).items():
        for value in values if predicate.removeprefix(RML) not in MADE else ():
            if value.term in graph.values and value.term not in seen:
                seen.add(value.term)
                if _reads(graph, value.term, seen):
                    return True
    return False


def _incomplete(graph: RmlGraph) -> set[Term]:
    """Return triples maps without logical source that no complete one refers to, if there are some.

    Mappings of many files have them where a part is not in use. RMLMapper passes over them, too.
    """
    found = list(described_maps(graph))
    lacking = [node for node in found if not has_source(graph, node)]
    if len(lacking) == len(found):
        return set()
    live = set(found).difference(lacking)
    wanted = {term for node in live for term in _parents(graph, node)}
    return {node for node in lacking if node not in wanted}


def _parents(graph: RmlGraph, node: Term) -> Iterator[Term]:
    """Yield the triples maps that the object maps of one refer to."""
    for pair in graph.all(node, "predicateObjectMap"):
        for object_map in graph.all(pair.term, "objectMap", "object"):
            for parent in graph.all(object_map.term, "parentTriplesMap"):
                yield parent.term
