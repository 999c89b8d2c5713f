"""Plans that are stored as JSON are read back as they were, places in documents included."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.mapping import stored
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Plan
from kg.mapping.stored import from_stored, to_stored
from kg.workspace import read_workspace
from tests.mapping.random_plans import plans

ROOT = Path(__file__).resolve().parents[2]
CALLS = """
prefixes: {e: http://e/}
mappings:
  a:
    sources: [{access: a.csv, referenceFormulation: csv, delimiter: ';', nulls: ['', NA]}]
    s: e:$(id)
    condition: {function: equal, parameters: [[str1, $(a)], [str2, 'b']]}
    graphs: e:$(g)
    po:
      - [e:p, $(name), en~lang]
      - p: e:q
        o: [{function: grel:toUpperCase, parameters: [[valueParameter, $(a)]], type: iri}]
      - p: e:b
        o: {mapping: b, condition: {function: equal, parameters: [[str1, $(x)], [str2, $(y)]]}}
  b: {sources: [['b.json~jsonpath', '$[*]']], s: e:$(y), po: [[e:n, '1', xsd:integer]]}
"""


def again(plan: Plan) -> Plan:
    nodes = to_stored(plan)
    assert nodes is not None
    return from_stored(json.loads(json.dumps(nodes)))


def read(folder: Path, text: str) -> Plan:
    path = folder / "m.yarrrml.yml"
    path.write_text(text, encoding="utf-8")
    return read_mappings([path], {}, "http://e/")


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_plan_is_read_back(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plan = data.draw(plans(Path(folder), gathers=data.draw(st.booleans())))
    assert repr(again(plan)) == repr(plan), "which tells what equality leaves aside, too"


def test_that_of_the_workspace_is_read_back() -> None:
    workspace = read_workspace(ROOT)
    plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base)
    assert again(plan) == plan
    assert repr(again(plan)) == repr(plan)


def test_conditions_calls_and_joins_are_read_back(tmp_path: Path) -> None:
    plan = read(tmp_path, CALLS)
    assert repr(again(plan)) == repr(plan)


@pytest.mark.parametrize(
    "source",
    [
        "{access: a.ttl, referenceFormulation: sparql, query: 'SELECT ?s {}'}",
        "{access: 'sqlite:///a.db', type: mysql, query: SELECT 1 AS id, referenceFormulation: csv}",
    ],
)
def test_what_was_checked_as_it_was_read_is_not_stored(tmp_path: Path, source: str) -> None:
    plan = read(tmp_path, f"mappings: {{a: {{sources: [{source}], s: 'http://e/$(id)', po: []}}}}")
    assert to_stored(plan) is None


def test_all_fields_are_stored() -> None:
    """A new field of a record would be left out, and a new kind of record is a decision."""
    for kind, names in stored._FIELDS.items():
        if dataclasses.is_dataclass(kind):
            assert names == tuple(each.name for each in dataclasses.fields(kind) if each.init)


@pytest.mark.parametrize("nodes", [[], [[99]], [[0, [5], 1]], [["x"]], [[20]], [[8, "a", 1, 2]]])
def test_what_is_no_plan_is_refused(nodes: list[list[object]]) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        from_stored(nodes)
