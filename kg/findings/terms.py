"""Findings about terms that their vocabulary does not declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kg.errors import Location
from kg.findings.model import Finding, Fix
from kg.findings.vocabulary import Vocabulary
from kg.names import Namer
from kg.paths import is_file, read_file
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Used:
    """A use of a term.

    Attributes:
        iri: The term.
        role: Its use: ``class``, ``property`` or ``term``.
        place: Where it is written, or where the data come from.
        path: The file of `place`, if a person can edit the term there.
        count: How often it is used, if known.
    """

    iri: str
    role: str
    place: Location | None = None
    path: Path | None = None
    count: int = 1


def undeclared(
    used: Iterable[Used], vocabulary: Vocabulary, prefixes: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield a finding for each term that its vocabulary does not declare, at its first place.

    Args:
        used: Terms in the order of reading.
        vocabulary: The declared terms.
        prefixes: Prefix to namespace, to name terms.
    """
    seen: dict[str, list[Used]] = {}
    namer = Namer(prefixes)
    for each in used:
        if vocabulary.lacks(each.iri, each.role):
            seen.setdefault(each.iri, []).append(each)
    for iri, places in seen.items():
        first = places[0]
        near = vocabulary.nearest(iri, first.role)
        named = namer.iri(iri)
        advice = "Declare it in ontology/, or mend the name."
        if near is not None:
            advice = f"Did you mean {namer.iri(near)}? Else declare it in ontology/."
        count = sum(each.count for each in places)
        yield Finding(
            "undeclared-term",
            named,
            f"the {first.role} {named} is not declared in its vocabulary",
            first.place,
            advice,
            count,
            fix=None if near is None else renamed(first, named, namer.iri(near)),
        )


def renamed(used: Used, old: str, new: str) -> Fix | None:
    """Return the fix of a name that occurs once in its line, with one meaning."""
    place = used.place
    if used.path is None or place is None or place.line is None or not is_file(used.path):
        return None
    lines = read_file(used.path).decode("utf-8", "replace").splitlines()
    if place.line > len(lines) or lines[place.line - 1].count(old) != 1:
        return None
    after = lines[place.line - 1].partition(old)[2][:1]
    return None if after.isalnum() or after in ("-", "_") else Fix(used.path, place.line, old, new)
