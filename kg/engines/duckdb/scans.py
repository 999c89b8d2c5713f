"""Files of records as queries: the table functions that read them, and the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from kg.duck import sql_file
from kg.engines.duckdb.duck_files import duck_query
from kg.engines.duckdb.json_sql import json_query
from kg.engines.duckdb.parquet import parquet_query
from kg.errors import KgError
from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import Column
from kg.sources.reading import Reading
from kg.sources.records import (
    CsvRecords,
    DuckRecords,
    JsonRecords,
    ParquetRecords,
    Records,
    RowRecords,
)
from kg.sql import sql_text

# DuckDB wants at least one text for NULL; no file holds this one.
_NO_NULL: Final = "\x00kg has no null here\x00"
_SMALLEST_BUFFER: Final = 1 << 20


def union_of(
    connection: duckdb.DuckDBPyConnection,
    found: Sequence[tuple[Reading, Records]],
    most: int | None = None,
) -> str:
    """Return a query for the columns file, record, c0, t0, c1, … of the files of a table.

    Args:
        connection: From `kg.duck.engine`.
        found: What the readers were given, and what they handed over.
        most: How many records to read of each file; None: all.

    Raises:
        InputError: A Parquet file cannot be read, or lacks a column.
    """
    files = {reading.number: each for reading, each in found if isinstance(each, JsonRecords)}
    if len(files) == len(found):
        return json_query(files, found[0][0].table.columns, most)
    selects = []
    for reading, records in found:
        try:
            sql = query_of(connection, records, reading)
        except KgError as error:
            raise error.at(reading.file.location) from error.__cause__
        # Of each file first, so that no file is read to its end for it.
        first = "" if most is None else f" LIMIT {most}"
        selects.append(f"(SELECT {reading.number}::INTEGER AS file, * FROM ({sql}){first})")
    return " UNION ALL ".join(selects)


def query_of(connection: duckdb.DuckDBPyConnection, records: Records, reading: Reading) -> str:
    """Return a query for the columns record, c0, t0, c1, … of a file.

    Args:
        connection: From `kg.duck.engine`.
        records: What the reader handed over.
        reading: What it was given.

    Raises:
        InputError: A Parquet file cannot be read, or lacks a column.
    """
    columns = reading.table.columns
    if isinstance(records, CsvRecords):
        return _csv(records, columns)
    if isinstance(records, JsonRecords):
        query = json_query({reading.number: records}, columns)
        return f"SELECT * EXCLUDE (file) FROM ({query})"
    if isinstance(records, DuckRecords):
        return duck_query(connection, records, reading)
    if isinstance(records, ParquetRecords):
        return parquet_query(connection, records, reading)
    return _rows(records, columns)


def _rows(records: RowRecords, columns: Sequence[Column]) -> str:
    kind = "VARCHAR[][]" if records.lists else "VARCHAR[]"
    scan = (
        f"read_json({sql_file(records.path)}, format = 'newline_delimited', compression = 'none',"
        f" records = false, columns = {{'row': '{kind}'}},"
        f" maximum_object_size = {max(_SMALLEST_BUFFER, 4 * records.largest)})"
    )
    picked = ""
    for number, column in enumerate(columns):
        at, index = records.first + 2 * number + 1, column.index
        if records.lists:
            picked += f", list_transform(row[{number + 1}], lambda e: {{'v': e}}) AS c{index}"
        else:
            picked += f", row[{at}] AS c{index}, row[{at + 1}] AS t{index}"
    query = f"SELECT row_number() OVER () AS record{picked} FROM {scan}"
    return _aligned(columns, query) if records.aligned and columns else query


def _aligned(columns: Sequence[Column], query: str) -> str:
    """Give midnights their time where the column has other times: they come as mere dates."""
    changed = []
    for column in columns:
        value, kind = f"c{column.index}", f"t{column.index}"
        is_midnight = f"{kind} = 'D' AND bool_or({kind} = 'T') OVER ()"
        changed.append(f"CASE WHEN {is_midnight} THEN {value} || 'T00:00:00' ELSE {value} END")
        changed[-1] += f" AS {value}"
        changed.append(f"CASE WHEN {is_midnight} THEN 'T' ELSE {kind} END AS {kind}")
    return f"SELECT * REPLACE ({', '.join(changed)}) FROM ({query})"


def _csv(records: CsvRecords, columns: Sequence[Column]) -> str:
    pairs = zip(records.picked, columns, strict=True)
    picked = "".join(f", h{number} AS c{column.index}" for number, column in pairs)
    number = "row_number() OVER ()"
    if records.numbered:
        number = f"substr(n, {len(records.numbered) + 1})::BIGINT"
    return f"SELECT {number} AS record{picked} FROM {_csv_scan(records)}"


def _csv_scan(records: CsvRecords) -> str:
    source, dialect = records.source, records.source.dialect
    names = (["n"] if records.numbered else []) + [f"h{number}" for number in range(records.width)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    trims = dialect.trim != "false"
    nulls = None if trims else source.nulls
    listed = ", ".join(sql_text(null) for null in ("",) if nulls is None) or ", ".join(
        sql_text(null) for null in nulls or (_NO_NULL,)
    )
    options = [
        "auto_detect = false",
        f"columns = {{{columns}}}",
        f"compression = {sql_text(records.packing)}",
        f"header = {str(dialect.header and not records.numbered).lower()}",
        f"skip = {records.skipped}",
        f"delim = {sql_text(dialect.delimiter)}",
        f"quote = {sql_text(dialect.quote)}",
        f"escape = {sql_text(dialect.escape)}",
        f"nullstr = [{listed}]",
        f"allow_quoted_nulls = {str(bool(nulls)).lower()}",
        "strict_mode = true",
        f"max_line_size = {records.longest}",
        "hive_partitioning = false",
        *(["new_line = '\\n'"] if records.is_copy else []),
    ]
    scan = f"read_csv({sql_file(records.path)}, {', '.join(options)})"
    if not trims:
        return scan
    trimmed = ", ".join(f"{_trimmed(f'h{n}', source)} AS h{n}" for n in range(records.width))
    return f"(SELECT {'n, ' if records.numbered else ''}{trimmed} FROM {scan})"


def _trimmed(column: str, source: LogicalSource) -> str:
    """Return the SQL of a value without white space at its ends; then it may be a null."""
    function = {"true": "trim", "start": "ltrim", "end": "rtrim"}[source.dialect.trim]
    value = f"{function}({column}, E' \\t\\r\\n')"
    nulls = ("",) if source.nulls is None else source.nulls
    if not nulls:
        return f"coalesce({value}, '')"
    return f"CASE WHEN {value} IN ({', '.join(map(sql_text, nulls))}) THEN NULL ELSE {value} END"
