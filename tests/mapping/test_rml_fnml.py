"""The test cases of rml-fnml, and the same over JSON and XML.

The published ones have CSV alone. Functions do not depend on the source, so their data and
mappings are turned into the other formats, with the same result.

Spec: https://kg-construct.github.io/rml-fnml/spec/docs/
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.mapping.conformance import check, made, needs_suite, read_cases

CASES = read_cases("rml-fnml")


@needs_suite
def test_every_case_is_there():
    assert len(CASES) == 14
    assert sum(case.fails for case in CASES.values()) == 2
    assert [name for name, case in CASES.items() if not case.folder.is_dir()] == []
    assert set(NO_FAULT_ELSEWHERE) <= set(CASES)


@needs_suite
@pytest.mark.parametrize("name", CASES or ["none"])
def test_case(name, monkeypatch):
    check(CASES[name], monkeypatch)


# A record of JSON or XML need not have what another has: no value, and no statement.
NO_FAULT_ELSEWHERE = ("RMLFNMLTC0101-CSV",)
FORMULATIONS = {
    "json": ('rml:JSONPath ; rml:iterator "$[*]"', "student.json"),
    "xml": ('rml:XPath ; rml:iterator "/rows/row"', "student.xml"),
}


def converted(folder: Path, target: Path, kind: str) -> None:
    """Write a case whose source is of another format."""
    with (folder / "student.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    formulation, name = FORMULATIONS[kind]
    if kind == "json":
        text = json.dumps(rows)
    else:
        cells = ["".join(f"<{k}>{escape(v)}</{k}>" for k, v in row.items()) for row in rows]
        text = f"<rows>{''.join(f'<row>{each}</row>' for each in cells)}</rows>"
    (target / name).write_text(text, encoding="utf-8")
    mapping = (folder / "mapping.ttl").read_text(encoding="utf-8")
    assert mapping.count('"student.csv"') == mapping.count("rml:referenceFormulation rml:CSV") == 1
    mapping = mapping.replace('"student.csv"', f'"{name}"')
    mapping = mapping.replace("rml:CSV", formulation)
    (target / "mapping.ttl").write_text(mapping, encoding="utf-8")


@needs_suite
@pytest.mark.parametrize("kind", FORMULATIONS)
@pytest.mark.parametrize("name", CASES or ["none"])
def test_case_of_another_source(name, kind, tmp_path, monkeypatch):
    if kind == "xml":
        pytest.importorskip("lxml")
    case = replace(CASES[name], folder=tmp_path)
    converted(CASES[name].folder, tmp_path, kind)
    if name in NO_FAULT_ELSEWHERE:
        assert made(case) == b""
    else:
        check(case, monkeypatch)
