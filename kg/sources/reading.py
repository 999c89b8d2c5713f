"""What a reader is given: one file of a source, the table to fill, and where it may write."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import SourceTable
from kg.sources.files import SourceFile

# How many bytes of text may be held as a tree of objects, for each byte that the engine may use:
# an object is about ten times the size of its text.
_TREE_SHARE: Final = 16


class Host(Protocol):
    """The engine that sources are read for: what readers need of it."""

    def memory(self) -> int:
        """Return the bytes that it may use."""

    def reserve(self, library: str, size: int) -> None:
        """Use so many bytes less from now on, since a library takes them; once for each library."""

    def reserved(self, size: int) -> AbstractContextManager[None]:
        """Use so many bytes less, as long as the context lasts."""

    def matches(self, pattern: str, text: str, *, is_whole: bool) -> bool | None:
        """Tell whether a pattern fits a text, or a part of it, in time that grows with the text.

        Returns:
            None where the pattern, or the text, is none.
        """


@dataclass(slots=True)
class Reading:
    """The reading of one file.

    Attributes:
        host: The engine that it is read for.
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

    host: Host
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

    def largest_tree(self) -> int:
        """Return how many bytes of text may be held as a tree of objects at once."""
        return self.host.memory() // _TREE_SHARE
