"""Days, times, years and the like: their parts, and where they are on the line of time.

What has no year, month or day gets those of the 31st of December 1972 for that, and what has no day
the last one of its month, so that all values of a datatype have an order.

Spec: https://www.w3.org/TR/xmlschema11-2/#sec-seven-prop-model
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from kg.queries.table.durations import date_of, days_since
from kg.terms import XSD

DATE: Final = f"{XSD}date"
DATE_TIME: Final = f"{XSD}dateTime"
STAMP: Final = f"{XSD}dateTimeStamp"
TIME: Final = f"{XSD}time"
# Those that have differences, and sums with durations.
DIFFERING: Final = frozenset({DATE, DATE_TIME, STAMP, TIME})

_YEAR: Final = "(?P<year>-?[0-9]{4,})"
_MONTH: Final = "(?P<month>[0-9]{2})"
_DAY: Final = "(?P<day>[0-9]{2})"
_CLOCK: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}(?:\.[0-9]+)?)"
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    datatype: re.compile(f"{form}(?P<zone>Z|[+-][0-9]{{2}}:[0-9]{{2}})?")
    for datatype, form in {
        DATE: f"{_YEAR}-{_MONTH}-{_DAY}",
        DATE_TIME: f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}",
        STAMP: f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}",
        TIME: _CLOCK,
        f"{XSD}gYear": _YEAR,
        f"{XSD}gYearMonth": f"{_YEAR}-{_MONTH}",
        f"{XSD}gMonth": f"--{_MONTH}",
        f"{XSD}gMonthDay": f"--{_MONTH}-{_DAY}",
        f"{XSD}gDay": f"---{_DAY}",
    }.items()
}
_USUAL_YEAR: Final = 1972
_DECEMBER: Final = 12
_OF_A_DAY: Final = 86400


class Instant(NamedTuple):
    """A day or a time: days since the year one, seconds of the day, and the offset in minutes."""

    days: int
    seconds: Decimal
    offset: int | None

    @property
    def utc(self) -> Decimal:
        """Seconds since the year one at offset zero."""
        return self.days * _OF_A_DAY + self.seconds - 60 * (self.offset or 0)


def parts_of(text: str, datatype: str) -> Mapping[str, str | None]:
    """Return the parts of a lexical form by name, those that it has; nothing of other datatypes.

    Args:
        text: A lexical form of the datatype.
        datatype: Its IRI.
    """
    form = _FORMS.get(datatype)
    found = None if form is None else form.fullmatch(text)
    return {} if found is None else found.groupdict()


def read_instant(text: str, datatype: str) -> Instant | None:
    """Return what a lexical form stands for; None for what is neither a day nor a time."""
    parts = parts_of(text, datatype)
    if not parts:
        return None
    year, month = int(parts.get("year") or _USUAL_YEAR), int(parts.get("month") or _DECEMBER)
    if "day" in parts:
        days = days_since(year, month, int(parts["day"] or 0))
    else:
        days = days_since(year + month // 12, month % 12 + 1, 1) - 1
    seconds = Decimal(0)
    if "hour" in parts:
        seconds += int(parts["hour"] or 0) * 3600 + int(parts["minute"] or 0) * 60
        seconds += Decimal(parts["second"] or 0)
    if datatype == TIME:
        seconds %= _OF_A_DAY  # 24:00:00 is 00:00:00
    return Instant(days, seconds, _offset(parts["zone"]))


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    sign = -1 if zone[0] == "-" else 1
    return 0 if zone == "Z" else sign * (int(zone[1:3]) * 60 + int(zone[4:6]))


def around_midnight(seconds: Decimal) -> Decimal:
    """Return the seconds of a day that seconds before or after it are on another day."""
    left = seconds % _OF_A_DAY
    return left + _OF_A_DAY if left < 0 else left + 0  # not -0


def instant_text(days: int, seconds: Decimal, datatype: str, zone: str) -> str:
    """Return the lexical form of a day, a time, or a time of day."""
    year, month, day = date_of(days)
    date = f"{'-' if year < 0 else ''}{abs(year):04}-{month:02}-{day:02}"
    if datatype == DATE:
        return date + zone
    minutes, rest = divmod(seconds, 60)
    whole, dot, fraction = f"{rest.normalize():f}".partition(".")
    clock = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{whole:0>2}{dot}{fraction}"
    return (clock if datatype == TIME else f"{date}T{clock}") + zone


def general(datatype: str) -> str:
    """Return the datatype whose values those of another are, too."""
    return DATE_TIME if datatype == STAMP else datatype
