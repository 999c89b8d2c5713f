"""Files of DuckDB itself: their tables, attached for reading only.

Views are not read: their queries would run with the rights of kg, and may name files.

Spec: https://duckdb.org/docs/stable/sql/statements/attach
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import first_line, sql_file, sql_name, sql_text
from kg.engines.duckdb.parquet import column_sql
from kg.errors import InputError, Location, WorldError
from kg.mapping.plan import LogicalSource
from kg.paths import real_path, show_path
from kg.sources.files import missing_reference
from kg.sources.reading import Reading
from kg.sources.records import DuckRecords
from kg.wording import nearest

_START: Final = "kg_file_"
_SHOWN: Final = 20

# Schema, name, and columns with their types.
_Table = tuple[str, str, Sequence[tuple[str, str]]]


def duck_query(
    connection: duckdb.DuckDBPyConnection, records: DuckRecords, reading: Reading
) -> str:
    """Return a query for the columns record, c0, t0, c1, … of a table of a file.

    Raises:
        InputError: It is no file of DuckDB, or lacks the table or a column.
        WorldError: Another program writes to the file.
    """
    database = _attached(connection, records.path)
    schema, name, columns = _chosen(_tables(connection, database), records.table, reading.source)
    types = dict(columns)
    shown = ""
    for column in reading.table.columns:
        if column.reference not in types:
            raise missing_reference(column, list(types), reading.source)
        value, kind = sql_name(column.reference), types[column.reference]
        if kind.startswith("ENUM("):
            value, kind = f"CAST({value} AS VARCHAR)", "VARCHAR"
        shown += f", {column_sql(value, kind, column.index)}"
    table = ".".join(map(sql_name, (database, schema, name)))
    return f"SELECT row_number() OVER () AS record{shown} FROM {table}"


def table_columns(
    connection: duckdb.DuckDBPyConnection, path: Path
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the tables of a file, with the names and types of their columns.

    Raises:
        InputError: It is no file of DuckDB.
        WorldError: Another program writes to the file.
    """
    tables = _tables(connection, _attached(connection, path))
    return {_called(schema, name): tuple(columns) for schema, name, columns in tables}


def _attached(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return the name of a file's database in the connection."""
    real = real_path(path)
    known = connection.execute("SELECT database_name, path FROM duckdb_databases()").fetchall()
    for name, where in known:
        if name.startswith(_START) and where == str(real):
            return str(name)
    database = f"{_START}{len(known)}"
    try:
        connection.execute(f"ATTACH {sql_file(real)} AS {database} (TYPE DUCKDB, READ_ONLY)")
    except duckdb.Error as error:
        said, place = first_line(error), Location(show_path(path))
        if "lock" in said.lower():
            raise WorldError(
                "database-unreachable",
                f"the file is in use: {said}",
                location=place,
                hint="Close the program that writes to it, or copy the file.",
            ) from error
        raise InputError(
            "bad-database",
            f"the file is no DuckDB database that can be read: {said}",
            location=place,
            hint="Check the name; a newer DuckDB may have written it.",
        ) from error
    return database


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[_Table]:
    rows = connection.execute(
        "SELECT schema_name, table_name, list((column_name, data_type) ORDER BY column_index)"
        " FROM duckdb_columns() JOIN duckdb_tables() USING (database_oid, schema_oid, table_oid,"
        " database_name, schema_name, table_name)"
        f" WHERE database_name = {sql_text(database)} AND NOT duckdb_tables.internal"
        " GROUP BY table_oid, schema_name, table_name ORDER BY table_oid"
    ).fetchall()
    return [(schema, name, [tuple(column) for column in columns]) for schema, name, columns in rows]


def _called(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"


def _chosen(tables: Sequence[_Table], wanted: str, source: LogicalSource) -> _Table:
    """Return the table of a name: the exact one, or the only one that differs in case alone."""
    known = {_called(schema, name): (schema, name, columns) for schema, name, columns in tables}
    found = [wanted] if wanted in known else []
    found = found or [name for name in known if name.casefold() == wanted.casefold()]
    if not wanted and len(known) == 1:
        found = list(known)
    if len(found) == 1:
        return known[found[0]]
    near = nearest(wanted, known)
    listed = ", ".join(list(known)[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    raise InputError(
        "missing-table",
        f"the database has no table {wanted!r}" if wanted else "the source names no table",
        location=source.origin.location(),
        hint=(f"Did you mean {near!r}? " if near else "")
        + f"It has: {listed or 'no tables'}. Views are not read.",
    )
