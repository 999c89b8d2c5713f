"""CSV files record by record, with the line of each record and the faults of bad ones.

DuckDB is faster; this reader is for files that DuckDB refuses, and for line numbers. A bad record
does not spoil those after it. If its quotes are unbalanced, its end is unknown: its first line is
given up, and reading goes on at the next line.

Spec: https://www.rfc-editor.org/rfc/rfc4180, https://www.w3.org/TR/tabular-data-model/
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import Final, TextIO

from kg.errors import MOST_TOLD, InputError, InputErrors, Location
from kg.mapping.plan import LogicalSource
from kg.records import dataclass
from kg.sources.files import SourceFile
from kg.sources.streams import BAD_BYTES, bad_byte, open_text, wrong_encoding

# A longer line is a quote that was never closed; DuckDB holds a line in memory. Bytes.
LONGEST_LINE: Final = 16 * 2**20
# Bytes that a character may take in UTF-8.
_WIDEST: Final = 4
# Most faults that are counted, and most records after the first fault that are checked.
_MOST_COUNTED: Final = 1_000
_LOOK_AHEAD: Final = 1_000_000


class Lines:
    """The lines of a file for `csv.reader`, without comments.

    A comment is a line that starts with the mark where a record could start. Within quotes it is
    data.

    Args:
        stream: The text, its line ends as they are.
        source: The logical source.
        place: The file, for messages.
        out: Where to write the lines, with empty comments and one kind of line end.

    Attributes:
        number: Number of the last line that was given, from 1.
        pending: The lines of the current record.
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
        self._ahead: deque[str] = deque()
        self._cut = ""
        for number in range(source.dialect.skip_rows):
            line = self._next()
            if not line:
                raise _too_few_lines(source, number)
            self._keep(line)

    def __iter__(self) -> Iterator[str]:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next line that is not a comment."""
        line = self._next()
        while self.comment and not self.pending and line.startswith(self.comment):
            self._write("\n")
            line = self._next()
        if not line:
            raise StopIteration
        self.pending.append(line)
        self.size += len(line)
        if self.size > LONGEST_LINE:
            raise too_long(Location(self.place, self.start))
        return line

    @property
    def start(self) -> int:
        """Number of the line on which the current record starts."""
        return self.number - len(self.pending) - bool(self._cut) + 1

    def end_record(self) -> None:
        """Note that a record ends with the last line that was given."""
        if self.pending:
            self._write(self.text())
            self.pending.clear()
        self.size = 0

    def text(self) -> str:
        """Return the current record as written, without its line end."""
        self.pending[-1] = self.pending[-1].rstrip("\r\n") + "\n"
        return "".join(self.pending)

    def give_up(self) -> str:
        """Return the first line of the current record; reading goes on at the next line.

        A line that is too long is skipped, with the lines before it in the record.
        """
        if self._cut:
            text = "".join((*self.pending, self._cut))
            while self._cut and not self._cut.endswith(("\n", "\r")):
                self._cut = self.stream.readline(LONGEST_LINE)
            self._cut = ""
        else:
            text, *others = self.pending
            self._ahead.extendleft(reversed(others))
            self.number -= len(others)
        self.pending.clear()
        self.size = 0
        return text

    def _next(self) -> str:
        line = self._ahead.popleft() if self._ahead else self.stream.readline(LONGEST_LINE + 1)
        if line:
            self.number += 1
        if len(line) > LONGEST_LINE:
            self._cut = line
            raise too_long(Location(self.place, self.number))
        return line

    def _keep(self, line: str) -> None:
        self._write(line.rstrip("\r\n") + "\n")

    def _write(self, text: str) -> None:
        if self.out is not None:
            self.out.write(text)


def too_long(place: Location) -> InputError:
    """Return the error for a record that is too long."""
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


# Messages of Python's csv module, in kg's words; the mark is a placeholder for what it quotes.
_SAID: Final[Mapping[str, str]] = {
    "unexpected end of data": "a quote is opened and never closed",
    "expected after": "text follows a closing quote",
    "field larger than": f"a field is longer than {LONGEST_LINE // 2**20} MB; a quote is opened and"
    " never closed",
}


def bad_quote(said: str, place: Location) -> InputError:
    """Return the error for a row that Python's reader of CSV does not take.

    Args:
        said: What it says.
        place: Where the row is.
    """
    return InputError(
        "bad-csv",
        next((ours for theirs, ours in _SAID.items() if theirs in said), said),
        location=place,
        hint='Close the quote; a quote inside a quoted field is written twice ("").',
    )


def take_long_fields() -> None:
    """Let Python's reader of CSV take fields as long as lines may be."""
    if csv.field_size_limit() < LONGEST_LINE:
        csv.field_size_limit(LONGEST_LINE)


def _reader(lines: Lines, source: LogicalSource, *, strict: bool) -> Iterator[list[str]]:
    dialect = source.dialect
    take_long_fields()
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape == dialect.quote,
        escapechar=None if dialect.escape == dialect.quote else dialect.escape,
        strict=strict,
    )


def rows_of(
    lines: Lines, file: SourceFile, source: LogicalSource, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield records with the line on which each starts; an empty line gives an empty record.

    Args:
        lines: The lines of the file.
        file: The file, for messages.
        source: The logical source.
        strict: Refuse unclosed quotes, and text after a closing quote.

    Raises:
        InputError: A record breaks the rules.
    """
    reader = _reader(lines, source, strict=strict)
    begun = 0
    try:
        while True:
            begun = lines.number + 1
            row = next(reader, None)
            if row is None:
                return
            start = lines.start
            lines.end_record()
            yield start, row
    except csv.Error as error:
        raise bad_quote(str(error), Location(file.shown, begun)) from error


# --- records that break the rules -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a file.

    Attributes:
        number: Its number, from 1; bad records count too.
        line: The line on which it starts.
        text: Its text as written; only its first line if its quotes are unbalanced.
        fault: The error, or None.
        follows: Whether it may be the rest of an earlier record with unbalanced quotes.
    """

    number: int
    line: int
    text: str
    fault: InputError | None = None
    follows: bool = False


def records_of(file: SourceFile, source: LogicalSource) -> Iterator[Record]:
    """Yield the records of a file after its header, bad ones included.

    Raises:
        InputError: The header is bad, or the text cannot be decoded at all.
    """
    with open_text(file, source, BAD_BYTES) as stream:
        yield from _Records(stream, file, source)


class _Records:
    """Goes through the records of a file; see `records_of`."""

    def __init__(self, stream: TextIOWrapper, file: SourceFile, source: LogicalSource) -> None:
        self.lines = Lines(stream, source, file.shown)
        self.shown = file.shown
        self.source = source
        self.width = 0
        # The line up to which a record that was given up seemed to reach.
        self.wary = 0
        self.plain = _grammar(source, strict=True)
        self.blank = f" {source.dialect.quote or chr(0)}"
        self.loose = _grammar(source, strict=False)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records."""
        number = 0 if self.source.dialect.header else 1
        reader = _reader(self.lines, self.source, strict=True)
        while True:
            fault, row = None, None
            try:
                row = next(reader, None)
                if row is None:
                    return
            except csv.Error as error:
                fault = bad_quote(str(error), Location(self.shown, self.lines.start))
            except InputError as error:
                if error.code != "bad-csv":
                    raise
                fault = error
            line = self.lines.start
            follows = line <= self.wary
            if fault is not None:
                self.wary = max(self.wary, self.lines.number)
                text = self.lines.give_up()
                reader = _reader(self.lines, self.source, strict=True)
                fault = self._bad_text(line, text) or fault
            else:
                text = self.lines.text()
                self.lines.end_record()
            if row is not None:
                if not row and self.width != 1:
                    continue  # an empty line is a record in a file of one column alone
                self.width = self.width or len(row)
                fault = self._fault(line, text, row)
            if number == 0 and fault is not None:
                raise fault
            if number:
                yield Record(number, line, text, fault, follows)
            number += 1

    def _fault(self, line: int, text: str, row: list[str]) -> InputError | None:
        if (fault := self._bad_text(line, text)) is not None:
            return fault
        if row and len(row) != self.width and not self._is_only_longer(text, row):
            what = "header" if self.source.dialect.header else "first record"
            return InputError(
                "bad-csv",
                f"the record has {len(row)} fields, the {what} has {self.width}",
                location=Location(self.shown, line),
                hint="Put quotes around a field that holds the delimiter, or add what is missing.",
            )
        strange = line <= self.wary and not self.plain.fullmatch(text.rstrip("\r\n"))
        if self.blank in text and not self.loose.fullmatch(text.rstrip("\r\n")):
            strange = True
        if strange:
            said = "a quote stands within a field that has none around it"
            return bad_quote(said, Location(self.shown, line))
        if len(text) > LONGEST_LINE // _WIDEST and len(text.encode()) > LONGEST_LINE:
            return too_long(Location(self.shown, line))
        return None

    def _is_only_longer(self, text: str, row: list[str]) -> bool:
        """Tell whether empty fields follow the last column, which DuckDB passes over."""
        more = len(row) - self.width
        if more < 0 or any(row[self.width :]):
            return False
        return text.rstrip("\r\n").endswith(self.source.dialect.delimiter * more)

    def _bad_text(self, line: int, text: str) -> InputError | None:
        """Return the error for a byte that is not valid in the encoding."""
        found = None if text.isascii() else bad_byte(text)
        if found is None:
            return None
        before, byte = found
        breaks = before.count("\n")
        column = len(before) - before.rfind("\n")
        place = Location(self.shown, line + breaks, column)
        return wrong_encoding(place, self.source, byte)


def _grammar(source: LogicalSource, *, strict: bool) -> re.Pattern[str]:
    """Return the pattern of a record whose quotes are in order.

    Args:
        source: What the mapping says of the source.
        strict: Whether a field that has no quotes around it holds none. Where a record was given
            up, the lines behind it may be the rest of a text of several lines; its end has such a
            quote. Otherwise, such a field does not begin with one: DuckDB takes a quote behind
            blanks for one that opens.
    """
    quote, escape, mark = map(
        re.escape, (source.dialect.quote, source.dialect.escape, source.dialect.delimiter)
    )
    if not quote:
        return re.compile(r".*", re.DOTALL)
    inner = rf"[^{quote}]|{quote}{quote}" if quote == escape else rf"[^{quote}{escape}]|{escape}."
    quoted = rf"{quote}(?:{inner})*+{quote}"
    field = rf"(?:{quoted}|[^{quote}{mark}\r\n]*+)"
    if not strict:
        field = rf"(?: *{quoted} *|(?! *{quote})[^{mark}\r\n]*+)"
    return re.compile(rf"{field}(?:{mark}{field})*+", re.DOTALL)


def faults_of(file: SourceFile, source: LogicalSource) -> InputError | None:
    """Return the error for the first bad records, if there are any."""
    found: list[InputError] = []
    count, last = 0, 0
    try:
        for record in records_of(file, source):
            if record.fault is not None and not record.follows:
                count += 1
                last = last or record.number + _LOOK_AHEAD
                if len(found) < MOST_TOLD:
                    found.append(record.fault)
            if count and (count >= _MOST_COUNTED or record.number >= last):
                break
    except InputError as error:
        if not found:
            return error
    if count > 1:
        return InputErrors(found, file.shown, count)
    return found[0] if found else None
