"""What is known of each format of sources: how it is read, and what its reader can tell.

A new format is a member of `kg.mapping.plan.Formulation`, a reader in a module of its own, and an
entry here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kg.mapping.plan import Formulation, LogicalSource
from kg.sources import csv_files, duckdb_files, json_files, parquet_files
from kg.sources.files import SourceFile
from kg.sources.reading import Reading
from kg.sources.records import Records
from kg.sources.rows import spool_rows

Locator = Callable[[SourceFile, LogicalSource, Collection[int]], dict[int, int]]
# The last is the folder of files that were made as the source was read.
LocatorBeside = Callable[[SourceFile, LogicalSource, Collection[int], Path], dict[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of sources.

    Attributes:
        read: Returns the records of a file.
        lines_of: Returns the line, from 1, of each of some records (numbers from 1), in one pass;
            None where records have none.
        lines_beside: The same for a reader that has left the lines in a file beside its own.
        column_names: Returns the names of a file's columns, in its order, and the line or row that
            has them, for what nothing reads and what is not there to be told before any mapping
            runs; None where records have no columns, or only an engine can tell.
        skips: Whether `read` leaves bad records of a file out, where ``reading.skips`` wants that;
            None if it never does.
        whole: What messages call a file of which no part can be left out; empty if one can be.
        is_ordered: Whether the records come in the same order when they are read again.
    """

    read: Callable[[Reading], Records]
    lines_of: Locator | None = None
    lines_beside: LocatorBeside | None = None
    column_names: Callable[[SourceFile, LogicalSource], tuple[list[str], int]] | None = None
    skips: Callable[[Reading], bool] | None = None
    whole: str = ""
    is_ordered: bool = True


def _later(module: str, name: str = "read") -> Callable[..., Any]:
    """Return a function of a module that takes time to import; it is when something is read."""

    def called(*given: object) -> object:
        return getattr(importlib.import_module(f"kg.sources.{module}"), name)(*given)

    return called


FORMATS: Final[Mapping[Formulation, Format]] = {
    Formulation.CSV: Format(
        read=csv_files.read,
        lines_of=csv_files.lines_of,
        column_names=csv_files.column_names,
        skips=lambda _: True,
    ),
    Formulation.EXCEL: Format(
        read=_later("excel_files"),
        lines_of=_later("excel_files", "lines_of"),
        column_names=_later("excel_files", "column_names"),
        whole="a workbook",
    ),
    Formulation.DUCKDB: Format(read=duckdb_files.read, whole="a DuckDB file"),
    Formulation.JSON: Format(
        read=json_files.read,
        lines_of=json_files.lines_of,
        skips=lambda reading: json_files.is_lines(reading.file, reading.source),
        whole="a JSON document",
    ),
    Formulation.PARQUET: Format(read=parquet_files.read, whole="a Parquet file"),
    # The file is the mapping itself, which is all that the statements depend on.
    Formulation.NONE: Format(read=lambda reading: spool_rows(reading, [()])),
    Formulation.SPARQL: Format(read=_later("sparql_results"), is_ordered=False),
    Formulation.SQL: Format(read=_later("databases"), is_ordered=False),
    Formulation.XPATH: Format(
        read=_later("xml_files"),
        lines_of=_later("xml_files", "lines_of"),
        whole="an XML document",
    ),
    Formulation.YAML: Format(
        read=_later("yaml_files"),
        lines_beside=_later("yaml_files", "lines_of"),
        whole="a YAML document",
    ),
}
