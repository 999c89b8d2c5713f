"""Three questions for a new workspace, in SPARQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kg.init.design import Entity, Property
from kg.init.vocabulary import text
from kg.peek import Column, Kind

_OVERVIEW: Final = """\
# title: What there is
# question: How many things of each kind are in the graph?
# columns: kind, number
SELECT ?kind (COUNT(?thing) AS ?number)
WHERE {
  ?thing a ?class .
  ?class a owl:Class ;
      rdfs:label ?kind .
}
GROUP BY ?kind
ORDER BY DESC(?number)
"""
_PROPERTIES: Final = """\
# title: What is said
# question: Which properties do things of each kind have, and how often?
# columns: kind, property, number
SELECT ?kind ?property (COUNT(*) AS ?number)
WHERE {
  ?thing a ?class ;
      ?property ?value .
  ?class a owl:Class ;
      rdfs:label ?kind .
}
GROUP BY ?kind ?property
ORDER BY ?kind DESC(?number)
"""
_QUESTIONS: Final = 3
# Names of numbers that nobody adds up or compares.
_DULL: Final = ("id", "year", "month", "day", "hour", "minute", "row", "code", "number", "zip")
_MOST_GROUPS: Final = 1000
_FEW: Final = 50


def question_texts(entities: Sequence[Entity]) -> Mapping[str, str]:
    """Return three questions by the names of their files."""
    main = _main(entities)
    found = [("overview", _OVERVIEW), *_counted(main, entities), *_above(main), *_search(main)]
    chosen = [*found, ("properties", _PROPERTIES)][:_QUESTIONS]
    return {f"{name}.rq": question for name, question in chosen}


def _main(entities: Sequence[Entity]) -> Entity:
    """Return the kind of things that most is said of."""

    def weight(entity: Entity) -> tuple[int, int]:
        return sum(bool(each.target) for each in entity.properties), entity.table.rows

    return max(entities, key=weight)


def _numbers(entity: Entity) -> list[Property]:
    numbers = [
        each
        for each in entity.properties
        if each.column.kind.is_number
        and not each.target
        and not each.column.many
        and each.column not in entity.key.columns
        and each.label.lower() != entity.label
    ]
    dull = [each for each in numbers if each.label.lower().split()[-1] in _DULL]
    return [each for each in numbers if each not in dull] or numbers


def _counted(main: Entity, entities: Sequence[Entity]) -> Iterator[tuple[str, str]]:
    """Yield the question how many there are of each: by a link, or by a text that recurs."""
    titled = {each.prefix: each for each in entities}
    links = [each for each in main.properties if each.target and len(each.columns) == 1]
    texts = [
        each
        for each in main.properties
        if each.column.kind is Kind.TEXT
        and not each.target
        and 1 < each.column.distinct <= _MOST_GROUPS
        and 2 * each.column.distinct <= each.column.filled
    ]
    texts.sort(key=lambda each: (each.column in main.key.columns, each.column.distinct > _FEW))
    chosen = next(iter([*links, *texts]), None)
    if chosen is None:
        return
    # An average needs a value of each.
    whole = (each for each in _numbers(main) if each.column.filled == main.table.rows)
    measured = next(whole, None)
    average = f" (AVG(?{measured.name}) AS ?average)" if measured else ""
    more = f" ?average: the average of {measured.label}." if measured else ""
    group = f"?{chosen.name}"
    thing = _thing(main, chosen, measured)
    lines = [f"  {thing} a ns:{main.class_name} ;"]
    if chosen.target and titled[chosen.target].title is not None:
        lines += [f"      ns:{chosen.name}/rdfs:label {group} ."]
    else:
        lines += [f"      ns:{chosen.name} {group} ."]
    if measured:
        lines += [f"  {thing} ns:{measured.name} ?{measured.name} ."]
    columns = f"{chosen.name}, number" + (", average" if measured else "")
    yield (
        f"{main.prefix}-by-{_file(chosen.name)}",
        f"# title: {main.label} by {chosen.label}\n"
        f"# question: How many things of the kind {main.label} are there for each {chosen.label}?"
        f"{more}\n"
        f"# columns: {columns}\n"
        f"SELECT {group} (COUNT(DISTINCT {thing}) AS ?number){average}\n"
        "WHERE {\n" + "\n".join(lines) + "\n}\n"
        f"GROUP BY {group}\n"
        f"ORDER BY DESC(?number) {group}\n",
    )


def _above(main: Entity) -> Iterator[tuple[str, str]]:
    """Yield the question for things above a number: it has a parameter."""
    number = next(iter(_numbers(main)), None)
    shown = _thing(main, number)
    named = "      rdfs:label ?name ;\n" if main.title is not None else ""
    name = " ?name" if main.title is not None else ""
    column = ", name" if main.title is not None else ""
    if number is not None:
        kind = number.column.kind.datatype
        yield (
            f"{main.prefix}-above",
            f"# title: {main.label} with a high {number.label}\n"
            f"# question: Which things of the kind {main.label} have a {number.label} above a"
            " number?\n"
            f"# param above: {kind}; the least {number.label}\n"
            f"# columns: {shown[1:]}{column}, {number.name}\n"
            f"SELECT {shown}{name} ?{number.name}\n"
            "WHERE {\n"
            f"  VALUES ?above {{ {_default(number)} }}\n"
            f"  {shown} a ns:{main.class_name} ;\n{named}"
            f"      ns:{number.name} ?{number.name} .\n"
            f"  FILTER (?{number.name} > ?above)\n"
            "}\n"
            f"ORDER BY DESC(?{number.name})\n"
            "LIMIT 20\n",
        )


def _search(main: Entity) -> Iterator[tuple[str, str]]:
    """Yield the question for things with a word in their name, or in a text: it has a parameter."""
    texts = [p for p in main.properties if p.column.kind is Kind.TEXT and not p.target]
    shown = _thing(main)
    searched = main.title or (texts[0].column if texts else None)
    if searched is not None:
        path = "rdfs:label" if main.title is not None else f"ns:{texts[0].name}"
        yield (
            f"{main.prefix}-search",
            f"# title: {main.label} with a word\n"
            f"# question: Which things of the kind {main.label} have a word in their name?\n"
            "# param word: xsd:string; a part of the name\n"
            f"# columns: {shown[1:]}, found\n"
            f"SELECT {shown} ?found\n"
            "WHERE {\n"
            f"  VALUES ?word {{ {text(_word(searched))} }}\n"
            f"  {shown} a ns:{main.class_name} ;\n"
            f"      {path} ?found .\n"
            "  FILTER (CONTAINS(LCASE(STR(?found)), LCASE(?word)))\n"
            "}\n"
            "ORDER BY ?found\n"
            "LIMIT 20\n",
        )


def _word(column: Column) -> str:
    """Return a word of a value of a column, so that the question finds something as it is."""
    example = column.examples[0] if column.examples else ""
    return max(re.findall(r"[^\W_]+", example), key=len, default=example).lower()


def _thing(main: Entity, *others: Property | None) -> str:
    """Return the variable of a thing, which no property is called."""
    taken = {each.name for each in others if each is not None}
    return (
        "?thing" if main.prefix in taken | {"name", "found", "above", "word"} else f"?{main.prefix}"
    )


def _default(number: Property) -> str:
    if number.column.kind is Kind.INTEGER:
        return "0"
    return "0.0" if number.column.kind is Kind.DECIMAL else "0.0e0"


def _file(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).strip("-_")
