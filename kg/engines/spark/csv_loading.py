"""CSV files as views of Spark: their headers, and whether they can be read line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING

from kg.engines.spark import csv_sql
from kg.engines.spark.csv_sql import CsvTable
from kg.engines.spark.hadoop import PLACE, first_line, number_of, uris
from kg.engines.spark.session import translated
from kg.errors import InputError, Location
from kg.mapping.source_table import SourceTable
from kg.sources.csv_lines import Lines, rows_of
from kg.sources.files import SourceFile
from kg.sources.headers import names_of, picked
from kg.sources.streams import open_text, wrong_encoding

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession


@dataclass(frozen=True, slots=True)
class CsvFiles:
    """Files of a source that have the same header.

    Attributes:
        raw: The view of their lines.
        table: What they are like.
        files: The files.
    """

    raw: str
    table: CsvTable
    files: tuple[SourceFile, ...]

    @property
    def headers(self) -> int:
        """How many lines of a file are the header."""
        return 1 if self.table.header else 0

    def survey(self, table: SourceTable, *, is_whole: bool) -> str:
        """Return the query for their records."""
        rows = f"({csv_sql.whole_query(self.raw, self.table)})" if is_whole else self.raw
        return csv_sql.lines_query(rows, self.table, table.columns, is_whole=is_whole)

    def show(self, spark: SparkSession, *, is_whole: bool) -> None:
        """Make the view of lines, or of whole files."""
        frame = spark.read.text(uris(self.files), wholetext=is_whole).selectExpr("value", *PLACE)
        frame.createOrReplaceTempView(self.raw)


def open_csv(
    spark: SparkSession, table: SourceTable, files: Sequence[SourceFile]
) -> tuple[CsvFiles, ...]:
    """Make the views of the lines of a source's files; the header of each is read for it.

    Raises:
        InputError: A header cannot be read, or lacks a column.
    """
    groups: dict[tuple[str, int, tuple[int, ...]], list[SourceFile]] = {}
    for file in files:
        groups.setdefault(_header(spark, file, table), []).append(file)
    made = []
    for number, ((header, width, found), same) in enumerate(groups.items()):
        csv = CsvTable(table.source, header, width, found)
        made.append(CsvFiles(f"{table.name}_raw{number}", csv, tuple(same)))
        made[-1].show(spark, is_whole=False)
    return tuple(made)


def find_whole(spark: SparkSession, opened: Sequence[CsvFiles]) -> frozenset[str]:
    """Return the views that cannot be read by lines, since a field or name has a line end.

    All files are looked through in one query: each query has its price.

    Args:
        spark: The session.
        opened: The files of all sources.

    Raises:
        InputError: A line is not UTF-8.
    """
    # Each file begins with its header, or with a line that is open: sums over all files of a source
    # tell whether there is an odd one, which is then looked for. That takes no sorting of lines.
    odd = [
        number
        for number, _, wrong, is_open, headers in _looked(spark, enumerate(opened))
        if wrong or is_open or headers != opened[number].headers * len(opened[number].files)
    ]
    found = set()
    rows = _looked(spark, [(number, opened[number]) for number in odd], by_file=True)
    for number, path, wrong, is_open, headers in sorted(rows, key=lambda row: (row[0], row[1])):
        each = opened[number]
        if wrong:
            part = each.files[number_of(each.files, path)]
            raise wrong_encoding(part.location, each.table.source)
        if is_open or headers != each.headers:
            found.add(each.raw)
    return frozenset(found)


def _looked(
    spark: SparkSession, opened: Iterable[tuple[int, CsvFiles]], *, by_file: bool = False
) -> list[Row]:
    """Return numbers of lines: those that are not UTF-8, end within quotes, or are headers."""
    path, group = ("kg_p", " GROUP BY kg_p") if by_file else ("''", "")
    queries = []
    for number, files in opened:
        header = csv_sql.is_header(files.table) if files.headers else "false"
        queries.append(
            f"SELECT {number} AS n, {path}, count_if(NOT is_valid_utf8(value)) AS wrong,"
            f" count_if({csv_sql.is_open(files.table.source)}) AS open,"
            f" count_if({header}) AS headers FROM {files.raw}{group}"
        )
    with translated():
        return spark.sql(" UNION ALL ".join(queries)).collect() if queries else []


def _header(
    spark: SparkSession, file: SourceFile, table: SourceTable
) -> tuple[str, int, tuple[int, ...]]:
    """Return the line of the header, the number of columns, and those that are wanted."""
    source = table.source
    if file.name:
        first = first_line(spark, file).removeprefix(chr(0xFEFF))
    else:
        with open_text(file, source) as stream:
            lines = (line.rstrip("\r\n") for line in stream)
            first = next(filter(None, lines), "")
    with _text(first) if file.name else open_text(file, source) as stream:
        rows = rows_of(Lines(stream, source, file.shown), file, source, strict=True)
        line, fields = next(((line, row) for line, row in rows if row), (1, []))
    place = Location(file.shown, line)
    if not fields:
        raise InputError(
            "empty-file", "there is no header row", location=place, hint="Add the names of columns."
        )
    names = names_of(fields, source, place, "bad-csv")
    found = tuple(picked(table.columns, names, source, place))
    return first if source.dialect.header else "", len(names), found


def _text(line: str) -> TextIOWrapper:
    return TextIOWrapper(BytesIO(f"{line}\n".encode()), encoding="utf-8", newline="")
