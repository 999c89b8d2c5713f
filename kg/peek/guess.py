"""How a text file of a table is written: encoding, delimiter, title rows, header row."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import LogicalSource
from kg.records import dataclass
from kg.sources.files import SourceFile
from kg.sources.streams import open_source, open_text, plain_name

# Lines that are looked at for the delimiter and the header.
_LOOKED_AT: Final = 200
_DELIMITERS: Final = ",;\t|"
_BLOCK: Final = 1 << 20
# Bytes that Windows-1252 has no character for.
_NOT_WINDOWS: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_VALUE: Final = re.compile(r"[-+]?[0-9][0-9.,:/TZ+-]*|true|false", re.IGNORECASE)
# A header of fewer names than this cannot be told from a title.
_WIDE: Final = 3


@dataclass(frozen=True, slots=True)
class Header:
    """Where the names of a table's columns are.

    Attributes:
        skip: Rows, or lines, above it.
        is_there: Whether there is one at all.
        names: Names for all columns, where the header does not name each of them once.
    """

    skip: int
    is_there: bool
    names: tuple[str, ...]


def csv_source(file: SourceFile, source: LogicalSource) -> tuple[LogicalSource, int, list[str]]:
    """Return how a CSV file is read, the line of its header (0: none), and what was guessed.

    Raises:
        InputError: It cannot be unpacked, or holds nothing.
    """
    encoding, notes = _encoding(file, source)
    source = replace(source, encoding=encoding)
    with open_text(file, source) as stream:
        lines = list(islice(stream, _LOOKED_AT))
    if not any(line.strip() for line in lines):
        raise InputError(
            "empty-file",
            "there is no header row",
            location=file.location,
            hint="Add the names of columns.",
        )
    delimiter = _delimiter(lines, plain_name(file))
    dialect = replace(source.dialect, delimiter=delimiter)
    rows, numbers = _rows(lines, delimiter)
    header = header_of(rows)
    skip = numbers[header.skip] - 1
    if skip:
        notes.append(f"{skip} lines above the header are passed over")
    dialect = replace(dialect, skip_rows=skip, header=header.is_there, names=header.names)
    notes += header_notes(header)
    return replace(source, dialect=dialect), skip + 1 if header.is_there else 0, notes


def header_notes(header: Header) -> list[str]:
    """Return what was guessed about a header."""
    if not header.is_there:
        return ["the first row looks like data, so the columns get names here"]
    return ["the header lacks names or has some twice, so all get names here"] * bool(header.names)


def _encoding(file: SourceFile, source: LogicalSource) -> tuple[str, list[str]]:
    """Return the encoding of a file, and a note if it is a guess."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_windows = True, True
    with open_source(file, source) as stream:
        start = block = stream.read(_BLOCK)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name, []
        while block:
            try:
                decoder.decode(block if is_utf8 else b"")
            except UnicodeDecodeError:
                is_utf8 = False
                decoder.reset()
            is_windows = is_windows and not _NOT_WINDOWS.search(block)
            block = stream.read(_BLOCK)
    if is_utf8:
        return "utf-8", []
    name = "cp1252" if is_windows else "latin-1"
    return name, [f"the file is not UTF-8; it is taken for {name}: look at its accents"]


def _delimiter(lines: Sequence[str], name: str) -> str:
    """Return the character that splits the lines into rows of one width, and a wide one."""
    usual = "\t" if name.endswith((".tsv", ".tab")) else ","

    def score(mark: str) -> tuple[float, int, bool]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark) if row)
        width, count = max(widths.items(), key=lambda each: (each[1] * (each[0] > 1), each[0]))
        return (count / widths.total() if width > 1 else 0), width, mark == usual

    try:
        best = max(_DELIMITERS, key=lambda mark: (round(score(mark)[0], 1), *score(mark)[1:]))
    except csv.Error:
        return usual
    return best if score(best)[0] else usual


def _rows(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Return the first rows, without empty ones, and the lines that they start on."""
    rows, numbers, line = [], [], 1
    reader = csv.reader(lines, delimiter=delimiter)
    for row in reader:
        if row:
            rows.append([text.strip() for text in row])
            numbers.append(line)
        line = reader.line_num + 1
    return rows, numbers


def header_of(rows: Sequence[Sequence[str]]) -> Header:
    """Return where the header of a table is.

    Args:
        rows: The first rows that are not empty; there is one at least.
    """
    width = Counter(map(len, rows)).most_common(1)[0][0]
    skip = next(n for n, row in enumerate(rows) if len(row) == width)
    filled = [sum(map(bool, row)) for row in rows]
    usual = Counter(filled[skip:]).most_common(1)[0][0]
    # Titles fill one cell of a row that is wide below it.
    while usual >= _WIDE and skip + 1 < len(rows) and filled[skip] <= 1 < filled[skip + 1]:
        skip += 1
    first, below = rows[skip], rows[skip + 1 :]
    if _is_data(first, below):
        return Header(skip, False, tuple(f"column_{n}" for n in range(1, width + 1)))
    return Header(skip, True, () if _names_all(first) else _named(first))


def _names_all(first: Sequence[str]) -> bool:
    return all(first) and len(set(first)) == len(first)


def _named(first: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each column: an empty first one numbers the rows, as R and pandas do."""
    found: list[str] = []
    for number, text in enumerate(first):
        name = text or ("row" if number == 0 else f"column_{number + 1}")
        while name in found:
            name = f"{name}_{number + 1}"
        found.append(name)
    return tuple(found)


def _is_data(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row is a record: it has values where the rows below have such."""
    values = [n for n, text in enumerate(first) if _VALUE.fullmatch(text)]
    if not values or not below:
        return False
    # Years as names of columns are no values: they rise by one.
    years = [int(first[n]) for n in values if re.fullmatch(r"1[5-9]\d\d|20\d\d", first[n])]
    if len(years) > 1 and len(years) == len(values) and years == sorted(set(years)):
        return False
    same = [n for n in values if all(_fits(row, n) for row in below)]
    return len(same) == len(values)


def _fits(row: Sequence[str], number: int) -> bool:
    return number >= len(row) or not row[number] or bool(_VALUE.fullmatch(row[number]))
