"""The shapes of a new workspace: what holds in the tables as they are, in SHACL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kg.init.design import Entity, Property
from kg.init.vocabulary import text
from kg.peek import Column, Kind

_HEAD: Final = """\
# What must hold in the graph, in SHACL. `kg build` puts a graph in force only if all of it holds.
# kg wrote down what holds in the tables now: strike out what need not stay so. Lines with "guess"
# are the first to look at. `kg help validate` says more.
@prefix ns:   <{base}ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh:   <http://www.w3.org/ns/shacl#> .
@prefix xsd:  <http://www.w3.org/2001/XMLSchema#> .
"""
# Records from which on a range or a list of values is more than an accident.
_ENOUGH: Final = 20
_TIMES: Final = 5
# Numbers that can be below 0, though these are not.
_ANY_SIGN: Final = re.compile(
    r".*(lat|lon|lng|long|latitude|longitude|temp|temperature|delay|change|diff)|x|y", re.IGNORECASE
)
_WORDS: Final = {
    Kind.TEXT: "a text",
    Kind.INTEGER: "a whole number",
    Kind.DECIMAL: "a number",
    Kind.DOUBLE: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a day",
    Kind.DATETIME: "a time of a day",
}


def shapes_text(entities: Sequence[Entity], base: str) -> str:
    """Return the shapes document."""
    return "\n".join([_HEAD.format(base=base), *(_shape(each, entities) for each in entities)])


def _shape(entity: Entity, entities: Sequence[Entity]) -> str:
    blocks = []
    if entity.title is not None:
        blocks.append("\n".join(_title(entity, entity.title)))
    blocks += ["\n".join(_property(each, entity, entities)) for each in entity.properties]
    head = (
        f"ns:{entity.class_name}Shape a sh:NodeShape ;\n    sh:targetClass ns:{entity.class_name}"
    )
    if not blocks:
        return f"{head} .\n"
    return head + " ;\n    sh:property " + " , ".join(blocks) + " .\n"


def _title(entity: Entity, column: Column) -> Iterator[str]:
    yield "["
    yield "        sh:path rdfs:label ;"
    if column.filled == entity.table.rows:
        yield "        sh:minCount 1 ;"
    yield "        sh:maxCount 1 ;"
    yield f"        sh:message {text(f'{column.name}: each {entity.label} has one name.')}"
    yield "    ]"


def _property(each: Property, entity: Entity, entities: Sequence[Entity]) -> Iterator[str]:
    yield "["
    yield f"        sh:path ns:{each.name} ;"
    column = each.column
    is_needed = all(part.filled == entity.table.rows for part in each.columns) and not column.many
    if is_needed:
        yield "        sh:minCount 1 ;"
    if not column.many:
        yield "        sh:maxCount 1 ;"
    lines, what = _link(each, entities) if each.target else _value(column)
    yield from (f"        {line}" for line in lines)
    shown = " and ".join(part.name for part in each.columns)
    needed = "each record has " if is_needed else "if it is there, it is "
    yield f"        sh:message {text(f'{shown}: {needed}{what}.')}"
    yield "    ]"


def _link(each: Property, entities: Sequence[Entity]) -> tuple[list[str], str]:
    """Return what is demanded of a link, and the same in words."""
    link = each.link
    assert link is not None
    if link.missing:
        return ["sh:nodeKind sh:IRI ;"], "a link"
    target = next(e for e in entities if e.prefix == each.target)
    return [f"sh:class ns:{target.class_name} ;"], f"one that is in {target.table.place}"


def _value(column: Column) -> tuple[list[str], str]:
    """Return what is demanded of a value, and the same in words."""
    if column.kind is Kind.ADDRESS:
        return ["sh:nodeKind sh:IRI ;"], "an address"
    datatype = column.kind.datatype or "xsd:string"
    lines, what = [f"sh:datatype {datatype} ;"], _WORDS.get(column.kind, f"an {datatype}")
    is_many = column.filled >= _ENOUGH
    is_count = column.smallest and not column.smallest.startswith("-")
    if is_many and is_count and not _ANY_SIGN.fullmatch(column.name):
        lines.append("sh:minInclusive 0 ;  # guess: never below 0")
        what += ", not below 0"
    if is_many and column.values and column.filled >= _TIMES * len(column.values):
        listed = " ".join(map(text, column.values))
        lines.append(f"sh:in ( {listed} ) ;  # guess: no other")
        what = f"one of {', '.join(column.values)}"
    return lines, what
