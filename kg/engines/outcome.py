"""What comes of running a mapping: counts of what was read and lost."""

from __future__ import annotations

from dataclasses import dataclass

from kg.errors import Location


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
    """

    what: str
    references: tuple[str, ...]
    records: int
    parent: str = ""
    unfit: str = ""


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
class MapCount:
    """What one triples map read and lost.

    Attributes:
        triples_map: Its name.
        records: Number of records that its source gave.
        losses: What was lost, and why.
        notes: What the user should know of the source's files, told once for each source.
        nothing: Why there is no record, as far as that is known.
        shared: Records with a subject that another record has too, where each is a thing of a
            class; None where there are none.
    """

    triples_map: str
    records: int
    losses: tuple[LossCount, ...]
    notes: tuple[str, ...] = ()
    nothing: str = ""
    shared: Shared | None = None

    @property
    def is_whole(self) -> bool:
        """Whether there were records, and each gave all that it should."""
        return bool(self.records) and not self.losses
