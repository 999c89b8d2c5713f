"""Parquet files: read by DuckDB, with the natural datatypes of their columns."""

from __future__ import annotations

from collections import Counter
from typing import Final

import duckdb

from kg.duck import first_line, read_parquet, sql_file, sql_name
from kg.errors import InputError
from kg.sources.files import missing_reference
from kg.sources.reading import Reading
from kg.sources.streams import unpacked

_INTEGERS: Final = frozenset(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)
_TIMESTAMPS: Final = frozenset(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"))


def select(reading: Reading) -> str:
    """Return a query for one Parquet file; see `kg.sources.loading`.

    Raises:
        InputError: The file is no Parquet file, or lacks a column.
    """
    path = unpacked(reading.file, reading.source, reading.copy(".parquet"))
    scan = read_parquet(path)
    try:
        described = reading.connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        schema = reading.connection.execute(
            f"SELECT name, num_children FROM parquet_schema({sql_file(path)})"
        ).fetchall()
    except duckdb.Error as error:
        raise broken(str(error), reading) from error
    names = _top_names(schema)
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
        # DuckDB may have renamed columns whose names differ only in case.
        name, kind = described[numbers[column.reference]][:2]
        shown.append(_column(sql_name(name), kind, column.index))
    listed = "".join(f", {sql}" for sql in shown)
    return f"SELECT row_number() OVER () AS record{listed} FROM {scan}"


def broken(text: str, reading: Reading) -> InputError:
    """Return the error for a file that DuckDB cannot read as Parquet."""
    return InputError(
        "bad-parquet",
        f"the file is no Parquet file that can be read: {first_line(ValueError(text))}",
        location=reading.file.location,
        hint="Write the file again.",
    )


def _top_names(schema: list[tuple[str, int | None]]) -> list[str]:
    """Return the names of the columns from a schema: a tree, written with parents first."""
    names = []
    skipped = 0
    for name, children in schema[1:]:
        if skipped:
            skipped += (children or 0) - 1
        else:
            names.append(name)
            skipped = children or 0
    return names


def _column(value: str, kind: str, index: int) -> str:
    """Return the SQL of the text and the kind of a column of a type of DuckDB."""
    text, mark = f"CAST({value} AS VARCHAR)", "NULL"
    if kind in _INTEGERS:
        mark = "'i'"
    elif kind in ("FLOAT", "DOUBLE"):
        mark = "'d'"
    elif kind.startswith("DECIMAL"):
        mark = "'n'"
    elif kind == "BOOLEAN":
        mark = "'b'"
    elif kind == "DATE":
        mark = "'D'"
    elif kind == "TIME":
        mark = "'t'"
    elif kind in _TIMESTAMPS:
        text, mark = f"replace({text}, ' ', 'T')", "'T'"
    elif kind == "TIMESTAMP WITH TIME ZONE":
        # In UTC, whatever the zone of the machine is.
        text = f"replace(CAST(make_timestamp(epoch_us({value})) AS VARCHAR), ' ', 'T') || 'Z'"
        mark = "'T'"
    elif kind == "BLOB":
        text, mark = f"hex({value})", "'h'"
    elif "[" in kind or "(" in kind or kind == "INTERVAL":
        mark = "'!'"
    if mark != "NULL":
        mark = f"CASE WHEN {value} IS NOT NULL THEN {mark} END"
    return f"{text} AS c{index}, {mark} AS t{index}"
