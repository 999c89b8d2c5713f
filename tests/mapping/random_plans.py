"""Plans and sources made at random, for the differential test."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from kg.mapping.gather import CollectionKind, Gather
from kg.mapping.plan import (
    Constant,
    Expression,
    Formulation,
    JoinCondition,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.terms import RDF, XSD

EX = "http://example.org/"
Draw = Any

# Names that clash by case, with those that the tables use themselves, or with SQL.
COLUMNS = ["id", "ID", "Id", "a b", 'q"q', "it's", "é", "file", "record", "c0", "s0", "h1", "x.y"]
KEYS = ["id", "ID", "file", "c0"]
WORDS = ["1", "2", "a", "b", "A"]
ODD = [
    *(
        "",
        " ",
        " a ",
        "a b",
        'say "hi"',
        "it's",
        "line\nbreak",
        "cr\r\nlf",
        "tab\t",
        "comma,",
        "a;b",
    ),
    *("back\\slash", "\\", "é", "e\u0301", "\U0001f468\u200d\U0001f469", "\ufffe", "\x7f", "\x01"),
    *("%41", "a/b?c#d", "http://example.org/x", "http://e/a b", "urn:a", "null", "NULL", "true"),
    *("01", "1.50", "$(id)", "{id}", "en", "en-GB", "a b c", "\u2028", "<a>", "_:b", "#c", "'"),
]
# Written as DuckDB writes them: it keeps no other form of a number with a fraction.
NUMBERS: list[Any] = [0, -1, 7, 2**70, 1.5, -0.0, 0.001, 100.0]


def texts(draw: Draw) -> str:
    return draw(st.sampled_from(WORDS) | st.sampled_from(ODD) | st.sampled_from(WORDS))


def cells(draw: Draw) -> str | None:
    return draw(st.sampled_from(WORDS) | st.none() | st.sampled_from(ODD))


def scalars(draw: Draw) -> Any:
    return draw(
        st.sampled_from(WORDS)
        | st.sampled_from([None, True, False])
        | st.sampled_from(NUMBERS)
        | st.sampled_from(ODD)
    )


# --- sources --------------------------------------------------------------------------------


def write_csv(draw: Draw, path: Path) -> list[str]:
    """Write a CSV file, and return references to its columns."""
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4, unique=True))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    rows = [[quoted(draw, name, header=True) for name in columns]]
    for _ in range(draw(st.sampled_from([3, 4, 2, 5, 1, 0]))):
        row = [quoted(draw, cells(draw)) for _ in columns]
        # One empty field without quotes is an empty line, which is no record.
        rows.append(['""'] if row == [""] else row)
    text = end.join(",".join(row) for row in rows)
    path.write_bytes((text + draw(st.sampled_from(["", end]))).encode())
    return columns


def quoted(draw: Draw, text: str | None, *, header: bool = False) -> str:
    """Return a field: no value, a value with quotes where they must be, or where they may be."""
    if text is None:
        return ""
    must = text == "" or any(mark in text for mark in '",\r\n') or text != text.strip()
    if must or draw(st.booleans()) or (header and text.startswith("#")):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_json(draw: Draw, path: Path, iterator: str) -> list[str]:
    """Write a JSON file, and return references to its values."""
    records = []
    for _ in range(draw(st.sampled_from([3, 4, 2, 5, 1, 0]))):
        record: dict[str, Any] = {}
        for key in KEYS:
            if draw(st.integers(0, 4)):
                record[key] = scalars(draw)
        if draw(st.booleans()):
            record["tags"] = draw(
                st.just([scalars(draw) for _ in range(draw(st.integers(0, 3)))])
                | st.none()
                | st.just({"x": scalars(draw), "y": scalars(draw)})
                | st.just(scalars(draw))
            )
        if draw(st.booleans()):
            parts = [{"x": scalars(draw), "z": [scalars(draw)]} for _ in range(2)]
            record["parts"] = draw(st.sampled_from([parts, parts[:1], parts[0], [], {}]))
        if draw(st.booleans()):
            record["more"] = {"a b": scalars(draw)}
        records.append(record)
    document: Any = records
    if iterator == "$.rows[*]":
        document = {"rows": records}
    elif iterator == "$.groups[*].rows[*]":
        split = draw(st.integers(0, len(records)))
        document = {"groups": [{"rows": records[:split]}, {"rows": records[split:]}, {}]}
    elif iterator == "$.rows.*":
        document = {"rows": {str(n): record for n, record in enumerate(records)}}
    # YAML has no such characters but as escapes.
    odd = any(mark in json.dumps(document, ensure_ascii=False) for mark in "\x7f\ufffe")
    path.write_text(
        json.dumps(
            document,
            ensure_ascii=odd or draw(st.booleans()),
            indent=draw(st.sampled_from([None, 1])),
        ),
        encoding="utf-8",
    )
    return [
        *KEYS,
        "$.ID",
        "tags[*]",
        "$.tags[*]",
        '$.more["a b"]',
        "tags[0]",
        "tags[-1]",
        "parts[*].x",
        "parts[*].z[*]",
    ]


def sources(draw: Draw, folder: Path) -> list[tuple[LogicalSource, list[str]]]:
    """Write one or two sources; return each with what may refer to it."""
    found = []
    for number in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["csv", "csv", "json", "yaml"]))
        if kind == "csv":
            names = write_csv(draw, folder / f"t{number}.csv")
            nulls = draw(st.sampled_from([None, ("",), ("", "null", "a"), ("NULL",), ()]))
            source = LogicalSource(
                f"t{number}.csv", Formulation.CSV, folder=str(folder), nulls=nulls
            )
        else:
            iterators = ["$[*]", "$.rows[*]", "$.groups[*].rows[*]", "$.rows.*"]
            iterator = draw(st.sampled_from(iterators))
            names = write_json(draw, folder / f"t{number}.{kind}", iterator)
            formulation = Formulation.JSON if kind == "json" else Formulation.YAML
            source = LogicalSource(f"t{number}.{kind}", formulation, iterator, folder=str(folder))
        found.append((source, names))
    return found


# --- term maps ------------------------------------------------------------------------------


def reference(draw: Draw, names: list[str]) -> Reference:
    return Reference(draw(st.sampled_from(names)))


def template(draw: Draw, names: list[str], starts: list[str]) -> Template:
    parts: list[str | Reference] = []
    start = draw(st.sampled_from(starts))
    if start:
        parts.append(start)
    for number in range(draw(st.integers(1, 2))):
        if number:
            parts.append(draw(st.sampled_from(["/", "-", "é", "'"])))
        parts.append(reference(draw, names))
    return Template(tuple(parts))


IRI_STARTS = [EX, EX, f"{EX}a/", "rel/", "", "urn:x:", f"{EX}it's/", "http://"]
IRI_TYPES = [TermType.IRI, TermType.IRI, TermType.URI, TermType.UNSAFE_IRI]


def iri_map(draw: Draw, names: list[str]) -> TermMap:
    expression: Expression = draw(
        st.sampled_from(
            [
                template(draw, names, IRI_STARTS),
                template(draw, names, [EX, f"{EX}a/"]),
                reference(draw, names),
                Constant(f"{EX}it's", TermType.IRI),
            ]
        )
    )
    kind = TermType.IRI
    if not isinstance(expression, Constant):
        kind = draw(st.sampled_from(IRI_TYPES))
    return TermMap(expression, kind)


def blank_map(draw: Draw, names: list[str]) -> TermMap:
    choices = [None, reference(draw, names), template(draw, names, ["b", ""])]
    return TermMap(draw(st.sampled_from(choices)), TermType.BLANK_NODE)


def constant(value: str, kind: TermType) -> TermMap:
    return TermMap(Constant(value, kind), kind)


def literal_map(draw: Draw, names: list[str]) -> TermMap:
    expression: Expression = draw(
        st.sampled_from(
            [
                reference(draw, names),
                reference(draw, names),
                template(draw, names, ["", "a ", "é'\""]),
                Constant(draw(st.sampled_from(ODD)), TermType.LITERAL),
                Constant("1", TermType.LITERAL, f"{XSD}integer"),
                Constant("x", TermType.LITERAL, None, "en-GB"),
            ]
        )
    )
    if isinstance(expression, Constant) and (expression.datatype or expression.language):
        return TermMap(expression, TermType.LITERAL)
    language = datatype = None
    note = draw(st.sampled_from(["", "", "language", "datatype"]))
    if note == "language":
        language = draw(
            st.sampled_from(
                [
                    constant("en-GB", TermType.LITERAL),
                    TermMap(reference(draw, names), TermType.LITERAL),
                    TermMap(Template(("en-", reference(draw, names))), TermType.LITERAL),
                ]
            )
        )
    elif note == "datatype":
        datatype = draw(
            st.sampled_from(
                [
                    constant(f"{XSD}date", TermType.IRI),
                    constant(f"{XSD}string", TermType.IRI),
                    TermMap(template(draw, names, [EX, XSD]), TermType.IRI),
                    TermMap(reference(draw, names), TermType.IRI),
                ]
            )
        )
    return TermMap(expression, TermType.LITERAL, language, datatype)


def subject_map(draw: Draw, names: list[str]) -> TermMap:
    return iri_map(draw, names) if draw(st.integers(0, 3)) else blank_map(draw, names)


def gathered_subject(draw: Draw, names: list[str]) -> TermMap:
    """Return the map of a collection or container that has no subjects of parents as members."""
    members = tuple(
        draw(st.sampled_from([literal_map, iri_map, blank_map]))(draw, names)
        for _ in range(draw(st.integers(1, 2)))
    )
    kind = draw(st.sampled_from([*CollectionKind]))
    gather = Gather(members, kind, draw(st.booleans()), draw(st.booleans()))
    made = TermMap(None, TermType.BLANK_NODE)
    return replace(iri_map(draw, names) if draw(st.booleans()) else made, gather=gather)


def object_map(
    draw: Draw, names: list[str], number: int, given: list[tuple[LogicalSource, list[str], str]]
) -> TermMap | RefObjectMap:
    kind = draw(st.sampled_from(["literal", "literal", "iri", "blank", "join", "same"]))
    if kind == "literal":
        return literal_map(draw, names)
    if kind == "iri":
        return iri_map(draw, names)
    if kind == "blank":
        return blank_map(draw, names)
    if kind == "same":
        same = [name for source, _, name in given if source == given[number][0]]
        return RefObjectMap(draw(st.sampled_from(same)))
    _, parent_names, parent = draw(st.sampled_from(given))
    joins = []
    for _ in range(draw(st.integers(1, 2))):
        sides: list[Expression] = []
        for own in (names, parent_names):
            choices = [reference(draw, own), reference(draw, own), template(draw, own, ["", "a"])]
            sides.append(draw(st.sampled_from(choices)))
        joins.append(JoinCondition(*sides))
    return RefObjectMap(parent, tuple(joins))


def gather_map(
    draw: Draw,
    names: list[str],
    number: int,
    given: list[tuple[LogicalSource, list[str], str]],
    depth: int = 0,
) -> TermMap:
    """Return a map of a collection or container; it may have others as members."""
    nests = depth < 2 and draw(st.integers(0, 3)) == 0
    members: list[TermMap | RefObjectMap] = [
        object_map(draw, names, number, given) for _ in range(draw(st.sampled_from([1, 2, 1, 3])))
    ]
    if nests:
        inner = gather_map(draw, names, number, given, depth + 1)
        members.insert(draw(st.integers(0, len(members))), inner)
    kind = draw(st.sampled_from([CollectionKind.LIST, *CollectionKind]))
    gather = Gather(tuple(members), kind, draw(st.booleans()), draw(st.booleans()))
    named = draw(st.sampled_from(["", "", "iri", "blank", "shared"]))
    if not named:
        return TermMap(None, TermType.BLANK_NODE, gather=gather)
    if named == "shared":
        return replace(constant(f"{EX}collection", TermType.IRI), gather=gather)
    made = iri_map(draw, names)
    if named == "blank":
        made = TermMap(reference(draw, names), TermType.BLANK_NODE)
    return replace(made, gather=gather)


def graph_maps(draw: Draw, names: list[str]) -> tuple[TermMap, ...]:
    choices = [
        constant(f"{EX}g", TermType.IRI),
        constant("http://w3id.org/rml/defaultGraph", TermType.IRI),
        TermMap(template(draw, names, [f"{EX}g/"]), TermType.IRI),
    ]
    weights = st.sampled_from([0, 0, 0, 1, 2])
    return tuple(draw(st.sampled_from(choices)) for _ in range(draw(weights)))


def predicate_map(draw: Draw, names: list[str]) -> TermMap:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return TermMap(template(draw, names, [f"{EX}p/"]), TermType.IRI)
    if kind == 1:
        return constant(f"{RDF}type", TermType.IRI)
    return constant(EX + draw(st.sampled_from("pqr")), TermType.IRI)


@st.composite
def plans(draw: Draw, folder: Path, *, gathers: bool = False) -> Plan:
    """Write sources into a folder, and return a plan over them.

    Args:
        draw: Of hypothesis.
        folder: The folder, which is emptied.
        gathers: Whether there are collections and containers.
    """
    for path in folder.iterdir():
        path.unlink()
    written = sources(draw, folder)
    count = draw(st.integers(1, 3))
    given = [(*draw(st.sampled_from(written)), f"m{number}") for number in range(count)]
    maps = []
    for number, (source, names, name) in enumerate(given):
        pairs = tuple(
            PredicateObjectMap(
                predicates=tuple(
                    predicate_map(draw, names) for _ in range(draw(st.sampled_from([1, 1, 2])))
                ),
                objects=tuple(
                    gather_map(draw, names, number, given)
                    if gathers and draw(st.integers(0, 2))
                    else object_map(draw, names, number, given)
                    for _ in range(draw(st.sampled_from([1, 1, 2])))
                ),
                graphs=graph_maps(draw, names),
            )
            for _ in range(draw(st.sampled_from([2, 1, 3, 1, 0])))
        )
        maps.append(
            TriplesMap(
                name=name,
                source=source,
                subject=gathered_subject(draw, names)
                if gathers and draw(st.integers(0, 4)) == 0
                else subject_map(draw, names),
                predicate_objects=pairs,
                graphs=graph_maps(draw, names),
                base=draw(st.sampled_from(["", "http://base.example/", "http://base.example/b#"])),
            )
        )
    return Plan(tuple(maps))
