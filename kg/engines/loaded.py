"""A source table that was read, and where its records are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from kg.errors import Location
from kg.mapping.source_table import SourceTable
from kg.records import dataclass
from kg.sources.files import SourceFile
from kg.sources.formats import FORMATS


@dataclass(frozen=True, slots=True)
class LoadedTable:
    """A source table that was read.

    Attributes:
        parts: The files, in the order of their numbers, or a database.
        records: Number of records in all files.
        spill: The folder for files made on the way.
        incomplete: A value made no valid term, so the computed columns are not there.
        notes: What the user should know of the files.
        nothing: Why there is no record, as far as that is known.
        pieces: Names of the tables that hold some columns each, where there are many columns;
            the table is a view of them then.
        read_too: Other files that values came from.
    """

    table: SourceTable
    parts: tuple[SourceFile, ...]
    records: int
    spill: Path
    incomplete: bool = False
    notes: tuple[str, ...] = ()
    nothing: str = ""
    pieces: tuple[str, ...] = ()
    read_too: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files on disk, each once."""
        own = (part.path for part in self.parts if not part.name)
        return tuple(dict.fromkeys((*own, *self.read_too)))


def locate(loaded: LoadedTable, file: int, record: int, column: str | None = None) -> Location:
    """Return the place of a record: its file, line where that is known, and number."""
    return locate_all(loaded, [(file, record)])[file, record].within(column)


def locate_all(
    loaded: LoadedTable, records: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Location]:
    """Return the places of records, given by file and number; each file is read once."""
    by_file: dict[int, list[int]] = {}
    for file, record in records:
        by_file.setdefault(file, []).append(record)
    found = {}
    for number, records_of in by_file.items():
        part = loaded.parts[number]
        lines = _lines_of(loaded, part, records_of)
        for record in records_of:
            found[number, record] = Location(part.shown, lines.get(record), record=record)
    return found


def _lines_of(loaded: LoadedTable, part: SourceFile, records: Collection[int]) -> dict[int, int]:
    """Return the lines of records, as far as the format has such."""
    source = loaded.table.source
    known = FORMATS[source.formulation]
    if known.lines_beside is not None:
        return known.lines_beside(part, source, records, loaded.spill)
    return known.lines_of(part, source, records) if known.lines_of else {}
