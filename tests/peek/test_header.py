"""Where the header of a table is: as people's files have it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kg.peek import peek
from kg.peek.header import Header, header_of


def seen(text: str) -> Header:
    rows = csv.reader(text.splitlines())
    return header_of([[cell.strip() for cell in row] for row in rows if row])


class TestNamesThatLookLikeValues:
    @pytest.mark.parametrize(
        "names",
        [
            "Province,Country,Lat,Long,1/22/20,1/23/20,1/24/20",
            "Province,Country,Lat,Long,2020-01-22,2020-01-23,2020-01-24",
            "Province,Country,Lat,Long,2020-01,2020-02,2020-03",
            "Province,Country,x,y,0-14,15-64,65+",
            "Province,Country,Lat,Long,1,2,3",
            "Province,Country,Lat,Long,0,5,10",
            "Province,Country,2000,2005,2010,2015,2020",
        ],
    )
    def test_are_names_above_numbers(self, names):
        found = seen(f"{names}\n,Albania,41.1,20.1,0,2,5\nHubei,China,30.9,112.2,444,444,549\n")
        assert (found.skip, found.is_there, found.names) == (0, True, ())

    @pytest.mark.parametrize(
        "names", ["country,0-14,15-64,65+", "country,1,2,3", "country,1/22/20,1/23/20,1/24/20"]
    )
    def test_are_names_beside_texts(self, names):
        assert seen(f"{names}\nA,10,20,30\nB,11,21,31\n").is_there

    @pytest.mark.parametrize(
        "text",
        [
            "1,2,3\n7,9,3\n",
            "A,10,20,30\nB,11,21,31\n",
            "A,1,2,3\nB,2,3,4\n",
            "2020-01-01,5\n2020-01-02,7\n",
            "x,2020-01-01,true\ny,2021-03-04,false\n",
            "9:05,1\n10:30,2\n",
            "NA,1\n5,2\n",
        ],
    )
    def test_are_values_above_values_of_their_sort(self, text):
        assert not seen(text).is_there

    def test_are_names_beside_a_column_without_one(self):
        found = seen(",16.5,16.75,17.25\n71,0,0,0\n72,1,2,0\n")
        assert found.names == ("row", "16.5", "16.75", "17.25")


class TestTitles:
    @pytest.mark.parametrize(
        "titles",
        [
            "Report of 2020,,,\n",
            "Report of 2020,,,\nSource: my office,,,\n,,,\n",
            "Report,,,\nAuthor,Jane,,\nDate,2020-01-01,,\n",
        ],
    )
    def test_above_a_wide_table_are_passed_over(self, titles):
        found = seen(f"{titles}Region,Q1,Q2,Sum\nNorth,1.5,2.5,4\nSouth,3,1,4\nWest,1,1,2\n")
        assert (found.skip, found.names) == (titles.count("\n"), ())

    def test_above_a_narrow_table_are_passed_over_if_its_header_is_sure(self):
        assert seen("Report of 2020,\n\nregion,sum\nNorth,1\nSouth,2\n").skip == 1
        assert seen("Report,\nregion,place\nNorth,a\nSouth,b\n").skip == 0

    def test_are_not_records_with_few_values(self):
        assert seen("1,,,\n2,,,4\n3,1,2,3\n4,1,2,3\n5,1,2,3\n").skip <= 1
        assert seen("a,,b,\nx,y,z,w\nx,y,z,w\n").skip == 0


class TestNamesInTwoRows:
    def test_of_groups_are_put_together(self):
        found = seen("id,2019,,2020,\n,m,f,m,f\n1,10,11,12,13\n2,20,21,22,23\n")
        assert (found.skip, found.rows, found.is_there) == (1, 2, True)
        assert found.names == ("id", "2019 m", "2019 f", "2020 m", "2020 f")

    def test_may_be_years_below(self):
        found = seen("Region,Men,,Women,\n,2019,2020,2019,2020\nN,10,11,12,13\nS,20,21,22,23\n")
        assert found.names == ("Region", "Men 2019", "Men 2020", "Women 2019", "Women 2020")

    def test_have_units_below(self):
        found = seen("id,mass,length\n,kg,cm\n1,10,11\n2,20,21\n")
        assert found.names == ("id", "mass kg", "length cm")

    @pytest.mark.parametrize(
        "text",
        [
            "id,a,b\nx,unknown,unknown\ny,1,2\nz,3,4\n",
            ",name,value,value\n0,a,1,2\n1,b,3,4\n2,c,5,6\n",
            "name,place,\nAnn,Bonn,x\nBob,Ulm,y\n",
            "id,a,b\n,1,2\n1,3,4\n2,5,6\n",
        ],
    )
    def test_are_no_first_records(self, text):
        assert seen(text).rows == 1

    def test_name_the_columns_of_a_file(self, tmp_path: Path):
        path = tmp_path / "a.csv"
        path.write_text("Report,,,,\nid,2019,,2020,\n,m,f,m,f\n1,10,11,12,13\n2,20,21,22,23\n")
        with peek([str(path)]) as found:
            (table,) = found.tables
        assert (table.rows, table.header) == (2, 3)
        assert [each.kind.value for each in table.columns] == ["integer"] * 5
        assert table.notes == (
            "1 line above the header is passed over",
            "the names of the columns take two rows, which are put together",
        )

    def test_name_the_columns_of_a_sheet(self, tmp_path: Path):
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        from tests.sources.workbooks import workbook

        path = tmp_path / "a.xlsx"
        rows = [["Region", "2019", None], [None, "m", "f"], ["N", 1, 2], ["S", 3, 4]]
        path.write_bytes(workbook({"S": rows}, ["A1:A2", "B1:C1"]))
        with peek([str(path)]) as found:
            (table,) = found.tables
        assert [each.name for each in table.columns] == ["Region", "2019 m", "2019 f"]
        assert (table.rows, table.header) == (2, 2)
        assert table.notes == ("the names of the columns take two rows, which are put together",)


class TestSeveralTablesOfOneSheet:
    def told(self, folder: Path, rows: list[list[object]]) -> tuple[str, ...]:
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        from tests.sources.workbooks import workbook

        path = folder / "a.xlsx"
        path.write_bytes(workbook({"S": rows}))
        with peek([str(path)]) as found:
            return found.tables[0].notes

    def test_below_each_other_are_told(self, tmp_path):
        rows = [["id", "name"], [1, "a"], [2, "b"], [], ["code", "price"], ["x", 1.5], ["y", 2.5]]
        (note,) = self.told(tmp_path, rows)
        assert note.startswith("row 5 looks like the header of another table")
        assert "#SHEET!A1:B3" in note

    def test_side_by_side_are_told(self, tmp_path):
        rows = [["id", "name", None, "code", "price"], [1, "a", None, "x", 1.5], [2, "b"]]
        assert "the column C is empty" in self.told(tmp_path, rows)[-1]

    def test_are_not_seen_in_a_blank_row(self, tmp_path):
        assert self.told(tmp_path, [["id", "name"], [1, "a"], [], [2, "b"]]) == ()
        assert self.told(tmp_path, [["a", "b"], ["x", "a"], [], ["y", "b"], ["z", "c"]]) == ()


def test_names_and_cells_of_a_sheet_lose_their_blanks(tmp_path):
    pytest.importorskip("python_calamine", reason="the extra excel is not installed")
    from tests.sources.workbooks import workbook

    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"S": [["id", " Note ", "Note"], [1, " y ", "x"], [2, "z", "x"]]}))
    with peek([str(path)]) as found:
        (table,) = found.tables
    assert [each.name for each in table.columns] == ["id", "Note", "Note_3"]
    assert (table.columns[1].examples, table.source.dialect.trim) == (("y", "z"), "true")
