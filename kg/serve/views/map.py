"""The view of places: what has coordinates, for any graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from kg.page.frame import document
from kg.page.map import Box, Place, map_picture, places_table
from kg.page.markup import Html, joined, tag
from kg.serve.messages import Reply, Request
from kg.serve.state import PAIRS, WKT, State
from kg.serve.views.home import not_there
from kg.terms import text_of
from kg.wording import counted

HTML: Final = "text/html; charset=utf-8"
# Places that are drawn, and that the table has.
_MOST: Final = 3_000
_TABLE: Final = 500
_NUMBER: Final = r"[-+]?\d{1,4}(?:\.\d*)?"
_POINT: Final = re.compile(rf"(?:<[^>]*>\s*)?POINT\s*\(\s*({_NUMBER})\s+({_NUMBER})", re.IGNORECASE)


def places(state: State, request: Request) -> Reply:
    """Return the map."""
    if not state.facts.has_places:
        return not_there(state, "Nothing in the graph has coordinates.")
    found = list(_places(state))
    if not found:
        return not_there(state, "No coordinates in the graph can be read.")
    is_whole = len(found) <= _MOST
    found = found[:_MOST]
    box = _asked(request.value("box")) or Box.around(found)
    shown = [each for each in found if box.holds(each)]
    shower = state.shower.with_labels({each.term: each.label for each in found})
    told = counted(len(shown), "place")
    if not is_whole:
        told += f"; only the first {_MOST:,} of the graph are looked at"
    rest = f", the first {_TABLE:,}" if len(shown) > _TABLE else ""
    main = joined(
        [
            tag("h1", "Map"),
            tag("p", joined(_moves(state, box), " "), class_="steps"),
            tag("div", map_picture(shown, box, shower), class_="scroll", tabindex="0",
                role="region", aria_label="Picture of the map"),
            tag("p", f"{told}. Point at one to see its name.", id="pointed", role="status",
                class_="soft"),
            tag("details", tag("summary", f"As a table{rest}"),
                places_table(shown[:_TABLE], shower)) if shown else None,
        ]
    )  # fmt: skip
    page = document(state.frame, "Map", main, view="map", scripts=("timeline.js",))
    return Reply(200, HTML, page)


def _places(state: State) -> Iterator[Place]:
    """Yield places by their names, each once, one more than are drawn at most."""
    found: dict[str, tuple[float, float]] = {}
    for latitude, longitude in PAIRS:
        text = (
            f"SELECT ?s ?a ?b {{ ?s <{latitude}> ?a ; <{longitude}> ?b }}"
            f" ORDER BY ?s LIMIT {_MOST + 1}"
        )
        for s, a, b in state.reader.rows(text):
            place = _degrees(text_of(a or '""'), text_of(b or '""'))
            if s and s.startswith("<") and place is not None:
                found.setdefault(s, place)
    text = (
        f"SELECT ?s ?w {{ {{ ?s <{WKT[0]}>/<{WKT[1]}> ?w }} UNION {{ ?s <{WKT[1]}> ?w }} }}"
        f" ORDER BY ?s LIMIT {_MOST + 1}"
    )
    for s, w in state.reader.rows(text):
        match = _POINT.match(text_of(w or '""'))
        place = _degrees(match[2], match[1]) if match else None
        if s and s.startswith("<") and place is not None:
            found.setdefault(s, place)
    kept = dict(list(found.items())[: _MOST + 1])
    labels = state.reader.labels(kept)
    made = [Place(s, labels.get(s) or state.namer(s), *at) for s, at in kept.items()]
    yield from sorted(made, key=lambda each: (each.label, each.term))


def _degrees(latitude: str, longitude: str) -> tuple[float, float] | None:
    if not (re.fullmatch(_NUMBER, latitude) and re.fullmatch(_NUMBER, longitude)):
        return None
    at = float(latitude), float(longitude)
    return at if abs(at[0]) <= 90 and abs(at[1]) <= 180 else None


def _asked(text: str) -> Box | None:
    """Return the box that an address names: west, south, east, north."""
    parts = text.split(",")
    if len(parts) != 4 or not all(re.fullmatch(_NUMBER, each) for each in parts):
        return None
    west, south, east, north = (float(each) for each in parts)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        return None
    return Box(west, south, east, north)


def _moves(state: State, box: Box) -> Iterator[Html]:
    """Yield links that move the part that is shown."""
    wide, high = (box.east - box.west) / 4, (box.north - box.south) / 4
    moves = (
        ("Closer", wide, high, -wide, -high),
        ("Wider", -2 * wide, -2 * high, 2 * wide, 2 * high),
        ("West", -2 * wide, 0.0, -2 * wide, 0.0),
        ("East", 2 * wide, 0.0, 2 * wide, 0.0),
        ("North", 0.0, 2 * high, 0.0, 2 * high),
        ("South", 0.0, -2 * high, 0.0, -2 * high),
    )
    address = state.links.view("map")
    for name, west, south, east, north in moves:
        parts = (
            max(-180.0, box.west + west),
            max(-90.0, box.south + south),
            min(180.0, box.east + east),
            min(90.0, box.north + north),
        )
        if parts[0] < parts[2] - 0.001 and parts[1] < parts[3] - 0.001:
            asked = urlencode({"box": ",".join(f"{part:.3f}" for part in parts)})
            yield tag("a", name, href=f"{address}?{asked}", class_="step")
    yield tag("a", "All", href=address, class_="step")
