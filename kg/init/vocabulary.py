"""The vocabulary of a new workspace: classes and properties with labels, in Turtle."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from kg.init.design import Entity, Property
from kg.peek import Kind

_HEAD: Final = """\
# The words of the graph: kinds of things (classes) and what can be said of them (properties).
# The labels are the names of the columns: write what the columns mean, also as rdfs:comment.
# Domains and ranges are documentation; only `kg build --infer rdfs` draws conclusions from them.
@prefix ns:     <{base}ns#> .
@prefix owl:    <http://www.w3.org/2002/07/owl#> .
@prefix rdfs:   <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <http://schema.org/> .
@prefix xsd:    <http://www.w3.org/2001/XMLSchema#> .
"""


def vocabulary_text(entities: Sequence[Entity], base: str) -> str:
    """Return the vocabulary document."""
    parts = [_HEAD.format(base=base)]
    for entity in entities:
        where = entity.table.place
        parts.append(
            f"ns:{entity.class_name} a owl:Class ;\n"
            f"    rdfs:label {text(entity.label)} ;\n"
            f"    rdfs:comment {text(f'A record of {where}.')} .\n"
        )
    names = dict.fromkeys(each.name for entity in entities for each in entity.properties)
    parts += ["".join(_property(name, entities)) for name in names]
    return "\n".join(parts)


def text(value: str) -> str:
    r"""Return a text as a literal of Turtle.

    >>> print(text('a "b"'))
    "a \"b\""
    """
    return json.dumps(value, ensure_ascii=False)


def _property(name: str, entities: Sequence[Entity]) -> Iterator[str]:
    uses = [(e, each) for e in entities for each in e.properties if each.name == name]
    first = uses[0][1]
    is_link = bool(first.target) or first.column.kind is Kind.ADDRESS
    yield f"ns:{name} a owl:{'Object' if is_link else 'Datatype'}Property ;\n"
    yield f"    rdfs:label {text(first.label)}"
    classes = list(dict.fromkeys(entity.class_name for entity, _ in uses))
    # An rdfs:domain twice would mean both at once.
    predicate = "rdfs:domain" if len(classes) == 1 else "schema:domainIncludes"
    yield f" ;\n    {predicate} {', '.join(f'ns:{each}' for each in classes)}"
    ranges = {_range(each, entities) for _, each in uses} - {""}
    if len(ranges) == 1:
        yield f" ;\n    rdfs:range {ranges.pop()}"
    yield " .\n"


def _range(each: Property, entities: Sequence[Entity]) -> str:
    if each.target:
        return next(f"ns:{e.class_name}" for e in entities if e.prefix == each.target)
    return each.column.kind.datatype or ("xsd:string" if each.column.kind is Kind.TEXT else "")
