"""Answers as workbooks and Parquet, the first rows alone, and what a terminal shows."""

from __future__ import annotations

import io
import os
import random
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from kg.cli.main import main
from kg.errors import InputError
from kg.queries.answer import Style, first_of, write_answer
from kg.queries.display import rounded
from kg.queries.engine import Rows
from kg.queries.formats import FORMATS
from kg.queries.workbook import write_workbook
from tests.terminal import run_on_terminal

XSD = "http://www.w3.org/2001/XMLSchema#"
ROOT = Path(__file__).resolve().parents[2]


def literal(text: str, kind: str = "string") -> str:
    return f'"{text}"' if kind == "string" else f'"{text}"^^<{XSD}{kind}>'


def written(form: str, columns: list[str], rows: list[tuple[str | None, ...]]) -> bytes:
    out = io.BytesIO()
    write_answer(Rows(tuple(columns), iter(rows)), FORMATS[form], out, Style())
    return out.getvalue()


def cells(content: bytes, folder: Path) -> list[list[object]]:
    calamine = pytest.importorskip("python_calamine", reason="the extra excel is not installed")
    path = folder / "a.xlsx"
    path.write_bytes(content)
    return calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def parquet(content: bytes, folder: Path) -> tuple[list[str], list[tuple[object, ...]]]:
    path = folder / "a.parquet"
    path.write_bytes(content)
    relation = duckdb.sql(f"SELECT * FROM '{path}'")
    types = [str(each) for each in relation.types]
    # What has a zone needs one more package in Python.
    return types, [] if "TIMESTAMP WITH TIME ZONE" in types else relation.fetchall()


MIXED = [
    ("<https://e.org/a>", literal("3", "integer"), literal("2.50", "decimal"), literal("x & <y>")),
    ("_:b", None, literal("7", "integer"), '"é"@fr'),
]
TIMES = [
    (
        literal("2020-02-29", "date"),
        literal("2020-02-29T10:30:00", "dateTime"),
        literal("true", "boolean"),
        literal("1.5E0", "double"),
        literal("2020-02-29T10:30:00Z", "dateTime"),
    )
]


class TestWorkbooks:
    def test_have_cells_of_the_kinds_that_terms_have(self, tmp_path):
        assert cells(written("xlsx", ["s", "n", "d", "t"], MIXED), tmp_path) == [
            ["s", "n", "d", "t"],
            ["https://e.org/a", 3.0, 2.5, "x & <y>"],
            ["_:b", "", 7.0, "é"],
        ]
        (_, row) = cells(written("xlsx", list("abcde"), TIMES), tmp_path)
        assert row == [
            date(2020, 2, 29),
            datetime(2020, 2, 29, 10, 30),
            True,
            1.5,
            "2020-02-29T10:30:00Z",
        ]

    def test_keep_as_text_what_no_cell_holds_exactly(self, tmp_path):
        texts = ["12345678901234567890", "0.1234567890123456789", "9007199254740993"]
        rows = [(literal(text, "decimal"),) for text in texts]
        rows += [(literal("1899-12-31", "date"),), (literal("INF", "double"),)]
        found = cells(written("xlsx", ["a"], rows), tmp_path)
        assert [row[0] for row in found[1:]] == [*texts, "1899-12-31", "INF"]

    def test_hold_random_numbers_exactly(self):
        chosen = random.Random(7)
        numbers = [
            f"{chosen.choice(['', '-'])}{chosen.randrange(10 ** chosen.randint(1, 20))}"
            f".{chosen.randrange(10 ** chosen.randint(1, 12))}"
            for _ in range(300)
        ]
        content = written("xlsx", ["a"], [(literal(each, "decimal"),) for each in numbers])
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        shown = [part.partition("<")[0] for part in sheet.split("<v>")[1:]]
        texts = [each for each in numbers if f">{each}</t>" in sheet]
        exact = [each for each in numbers if each not in texts]
        assert len(exact) > 100
        assert [Decimal(each) for each in shown] == [Decimal(each) for each in exact]

    def test_escape_what_xml_does_not_have(self, tmp_path):
        content = written("xlsx", ["a\\x"], [(literal("a\\u0001_x0041_"),), ('"a\x01_x0041_b"',)])
        assert cells(content, tmp_path)[2] == ["a\x01_x0041_b"]

    def test_are_the_same_again(self):
        assert written("xlsx", ["a"], MIXED[:0]) == written("xlsx", ["a"], MIXED[:0])

    def test_too_large_are_told(self):
        with pytest.raises(InputError, match="cell holds 32,767"):
            write_workbook(["a"], [(literal("x" * 40_000),)], io.BytesIO())
        with pytest.raises(InputError, match="columns"):
            write_workbook(["a"] * 20_000, [], io.BytesIO())


class TestParquet:
    def test_has_the_types_of_terms(self, tmp_path):
        types, rows = parquet(written("parquet", ["s", "n", "d", "t"], MIXED), tmp_path)
        assert types == ["VARCHAR", "BIGINT", "DECIMAL(38,1)", "VARCHAR"]
        assert rows == [
            ("https://e.org/a", 3, Decimal("2.5"), "x & <y>"),
            ("_:b", None, Decimal(7), "é"),
        ]
        types, _ = parquet(written("parquet", list("abcde"), TIMES), tmp_path)
        assert types == ["DATE", "TIMESTAMP", "BOOLEAN", "DOUBLE", "TIMESTAMP WITH TIME ZONE"]

    def test_has_text_where_a_type_does_not_hold_all(self, tmp_path):
        rows = [
            (literal("1", "integer"), literal("2020-01-01Z", "date"), literal("INF", "double")),
            (literal("x"), literal("2020-01-01", "date"), literal("-1e3", "double")),
        ]
        types, found = parquet(written("parquet", ["a", "b", "c"], rows), tmp_path)
        assert types == ["VARCHAR", "VARCHAR", "DOUBLE"]
        assert found[0] == ("1", "2020-01-01Z", float("inf"))
        huge = [(literal("9" * 30, "integer"),), (literal("9" * 50, "integer"),)]
        assert parquet(written("parquet", ["a"], huge[:1]), tmp_path)[0] == ["DECIMAL(38,0)"]
        assert parquet(written("parquet", ["a"], huge), tmp_path)[1][1] == ("9" * 50,)

    def test_without_rows_or_columns(self, tmp_path):
        assert parquet(written("parquet", ["a"], []), tmp_path) == (["VARCHAR"], [])
        assert parquet(written("parquet", [], [(), ()]), tmp_path)[1] == [(1,), (1,)]


def test_yes_and_no_are_a_cell(tmp_path):
    for answer in (True, False):
        out = {name: io.BytesIO() for name in ("xlsx", "parquet")}
        for name, each in out.items():
            assert write_answer(answer, FORMATS[name], each, Style()) is not answer
        assert cells(out["xlsx"].getvalue(), tmp_path) == [["answer"], [answer]]
        assert parquet(out["parquet"].getvalue(), tmp_path) == (["BOOLEAN"], [(answer,)])


class TestTheFirst:
    @pytest.mark.parametrize(("most", "has_more"), [(0, True), (2, True), (3, False), (9, False)])
    def test_rows_alone_are_given(self, most, has_more):
        rows = [(literal(str(n)),) for n in range(3)]
        answer, first = first_of(Rows(("a",), iter(rows)), most)
        assert isinstance(answer, Rows)
        assert list(answer) == rows[:most]
        assert first.has_more is has_more

    def test_rows_are_asked_for_by_an_option(self, tmp_path, capfd):
        path = tmp_path / "a.nt"
        path.write_text("".join(f'<http://e/{n}> <http://e/p> "{n}" .\n' for n in range(5)))
        text = "SELECT ?o { ?s ?p ?o } ORDER BY ?o"
        assert main(["query", "--data", str(path), "-e", text, "--limit", "2"]) == 0
        said = capfd.readouterr()
        assert said.out.split() == ["o", "0", "1"]
        assert "the first 2 rows alone, as --limit says" in said.err
        assert main(["query", "--data", str(path), "-e", text, "--limit", "5"]) == 0
        assert "first" not in capfd.readouterr().err
        graph = "CONSTRUCT WHERE { ?s ?p ?o }"
        assert main(["query", "--data", str(path), "-e", graph, "--limit", "2", "-f", "nt"]) == 2
        assert main(["query", "--data", str(path), "-e", graph, "--limit", "2"]) == 0
        assert "the first 2 triples" in capfd.readouterr().err


class TestOnATerminal:
    def run(self, folder: Path, words: str, **environment: str) -> str:
        import shlex

        from tests.launcher import program

        (folder / "a.nt").write_text("<http://e/a> <http://e/p> <http://e/b> .\n")
        command = f"{shlex.join(program())} query --data a.nt {words}"
        inherited = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment}
        return run_on_terminal(command, folder, environment=inherited)[1]

    def test_numbers_are_rounded_and_rows_capped(self, tmp_path):
        numbers = "VALUES ?d {" + "0 1 2 3 4 5 6 7 8 9 " * 2 + "} "
        text = (
            "SELECT (1.23456789 AS ?x) { ?s ?p ?o "
            + numbers
            + " ".join(numbers.replace("?d", f"?d{n}") for n in range(2))
            + "}"
        )
        shown = self.run(tmp_path, f"-e '{text}'")
        assert "1.23457" in shown
        assert "1,000 rows; numbers are rounded" in shown
        assert "the first 1,000 rows; -o FILE writes all" in shown

    def test_a_pager_shows_what_is_long(self, tmp_path):
        text = "SELECT ?x { VALUES ?x {" + " ".join(map(str, range(80))) + "} }"
        pager = tmp_path / "pager"
        pager.write_text("#!/bin/sh\necho paged $(wc -l)\n")
        pager.chmod(0o755)
        assert "paged 83" in self.run(tmp_path, f"-e '{text}'", KG_PAGER=str(pager))
        short = self.run(tmp_path, "-e 'SELECT (1 AS ?x) {}'", KG_PAGER=str(pager))
        assert "paged" not in short
        assert "1 row" in short


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1", "1"),
        ("1.5", "1.5"),
        ("12.3456", "12.3456"),
        ("12.34567", "12.3457"),
        ("-0.000123456789", "-0.000123457"),
        ("0.99999999", "1"),
        ("0.00000000", "0"),
        ("1234567.987654", "1234568"),
        ("1.23456789E-20", "1.23457E-20"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_for_people_have_six_digits(text, shown):
    assert rounded(text) == shown
