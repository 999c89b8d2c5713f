"""A timeline as SVG: marks for what happens on a day, bands for what lasts, a lane for each kind.

Spec: https://www.w3.org/TR/SVG2/
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from kg.page.markup import Html, joined, tag
from kg.page.show import Shower
from kg.records import dataclass

# Units of the picture: its width, the room for the names of lanes, heights.
WIDTH: Final = 1_200
LEFT: Final = 220
_RIGHT: Final = 30
_MARKS: Final = 22
_BAND: Final = 15
_TOP: Final = 26
_MOST_BANDS: Final = 14
_LONGEST_NAME: Final = 33
# Narrower marks cannot be pointed at.
_NARROWEST: Final = 4.0
_DAY: Final = re.compile(r"(-?\d{4,})(?:-(\d\d))?(?:-(\d\d))?")


@dataclass(frozen=True, slots=True)
class Event:
    """Something with a place in time.

    Attributes:
        term: What it is, as a term.
        label: What people call it.
        start: When it begins, in years.
        end: When it ends; the same for what is of one day.
        told: Its time in words.
    """

    term: str
    label: str
    start: float
    end: float
    told: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of the picture.

    Attributes:
        name: What is in it.
        kind: What its events are, where the name says only which part of these.
        events: Its events, in the order of their begin.
        lasting: Whether they are drawn as bands.
    """

    name: str
    events: tuple[Event, ...]
    lasting: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The time that the picture shows, in years."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Its length."""
        return max(self.end - self.start, 1e-3)


def years(text: str) -> float | None:
    """Return a date in years; None if the text is none.

    >>> years("2022-07-01"), years("1999"), years("x")
    (2022.5, 1999.0, None)
    """
    match = _DAY.match(text)
    if match is None or len(match[1]) > 7:
        return None
    month, day = int(match[2] or 1), int(match[3] or 1)
    return int(match[1]) + (month - 1) / 12 + (day - 1) / 372


def day_of(value: float) -> str:
    """Return the day of a time in years, as ISO 8601 has it; the opposite of `years`.

    >>> day_of(2022.5)
    '2022-07-01'
    """
    year = math.floor(value)
    months = (value - year) * 12
    month = min(11, int(months + 1e-9))
    day = min(28, int((months - month) * 31 + 1e-6) + 1)
    return f"{year:04d}-{month + 1:02d}-{max(day, 1):02d}"


def picture(lanes: Sequence[Lane], span: Span, shower: Shower, marked: Collection[str]) -> Html:
    """Return the picture.

    Args:
        lanes: The lanes, from above to below.
        span: The time that is shown; what lies outside is left out.
        shower: Knows where pages are.
        marked: Terms of events that stand out; the others step back then.
    """
    rows: list[Html] = []
    at = float(_TOP)
    for lane in lanes:
        seen = [each for each in lane.events if each.end >= span.start and each.start <= span.end]
        drawn, height = _lane(lane, seen, span, at, shower, marked)
        rows.append(drawn)
        at += height
    inner = joined([tag("g", *_ticks(span, at), class_="axis"), *rows])
    return tag(
        "svg",
        inner,
        viewBox=f"0 0 {WIDTH} {at + 6:.0f}",
        class_="timeline has-marks" if marked else "timeline",
        role="group",  # not img: there are links in it
        aria_label="Timeline; the table below has the same",
        data_from=day_of(span.start),
        data_to=day_of(span.end),
        data_left=LEFT,
        data_right=_RIGHT,
        data_width=WIDTH,
    )


def _x(value: float, span: Span) -> float:
    share = min(max((value - span.start) / span.length, 0.0), 1.0)
    return LEFT + share * (WIDTH - LEFT - _RIGHT)


def _lane(
    lane: Lane,
    events: Sequence[Event],
    span: Span,
    at: float,
    shower: Shower,
    marked: Collection[str],
) -> tuple[Html, float]:
    """Return a lane, and its height."""
    rows = _stacked(events, span) if lane.lasting else [(each, 0) for each in events]
    height = _MARKS if not lane.lasting else _BAND * (1 + max((r for _, r in rows), default=0)) + 8
    name = lane.name
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    # What stands out is drawn last, above the others.
    ordered = sorted(rows, key=lambda pair: pair[0].term in marked)
    shapes = (
        _shape(each, row, span, at, shower, marked, lasting=lane.lasting) for each, row in ordered
    )
    drawn = tag(
        "g",
        tag("line", x1=0, x2=WIDTH, y1=f"{at:.0f}", y2=f"{at:.0f}", class_="rule"),
        tag(
            "text",
            short,
            tag("title", f"{lane.kind}: {name}" if lane.kind else name),
            x=4,
            y=f"{at + 15:.0f}",
            class_="lane",
        ),
        *shapes,
    )
    return drawn, float(height)


def _stacked(events: Sequence[Event], span: Span) -> list[tuple[Event, int]]:
    """Return events with the row of each, so that bands do not lie on each other."""
    ends: list[float] = []
    placed = []
    for each in events:
        left = _x(each.start, span)
        row = next((number for number, end in enumerate(ends) if end <= left), len(ends))
        row = min(row, _MOST_BANDS - 1)
        right = max(_x(each.end, span), left + _NARROWEST) + 2
        if row == len(ends):
            ends.append(right)
        ends[row] = max(ends[row], right)
        placed.append((each, row))
    return placed


def _shape(
    event: Event,
    row: int,
    span: Span,
    at: float,
    shower: Shower,
    marked: Collection[str],
    *,
    lasting: bool,
) -> Html:
    left, right = _x(event.start, span), _x(event.end, span)
    top = at + 4 + row * _BAND
    width = max(right - left, _NARROWEST)
    height = _BAND - 3 if lasting else _MARKS - 8
    told = f"{event.label}, {event.told}"
    pieces: list[Html | None] = [
        tag("title", told),
        tag("rect", x=f"{left:.1f}", y=f"{top:.1f}", width=f"{width:.1f}", height=height, rx=2),
    ]
    if lasting and width > 7 * len(event.label) + 8:
        pieces.append(tag("text", event.label, x=f"{left + 4:.1f}", y=f"{top + 10:.1f}"))
    classes = ("band" if lasting else "mark") + (" marked" if event.term in marked else "")
    # The table is the way for keys: hundreds of marks would be hundreds of stops.
    return tag(
        "a",
        *pieces,
        href=shower.links.entity(event.term[1:-1]),
        class_=classes,
        tabindex=-1,
        data_told=told,
    )


def _ticks(span: Span, height: float) -> Iterator[Html]:
    for value, label in _steps(span):
        x = f"{_x(value, span):.1f}"
        yield tag("line", x1=x, x2=x, y1=_TOP - 6, y2=f"{height:.0f}")
        yield tag("text", label, x=x, y=_TOP - 10)


def _steps(span: Span) -> Iterator[tuple[float, str]]:
    """Yield the times with a label: months in a short span, else years, tens and so on."""
    if span.length <= 1.6:
        step = 1 if span.length <= 0.9 else 2
        first = math.ceil(span.start * 12 - 1e-6)
        for month in range(first, math.floor(span.end * 12) + 1):
            if month % step == 0:
                yield month / 12, f"{month // 12}-{month % 12 + 1:02d}"
        return
    # Whole years above that, and no more than twelve of them.
    sizes = [base * 10**power for power in range(7) for base in (1, 2, 5)]
    size = next(each for each in sizes if span.length / each <= 12)
    for year in range(math.ceil(span.start / size) * size, math.floor(span.end) + 1, size):
        yield float(year), str(year)


def events_table(events: Iterable[Event], shower: Shower, most: int) -> Html:
    """Return events as a table, the first of them.

    Args:
        events: The events in the order of their begin.
        shower: Writes terms; it knows their labels.
        most: How many at most.
    """
    rows = [
        tag("tr", tag("td", each.told), tag("td", shower.iri(each.term)))
        for _, each in zip(range(most), events, strict=False)
    ]
    head = tag("tr", tag("th", "when", scope="col"), tag("th", "what", scope="col"))
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", *rows)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Events",
    )
