"""Parquet files: read by DuckDB, with the natural datatypes of their columns."""

from __future__ import annotations

from collections import Counter
from typing import Final

import duckdb

from kg.duck import engine, first_line, read_parquet, sql_file, sql_name
from kg.errors import InputError
from kg.mapping.plan import LogicalSource
from kg.sources.files import SourceFile, missing_reference
from kg.sources.reading import Reading
from kg.sources.records import ParquetRecords
from kg.sources.streams import compression_of

_INTEGERS: Final = frozenset(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)
# How a date or timestamp is got without its zone, and the zone that its text has.
_TIMES: Final = {
    "DATE": ("{}", ""),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), ("{}", "")),
    "TIMESTAMP WITH TIME ZONE": ("make_timestamp(epoch_us({}))", "Z"),
    "TIMESTAMPTZ_NS": ("make_timestamp_ns(epoch_ns({}))", "Z"),
}
# Digits that DuckDB's decimals have; of more it makes doubles.
_MOST_DIGITS: Final = 38


def parquet_query(
    connection: duckdb.DuckDBPyConnection, records: ParquetRecords, reading: Reading
) -> str:
    """Return a query for the columns record, c0, t0, c1, … of a Parquet file.

    Raises:
        InputError: The file is not a Parquet file, or lacks a column.
    """
    path = records.path
    scan = read_parquet(path)
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        schema = connection.execute(
            f"SELECT name, num_children, precision FROM parquet_schema({sql_file(path)})"
        ).fetchall()
    except duckdb.Error as error:
        raise broken(str(error), reading.file) from error
    top = _top(schema)
    names = [name for name, _ in top]
    shown = []
    numbers, counts = {name: number for number, name in enumerate(names)}, Counter(names)
    for column in reading.table.columns:
        if column.reference not in numbers:
            raise missing_reference(column, names, reading.source)
        if counts[column.reference] > 1:
            raise InputError(
                "duplicate-column",
                f"the file has {column.reference!r} twice",
                location=reading.file.location,
                hint="Rename one: references go by the name of the column.",
            )
        if top[numbers[column.reference]][1] > _MOST_DIGITS:
            raise InputError(
                "bad-parquet",
                f"the column {column.reference!r} has decimals of more than {_MOST_DIGITS} digits",
                location=reading.file.location,
                hint="Write the column as a text.",
            )
        # DuckDB may have renamed columns whose names differ only in case.
        name, kind = described[numbers[column.reference]][:2]
        shown.append(column_sql(sql_name(name), kind, column.index))
    listed = "".join(f", {sql}" for sql in shown)
    return f"SELECT row_number() OVER () AS record{listed} FROM {scan}"


def column_names(file: SourceFile, source: LogicalSource) -> list[str]:
    """Return the names of the columns of a file, in its order; packed ones tell none.

    Raises:
        InputError: It is not a Parquet file.
    """
    if compression_of(file, source):
        return []
    schema = f"SELECT name, num_children, precision FROM parquet_schema({sql_file(file.path)})"
    with engine() as connection:
        try:
            return [name for name, _ in _top(connection.execute(schema).fetchall())]
        except duckdb.Error as error:
            raise broken(str(error), file) from error


def broken(text: str, file: SourceFile) -> InputError:
    """Return the error for a file that DuckDB cannot read as Parquet."""
    return InputError(
        "bad-parquet",
        f"the file is no Parquet file that can be read: {first_line(ValueError(text))}",
        location=file.location,
        hint="Write the file again.",
    )


def _top(schema: list[tuple[str, int | None, int | None]]) -> list[tuple[str, int]]:
    """Return the names of the columns, and the digits of decimals, from a schema.

    It is a tree, written with parents first.
    """
    found = []
    skipped = 0
    for name, children, digits in schema[1:]:
        if skipped:
            skipped += (children or 0) - 1
        else:
            found.append((name, digits or 0))
            skipped = children or 0
    return found


def column_sql(value: str, kind: str, index: int) -> str:
    """Return the SQL of the text and the kind of a column of a type of DuckDB."""
    text, mark = _typed(value, kind)
    if mark != "NULL":
        mark = f"CASE WHEN {value} IS NOT NULL THEN {mark} END"
    return f"{text} AS c{index}, {mark} AS t{index}"


def _typed(value: str, kind: str) -> tuple[str, str]:
    """Return the SQL of the text of a value, and that of its kind where it is not NULL."""
    text = f"CAST({value} AS VARCHAR)"
    if kind in _INTEGERS:
        return text, "'i'"
    if kind in ("FLOAT", "DOUBLE"):
        # As XSD writes what is no number: https://www.w3.org/TR/xmlschema11-2/#double-lexical-repr
        special = "WHEN 'nan' THEN 'NaN' WHEN 'inf' THEN 'INF' WHEN '-inf' THEN '-INF'"
        return f"CASE {text} {special} ELSE {text} END", "'d'"
    if kind.startswith("DECIMAL"):
        return text, "'n'"
    if kind == "BOOLEAN":
        return text, "'b'"
    if kind in ("TIME", "TIME_NS"):
        return text, "'t'"
    if kind == "TIME WITH TIME ZONE":
        return (
            f"regexp_replace(regexp_replace({text}, '[+]00(:00)?$', 'Z'), '([+-]..)$', '\\1:00')",
            "'t'",
        )
    if kind in _TIMES:
        return _time(value, kind)
    if kind == "INTERVAL":
        return _duration(value), "'P'"
    if kind == "BLOB":
        return f"hex({value})", "'h'"
    if "[" in kind or "(" in kind or kind == "VARIANT":
        return text, "'!'"
    return text, "NULL"


def _time(value: str, kind: str) -> tuple[str, str]:
    """Return the SQL of a date, or of a date with a time: in UTC, whatever zone the machine has.

    XSD writes years before 1 with a sign, from 0 on; it has no infinity.
    """
    make, zone = _TIMES[kind]
    plain = make.format(value)
    text = f"replace(CAST({plain} AS VARCHAR), ' (BC)', '')"
    year = f"abs(year({plain}))"
    sign = f"CASE WHEN year({plain}) < 0 THEN '-' ELSE '' END"
    early = f"{sign} || lpad(CAST({year} AS VARCHAR), 4, '0') || substr({text}, instr({text}, '-'))"
    shown = f"CASE WHEN year({plain}) < 1 THEN {early} ELSE {text} END"
    if kind != "DATE":
        shown = f"replace({shown}, ' ', 'T') || '{zone}'"
    mark = "'D'" if kind == "DATE" else "'T'"
    # In nanoseconds there is no infinity.
    finite = "true" if kind == "TIMESTAMPTZ_NS" else f"isfinite({value})"
    return (
        f"CASE WHEN {finite} THEN {shown} ELSE CAST({value} AS VARCHAR) END",
        f"CASE WHEN {finite} THEN {mark} ELSE '!' END",
    )


def _duration(value: str) -> str:
    """Return the SQL of an interval as xsd:duration; Parquet has none below zero."""

    def part(name: str, letter: str) -> str:
        number = f"extract({name} FROM {value})"
        return f"CASE WHEN {number} <> 0 THEN {number} || '{letter}' ELSE '' END"

    micros = f"extract(microseconds FROM {value})"
    seconds = (
        f"CASE WHEN {micros} <> 0 THEN rtrim(rtrim(CAST(CAST({micros} AS DECIMAL(18, 6)) / 1000000"
        " AS DECIMAL(18, 6))::VARCHAR, '0'), '.') || 'S' ELSE '' END"
    )
    date = " || ".join(part(name, name[0].upper()) for name in ("year", "month", "day"))
    clock = f"{part('hour', 'H')} || {part('minute', 'M')} || {seconds}"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL WHEN {value} = INTERVAL 0 SECOND THEN 'PT0S'"
        f" ELSE 'P' || {date} || CASE WHEN {clock} <> '' THEN 'T' || {clock} ELSE '' END END"
    )
