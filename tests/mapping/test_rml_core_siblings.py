"""The test cases of rml-core over other sources: the published suite has them for JSON alone here.

Each case whose records are flat is written as CSV, as XML and as an array of JSON, and its mapping
refers to columns or elements. What comes out is what the case expects; CSV and XML know no natural
datatypes, so that there the texts are compared.

Spec: https://kg-construct.github.io/rml-core/spec/docs/
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyoxigraph as ox
import pytest

from kg.mapping.documents import read_mappings
from tests.mapping.conformance import Case, canonical, needs_suite, read_cases
from tests.mapping.running import run_plan

Rows = list[dict[str, Any]]
XSD = "http://www.w3.org/2001/XMLSchema#"
NATURAL = {f"{XSD}{name}" for name in ("integer", "double", "boolean")}


@dataclass(frozen=True)
class Kind:
    """A kind of source.

    Attributes:
        write: Writes records to a path.
        ending: What the file is called.
        formulation: Its reference formulation.
        iterator: Its iterator, if it has one.
        typed: Whether it knows natural datatypes.
        names: What names of columns may be.
    """

    write: Callable[[Path, Rows, list[str]], None]
    ending: str
    formulation: str
    iterator: str
    typed: bool
    names: str


def write_csv(path: Path, rows: Rows, names: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        writer.writerows([[text(row.get(name)) for name in names] for row in rows])


def write_xml(path: Path, rows: Rows, _: list[str]) -> None:
    def element(name: str, value: Any) -> str:
        return f"<{name}>{escape(text(value))}</{name}>"

    made = "".join(
        f"<row>{''.join(element(k, v) for k, v in row.items() if v is not None)}</row>"
        for row in rows
    )
    path.write_text(f"<rows>{made}</rows>", encoding="utf-8")


def write_json(path: Path, rows: Rows, _: list[str]) -> None:
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)


KINDS = {
    "CSV": Kind(write_csv, "csv", "CSV", "", typed=False, names=".+"),
    "XML": Kind(write_xml, "xml", "XPath", "/rows/row", typed=False, names=r"\w+"),
    "JSON": Kind(write_json, "json", "JSONPath", "$[*]", typed=True, names=r"\w+"),
}
# Cases whose records are flat, and whose names the source can have.
TRIED = {"CSV": 58, "XML": 54, "JSON": 54}
CASES = {name: case for name, case in read_cases("rml-core").items() if not case.fails}
_REFERENCE = re.compile(r"\$\.(\w+)(?=[\"}])|\$\['([^']+)'\]|\$\.\['([^']+)'\]")
_ITERATOR = re.compile(r'rml:iterator "\$(?:\.(\w+))?\[\*\]";?')
_PATH = re.compile(r'rml:path "([^"]+)\.json"')


def rows_of(document: Any) -> Rows | None:
    """Return the records of a document; None if they are not flat."""
    rows = document
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        rows = lists[0] if len(lists) == 1 else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    flat = not any(isinstance(v, dict | list) for row in rows for v in row.values())
    return rows if flat else None


def written(case: Case, kind: Kind, folder: Path) -> Path | None:
    """Write a case with sources of a kind; return its mapping, or None where it has no sibling."""
    mapping = (case.folder / "mapping.ttl").read_text(encoding="utf-8")
    for name in set(_PATH.findall(mapping)):
        rows = rows_of(json.loads((case.folder / f"{name}.json").read_text(encoding="utf-8")))
        names = list(dict.fromkeys(key for row in rows or [] for key in row))
        if not rows or not all(re.fullmatch(kind.names, each) for each in names):
            return None
        kind.write(folder / f"{name}.{kind.ending}", rows, names)
    iterator = f'rml:iterator "{kind.iterator}";' if kind.iterator else ""
    mapping = _ITERATOR.sub(lambda _: iterator, mapping)
    # An empty field stands for the null of JSON.
    null = ' ; rml:null ""' if kind.formulation == "CSV" else ""
    mapping = _PATH.sub(rf'rml:path "\1.{kind.ending}"{null}', mapping)
    mapping = mapping.replace("rml:JSONPath", f"rml:{kind.formulation}")
    if kind.formulation != "JSONPath":
        mapping = _REFERENCE.sub(lambda m: m[1] or m[2] or m[3], mapping)
    if "$" in mapping and kind.formulation != "JSONPath":
        return None
    made = folder / "mapping.ttl"
    made.write_text(mapping, encoding="utf-8")
    return made


def graph(nquads: bytes, *, typed: bool) -> set[ox.Quad]:
    """Return a data set with canonical blank nodes, without natural datatypes if not `typed`."""
    if typed:
        return canonical(nquads)
    found = ox.parse(nquads, ox.RdfFormat.N_QUADS, lenient=True)
    quads = (ox.Quad(q.subject, q.predicate, plain(q.object), q.graph_name) for q in found)
    return canonical("".join(f"{quad} .\n" for quad in quads).encode())


def plain(term: Any) -> Any:
    """Return a literal without its natural datatype, which some sources do not know."""
    if not isinstance(term, ox.Literal) or term.language is not None:
        return term
    number = re.fullmatch(r"[-+]?[0-9.]+(E[-+]?[0-9]+)?", term.value)
    value = str(float(term.value)) if number else term.value
    natural = term.datatype.value in NATURAL
    return ox.Literal(value) if natural else ox.Literal(value, datatype=term.datatype)


@needs_suite
@pytest.mark.parametrize("kind", KINDS)
def test_siblings_give_the_same(kind, tmp_path, monkeypatch):
    tried, wrong = 0, []
    for number, (name, case) in enumerate(CASES.items()):
        folder = tmp_path / name
        folder.mkdir()
        mapping = written(case, KINDS[kind], folder)
        if mapping is None:
            continue
        tried += 1
        if number % 3 != list(KINDS).index(kind) and "KG_EXAMPLES" not in os.environ:
            continue  # another kind tries this case
        monkeypatch.chdir(folder)
        quads = run_plan(read_mappings([mapping], {}, case.base)).quads
        made = "".join(" ".join(term for term in quad if term) + " .\n" for quad in quads)
        assert case.output is not None
        typed = KINDS[kind].typed
        if graph(made.encode(), typed=typed) != graph(case.output.read_bytes(), typed=typed):
            wrong.append(name)
    assert wrong == []
    assert tried == TRIED[kind]
