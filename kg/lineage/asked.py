"""What is asked of a lineage, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass

from kg.errors import Location


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to trace.

    Attributes:
        subject: A term.
        predicate: A term, or None for all predicates.
        object: A term, or None for all objects; with a predicate and no object that the record
            gives, the record is found that should have given one.
    """

    subject: str
    predicate: str | None = None
    object: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A record behind a triple.

    Attributes:
        wanted: What was asked for.
        location: File, line and record; the column where it is one.
        predicate: The predicate that the record gives; None where it gives the subject only.
        object: The object that it gives; None where the value is missing.
        triples_map: Name of the triples map; empty for a triple of an RDF file.
    """

    wanted: Wanted
    location: Location
    predicate: str | None
    object: str | None
    triples_map: str
