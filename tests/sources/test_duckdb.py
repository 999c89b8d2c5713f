"""Files of DuckDB as sources: types, names of tables, and what is refused."""

from __future__ import annotations

import json

import duckdb
import pytest

from kg.errors import InputError, WorldError
from kg.peek import Kind, peek
from tests.mapping.running import run_mapping

XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture
def file(tmp_path):
    """Returns the path of a file that statements have made."""
    path = tmp_path / "a.duckdb"

    def make(*statements: str):
        with duckdb.connect(str(path)) as connection:
            for statement in statements:
                connection.execute(statement)
        return path

    return make


def objects(folder, reference="v", table="t"):
    source = ["a.duckdb~duckdb", table] if table else ["a.duckdb~duckdb"]
    one = {"sources": [source], "s": "ex:$(id)", "po": [["ex:p", f"$({reference})"]]}
    return run_mapping(folder, json.dumps({"mappings": {"m": one}}), {}).objects()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7::TINYINT", f'"7"^^<{XSD}integer>'),
        ("170141183460469231731687303715884105727::HUGEINT",
         f'"170141183460469231731687303715884105727"^^<{XSD}integer>'),
        ("1.50::DECIMAL(9, 2)", f'"1.50"^^<{XSD}decimal>'),
        ("1.5::DOUBLE", f'"1.5E0"^^<{XSD}double>'),
        ("true", f'"true"^^<{XSD}boolean>'),
        ("DATE '2020-02-29'", f'"2020-02-29"^^<{XSD}date>'),
        ("TIMESTAMP '2020-02-29 10:00:00'", f'"2020-02-29T10:00:00"^^<{XSD}dateTime>'),
        ("TIMESTAMPTZ '2020-02-29 10:00:00+02'", f'"2020-02-29T08:00:00Z"^^<{XSD}dateTime>'),
        ("'b'::ENUM('a', 'b')", '"b"'),
        ("'x'", '"x"'),
        ("'\\x01'::BLOB", f'"01"^^<{XSD}hexBinary>'),
    ],
)  # fmt: skip
def test_values_have_the_types_of_the_table(tmp_path, file, value, expected):
    file(f"CREATE TABLE t AS SELECT 1 AS id, {value} AS v UNION ALL SELECT 2, NULL")
    assert objects(tmp_path) == [expected]


def test_tables_by_name(tmp_path, file):
    path = file(
        "CREATE TABLE T AS SELECT 1 AS id, 'a' AS v",
        "CREATE SCHEMA s",
        """CREATE TABLE s."my table" AS SELECT 1 AS id, 'b' AS v""",
    )
    before = path.read_bytes()
    assert objects(tmp_path, table="T") == objects(tmp_path, table="t") == ['"a"']
    assert objects(tmp_path, table="s.my table") == ['"b"']
    with pytest.raises(InputError, match=r"no table 's\.mytable'") as raised:
        objects(tmp_path, table="s.mytable")
    assert raised.value.hint is not None
    assert "Did you mean 's.my table'" in raised.value.hint
    with pytest.raises(InputError, match="names no table"):
        objects(tmp_path, table="")
    with pytest.raises(InputError) as raised:
        objects(tmp_path, "w")
    assert raised.value.code == "missing-column"
    assert path.read_bytes() == before


def test_the_only_table_needs_no_name(tmp_path, file):
    file("CREATE TABLE t AS SELECT 1 AS id, 'a' AS v")
    assert objects(tmp_path, table="") == ['"a"']


def test_views_are_not_read(tmp_path, file):
    secret = tmp_path / "secret.csv"
    secret.write_text("id,v\n1,s3cret\n")
    file("CREATE TABLE o AS SELECT 1 AS id", f"CREATE VIEW t AS SELECT * FROM '{secret}'")
    with pytest.raises(InputError) as raised:
        objects(tmp_path)
    assert raised.value.code == "missing-table"
    assert "Views are not read" in (raised.value.hint or "")


def test_lists_and_structures_are_told(tmp_path, file):
    file("CREATE TABLE t AS SELECT 1 AS id, [1, 2] AS v, 'x' AS w")
    with pytest.raises(InputError, match="an array"):
        objects(tmp_path)
    assert objects(tmp_path, "w") == ['"x"']


def test_no_database(tmp_path):
    (tmp_path / "a.duckdb").write_bytes(b"x" * 5000)
    with pytest.raises(InputError) as raised:
        objects(tmp_path)
    assert raised.value.code == "bad-database"
    assert raised.value.location is not None


def test_a_file_in_use_is_told(tmp_path, file, monkeypatch):
    file("CREATE TABLE t AS SELECT 1 AS id, 'a' AS v")
    said = duckdb.IOException("IO Error: Could not set lock on file: Conflicting lock is held")
    monkeypatch.setattr("kg.engines.duckdb.duck_files.sql_file", _raising(said))
    with pytest.raises(WorldError) as raised:
        objects(tmp_path)
    assert raised.value.code == "database-unreachable"


def _raising(error):
    def raises(_):
        raise error

    return raises


def test_peek(file):
    path = file(
        "CREATE TABLE people AS SELECT 1 AS id, DATE '2020-01-01' AS born, ['x'] AS tags",
        "CREATE TABLE s AS SELECT 'a' AS k",
    )
    with peek([str(path)]) as found:
        people, other = found.tables
    assert (people.name, people.format_name, people.rows) == ("people", "DuckDB", 1)
    assert [each.kind for each in people.columns] == [Kind.INTEGER, Kind.DATE]
    assert people.notes == ("nested columns are left out: tags",)
    with peek([f"{path}#s"]) as found:
        assert found.tables == (other,)
    named = path.rename(path.with_suffix(".db"))
    with peek([str(named)]) as found:
        assert [each.name for each in found.tables] == ["people", "s"]
