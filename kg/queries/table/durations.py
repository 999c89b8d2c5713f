"""Durations: months and seconds, how they compare, and what they add to days and times.

Spec: https://www.w3.org/TR/xpath-functions/#durations-dates-times
"""

from __future__ import annotations

import re
from calendar import monthrange
from decimal import Decimal
from typing import Final, NamedTuple

from kg.terms import XSD, literal

DURATION: Final = f"{XSD}duration"
DAY_TIME: Final = f"{XSD}dayTimeDuration"
YEAR_MONTH: Final = f"{XSD}yearMonthDuration"
DURATIONS: Final = frozenset({DURATION, DAY_TIME, YEAR_MONTH})
_TEXT: Final = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
# Years and months whose days tell which of two durations is the longer, if one surely is:
# https://www.w3.org/TR/xmlschema11-2/#duration-order
_REFERENCES: Final = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))
# Seconds of the average month.
_MONTH: Final = 2_629_746


class Duration(NamedTuple):
    """A duration, both parts of one sign."""

    months: int
    seconds: Decimal

    def signed(self, sign: int) -> Duration:
        """Return the duration times 1 or -1."""
        return Duration(sign * self.months, sign * self.seconds)

    @property
    def about(self) -> Decimal:
        """Seconds, with months of average length: in the order of all that have one."""
        return self.months * _MONTH + self.seconds


def read_duration(text: str) -> Duration | None:
    """Return what a lexical form stands for; None where it is too long to be read."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    years, months, days, hours, minutes = (int(part or 0) for part in found.groups()[1:6])
    seconds = 86400 * days + 3600 * hours + 60 * minutes + Decimal(found[7] or 0)
    return Duration(12 * years + months, seconds).signed(-1 if found[1] else 1)


def duration_order(a: Duration, b: Duration) -> int | None:
    """Return -1, 0 or 1; None where the order hangs on the month that they begin in."""
    if a == b:
        return 0
    signs = {(x > y) - (x < y) for x, y in ((_end(a, at), _end(b, at)) for at in _REFERENCES)}
    return signs.pop() if len(signs) == 1 else None


def _end(duration: Duration, reference: tuple[int, int]) -> Decimal:
    year, month = divmod(12 * reference[0] + reference[1] - 1 + duration.months, 12)
    return days_since(year, month + 1, 1) * 86400 + duration.seconds


def duration_term(duration: Duration, datatype: str) -> str:
    """Return a duration as a literal."""
    months, seconds = abs(duration.months), abs(duration.seconds)
    text = "".join(f"{n}{unit}" for n, unit in ((months // 12, "Y"), (months % 12, "M")) if n)
    whole, rest = divmod(seconds, 60)
    days, hours, minutes = int(whole) // 1440, int(whole) // 60 % 24, int(whole) % 60
    text += f"{days}D" if days else ""
    parts = ((Decimal(hours), "H"), (Decimal(minutes), "M"), (rest.normalize(), "S"))
    time = "".join(f"{n:f}{unit}" for n, unit in parts if n)
    text += f"T{time}" if time else ""
    is_negative = duration.months < 0 or duration.seconds < 0
    nothing = "0M" if datatype == YEAR_MONTH else "T0S"
    return literal(f"{'-' if is_negative else ''}P{text or nothing}", datatype)


def days_since(year: int, month: int, day: int) -> int:
    """Return the number of a day in the Gregorian calendar: any year."""
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year


def date_of(days: int) -> tuple[int, int, int]:
    """Return the year, month and day of a number of `days_since`."""
    era, of_era = divmod(days, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return era * 400 + year_of_era + (month <= 2), month, day


def later(days: int, seconds: Decimal, duration: Duration) -> tuple[int, Decimal]:
    """Return a day and the seconds of it that are a duration after others.

    Months come first; of a day that the month has not, the last day of the month is taken.
    """
    midnights, seconds = divmod(seconds, 86400)  # 24:00:00 is of the day after
    year, month, day = date_of(days + int(midnights))
    year, month = divmod(12 * year + month - 1 + duration.months, 12)
    month += 1
    # The years of one length repeat after 400.
    day = min(day, monthrange(2000 + year % 400, month)[1])
    over, left = divmod(seconds + duration.seconds, 86400)
    if left < 0:
        over, left = over - 1, left + 86400
    return days_since(year, month, day) + int(over), left + 0  # not -0
