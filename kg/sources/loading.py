"""A logical source becomes a table: each file read once, each record with its number.

The table has the columns ``file`` (number of the file, from 0), ``record`` (number of the record
in its file, from 1, the header not counted), and those of `kg.mapping.term_sql`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import sql_name
from kg.errors import InputError, KgError, Location
from kg.mapping.dialect import BAD_VALUE
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.term_sql import SourceTable
from kg.rdf import bad_encoding
from kg.sources import csv_files, json_files, yaml_files
from kg.workspace import show_path


@dataclass(frozen=True, slots=True)
class Folders:
    """Where source files may lie.

    Attributes:
        inside: Sources must lie below this folder; None: anywhere.
        spill: A folder for files made on the way.
    """

    inside: Path | None
    spill: Path


@dataclass(frozen=True, slots=True)
class LoadedTable:
    """A source table that was read.

    Attributes:
        files: The files, in the order of their numbers.
        records: Number of records in all files.
        incomplete: A value made no valid term, so the computed columns are not there.
    """

    table: SourceTable
    files: tuple[Path, ...]
    records: int
    incomplete: bool = False


# A reader returns a query with the columns record, c0, t0, c1, … for one file.
Reader = Callable[[duckdb.DuckDBPyConnection, Path, SourceTable, Path], str]
_READERS: Final[Mapping[Formulation, Reader]] = {
    Formulation.CSV: csv_files.select,
    Formulation.JSON: json_files.select,
    Formulation.YAML: yaml_files.select,
}
_Locator = Callable[[Path, LogicalSource, Collection[int]], dict[int, int]]
_LOCATORS: Final[Mapping[Formulation, _Locator]] = {
    Formulation.CSV: csv_files.lines_of,
    Formulation.YAML: yaml_files.lines_of,
}


def load_table(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, folders: Folders
) -> LoadedTable:
    """Read a logical source into a temporary table of its name.

    Args:
        connection: From `kg.duck.engine`, with the macros of `kg.mapping.dialect`.
        table: What to read.
        folders: Where to find it.

    Raises:
        InputError: A file is missing or broken, a reference names no column, a value is an array
            or object where a single value is needed.
    """
    files = _files(table.source, folders)
    reader = _READERS.get(table.source.formulation)
    if reader is None:
        raise InputError(
            "unknown-format",
            f"sources of the kind {table.source.formulation.value} cannot be read",
            location=table.source.origin.location(),
            hint=f"kg reads {', '.join(f.value for f in _READERS)}.",
        )
    selects = []
    for number, path in enumerate(files):
        try:
            sql = reader(connection, path, table, folders.spill)
        except KgError as error:
            raise error.at(Location(show_path(path))) from error.__cause__
        selects.append(f"SELECT {number}::INTEGER AS file, * FROM ({sql})")
    records, incomplete = _create(connection, table, " UNION ALL ".join(selects), files)
    loaded = LoadedTable(table, files, records, incomplete)
    _check_values(connection, loaded)
    return loaded


def _create(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, select: str, files: Sequence[Path]
) -> tuple[int, bool]:
    """Make the table; return its number of records, and whether computed columns are missing."""
    computed = "".join(f", {column.sql} AS {column.name}" for column in table.computed)
    create = f"CREATE TEMP TABLE {sql_name(table.name)} AS SELECT *"
    order = f" ORDER BY {table.sorted_by}" if table.sorted_by else ""
    incomplete = False
    try:
        try:
            connection.execute(f"{create}{computed} FROM ({select}){order}")
        except duckdb.InvalidInputException as error:
            if BAD_VALUE not in str(error):
                raise
            incomplete = True
            connection.execute(f"{create} FROM ({select})")
    except duckdb.InvalidInputException as error:
        raise _broken(error, table.source, files) from error
    except UnicodeDecodeError as error:  # DuckDB's message quotes what it could not read
        raise _not_utf8(files) or error from error
    row = connection.execute(f"SELECT count(*) FROM {sql_name(table.name)}").fetchone()
    assert row is not None
    return int(row[0]), incomplete


def locate(loaded: LoadedTable, file: int, record: int, column: str | None = None) -> Location:
    """Return the place of a record: its file, line where that is known, and number."""
    return locate_all(loaded, [(file, record)])[file, record].within(column)


def locate_all(
    loaded: LoadedTable, records: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Location]:
    """Return the places of records, given by file and number; each file is read once."""
    by_file: dict[int, list[int]] = {}
    for file, record in records:
        by_file.setdefault(file, []).append(record)
    source = loaded.table.source
    finder = _LOCATORS.get(source.formulation)
    found = {}
    for file, numbers in by_file.items():
        path = loaded.files[file]
        lines = finder(path, source, numbers) if finder else {}
        for number in numbers:
            found[file, number] = Location(show_path(path), lines.get(number), record=number)
    return found


def missing_reference(reference: str, known: Sequence[str], source: LogicalSource) -> InputError:
    """Return the error for a reference that no record of a source has."""
    near = difflib.get_close_matches(reference, known, n=1, cutoff=0.6)
    same = [name for name in known if name.casefold() == reference.casefold()]
    guess = (same or near)[:1]
    hint = f"Did you mean {guess[0]!r}? " if guess else ""
    return InputError(
        "missing-column",
        f"the mapping refers to {reference!r}, which {source.path} does not have",
        location=source.origin.location(),
        hint=f"{hint}It has: {', '.join(known) or 'no columns'}.",
    )


def _files(source: LogicalSource, folders: Folders) -> tuple[Path, ...]:
    folder = Path(source.folder)
    if any(mark in source.path for mark in "*?["):
        found = tuple(sorted(folder.glob(source.path)))
        if not found:
            raise InputError(
                "missing-file",
                f"no file matches {source.path}",
                location=source.origin.location(),
                hint=f"The pattern is looked for in {show_path(folder)}.",
            )
    else:
        found = (folder / source.path,)
    for path in found:
        _check_file(path, source, folders)
    return found


def _check_file(path: Path, source: LogicalSource, folders: Folders) -> None:
    if folders.inside is not None and not path.resolve().is_relative_to(folders.inside):
        raise InputError(
            "outside-workspace",
            f"the source {source.path} lies outside the workspace",
            location=source.origin.location(),
            hint="Copy it into data/, or allow it with --allow-outside.",
        )
    if not path.is_file():
        nearby = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, nearby, n=1)
        raise InputError(
            "missing-file",
            f"there is no file {show_path(path)}",
            location=source.origin.location(),
            hint=f"Did you mean {near[0]!r}?" if near else "Check the name and the folder.",
        )
    if path.stat().st_size == 0:
        raise InputError(
            "empty-file",
            "the file is empty",
            location=Location(show_path(path)),
            hint="A CSV file needs a header row; a JSON or YAML file needs a document.",
        )


def _not_utf8(files: Sequence[Path]) -> InputError | None:
    return next((found for path in files if (found := bad_encoding(path, None))), None)


def _broken(
    error: duckdb.Error, source: LogicalSource, files: Sequence[Path]
) -> InputError | duckdb.Error:
    if source.formulation is Formulation.CSV:
        return csv_files.explain(error, source, files)
    if source.formulation is Formulation.JSON:
        return _not_utf8(files) or json_files.explain(error, files)
    return error


def _check_values(connection: duckdb.DuckDBPyConnection, loaded: LoadedTable) -> None:
    """Refuse arrays and objects where a reference must give single values."""
    for column in loaded.table.columns:
        if not column.typed:
            continue
        bad, value = f"t{column.index} = '!'", f"c{column.index}"
        if column.many:
            bad = f"list_contains(list_transform(c{column.index}, lambda e: e.t), '!')"
            value = f"list_filter(c{column.index}, lambda e: e.t = '!')[1].v"
        row = connection.execute(
            f"SELECT file, record, {value} FROM {sql_name(loaded.table.name)} WHERE {bad}"
            " ORDER BY file, record LIMIT 1"
        ).fetchone()
        if row:
            place = locate(loaded, row[0], row[1], column.reference)
            raise _no_value(row[2], column.reference, place)


def _no_value(text: str, reference: str, place: Location) -> InputError:
    if text.startswith("["):
        what, hint = "an array", f"Refer to what is inside it, such as {reference}[*]."
    elif text.startswith("{"):
        what, hint = "an object", f"Refer to what is inside it, such as {reference}.name."
    else:
        what, hint = f"{text}, which JSON does not know", "Write a number, null or a text."
    message = f"the value is {what}, not a single value"
    return InputError("not-a-value", message, location=place, hint=hint)
