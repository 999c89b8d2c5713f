"""The table that a logical source is read into.

It has, for the reference with index 3, the column ``c3``: its text, or, where the reference can
give several values, a list of ``{v: text, t: kind}``. Where values have natural datatypes, ``t3``
holds the kind: NULL for a text, ``i`` integer, ``d`` double, ``b`` boolean, ``n`` decimal, ``D``
date, ``T`` dateTime, ``t`` time, ``P`` duration, ``h`` hexBinary, ``!`` for what is not a single
value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kg.mapping.plan import NOWHERE, LogicalSource, Origin, Reference


@dataclass(frozen=True, slots=True)
class Column:
    """What a source table holds for one reference.

    Attributes:
        reference: As the mapping writes it.
        index: Its number in the table: ``c<index>`` and ``t<index>``.
        many: Whether it holds a list of values.
        typed: Whether it holds kinds of natural datatypes beside the texts.
        textual: Whether a number must keep the text that the source has for it.
        origin: Where the mapping refers to it first.
    """

    reference: str
    index: int
    many: bool
    typed: bool
    textual: bool = True
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Computed:
    """A column that is made of the others as a source is read: subjects, which all rules need."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The table that a logical source is read into: ``file``, ``record``, and the columns.

    Attributes:
        name: Its name in SQL.
        source: What is read.
        columns: One for each reference.
        computed: Columns made of these.
        sorted_by: Name of the computed column that the table is sorted by; empty: the records
            stay in the order of the source.
        by_name: The columns by reference.
    """

    name: str
    source: LogicalSource
    columns: tuple[Column, ...] = field(hash=False)  # there may be many
    computed: tuple[Computed, ...] = ()
    sorted_by: str = ""
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find columns by reference without going through all of them."""
        object.__setattr__(self, "by_name", {c.reference: c for c in reversed(self.columns)})

    def with_computed(self, computed: Sequence[Computed], sorted_by: str) -> SourceTable:
        """Return the same table with columns that are computed as it is read, and its order."""
        return replace(self, computed=tuple(computed), sorted_by=sorted_by)

    def column(self, reference: Reference) -> Column:
        """Return the column of a reference."""
        return self.by_name[reference.name]
