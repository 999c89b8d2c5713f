"""What a reader is given: one file of a source, the table to fill, and where it may write."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import SourceTable
from kg.sizes import parse_size
from kg.sources.files import SourceFile

# How many bytes of text may be held as a tree of objects, for each byte that the engine may use:
# an object is about ten times the size of its text.
_TREE_SHARE: Final = 16


@dataclass(slots=True)
class Reading:
    """The reading of one file into a query.

    Attributes:
        connection: From `kg.duck.engine`, with the macros of `kg.engines.duckdb.dialect`.
        file: What to read.
        number: Number of the file in its source.
        table: The table that the records go into.
        spill: A folder for files made on the way.
        is_repaired: Whether a first try failed at something that a reader can mend.
        skips: Whether records that cannot be read are left out, because some are there.
        is_large: Whether DuckDB cannot read the file as it is, because records are too large.
        copies: Files that were made of the source file, and are read in its stead.
        notes: What the user should know of the file, although it can be read.
    """

    connection: duckdb.DuckDBPyConnection
    file: SourceFile
    number: int
    table: SourceTable
    spill: Path
    is_repaired: bool = False
    skips: bool = False
    is_large: bool = False
    copies: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def source(self) -> LogicalSource:
        """What the mapping says of the source."""
        return self.table.source

    def copy(self, ending: str) -> Path:
        """Return the path of a new file to write."""
        name = f"{self.table.name}-{self.number}-{len(self.copies)}{ending}"
        self.copies.append(self.spill / name)
        return self.copies[-1]

    def memory(self) -> int:
        """Return the bytes that DuckDB may use."""
        row = self.connection.execute("SELECT current_setting('memory_limit')").fetchone()
        assert row is not None
        return parse_size(row[0])

    def largest_tree(self) -> int:
        """Return how many bytes of text may be held as a tree of objects at once."""
        return self.memory() // _TREE_SHARE
