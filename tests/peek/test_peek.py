"""`kg peek`: how files of tables are written, and what their columns hold."""

from __future__ import annotations

import codecs
import json
import random
import sqlite3
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path

import duckdb
import pytest

from kg.cli.main import main
from kg.errors import InputError
from kg.peek import Column, Kind, Table, peek
from kg.peek.header import header_of
from kg.peek.model import Written


def tables(*paths: Path | str) -> tuple[Table, ...]:
    with peek([str(path) for path in paths]) as found:
        return found.tables


def table(folder: Path, text: str | bytes, name: str = "a.csv") -> Table:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (found,) = tables(path)
    return found


PLAIN = [
    (["1", "-20", "0"], Kind.INTEGER),
    (["007", "12"], Kind.TEXT),
    (["1", "2.50"], Kind.DECIMAL),
    (["1", "2.5e-7"], Kind.DOUBLE),
    (["true", "false"], Kind.BOOLEAN),
    (["2020-02-29", "1999-12-31"], Kind.DATE),
    (["2021-02-29", "1999-12-31"], Kind.TEXT),
    (["2020-01-01T10:00:00Z"], Kind.DATETIME),
    (["10:30:00", "23:59:59"], Kind.TIME),
    (["https://example.org/a", "http://example.org/b"], Kind.ADDRESS),
    (["a", "1"], Kind.TEXT),
    ([""], Kind.NOTHING),
]
LOCAL = [
    (["31.12.1999", "01.02.2000"], Kind.DATE, Written.PATTERN, "dd.MM.yyyy"),
    (["12/31/1999", "01/02/2000"], Kind.DATE, Written.PATTERN, "MM/dd/yyyy"),
    (["31/12/1999", "01/02/2000"], Kind.DATE, Written.PATTERN, "dd/MM/yyyy"),
    (["31.12.1999 23:59"], Kind.DATETIME, Written.PATTERN, "dd.MM.yyyy HH:mm"),
    (["1999-12-31 23:59:01"], Kind.DATETIME, Written.BLANK, ""),
    (["True", "False"], Kind.BOOLEAN, Written.CAPITALS, ""),
    (["Yes", "no"], Kind.BOOLEAN, Written.WORDS, "yes/no"),
    (["1,5", "2"], Kind.DECIMAL, Written.COMMA, ""),
    (["1.234,5", "2"], Kind.DECIMAL, Written.POINTS, ""),
    (["1,234,567", "12"], Kind.INTEGER, Written.THOUSANDS, ""),
    (["1.234.567", "12"], Kind.INTEGER, Written.POINTS, ""),
    (["289.330", "12"], Kind.INTEGER, Written.POINTS, ""),
    (["289.33", "12"], Kind.DECIMAL, Written.PLAIN, ""),
]


def columns(folder: Path, *lists: list[str]) -> tuple[Column, ...]:
    """Return what columns are taken for; they stand side by side in one file."""
    rows = [";".join(f"c{n}" for n in range(len(lists)))]
    rows += [";".join(row) for row in zip_longest(*lists, fillvalue="")]
    return table(folder, "\n".join(rows) + "\n").columns


class TestKinds:
    def test_are_the_narrowest_that_fit(self, tmp_path):
        found = columns(tmp_path, *(values for values, _ in PLAIN))
        assert [each.kind for each in found] == [kind for _, kind in PLAIN]

    def test_are_known_in_local_forms(self, tmp_path):
        found = columns(tmp_path, *(values for values, *_ in LOCAL))
        assert [(each.kind, each.written, each.pattern) for each in found] == [
            tuple(expected) for _, *expected in LOCAL
        ]

    def test_know_texts_that_stand_for_no_value(self, tmp_path):
        numbers, texts = columns(tmp_path, ["1", "NA", "3", "NA"], ["DE", "NA", "n/a", "FR"])
        assert (numbers.kind, numbers.nulls, numbers.filled) == (Kind.INTEGER, ("NA",), 2)
        assert (texts.kind, texts.nulls, texts.spellings) == (Kind.TEXT, ("n/a",), ("NA", "n/a"))

    def test_tell_what_was_guessed(self, tmp_path):
        day, number = columns(tmp_path, ["01/02/2000"], ["1,234"])
        assert "day first, since numbers have decimal commas" in day.doubts[0]
        assert "1,234 is taken for a decimal number" in number.doubts[0]

    @pytest.mark.parametrize(
        ("values", "is_told"),
        [
            (["1.234", "2.500", "12.000"], True),
            (["1.234", "7"], True),
            (["1.234", "2.5"], False),
            (["0.123", "1.234"], False),
        ],
    )
    def test_tell_that_points_may_be_between_thousands(self, tmp_path, values, is_told):
        (column,) = table(tmp_path, "\n".join(["size", *values]) + "\n").columns
        assert column.kind is Kind.DECIMAL
        assert any("points between thousands" in doubt for doubt in column.doubts) == is_told

    def test_look_at_values_far_down(self, tmp_path):
        values = [str(n) for n in range(3000)]
        kinds = [each.kind for each in columns(tmp_path, values, [*values[1:], "x"])]
        assert kinds == [Kind.INTEGER, Kind.TEXT]

    def test_of_random_days_have_their_pattern(self, tmp_path):
        random.seed(1)
        days = [date(2000, 1, 1) + timedelta(random.randrange(9999)) for _ in range(20)]
        forms = {"dd.MM.yyyy": "%d.%m.%Y", "yyyy/MM/dd": "%Y/%m/%d", "dd-MM-yyyy": "%d-%m-%Y"}
        lists = [[day.strftime(form) for day in days] for form in forms.values()]
        found = columns(tmp_path, *lists)
        assert [(each.pattern, each.distinct) for each in found] == [
            (pattern, len(set(days))) for pattern in forms
        ]


class TestFiles:
    def test_have_their_delimiter(self, tmp_path):
        for number, mark in enumerate(",;\t|"):
            (tmp_path / f"{number}.csv").write_text(f"a{mark}b\n1{mark}x\n2{mark}y\n")
        found = tables(*sorted(tmp_path.iterdir()))
        assert [each.source.dialect.delimiter for each in found] == list(",;\t|")
        assert all([c.name for c in each.columns] == ["a", "b"] for each in found)

    def test_have_their_encoding(self, tmp_path):
        texts = {
            "utf-8": "a,b\né,1\n".encode(),
            "cp1252": "a,b\né,1\n".encode("cp1252"),
            "utf-16": "a,b\né,1\n".encode("utf-16"),
        }
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_bytes(text)
        found = tables(*(tmp_path / f"{name}.csv" for name in texts))
        assert [each.source.encoding for each in found] == list(texts)
        assert [bool(each.notes) for each in found] == [False, True, False]
        marked = table(tmp_path, codecs.BOM_UTF8 + b"a,b\nx,1\n")
        assert [each.name for each in marked.columns] == ["a", "b"]

    def test_have_a_header_below_titles(self, tmp_path):
        found = table(tmp_path, "Sales of 2020\n\na,b,c\n1,2,x\n3,4,y\n")
        assert (found.header, found.rows) == (3, 2)
        assert [each.name for each in found.columns] == ["a", "b", "c"]

    def test_without_a_header_get_names(self, tmp_path):
        found = table(tmp_path, "1,2.5\n3,4.5\n")
        assert (found.header, found.rows) == (0, 2)
        assert [each.name for each in found.columns] == ["column_1", "column_2"]

    def test_whose_first_column_has_no_name(self, tmp_path):
        found = table(tmp_path, ",a,a\n1,2,x\n2,3,y\n")
        assert [each.name for each in found.columns] == ["row", "a", "a_3"]
        assert found.rows == 2

    def test_with_years_as_names_have_a_header(self):
        assert header_of([["2019", "2020"], ["1", "2"]]).is_there
        assert not header_of([["17", "20"], ["1", "2"]]).is_there

    def test_of_json_have_paths(self, tmp_path):
        records = [{"id": 1, "at": {"x": 1.5}, "tags": ["a", "b"]}, {"id": 2, "items": [{"n": 1}]}]
        found = table(tmp_path, json.dumps({"about": "x", "rows": records}), "a.json")
        assert found.source.iterator == "$.rows[*]"
        shown = {each.reference: (each.kind, each.many) for each in found.columns}
        assert shown == {
            "id": (Kind.INTEGER, False),
            "at.x": (Kind.DECIMAL, False),
            "tags[*]": (Kind.TEXT, True),
        }
        assert "items" in found.notes[0]

    def test_of_json_with_records_by_key(self, tmp_path):
        text = json.dumps({key: {"n": 1} for key in "abc"})
        found = table(tmp_path, text, "a.json")
        assert found.source.iterator == "$.*"
        assert found.columns[0].examples == ("a", "b", "c")

    def test_of_yaml_and_json_lines(self, tmp_path):
        assert table(tmp_path, "- {a: 1}\n- {a: 2}\n", "a.yaml").rows == 2
        assert table(tmp_path, '{"a": 1}\n{"a": 2}\n', "a.jsonl").rows == 2

    def test_of_parquet(self, tmp_path):
        path = tmp_path / "a.parquet"
        duckdb.execute(
            f"COPY (SELECT 1 AS i, 1.5::DOUBLE AS d, DATE '2020-01-01' AS day) TO '{path}'"
        )
        kinds = [each.kind for each in tables(path)[0].columns]
        assert kinds == [Kind.INTEGER, Kind.DOUBLE, Kind.DATE]

    def test_of_workbooks_have_a_table_a_sheet(self, tmp_path):
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        from tests.sources.workbooks import workbook

        path = tmp_path / "a.xlsx"
        titled = [["Report of the year", None, None], [None] * 3, ["a", "b", "c"], [1, "x", True]]
        path.write_bytes(workbook({"One": [["k"], [1], [2]], "Two": titled}))
        one, two = tables(path)
        assert (one.name, one.rows, one.header) == ("One", 2, 1)
        assert (two.name, two.rows, two.header) == ("Two", 1, 3)
        assert [each.kind for each in two.columns] == [Kind.INTEGER, Kind.TEXT, Kind.BOOLEAN]
        assert tables(f"{path}#Two") == (two,)

    @pytest.mark.parametrize("asked", ["#Two", "#T*", "#One!F1:G9", ""])
    def test_of_workbooks_with_nothing_are_told(self, tmp_path, asked):
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        from tests.sources.workbooks import workbook

        path = tmp_path / "a.xlsx"
        path.write_bytes(workbook({"One": [["k"], [1]] if asked else [], "Two": []}))
        with pytest.raises(InputError, match="there is nothing in the sheet") as raised:
            tables(f"{path}{asked}")
        assert raised.value.code == "empty-file"

    def test_of_workbooks_can_be_parts_of_sheets(self, tmp_path):
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        from tests.sources.workbooks import workbook

        path = tmp_path / "a.xlsx"
        rows = [["Report"], [], [None, "a", "b", "c"], [None, 1, "x", 2], [None, 3, None, 4]]
        path.write_bytes(workbook({"t1": rows, "t2": rows, "About": [["x"], ["y"]]}, ["C4:C5"]))
        one, two, _ = tables(path)
        assert [each.filled for each in one.columns] == [2, 2, 2]
        assert one.source.dialect.cells == "B:D"
        assert one.notes[-1] == "t1, t2 have the same columns: a.xlsx#t* is one table"
        (both,) = tables(f"{path}#t*")
        assert [each.name for each in both.columns] == ["a", "b", "c", "sheet"]
        assert both.rows == one.rows + two.rows
        (part,) = tables(f"{path}#t1!B3:C4")
        assert ([each.name for each in part.columns], part.rows, part.header) == (["a", "b"], 1, 3)
        with pytest.raises(InputError, match="no range of cells"):
            tables(f"{path}#t1!B9:A1")
        with pytest.raises(InputError, match=r"no sheet 'x\*'"):
            tables(f"{path}#x*")

    def test_of_workbooks_may_stand_apart_from_the_first_column(self, tmp_path):
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        from tests.sources.workbooks import workbook

        path = tmp_path / "a.xlsx"
        before = [None] * 3
        rows = [[None, "Report"], [], [*before, "a", "b", "c"], [*before, 1, "x", 2]]
        path.write_bytes(workbook({"S": [*rows, [*before, 3, None, 4]]}))
        (table,) = tables(path)
        assert [(each.name, each.filled) for each in table.columns] == [
            ("a", 2),
            ("b", 1),
            ("c", 2),
        ]
        assert (table.source.dialect.cells, table.rows, table.header) == ("D:F", 2, 3)
        assert "the columns beside D:F are empty" in table.notes

    def test_of_databases_have_their_tables(self, tmp_path):
        pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
        path = tmp_path / "a.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE t (id INTEGER, name TEXT)")
            connection.execute("INSERT INTO t VALUES (1, 'x'), (2, NULL)")
        (found,) = tables(path)
        assert (found.name, found.rows, found.columns[1].filled) == ("t", 2, 1)

    def test_that_are_no_tables_are_told(self, tmp_path):
        (tmp_path / "a.pdf").write_bytes(b"x")
        with pytest.raises(InputError, match="no table that kg knows"):
            tables(tmp_path / "a.pdf")
        (tmp_path / "a.json").write_text('{"a": [1')
        with pytest.raises(InputError, match=r"a\.json"):
            tables(tmp_path / "a.json")
        with pytest.raises(InputError, match="no file"):
            tables(tmp_path / "b.csv")


class TestCommand:
    def test_shows_the_columns(self, tmp_path, capfd):
        path = tmp_path / "a.csv"
        path.write_text("id;born;sum\nx;31.12.1999;1,5\ny;;NA\n")
        assert main(["peek", str(path)]) == 0
        shown = capfd.readouterr().out
        assert 'delimiter ";", header in line 1, 2 records, 3 columns' in shown
        lines = [line.split() for line in shown.splitlines()]
        assert ["id", "text", "0", "unique", "x,", "y"] in lines
        assert ["born", "date", "(dd.MM.yyyy)", "1", "1", "31.12.1999"] in lines
        assert ["sum", "decimal", "(decimal", "comma)", "1", "(NA)", "1", "1,5"] in lines

    def test_writes_json(self, tmp_path, capfd):
        path = tmp_path / "a.csv"
        path.write_text("id,n\nx,1\ny,\n")
        assert main(["peek", str(path), "--format", "json"]) == 0
        (found,) = json.loads(capfd.readouterr().out)
        assert (found["records"], found["delimiter"], found["header"]) == (2, ",", 1)
        assert [(c["name"], c["type"], c["empty"]) for c in found["columns"]] == [
            ("id", "text", 0),
            ("n", "integer", 1),
        ]


@pytest.mark.parametrize("name", ["none", "none.csv", "none.xyz"])
def test_what_is_no_file_is_told_before_its_ending(tmp_path, name):
    with pytest.raises(InputError, match="there is no file"), peek([str(tmp_path / name)]):
        pass
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="is a folder, not a file"), peek([str(tmp_path / name)]):
        pass


@pytest.mark.parametrize("place", ["localhost:notaport/shop", "localhost:1x/shop#t"])
@pytest.mark.parametrize("password", ["s3cret", "s3/cr#etpw", "s3@cr?etpw"])
def test_an_address_that_cannot_be_read_is_told_without_its_login(place, password, capfd):
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    assert main(["--debug", "peek", f"postgresql://me:{password}@{place}"]) == 2
    said = capfd.readouterr().err
    assert "[bad-database]" in said
    assert "%23" in said
    assert not [part for part in ("s3", "cr", "etpw") if part in said.partition("kg: ")[2]]
    assert "ValueError" not in said


def test_a_password_may_have_the_mark_of_tables(capfd):
    pytest.importorskip("psycopg", reason="the extra sql is not installed")
    assert main(["peek", "postgresql://me:s3/cr#etpw@127.0.0.1:1/shop#t"]) == 3
    said = capfd.readouterr().err
    assert "[database-unreachable]" in said
    assert "etpw" not in said


class TestCodes:
    @pytest.mark.parametrize(
        ("values", "name"),
        [
            (["+491701234567", "+441234567890"], "phone"),
            (["12345678901234567890", "2"], "serial"),
            (["1e5", "2e7", "12"], "sku"),
            (["1.10", "1.9"], "version"),
            (["00", "0"], "n"),
        ],
    )
    def test_stay_texts(self, tmp_path, values, name):
        (_, found) = table(
            tmp_path,
            "".join(
                f"{a},{b}\n"
                for a, b in [("x", name), *((f"k{n}", v) for n, v in enumerate(values))]
            ),
        ).columns
        assert found.kind is Kind.TEXT

    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            (["+5", "-3", "+0"], Kind.INTEGER),
            (["+5", "+3"], Kind.INTEGER),
            (["1e+05", "2"], Kind.DOUBLE),
            (["1.5e5", "2"], Kind.DOUBLE),
            (["1E5", "2.5E7"], Kind.DOUBLE),
            (["123456789012345678", "2"], Kind.INTEGER),
        ],
    )
    def test_are_not_taken_for_all_numbers(self, tmp_path, values, kind):
        (_, found) = table(
            tmp_path, "k,n\n" + "".join(f"k{n},{v}\n" for n, v in enumerate(values))
        ).columns
        assert found.kind is kind

    def test_are_told(self, tmp_path):
        (_, found) = table(tmp_path, "k,n\na,12345678901234567890\nb,3\n").columns
        assert found.doubts == (
            "12345678901234567890 is too long to reckon with, so it stays a text",
        )


class TestTextsThatAreNearlyAllValues:
    @pytest.mark.parametrize(
        ("values", "doubt"),
        [
            (
                ["1", "2", "3", "4", "unknown"],
                "4 of 5 different values are whole numbers, but not unknown",
            ),
            (
                [*(f"0{n}.02.2020" for n in range(1, 7)), "x", "31.02.2020"],
                "6 of 8 different values are days (dd.MM.yyyy), but not 31.02.2020, x",
            ),
        ],
    )
    def test_are_told(self, tmp_path, values, doubt):
        (_, found) = table(
            tmp_path, "k,n\n" + "".join(f"k{n},{v}\n" for n, v in enumerate(values))
        ).columns
        assert (found.kind, found.doubts) == (Kind.TEXT, (doubt,))


class TestBlanks:
    def test_around_values_are_cut_off(self, tmp_path):
        found = table(tmp_path, "id , name , score \n 1 , Ann , 3.5 \n 2 , Bob ,   \n")
        assert [each.name for each in found.columns] == ["id", "name", "score"]
        assert [each.kind for each in found.columns] == [Kind.INTEGER, Kind.TEXT, Kind.DECIMAL]
        assert found.columns[2].filled == 1
        assert found.source.dialect.trim == "true"
        assert "blanks around names and values are cut off" in found.notes

    def test_within_quotes_too(self, tmp_path):
        assert table(tmp_path, 'id,n\n"a ",1\nb,2\n').columns[0].examples == ("a", "b")

    def test_that_are_not_there_are_not_told(self, tmp_path):
        found = table(tmp_path, "id,n\na b,1\n")
        assert (found.source.dialect.trim, found.notes) == ("false", ())


class TestFilesThatAreNoPlainTables:
    def test_have_long_fields(self, tmp_path):
        found = table(tmp_path, f'id,text\n1,"{"x" * 300_000}"\n2,y\n')
        assert found.columns[1].longest == 300_000

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_have_no_mark_of_their_encoding(self, tmp_path, encoding):
        found = table(tmp_path, "id,text\n1,é\n2,b\n".encode(encoding))
        assert [each.examples for each in found.columns] == [("1", "2"), ("é", "b")]
        assert found.source.encoding == encoding

    def test_are_broken_parquet(self, tmp_path):
        (tmp_path / "a.parquet").write_bytes(b"PAR1xxxx")
        with pytest.raises(InputError, match="no Parquet file") as raised:
            tables(tmp_path / "a.parquet")
        assert raised.value.code == "bad-parquet"

    def test_are_geojson(self, tmp_path):
        point = {"type": "Point", "coordinates": [1.5, 2.0]}
        features = [{"id": n, "properties": {"n": n}, "geometry": point} for n in (1, 2)]
        text = json.dumps({"type": "FeatureCollection", "features": features})
        found = table(tmp_path, text, "a.geojson")
        assert (found.rows, found.source.iterator) == (2, "$.features[*]")

    def test_are_databases_that_cannot_be_read(self, tmp_path):
        pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
        with sqlite3.connect(tmp_path / "a.db") as connection:
            connection.execute("CREATE TABLE t (id INTEGER)")
            connection.execute("CREATE VIEW v AS SELECT * FROM gone")
            connection.execute("CREATE TABLE u (id INTEGER)")
        first, second = tables(tmp_path / "a.db")
        assert first.notes == ("cannot be read, and left out: the view v",)
        assert (first.name, second.name, second.notes) == ("t", "u", ())
        with pytest.raises(InputError, match="the view 'v' cannot be read"):
            tables(f"{tmp_path / 'a.db'}#v")
        sqlite3.connect(tmp_path / "none.db").execute("VACUUM")
        with sqlite3.connect(tmp_path / "none.db") as connection:
            connection.execute("CREATE TABLE t (id INTEGER)")
            connection.execute("DROP TABLE t")
        with pytest.raises(InputError, match="the database has no tables"):
            tables(tmp_path / "none.db")

    def test_are_databases_that_another_program_writes(self, tmp_path):
        pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("CREATE TABLE t (id INTEGER)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match="another program has the database locked"):
            tables(tmp_path / "a.db")
        other.close()

    def test_tell_that_lists_of_numbers_have_no_order(self, tmp_path):
        found = table(tmp_path, '[{"at": [1.5, 2], "tags": ["a"]}]', "a.json")
        assert [bool(each.doubts) for each in found.columns] == [True, False]

    def test_tell_that_columns_are_no_records(self, tmp_path):
        columns = {
            "city": {"0": "Bonn", "1": "Ulm"},
            "pop": {"0": 3, "1": 1},
            "x": {"0": 1, "1": 2},
        }
        found = table(tmp_path, json.dumps(columns), "a.json")
        assert "orient='records'" in found.notes[0]
        found = table(tmp_path, json.dumps({k: {"0": 1, "a": 2} for k in "abc"}), "b.json")
        assert found.notes == ()

    def test_of_json_may_have_texts_among_numbers(self, tmp_path):
        records = [
            {"id": "a", "n": 1, "v": 1, "w": [1], "o": {"x": 1}, "b": True},
            {"id": "b", "n": "N/A", "v": "two", "w": 3, "o": 5, "b": "no"},
            {"id": "c", "n": None, "v": None, "w": None, "o": None, "b": None},
        ]
        found = table(tmp_path, json.dumps(records), "a.json")
        assert [(each.name, each.kind, each.filled) for each in found.columns] == [
            ("id", Kind.TEXT, 3),
            ("n", Kind.INTEGER, 1),
            ("v", Kind.TEXT, 2),
            ("b", Kind.TEXT, 2),
        ]
        assert [note.partition(",")[0] for note in found.notes] == ["not read: w", "not read: o"]
