"""What comes of running a plan: a quad table, and counts of what was read and lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.engines.loaded import LoadedTable
from kg.errors import Location
from kg.mapping.plan import LogicalTarget
from kg.records import dataclass
from kg.wording import counted

if TYPE_CHECKING:  # findings about files alone do not load DuckDB
    from kg.quads import QuadTable


@dataclass(frozen=True, slots=True)
class LossCount:
    """How many records of a triples map gave no subject, or no object of one predicate.

    Attributes:
        what: ``subject``, ``predicate``, ``graph``, or the IRI of the predicate without object.
        references: The references of which at least one had no value, or whose values no record
            of `parent` has.
        parent: Name of the triples map that was to be joined; empty where values were missing.
        unfit: The first value that is there but gives nothing, and why; empty where values were
            missing.
        meant: A key of the records that the reference may be a slip for; empty if there is none.
        is_partial: Whether the records gave terms of other values all the same.
        origin: Where the mapping asks for it.
        place: The first such record; None where nobody records what runs do.
    """

    what: str
    references: tuple[str, ...]
    records: int
    parent: str = ""
    unfit: str = ""
    meant: str = ""
    is_partial: bool = False
    origin: Location | None = None
    place: Location | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """Records of a triples map that have a subject that another record has too.

    Attributes:
        records: Number of records with a subject.
        subjects: Number of different subjects.
        subject: The first subject that several records have.
        key: References that make it.
        place: The second record that has it.
    """

    records: int
    subjects: int
    subject: str
    key: tuple[str, ...]
    place: Location


@dataclass(frozen=True, slots=True)
class IllTyped:
    """Values of a reference that are not in the lexical space of their datatype.

    Attributes:
        count: How many.
        datatype: The datatype, with ``xsd:`` if it is one of XML Schema.
        references: What the values are made of.
        value: The first.
        place: Where it is.
        advice: What may be meant, or mends it; empty if that is not known.
    """

    count: int
    datatype: str
    references: tuple[str, ...]
    value: str
    place: Location
    advice: str = ""

    @property
    def what(self) -> str:
        """How many values are of which datatype not, and the first of them."""
        verb = "is" if self.count == 1 else "are"
        return (
            f"{counted(self.count, 'value')} {verb} not of {self.datatype}, the first"
            f" {self.value!r}"
        )

    def __str__(self) -> str:
        """Return all of it as one line."""
        return f"{self.what} at {self.place}" + (f"; {self.advice}" if self.advice else "")


@dataclass(frozen=True, slots=True)
class MapCount:
    """What one triples map read and lost.

    Attributes:
        triples_map: Its name.
        records: Number of records that its source gave.
        losses: What was lost, and why.
        notes: What the user should know of the source's files, told once for each source.
        nothing: Why there is no record, as far as that is known.
        empty: The files that gave no record, where it is not known why: they hold none yet.
        shared: Records with a subject that another record has too, where each is a thing of a
            class; None where there are none.
        ill_typed: Values that are not of their datatypes.
        origin: Where the mapping has it.
    """

    triples_map: str
    records: int
    losses: tuple[LossCount, ...]
    notes: tuple[str, ...] = ()
    nothing: str = ""
    empty: tuple[str, ...] = ()
    shared: Shared | None = None
    ill_typed: tuple[IllTyped, ...] = ()
    origin: Location | None = None

    @property
    def is_whole(self) -> bool:
        """Whether there were records, and each gave all that it should."""
        return bool(self.records) and not self.losses


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of running a plan.

    Attributes:
        table: The quad table.
        loaded: The source tables as they were read.
        counts: One entry for each triples map.
        targets: The quad table of each logical target; `table` is the default output then.
    """

    table: QuadTable
    loaded: tuple[LoadedTable, ...]
    counts: tuple[MapCount, ...]
    targets: tuple[tuple[LogicalTarget, QuadTable], ...] = ()
