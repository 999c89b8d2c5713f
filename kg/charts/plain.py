"""Figures in plain text, for a terminal."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from kg.charts.figure import NUMBER, TEXT, Figure, Point, X, whole_numbers, write_number
from kg.wording import width

# Columns where there is no terminal, and the fewest that a bar is drawn in.
_COLUMNS: Final = 80
_FEWEST: Final = 10
_HIGH: Final = 15
# Eighths of a block.
_PARTS: Final = " ▏▎▍▌▋▊▉"
# Marks of series, in their order.
_MARKS: Final = "•o+x*#@%&=ABCDEFGHIJ"
_BETWEEN: Final = "·"


def draw_text(figure: Figure, columns: int | None = None) -> str:
    """Return a figure as lines of text: bars lie, anything else is a grid of marks.

    Args:
        figure: What is drawn.
        columns: Columns of the terminal.
    """
    room = columns or _COLUMNS
    lines = [figure.title, ""] if figure.title else []
    lines += _bars(figure, room) if figure.kind == "bar" else _grid(figure, room)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _label(x: X) -> str:
    if isinstance(x, float):
        return write_number(x)
    return x


def _bars(figure: Figure, room: int) -> list[str]:
    """Return a line for each bar, its length in proportion, its value behind it."""
    heights = [point.y for point in figure.points]
    low, high = min(0.0, *heights, 0.0), max(0.0, *heights, 0.0)
    bars = [(_bar_label(figure, point), point.y) for point in _with_gaps(figure)]
    heading = figure.x if figure.colour is None else f"{figure.x}, {figure.colour}"
    widest = max(width(heading), *(width(label) for label, _ in bars))
    wide = min(widest, max(_FEWEST, room // 3))
    values = max(width(write_number(height)) for height in heights)
    length = max(_FEWEST, room - wide - values - 4)
    unit = length / (high - low) if high > low else 0.0
    zero = round(-low * unit)
    lines = [f"{_cut(heading, wide)}  {figure.y}"]
    for label, height in bars:
        if height is None:
            lines.append(label)
            continue
        size = round(abs(height) * unit)
        bar = " " * (zero - size) + "█" * size if height < 0 else " " * zero + _bar(height * unit)
        lines.append(f"{_cut(label, wide)}  {bar} {write_number(height)}")
    return lines


class _Gap(NamedTuple):
    """A whole number without a bar."""

    x: float
    y: None = None
    series: str = ""


def _with_gaps(figure: Figure) -> list[Point | _Gap]:
    """Return the points, and each whole number between them that has none."""
    numbers = whole_numbers(figure)
    if numbers is None:
        return list(figure.points)
    there = {point.x for point in figure.points}
    gaps = (_Gap(number) for number in numbers if number not in there)
    return sorted([*figure.points, *gaps], key=lambda each: each.x)


def _bar_label(figure: Figure, point: Point | _Gap) -> str:
    label = _label(point.x)
    if figure.colour is None or point.y is None:
        return label
    return f"{label}, {point.series}"


def _bar(length: float) -> str:
    eighths = round(length * 8)
    return "█" * (eighths // 8) + (_PARTS[eighths % 8] if eighths % 8 else "")


def _cut(text: str, room: int) -> str:
    """Return a text in so many columns, with dots where some of it is left out."""
    if width(text) > room:
        while width(text) > room - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (room - width(text))


def _grid(figure: Figure, room: int) -> list[str]:
    """Return marks on a grid, with the least and greatest value at each axis."""
    heights = [point.y for point in figure.points]
    low, high = min(heights), max(heights)
    if figure.kind == "area" or low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    texts = [write_number(high), write_number(low)]
    wide = max(map(width, texts))
    across = max(_FEWEST, room - wide - 3)
    grid = [[" "] * across for _ in range(_HIGH)]
    at = _positions(figure, across)
    for number, series in enumerate(figure.series or ("",)):
        own = [point for point in figure.points if point.series == series]
        _trace(grid, own, at, (low, high), _MARKS[number], joined=figure.kind != "point")
    lines = [figure.y]
    for row, cells in enumerate(grid):
        text = texts[0] if row == 0 else texts[1] if row == _HIGH - 1 else ""
        lines.append(f"{text:>{wide}} │{''.join(cells)}")
    lines.append(" " * (wide + 1) + "└" + "─" * across)
    first, last = (_label(x) for x in (figure.points[0].x, figure.points[-1].x))
    gap = max(1, across - width(first) - width(last))
    lines.append(" " * (wide + 2) + first + " " * gap + last)
    lines.append(" " * (wide + 2) + figure.x)
    named = [f"{mark} {name}" for mark, name in zip(_MARKS, figure.series, strict=False)]
    return lines + (["", "  ".join(named)] if named else [])


def _positions(figure: Figure, across: int) -> dict[X, int]:
    """Return the column of each value along the axis."""
    if figure.x_kind == TEXT:
        values = list(dict.fromkeys(point.x for point in figure.points))
        numbers = {value: float(at) for at, value in enumerate(values)}
    else:
        numbers = {point.x: _at(figure.x_kind, point.x) for point in figure.points}
    low, high = min(numbers.values()), max(numbers.values())
    unit = (across - 1) / (high - low) if high > low else 0.0
    return {value: round((number - low) * unit) for value, number in numbers.items()}


def _at(kind: str, value: X) -> float:
    if kind == NUMBER or isinstance(value, float):
        return float(value)
    whole = f"{value}-01" if len(value) == len("2022-11") else value.removesuffix("Z")
    moment = datetime.fromisoformat(whole)
    return moment.toordinal() + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400


def _trace(
    grid: list[list[str]],
    points: list[Point],
    at: dict[X, int],
    ends: tuple[float, float],
    mark: str,
    *,
    joined: bool,
) -> None:
    """Put the marks of one series on the grid, with dots between them if they are joined."""
    low, high = ends
    unit = (_HIGH - 1) / (high - low) if high > low else 0.0
    places = [(at[point.x], (point.y - low) * unit) for point in points]
    if joined:
        for (x0, y0), (x1, y1) in pairwise(places):
            steps = max(abs(x1 - x0), abs(round(y1) - round(y0)))
            for step in range(1, steps):
                row = _HIGH - 1 - round(y0 + (y1 - y0) * step / steps)
                column = x0 + round((x1 - x0) * step / steps)
                if grid[row][column] == " ":
                    grid[row][column] = _BETWEEN
    for x, y in places:
        grid[_HIGH - 1 - round(y)][x] = mark
