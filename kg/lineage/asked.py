"""Triples to trace, and the records found for them."""

from __future__ import annotations

from kg.errors import Location
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """A triple or subject to trace.

    Attributes:
        subject: A term.
        predicate: A term, or None for all predicates.
        object: A term, or None for all objects. If a record has no value for the predicate, that
            record is returned too.
    """

    subject: str
    predicate: str | None = None
    object: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A record behind a triple.

    Attributes:
        wanted: The request that it answers.
        location: File, line and record; the column if there is one.
        predicate: The predicate that the record gives; None if it gives the subject only.
        object: The object that it gives; None if the value is missing.
        triples_map: Name of the triples map; empty for a triple of an RDF file.
    """

    wanted: Wanted
    location: Location
    predicate: str | None
    object: str | None
    triples_map: str
