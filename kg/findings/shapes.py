"""Findings about names in shapes: terms of vocabularies, other shapes, imports."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kg.datatypes import unknown_datatype
from kg.errors import Location
from kg.findings.model import Finding, Level
from kg.findings.terms import Used
from kg.names import Namer, local_name
from kg.terms import RDF_TYPE, XSD
from kg.validation.names import OWL, OWL_CLASS, RDFS_CLASS, sh
from kg.validation.shapes import ShapesGraph
from kg.wording import nearest

_TERMS: Final = {
    sh("targetClass"): "class",
    sh("class"): "class",
    sh("datatype"): "datatype",
    sh("path"): "property",
    sh("targetSubjectsOf"): "property",
    sh("targetObjectsOf"): "property",
    sh("equals"): "property",
    sh("disjoint"): "property",
    sh("lessThan"): "property",
    sh("lessThanOrEquals"): "property",
    sh("inversePath"): "property",
    sh("hasValue"): "term",
}
_SHAPES: Final = (sh("node"), sh("property"), sh("qualifiedValueShape"), sh("not"))
_TARGETS: Final = {
    sh("targetClass"): "of the class",
    sh("targetNode"): "the node",
    sh("targetSubjectsOf"): "a subject of",
    sh("targetObjectsOf"): "an object of",
}
_TARGET: Final = sh("target")[:-1]
_KINDS: Final = (sh("NodeShape"), sh("PropertyShape"))
_TRUE: Final = f'"true"^^<{XSD}boolean>'
_LISTS: Final = (sh("and"), sh("or"), sh("xone"))
_MEMBERS: Final = {sh("in"): "term", sh("ignoredProperties"): "property"}


def terms_of(shapes: ShapesGraph, files: Iterable[Path]) -> Iterator[Used]:
    """Yield the terms that shapes name, with the places of the nodes that name them.

    Args:
        shapes: The shapes graph.
        files: The files that it was read from.
    """
    from kg.paths import show_path

    paths = {show_path(path): path for path in files}
    for subject, predicate, object_ in shapes.triples():
        place = shapes.origins.get(subject) or shapes.origins.get(shapes.owner(subject))
        path = paths.get(place.file) if place else None
        if predicate in _TERMS and object_.startswith("<"):
            yield Used(object_[1:-1], _TERMS[predicate], place, path)
        elif predicate in _MEMBERS:
            for member in shapes.members(object_):
                if member.startswith("<"):
                    yield Used(member[1:-1], _MEMBERS[predicate], place, path)


def unused_shapes(
    shapes: ShapesGraph, met: Mapping[str, int], classes: Sequence[str], namer: Namer
) -> Iterator[Finding]:
    """Yield a finding for each shape without a focus node in the graph: it checks nothing.

    Args:
        shapes: The shapes graph.
        met: Shape with targets to the number of its focus nodes.
        classes: The classes that nodes of the graph have, for a hint.
        namer: Writes terms.
    """
    for node, count in met.items():
        if count:
            continue
        owner = shapes.owner(node)
        targets = [
            (aim, object_)
            for predicate, aim in _TARGETS.items()
            for object_ in shapes.objects(node, predicate)
            if object_.startswith("<")
        ]
        near = [name for _, each in targets if (name := _like(each, classes)) is not None]
        advice = "Mend its target, or take the shape out."
        if near:
            advice = f"Did you mean {namer(near[0])}? Else mend its target, or take the shape out."
        aims = " or ".join(f"{aim} {namer(each)}" for aim, each in targets) or "what it targets"
        yield Finding(
            "unused-shape",
            namer(owner),
            f"the shape {namer(owner)} met no node: nothing in the graph is {aims}",
            shapes.origins.get(node) or shapes.origins.get(owner),
            advice,
        )


def idle_shapes(shapes: ShapesGraph, declared: Container[str], namer: Namer) -> Iterator[Finding]:
    """Yield a finding for each named shape without a target that no other shape refers to.

    A shape that is also a class has the instances of the class as targets.

    Args:
        shapes: The shapes graph.
        declared: The terms that the ontology declares.
        namer: Writes terms.

    Spec: https://www.w3.org/TR/shacl/#targets
    """
    used = {o for _, predicate, o in shapes.triples() if predicate in _SHAPES}
    heads = (o for _, predicate, o in shapes.triples() if predicate in _LISTS)
    used.update(member for head in heads for member in shapes.members(head))
    for node in dict.fromkeys(each for kind in _KINDS for each in shapes.subjects(RDF_TYPE, kind)):
        said = shapes.index[node]
        is_class = node[1:-1] in declared or any(
            kind in said[RDF_TYPE] for kind in (RDFS_CLASS, OWL_CLASS)
        )
        is_off = any(value.startswith('"true"') for value in said.get(sh("deactivated"), ()))
        aims = any(predicate.startswith(_TARGET) for predicate in said)
        if node in used or is_class or is_off or aims or not node.startswith("<"):
            continue
        yield Finding(
            "unused-shape",
            namer(node),
            f"the shape {namer(node)} has no target, and no other shape refers to it",
            shapes.origins.get(node),
            "Say what it is for, such as sh:targetClass, or take the shape out.",
        )


def deactivated_shapes(shapes: ShapesGraph, namer: Namer) -> Iterator[Finding]:
    """Yield a finding for each shape that is switched off: it checks nothing.

    Args:
        shapes: The shapes graph.
        namer: Writes terms.

    Spec: https://www.w3.org/TR/shacl/#deactivated
    """
    for node in shapes.subjects(sh("deactivated"), _TRUE):
        owner = shapes.owner(node)
        paths = [namer(path) for path in shapes.objects(node, sh("path")) if path.startswith("<")]
        part = f"the demand on {paths[0]} of " if paths and owner != node else ""
        yield Finding(
            "deactivated-shape",
            f"{namer(owner)} {paths[0]}" if part else namer(owner),
            f"{part}the shape {namer(owner)} is deactivated: it checks nothing",
            shapes.origins.get(node) or shapes.origins.get(owner),
            "Take sh:deactivated out once it is to check again.",
            level=Level.INFO,
        )


def _like(term: str, known: Sequence[str]) -> str | None:
    names = {local_name(each): each for each in known if each != term}
    near = nearest(local_name(term), names)
    return names[near] if near else None


def missing_shapes(shapes: ShapesGraph, namer: Namer) -> Iterator[Finding]:
    """Yield a finding for each reference to a shape without a definition: it demands nothing.

    Args:
        shapes: The shapes graph.
        namer: Writes terms.
    """
    known = {node for node in shapes.shapes if shapes.index.get(node)}
    named_shapes = sorted(node for node in known if node.startswith("<"))
    for subject, predicate, object_ in shapes.triples():
        named: tuple[str, ...] = (object_,) if predicate in _SHAPES else ()
        if predicate in _LISTS:
            named = shapes.members(object_)
        for node in named:
            if node in known:
                continue
            place = shapes.origins.get(subject) or shapes.origins.get(shapes.owner(subject))
            near = _like(node, named_shapes)
            yield Finding(
                "missing-shape",
                namer(node),
                f"{namer(node)} is named as a shape, and no file says what it demands",
                place,
                f"Did you mean {namer(near)}? Else put the file that holds it into shapes/."
                if near
                else "Mend the name, or put the file that holds it into shapes/.",
                level=Level.ERROR,
            )


def unknown_datatypes(shapes: ShapesGraph) -> Iterator[Finding]:
    """Yield a finding for each unknown XML Schema datatype in a shape: no value conforms."""
    for subject, predicate, object_ in shapes.triples():
        hint = unknown_datatype(object_[1:-1]) if predicate == sh("datatype") else None
        if hint is None:
            continue
        named = f"xsd:{object_[1:-1].removeprefix(XSD)}"
        yield Finding(
            "undeclared-term",
            named,
            f"{named} is not a datatype of XML Schema, so no value conforms",
            shapes.origins.get(subject) or shapes.origins.get(shapes.owner(subject)),
            hint,
        )


def unfollowed_imports(imports: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yield a finding for each import that is not followed, since kg fetches nothing.

    Args:
        imports: Each imported IRI, and the file that imports it.
    """
    for iri, file in imports:
        yield Finding(
            "unfollowed-import",
            iri,
            f"owl:imports {iri} is not followed: kg fetches nothing",
            Location(file),
            "Put the file beside this one, if it is needed, and take the import out.",
            level=Level.INFO,
        )


def imports_of(shapes: ShapesGraph) -> Iterator[tuple[str, str]]:
    """Yield the IRIs that shapes import, each with the file that imports it."""
    for subject in shapes.subjects(f"<{OWL}imports>"):
        place = shapes.origins.get(subject)
        for object_ in shapes.objects(subject, f"<{OWL}imports>"):
            yield object_[1:-1], place.file if place else ""
