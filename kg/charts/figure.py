"""Rows of an answer as the points of a figure, whatever draws it.

Rows at the same place are added up, so that what is held grows with the figure and not with the
answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from datetime import UTC
from itertools import chain, islice
from typing import Final, NamedTuple

from kg.datatypes import NUMERIC, is_lexical_form
from kg.errors import InputError
from kg.queries.chart_line import ChartLine
from kg.queries.display import Shortener
from kg.queries.engine import Row, Term
from kg.queries.term import instant
from kg.records import dataclass
from kg.terms import XSD, LiteralParts, split_literal
from kg.wording import counted, printable

# Points, texts along an axis and series that a person can still tell apart.
MOST_POINTS: Final = 5_000
MOST_TEXTS: Final = 200
MOST_SERIES: Final = 20

TEXT: Final = "text"
NUMBER: Final = "number"
DAY: Final = "day"
MONTH: Final = "month"
INSTANT: Final = "instant"

_DATED: Final = {
    f"{XSD}date": DAY,
    f"{XSD}gYearMonth": MONTH,
    f"{XSD}gYear": "year",
    f"{XSD}dateTime": INSTANT,
}
# Python, JavaScript and people agree on years of four digits.
_DATE: Final = re.compile(r"(?P<year>\d{4})(?P<month>-\d\d)?(?P<day>-\d\d)?")

X = str | float


class Point(NamedTuple):
    """One bar, or one point of a line.

    Attributes:
        x: A text, a number, or a time as ISO 8601 has it, in UTC.
        y: How high it is.
        series: What its colour means; empty if there is one series.
    """

    x: X
    y: float
    series: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What is to be drawn.

    Attributes:
        kind: bar, line, area or point.
        title: What stands above it.
        x: What stands at the axis along which points lie.
        y: What stands at the other.
        x_kind: What the values of `x` are: text, number, day, month or instant.
        points: In the order in which they are drawn.
        colour: What the colours tell apart; None if there is one series.
        series: The series, in order.
        remarks: What to tell who asked for it.
    """

    kind: str
    title: str
    x: str
    y: str
    x_kind: str
    points: tuple[Point, ...]
    colour: str | None = None
    series: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default=(), compare=False)


# Bars of years and other whole numbers stand side by side, gaps included, up to so many.
_BANDS: Final = 200


def whole_numbers(figure: Figure) -> list[float] | None:
    """Return all whole numbers from the least to the greatest along the axis.

    None if there are others among them, or too many.
    """
    numbers = [point.x for point in figure.points if isinstance(point.x, float)]
    if figure.x_kind != NUMBER or not all(number.is_integer() for number in numbers):
        return None
    low, high = int(min(numbers)), int(max(numbers))
    return [float(number) for number in range(low, high + 1)] if high - low < _BANDS else None


class _Place(NamedTuple):
    """A value of the axis: what it is, its value, and how it is written as a text."""

    kind: str
    value: X
    label: str


def make_figure(
    columns: Sequence[str],
    rows: Iterable[Row],
    line: ChartLine,
    shortener: Shortener,
    title: str = "",
) -> Figure:
    """Return the rows of an answer as a figure.

    Args:
        columns: Their names.
        rows: A term for each column, None where it is unbound.
        line: How they are to be drawn.
        shortener: Writes IRIs.
        title: What stands above it.

    Raises:
        InputError: A column is not there, there is nothing to draw, or too much.
    """
    line.check(columns)
    iterator = iter(rows)
    head = list(islice(iterator, _HEAD))
    at_x, at_y = _columns(columns, head, line)
    at_colour = columns.index(line.colour) if line.colour else None
    found = _Points(line, shortener, at_y is None)
    for row in chain(head, iterator):
        found.add(
            row[at_x],
            None if at_y is None else row[at_y],
            None if at_colour is None else row[at_colour],
        )
    return found.figure(columns[at_x], None if at_y is None else columns[at_y], title)


# Rows that are looked at to find the column of numbers where the line names none.
_HEAD: Final = 100


def _columns(
    columns: Sequence[str], head: Sequence[Row], line: ChartLine
) -> tuple[int, int | None]:
    """Return which columns are x and y, None to count rows.

    A line that names no column means the first one, and the first other one with numbers.
    """
    x = columns.index(line.x) if line.x else 0
    if line.y is not None:
        return x, columns.index(line.y)
    if not line.is_bare:
        return x, None
    numbers = (
        at
        for at in range(len(columns))
        if at != x and any(_number(row[at]) is not None for row in head)
    )
    return x, next(numbers, None)


class _Points:
    """Adds up rows.

    Args:
        line: How they are to be drawn.
        shortener: Writes IRIs.
        counts: Whether rows are counted, and no column says how high they are.
    """

    def __init__(self, line: ChartLine, shortener: Shortener, counts: bool) -> None:
        self._line = line
        self._shortener = shortener
        self._counts = counts
        self._sums: dict[tuple[_Place, str], float] = {}
        self._loose: list[tuple[_Place, str, float]] = []
        self._no_x = self._no_y = self._added = 0

    def add(self, x: Term | None, y: Term | None, colour: Term | None) -> None:
        """Take one row."""
        height = 1.0 if self._counts else _number(y)
        place = self._place(x)
        if place is None:
            self._no_x += 1
        elif height is None:
            self._no_y += 1
        else:
            self._put(place, "" if colour is None else self._text(colour), height)

    def _put(self, place: _Place, series: str, height: float) -> None:
        if self._line.kind == "point" and not self._counts:
            self._loose.append((place, series, height))
        elif (place, series) in self._sums:
            self._sums[place, series] += height
            self._added += not self._counts
        else:
            self._sums[place, series] = height
        if len(self._sums) + len(self._loose) > MOST_POINTS:
            raise self._too_much(f"more than {MOST_POINTS:,} points")

    def _place(self, term: Term | None) -> _Place | None:
        """Return where a term lies along the axis; None if it lies nowhere."""
        if term is None:
            return None
        parts = split_literal(term) if term.startswith('"') else None
        found = None
        if parts is not None and is_lexical_form(parts.lexical, parts.datatype):
            found = _dated(parts, self._line.per)
        if found is None and self._line.per is None:
            number = _number(term)
            label = self._text(term)
            found = _Place(TEXT, label, label) if number is None else _numbered(number)
        return found

    def _text(self, term: Term) -> str:
        parts = split_literal(term) if term.startswith('"') else None
        return printable(self._shortener.text(term, parts.language if parts else None))

    def figure(self, x: str, y: str | None, title: str) -> Figure:
        """Return what the rows make.

        Args:
            x: Name of the column along the axis.
            y: Name of the column of numbers; None if rows were counted.
            title: What stands above the figure.
        """
        found = [(place, series, height) for (place, series), height in self._sums.items()]
        found += self._loose
        if not found:
            raise self._nothing(x, y)
        kinds = {place.kind for place, _, _ in found}
        kind = kinds.pop() if len(kinds) == 1 else TEXT
        points = [
            Point(place.label if kind == TEXT else place.value, height, series)
            for place, series, height in found
        ]
        series = tuple(dict.fromkeys(point.series for point in points))
        if kind == TEXT and len({point.x for point in points}) > MOST_TEXTS:
            raise self._too_much(f"more than {MOST_TEXTS} texts along {x}")
        if len(series) > MOST_SERIES:
            raise self._too_much(f"{len(series):,} values of {self._line.colour} to tell apart")
        if kind != TEXT:
            points.sort(key=lambda point: (point.x, series.index(point.series)))
        return Figure(
            self._line.kind,
            title,
            x if self._line.per is None else f"{x}, by {self._line.per}",
            y or "rows",
            kind,
            tuple(points),
            self._line.colour,
            series if self._line.colour else (),
            tuple(self._remarks(x, y)),
        )

    def _remarks(self, x: str, y: str | None) -> Iterator[str]:
        what = "value" if self._line.per is None else "day"
        if self._no_x:
            yield f"not drawn: {counted(self._no_x, 'row')} without a {what} for {x}"
        if self._no_y:
            yield f"not drawn: {counted(self._no_y, 'row')} without a number for {y}"
        if self._added and self._line.per is None:
            more = "" if self._line.colour else "; colour=COLUMN draws series of them"
            yield f"rows with the same {x} are added up{more}"

    def _nothing(self, x: str, y: str | None) -> InputError:
        if not (self._no_x or self._no_y):
            message, hint = "there is nothing to draw: the answer has no rows", None
        elif self._no_y:
            message = f"there is nothing to draw: no {y} is a number"
            hint = "Name a column of numbers as y, or leave y out to count rows."
        else:
            what = "has a value" if self._line.per is None else "is a day"
            message, hint = f"there is nothing to draw: no {x} {what}", "Name another column as x."
        return InputError("nothing-to-draw", message, location=self._line.place, hint=hint)

    def _too_much(self, what: str) -> InputError:
        return InputError(
            "too-much-to-draw",
            f"a chart of {what} cannot be read",
            location=self._line.place,
            hint="Ask for fewer, group them in the query, or put days together with per=month.",
        )


def _number(term: Term | None) -> float | None:
    """Return the number that a term is, if it can be drawn."""
    if term is None or not term.startswith('"'):
        return None
    parts = split_literal(term)
    if parts.datatype not in NUMERIC or not is_lexical_form(parts.lexical, parts.datatype):
        return None
    try:
        value = float(parts.lexical)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _numbered(number: float) -> _Place:
    return _Place(NUMBER, number, write_number(number))


def _dated(parts: LiteralParts, per: str | None) -> _Place | None:
    """Return a day, month, year or instant, put together as a period; None if it is none."""
    kind = _DATED.get(parts.datatype)
    match = _DATE.match(parts.lexical)
    if kind is None or match is None or match["year"] == "0000":
        return None
    if per is None and kind == INSTANT:
        return _instant(parts.lexical)
    pieces = [match["year"], match["month"], match["day"]]
    pieces = pieces[: ("year", "month", "day").index(per or kind) + 1]
    if None in pieces:
        return None
    text = "".join(pieces)
    return _numbered(float(text)) if len(pieces) == 1 else _Place(per or kind, text, text)


def _instant(lexical: str) -> _Place | None:
    try:
        value = instant(lexical)
    except ValueError:  # Python has no such instant
        return None
    if value.tzinfo is not None:
        try:
            value = value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            return None
    return _Place(INSTANT, value.isoformat() + "Z", lexical)


def write_number(number: float) -> str:
    """Return a number as people read it, a year without a mark for thousands.

    >>> write_number(2022.0), write_number(1234567.5), write_number(0.1)
    ('2022', '1,234,567.5', '0.1')
    """
    if number.is_integer() and abs(number) < 1e15:
        return f"{int(number)}" if abs(number) < 10_000 else f"{int(number):,}"
    return f"{number:,.10g}"
