"""CSV files: the header is checked here, the records are read by DuckDB.

Names of columns are case-sensitive and must be unique, as RML wants it; DuckDB would fold their
case and rename duplicates, so it is given numbers instead.

Spec: https://www.rfc-editor.org/rfc/rfc4180, https://www.w3.org/TR/tabular-data-model/
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import first_line, sql_name, sql_text
from kg.errors import InputError, Location
from kg.mapping.plan import LogicalSource
from kg.mapping.term_sql import SourceTable
from kg.rdf import open_binary
from kg.workspace import show_path

# A longer line is a quote that was never closed; DuckDB holds a line in memory. Bytes.
LONGEST_LINE: Final = 16 * 2**20
# Encodings that DuckDB reads itself; others are turned into UTF-8 first.
_NATIVE: Final = {"utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8"}


def select(
    connection: duckdb.DuckDBPyConnection, path: Path, table: SourceTable, spill: Path
) -> str:
    """Return a query for one CSV file; see `kg.sources.loading`.

    Raises:
        InputError: The header is missing, doubled, not in its encoding, or lacks a column.
    """
    del connection
    source = table.source
    header = _header(path, source)
    for column in table.columns:
        if column.reference not in header:
            from kg.sources.loading import missing_reference

            raise missing_reference(column.reference, header, source)
    picked = "".join(
        f", h{header.index(column.reference)} AS c{column.index}" for column in table.columns
    )
    if source.encoding.lower() not in _NATIVE:
        path = _transcoded(path, source, spill)
    return f"SELECT row_number() OVER () AS record{picked} FROM {_scan(path, source, len(header))}"


def lines_of(path: Path, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass."""
    wanted, last = set(records), max(records, default=0)
    found = {}
    with _text(path, source) as stream:
        rows = _rows(stream, source)
        if source.dialect.header:
            next(rows, None)
        for number, (line, _) in enumerate(rows, 1):
            if number in wanted:
                found[number] = line
            if number >= last:
                break
    return found


def explain(
    error: duckdb.Error, source: LogicalSource, files: Sequence[Path]
) -> InputError | duckdb.Error:
    """Turn DuckDB's error about a CSV file into ours; return it unchanged if it is another."""
    text = str(error)
    named = re.search(r"^  file = (.*)$", text, re.MULTILINE)
    if not named:
        return error
    path = next((p for p in files if str(p) == named[1].strip()), Path(named[1].strip()))
    line = re.search(r"CSV Error on Line: (\d+)", text)
    place = Location(show_path(path), int(line[1]) if line else None)
    if "not utf-8 encoded" in text or "unicode" in text.lower():
        return _encoding_error(place, source)
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if counts:
        return InputError(
            "bad-csv",
            f"the record has {counts[2]} fields, the header has {counts[1]}",
            location=place,
            hint="Put quotes around a field that holds the delimiter, or add what is missing.",
        )
    if "unterminated quote" in text.lower() or "quote should be followed" in text.lower():
        return InputError(
            "bad-csv",
            "a quote is opened and not closed, or text follows a closing quote",
            location=place,
            hint='Close the quote; a quote inside a quoted field is written twice ("").',
        )
    reason = next((x for x in text.splitlines()[2:] if x.strip()), first_line(error))
    return InputError("bad-csv", reason.strip(), location=place, hint="Mend the file here.")


def _scan(path: Path, source: LogicalSource, width: int) -> str:
    dialect = source.dialect
    columns = ", ".join(f"'h{number}': 'VARCHAR'" for number in range(width))
    nulls = ", ".join(sql_text(null) for null in source.nulls)
    options = [
        "auto_detect = false",
        f"columns = {{{columns}}}",
        f"header = {str(dialect.header).lower()}",
        f"skip = {dialect.skip_rows}",
        f"delim = {sql_text(dialect.delimiter)}",
        f"quote = {sql_text(dialect.quote)}",
        f"escape = {sql_text(dialect.escape)}",
        f"comment = {sql_text(dialect.comment)}",
        f"nullstr = [{nulls}]",
        "allow_quoted_nulls = false",
        "strict_mode = true",
        f"max_line_size = {LONGEST_LINE}",
    ]
    scan = f"read_csv({sql_text(str(path))}, {', '.join(options)})"
    if not dialect.trim:
        return scan
    trimmed = ", ".join(f"trim(h{n}) AS {sql_name(f'h{n}')}" for n in range(width))
    return f"(SELECT {trimmed} FROM {scan})"


def _header(path: Path, source: LogicalSource) -> list[str]:
    with _text(path, source) as stream:
        line, header = next(_rows(stream, source), (1, []))
    place = Location(show_path(path), line)
    if not header:
        raise InputError(
            "empty-file", "there is no header row", location=place, hint="Add the names of columns."
        )
    if not source.dialect.header:
        return [str(number + 1) for number in range(len(header))]
    if source.dialect.trim:
        header = [name.strip() for name in header]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise InputError(
            "duplicate-column",
            f"the header has {doubled[0]!r} twice",
            location=place,
            hint="Rename one: references go by the name of the column.",
        )
    return header


def _rows(stream: TextIOWrapper, source: LogicalSource) -> Iterator[tuple[int, list[str]]]:
    """Yield records with the line that each starts on; empty lines are none."""
    dialect = source.dialect
    for _ in range(dialect.skip_rows):
        stream.readline()
    reader = csv.reader(
        stream,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape == dialect.quote,
        escapechar=None if dialect.escape == dialect.quote else dialect.escape,
    )
    start = dialect.skip_rows + 1
    try:
        for row in reader:
            if row and not (dialect.comment and row[0].startswith(dialect.comment)):
                yield start, row
            start = dialect.skip_rows + reader.line_num + 1
    except UnicodeDecodeError as error:
        raise _encoding_error(Location(""), source) from error
    except csv.Error as error:
        raise InputError("bad-csv", str(error), location=Location("", start)) from error


def _text(path: Path, source: LogicalSource) -> TextIOWrapper:
    encoding = "utf-8-sig" if source.encoding.lower() in _NATIVE else source.encoding
    try:
        return TextIOWrapper(open_binary(path), encoding=encoding, newline="")
    except LookupError as error:
        raise InputError(
            "bad-encoding",
            f"{source.encoding!r} is no encoding",
            location=source.origin.location(),
            hint="Known ones are utf-8, utf-16, latin-1, cp1252 and others that Python knows.",
        ) from error


def _transcoded(path: Path, source: LogicalSource, spill: Path) -> Path:
    target = spill / f"{path.name}-{abs(hash((path, source.encoding))):x}.utf8.csv"
    try:
        with _text(path, source) as stream, target.open("w", encoding="utf-8", newline="") as out:
            while block := stream.read(1 << 20):
                out.write(block)
    except UnicodeError as error:
        raise _encoding_error(Location(show_path(path)), source) from error
    return target


def _encoding_error(place: Location, source: LogicalSource) -> InputError:
    return InputError(
        "bad-encoding",
        f"the text is not encoded in {source.encoding.upper()}",
        location=place if place.file else None,
        hint="Save the file as UTF-8, or declare its encoding in the mapping's source.",
    )
