"""The order of two terms, as SPARQL's ``<`` and ``<=`` see it: which comes first, or neither.

Terms are text in the form of the quad table. Values of different kinds do not compare: a number
with a string, a date with a dateTime, a month with forty days, texts of two languages, IRIs. Dates
and times with a zone compare with those without one where that is certain for every zone.

Beyond SPARQL's own operators, as Jena and TopBraid do: texts of one language compare, values of
``xsd:gYear`` and its kin do, and a term is as great as itself.

Spec: https://www.w3.org/TR/sparql11-query/#OperatorMapping,
https://www.w3.org/TR/xmlschema11-2/#dateTime
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from kg.datatypes import NUMERIC, is_lexical_form
from kg.terms import RDF_LANG_STRING, XSD
from kg.validation.terms import is_literal, split_literal

Order = Literal[-1, 0, 1]
# The kind of a value, and what values of a kind compare by.
Value = tuple[str, object]

_STRINGS: Final = frozenset(
    ("string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN")
)
# The kinds of dates and times, each with the parts that it has, and their zone.
_MOMENTS: Final = ("dateTime", "date", "time", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay")
_MOMENT: Final = re.compile(
    "(?:(?P<year>-?[0-9]{4,18})|-)?(?:-(?P<month>[0-9]{2})|-)?(?:-(?P<day>[0-9]{2}))?"
    r"T?(?:(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}(?:\.[0-9]{1,1000})?))?"
    "(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
# A leap year, whose last day times are of.
_SOME_YEAR: Final = 1972
_DAY_SECONDS: Final = 86_400
_WIDEST_ZONE: Final = 14 * 3600

_N: Final = "[0-9]{1,18}"  # the digits of a part
_DURATION: Final = re.compile(
    rf"(-)?P(?:({_N})Y)?(?:({_N})M)?(?:({_N})D)?T?(?:({_N})H)?(?:({_N})M)?"
    rf"(?:({_N}(?:\.[0-9]{{1,1000}})?)S)?"
)
# The days from which durations are counted that mix months and days.
_REFERENCES: Final = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))


def compare(first: str, second: str) -> Order | None:
    """Return -1, 0 or 1 as the first term is less, as great or greater; None if neither is known.

    >>> compare('"9"^^<http://www.w3.org/2001/XMLSchema#integer>', '"10"')
    >>> compare('"a"', '"b"')
    -1
    """
    a, b = _value(first), _value(second)
    if a is None or b is None:
        return 0 if first == second and not _is_nan(first) else None
    (kind, left), (other, right) = a, b
    if kind != other:
        return None
    return _COMPARED.get(kind, _plainly)(left, right)


def holds(first: str, sign: str, second: str) -> bool:
    """Return whether a comparison holds: ``<``, ``<=``, ``>`` or ``>=``; not if it has no answer."""
    order = compare(first, second)
    if order is None:
        return False
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


@lru_cache(maxsize=4096)
def _value(term: str) -> Value | None:
    """Return the value of a literal that compares with others; None for other terms."""
    if not is_literal(term):
        return None
    parts = split_literal(term)
    if parts.datatype == RDF_LANG_STRING:
        return f"@{parts.language}", parts.lexical
    if not parts.datatype.startswith(XSD):
        return None
    name = parts.datatype.removeprefix(XSD)
    if name in _STRINGS:
        return "string", parts.lexical
    lexical = parts.lexical.strip(" \t\r\n")
    if not is_lexical_form(lexical, parts.datatype):
        return None
    if parts.datatype in NUMERIC:
        number = _number(name, lexical)
        return None if number is None else ("number", number)
    if name == "boolean":
        return "boolean", lexical in ("true", "1")
    if name.endswith("uration"):
        return _duration(lexical)
    name = name.removesuffix("Stamp")
    return _moment(name, lexical) if name in _MOMENTS else None


def _is_nan(term: str) -> bool:
    parts = split_literal(term) if is_literal(term) else None
    return parts is not None and parts.lexical.strip() == "NaN" and _is_floating(parts.datatype)


def _is_floating(datatype: str) -> bool:
    return datatype in (f"{XSD}double", f"{XSD}float")


# --- numbers ------------------------------------------------------------------------------------


def _number(name: str, lexical: str) -> Decimal | tuple[str, float] | None:
    """Return an exact number, or one of ``xsd:float`` or ``xsd:double`` with its name.

    None for NaN, which compares with nothing.
    """
    if name not in ("float", "double"):
        return Decimal(lexical)
    if lexical == "NaN":
        return None
    return name, float(lexical) if name == "double" else _single(float(lexical))


def _single(number: float) -> float:
    """Return the nearest number of single precision."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _numerically(a: object, b: object) -> Order | None:
    """Compare numbers, after both are what the less exact one is.

    Spec: https://www.w3.org/TR/xpath20/#promotion
    """
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return _plainly(a, b)
    names = {number[0] for number in (a, b) if isinstance(number, tuple)}
    return _plainly(_promoted(a, names), _promoted(b, names))


def _promoted(number: object, names: set[str]) -> float:
    if isinstance(number, tuple):
        return float(number[1])
    assert isinstance(number, Decimal)
    return float(number) if "double" in names else _single(float(number))


def _plainly(a: object, b: object) -> Order:
    if a == b:
        return 0
    return -1 if a < b else 1  # type: ignore[operator]


# --- dates and times ----------------------------------------------------------------------------


def _moment(name: str, lexical: str) -> Value | None:
    """Return when a date or time begins, in seconds, and whether its zone is known."""
    found = _MOMENT.fullmatch(lexical)
    if found is None:  # more digits than are compared
        return None
    field = found.groupdict().get
    year = int(field("year") or _SOME_YEAR)
    month = int(field("month") or (12 if name == "time" else 1))
    day = int(field("day") or (31 if name == "time" else 1))
    hour = int(field("hour") or 0) % (24 if name == "time" else 25)
    zone = field("zone")
    seconds = _days(year, month, day) * _DAY_SECONDS + hour * 3600 - _offset(zone)
    seconds += int(field("minute") or 0) * 60
    return name, (seconds + Fraction(field("second") or 0), zone is not None)


def _offset(zone: str | None) -> int:
    """Return a zone's seconds from UTC."""
    if zone in (None, "Z"):
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-60 if zone[0] == "-" else 60) * minutes


def _days(year: int, month: int, day: int) -> int:
    """Return the number of a day in the Gregorian calendar; years of any size, also negative."""
    # The year begins in March, so that a leap day is its last.
    shifted, since_march = (year, month - 3) if month > 2 else (year - 1, month + 9)
    leap_days = shifted // 4 - shifted // 100 + shifted // 400
    return 365 * shifted + leap_days + (153 * since_march + 2) // 5 + day


def _in_time(a: object, b: object) -> Order | None:
    """Compare moments; without a zone, one may be up to 14 hours earlier or later.

    Spec: https://www.w3.org/TR/xmlschema11-2/#vp-dt-order
    """
    assert isinstance(a, tuple)
    assert isinstance(b, tuple)
    (first, first_zoned), (second, second_zoned) = a, b
    if first_zoned is second_zoned:
        return _plainly(first, second)
    if abs(first - second) <= _WIDEST_ZONE:
        return None
    return _plainly(first, second)


def _duration(lexical: str) -> Value | None:
    """Return a duration as months and seconds; months and days are of different kinds."""
    found = _DURATION.fullmatch(lexical)
    if found is None:  # more digits than are compared
        return None
    sign, years, months, days, hours, minutes, seconds = found.groups()
    by_months = (years, months) != (None, None)
    by_time = (days, hours, minutes, seconds) != (None,) * 4
    total_months = int(years or 0) * 12 + int(months or 0)
    total = Fraction(seconds or 0) + int(minutes or 0) * 60 + int(hours or 0) * 3600
    total += int(days or 0) * _DAY_SECONDS
    factor = -1 if sign else 1
    kind = "months and days" if by_months and by_time else "months" if by_months else "days"
    if not total_months and not total:
        kind = "nothing"
    return "duration", (kind, factor * total_months, factor * total)


def _in_length(a: object, b: object) -> Order | None:
    """Compare durations of one kind; those that mix months and days from four days on.

    Spec: https://www.w3.org/TR/xmlschema11-2/#vp-du-order
    """
    assert isinstance(a, tuple)
    assert isinstance(b, tuple)
    kinds = {a[0], b[0]} - {"nothing"}
    if len(kinds) > 1:
        return None
    if kinds == {"months"} or not kinds:
        return _plainly(a[1], b[1])
    if kinds == {"days"}:
        return _plainly(a[2], b[2])
    orders = {_plainly(_end(start, a), _end(start, b)) for start in _REFERENCES}
    return orders.pop() if len(orders) == 1 else None


def _end(start: tuple[int, int], duration: tuple[str, int, Fraction]) -> Fraction:
    """Return the second in which a duration ends that begins with a month."""
    year, month = divmod(start[0] * 12 + start[1] - 1 + duration[1], 12)
    return _days(year, month + 1, 1) * _DAY_SECONDS + duration[2]


_COMPARED: Final[Mapping[str, Callable[[object, object], Order | None]]] = {
    "number": _numerically,
    "duration": _in_length,
    **dict.fromkeys(_MOMENTS, _in_time),
}
