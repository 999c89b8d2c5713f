"""A logical source becomes a table: each file read once, each record with its number.

The table has the columns ``file`` (number of the file, from 0), ``record`` (number of the record
in its file, from 1, the header not counted), and those of `kg.engines.duckdb.term_sql`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import only_row, sql_name, sql_text
from kg.engines.duckdb.bad_values import (
    BAD,
    DOUBLE,
    ListsFound,
    bad_columns,
    column_error,
    list_names,
    note_columns,
    odd_kinds,
    without_bad,
)
from kg.engines.duckdb.big_numbers import beyond_double
from kg.engines.duckdb.dialect import BAD_VALUE
from kg.engines.duckdb.host import DuckHost
from kg.engines.duckdb.read_errors import explained, is_mendable, not_utf8
from kg.engines.duckdb.scans import union_of
from kg.engines.loaded import LoadedTable
from kg.errors import InputError, KgError, WorldError
from kg.mapping.plan import Formulation
from kg.mapping.source_table import Column, SourceTable
from kg.rejects import current
from kg.sources import json_files
from kg.sources.files import Folders, SourceFile
from kg.sources.formats import FORMATS, Format
from kg.sources.inputs import files_of
from kg.sources.reading import Reading

# What reading takes for each column, in bytes: DuckDB holds about six vectors of 2,048 values.
BYTES_PER_COLUMN: Final = 6 * 2048 * 16
# Columns that are read at once even where memory is short.
FEWEST_COLUMNS: Final = 50


def load_table(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, folders: Folders
) -> LoadedTable:
    """Read a logical source into a temporary table of its name.

    Args:
        connection: From `kg.duck.engine`, with the macros of `kg.engines.duckdb.dialect`.
        table: What to read.
        folders: Where to find it.

    Raises:
        InputError: A file is missing or broken, a reference names no column, a value is an array
            or object where a single value is needed.
        ListsFound: References have lists, so that the plan must be changed by `with_lists`.
    """
    source = table.source
    files = files_of(source, folders)
    # Few are read at once whatever the memory is, which takes a statement to ask.
    if len(table.columns) > FEWEST_COLUMNS and FORMATS[source.formulation].is_ordered:
        width = _width(connection)
        if len(table.columns) > width:
            return _load_wide(connection, table, files, folders, width)
    return _load(connection, table, files, folders)


def _width(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many columns may be read at once under the memory limit."""
    return max(FEWEST_COLUMNS, DuckHost(connection).memory() // (2 * BYTES_PER_COLUMN))


def _load_wide(
    connection: duckdb.DuckDBPyConnection,
    table: SourceTable,
    files: Sequence[SourceFile],
    folders: Folders,
    width: int,
) -> LoadedTable:
    """Read a table some columns at a time, into tables that stand side by side."""
    pieces: list[LoadedTable] = []
    for start in range(0, len(table.columns), width):
        columns = table.columns[start : start + width]
        name = f"{table.name}_{len(pieces)}"
        piece = replace(table, name=name, columns=columns, computed=(), sorted_by="")
        try:
            pieces.append(_load(connection, piece, files, folders))
        except ListsFound:
            for earlier in pieces:
                drop_table(connection, earlier)
            raise
    if len({piece.records for piece in pieces}) > 1:
        raise WorldError(
            "source-changed",
            f"{files[0].shown} changed while it was read",
            hint="Run the command again once the file is written.",
        )
    names = [piece.table.name for piece in pieces]
    joined = " POSITIONAL JOIN ".join(map(sql_name, names))
    others = [f"{sql_name(name)}.* EXCLUDE (file, record)" for name in names[1:]]
    view = f"CREATE TEMP VIEW {sql_name(table.name)} AS SELECT "
    shown = ", ".join([f"{sql_name(names[0])}.*", *others])
    incomplete = False
    if table.computed:
        extra = f"{table.name}_s"
        made = ", ".join(f"{column.sql} AS {column.name}" for column in table.computed)
        rows = f"(SELECT {shown} FROM {joined})"
        try:
            connection.execute(f"CREATE TEMP TABLE {sql_name(extra)} AS SELECT {made} FROM {rows}")
        except duckdb.InvalidInputException as error:
            if BAD_VALUE not in str(error):
                raise
            incomplete = True
        else:
            names.append(extra)
            joined, shown = f"{joined} POSITIONAL JOIN {sql_name(extra)}", f"{shown}, {extra}.*"
    connection.execute(f"{view}{shown} FROM {joined}")
    # Its pieces are in the order of the source, which no sort may change for one of them.
    whole = replace(table, sorted_by="")
    records, spill = pieces[0].records, folders.spill
    notes = tuple(dict.fromkeys(note for piece in pieces for note in piece.notes))
    nothing = pieces[0].nothing
    held = tuple(names)
    joined_up = LoadedTable(
        whole, tuple(files), records, spill, incomplete, notes, nothing, pieces=held
    )
    return replace(joined_up, read_too=tuple(path for piece in pieces for path in piece.read_too))


def drop_table(connection: duckdb.DuckDBPyConnection, loaded: LoadedTable) -> None:
    """Drop a table that `load_table` has made."""
    kind = "VIEW" if loaded.pieces else "TABLE"
    connection.execute(f"DROP {kind} IF EXISTS {sql_name(loaded.table.name)}")
    for name in loaded.pieces:
        connection.execute(f"DROP TABLE IF EXISTS {sql_name(name)}")


def _load(
    connection: duckdb.DuckDBPyConnection,
    table: SourceTable,
    files: Sequence[SourceFile],
    folders: Folders,
) -> LoadedTable:
    source = table.source
    known = FORMATS[source.formulation]
    host = DuckHost(connection)
    readings = [Reading(host, file, number, table, folders) for number, file in enumerate(files)]
    records, incomplete = _read(connection, table, known, readings)
    notes = tuple(dict.fromkeys(note for reading in readings for note in reading.notes))
    nothing = ""
    if not records:
        from kg.sources.nothing import why_nothing  # most sources have some

        nothing = why_nothing(source, files)
    loaded = LoadedTable(table, tuple(files), records, folders.spill, incomplete, notes, nothing)
    loaded = replace(loaded, read_too=tuple(path for each in readings for path in each.read_too))
    kinds = odd_kinds(connection, loaded)
    if DOUBLE in kinds and (beyond := beyond_double(connection, loaded)):
        loaded = replace(loaded, notes=(*notes, *beyond))
    bad = bad_columns(connection, loaded) if BAD in kinds else []
    if not bad:
        return loaded
    if lists := list_names(connection, loaded, bad):
        drop_table(connection, loaded)
        raise ListsFound(source, lists)
    rejects = current()
    if rejects is None:
        raise column_error(connection, loaded, bad)
    note_columns(connection, loaded, bad, rejects)
    # They may have become part of a computed column.
    connection.execute(f"DROP TABLE {sql_name(table.name)}")
    select = without_bad(_union(connection, known, readings), bad)
    _, incomplete = make_table(connection, table, select)
    return replace(loaded, incomplete=incomplete)


def _read(
    connection: duckdb.DuckDBPyConnection,
    table: SourceTable,
    known: Format,
    readings: Sequence[Reading],
) -> tuple[int, bool]:
    """Make the table, as `make_table` does; mend or leave out what goes wrong, if it can be."""
    while True:
        try:
            made = make_table(connection, table, _union(connection, known, readings))
        except (UnicodeDecodeError, duckdb.Error, InputError) as error:
            if not (_skips(error, readings) or _mends(error, readings)):
                found = _explained(connection, error, readings)
                raise _without_way_on(found, table) from error
        else:
            if readings[0].is_repaired or not _needs_marks(connection, table, readings):
                return made
        connection.execute(f"DROP TABLE IF EXISTS {sql_name(table.name)}")
        for reading in readings:
            reading.is_repaired = True


def _explained(
    connection: duckdb.DuckDBPyConnection, error: Exception, readings: Sequence[Reading]
) -> Exception:
    if isinstance(error, UnicodeDecodeError):  # DuckDB's message quotes what it could not read
        return not_utf8(readings) or error
    return explained(connection, error, readings) if isinstance(error, duckdb.Error) else error


# The errors of documents of which no part can be left out.
_OF_WHOLE: Final = frozenset({"encoding", "json", "parquet", "workbook", "xml", "yaml"})


def _without_way_on(error: Exception, table: SourceTable) -> Exception:
    """Say that a broken document stops the command, though bad records are to be left out."""
    whole = FORMATS[table.source.formulation].whole
    if current() is None or not whole or not isinstance(error, InputError):
        return error
    if error.code.removeprefix("bad-") in _OF_WHOLE:
        way = f"--on-bad skip cannot leave out a part of {whole}."
        error.hint = f"{error.hint}\n  {way}" if error.hint else way
    return error


def _mends(error: Exception, readings: Sequence[Reading]) -> bool:
    return isinstance(error, duckdb.Error) and is_mendable(error, readings)


# Errors of records that are left out where the user wants that.
_OF_RECORDS: Final = frozenset({"bad-csv", "bad-encoding", "bad-json"})


def _skips(error: Exception, readings: Sequence[Reading]) -> bool:
    """Have bad records left out of the next reading, if the user wants that and it can be."""
    wanted = current() is not None and all(_can_skip(reading) for reading in readings)
    if isinstance(error, KgError):
        wanted &= error.code in _OF_RECORDS
    elif isinstance(error, duckdb.Error):
        wanted &= isinstance(error, duckdb.InvalidInputException | duckdb.NotImplementedException)
        wanted &= BAD_VALUE not in str(error) and not json_files.is_mendable(str(error))
    for reading in readings if wanted else ():
        reading.skips = True
    return wanted


def _can_skip(reading: Reading) -> bool:
    """Return whether reading can go on behind a bad record in the format of a file."""
    skips = FORMATS[reading.source.formulation].skips
    return not reading.skips and skips is not None and skips(reading)


def _needs_marks(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, readings: Sequence[Reading]
) -> bool:
    """Return whether a table has numbers that DuckDB may have written anew.

    Those with a fraction or an exponent may have had another text; then the file is read once
    more, with its numbers marked.
    """
    doubles = [
        f"list_contains(list_transform(c{c.index}, lambda e: e.t), 'd')"
        if c.many
        else f"t{c.index} = 'd'"
        for c in table.columns
        if c.typed and c.textual
    ]
    if table.source.formulation is not Formulation.JSON:
        return False
    if not any(column.is_document for column in table.columns):
        where = " OR ".join(doubles) or "false"
        query = f"SELECT 1 FROM {sql_name(table.name)} WHERE {where} LIMIT 1"
        if not doubles or connection.execute(query).fetchone() is None:
            return False
    return any(
        json_files.may_lose(reading.host, reading.file, reading.source) for reading in readings
    )


def _union(
    connection: duckdb.DuckDBPyConnection, known: Format, readings: Sequence[Reading]
) -> str:
    found = []
    for reading in readings:
        try:
            found.append((reading, known.read(reading)))
        except KgError as error:
            raise error.at(reading.file.location) from error.__cause__
    most = readings[0].table.most_records
    rows = union_of(connection, found, most)
    if most is not None:
        rows = f"SELECT * FROM ({rows}) ORDER BY file, record LIMIT {most}"
    return _without_nulls(readings[0].table, rows)


def _without_nulls(table: SourceTable, select: str) -> str:
    """Take out the values that the source says stand for none; CSV does so as it is read."""
    nulls = table.source.nulls
    if not nulls or table.source.formulation is Formulation.CSV or not table.columns:
        return select
    listed = ", ".join(map(sql_text, nulls))

    def kept(column: Column) -> str:
        name = f"c{column.index}"
        if column.is_document:
            return f"{name} AS {name}"  # of what is in it, a view takes them out
        if column.many:
            return f"list_filter({name}, lambda e: e.v NOT IN ({listed})) AS {name}"
        return f"CASE WHEN {name} IN ({listed}) THEN NULL ELSE {name} END AS {name}"

    return f"SELECT * REPLACE ({', '.join(map(kept, table.columns))}) FROM ({select})"


def make_table(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, select: str
) -> tuple[int, bool]:
    """Make the table; return its number of records, and whether computed columns are missing."""
    computed = "".join(f", {column.sql} AS {column.name}" for column in table.computed)
    create = f"CREATE TEMP TABLE {sql_name(table.name)} AS SELECT *"
    order = f" ORDER BY {table.sorted_by}" if table.sorted_by else ""
    incomplete = False
    made = f"{create}{computed} FROM ({select})"
    if table.kept:
        made = f"{create} FROM (SELECT *{computed} FROM ({select})) WHERE {table.kept}"
    try:
        row = only_row(connection.execute(f"{made}{order}"))
    except duckdb.InvalidInputException as error:
        if BAD_VALUE not in str(error):
            raise
        incomplete = True
        row = only_row(connection.execute(f"{create} FROM ({select})"))
    return int(row[0]), incomplete
