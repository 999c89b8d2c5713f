"""Reads a logical source as `kg build` does, and returns its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import duckdb

from kg.engines.duckdb.loading import load_table
from kg.engines.loaded import LoadedTable, locate_all
from kg.mapping.plan import (
    Constant,
    Formulation,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.mapping.tables import plan_tables
from kg.sources import Folders
from kg.terms import XSD_STRING
from tests.mapping.running import write_files

_NUMBERS = count()
_STRING = TermMap(Constant(XSD_STRING, TermType.IRI), TermType.IRI)
_P = TermMap(Constant("http://example.org/p", TermType.IRI), TermType.IRI)


@dataclass(frozen=True)
class Loaded:
    """The records of a source.

    Attributes:
        rows: File, record and the values of the references, in order.
    """

    table: LoadedTable
    rows: list[tuple[object, ...]]

    @property
    def values(self) -> list[object]:
        """The values alone; without a tuple where there is one reference."""
        return [row[2] if len(row) == 3 else row[2:] for row in self.rows]

    def lines(self) -> list[int | None]:
        """The line of each record."""
        found = locate_all(self.table, [(row[0], row[1]) for row in self.rows])
        return [found[row[0], row[1]].line for row in self.rows]


def load(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    files: Mapping[str, str | bytes],
    *references: str,
    formulation: Formulation = Formulation.CSV,
    **options: object,
) -> Loaded:
    """Write files, and read the first of them (or the pattern `path`).

    Args:
        connection: With the macros of the compiler.
        folder: Where to write; a folder for copies is made in it.
        files: Name and content.
        references: What to read.
        formulation: How the references address a record.
        options: Of the logical source.
    """
    write_files(folder, files)
    path = options.pop("path", next(iter(files)))
    source = LogicalSource(str(path), formulation, folder=str(folder), **options)
    # Texts, so that numbers keep theirs.
    objects = tuple(TermMap(Reference(r), TermType.LITERAL, datatype=_STRING) for r in references)
    triples_map = TriplesMap("m", source, _P, (PredicateObjectMap((_P,), objects),))
    (table,) = plan_tables(Plan((triples_map,))).all
    spill = folder / f".spill{next(_NUMBERS)}"
    spill.mkdir()
    connection.execute(f"DROP TABLE IF EXISTS {table.name}")
    loaded = load_table(connection, table, Folders(None, spill))
    columns = "".join(f", c{column.index}" for column in table.columns)
    rows = connection.execute(
        f"SELECT file, record{columns} FROM {table.name} ORDER BY file, record"
    ).fetchall()
    connection.execute(f"DROP TABLE {table.name}")
    return Loaded(loaded, rows)
