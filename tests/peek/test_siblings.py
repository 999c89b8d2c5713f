"""What can be read in two ways is read as the columns beside it show."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.cli.main import main
from kg.peek import Column, Kind, peek
from kg.peek.model import Written


def columns(folder: Path, text: str) -> dict[str, Column]:
    path = folder / "a.csv"
    path.write_text(text)
    with peek([str(path)]) as found:
        return {each.name: each for each in found.tables[0].columns}


class TestDays:
    @pytest.mark.parametrize(
        ("sure", "pattern"),
        [
            ("13/02/2020", "dd/MM/yyyy"),
            ("02/13/2020", "MM/dd/yyyy"),
            ("02-13-2020", "MM/dd/yyyy"),
            ("13.02.2020", "dd/MM/yyyy"),
            ("13/02/2020 10:00", "dd/MM/yyyy"),
        ],
    )
    def test_are_read_as_those_of_another_column(self, tmp_path, sure, pattern):
        found = columns(tmp_path, f"n,came,went\n1,{sure},03/02/2020\n2,{sure},04/02/2020\n")
        assert found["went"].pattern == pattern
        assert found["went"].doubts == (
            f"03/02/2020 is read with the {'day' if pattern[0] == 'd' else 'month'} first, as in"
            " came",
        )
        assert found["came"].doubts == ()

    @pytest.mark.parametrize("time", ["", " 10:00", " 10:00:00"])
    def test_that_nothing_tells_are_told(self, tmp_path, time):
        found = columns(tmp_path, f"n,a,b\n1,03/02/2020{time},03-02-2020{time}\n")
        assert [found[name].pattern[:10] for name in "ab"] == ["MM/dd/yyyy", "dd-MM-yyyy"]
        assert "month first; no value" in found["a"].doubts[0]
        assert "day first; no value" in found["b"].doubts[0]

    def test_have_the_day_first_where_numbers_have_commas(self, tmp_path):
        found = columns(tmp_path, "n;day;price\n1;03/02/2020;1,50\n2;04/02/2020;2,25\n")
        assert found["day"].pattern == "dd/MM/yyyy"
        assert "since numbers have decimal commas" in found["day"].doubts[0]

    def test_of_both_ways_tell_nothing(self, tmp_path):
        found = columns(tmp_path, "a,b,c\n13/02/2020,02/13/2020,03/02/2020\n")
        assert found["c"].pattern == "MM/dd/yyyy"
        assert "no value" in found["c"].doubts[0]


class TestNumbers:
    @pytest.mark.parametrize(
        ("mark", "sure", "value", "expected"),
        [
            (";", "0.5", "1.250", (Kind.DECIMAL, Written.PLAIN)),
            (";", "0,5", "1.250", (Kind.INTEGER, Written.POINTS)),
            (";", "x", "1.250", (Kind.INTEGER, Written.POINTS)),
            (",", "x", "1.250", (Kind.DECIMAL, Written.PLAIN)),
            ("\t", "1.234,5", "1.250", (Kind.INTEGER, Written.POINTS)),
            ("\t", "1,234.5", "1.250", (Kind.DECIMAL, Written.PLAIN)),
            ("\t", "0,5", "1,250", (Kind.DECIMAL, Written.COMMA)),
            ("\t", "0.5", "1,250", (Kind.INTEGER, Written.THOUSANDS)),
            ("\t", "1.234.567", "1,250", (Kind.DECIMAL, Written.COMMA)),
            (";", "x", "1,250", (Kind.DECIMAL, Written.COMMA)),
            ("\t", "x", "1,250", (Kind.INTEGER, Written.THOUSANDS)),
        ],
    )
    def test_are_read_as_those_of_another_column(self, tmp_path, mark, sure, value, expected):
        found = columns(tmp_path, f"a{mark}b\n{sure}{mark}{value}\n{sure}{mark}{value}\n")
        assert (found["b"].kind, found["b"].written) == expected
        (doubt,) = found["b"].doubts
        assert doubt.startswith(value)
        has_reason = found["a"].kind is not Kind.TEXT
        assert (", since a has decimal " in doubt) == has_reason


def test_a_mapping_reads_the_values_so(tmp_path, capfd):
    path = tmp_path / "a.csv"
    path.write_text(
        "id;came;went;b;c\nx;13/02/2020;03/02/2020;0.5;1.250\ny;14/02/2020;04/02/2020;0.7;2.500\n"
    )
    folder = tmp_path / "g"
    assert main(["init", str(folder), "--from", str(path)]) == 0
    assert main(["-C", str(folder), "build"]) == 0
    capfd.readouterr()
    asked = "SELECT ?d ?n { ?s ns:id 'x' ; ns:went ?d ; ns:c ?n }"
    assert main(["-C", str(folder), "query", "-e", asked, "--format", "csv"]) == 0
    assert capfd.readouterr().out.splitlines()[1] == "2020-02-03,1.250"
