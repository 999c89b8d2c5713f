"""Workbooks: sheets, headers, types of cells, and what is refused."""

from __future__ import annotations

import gzip
from datetime import date, datetime, time, timedelta

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping, yarrrml
from tests.sources.workbooks import workbook

pytest.importorskip("python_calamine", reason="the extra excel is not installed")
XSD = "http://www.w3.org/2001/XMLSchema#"

PEOPLE = [
    ["id", "name", "born", "at", "ok", "x", "t", "big"],
    [1, "Ada", date(1955, 12, 10), datetime(2020, 1, 2, 3, 4, 5), True, 1.5, time(3, 4), 2**53],
    [None] * 8,
    [2.0, "", None, datetime(2020, 1, 2), False, 1e20, None, -3],
]


def cells(tmp_path, sheets, column, source="a.xlsx~excel", packed=bytes):
    name = source.partition("~")[0].partition("#")[0]
    files = {name: packed(workbook(sheets))}
    mapping = yarrrml(f"[['{source}']]", [f"[ex:p, $({column})]"])
    return run_mapping(tmp_path, mapping, files)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("id", [f'"1"^^<{XSD}integer>', f'"2"^^<{XSD}integer>']),
        ("name", ['"Ada"']),
        ("born", [f'"1955-12-10"^^<{XSD}date>']),
        (
            "at",
            [f'"2020-01-02T00:00:00"^^<{XSD}dateTime>', f'"2020-01-02T03:04:05"^^<{XSD}dateTime>'],
        ),
        ("ok", [f'"false"^^<{XSD}boolean>', f'"true"^^<{XSD}boolean>']),
        ("x", [f'"1.0E20"^^<{XSD}double>', f'"1.5E0"^^<{XSD}double>']),
        ("t", [f'"03:04:00"^^<{XSD}time>']),
        ("big", [f'"-3"^^<{XSD}integer>', f'"9007199254740992"^^<{XSD}integer>']),
    ],
)
def test_types_of_cells(tmp_path, column, expected):
    run = cells(tmp_path, {"People": PEOPLE}, column)
    assert run.objects() == expected
    assert run.made.loaded[0].records == 2


def test_integers_stay_integers_in_templates(tmp_path):
    run = cells(tmp_path, {"People": PEOPLE}, "name")
    assert run.quads[0][0] == "<http://example.org/1>"


def test_sheets_by_name(tmp_path):
    sheets = {"A": [["id", "v"], [1, "a"]], "B b": [["id", "v"], [1, "b"]]}
    assert cells(tmp_path, sheets, "v", "a.xlsx#B b~excel").objects() == ['"b"']
    assert cells(tmp_path, sheets, "v", "a.xlsx~excel', 'A").objects() == ['"a"']


def test_packed_workbook(tmp_path):
    run = cells(tmp_path, {"A": [["id", "v"], [1, "a"]]}, "v", "a.xlsx.gz~excel", gzip.compress)
    assert run.objects() == ['"a"']


def test_table_that_does_not_start_in_the_first_cell(tmp_path):
    rows = [[], [], [None, None, "id", "v"], [], [None, None, 7, "x"]]
    assert cells(tmp_path, {"A": rows}, "v").triples == [
        ("<http://example.org/7>", "<http://example.org/p>", '"x"')
    ]


@pytest.mark.parametrize(
    ("sheets", "source", "code", "hint"),
    [
        ({"Data": [["id", "v"]], "More": []}, "a.xlsx~excel", "missing-sheet", "a.xlsx#Data"),
        ({"Data": [["id", "v"]]}, "a.xlsx#Dat~excel", "missing-sheet", "Did you mean 'Data'?"),
        ({"Data": [["id", "w"]]}, "a.xlsx~excel", "missing-column", "It has: id, w."),
        ({"Data": [["id", "V"]]}, "a.xlsx~excel", "missing-column", "Did you mean 'V'?"),
        ({"Data": [["id", "v", "v"]]}, "a.xlsx~excel", "duplicate-column", "Rename"),
        ({"Data": []}, "a.xlsx~excel", "empty-file", "first row"),
        (
            {"Data": [["id", "v"], [1, timedelta(hours=30)]]},
            "a.xlsx~excel",
            "not-a-value",
            "format",
        ),
    ],
)
def test_refused(tmp_path, sheets, source, code, hint):
    with pytest.raises(InputError) as raised:
        cells(tmp_path, sheets, "v", source)
    assert raised.value.code == code
    assert raised.value.location is not None
    assert hint in (raised.value.hint or "")


def test_no_workbook(tmp_path):
    with pytest.raises(InputError) as raised:
        run_mapping(
            tmp_path,
            yarrrml("[['a.xlsx~excel']]", ["[ex:p, $(v)]"]),
            {"a.xlsx": b"PK\x03\x04 is no workbook"},
        )
    assert raised.value.code == "bad-workbook"
    assert "a.xlsx" in str(raised.value.location)


def test_bad_value_names_the_row(tmp_path):
    rows = [[], ["id", "v"], [1, "http://a/"], [], [2, "no iri"]]
    mapping = yarrrml("[['a.xlsx~excel']]", ["[ex:p, $(v)~iri]"])
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"a.xlsx": workbook({"A": rows})})
    place = raised.value.location
    assert place is not None
    assert (place.line, place.record, place.column) == (5, 2, "v")
