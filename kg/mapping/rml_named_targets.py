"""Targets of RML documents whose file each record names, as RMLMapper has them.

A ``rmle:logicalTargetMap`` makes the IRI of a logical target; two triples maps, whose statements
are for the mapping itself (``rmle:ThisMapping``), say of this IRI and of that of its
``rmlt:target`` what a document says of a target that it names. They say nothing of the graph.

Spec: https://rml.io/specs/target/dynamictarget/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kg.mapping.own_functions import local_part
from kg.mapping.plan import LogicalTarget, Reference, Template, references
from kg.mapping.rml_graph import RmlGraph, Term, Value
from kg.mapping.rml_templates import read_template
from kg.mapping.rml_vocabulary import TARGET_MAP, dynamic_target, is_extension
from kg.mapping.targets import COMPRESSIONS, ENCODINGS, FORMATS

# What is said of a file: by VoID, DCAT and RML-IO, without their namespaces.
_FILES: Final = ("dataDump", "accessURL", "downloadURL", "path")


def named_targets(graph: RmlGraph, term_map: Value) -> Iterator[LogicalTarget]:
    """Yield the targets of a term map whose file each record names.

    Raises:
        InputError: The document does not say how the name is made, or it takes other values than
            the IRI of the target.
    """
    for value in graph.iri_values(term_map.term, TARGET_MAP):
        found = _maker(graph, value)
        if found is None:
            raise dynamic_target(value)
        said = dict(_said(graph, found))
        place = said.get("target")
        of_file = _maker(graph, place) if place is not None else None
        told = dict(_said(graph, of_file)) if of_file is not None else {}
        file = next((told[name] for name in _FILES if name in told), None)
        template = graph.one(file.term, "template") if file is not None else None
        if template is None:
            raise dynamic_target(value)
        name = _file_name(template)
        own = graph.one(value.term, "template")
        if own is None or not {*references(name)} <= {*references(read_template(own))}:
            raise value.unsupported(
                "the name of the target takes other values than its IRI",
                hint="Put all values of the file's name into rmle:logicalTargetMap.",
            )
        yield LogicalTarget(
            path=template.text,
            folder=str(Path.cwd()),
            serialization=FORMATS.get(_constant(graph, said, "serialization"), "nquads"),
            compression=COMPRESSIONS.get(_constant(graph, said, "compression").lower(), ""),
            encoding=ENCODINGS.get(_constant(graph, said, "encoding").lower(), "utf-8"),
            name=name,
            origin=value.origin,
        )


def makers(graph: RmlGraph) -> frozenset[Term]:
    """Return the triples maps that describe the targets of others, and make no statements."""
    found: set[Term] = set()
    for predicate, value in graph.others():
        if predicate == TARGET_MAP:
            of_target = _maker(graph, value)
            place = dict(_said(graph, of_target)).get("target") if of_target is not None else None
            of_file = _maker(graph, place) if place is not None else None
            found |= {each for each in (of_target, of_file) if each is not None}
    return frozenset(found)


def _maker(graph: RmlGraph, term_map: Value) -> Term | None:
    """Return the triples map for the mapping itself that describes what a map makes."""
    wanted = graph.one(term_map.term, "template")
    for node in graph.subjects() if wanted is not None else ():
        for subject in graph.all(node, "subjectMap"):
            stated = graph.one(subject.term, "template")
            if stated is None or wanted is None or stated.text != wanted.text:
                continue
            if any(is_extension(each) for each in graph.all(subject.term, "logicalTarget")):
                return node
    return None


def _said(graph: RmlGraph, node: Term) -> Iterator[tuple[str, Value]]:
    """Yield what a triples map says, by the predicate without its namespace."""
    for pair in graph.all(node, "predicateObjectMap"):
        names = graph.all(pair.term, "predicate")
        for each in graph.all(pair.term, "predicateMap"):
            names += graph.all(each.term, "constant")
        for name in names:
            for value in graph.all(pair.term, "objectMap"):
                yield local_part(name.text), value


def _constant(graph: RmlGraph, said: dict[str, Value], what: str) -> str:
    stated = graph.one(said[what].term, "constant") if what in said else None
    return local_part(stated.text) if stated is not None else ""


def _file_name(template: Value) -> Template:
    """Return the name of a file, from a template of its address."""
    made = read_template(template)
    parts: list[str | Reference] = [*made.parts] if isinstance(made, Template) else []
    if parts and isinstance(parts[0], str):
        # file://data/x names a host by the standard, but means data/x where RML is written.
        parts[0] = parts[0].removeprefix("file://")
    return Template(tuple(part for part in parts if part != ""))
