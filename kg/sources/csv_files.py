"""CSV files: the header is checked here, the records are read by DuckDB.

Names of columns are case-sensitive and must be unique, as RML wants it; DuckDB would fold their
case and rename duplicates, so it is given numbers instead.

Spec: https://www.rfc-editor.org/rfc/rfc4180, https://www.w3.org/TR/tabular-data-model/
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import TextIOWrapper
from itertools import chain
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final, TextIO

from kg.duck import sql_file, sql_text
from kg.errors import InputError, Location
from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import Column
from kg.sources.files import SourceFile, missing_reference
from kg.sources.reading import Reading
from kg.sources.streams import open_text, plain_text, wrong_encoding

# A longer line is a quote that was never closed; DuckDB holds a line in memory. Bytes.
LONGEST_LINE: Final = 16 * 2**20
_WINDOW: Final = LONGEST_LINE // 2
# DuckDB's buffers for a file, in bytes; and how much smaller than its content a packed file with
# ordinary lines never is.
_BUFFERS: Final = 32 * LONGEST_LINE
_SUSPICIOUS: Final = 200
# DuckDB wants at least one text for NULL; no file holds this one.
_NO_NULL: Final = "\x00kg has no null here\x00"


def select(reading: Reading) -> str:
    """Return a query for one CSV file; see `kg.engines.duckdb.loading`.

    Raises:
        InputError: The header is missing, doubled, not in its encoding, or lacks a column.
    """
    source, columns = reading.source, reading.table.columns
    _check_dialect(source)
    lines, header = _header(reading.file, source)
    numbers = {name: number for number, name in enumerate(header)}
    for column in columns:
        if column.reference not in numbers:
            raise missing_reference(column, header, source)
    _check_doubled(columns, header, Location(reading.file.shown, lines + 1))
    picked = "".join(f", h{numbers[c.reference]} AS c{c.index}" for c in columns)
    if reading.is_repaired or source.dialect.comment:
        path, packing = _cleaned(reading), "none"
    else:
        path, packing = plain_text(reading.file, source, reading.copy(".csv"))
        if _may_lose_its_end(path, packing) and (fault := _fault(reading.file, source)):
            raise fault
    scan = _scan(path, source, len(header), lines, packing)
    return f"SELECT row_number() OVER () AS record{picked} FROM {scan}"


def _may_lose_its_end(path: Path, packing: str) -> bool:
    """Tell whether the file may hold a line so long that DuckDB would leave it out.

    It refuses records over `LONGEST_LINE`, but passes over the last one where that is longer than
    its buffers, and says nothing. A line over twice `_WINDOW` fills one window of the file.
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
    """Copy a file with its comments emptied and its lines ended alike, record by record.

    DuckDB takes what follows a comment mark anywhere in a line for a comment, and refuses files
    whose lines end now with one, now with two characters. Numbers of lines stay.
    """
    target = reading.copy(".csv")
    with (
        open_text(reading.file, reading.source) as stream,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        lines = _Lines(stream, reading.source, reading.file.shown, out)
        for _ in _rows(lines, reading.file, reading.source):
            pass
    return target


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass."""
    wanted, last = set(records), max(records, default=0)
    found = {}
    with open_text(file, source) as stream:
        rows = _rows(_Lines(stream, source, file.shown), file, source)
        first = next(((line, row) for line, row in rows if row), (1, []))
        others = chain(() if source.dialect.header else (first,), rows)
        # In a file of one column an empty line is a record.
        counted = (line for line, row in others if row or len(first[1]) == 1)
        for number, line in enumerate(counted, 1):
            if number in wanted:
                found[number] = line
            if number >= last:
                break
    return found


def explain(text: str, source: LogicalSource, file: SourceFile) -> InputError:
    """Turn DuckDB's error about a CSV file into ours.

    Args:
        text: What DuckDB says.
        source: What the mapping says of the source.
        file: The file.
    """
    # The engine counts records where it says lines: the file tells better.
    if fault := _fault(file, source):
        return fault
    line = re.search(r"CSV Error on Line: (\d+)", text)
    place = Location(file.shown, int(line[1]) if line else None)
    if "not utf-8 encoded" in text or "unicode" in text.lower():
        return wrong_encoding(place, source)
    if "maximum line size" in text.lower():
        return _too_long(place)
    reason = next((x for x in text.splitlines()[2:] if x.strip()), text.splitlines()[0])
    return InputError("bad-csv", reason.strip(), location=place, hint="Mend the file here.")


def _too_long(place: Location) -> InputError:
    return InputError(
        "bad-csv",
        f"a record is longer than {LONGEST_LINE // 2**20} MB",
        location=place,
        hint="Look for a quote that is opened and never closed, and for lines that do not end.",
    )


def _too_few_lines(source: LogicalSource, lines: int) -> InputError:
    return InputError(
        "empty-file",
        f"the mapping passes over {source.dialect.skip_rows} lines, and the file has {lines}",
        location=source.origin.location(),
        hint="skipRows is the number of lines before the header.",
    )


def _fault(file: SourceFile, source: LogicalSource) -> InputError | None:
    """Return what is wrong with the first record that breaks the rules, if one does."""
    try:
        with open_text(file, source) as stream:
            width = 0
            for line, row in _rows(_Lines(stream, source, file.shown), file, source, strict=True):
                width = width or len(row)
                if row and len(row) != width:
                    what = "header" if source.dialect.header else "first record"
                    return InputError(
                        "bad-csv",
                        f"the record has {len(row)} fields, the {what} has {width}",
                        location=Location(file.shown, line),
                        hint="Put quotes around a field that holds the delimiter, or add what is"
                        " missing.",
                    )
    except InputError as error:
        return error
    return None


def is_mendable(text: str) -> bool:
    """Tell whether DuckDB may have stopped at mixed line ends, which `_cleaned` mends."""
    return "state machine reached an invalid state" in text or "unterminated quote" in text


def _scan(path: Path, source: LogicalSource, width: int, lines: int, packing: str) -> str:
    """Return the table function that reads a file; `lines` stand before the header."""
    dialect = source.dialect
    columns = ", ".join(f"'h{number}': 'VARCHAR'" for number in range(width))
    trims = dialect.trim != "false"
    nulls = None if trims else source.nulls
    listed = ", ".join(sql_text(null) for null in ("",) if nulls is None) or ", ".join(
        sql_text(null) for null in nulls or (_NO_NULL,)
    )
    options = [
        "auto_detect = false",
        f"columns = {{{columns}}}",
        f"compression = {sql_text(packing)}",
        f"header = {str(dialect.header).lower()}",
        f"skip = {lines}",
        f"delim = {sql_text(dialect.delimiter)}",
        f"quote = {sql_text(dialect.quote)}",
        f"escape = {sql_text(dialect.escape)}",
        f"nullstr = [{listed}]",
        f"allow_quoted_nulls = {str(bool(nulls)).lower()}",
        "strict_mode = true",
        f"max_line_size = {LONGEST_LINE}",
        "hive_partitioning = false",
    ]
    scan = f"read_csv({sql_file(path)}, {', '.join(options)})"
    if not trims:
        return scan
    trimmed = ", ".join(f"{_trimmed(f'h{n}', source)} AS h{n}" for n in range(width))
    return f"(SELECT {trimmed} FROM {scan})"


def _trimmed(column: str, source: LogicalSource) -> str:
    """Return the SQL of a value without white space at its ends; then it may be a null."""
    function = {"true": "trim", "start": "ltrim", "end": "rtrim"}[source.dialect.trim]
    value = f"{function}({column}, E' \\t\\r\\n')"
    nulls = ("",) if source.nulls is None else source.nulls
    if not nulls:
        return f"coalesce({value}, '')"
    return f"CASE WHEN {value} IN ({', '.join(map(sql_text, nulls))}) THEN NULL ELSE {value} END"


def _header(file: SourceFile, source: LogicalSource) -> tuple[int, list[str]]:
    """Return how many lines stand before the header, and the names of the columns."""
    with open_text(file, source) as stream:
        rows = _rows(_Lines(stream, source, file.shown), file, source, strict=True)
        line, header = next(((line, row) for line, row in rows if row), (1, []))
    place = Location(file.shown, line)
    dialect = source.dialect
    if not header:
        raise InputError(
            "empty-file", "there is no header row", location=place, hint="Add the names of columns."
        )
    if dialect.names and len(dialect.names) != len(header):
        raise InputError(
            "bad-csv",
            f"the mapping names {len(dialect.names)} columns, the file has {len(header)}",
            location=place,
            hint="Name all columns, in the order of the file.",
        )
    if dialect.names:
        return line - 1, list(dialect.names)
    if not dialect.header:
        return line - 1, [str(number + 1) for number in range(len(header))]
    if dialect.trim != "false":
        header = [name.strip() for name in header]
    return line - 1, header


def column_names(file: SourceFile, source: LogicalSource) -> list[str]:
    """Return the names of the columns of a file, in its order.

    Raises:
        InputError: There is no header, or it cannot be read.
    """
    return _header(file, source)[1]


def _check_doubled(columns: Sequence[Column], header: Sequence[str], place: Location) -> None:
    """Refuse a reference to a name that the header has twice; others may be there as often."""
    counts = Counter(header)
    for column in columns:
        if counts[column.reference] > 1:
            raise InputError(
                "duplicate-column",
                f"the header has {column.reference!r} twice, and the mapping refers to it",
                location=place,
                hint="Rename one: references go by the name of the column.",
            )


class _Lines:
    """The lines of a file for `csv.reader`, without comments.

    A comment is a line that starts with the mark where a record could start; within quotes it is
    none.

    Args:
        stream: The text, its line ends as they are.
        source: What the mapping says of the source.
        place: What messages call the file.
        out: Where to write the lines, comments emptied and the ends of records alike.
    """

    def __init__(
        self, stream: TextIOWrapper, source: LogicalSource, place: str, out: TextIO | None = None
    ) -> None:
        self.stream = stream
        self.place = place
        self.comment = source.dialect.comment
        self.number = 0
        self.out = out
        self.pending: list[str] = []
        self.size = 0
        for number in range(source.dialect.skip_rows):
            line = self._next()
            if not line:
                raise _too_few_lines(source, number)
            self._keep(line)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._next()
        while self.comment and not self.pending and line.startswith(self.comment):
            self._write("\n")
            line = self._next()
        if not line:
            self.end_record()
            raise StopIteration
        self.pending.append(line)
        self.size += len(line)
        if self.size > LONGEST_LINE:
            raise _too_long(Location(self.place, self.number - len(self.pending) + 1))
        return line

    def end_record(self) -> None:
        """Tell that a record ends with the last line that was given."""
        if self.pending:
            self.pending[-1] = self.pending[-1].rstrip("\r\n") + "\n"
            self._write("".join(self.pending))
            self.pending.clear()
        self.size = 0

    def _next(self) -> str:
        self.number += 1
        line = self.stream.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise _too_long(Location(self.place, self.number))
        return line

    def _keep(self, line: str) -> None:
        self._write(line.rstrip("\r\n") + "\n")

    def _write(self, text: str) -> None:
        if self.out is not None:
            self.out.write(text)


# What Python's csv module says, in our words; the mark stands for what it quotes.
_SAID: Final[Mapping[str, str]] = {
    "unexpected end of data": "a quote is opened and never closed",
    "expected after": "text follows a closing quote",
    "field larger than": f"a field is longer than {LONGEST_LINE // 2**20} MB; a quote is opened and"
    " never closed",
}


def _rows(
    lines: _Lines, file: SourceFile, source: LogicalSource, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield records with the line that each starts on; an empty line gives an empty one.

    Args:
        lines: The lines of the file.
        file: The file, for messages.
        source: What the mapping says of the source.
        strict: Refuse quotes that are not closed, and text behind a closing quote.
    """
    dialect = source.dialect
    if csv.field_size_limit() < LONGEST_LINE:
        csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape == dialect.quote,
        escapechar=None if dialect.escape == dialect.quote else dialect.escape,
        strict=strict,
    )
    begun = 0
    try:
        while True:
            begun = lines.number + 1
            row = next(reader, None)
            if row is None:
                return
            start = lines.number - len(lines.pending) + 1
            lines.end_record()
            yield start, row
    except csv.Error as error:
        place = Location(file.shown, begun)
        said = next((ours for theirs, ours in _SAID.items() if theirs in str(error)), str(error))
        raise InputError(
            "bad-csv",
            said,
            location=place,
            hint='Close the quote; a quote inside a quoted field is written twice ("").',
        ) from error
