"""The input of a reader: one file of a source, the table to fill, and where it may write."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import SourceTable
from kg.sources.files import Folders, SourceFile

# One byte of text in so many bytes of DuckDB's memory may be held as a tree of objects, which is
# about ten times the size of its text.
_TREE_SHARE: Final = 16


class Host(Protocol):
    """The database engine that sources are read for, as far as readers need it."""

    def memory(self) -> int:
        """Return the bytes that it may use."""

    def reserve(self, library: str, size: int) -> None:
        """Use so many bytes less from now on, once for each library that takes them."""

    def reserved(self, size: int) -> AbstractContextManager[None]:
        """Use so many bytes less, as long as the context lasts."""

    def matches(self, pattern: str, text: str, *, is_whole: bool) -> bool | None:
        """Return whether a pattern matches a text, or a part of it, in linear time.

        Returns:
            None if the pattern or the text is invalid.
        """


@dataclass(slots=True)
class Reading:
    """The reading of one file.

    Attributes:
        host: The engine that it is read for.
        file: What to read.
        number: Number of the file in its source.
        table: The table that the records go into.
        folders: Where files may lie, and a folder for files made on the way.
        is_repaired: Whether the first try failed with a fault that the reader can mend.
        skips: Whether unreadable records are left out, because the file has some.
        is_large: Whether DuckDB cannot read the file as it is, because records are too large.
        copies: Copies of the source file that are read instead of it.
        notes: Warnings for the user about the file, which can be read all the same.
        read_too: Other files that values came from.
    """

    host: Host
    file: SourceFile
    number: int
    table: SourceTable
    folders: Folders
    is_repaired: bool = False
    skips: bool = False
    is_large: bool = False
    copies: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read_too: list[Path] = field(default_factory=list)

    @property
    def spill(self) -> Path:
        """A folder for files made on the way."""
        return self.folders.spill

    @property
    def source(self) -> LogicalSource:
        """The logical source."""
        return self.table.source

    def copy(self, ending: str) -> Path:
        """Return the path of a new file to write."""
        name = f"{self.table.name}-{self.number}-{len(self.copies)}{ending}"
        self.copies.append(self.spill / name)
        return self.copies[-1]

    def largest_tree(self) -> int:
        """Return how many bytes of text may be held as a tree of objects at once."""
        return self.host.memory() // _TREE_SHARE
