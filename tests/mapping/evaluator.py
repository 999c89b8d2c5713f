"""The meaning of a plan, record by record in plain Python: slow, and written without the compiler.

It follows the algorithm of rml-core step by step; terms are made and written by pyoxigraph. Values
that make no valid term are collected instead of raised, so that a test can compare the places.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#defn-generated-triples
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from kg.mapping.plan import (
    Constant,
    Expression,
    Formulation,
    LogicalSource,
    Plan,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NIL = f"<{RDF}nil>"
# Where a triples map has its subject map.
SUBJECT = "s"
DEFAULT_GRAPH = "http://w3id.org/rml/defaultGraph"
UNRESERVED = re.compile(
    "[A-Za-z0-9._~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef-]"
    + "".join(
        f"|[{chr((p << 16) + (0x1000 if p == 14 else 0))}-{chr((p << 16) + 0xFFFD)}]"
        for p in range(1, 15)
    )
)


@dataclass(frozen=True)
class Value:
    """A value of a record: its text, and its natural datatype where it is no text."""

    text: str
    datatype: str | None = None


@dataclass(frozen=True)
class Record:
    """A record with its file and number; what it holds is a row or a JSON value."""

    file: int
    number: int
    content: Any


class Bad(Exception):
    """A value makes no valid term."""


@dataclass
class Evaluation:
    """What a plan makes.

    Attributes:
        quads: The quads, as N-Triples terms; None for the default graph.
        needed: Places (path, record) of bad values without which a quad could not be made.
        bad: All places of bad values.
        records: Number of records of each triples map.
        without_subject: Number of records of each triples map that give no subject.
    """

    quads: set[tuple[str, str, str, str | None]] = field(default_factory=set)
    needed: set[tuple[str, int]] = field(default_factory=set)
    bad: set[tuple[str, int]] = field(default_factory=set)
    records: dict[str, int] = field(default_factory=dict)
    without_subject: dict[str, int] = field(default_factory=dict)
    # Members of collections and containers by graph, head, and whether it is a list; each with
    # what tells it from all others. Graphs that have the same member share its cell.
    members: dict[tuple[str | None, str, bool], list[tuple[str, str]]] = field(default_factory=dict)

    def add_members(self) -> None:
        """Add the quads of all collections and containers."""
        for (graph, head, is_list), found in self.members.items():
            for number, (own, member) in enumerate(found):
                if not is_list:
                    self.quads.add((head, f"<{RDF}_{number + 1}>", member, graph))
                    continue
                cell = f"_:{_digest(f'{head} {own}')}" if number else head
                rest = NIL
                if number + 1 < len(found):
                    rest = f"_:{_digest(f'{head} {found[number + 1][0]}')}"
                self.quads.add((cell, f"<{RDF}first>", member, graph))
                self.quads.add((cell, f"<{RDF}rest>", rest, graph))


def evaluate(plan: Plan) -> Evaluation:
    """Return what a plan makes of its sources."""
    found = Evaluation()
    maps = {triples_map.name: triples_map for triples_map in plan.triples_maps}
    for triples_map in plan.triples_maps:
        records = list(read_records(triples_map.source))
        found.records[triples_map.name] = len(records)
        found.without_subject[triples_map.name] = 0
        for record in records:
            _Maker(triples_map, maps, found).record(record)
    found.add_members()
    return found


def _digest(text: str) -> str:
    return f"b{hashlib.md5(text.encode()).hexdigest()}"


class _Maker:
    """Makes the quads of one record of a triples map."""

    def __init__(
        self, triples_map: TriplesMap, maps: dict[str, TriplesMap], found: Evaluation
    ) -> None:
        self.map = triples_map
        self.maps = maps
        self.found = found

    def record(self, record: Record) -> None:
        subjects, bad_subject = self.attempt(self.map.subject, self.map, record)
        if not subjects and not bad_subject:
            self.found.without_subject[self.map.name] += 1
        if self.map.subject.gather:
            own, _ = self.graphs(dict.fromkeys(self.map.graphs), record)
            if bad_subject:
                self.found.needed.add((self.map.source.path, record.number))
            self.gather(self.map.subject, record, SUBJECT, own)
        for place, pair in enumerate(self.map.predicate_objects):
            graph_maps = dict.fromkeys((*self.map.graphs, *pair.graphs))
            graphs, bad_graph = self.graphs(graph_maps, record)
            for predicate_map, (number, object_map) in product(
                pair.predicates, enumerate(pair.objects)
            ):
                predicates, bad_predicate = self.attempt(predicate_map, self.map, record)
                objects, bad_object = self.objects(object_map, record, f"{place}.{number}")
                parts = (
                    (subjects, bad_subject),
                    (predicates, bad_predicate),
                    (objects, bad_object),
                    (graphs, bad_graph),
                )
                if any(bad for _, bad in parts) and all(terms or bad for terms, bad in parts):
                    self.found.needed.add((self.map.source.path, record.number))
                for s, p, o, g in product(subjects, predicates, objects, graphs):
                    self.found.quads.add((s, p, o, g))
            for number, object_map in enumerate(pair.objects):
                named = any(self.attempt(p, self.map, record)[0] for p in pair.predicates)
                if subjects and named and isinstance(object_map, TermMap) and object_map.gather:
                    self.gather(object_map, record, f"{place}.{number}", graphs)

    def graphs(
        self, graph_maps: Iterable[TermMap], record: Record
    ) -> tuple[list[str | None], bool]:
        found: list[str | None] = []
        spoiled = False
        for graph_map in graph_maps:
            expression = graph_map.expression
            if isinstance(expression, Constant) and expression.value == DEFAULT_GRAPH:
                found.append(None)
                continue
            terms, bad = self.attempt(graph_map, self.map, record)
            found += terms
            spoiled |= bad
        return (found, spoiled) if graph_maps else ([None], False)

    def gather(
        self, term_map: TermMap, record: Record, place: str, graphs: list[str | None]
    ) -> None:
        """Note the members of the collections that a record gives, in their graphs."""
        assert term_map.gather is not None
        kind = term_map.gather.kind
        made, _ = self.collections(term_map, self.map, record, place)
        for (head, members), graph in product(made, dict.fromkeys(graphs)):
            if not kind.is_list:
                self.found.quads.add((head, f"<{RDF}type>", f"<{RDF}{kind.value}>", graph))
            if head != NIL:
                place_of = (graph, head, kind.is_list)
                own = f"{self.map.name} {place} {record.file} {record.number}"
                told = [(f"{own} {n}", member) for n, member in enumerate(members)]
                self.found.members.setdefault(place_of, []).extend(told)
        if made:
            for number, member in enumerate(term_map.gather.members):
                if isinstance(member, TermMap) and member.gather:
                    self.gather(member, record, f"{place}.{number}", graphs)

    def collections(
        self, term_map: TermMap, owner: TriplesMap, record: Record, place: str
    ) -> tuple[list[tuple[str, list[str]]], bool]:
        """Return the heads of the collections of a record, each with its members."""
        gather = term_map.gather
        assert gather is not None
        parts = [
            self.objects(member, record, f"{place}.{number}", owner)
            for number, member in enumerate(gather.members)
        ]
        lists = [terms for terms, _ in parts]
        spoiled = any(bad for _, bad in parts)
        found = [[each for terms in lists for each in terms]]
        if gather.is_product:
            found = [list(chosen) for chosen in product(*lists)]
            # Where one part has no value there is no collection, whatever the others are.
            spoiled = spoiled and all(terms or bad for terms, bad in parts)
        found = [each for each in found if each] or ([[]] if gather.keeps_empty else [])
        if term_map.expression is None:
            scope = f"{owner.name} {place} {record.file} {record.number}"
            made = [(f"_:{_digest(f'{scope} {n}')}", each) for n, each in enumerate(found)]
        else:
            named, bad = self.attempt(replace(term_map, gather=None), owner, record)
            spoiled = (spoiled and bool(named or bad)) or (bad and bool(found or spoiled))
            whole = [member for each in found for member in each]
            made = [(name, whole) for name in dict.fromkeys(named)] if found else []
        if gather.kind.is_list:
            made = [(head if members else NIL, members) for head, members in made]
        return made, spoiled

    def objects(
        self,
        object_map: TermMap | RefObjectMap,
        record: Record,
        place: str,
        owner: TriplesMap | None = None,
    ) -> tuple[list[str], bool]:
        owner = owner or self.map
        if isinstance(object_map, TermMap):
            return self.attempt(object_map, owner, record, place)
        parent = self.maps[object_map.parent]
        if not object_map.joins:
            return self.attempt(parent.subject, parent, record)
        found: list[str] = []
        spoiled = False
        for other in read_records(parent.source):
            if all(
                set(texts(join.child, owner.source, record))
                & set(texts(join.parent, parent.source, other))
                for join in object_map.joins
            ):
                terms, bad = self.attempt(parent.subject, parent, other)
                found += terms
                spoiled |= bad
        return found, spoiled

    def attempt(
        self, term_map: TermMap, owner: TriplesMap, record: Record, place: str = SUBJECT
    ) -> tuple[list[str], bool]:
        """Return the terms that a term map makes, and whether a value made no valid one."""
        if term_map.gather:
            made, bad = self.collections(term_map, owner, record, place)
            return [head for head, _ in made], bad
        found: list[str] = []
        spoiled = False
        # A bad datatype or language may be told even where the value is missing.
        for inner in (term_map.language, term_map.datatype):
            if inner is not None:
                self.inner(inner, owner, record)
        references = list(_references(term_map))
        choices = [values(reference, owner.source, record) for reference in references]
        for chosen in product(*choices):
            try:
                found.append(
                    _term(term_map, owner, record, dict(zip(references, chosen, strict=True)))
                )
            except Bad:
                self.found.bad.add((owner.source.path, record.number))
                spoiled = True
        return found, spoiled

    def inner(self, term_map: TermMap, owner: TriplesMap, record: Record) -> None:
        is_tag = term_map.term_type is TermType.LITERAL
        for text in texts(term_map.expression, owner.source, record) if is_tag else ():
            try:
                _checked("", language=text)
            except Bad:
                self.found.bad.add((owner.source.path, record.number))
        if not is_tag:
            self.attempt(term_map, owner, record)


# --- terms ----------------------------------------------------------------------------------


def _references(term_map: TermMap) -> Iterator[Reference]:
    found: list[Reference] = []
    for each in (term_map, term_map.language, term_map.datatype):
        if each is not None and each.expression is not None:
            found += _expression_references(each.expression)
    yield from dict.fromkeys(found)


def _expression_references(expression: Expression) -> list[Reference]:
    if isinstance(expression, Reference):
        return [expression]
    if isinstance(expression, Template):
        return [part for part in expression.parts if isinstance(part, Reference)]
    return []


def _text(expression: Expression, chosen: dict[Reference, Value]) -> str:
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Reference):
        return chosen[expression].text
    return "".join(p if isinstance(p, str) else chosen[p].text for p in expression.parts)


def _term(
    term_map: TermMap, owner: TriplesMap, record: Record, chosen: dict[Reference, Value]
) -> str:
    expression = term_map.expression
    if term_map.term_type is TermType.BLANK_NODE:
        scope = f"{owner.name}\n{record.file} {record.number}"
        label = scope if expression is None else _text(expression, chosen)
        return f"_:b{hashlib.md5(label.encode()).hexdigest()}"
    assert expression is not None
    if term_map.term_type is not TermType.LITERAL:
        return _iri(term_map, owner.base, chosen)
    text = _text(expression, chosen)
    if term_map.language is not None:
        assert term_map.language.expression is not None
        return _checked(text, language=_text(term_map.language.expression, chosen).lower())
    if term_map.datatype is not None:
        datatype = _iri(term_map.datatype, owner.base, chosen)[1:-1]
        if isinstance(term_map.datatype.expression, Constant) and isinstance(expression, Reference):
            text = _as_double(chosen[expression], text, datatype)
        return _checked(text, datatype=datatype)
    if isinstance(expression, Constant):
        return _checked(text, language=expression.language, datatype=expression.datatype)
    if isinstance(expression, Reference):
        return _natural(chosen[expression])
    return _checked(text)


def _checked(text: str, *, language: str | None = None, datatype: str | None = None) -> str:
    try:
        if language is not None:
            return str(ox.Literal(text, language=language))
        return str(ox.Literal(text, datatype=ox.NamedNode(datatype) if datatype else None))
    except ValueError as error:
        raise Bad from error


def _as_double(value: Value, text: str, datatype: str) -> str:
    """Return the text of a literal; an integer of JSON gets the canonical form of a double."""
    if datatype == f"{XSD}double" and value.datatype == f"{XSD}integer":
        return _canonical(float(text))
    return text


def _natural(value: Value) -> str:
    if value.datatype == f"{XSD}double":
        number = float(value.text)
        return _checked(_canonical(number), datatype=value.datatype)
    return _checked(value.text, datatype=value.datatype)


def _canonical(number: float) -> str:
    """Return the canonical form of a double: https://www.w3.org/TR/xmlschema11-2/#double."""
    if number in (float("inf"), float("-inf")):
        return "INF" if number > 0 else "-INF"
    sign = "-" if repr(number).startswith("-") else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, part = mantissa.partition(".")
    digits, power = whole + part, len(whole) - 1 + int(exponent or 0)
    stripped = digits.lstrip("0")
    if not stripped:
        return f"{sign}0.0E0"
    power -= len(digits) - len(stripped)
    stripped = stripped.rstrip("0")
    return f"{sign}{stripped[0]}.{stripped[1:] or '0'}E{power}"


def _iri(term_map: TermMap, base: str, chosen: dict[Reference, Value]) -> str:
    expression = term_map.expression
    assert expression is not None
    if isinstance(expression, Template):
        text = "".join(
            part if isinstance(part, str) else _encoded(chosen[part].text, term_map.term_type)
            for part in expression.parts
        )
    else:
        text = _text(expression, chosen)
    unsafe = term_map.term_type in (TermType.UNSAFE_IRI, TermType.UNSAFE_URI)
    for candidate in (text, base + text):
        if unsafe and re.fullmatch(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x1f<>"\\]*', candidate):
            return f"<{candidate}>"
        if not unsafe:
            try:
                return str(ox.NamedNode(candidate))
            except ValueError:
                pass
    raise Bad


def _encoded(text: str, term_type: TermType) -> str:
    if term_type is TermType.IRI:
        return "".join(c if UNRESERVED.fullmatch(c) else quote(c, safe="") for c in text)
    if term_type is TermType.URI:
        return quote(text, safe="-._~")
    return text


# --- records --------------------------------------------------------------------------------


def texts(expression: Expression, source: LogicalSource, record: Record) -> list[str]:
    """Return the texts that an expression gives, as joins compare them."""
    references = list(dict.fromkeys(_expression_references(expression)))
    choices = [values(reference, source, record) for reference in references]
    return [
        _text(expression, dict(zip(references, chosen, strict=True)))
        for chosen in product(*choices)
    ]


def values(reference: Reference, source: LogicalSource, record: Record) -> list[Value]:
    """Return the values that a reference has in a record."""
    if source.formulation is Formulation.CSV:
        text = record.content[reference.name]
        return [] if text is None else [Value(text)]
    inside = select(reference.name, record.content, lenient=True)
    return [made for found in inside if (made := scalar(found))]


def scalar(value: Any) -> Value | None:
    """Return a JSON value that is no array or object, with its natural datatype."""
    if value is None:
        return None
    if isinstance(value, bool):
        return Value("true" if value else "false", f"{XSD}boolean")
    if isinstance(value, Number):
        integer = re.fullmatch("-?[0-9]+", value.text)
        return Value(value.text, f"{XSD}integer" if integer else f"{XSD}double")
    assert isinstance(value, str)
    return Value(value)


@dataclass(frozen=True)
class Number:
    """A number of JSON as it is written."""

    text: str


_STEP = re.compile(r"\.(\w+)|(\[\*\]|\.\*)|\[(-?\d+)\]|\[(\"(?:\\.|[^\"\\])*\")\]")


def select(path: str, value: Any, *, lenient: bool = False) -> list[Any]:
    """Return what a JSONPath of keys, indices and wildcards finds.

    If it is lenient, one value counts as a list of one.
    """
    path = path.removeprefix("$")
    path = path if path.startswith((".", "[")) or not path else f".{path}"
    steps = []
    for match in _STEP.finditer(path):
        name, everything, index, quoted = match.groups()
        if quoted:
            name = json.loads(quoted)
        steps.append((name, bool(everything), index))
    assert "".join(m[0] for m in _STEP.finditer(path)) == path
    return _walk(value, steps, lenient)


def _walk(value: Any, steps: list[Any], lenient: bool) -> list[Any]:
    if not steps:
        return [value]
    (name, everything, index), *others = steps
    if not everything or not lenient:
        inside = _step(value, name, everything, index)
        return [found for inner in inside for found in _walk(inner, others, lenient)]
    end = next((n for n, step in enumerate(others) if step[1]), len(others))
    below, rest = others[:end], others[end:]
    inside = _step(value, None, True, None)
    found = [each for inner in inside for each in _walk(inner, below, lenient)]
    if isinstance(value, dict) and below and not found:
        found = _walk(value, below, lenient)
    elif not isinstance(value, dict | list) and value is not None and not below:
        found = [value]
    return [each for inner in found for each in _walk(inner, rest, lenient)]


def _step(value: Any, name: str | None, everything: bool, index: str | None) -> list[Any]:
    if everything:
        inner = value.values() if isinstance(value, dict) else value
        return list(inner) if isinstance(value, dict | list) else []
    if index is not None:
        inside = isinstance(value, list) and -len(value) <= int(index) < len(value)
        return [value[int(index)]] if inside else []
    return [value[name]] if isinstance(value, dict) and name in value else []


def read_records(source: LogicalSource) -> Iterator[Record]:
    """Yield the records of a source of one file or more."""
    folder = Path(source.folder)
    files = sorted(folder.glob(source.path)) if "*" in source.path else [folder / source.path]
    for file, path in enumerate(files):
        text = path.read_bytes().decode("utf-8-sig")
        if source.formulation is Formulation.CSV:
            contents = csv_rows(text, source)
        else:
            whole = json.loads(text, parse_int=Number, parse_float=Number)
            contents = select(source.iterator or "$", whole)
        for number, content in enumerate(contents, 1):
            yield Record(file, number, content)


def csv_rows(text: str, source: LogicalSource) -> list[dict[str, str | None]]:
    """Return the rows of a CSV file; a field that stands for no value is None."""
    rows = list(_csv_records(text, source.dialect.delimiter))
    header = [name for name, _ in rows[0]]
    return [
        {
            name: None if _is_null(field, quoted, source) else field
            for name, (field, quoted) in zip(header, row, strict=True)
        }
        for row in rows[1:]
    ]


def _is_null(field: str, quoted: bool, source: LogicalSource) -> bool:
    """An empty field is no value unless it is quoted; nulls that a source names are none ever."""
    return field == "" and not quoted if source.nulls is None else field in source.nulls


def _csv_records(text: str, delimiter: str) -> Iterator[list[tuple[str, bool]]]:
    """Yield records of fields, each with whether it was quoted; empty lines are no records."""
    pattern = re.compile(
        rf'(?:"((?:[^"]|"")*)"|([^"\r\n{re.escape(delimiter)}]*))({re.escape(delimiter)}|\r\n|\n|\r|$)'
    )
    position, row = 0, []
    while position < len(text):
        match = pattern.match(text, position)
        assert match, text[position : position + 40]
        quoted, plain, end = match.groups()
        position = match.end()
        field = (plain, False) if quoted is None else (quoted.replace('""', '"'), True)
        row.append(field)
        if end == delimiter and position < len(text):
            continue
        if end == delimiter:
            row.append(("", False))
        if row != [("", False)]:
            yield row
        row = []
