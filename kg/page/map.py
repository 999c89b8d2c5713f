"""Places on a grid of latitude and longitude, as SVG; the picture needs no map of others.

Equal degrees are equal lengths, shortened from east to west as in the middle of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from kg.page.markup import Html, joined, tag
from kg.page.show import Shower
from kg.records import dataclass

_WIDTH: Final = 1_000
_TALLEST, _SHORTEST = 640, 240
_STEPS: Final = (60, 30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


@dataclass(frozen=True, slots=True)
class Place:
    """Something with coordinates.

    Attributes:
        term: What it is, as a term.
        label: What people call it.
        latitude: In degrees, north is positive.
        longitude: In degrees, east is positive.
    """

    term: str
    label: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the earth, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, places: Sequence[Place]) -> Box:
        """Return a box that holds places, with some room around them."""
        west = min(each.longitude for each in places)
        east = max(each.longitude for each in places)
        south = min(each.latitude for each in places)
        north = max(each.latitude for each in places)
        room = max((east - west) * 0.04, (north - south) * 0.04, 0.02)
        return cls(
            max(-180.0, west - room),
            max(-90.0, south - room),
            min(180.0, east + room),
            min(90.0, north + room),
        )

    def holds(self, place: Place) -> bool:
        """Return whether a place lies in it."""
        return (
            self.west <= place.longitude <= self.east and self.south <= place.latitude <= self.north
        )


def map_picture(places: Sequence[Place], box: Box, shower: Shower) -> Html:
    """Return places as a picture.

    Args:
        places: Those that are drawn.
        box: The part of the earth that is shown.
        shower: Knows where pages are.
    """
    middle = math.radians((box.south + box.north) / 2)
    wide = max((box.east - box.west) * max(math.cos(middle), 0.2), 1e-9)
    height = min(_TALLEST, max(_SHORTEST, _WIDTH * (box.north - box.south) / wide))
    points = (_point(each, box, height, shower) for each in places)
    return tag(
        "svg",
        *_grid(box, height),
        *points,
        viewBox=f"0 0 {_WIDTH} {height:.0f}",
        class_="map",
        role="group",
        aria_label="Map; the table below has the same",
    )


def _x(longitude: float, box: Box) -> float:
    return (longitude - box.west) / max(box.east - box.west, 1e-9) * _WIDTH


def _y(latitude: float, box: Box, height: float) -> float:
    return (box.north - latitude) / max(box.north - box.south, 1e-9) * height


def _point(place: Place, box: Box, height: float, shower: Shower) -> Html:
    told = f"{place.label}, {place.latitude:g} {place.longitude:g}"
    x, y = _x(place.longitude, box), _y(place.latitude, box, height)
    return tag(
        "a",
        tag("title", told),
        tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=5),
        href=shower.links.entity(place.term[1:-1]),
        tabindex=-1,
        data_told=told,
    )


def _grid(box: Box, height: float) -> Iterator[Html]:
    for value in _lines(box.west, box.east):
        x = f"{_x(value, box):.1f}"
        label = f"{abs(value):g}°{'E' if value > 0 else 'W' if value < 0 else ''}"
        yield tag("line", x1=x, x2=x, y1=0, y2=f"{height:.0f}")
        yield tag("text", label, x=x, y=f"{height - 4:.0f}", dx=3)
    for value in _lines(box.south, box.north):
        y = f"{_y(value, box, height):.1f}"
        label = f"{abs(value):g}°{'N' if value > 0 else 'S' if value < 0 else ''}"
        yield tag("line", x1=0, x2=_WIDTH, y1=y, y2=y)
        yield tag("text", label, x=3, y=y, dy=-3)


def _lines(first: float, last: float) -> list[float]:
    """Return the degrees at which lines are drawn: some three to eight."""
    step = next((each for each in _STEPS if (last - first) / each >= 3), _STEPS[-1])
    start = math.ceil(first / step)
    return [round(number * step, 4) for number in range(start, math.floor(last / step) + 1)][:40]


def places_table(places: Sequence[Place], shower: Shower) -> Html:
    """Return places as a table."""
    rows = (
        tag(
            "tr",
            tag("td", shower.iri(each.term)),
            tag("td", f"{each.latitude:g}", class_="number"),
            tag("td", f"{each.longitude:g}", class_="number"),
        )
        for each in places
    )
    names = (("what", None), ("latitude", "number"), ("longitude", "number"))
    head = tag("tr", *(tag("th", name, scope="col", class_=kind) for name, kind in names))
    inner = tag("table", tag("thead", head), tag("tbody", joined(rows)))
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label="Places")
