"""Excel and OpenDocument workbooks: one sheet, its first row the names of the columns.

The sheet is the iterator, or stands behind ``#`` in the path; without either it is the only one.
Cells have the types that the workbook gives them. Numbers are stored as doubles there, so those
without a fraction are integers: ``1``, not ``1.0``. Empty cells and errors such as ``#N/A`` are no
values; of a formula the value counts that was stored last.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from kg.errors import InputError, Location
from kg.mapping.plan import LogicalSource
from kg.mapping.term_sql import SourceTable
from kg.sources.extras import need
from kg.sources.files import SourceFile, missing_reference
from kg.sources.reading import Reading
from kg.sources.rows import Value, spool_rows
from kg.sources.streams import compression_of, unpacked
from kg.workspace import show_path

# A double holds every integer up to here.
_EXACT: Final = 2**53


def select(reading: Reading) -> str:
    """Return a query for one workbook; see `kg.sources.loading`.

    Raises:
        InputError: The file is no workbook, has no such sheet, or a column is doubled or missing.
    """
    path = unpacked(reading.file, reading.source, reading.copy(".xlsx"))
    with _sheet(path, reading.file, reading.source) as (name, rows):
        number, header = next(rows, (1, []))
        picked = _picked(reading, name, header, number)
        records = ([_cell(row[n]) for n in picked] for _, row in rows)
        return _with_times(reading.table, spool_rows(reading, records))


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the row of the sheet, from 1, in which each of some records stands.

    Packed workbooks have none, since they would have to be unpacked once more.
    """
    if compression_of(file, source):
        return {}
    wanted = set(records)
    with _sheet(file.path, file, source) as (_, rows):
        next(rows, None)
        return {n: row for n, (row, _) in enumerate(rows, 1) if n in wanted}


Rows = Iterator[tuple[int, Sequence[Value]]]


@contextmanager
def _sheet(path: Path, file: SourceFile, source: LogicalSource) -> Iterator[tuple[str, Rows]]:
    """Give the name of a sheet and its rows with their numbers, from 1, empty ones left out."""
    library: Any = need("python_calamine", "excel", "reading workbooks")
    try:
        with library.CalamineWorkbook.from_path(str(path)) as workbook:
            name = _sheet_name(file, source, workbook.sheet_names)
            rows = enumerate(workbook.get_sheet_by_name(name).iter_rows(), 1)
            yield name, ((n, row) for n, row in rows if any(value != "" for value in row))
    except library.CalamineError as error:
        raise InputError(
            "bad-workbook",
            f"the file is no workbook that can be read: {error}",
            location=file.location,
            hint="Save it again as .xlsx, without a password.",
        ) from error


def _with_times(table: SourceTable, query: str) -> str:
    """Give midnights their time where the column has other times: they come as mere dates."""
    changed = []
    for column in table.columns:
        value, kind = f"c{column.index}", f"t{column.index}"
        is_midnight = f"{kind} = 'D' AND bool_or({kind} = 'T') OVER ()"
        changed.append(f"CASE WHEN {is_midnight} THEN {value} || 'T00:00:00' ELSE {value} END")
        changed[-1] += f" AS {value}"
        changed.append(f"CASE WHEN {is_midnight} THEN 'T' ELSE {kind} END AS {kind}")
    return f"SELECT * REPLACE ({', '.join(changed)}) FROM ({query})" if changed else query


def _sheet_name(file: SourceFile, source: LogicalSource, known: Sequence[str]) -> str:
    wanted = file.member or source.iterator.strip()
    if wanted in known:
        return wanted
    if not wanted and len(known) == 1:
        return known[0]
    near = difflib.get_close_matches(wanted, known, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    raise InputError(
        "missing-sheet",
        f"there is no sheet {wanted!r}" if wanted else f"there are {len(known)} sheets",
        location=Location(show_path(file.path)),
        hint=f"{guess}Name one as {file.path.name}#{known[0]}. Sheets: {', '.join(known)}.",
    )


def _picked(reading: Reading, sheet: str, header: Sequence[Value], line: int) -> list[int]:
    """Return the numbers of the sheet's columns that the table's columns refer to."""
    names = [str(_cell(value) if value != "" else "").strip() for value in header]
    place = Location(reading.file.shown, line)
    if not any(names):
        raise InputError(
            "empty-file",
            f"the sheet {sheet!r} has no header row",
            location=place,
            hint="Write the names of the columns into its first row.",
        )
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise InputError(
            "duplicate-column",
            f"the header has {doubled[0]!r} twice",
            location=place,
            hint="Rename one: references go by the name of the column.",
        )
    found = []
    for column in reading.table.columns:
        if column.reference not in names or not column.reference:
            known = [name for name in names if name]
            raise missing_reference(column, known, reading.source)
        found.append(names.index(column.reference))
    return found


def _cell(value: Value) -> Value:
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value
