"""Totals and notes below a table are no records of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.cli.main import main
from kg.peek import Kind, Table, peek

HEAD = "Region;Q1;Q2\nNorth;1,5;2,5\nSouth;3,0;1,0\nEast;1,0;1,0\n"


def table(folder: Path, text: str) -> Table:
    path = folder / "a.csv"
    path.write_text(text)
    with peek([str(path)]) as found:
        return found.tables[0]


class TestAreLeftOut:
    @pytest.mark.parametrize(
        ("end", "texts"),
        [
            ("Total;5,5;4,5\n", ("Total",)),
            ("Summe:;5,5;4,5\n", ("Summe:",)),
            ("Total;;\n", ("Total",)),
            ("Mean;1,83;1,5\n", ("Mean",)),
            ("Quelle: Amt;;\n", ("Quelle: Amt",)),
            ("* preliminary (see below);;\n", ("* preliminary (see below)",)),
            (
                "Total;5,5;4,5\n* preliminary;;\nSource: us;;\n",
                ("Source: us", "* preliminary", "Total"),
            ),
        ],
    )
    def test_at_the_end(self, tmp_path, end, texts):
        found = table(tmp_path, HEAD + end)
        assert found.left is not None
        assert (found.left.texts, found.left.reference, found.rows) == (texts, "Region", 3)
        assert [each.kind for each in found.columns] == [Kind.TEXT, Kind.DECIMAL, Kind.DECIMAL]
        assert "left out" in found.notes[-1]

    def test_and_spoil_no_type(self, tmp_path):
        found = table(tmp_path, "day,n\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\nTotal,6\n")
        assert [each.kind for each in found.columns] == [Kind.DATE, Kind.INTEGER]

    def test_by_the_mapping_too(self, tmp_path, capfd):
        path = tmp_path / "a.csv"
        path.write_text(HEAD + ";1,0;1,0\nTotal;6,5;5,5\n* preliminary (see: below, 'x');;\n")
        folder = tmp_path / "g"
        assert main(["init", str(folder), "--from", str(path)]) == 0
        assert main(["-C", str(folder), "build"]) == 0
        capfd.readouterr()
        asked = "SELECT (COUNT(*) AS ?n) (SUM(?q) AS ?sum) { ?s ns:q1 ?q }"
        assert main(["-C", str(folder), "query", "-e", asked, "--format", "csv"]) == 0
        assert capfd.readouterr().out.splitlines()[1] == "4,6.5"
        assert "guess: the last 2 records" in (folder / "data/tables.yarrrml.yml").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "sex;n\nMen;1\nWomen;2\nTotal;3\nMen;1\nWomen;2\nTotal;3\n",
        "place;sex;n\nX;Men;1\nX;Women;2\nX;Total;3\n",
        "name;kind;n\nA;x;1\nB;y;2\nTotal;z;3\n",
        "name;n\nA;1\nB;2\nTotal Wine;3\n",
        "name;n\nA;1\nB;2\nC;\n",
        "name;n\nTotal;3\n",
        "title;year\nAlpha;1999\nBeta;2001\nSum;2004\n",
        "title;year\nAlpha;1999\nBeta;2001\nSum;\n",
        "name;age;town\nAnn;31;x\nBob;40;y\nZoe;;\n",
        "name;age;town\nAnn;31;x\nBob;40;y\nAnna Maria von Berg;;\n",
    ],
)
def test_other_records_are_not(tmp_path, text):
    found = table(tmp_path, text)
    assert found.left is None
    assert found.rows == len(text.splitlines()) - 1


def test_a_record_that_is_called_like_a_total_is_told(tmp_path):
    found = table(tmp_path, "title;year\nAlpha;1999\nBeta;2001\nSum;2004\n")
    assert found.notes == ("a record at the end is called Sum, but has no sum: it is read",)
    found = table(tmp_path, "team;points\nMax;3\nUs;4\nThem;5\nSum;7\nAverage;9\n")
    assert found.notes == ("a record at the end is called Average, but has no sum: it is read",)
