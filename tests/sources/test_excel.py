"""Workbooks: sheets, headers, types of cells, and what is refused."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from kg.errors import InputError, LimitError
from tests.mapping.running import run_mapping, yarrrml
from tests.sources.workbooks import workbook

pytest.importorskip("python_calamine", reason="the extra excel is not installed")
XSD = "http://www.w3.org/2001/XMLSchema#"

PEOPLE = [
    ["id", "name", "born", "at", "ok", "x", "t", "big", "took"],
    [1, "Ada", date(1955, 12, 10), datetime(2020, 1, 2, 3, 4, 5), True, 1.5, time(3, 4), 2**53,
     timedelta(hours=30, seconds=0.5)],
    [None] * 9,
    [2.0, "", None, datetime(2020, 1, 2), False, 1e20, None, -3, timedelta(hours=-1)],
]  # fmt: skip


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
        ("took", [f'"-PT1H"^^<{XSD}duration>', f'"P1DT6H0.5S"^^<{XSD}duration>']),
        ("big", [f'"-3"^^<{XSD}integer>', f'"9007199254740992"^^<{XSD}integer>']),
    ],
)
def test_types_of_cells(tmp_path, column, expected):
    run = cells(tmp_path, {"People": PEOPLE}, column)
    assert run.objects() == expected
    assert run.made.loaded[0].records == 2


HEAD = '<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1" t="str"><v>v</v></c></row>'


def read_sheet(tmp_path, rows, after="", book=""):
    """Read a sheet whose XML is given."""
    packed = io.BytesIO()
    made = workbook({"A": []})
    with zipfile.ZipFile(io.BytesIO(made)) as plain, zipfile.ZipFile(packed, "w", 8) as out:
        for name in plain.namelist():
            text = plain.read(name).decode()
            text = text.replace("</sheetData>", f"{rows}</sheetData>{after}")
            out.writestr(name, text.replace("<sheets>", f"{book}<sheets>"))
    mapping = yarrrml("[['a.xlsx~excel']]", ["[ex:p, $(v)]"])
    return run_mapping(tmp_path, mapping, {"a.xlsx": packed.getvalue()})


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
    ],
)
def test_refused(tmp_path, sheets, source, code, hint):
    with pytest.raises(InputError) as raised:
        cells(tmp_path, sheets, "v", source)
    assert raised.value.code == code
    assert raised.value.location is not None
    assert hint in (raised.value.hint or "")


LARGE = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def test_a_stray_last_cell_is_a_limit(tmp_path):
    """The library asks for all cells up to it, here 549 GB, and aborts its process."""
    with pytest.raises(LimitError) as raised:
        read_sheet(tmp_path, f"{HEAD}{LARGE}")
    assert raised.value.code == "document-too-large"
    assert "stray last cell" in (raised.value.hint or "")
    assert raised.value.location is not None


def test_cells_with_a_format_and_no_value_do_not_count(tmp_path):
    rows = '<row r="2"><c r="A2"><v>7</v></c><c r="B2"><v>8</v></c></row>'
    rows += LARGE.replace("<v>1</v>", "")
    assert read_sheet(tmp_path, f"{HEAD}{rows}").quads[0][0] == "<http://example.org/7>"


def test_what_cells_have_lost_is_told(tmp_path):
    rows = (
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        '<row r="3"><c r="A3"><v>2</v></c><c t="e" r="B3"><v>#REF!</v></c></row>'
        '<row r="4"><c r="A4"><v>3</v></c><c r="B4"><f>A4+1</f></c></row>'
        '<row r="5"><c r="A5"><v>4</v></c><c r="B5" t="str"><f t="shared" si="0"/><v></v></c></row>'
        '<row r="6"><c r="A6"><v>5</v></c><c r="B6"><f>A6*2</f><v>10</v></c></row>'
    )
    merged = '<mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="C2:D9"/></mergeCells>'
    run = read_sheet(tmp_path, HEAD + rows, merged)
    assert run.objects() == [f'"10"^^<{XSD}integer>']
    name = run.made.loaded[0].parts[0].shown
    assert run.made.loaded[0].notes == (
        f"{name}: 2 merged cells, the first at A2: the value is that of the first cell alone, the"
        " others are empty; merged: fill in the source gives it to all",
        f"{name}: 2 cells, the first at B2, hold an error such as #REF! or #N/A, which is no value",
        f"{name}: 2 cells, the first at B4, hold a formula without a stored result, which is no"
        " value; open the file in a spreadsheet program and save it",
    )
    assert run.made.counts[0].notes == run.made.loaded[0].notes


def test_days_since_1904(tmp_path):
    rows = '<row r="2"><c r="A2"><v>1</v></c><c r="B2" s="1"><v>1</v></c></row>'
    run = read_sheet(tmp_path, HEAD + rows, book='<workbookPr date1904="1"/>')
    assert run.objects() == [f'"1904-01-02"^^<{XSD}date>']


def test_a_process_that_fails_is_a_workbook_that_cannot_be_read(tmp_path, monkeypatch):
    broken = tmp_path / "child.py"
    broken.write_text("raise ValueError('no luck')")
    monkeypatch.setattr("kg.sources.excel_files._CHILD", broken)
    with pytest.raises(InputError) as raised:
        read_sheet(tmp_path, HEAD)
    assert raised.value.code == "bad-workbook"
    assert "ValueError: no luck" in raised.value.message


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


@pytest.mark.parametrize("source", ["a.xlsx~excel", "a.xlsx#S~excel"])
def test_a_workbook_without_sheets(tmp_path, source):
    with pytest.raises(InputError, match="the workbook has no sheets") as raised:
        cells(tmp_path, {}, "v", source)
    assert raised.value.code == "bad-workbook"
