"""Read the tables of files, and tell what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import engine, read_parquet, sql_name, translated
from kg.engines.duckdb import dialect
from kg.engines.duckdb.bad_values import ListsFound
from kg.engines.duckdb.host import DuckHost
from kg.engines.duckdb.loading import drop_table, load_table
from kg.engines.duckdb.parquet import broken
from kg.errors import InputError
from kg.mapping.jsonpath import parse_jsonpath
from kg.mapping.plan import Formulation, LogicalSource, Origin
from kg.mapping.source_table import Column as Wanted
from kg.mapping.source_table import SourceTable
from kg.paths import show_path
from kg.peek import databases, documents, workbooks
from kg.peek.columns import column_of
from kg.peek.guess import csv_source
from kg.peek.model import Column, Sight, Table
from kg.peek.siblings import agreed
from kg.peek.totals import leave_out
from kg.sources import csv_files
from kg.sources.files import Folders, SourceFile, check_file
from kg.sources.reading import Reading
from kg.sources.streams import plain_name
from kg.temporary import temporary_folder

_BY_ENDING: Final = {
    ".csv": Formulation.CSV,
    ".tsv": Formulation.CSV,
    ".tab": Formulation.CSV,
    ".txt": Formulation.CSV,
    ".json": Formulation.JSON,
    ".geojson": Formulation.JSON,
    ".jsonl": Formulation.JSON,
    ".ndjson": Formulation.JSON,
    ".yaml": Formulation.YAML,
    ".yml": Formulation.YAML,
    ".xlsx": Formulation.EXCEL,
    ".xls": Formulation.EXCEL,
    ".ods": Formulation.EXCEL,
    ".parquet": Formulation.PARQUET,
    ".db": Formulation.SQL,
    ".sqlite": Formulation.SQL,
    ".sqlite3": Formulation.SQL,
    ".duckdb": Formulation.DUCKDB,
    ".ddb": Formulation.DUCKDB,
}
ENDINGS: Final = frozenset(_BY_ENDING)
_JSON_LIKE: Final = (Formulation.JSON, Formulation.YAML)
_SQLITE: Final = b"SQLite format 3\x00"
_DUCKDB: Final = b"DUCK"
_DUCKDB_AT: Final = 8


@dataclass(frozen=True, slots=True)
class Peeked:
    """Tables that were read, as long as the context of `peek` lasts."""

    connection: duckdb.DuckDBPyConnection
    tables: tuple[Table, ...]


@contextmanager
def peek(
    files: Sequence[str], memory: str | None = None, threads: int | None = None
) -> Iterator[Peeked]:
    """Read the tables of files.

    Args:
        files: Paths, as the user writes them, and addresses of database servers; behind ``#`` the
            member of an archive, the sheet of a workbook or the table of a database.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.

    Yields:
        The tables, in the order of the files.

    Raises:
        InputError: A file is missing, broken, or of a kind that has no tables.
    """
    with temporary_folder("peek") as spill, engine(spill, memory, threads) as connection:
        for macro in dialect.BASIC_MACROS:
            connection.execute(macro)
        folders = Folders(None, spill)
        sights = [sight for text in files for sight in _sights(connection, text, folders)]
        with translated():
            tables = [
                _table(connection, sight, folders, f"kg_peek_{number}")
                for number, sight in enumerate(sights)
            ]
        yield Peeked(connection, tuple(tables))


def _sights(connection: duckdb.DuckDBPyConnection, text: str, folders: Folders) -> Iterator[Sight]:
    """Yield the tables of a file."""
    if databases.is_address(text):
        yield from databases.server_sights(connection, text, folders)
        return
    databases.refuse_others(text)
    path, member = split_member(text)
    file = SourceFile(path, member)
    formulation = _formulation(file)
    source = LogicalSource(
        path.name + (f"#{member}" if member and formulation is Formulation.CSV else ""),
        formulation,
        folder=str(path.parent),
        origin=Origin(show_path(path)),
    )
    check_file(file, source, folders)
    stem = _stem(file)
    if formulation is Formulation.CSV:
        source, header, notes = csv_source(file, source)
        names = tuple(csv_files.column_names(file, source)[0])
        yield Sight(source, stem, names, names, header, tuple(notes))
    elif formulation in _JSON_LIKE:
        yield from _of_document(connection, file, source, stem, folders)
    elif formulation is Formulation.EXCEL:
        yield from workbooks.sights(file, source, _stem(SourceFile(path)))
    elif formulation is Formulation.PARQUET:
        try:
            described = f"DESCRIBE SELECT * FROM {read_parquet(path)}"
            rows = connection.execute(described).fetchall()
        except duckdb.Error as error:
            raise broken(str(error), file) from error
        names = tuple(row[0] for row in rows if not re.match(r"STRUCT|MAP|.*\[\]", row[1]))
        left = [row[0] for row in rows if row[0] not in names]
        notes = [f"nested columns are left out: {', '.join(left)}"] * bool(left)
        yield Sight(source, stem, names, names, notes=tuple(notes))
    elif formulation is Formulation.DUCKDB:
        yield from databases.duckdb_sights(connection, file, source)
    else:
        yield from databases.sqlite_sights(file, source)


def split_member(text: str) -> tuple[Path, str]:
    """Return the path of a file, and what is named behind ``#`` in it."""
    path = Path(text)
    name, mark, member = text.rpartition("#")
    if mark and name and not path.exists():
        return Path(name), member
    return path, ""


def _stem(file: SourceFile) -> str:
    """Return the name of a file without its endings, in the case that it has."""
    written = Path(file.member or file.path.name).name
    return written[: len(Path(plain_name(file)).stem)] if not file.member else Path(written).stem


def _formulation(file: SourceFile) -> Formulation:
    own = file.path.suffix.lower()
    # Behind # stands the sheet of a workbook, or the member of an archive.
    ending = own if own in _BY_ENDING else Path(plain_name(file)).suffix
    found = _BY_ENDING.get(ending)
    if found in (None, Formulation.SQL) and file.path.is_file():
        found = _by_start(file.path) or found
    if found is None and not file.path.is_file():
        return Formulation.CSV  # what is there instead, if anything, is told when it is opened
    if found is None and own == ".zip":
        return Formulation.CSV  # what is in it is told when it is opened
    if found is None:
        raise InputError(
            "unknown-format",
            f"{ending or 'a file without an ending'} is no table that kg knows",
            location=file.location,
            hint="CSV, TSV, JSON, YAML, Excel, Parquet, SQLite and DuckDB files have tables. For"
            " XML and others write a mapping: kg help mapping.",
        )
    return found


def _by_start(path: Path) -> Formulation | None:
    """Return the kind of database that the first bytes of a file tell."""
    with suppress(OSError), path.open("rb") as stream:
        start = stream.read(len(_SQLITE))
        if start == _SQLITE:
            return Formulation.SQL
        if start[_DUCKDB_AT:][: len(_DUCKDB)] == _DUCKDB:
            return Formulation.DUCKDB
    return None


def _of_document(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    source: LogicalSource,
    stem: str,
    folders: Folders,
) -> Iterator[Sight]:
    reading = Reading(DuckHost(connection), file, 0, SourceTable("kg_peek", source, ()), folders)
    found = documents.records_of(connection, reading)
    if not found:
        raise InputError(
            "empty-file",
            "there are no records in the document",
            location=file.location,
            hint="A list of objects is a table. Is the file what you think it is?",
        )
    for each in found:
        left = [_not_read(path) for path in each.left]
        name = each.name or stem
        names = tuple(path.removesuffix("[*]") for path in each.references)
        shown = tuple("key" if name == "~" else name for name in names)
        notes = (*each.notes, *left)
        yield Sight(each.source, name, shown, each.references, notes=notes, mixed=each.mixed)


def _not_read(path: str) -> str:
    return f"not read: {path}, which holds lists or mixed values"


def _single(
    connection: duckdb.DuckDBPyConnection, sight: Sight, folders: Folders, name: str
) -> Sight:
    """Return a table without the references that have lists or objects in some records."""
    found = sight
    for number, reference in enumerate(sight.mixed):
        wanted = _wanted(sight.source, reference, 0)
        table = SourceTable(f"{name}_only_{number}", sight.source, (wanted,))
        try:
            drop_table(connection, load_table(connection, table, folders))
        except (InputError, ListsFound) as error:
            if isinstance(error, InputError) and error.code != "not-a-value":
                raise
            kept = [n for n, each in enumerate(found.references) if each != reference]
            found = replace(
                found,
                names=tuple(found.names[n] for n in kept),
                references=tuple(found.references[n] for n in kept),
                notes=(*found.notes, _not_read(reference)),
            )
    return found


def _table(
    connection: duckdb.DuckDBPyConnection, sight: Sight, folders: Folders, name: str
) -> Table:
    sight = _single(connection, sight, folders, name)
    source = sight.source
    wanted = tuple(
        _wanted(source, reference, number) for number, reference in enumerate(sight.references)
    )
    table = SourceTable(name, source, wanted)
    loaded = load_table(connection, table, folders)
    left, doubt = (None, "") if loaded.pieces else leave_out(connection, table)
    columns = tuple(
        column_of(connection, table, column, shown)
        for column, shown in zip(wanted, sight.names, strict=True)
    )
    columns = agreed(columns, source.dialect.delimiter)
    places = tuple(f"{file.shown}: " for file in loaded.parts)
    own = (note.removeprefix(p) for note in loaded.notes for p in places if note.startswith(p))
    notes = [*sight.notes, *dict.fromkeys(own)]
    notes += [left.note] if left else [doubt] if doubt else []
    rows = loaded.records - (len(left.texts) if left else 0)
    return Table(
        source, sight.name, rows, columns, sight.header, tuple(notes), left, sight.key, name
    )


def _wanted(source: LogicalSource, reference: str, index: int) -> Wanted:
    is_json = source.formulation in _JSON_LIKE
    many = is_json and parse_jsonpath(reference).is_many
    return Wanted(reference, index, many, is_json or source.formulation.has_typed_columns)


def rows_of(peeked: Peeked, table: Table, columns: Sequence[Column], count: int) -> list[list[str]]:
    """Return the first rows of a table, as texts; empty where there is no value."""
    picked = ", ".join(f"CAST({column.sql} AS VARCHAR)" for column in columns) or "NULL"
    query = f"SELECT {picked} FROM {sql_name(table.sql_name)} ORDER BY file, record LIMIT {count}"
    rows = peeked.connection.execute(query).fetchall()
    return [["" if value is None else str(value) for value in row] for row in rows]
