"""Columns of workbooks and Parquet files, and keys of JSON, that no mapping reads are told."""

import json

import duckdb
import pytest

from kg.findings.material import read_material
from kg.findings.workspace import file_findings
from kg.init import init_workspace
from kg.workspace import read_workspace
from tests.sources.workbooks import workbook

HUTS = """\
prefixes: {{e: "http://e/"}}
mappings:
  hut:
    sources: {sources}
    s: e:$(key)
    po:
    - [e:name, $(name)]
{more}"""


@pytest.fixture
def told(tmp_path, monkeypatch):
    root = tmp_path / "w"
    init_workspace(root)
    monkeypatch.chdir(root)

    def of(sources, more="", code="unread-column"):
        mapping = HUTS.format(sources=sources, more=more)
        (root / "data/huts.yarrrml.yml").write_text(mapping, encoding="utf-8")
        workspace = read_workspace(root)
        found = file_findings(workspace, read_material(workspace))
        return [each for each in found if each.code == code and "huts" in each.about]

    of.data = root / "data"
    return of


def test_of_sheets_the_row_of_the_header_is_told(told):
    pytest.importorskip("python_calamine", reason="the extra excel is not installed")
    rows = [["title"], [None, "key", "name", "more"], [None, 1, "a", 2]]
    other = [["title"], [None, "key", "title"], [None, 1, "a"]]
    (told.data / "huts.xlsx").write_bytes(workbook({"h1": rows, "h2": other}))
    sources = "{access: huts.xlsx, referenceFormulation: excel, iterator: '%s', range: 'B2:D'},"
    (found,) = told(f"[{sources % 'h1'}]")
    assert (found.place.line, found.message) == (2, "no mapping reads the column more")
    assert found.place.file.endswith("huts.xlsx#h1")
    missing = told(f"[{sources % 'h*'}]", code="missing-column")
    assert [each.message for each in missing] == [
        "the mapping refers to 'name', which data/huts.xlsx#h2 does not have"
    ]


def _keys(found):
    return [each.message.partition(" reads the ")[2] for each in found]


def _write(told, document, name="huts.json"):
    (told.data / name).write_text(json.dumps(document), encoding="utf-8")


RECORD = {"key": 1, "name": "a"}


@pytest.mark.parametrize(
    ("document", "iterator", "more", "keys"),
    [
        ([RECORD], "$[*]", "", None),
        ([RECORD, {**RECORD, "height": 1}], "$[*]", "", "key height"),
        ({"huts": [RECORD]}, "$.huts[*]", "", None),
        ({"huts": [RECORD], "note": "x", "old": [RECORD]}, "$.huts[*]", "", "keys note, old"),
        ({"huts": [{**RECORD, "at": {"x": 1, "y": 2}}]}, "$.huts[*]", "", "key huts[*].at"),
        (
            {"huts": [{**RECORD, "at": {"x": 1, "y": 2}}]},
            "$.huts[*]",
            "    - [e:x, $(at.x)]\n",
            "key huts[*].at.y",
        ),
        ([{**RECORD, "at": {"x": 1}}], "$[*]", "    - [e:x, $(at)]\n", None),
        ([{**RECORD, "tags": ["x"]}], "$[*]", "    - [e:x, '$(tags[*])']\n", None),
        ([{**RECORD, "tags": "x"}], "$[*]", "    - [e:x, '$(tags[*])']\n", None),
        ([{**RECORD, "tags": ["x"]}], "$[*]", "    - [e:x, $(tags)]\n", None),
        (
            [{**RECORD, "p": [{"n": 1}, {"m": 2}]}],
            "$[*]",
            "    - [e:x, '$(p[*].n)']\n",
            "key p[*].m",
        ),
        ([{**RECORD, "p": {"n": 1}}], "$[*]", "    - [e:x, '$(p[*].n)']\n", None),
        ({"a": RECORD, "b": {**RECORD, "c": 1}}, "$.*", "", "key b.c"),
        ([{**RECORD, "c": 1}], "$[?@.key > 0]", "", None),
        ([{**RECORD, "p": [1, 2]}], "$[*]", "    - [e:x, '$(p[0])']\n", None),
    ],
)
def test_keys_of_json(told, document, iterator, more, keys):
    _write(told, document)
    found = told(f"[['huts.json~jsonpath', '{iterator}']]", more)
    assert _keys(found) == ([] if keys is None else [keys])


def test_what_another_mapping_reads_is_read(told):
    _write(told, {"huts": [{**RECORD, "rooms": [{"beds": 1}]}]})
    more = (
        "  room:\n    sources: [['huts.json~jsonpath', '$.huts[*].rooms[*]']]\n"
        "    s: e:x\n    po: [[e:beds, $(beds)]]\n"
    )
    assert told("[['huts.json~jsonpath', '$.huts[*]']]", more) == []


def test_of_a_large_document_the_first_records_are_looked_at(told):
    records = [{**RECORD, "text": "x" * 2000, "more": 1} for _ in range(999)]
    late = [{**RECORD, "late": 1} for _ in range(2)]
    _write(told, {"skipped": 1, "huts": [*records, *late]})
    found = told("[['huts.json~jsonpath', '$.huts[*]']]")
    assert _keys(found) == [
        "keys huts[*].text, huts[*].more, huts[*].late, in the first 1,000 records"
    ]
    _write(told, {"huts": [*records, RECORD, *late]})
    found = told("[['huts.json~jsonpath', '$.huts[*]']]")
    assert _keys(found) == ["keys huts[*].text, huts[*].more, in the first 1,000 records"]


@pytest.mark.parametrize("odd", ["9" * 5000, "[" * 5000 + "]" * 5000], ids=["digits", "levels"])
@pytest.mark.parametrize("size", [1, 2000])
def test_what_python_cannot_read_is_no_fault(told, odd, size):
    """Its JSON reader has limits for the digits of a number, and for levels."""
    record = '{"key": 1, "name": "a", "more": %s, "text": "%s"}'
    text = ",".join([record % ("1", "x" * size), record % (odd, "x")] * 600)
    (told.data / "huts.json").write_text(f"[{text}]")
    found = told("[['huts.json~jsonpath', '$[*]']]")
    told_of = [each.message.partition(", in the")[0] for each in found]
    assert told_of == ["no mapping reads the keys more, text"]


def test_many_keys_are_counted(told):
    _write(told, [{**RECORD, **{f"k{n}": 1 for n in range(30)}}])
    found = told("[['huts.json~jsonpath', '$[*]']]")
    assert found[0].message.endswith("k18, k19 and 10 more")
    assert found[0].count == 30


def test_json_lines(told):
    lines = "".join(json.dumps({**RECORD, "x": 1}) + "\n" for _ in range(3))
    (told.data / "huts.jsonl").write_text(lines, encoding="utf-8")
    assert _keys(told("[['huts.jsonl~jsonpath', '$']]")) == ["key x"]


def test_broken_json_is_left_to_who_reads_it(told):
    (told.data / "huts.json").write_text('[{"key": 1, "x": 2}, {"y"', encoding="utf-8")
    assert _keys(told("[['huts.json~jsonpath', '$[*]']]")) in ([], ["key x"])


def test_columns_of_workbooks_and_parquet(told):
    (told.data / "huts.xlsx").write_bytes(workbook({"A": [["key", "name", "height"], [1, "a", 2]]}))
    found = told("[['huts.xlsx~excel', 'A']]")
    assert _keys(found) == ["column height"]
    assert found[0].about == "data/huts.xlsx#A: height"
    duckdb.sql("SELECT 1 AS key, 'a' AS name, 2 AS height").write_parquet(
        str(told.data / "huts.parquet")
    )
    assert _keys(told("[['huts.parquet~parquet']]")) == ["column height"]
    missing = told("[['huts.parquet~parquet']]", "    - [e:x, $(heigth)]\n", "missing-column")
    assert len(missing) == 1
    assert "Did you mean 'height'?" in missing[0].hint
