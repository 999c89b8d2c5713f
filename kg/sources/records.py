"""The output of a reader: a file that DuckDB reads as it is, and where its values are.

Each record has its number, from 1 in the order of the file, and for each column of the table a
text, or a list of texts, and the kind of its natural datatype (see `kg.mapping.source_table`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from kg.mapping.jsonpath import JsonPath, Step
from kg.mapping.plan import LogicalSource
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class CsvRecords:
    """A CSV file in UTF-8.

    Attributes:
        path: The file.
        source: Its dialect, and the texts that mean null.
        packing: How it is compressed: ``none``, ``gzip`` or ``zstd``.
        width: Number of its columns.
        picked: For each column of the table, the number of the file's column, from 0.
        longest: Most bytes of a record.
        skipped: Lines before the header, or before the first record.
        is_copy: Whether kg wrote the file, so that its records end with a line feed. DuckDB takes
            the first line end for that of all records, and it may be within quotes.
        numbered: Text before the number of a record in the first column of a copy without header;
            empty if records are numbered in the order of the file.
    """

    path: Path
    source: LogicalSource
    packing: str
    width: int
    picked: tuple[int, ...]
    longest: int
    skipped: int = 0
    numbered: str = ""
    is_copy: bool = False


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
        around: Paths of columns that ask for what is around a record, by their numbers.
        of_keys: Whether the records are the keys of what the steps lead to.
        numbered: Whether the documents are the elements of one array, in order.
    """

    path: Path
    form: str
    packing: str
    largest: int
    steps: tuple[Step, ...]
    values: tuple[tuple[Step, ...], ...]
    marks: bool
    around: Mapping[int, JsonPath] = field(default_factory=dict)
    of_keys: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class ParquetRecords:
    """A Parquet file, whose columns have the names of the references."""

    path: Path


@dataclass(frozen=True, slots=True)
class DuckRecords:
    """A table of a file of DuckDB.

    Attributes:
        path: The file.
        table: The name of the table, as the mapping has it; empty for the only one.
    """

    path: Path
    table: str


@dataclass(frozen=True, slots=True)
class RowRecords:
    """A file of JSON arrays, one a line, with texts and kinds of the columns in turn.

    Attributes:
        path: The file.
        largest: Characters of the longest line.
        lists: Whether each column has a list of texts instead, without kinds.
        first: Number of other texts before those of the columns.
        aligned: Whether a column with times writes its dates as midnights.
    """

    path: Path
    largest: int
    lists: bool = False
    first: int = 0
    aligned: bool = False


Records = CsvRecords | DuckRecords | JsonRecords | ParquetRecords | RowRecords
