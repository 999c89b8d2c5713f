"""The source records of an IRI: for each place, what it gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kg.errors import Location
from kg.lineage.asked import Trace
from kg.page.markup import Html, joined, tag
from kg.page.show import Shower
from kg.paths import path_within
from kg.terms import is_blank


def records_part(traces: Iterable[Trace], shower: Shower, root: Path) -> Html:
    """Return the source records behind what is said of an IRI.

    Args:
        traces: The records, as lineage gives them.
        shower: Writes terms.
        root: The folder of the workspace; files in it are called by their names from there, since
            who reads the page need not know where it lies.
    """
    by_place: dict[str, list[Trace]] = {}
    for each in traces:
        by_place.setdefault(_place(each.location, root), []).append(each)
    if not by_place:
        return tag("p", "No record of a source is known for it.", class_="empty")
    return joined(_record(shower, place, each) for place, each in by_place.items())


def _place(location: Location, root: Path) -> str:
    return str(replace(location.within(None), file=path_within(location.file, root)))


def _record(shower: Shower, place: str, traces: Iterable[Trace]) -> Html:
    facts = [
        joined(
            [
                tag("dt", shower.term(each.predicate)),
                tag("dd", _value(each.object, shower), " ", _column(each)),
            ]
        )
        for each in traces
        if each.predicate is not None
    ]
    return tag(
        "div",
        tag("h3", tag("code", place)),
        tag("dl", *facts) if facts else None,
        class_="facts record",
    )


def _value(term: str | None, shower: Shower) -> Html | None:
    """Return what a record gives; the label of a blank node is another one each time."""
    if term is not None and is_blank(term):
        return tag("span", "a thing without a name", class_="soft")
    return shower.term(term)


def _column(trace: Trace) -> Html | None:
    name = trace.location.column
    return None if name is None else tag("span", f"column {name}", class_="mark")
