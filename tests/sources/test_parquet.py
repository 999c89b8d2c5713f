"""Parquet: natural datatypes by column, names, and what is refused."""

from __future__ import annotations

import random

import duckdb
import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping, yarrrml

XSD = "http://www.w3.org/2001/XMLSchema#"


def parquet(folder, columns: str) -> None:
    duckdb.connect().execute(f"COPY (SELECT {columns}) TO '{folder}/a.parquet' (FORMAT parquet)")


def objects(tmp_path, value: str) -> list[str]:
    parquet(tmp_path, f"1 AS id, {value} AS v")
    return run_mapping(tmp_path, yarrrml("[['a.parquet~parquet']]", ["[ex:p, $(v)]"]), {}).objects()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'x'", '"x"'),
        ("''", '""'),
        ("7::TINYINT", f'"7"^^<{XSD}integer>'),
        ("7::UBIGINT", f'"7"^^<{XSD}integer>'),
        ("-9223372036854775808", f'"-9223372036854775808"^^<{XSD}integer>'),
        ("1.50::DECIMAL(9,2)", f'"1.50"^^<{XSD}decimal>'),
        (
            "12345678901234567890.123456789::DECIMAL(38,9)",
            f'"12345678901234567890.123456789"^^<{XSD}decimal>',
        ),
        ("0.1::FLOAT", f'"1.0E-1"^^<{XSD}double>'),
        ("1e300::DOUBLE", f'"1.0E300"^^<{XSD}double>'),
        ("'inf'::DOUBLE", f'"INF"^^<{XSD}double>'),
        ("true", f'"true"^^<{XSD}boolean>'),
        ("DATE '2022-11-18'", f'"2022-11-18"^^<{XSD}date>'),
        ("TIME '10:00:01'", f'"10:00:01"^^<{XSD}time>'),
        ("TIMESTAMP '2022-11-18 10:00:01.25'", f'"2022-11-18T10:00:01.25"^^<{XSD}dateTime>'),
        ("TIMESTAMPTZ '2022-11-18 10:00:00+02'", f'"2022-11-18T08:00:00Z"^^<{XSD}dateTime>'),
        ("TIMESTAMP_S '2022-11-18 10:00:01'", f'"2022-11-18T10:00:01"^^<{XSD}dateTime>'),
        ("TIMESTAMP_MS '2022-11-18 10:00:01.5'", f'"2022-11-18T10:00:01.5"^^<{XSD}dateTime>'),
        (
            "TIMESTAMP_NS '2024-02-29 12:00:00.123456789'",
            f'"2024-02-29T12:00:00.123456789"^^<{XSD}dateTime>',
        ),
        (
            "'2024-02-29 12:00:00.123456789+02'::TIMESTAMPTZ_NS",
            f'"2024-02-29T10:00:00.123456789Z"^^<{XSD}dateTime>',
        ),
        ("'12:00:00.123456789'::TIME_NS", f'"12:00:00.123456789"^^<{XSD}time>'),
        ("TIMETZ '12:00:00.5+02'", f'"10:00:00.5Z"^^<{XSD}time>'),
        ("DATE '0044-03-15 (BC)'", f'"-0043-03-15"^^<{XSD}date>'),
        ("DATE '0001-03-15 (BC)'", f'"0000-03-15"^^<{XSD}date>'),
        ("DATE '12024-02-29'", f'"12024-02-29"^^<{XSD}date>'),
        ("TIMESTAMP '0044-03-15 (BC) 10:00:00'", f'"-0043-03-15T10:00:00"^^<{XSD}dateTime>'),
        ("TIMESTAMPTZ '0044-03-15 (BC) 10:00:00+00'", f'"-0043-03-15T10:00:00Z"^^<{XSD}dateTime>'),
        ("INTERVAL '1 month 2 days 3.5 seconds'", f'"P1M2DT3.5S"^^<{XSD}duration>'),
        ("INTERVAL '14 months 25 hours'", f'"P1Y2M1DT1H"^^<{XSD}duration>'),
        ("INTERVAL 0 DAY", f'"PT0S"^^<{XSD}duration>'),
        ("'nan'::FLOAT", f'"NaN"^^<{XSD}double>'),
        ("18446744073709551615::UBIGINT", f'"18446744073709551615"^^<{XSD}integer>'),
        ("'a'::ENUM('a', 'b')", '"a"'),
        ("""'{"a": 1}'::JSON""", '"{\\"a\\": 1}"'),
        ("'\\x00\\xAB'::BLOB", f'"00AB"^^<{XSD}hexBinary>'),
        ("uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8'", '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"'),
    ],
)
def test_natural_datatypes(tmp_path, value, expected):
    assert objects(tmp_path, value) == [expected]


KINDS = (
    *("INTEGER", "DOUBLE", "DECIMAL(9, 2)", "BOOLEAN", "DATE", "TIME", "TIME_NS", "TIMETZ", "BLOB"),
    *("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"),
    *("INTERVAL", "VARCHAR", "UUID", "INTEGER[]", "STRUCT(a INTEGER)", "MAP(INTEGER, INTEGER)"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values(tmp_path, kind):
    assert objects(tmp_path, f"NULL::{kind}") == []


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMPTZ"])
@pytest.mark.parametrize("value", ["infinity", "-infinity"])
def test_infinite_times(tmp_path, kind, value):
    with pytest.raises(InputError) as raised:
        objects(tmp_path, f"'{value}'::{kind}")
    assert raised.value.code == "not-a-value"
    assert f"the value is {value}," in raised.value.message
    assert raised.value.location is not None
    assert raised.value.location.record == 1


@pytest.mark.parametrize("value", ["[1, 2]", "{'a': 1}", "MAP {'a': 1}", "'1'::VARIANT"])
def test_what_is_no_value(tmp_path, value):
    with pytest.raises(InputError) as raised:
        objects(tmp_path, value)
    assert raised.value.code == "not-a-value"
    assert raised.value.location is not None
    assert (raised.value.location.record, raised.value.location.column) == (1, "v")


def test_names_keep_their_case(tmp_path):
    """DuckDB does not tell them apart, but the file has both."""
    parquet(tmp_path, "1 AS id, {'x': 1} AS s, 2 AS \"v w\"")
    mapping = yarrrml("[['a.parquet~parquet']]", ["[ex:p, $(v w)]"])
    assert run_mapping(tmp_path, mapping, {}).objects() == [f'"2"^^<{XSD}integer>']
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, yarrrml("[['a.parquet~parquet']]", ["[ex:p, $(V W)]"]), {})
    assert raised.value.code == "missing-column"
    assert raised.value.hint == "Did you mean 'v w'? It has: id, s, v w."


def test_records_in_order(tmp_path):
    duckdb.connect().execute(
        f"COPY (SELECT range AS id, 200000 - range AS v FROM range(200000))"
        f" TO '{tmp_path}/a.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
    )
    mapping = yarrrml("[['a.parquet~parquet']]", ["[ex:p, $(v)~iri]"])
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {}, threads=4)
    assert raised.value.location is not None
    assert raised.value.location.record == 1


@pytest.mark.parametrize("content", [b"PAR1 is none", b"x" * 100])
def test_no_parquet_file(tmp_path, content):
    mapping = yarrrml("[['a.parquet~parquet']]", ["[ex:p, $(v)]"])
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"a.parquet": content})
    assert raised.value.code == "bad-parquet"
    assert "a.parquet" in str(raised.value.location)


def test_tables_by_ending_as_other_engines_have_them(tmp_path):
    parquet(tmp_path, "1 AS id, 2 AS v")
    mapping = """
        @prefix rml: <http://w3id.org/rml/> .
        <#m> rml:logicalSource [ rml:source "a.parquet" ; rml:referenceFormulation rml:CSV ] ;
          rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
          rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
            rml:objectMap [ rml:reference "v" ] ] .
    """
    assert run_mapping(tmp_path, mapping, {}).objects() == [f'"2"^^<{XSD}integer>']


def outcome(tmp_path, source: str) -> InputError | None:
    """Map a file, and return the error if it is refused."""
    try:
        run_mapping(tmp_path, yarrrml(f"[['{source}~parquet']]", ["[ex:p, $(v)]"]), {})
    except InputError as error:
        return error
    return None


def test_a_file_with_damaged_bytes_is_refused_or_read(tmp_path):
    """Whatever byte is wrong: DuckDB has several classes of errors for it, one without a name."""
    parquet(tmp_path, "i AS id, 'name ' || i AS v FROM range(40) AS t(i)")
    path = tmp_path / "a.parquet"
    good, refused = path.read_bytes(), 0
    chance = random.Random(7)
    for _ in range(25):
        content = bytearray(good)
        content[chance.randrange(len(good))] = chance.randrange(256)
        path.write_bytes(content)
        error = outcome(tmp_path, "a.parquet")
        refused += error is not None
        assert error is None or error.location is not None
    assert refused > 4


def test_of_several_files_the_damaged_one_is_named(tmp_path):
    for name in "bca":
        parquet(tmp_path, "i AS id, 'name ' || i AS v FROM range(40) AS t(i)")
        (tmp_path / "a.parquet").rename(tmp_path / f"{name}1.parquet")
    path = tmp_path / "b1.parquet"
    good, named = path.read_bytes(), []
    for at in range(4, len(good) - 4, 60):
        path.write_bytes(good[:at] + b"\xff" * 3 + good[at + 3 :])
        error = outcome(tmp_path, "*1.parquet")
        if error is not None and error.code == "bad-parquet":
            named.append(error.location.file.rpartition("/")[2])
    assert set(named) == {"b1.parquet"}
