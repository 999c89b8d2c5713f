"""Parts of workbooks: ranges of cells, merged cells, several sheets as one source."""

from __future__ import annotations

import json

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping
from tests.sources.workbooks import workbook

pytest.importorskip("python_calamine", reason="the extra excel is not installed")

ROWS = [
    ["Sales"],
    [None, "region", "shop", "sold"],
    [None, "North", "A", 1],
    [None, None, "B", 2],
    [],
    [None, "South", "C", 3],
    ["total", None, None, 6],
]
BOOK = {"2020": ROWS, "About": [["text"]], "2021": ROWS}


def pairs(tmp_path, po="$(shop) $(region)", book=BOOK, joined=("B3:B4",), **options):
    """Return what a mapping says of each record of the sheet 2020."""
    options = {"iterator": "2020", "range": "B2:D6", **options}
    options = {key: value for key, value in options.items() if value is not None}
    source = {"access": "a.xlsx", "referenceFormulation": "excel", **options}
    one = {"sources": "s", "s": "ex:x", "po": [["ex:p", po]]}
    text = json.dumps({"sources": {"s": source}, "mappings": {"m": one}})
    return run_mapping(tmp_path, text, {"a.xlsx": workbook(book, joined)}).objects()


@pytest.mark.parametrize(
    ("cells", "po", "expected"),
    [
        ("B2:D6", "$(shop) $(sold)", ['"A 1"', '"B 2"', '"C 3"']),
        ("$B$2:$D$4", "$(shop) $(sold)", ['"A 1"', '"B 2"']),
        ("c2:d", "$(shop) $(sold)", ['"A 1"', '"B 2"', '"C 3"']),
        ("2:6", "$(shop) $(sold)", ['"A 1"', '"B 2"', '"C 3"']),
        ("A:D", "$(Sales)", ['"total"']),
        ("B3:D6", "$(A) $(1)", ['"B 2"', '"C 3"']),
    ],
)
def test_a_range_is_the_table(tmp_path, cells, po, expected):
    assert pairs(tmp_path, po, range=cells) == expected


@pytest.mark.parametrize("cells", ["B2", "D6:B2", "B6:D2", "x", ":", "B2:D6:E7", "B0:D3"])
def test_no_range(tmp_path, cells):
    with pytest.raises(InputError, match="no range of cells") as raised:
        pairs(tmp_path, range=cells)
    assert raised.value.location is not None


def test_rows_are_skipped_within_a_range(tmp_path):
    assert pairs(tmp_path, "$(2) $(3)", header="false", skipRows=2) == ['"B 2"', '"C 3"']


def test_merged_cells(tmp_path):
    assert pairs(tmp_path) == ['"A North"', '"C South"']


@pytest.mark.parametrize(
    ("merged", "expected"),
    [
        (["B3:B4"], ['"A North"', '"B North"', '"C South"']),
        # An empty row makes no record, and what is merged above a table is in it.
        (["B3:B5"], ['"A North"', '"B North"', '"C South"']),
        (["B4:B5", "B1:B1"], ['"A North"', '"C South"']),
        (["B3:C3"], ['"C South"', '"North North"']),
    ],
)
def test_merged_cells_are_filled(tmp_path, merged, expected):
    source = {"access": "a.xlsx", "referenceFormulation": "excel", "iterator": "2020"}
    source |= {"range": "B2:D6", "merged": "fill"}
    one = {"sources": "s", "s": "ex:x", "po": [["ex:p", "$(shop) $(region)"]]}
    text = json.dumps({"sources": {"s": source}, "mappings": {"m": one}})
    run = run_mapping(tmp_path, text, {"a.xlsx": workbook(BOOK, merged)})
    assert run.objects() == expected
    assert not run.made.loaded[0].notes


def test_cells_merged_with_those_above_a_range(tmp_path):
    rows = [["k", "v"], [1, "x"], [2, None]]
    source = {"access": "a.xlsx", "referenceFormulation": "excel"}
    source |= {"range": "A3:B3", "header": False, "merged": "fill"}
    one = {"sources": "s", "s": "ex:x", "po": [["ex:p", "$(2)"]]}
    text = json.dumps({"sources": {"s": source}, "mappings": {"m": one}})
    assert run_mapping(tmp_path, text, {"a.xlsx": workbook({"S": rows}, ["B2:B3"])}).objects() == [
        '"x"'
    ]


# Nothing stands in column A, nor in row 1.
BESIDE = [
    [],
    [None, "region", "city", "n"],
    [None, "North", "x", 1],
    [None, "South", "y", 2],
    [None, None, "z", 3],
]


@pytest.mark.parametrize(
    ("options", "po", "expected"),
    [
        ({}, "$(city) $(n)", ["x 1", "y 2", "z 3"]),
        ({"header": False}, "$(1) $(2)", ["North x", "South y", "region city"]),
        ({"range": "B2:D5"}, "$(city) $(n)", ["x 1", "y 2", "z 3"]),
        ({"range": "B3:C4", "header": False}, "$(1) $(2)", ["North x", "South y"]),
        ({"range": "A3:C4", "header": False}, "$(2) $(3)", ["North x", "South y"]),
        ({"range": "C3:D", "header": False}, "$(1) $(2)", ["x 1", "y 2", "z 3"]),
        ({"range": "D3:", "header": False}, "n $(1)", ["n 1", "n 2", "n 3"]),
        ({"range": "3:4", "header": False}, "$(1) $(2)", ["North x", "South y"]),
        ({"skipRows": 4, "header": False, "merged": "fill"}, "$(1) $(2)", ["South z"]),
        (
            {"range": "B4:C5", "header": False, "merged": "fill"},
            "$(1) $(2)",
            ["South y", "South z"],
        ),
    ],
)
def test_ranges_count_from_the_first_column_though_it_is_empty(tmp_path, options, po, expected):
    options = {"iterator": "S", "range": None, **options}
    found = pairs(tmp_path, po, {"S": BESIDE}, ["B4:B5"], **options)
    assert found == [f'"{text}"' for text in expected]


def test_sheets_that_match_are_one_source(tmp_path):
    found = pairs(tmp_path, "$(year) $(shop)", iterator="20*", sheetColumn="year")
    assert found == ['"2020 A"', '"2020 B"', '"2020 C"', '"2021 A"', '"2021 B"', '"2021 C"']
    assert set(pairs(tmp_path, "$(year)", sheetColumn="year")) == {'"2020"'}
    with pytest.raises(InputError) as raised:
        pairs(tmp_path, iterator="19*")
    assert (raised.value.code, raised.value.hint) == ("missing-sheet", "Sheets: 2020, About, 2021.")
    with pytest.raises(InputError, match="sheetColumn") as raised:
        pairs(tmp_path, sheetColumn="shop")
    assert raised.value.code == "duplicate-column"


def test_faults_name_the_sheet_and_its_row(tmp_path):
    wrong = [*ROWS[:3], [None, None, "no iri", 2]]
    book = {"2020": ROWS, "2021": wrong}
    with pytest.raises(InputError) as raised:
        pairs(tmp_path, "http://e/$(sold)~iri", {"2020": ROWS, "2021": [["no"], *ROWS[2:]]},
              iterator="20*")  # fmt: skip
    assert "a.xlsx#2021 does not have" in raised.value.message
    with pytest.raises(InputError) as raised:
        pairs(tmp_path, "$(shop)~iri", book, iterator="20*")
    place = raised.value.location
    assert place is not None
    assert place.file.endswith("a.xlsx#2020")
    assert (place.line, place.record, place.column) == (3, 1, "shop")


RML = """
@prefix rml: <http://w3id.org/rml/> .
@prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix sheet: <https://w3id.org/ace-kg/source#> .
<#m> rml:logicalSource [ rml:referenceFormulation rml:Excel ; rml:iterator "20*" ; rml:source
    [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "a.xlsx" ; %s ] ] ;
  rml:subjectMap [ rml:template "http://example.org/{shop}" ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
    rml:objectMap [ rml:template "{year} {region}" ; rml:termType rml:Literal ] ] .
"""
DIALECT = 'sheet:range "B2:D4" ; sheet:merged "fill" ; sheet:sheetColumn "year"'


@pytest.mark.parametrize(
    "said",
    [DIALECT, f"csvw:dialect [ {DIALECT} ]", f"csvw:dialect [ csvw:header true ] ; {DIALECT}"],
)
def test_sheets_in_rml(tmp_path, said):
    run = run_mapping(tmp_path, RML % said, {"a.xlsx": workbook(BOOK, ["B3:B4"])})
    years = ['"2020 North"', '"2021 North"']
    assert sorted(set(run.objects())) == years


@pytest.mark.parametrize("said", ['sheet:range "B2"', 'sheet:merged "yes"'])
def test_wrong_in_rml(tmp_path, said):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, RML % said, {})
    assert raised.value.code == "bad-mapping"
    assert raised.value.location is not None
