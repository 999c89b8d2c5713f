"""The line that says how an answer is drawn, such as ``bar x=year y=missiles colour=class``.

It stands in the header of a question, behind ``# chart:``, or behind ``--chart``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from kg.errors import InputError, Location
from kg.records import dataclass
from kg.wording import nearest

KINDS: Final = ("bar", "line", "area", "point")
# What days and instants may be put together as, with how much of their text says it.
PERIODS: Final = ("year", "month", "day")
_KEYS: Final = ("x", "y", "colour", "per")
_NAME: Final = re.compile(r"[?$]?(\w+)")


@dataclass(frozen=True, slots=True)
class ChartLine:
    """How an answer is drawn.

    Attributes:
        kind: One of `KINDS`.
        x: The column along the axis; None for the first.
        y: The column that says how high; None to count rows.
        colour: The column that tells series apart, if one does.
        per: One of `PERIODS`: what the days of `x` are put together as.
        place: Where the line stands.
    """

    kind: str
    x: str | None = None
    y: str | None = None
    colour: str | None = None
    per: str | None = None
    place: Location | None = None

    @property
    def is_bare(self) -> bool:
        """Whether it names no column."""
        return (self.x, self.y, self.colour) == (None, None, None)

    def check(self, columns: Sequence[str]) -> None:
        """Compare the names with the columns of the answer.

        Raises:
            InputError: A column is not there.
        """
        for name in (self.x, self.y, self.colour):
            if name is None or name in columns:
                continue
            near = nearest(name, columns)
            raise InputError(
                "unknown-column",
                f"the chart names the column {name}, which the answer does not have",
                location=self.place,
                hint=f"Did you mean {near}?" if near else f"It has {', '.join(columns)}.",
            )


def parse_chart(text: str, place: Location) -> ChartLine:
    """Read a chart line.

    Args:
        text: The line, without ``# chart:``.
        place: Where it stands, for messages.

    Raises:
        InputError: It names no kind of chart, or has a part that means nothing.
    """
    words = text.split()
    kind = words[0].lower() if words else ""
    if kind not in KINDS:
        raise _bad(f"a chart line begins with {_either(KINDS)}, not {kind!r}", place)
    given: dict[str, str] = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        key = "colour" if key.lower() == "color" else key.lower()
        name = _NAME.fullmatch(value)
        if key not in _KEYS or not equals or name is None:
            raise _bad(f"{word!r} is no part of a chart line", place)
        if key in given:
            raise _bad(f"the chart line says {key} twice", place)
        given[key] = name[1]
    if given.get("per", PERIODS[0]) not in PERIODS:
        raise _bad(f"per takes {_either(PERIODS)}, not {given['per']!r}", place)
    return ChartLine(kind, place=place, **given)


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _bad(message: str, place: Location) -> InputError:
    return InputError(
        "bad-chart",
        message,
        location=place,
        hint="Write for example: bar x=year y=launches colour=class",
    )
