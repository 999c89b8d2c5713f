"""Compare two terms as SPARQL's ``<`` and ``<=`` do: less, equal, greater, or not comparable.

Terms are text in the form of the quad table. Values of different kinds are not comparable: a
number and a string, a date and a dateTime, a month and forty days, texts in two languages, IRIs.
A time with a zone and one without compare if the answer is the same for every zone.

As in Jena and TopBraid, more is comparable than in SPARQL: texts in the same language, values of
``xsd:gYear`` and the like, and any term with itself (equal).

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
# The kind of a value, and the key by which values of that kind are ordered.
Value = tuple[str, object]

_STRINGS: Final = frozenset(
    ("string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN")
)
# The date and time datatypes.
_MOMENTS: Final = ("dateTime", "date", "time", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay")
_MOMENT: Final = re.compile(
    "(?:(?P<year>-?[0-9]{4,18})|-)?(?:-(?P<month>[0-9]{2})|-)?(?:-(?P<day>[0-9]{2}))?"
    r"T?(?:(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}(?:\.[0-9]{1,1000})?))?"
    "(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
# A leap year; times of day are placed on its last day.
_SOME_YEAR: Final = 1972
_DAY_SECONDS: Final = 86_400
_WIDEST_ZONE: Final = 14 * 3600

_N: Final = "[0-9]{1,18}"  # the digits of a part
_DURATION: Final = re.compile(
    rf"(-)?P(?:({_N})Y)?(?:({_N})M)?(?:({_N})D)?T?(?:({_N})H)?(?:({_N})M)?"
    rf"(?:({_N}(?:\.[0-9]{{1,1000}})?)S)?"
)
# Months to which durations are added, to compare those that mix months and days.
_REFERENCES: Final = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))


def compare(first: str, second: str) -> Order | None:
    """Return -1, 0 or 1 if the first term is less, equal or greater; None if not comparable.

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
    """Return whether ``first sign second`` holds; false for terms that are not comparable."""
    order = compare(first, second)
    if order is None:
        return False
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


@lru_cache(maxsize=4096)
def _value(term: str) -> Value | None:
    """Return the value of a literal; None for terms that cannot be compared."""
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
    """Return an exact number, or an ``xsd:float`` or ``xsd:double`` with its datatype's name.

    Returns None for NaN, which is not comparable.
    """
    if name not in ("float", "double"):
        return Decimal(lexical)
    if lexical == "NaN":
        return None
    return name, float(lexical) if name == "double" else _single(float(lexical))


def _single(number: float) -> float:
    """Round to single precision."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _numerically(a: object, b: object) -> Order | None:
    """Compare numbers, both promoted to the less exact type.

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
    """Return the start of a date or time in seconds, and whether it has a zone."""
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
    """Return a zone's offset from UTC in seconds."""
    if zone in (None, "Z"):
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-60 if zone[0] == "-" else 60) * minutes


def _days(year: int, month: int, day: int) -> int:
    """Return the number of a day in the Gregorian calendar, for any year, also negative."""
    # Count years from March, so that a leap day is the last of its year.
    shifted, since_march = (year, month - 3) if month > 2 else (year - 1, month + 9)
    leap_days = shifted // 4 - shifted // 100 + shifted // 400
    return 365 * shifted + leap_days + (153 * since_march + 2) // 5 + day


def _in_time(a: object, b: object) -> Order | None:
    """Compare moments; one without a zone may be up to 14 hours earlier or later.

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
    """Return a duration as months and seconds; its kind says which of them it has."""
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
    """Compare durations of one kind; mixed ones by adding them to four reference dates.

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
    """Return the second in which a duration ends that starts with the given month."""
    year, month = divmod(start[0] * 12 + start[1] - 1 + duration[1], 12)
    return _days(year, month + 1, 1) * _DAY_SECONDS + duration[2]


_COMPARED: Final[Mapping[str, Callable[[object, object], Order | None]]] = {
    "number": _numerically,
    "duration": _in_length,
    **dict.fromkeys(_MOMENTS, _in_time),
}
