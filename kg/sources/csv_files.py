"""CSV files: the header is checked here, the records are read by DuckDB.

Names of columns are case-sensitive and must be unique, as RML wants it; DuckDB would fold their
case and rename duplicates, so it gets numbers as names.

Spec: https://www.rfc-editor.org/rfc/rfc4180, https://www.w3.org/TR/tabular-data-model/
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from itertools import chain
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from kg.errors import InputError, Location
from kg.mapping.plan import LogicalSource
from kg.rejects import current
from kg.sources.csv_lines import (
    LONGEST_LINE,
    Lines,
    faults_of,
    records_of,
    rows_of,
    too_long,
)
from kg.sources.files import SourceFile
from kg.sources.headers import names_of, picked
from kg.sources.reading import Reading
from kg.sources.records import CsvRecords
from kg.sources.streams import BAD_BYTES, open_text, plain_text, with_bytes, wrong_encoding

_WINDOW: Final = LONGEST_LINE // 2
# Bytes of DuckDB's buffers for a file; and a ratio of compression that ordinary lines never reach.
_BUFFERS: Final = 32 * LONGEST_LINE
_SUSPICIOUS: Final = 200
# Text before the number of a record in a copy without bad records.
_NUMBER: Final = "kg"


def read(reading: Reading) -> CsvRecords:
    """Return the records of a CSV file.

    Raises:
        InputError: The header is missing, doubled, not in its encoding, or lacks a column.
    """
    source, columns = reading.source, reading.table.columns
    _check_dialect(source)
    lines, header = _header(reading.file, source, BAD_BYTES if reading.skips else "strict")
    place = Location(reading.file.shown, lines + 1)
    found, width = tuple(picked(columns, header, source, place)), len(header)
    if reading.skips:
        path = _good_records(reading)
        return CsvRecords(
            path, source, "none", width, found, LONGEST_LINE, numbered=_NUMBER, is_copy=True
        )
    is_copy = reading.is_repaired or bool(source.dialect.comment)
    if is_copy:
        path, packing = _cleaned(reading), "none"
    else:
        path, packing = plain_text(reading.file, source, reading.copy(".csv"))
        if _may_lose_its_end(path, packing) and (fault := faults_of(reading.file, source)):
            raise fault
    return CsvRecords(path, source, packing, width, found, LONGEST_LINE, lines, is_copy=is_copy)


def _may_lose_its_end(path: Path, packing: str) -> bool:
    """Return whether the file may hold a line so long that DuckDB would leave it out.

    DuckDB refuses records over `LONGEST_LINE`, but silently drops the last one if it is longer than
    its buffers. A line over twice `_WINDOW` fills one window of the file.
    """
    size = path.stat().st_size
    if packing == "gzip":
        with path.open("rb") as stream:
            stream.seek(-4, os.SEEK_END)
            unpacked = int.from_bytes(stream.read(), "little")
        return unpacked > _BUFFERS or unpacked > size * _SUSPICIOUS
    if size <= LONGEST_LINE:
        return False
    with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content:
        return any(
            content.find(b"\n", start, start + _WINDOW) < 0
            and content.find(b"\r", start, start + _WINDOW) < 0
            for start in range(0, size - _WINDOW + 1, _WINDOW)
        )


def _check_dialect(source: LogicalSource) -> None:
    dialect = source.dialect
    for name, mark, longest in (
        ("delimiter", dialect.delimiter, 1),
        ("quote", dialect.quote or " ", 1),
        ("escape", dialect.escape or " ", 1),
    ):
        if len(mark.encode()) != longest:
            raise InputError(
                "bad-mapping",
                f"the {name} {mark!r} is not one ASCII character",
                location=source.origin.location(),
                hint="Most files have , or ; or a tab between the fields.",
            )
    if dialect.delimiter in ("\r", "\n", dialect.quote):
        raise InputError(
            "bad-mapping",
            f"the delimiter {dialect.delimiter!r} has another meaning in the file",
            location=source.origin.location(),
            hint="Most files have , or ; or a tab between the fields.",
        )


def _cleaned(reading: Reading) -> Path:
    """Copy a file record by record, with empty comments and one kind of line end.

    DuckDB takes text behind a comment mark anywhere in a line for a comment, and refuses files that
    mix line ends of one and two characters. Line numbers do not change.
    """
    target = reading.copy(".csv")
    with (
        open_text(reading.file, reading.source) as stream,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        lines = Lines(stream, reading.source, reading.file.shown, out)
        for _ in rows_of(lines, reading.file, reading.source):
            pass
    return target


def _good_records(reading: Reading) -> Path:
    """Copy the readable records of a file, each with its number before it."""
    target, file, source = reading.copy(".csv"), reading.file, reading.source
    shown, rejects = file.shown, current()
    assert rejects is not None
    key = (file.path, file.member, source.encoding, source.compression, source.dialect)
    with target.open("w", encoding="utf-8", newline="") as out, rejects.noting(*key) as note:
        for record in records_of(file, source):
            if record.fault is None:
                out.write(f"{_NUMBER}{record.number}{source.dialect.delimiter}{record.text}")
            else:
                place = Location(shown, record.line, record=record.number)
                note(place, with_bytes(record.text.rstrip("\r\n")), record.fault.message)
    return target


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass."""
    wanted, last = set(records), max(records, default=0)
    found = {}
    for number, line in numbered_lines(file, source):
        if number in wanted:
            found[number] = line
        if number >= last:
            break
    return found


def numbered_lines(file: SourceFile, source: LogicalSource) -> Iterator[tuple[int, int]]:
    """Yield the number of each record with the line, from 1, on which it starts."""
    if current() is not None:  # bad records are left out, and counted
        for record in records_of(file, source):
            yield record.number, record.line
        return
    with open_text(file, source) as stream:
        rows = rows_of(Lines(stream, source, file.shown), file, source)
        first = next(((line, row) for line, row in rows if row), (1, []))
        others = chain(() if source.dialect.header else (first,), rows)
        # In a file of one column an empty line is a record.
        counted = (line for line, row in others if row or len(first[1]) == 1)
        yield from enumerate(counted, 1)


def explain(text: str, reading: Reading) -> InputError:
    """Turn DuckDB's error about a CSV file into one of kg.

    Args:
        text: DuckDB's message.
        reading: The reading of the file.
    """
    file, source = reading.file, reading.source
    # DuckDB's line numbers count records: read the file for the true lines.
    if not reading.skips and (fault := faults_of(file, source)):
        return fault
    # Of a copy without bad records, the line says nothing.
    line = None if reading.skips else re.search(r"CSV Error on Line: (\d+)", text)
    place = Location(file.shown, int(line[1]) if line else None)
    if "not utf-8 encoded" in text or "unicode" in text.lower():
        return wrong_encoding(place, source)
    if "maximum line size" in text.lower():
        return too_long(place)
    # The line at fault, which may be several, stands before the reason.
    said = [x for x in text.partition("Possible fixes:")[0].splitlines() if x.strip()]
    reason = said[-1] if said else text
    return InputError("bad-csv", reason.strip(), location=place, hint="Mend the file here.")


def is_mendable(text: str) -> bool:
    """Return whether DuckDB may have stopped at mixed line ends, which `_cleaned` mends."""
    return "state machine reached an invalid state" in text or "unterminated quote" in text


def _header(
    file: SourceFile, source: LogicalSource, errors: str = "strict"
) -> tuple[int, list[str]]:
    """Return how many lines are before the header, and the names of the columns."""
    with open_text(file, source, errors) as stream:
        rows = rows_of(Lines(stream, source, file.shown), file, source, strict=True)
        line, header = next(((line, row) for line, row in rows if row), (1, []))
    place = Location(file.shown, line)
    dialect = source.dialect
    if not header:
        raise InputError(
            "empty-file", "there is no header row", location=place, hint="Add the names of columns."
        )
    if dialect.trim != "false":
        header = [name.strip() for name in header]
    return line - 1, names_of(header, source, place, "bad-csv")


def column_names(file: SourceFile, source: LogicalSource) -> tuple[list[str], int]:
    """Return the names of the columns of a file, in its order, and the line that has them.

    Raises:
        InputError: There is no header, or it cannot be read.
    """
    lines, names = _header(file, source)
    return names, lines + 1
