"""Lexical forms of XML Schema for values of databases, workbooks and Parquet files.

Spec: https://www.w3.org/TR/xmlschema11-2/
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from kg.records import dataclass

# A number in a part of an ISO 8601 duration, and the letter behind it.
_PART: Final = re.compile(r"(-?\d+(?:\.\d+)?)([YMWDHS])")
_SECONDS: Final = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}
_DAY: Final = timedelta(days=1)
_DATE: Final = re.compile(r"(\d{4,})(-\d\d-\d\d)([ T].*?)??( BC)?")


@dataclass(frozen=True, slots=True)
class Lexical:
    """A value whose lexical form is known.

    Attributes:
        text: The lexical form; for `kind` ``!`` the value's name in messages.
        kind: As in `kg.mapping.source_table`: ``D`` date, ``T`` dateTime, ``t`` time, ``P``
            duration, ``!`` for a value without a form in RDF.
    """

    text: str
    kind: str


def duration(value: timedelta) -> Lexical:
    """Return an elapsed time as xsd:duration.

    >>> duration(timedelta(days=1, hours=2, seconds=0.5)), duration(timedelta(minutes=-90))
    (Lexical(text='P1DT2H0.5S', kind='P'), Lexical(text='-PT1H30M', kind='P'))
    """
    return Lexical(_duration(0, Decimal(value // timedelta(microseconds=1)) / 1_000_000), "P")


def duration_of_iso(text: str) -> Lexical:
    """Return an ISO 8601 duration with a sign before each number as xsd:duration.

    xsd:duration has one sign at the start, so it cannot say a month less a day.

    >>> duration_of_iso("P1Y2M3DT4H"), duration_of_iso("P-1M-2D"), duration_of_iso("P1M-1D").kind
    (Lexical(text='P1Y2M3DT4H', kind='P'), Lexical(text='-P1M2D', kind='P'), '!')
    """
    date, _, clock = text.partition("T")
    months, seconds = 0, Decimal(0)
    for number, unit in _PART.findall(date):
        if unit in "YM":
            months += int(number) * (12 if unit == "Y" else 1)
        else:
            seconds += Decimal(number) * _SECONDS[unit]
    for number, unit in _PART.findall(clock):
        seconds += Decimal(number) * _SECONDS[unit]
    if not text.startswith("P") or months * seconds < 0:
        return Lexical(text, "!")
    return Lexical(_duration(months, seconds), "P")


def _duration(months: int, seconds: Decimal) -> str:
    sign = "-" if months < 0 or seconds < 0 else ""
    years, months = divmod(abs(months), 12)
    whole, rest = divmod(abs(seconds), 1)
    minutes, second = divmod(int(whole), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    date = "".join(f"{n}{u}" for n, u in ((years, "Y"), (months, "M"), (days, "D")) if n)
    fraction = f"{rest:f}".rstrip("0").removeprefix("0").rstrip(".")
    last = f"{second}{fraction}S" if second or fraction else ""
    clock = "".join(f"{n}{u}" for n, u in ((hour, "H"), (minute, "M")) if n) + last
    return f"{sign}P{date}" + (f"T{clock}" if clock else "" if date else "T0S")


def time_of_day(value: timedelta) -> Lexical:
    """Return the time since midnight as xsd:time, or as xsd:duration if no day has that time.

    >>> time_of_day(timedelta(hours=9)), time_of_day(timedelta(hours=30))
    (Lexical(text='09:00:00', kind='t'), Lexical(text='P1DT6H', kind='P'))
    """
    if not timedelta() <= value < _DAY:
        return duration(value)
    clock = f"{value.seconds // 3600:02}:{value.seconds // 60 % 60:02}:{value.seconds % 60:02}"
    return Lexical(clock + (f".{value.microseconds:06}" if value.microseconds else ""), "t")


def date_of_text(text: str, kind: str) -> Lexical:
    """Return a date or timestamp as PostgreSQL writes it, of any year, as XSD does.

    In XSD the year 0 is 1 BC.

    >>> date_of_text("0044-03-15 BC", "D"), date_of_text("12022-01-02 10:00:00+00", "T")
    (Lexical(text='-0043-03-15', kind='D'), Lexical(text='12022-01-02T10:00:00Z', kind='T'))
    >>> date_of_text("infinity", "D").kind
    '!'
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return Lexical(text, "!")
    year = int(found[1]) if not found[4] else 1 - int(found[1])
    clock = re.sub(r"[+-]00(:00)?$", "Z", (found[3] or "").replace(" ", "T"))
    shown = f"{year:04}" if year >= 0 else f"-{-year:04}"
    return Lexical(f"{shown}{found[2]}{clock}", kind)
