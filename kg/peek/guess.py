"""How a text file of a table is written: encoding, delimiter, blanks, where the header is."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import LogicalSource
from kg.peek.header import header_notes, header_of, passed_over
from kg.sources.csv_lines import take_long_fields
from kg.sources.files import SourceFile
from kg.sources.streams import open_source, open_text, plain_name

# Lines that are looked at for the delimiter and the header.
_LOOKED_AT: Final = 200
_DELIMITERS: Final = ",;\t|"
_BLOCK: Final = 1 << 20
# Bytes that Windows-1252 has no character for.
_NOT_WINDOWS: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
# Told of a source whose texts lose the blanks at their ends.
PADDED: Final = "blanks around names and values are cut off"
_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def csv_source(file: SourceFile, source: LogicalSource) -> tuple[LogicalSource, int, list[str]]:
    """Return how a CSV file is read, the line of its header (0: none), and what was guessed.

    Raises:
        InputError: It cannot be unpacked, or holds nothing.
    """
    encoding, notes = _encoding(file, source)
    source = replace(source, encoding=encoding)
    take_long_fields()
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
    if is_padded(csv.reader(lines, delimiter=delimiter)):
        dialect = replace(dialect, trim="true")
        notes.append(PADDED)
    rows, numbers = _rows(lines, delimiter)
    header = header_of(rows)
    skip, titles = numbers[header.skip] - 1, numbers[header.skip + 1 - header.rows] - 1
    if titles:
        notes.append(passed_over(titles, "line"))
    dialect = replace(dialect, skip_rows=skip, header=header.is_there, names=header.names)
    notes += header_notes(header)
    return replace(source, dialect=dialect), skip + 1 if header.is_there else 0, notes


def is_padded(rows: Iterable[Sequence[str | None]]) -> bool:
    """Return whether texts of a table begin or end with blanks."""
    return any(text and text != text.strip(" \t") for row in rows for text in row)


def _encoding(file: SourceFile, source: LogicalSource) -> tuple[str, list[str]]:
    """Return the encoding of a file, and a note if it is a guess."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_windows = True, True
    with open_source(file, source) as stream:
        start = block = stream.read(_BLOCK)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name, []
        if found := _unmarked(start):
            return found, [f"the file has no mark of its encoding; it is taken for {found}"]
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


def _unmarked(start: bytes) -> str:
    """Return the encoding of UTF-16 without a byte order mark, whose bytes are NUL in turn."""
    pairs = len(start) // 2
    for name, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        if pairs and start[first::2].count(0) > pairs / 2 and not start[1 - first :: 2].count(0):
            return name
    return ""


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
