"""What is around records of JSON: what they are in, their keys, their positions."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.cli.main import main
from kg.errors import InputError
from kg.mapping.plan import (
    Constant,
    Formulation,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)
from tests.mapping.running import run_plan

EX = "http://example.org/"
DOCUMENT = {
    "title": "T",
    "groups": [
        {"rows": [{"id": 1, "tags": ["x", "y"]}, {"id": 2, "tags": "z"}], "name": "g1", "n": [8]},
        {"name": "g2", "rows": [{"id": 3}]},
        {"rows": [], "name": "g3"},
    ],
    "people": {"ann": {"id": 1}, "bob": {"id": 2}},
}


def plan_of(folder: Path, name: str, iterator: str, references: list[str]) -> Plan:
    def constant(value: str) -> TermMap:
        return TermMap(Constant(value, TermType.IRI), TermType.IRI)

    kind = Formulation.YAML if name.endswith(".yaml") else Formulation.JSON
    source = LogicalSource(name, kind, iterator, folder=str(folder))
    subject = TermMap(Template((EX, Reference("#"))), TermType.IRI)
    pairs = tuple(
        PredicateObjectMap(
            (constant(f"{EX}p{number}"),), (TermMap(Reference(reference), TermType.LITERAL),)
        )
        for number, reference in enumerate(references)
    )
    return Plan((TriplesMap("m", source, subject, pairs),))


def values(
    folder: Path, document: Any, iterator: str, references: list[str], form: str
) -> list[list[set[str]]]:
    """Return for each record the values of each reference, as literals."""
    name = {"yaml": "d.yaml", "lines": "d.jsonl"}.get(form, "d.json")
    text = json.dumps(document, ensure_ascii=False)
    (folder / name).write_text(f"{text}\n" if form == "lines" else text, encoding="utf-8")
    with patch("kg.sources.json_files.LARGEST_UNCUT", 10 if form == "cut" else 1 << 24):
        run = run_plan(plan_of(folder, name, iterator, references))
    found = [[set[str]() for _ in references] for _ in range(run.made.counts[0].records)]
    for s, p, o, _ in run.quads:
        number = int(s.removeprefix(f"<{EX}").removesuffix(">"))
        found[number][int(p.removeprefix(f"<{EX}p").removesuffix(">"))].add(o)
    return found


def number(value: int) -> str:
    return f'"{value}"^^<http://www.w3.org/2001/XMLSchema#integer>'


ROWS = "$.groups[*].rows[*]"
SEEN = {
    "an object up": (ROWS, "^^.name", [['"g1"'], ['"g1"'], ['"g2"']]),
    "past the array": (ROWS, "^.name", [['"g1"'], ['"g1"'], ['"g2"']]),
    "with a dollar": (ROWS, "$.^^.name", [['"g1"'], ['"g1"'], ['"g2"']]),
    "with an at": (ROWS, "@^^name", [['"g1"'], ['"g1"'], ['"g2"']]),
    "in brackets": (ROWS, "^^['name']", [['"g1"'], ['"g1"'], ['"g2"']]),
    "the document": (ROWS, "^^^^.title", [['"T"']] * 3),
    "past all arrays": (ROWS, "^^^.title", [['"T"']] * 3),
    "a list above": (ROWS, "^^.n[*]", [[number(8)], [number(8)], []]),
    "a list above without [*]": (ROWS, "^^.n", [[number(8)], [number(8)], []]),
    "a sibling": (ROWS, "^[0].id", [[number(1)], [number(1)], [number(3)]]),
    "all siblings": (ROWS, "^[*].id", [[number(1), number(2)]] * 2 + [[number(3)]]),
    "the index": (ROWS, "~", [[number(0)], [number(1)], [number(0)]]),
    "the index with a dollar": (ROWS, "$~", [[number(0)], [number(1)], [number(0)]]),
    "the index of the group": (ROWS, "^^~", [[number(0)], [number(0)], [number(1)]]),
    "the key of the array": (ROWS, "^~", [['"rows"']] * 3),
    "the position": (ROWS, "#", [[number(n)] for n in range(3)]),
    "the keys inside": (ROWS, "$.*~", [['"id"', '"tags"']] * 2 + [['"id"']]),
    "the keys with a dot": (ROWS, "$[*].~", [['"id"', '"tags"']] * 2 + [['"id"']]),
    "indices inside": (ROWS, "tags[*]~", [[number(0), number(1)], [], []]),
    "the key of a member": (ROWS, "tags~", [['"tags"'], ['"tags"'], []]),
    "keys above": (ROWS, "^^.*~", [['"rows"', '"name"', '"n"']] * 2 + [['"rows"', '"name"']]),
    "the key of a record": ("$.people.*", "~", [['"ann"'], ['"bob"']]),
    "keys as records": ("$.people.*~", "@", [['"ann"'], ['"bob"']]),
    "what keys are in": ("$.people.*~", "^.ann.id", [[number(1)]] * 2),
    "an array of the document": ("$.groups[*]", "^^.title", [['"T"']] * 3),
}


@pytest.mark.parametrize("form", ["whole", "cut", "yaml", "lines"])
@pytest.mark.parametrize(("iterator", "reference", "expected"), SEEN.values(), ids=SEEN)
def test_what_a_reference_sees(iterator, reference, expected, form, tmp_path):
    found = values(tmp_path, DOCUMENT, iterator, [reference], form)
    assert [record[0] for record in found] == [set(each) for each in expected]


# --- against a plain walk -----------------------------------------------------------------


@dataclass
class Place:
    """A value with what it is in, and its key there."""

    value: Any
    above: Place | None = None
    key: str | int | None = None

    def members(self) -> Iterator[Place]:
        if isinstance(self.value, dict):
            yield from (Place(value, self, key) for key, value in self.value.items())
        elif isinstance(self.value, list):
            yield from (Place(value, self, index) for index, value in enumerate(self.value))

    def member(self, step: str) -> list[Place]:
        return [*self.members()] if step == "*" else [p for p in self.members() if p.key == step]


SCALARS = st.sampled_from([1, 2, "a", "b", True, None])
KEYS = ["a", "b", "c"]


def nested(depth: int) -> st.SearchStrategy[Any]:
    if not depth:
        return SCALARS
    inner = nested(depth - 1)
    return st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), st.one_of(inner, SCALARS), max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    )


REFERENCES = ["^.a", "^^.b", "^^^.c", "^.*~", "~", "^~", "#", "*~", "a~", "a"]


def literal(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return f'"{str(value).lower()}"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    return number(value) if isinstance(value, int) else f'"{value}"'


def seen(record: Place, position: int, reference: str) -> set[str]:
    """Return what a reference sees; the values of objects and arrays are left out."""
    if reference == "#":
        return {number(position)}
    at: Place | None = record
    for _ in range(reference.count("^")):
        at = at.above if at else None
    rest = reference.lstrip("^")
    found = [at] if at else []
    if step := rest.rstrip("~").removeprefix("."):
        while at is not None and reference[0] == "^" and step != "*" and isinstance(at.value, list):
            at = at.above
        found = at.member(step) if at else []
    asked = [p.key if rest.endswith("~") else p.value for p in found]
    return {made for value in asked if (made := literal(value))}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    document=nested(4),
    iterator=st.sampled_from(["$.*.*.*", "$.a.*.*", "$.*.b.*", "$.*.*.c"]),
    form=st.sampled_from(["whole", "cut", "yaml"]),
)
def test_a_plain_walk_sees_the_same(folder, document, iterator, form):
    records = [Place(document)]
    for step in iterator.split(".")[1:]:
        records = [below for place in records for below in place.member(step)]
    # What is an array or object makes no term, and is an error.
    asked = [r for r in REFERENCES if not _is_nested(records, r)]
    found = values(folder, document, iterator, asked, form)
    assert len(found) == len(records)
    for position, (record, got) in enumerate(zip(records, found, strict=True)):
        assert got == [seen(record, position, reference) for reference in asked]


def _is_nested(records: list[Place], reference: str) -> bool:
    """Return whether a reference leads to an array or object from a record."""
    if reference.endswith("~") or reference == "#":
        return False
    step = reference.lstrip("^").removeprefix(".")
    for record in records:
        at: Place | None = record
        for _ in range(reference.count("^")):
            at = at.above if at else None
        while at is not None and reference[0] == "^" and isinstance(at.value, list):
            at = at.above
        if any(isinstance(p.value, dict | list) for p in (at.member(step) if at else [])):
            return True
    return False


# --- what is refused ----------------------------------------------------------------------

WRONG = {
    "above the document": (ROWS, "^^^^^.x", "leads above the document"),
    "the key of the document": ("$", "~", "has none"),
    "beside a filter": ("$.groups[?@.name == 'g1'].rows[*]", "^^.name", "has a filter"),
    "an iterator that goes up": ("^.groups[*]", "id", "is not an iterator"),
    "an iterator of positions": ("#", "id", "is not an iterator"),
    "in the middle": (ROWS, "tags[*]^", "is not a JSONPath"),
}


@pytest.mark.parametrize(("iterator", "reference", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_seen_is_refused(iterator, reference, message, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        values(tmp_path, DOCUMENT, iterator, [reference], "whole")
    assert caught.value.hint


def test_elements_of_a_large_array_are_read_one_by_one(tmp_path):
    """Their index is their place in the file, so that the array need not be held."""
    rows = [{"id": n, "text": "x" * 1000} for n in range(50)]
    with patch("kg.sources.reading.Reading.largest_tree", lambda _: 5_000):
        found = values(tmp_path, {"rows": rows}, "$.rows[*]", ["~"], "cut")
    assert [record[0] for record in found] == [{number(n)} for n in range(50)]


def test_they_are_written_in_yarrrml(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    (tmp_path / "m.yml").write_text(
        f"""prefixes: {{ex: "{EX}"}}
mappings:
  rows:
    sources: [['d.json~jsonpath', '{ROWS}']]
    s: ex:$(^^~)/$(~)
    po: [[ex:group, $(^^.name)], [ex:at, ex:$(#)~iri]]
""",
        encoding="utf-8",
    )
    assert main(["map", "m.yml", "-o", "out.nt"]) == 0
    assert capsys.readouterr().err.startswith("wrote 6 ")
    assert (tmp_path / "out.nt").read_text(encoding="utf-8").splitlines()[:2] == [
        f"<{EX}0/0> <{EX}at> <{EX}0> .",
        f'<{EX}0/0> <{EX}group> "g1" .',
    ]
