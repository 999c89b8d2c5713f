"""What a reader hands over: a file that an engine reads as it is, and where the values are in it.

Each record has its number, from 1 in the order of the file, and for each column of the table a
text, or a list of texts, and the kind of its natural datatype (see `kg.mapping.source_table`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kg.mapping.jsonpath import Step
from kg.mapping.plan import LogicalSource


@dataclass(frozen=True, slots=True)
class CsvRecords:
    """A CSV file in UTF-8.

    Attributes:
        path: The file.
        source: Its dialect, and which texts are no values.
        packing: How it is compressed: ``none``, ``gzip`` or ``zstd``.
        width: Number of its columns.
        picked: For each column of the table, the number of the file's, from 0.
        longest: Bytes that a record may have.
        skipped: Lines before the header, or before the first record.
        numbered: Text before the number of a record, where a first column has it and there is no
            header; empty where records are numbered as they come.
    """

    path: Path
    source: LogicalSource
    packing: str
    width: int
    picked: tuple[int, ...]
    longest: int
    skipped: int = 0
    numbered: str = ""


@dataclass(frozen=True, slots=True)
class JsonRecords:
    """A file of JSON.

    Attributes:
        path: The file.
        form: ``newline_delimited`` for one document a line, ``array`` for one array of documents,
            ``unstructured`` for one document.
        packing: How it is compressed: ``none``, ``gzip`` or ``zstd``.
        largest: Bytes of the largest document.
        steps: Where the records are in a document.
        values: For each column of the table, where its values are in a record.
        marks: Whether numbers are marked (see `kg.sources.json_numbers`).
    """

    path: Path
    form: str
    packing: str
    largest: int
    steps: tuple[Step, ...]
    values: tuple[tuple[Step, ...], ...]
    marks: bool


@dataclass(frozen=True, slots=True)
class ParquetRecords:
    """A Parquet file, whose columns have the names of the references."""

    path: Path


@dataclass(frozen=True, slots=True)
class RowRecords:
    """A file of JSON arrays, one a line, with texts and kinds of the columns in turn.

    Attributes:
        path: The file.
        largest: Characters of the longest line.
        lists: Whether there is a list of texts for each column instead, without kinds.
        first: How many other texts stand before those of the columns.
        aligned: Whether dates are midnights in columns that have other times.
    """

    path: Path
    largest: int
    lists: bool = False
    first: int = 0
    aligned: bool = False


Records = CsvRecords | JsonRecords | ParquetRecords | RowRecords
