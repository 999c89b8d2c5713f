"""Excel and OpenDocument workbooks: one sheet, its first row the names of the columns.

The sheet is named by the iterator, or after ``#`` in the path; else the only sheet is read. A name
with ``*``, ``?`` or ``[`` that no sheet has is a pattern, and each sheet that matches is a part of
the source (`sheets_of`). The dialect may say which cells are the table.
Cells have the types that the workbook gives them. Numbers are stored as doubles there, so those
without a fraction are read as integers: ``1``, not ``1.0``. Empty cells and errors such as
``#N/A`` give no value. A formula gives the value that was stored last.

A separate process reads the workbook (see `kg.sources.workbook_child`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any, Final

from kg.errors import InputError, LimitError, Location
from kg.extras import need
from kg.mapping.cell_range import CellRange, parse_range
from kg.mapping.plan import LogicalSource
from kg.records import dataclass
from kg.sources.files import PATTERN, SourceFile
from kg.sources.headers import names_of, picked
from kg.sources.reading import Reading
from kg.sources.records import RowRecords
from kg.sources.streams import compression_of, unpacked
from kg.temporary import temporary_folder
from kg.wording import nearest
from kg.workspace import show_path

# Not imported: it runs in its own process.
_CHILD: Final = Path(__file__).with_name("workbook_child.py")
# The share of DuckDB's memory that the process gets, and the bytes that it needs at least.
_SHARE: Final = 0.75
_FLOOR: Final = 256 * 2**20
# Where no memory limit is known.
_LARGEST: Final = 2**30


def read(reading: Reading) -> RowRecords:
    """Return the records of a sheet of a workbook.

    Raises:
        InputError: The file is not a workbook, has no such sheet, or a referenced column is doubled
            or missing.
        LimitError: The sheet does not fit in memory.
    """
    need("python_calamine", "excel", "reading workbooks")
    source = reading.source
    path = unpacked(reading.file, source, reading.copy(".xlsx"))
    target = reading.copy(".jsonl")
    limit = int(reading.host.memory() * _SHARE)
    with (
        reading.host.reserved(limit),
        _opened(path, target, limit, reading.file) as child,
    ):
        name, row, cells, *_ = child.start(source)
        place = Location(reading.file.shown, row)
        names = _names(source, name, cells, place)
        again = not source.dialect.header
        numbers = picked(reading.table.columns, names, source, place)
        if source.dialect.sheet_column:
            numbers = [-1 if number == len(names) - 1 else number for number in numbers]
        done = child.ask({"columns": numbers, "again": again})
    reading.notes += [f"{reading.file.shown}: {text}" for text in done["noticed"]]
    return RowRecords(target, done["largest"], first=1, aligned=True)


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the row of the sheet, from 1, of each of some records.

    Returns nothing for packed workbooks, which would have to be unpacked again.
    """
    if compression_of(file, source):
        return {}
    wanted = set(records)
    with temporary_folder("sheet") as folder:
        target = Path(folder) / "rows.jsonl"
        with _opened(file.path, target, _LARGEST, file) as child:
            child.start(source)
            child.ask({"columns": [], "again": not source.dialect.header})
        with target.open(encoding="utf-8") as stream:
            return {n: int(json.loads(row)[0]) for n, row in enumerate(stream, 1) if n in wanted}


def column_names(file: SourceFile, source: LogicalSource) -> tuple[list[str], int]:
    """Return the names of a sheet's columns, and the row that has them; of packed workbooks none.

    Raises:
        InputError: It is not a workbook, or has no such sheet or header.
        LimitError: The sheet does not fit in memory.
    """
    if compression_of(file, source):
        return [], 1
    need("python_calamine", "excel", "reading workbooks")
    with (
        temporary_folder("sheet") as folder,
        _opened(file.path, Path(folder) / "rows.jsonl", _LARGEST, file) as child,
    ):
        name, row, cells, *_ = child.start(source)
        return _names(source, name, cells, Location(file.shown, row)), row


def sheets_of(file: SourceFile, source: LogicalSource) -> Iterator[SourceFile]:
    """Yield the parts of a workbook that a source means: the sheets that match a pattern.

    Raises:
        InputError: It is not a workbook, or no sheet matches.
        LimitError: It does not fit in memory.
    """
    pattern = file.member or source.iterator.strip()
    if not re.search(PATTERN, pattern):
        yield file
        return
    known = sheet_names(file, source)
    if pattern in known:
        yield file
        return
    found = [name for name in known if fnmatchcase(name, pattern)]
    if not found:
        raise InputError(
            "missing-sheet",
            f"no sheet matches {pattern!r}",
            location=replace(file, member="").location,
            hint=f"Sheets: {', '.join(known)}.",
        )
    yield from (replace(file, member=name) for name in found)


def sheet_names(file: SourceFile, source: LogicalSource) -> list[str]:
    """Return the names of the sheets of a workbook, in its order.

    Raises:
        InputError: It is not a workbook.
        LimitError: It does not fit in memory.
    """
    need("python_calamine", "excel", "reading workbooks")
    with temporary_folder("sheet") as folder:
        path = unpacked(file, source, Path(folder) / "book.xlsx")
        with _opened(path, Path(folder) / "rows.jsonl", _LARGEST, file) as child:
            names: list[str] = child.hear()["sheets"]
            return names


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet looks like, before it is known what is a table in it.

    Attributes:
        rows: The first rows that are not empty: their numbers, from 1, and texts.
        last: Of each column, the last row with a value; 0 if there is none.
        merged: The last row of cells that are merged over several rows; 0 without such.
        unused: How many columns stand before the first that is used.
    """

    rows: list[tuple[int, list[str | None]]]
    last: list[int]
    merged: int
    unused: int


def look_at(file: SourceFile, source: LogicalSource, count: int) -> Sheet:
    """Return what a sheet looks like.

    Args:
        file: The workbook.
        source: Names the sheet, and the range in it.
        count: How many rows to return.

    Raises:
        InputError: It is not a workbook, or has no such sheet.
        LimitError: The sheet does not fit in memory.
    """
    need("python_calamine", "excel", "reading workbooks")
    with temporary_folder("sheet") as folder:
        target = Path(folder) / "rows.jsonl"
        with _opened(file.path, target, _LARGEST, file) as child:
            _, _, cells, merged, unused = child.start(source)
            child.ask({"columns": list(range(len(cells))), "again": True})
        rows, last = [], [0] * len(cells)
        with target.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream):
                at, *parts = json.loads(line)
                last = [
                    int(at) if text is not None else before
                    for text, before in zip(parts[::2], last, strict=True)
                ]
                if number < count:
                    rows.append((int(at), parts[::2]))
    return Sheet(rows, last, merged, unused)


# --- the process ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Child:
    """The process that reads a workbook.

    Attributes:
        file: The workbook, for messages.
        to: Its standard input.
        back: Its standard output.
        limit: Bytes of memory that it may use.
    """

    file: SourceFile
    to: IO[str]
    back: IO[str]
    limit: int

    def start(self, source: LogicalSource) -> tuple[str, int, Sequence[str | None], int, int]:
        """Choose the sheet; return its name, its first row and the cells there.

        Then come the last merged row, and how many columns stand before the first that is used.
        """
        names = self.hear()["sheets"]
        name = _sheet_name(self.file, source, names)
        dialect = source.dialect
        cells = parse_range(dialect.cells) or CellRange()
        asked = {
            "sheet": names.index(name),
            "cells": astuple(cells),
            "fill": dialect.fills_merged,
            "skip": dialect.skip_rows,
            "trim": dialect.trim,
        }
        answer = self.ask(asked)
        return name, answer["row"], answer["cells"], answer["merged"], answer["unused"]

    def ask(self, message: object) -> dict[str, Any]:
        """Send a message, and return the answer."""
        try:
            self.to.write(json.dumps(message) + "\n")
            self.to.flush()
        except BrokenPipeError:
            pass  # `hear` reports that it ended
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Return the process's next message.

        Raises:
            InputError: The file is not a workbook.
            LimitError: There was not enough memory.
        """
        line = self.back.readline()
        if not line:
            raise self.ended()
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise self.broken(said["error"])
        return said

    def broken(self, reason: str) -> InputError:
        return InputError(
            "bad-workbook",
            f"the file is no workbook that can be read: {reason}",
            location=self.file.location,
            hint="Save it again as .xlsx, without a password.",
        )

    def ended(self) -> LimitError:
        return LimitError(
            "document-too-large",
            f"the workbook needs more than {self.limit // 2**20} MB of memory: all cells from the"
            " first to the last that is used are held at once",
            location=self.file.location,
            hint="Look for a stray last cell with Ctrl+End and delete its row or column; or save"
            " the sheet as CSV, or give more --memory.",
        )


@contextmanager
def _opened(path: Path, target: Path, limit: int, file: SourceFile) -> Iterator[_Child]:
    # -P keeps the script's folder off the path: it holds modules of kg.
    size = str(max(limit, _FLOOR))
    command = [sys.executable, "-P", str(_CHILD), str(path), str(target), size]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield _Child(file, process.stdin, process.stdout, max(limit, _FLOOR))
        except LimitError as error:
            process.wait()
            errors.seek(0)
            said = errors.read().decode(errors="replace")
            if process.returncode > 0 and "memory" not in said.lower():
                reason = said.strip().splitlines()[-1:] or ["the library failed"]
                raise _Child.broken(
                    _Child(file, process.stdin, process.stdout, 0), reason[0]
                ) from error
            raise
        finally:
            process.kill()


# --- the header -----------------------------------------------------------------------------


def _sheet_name(file: SourceFile, source: LogicalSource, known: Sequence[str]) -> str:
    wanted = file.member or source.iterator.strip()
    if wanted in known:
        return wanted
    if not wanted and len(known) == 1:
        return known[0]
    if not known:
        raise InputError(
            "bad-workbook",
            "the workbook has no sheets",
            location=Location(show_path(file.path)),
            hint="Save it again as .xlsx.",
        )
    near = nearest(wanted, known)
    guess = f"Did you mean {near!r}? " if near else ""
    raise InputError(
        "missing-sheet",
        f"there is no sheet {wanted!r}" if wanted else f"there are {len(known)} sheets",
        location=Location(show_path(file.path)),
        hint=f"{guess}Name one as {file.path.name}#{known[0]}. Sheets: {', '.join(known)}.",
    )


def _names(
    source: LogicalSource, sheet: str, cells: Sequence[str | None], place: Location
) -> list[str]:
    """Return the names of the columns: those in the first row, or those of the mapping."""
    if not any(cells):
        raise InputError(
            "empty-file",
            f"the sheet {sheet!r} has no header row",
            location=place,
            hint="Write the names of the columns into its first row"
            f"{', and see whether range is right' if source.dialect.cells else ''}.",
        )
    first = [(text or "").strip() for text in cells]
    names = names_of(first, source, place, "bad-workbook", "the sheet")
    added = source.dialect.sheet_column
    if added and added in names:
        raise InputError(
            "duplicate-column",
            f"the sheet has a column {added!r}, and sheetColumn calls another one so",
            location=place,
            hint="Give sheetColumn a name that no column has.",
        )
    return [*names, added] if added else names
