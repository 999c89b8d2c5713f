"""Values of RDF terms: what is compared, ordered and counted with.

Spec: https://www.w3.org/TR/sparql11-query/#OperatorMapping
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from kg.datatypes import INTEGER_RANGES, is_lexical_form
from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING, literal, split_literal

Solution = dict[str, str]


class SparqlError(Exception):
    """An expression has no value."""


class Value(NamedTuple):
    """A literal with what its lexical form stands for; None if it is ill-typed or unknown."""

    lexical: str
    datatype: str
    language: str
    value: Any


def parse(term: str) -> Value:
    """Return a literal's parts."""
    if not term.startswith('"'):
        raise SparqlError(f"{term} is no literal")
    parts = split_literal(term)
    datatype = RDF_LANG_STRING if parts.language else parts.datatype or XSD_STRING
    return Value(parts.lexical, datatype, parts.language or "", _read(parts.lexical, datatype))


def _read(text: str, datatype: str) -> Any:
    if datatype in (XSD_STRING, RDF_LANG_STRING):
        return text
    if not datatype.startswith(XSD) or not is_lexical_form(text, datatype):
        return None
    name = datatype.removeprefix(XSD)
    if datatype in INTEGER_RANGES:
        return int(text)
    if name == "decimal":
        return Decimal(text)
    if name in ("double", "float"):
        value = float(text.replace("INF", "inf"))
        return value if name == "double" else single(value)
    if name == "boolean":
        return text in ("true", "1")
    if name.lower().endswith("duration"):
        return span(text)
    return moment(_dated(text, name)) if name in (*_DATED, *_UNDATED) else None


_DATED = ("date", "dateTime", "dateTimeStamp")
_UNDATED = ("time", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay")


def _dated(text: str, name: str) -> str:
    """Return a time of day, a year or the like as the day or the time that it is compared as."""
    if name in _DATED:
        return text
    if name == "time":
        return f"1972-12-31T{re.sub('^24', '00', text)}"
    zone = re.search(r"(Z|[+-]\d\d:\d\d)?$", text)
    assert zone is not None
    parts = [part for part in text[: zone.start()].split("-") if part]
    year = int(parts.pop(0)) if name.startswith("gYear") else 1972
    month = int(parts.pop(0)) if "Month" in name else 12
    day = int(parts.pop()) if name.endswith("Day") else monthrange(year, month)[1]
    return f"{year:04}-{month:02}-{day:02}{zone[0]}"


def family(datatype: str) -> str:
    """Return the datatype that a datatype is a part of."""
    return datatype.replace("dateTimeStamp", "dateTime")


class Span(NamedTuple):
    """A duration: its months, and its seconds beside them."""

    months: int
    seconds: Fraction


def span(text: str) -> Span:
    """Return what the text of a duration stands for."""
    days, _, time = text.partition("T")
    sign = -1 if text.startswith("-") else 1
    sizes = {"Y": (12, 0), "M": (1, 0), "D": (0, 86400)}
    parts = [(sizes[unit], count) for count, unit in re.findall(r"(\d+)([YMD])", days)]
    sizes = {"H": (0, 3600), "M": (0, 60), "S": (0, 1)}
    parts += [(sizes[unit], count) for count, unit in re.findall(r"([\d.]+)([HMS])", time)]
    return Span(
        sign * sum(months * int(count) for (months, _), count in parts if months),
        sign * sum((size * Fraction(count) for (_, size), count in parts), Fraction(0)),
    )


def after(local: datetime, months: int) -> datetime:
    """Return the same day of a later month, or the last one of that month."""
    year, month = divmod(12 * local.year + local.month - 1 + months, 12)
    for day in (local.day, 30, 29, 28):
        if day <= local.day:
            with suppress(ValueError):
                return local.replace(year=year, month=month + 1, day=day)
    raise SparqlError("a year that Python has not")


def longer(left: Span, right: Span) -> Fraction:
    """Return how much longer one duration is than another, about.

    Raises:
        SparqlError: That hangs on when they begin.
    """
    found = []
    for year, month in ((1696, 9), (1697, 2), (1903, 3), (1903, 7)):
        first = datetime(year, month, 1)
        a, b = (after(first, each.months) - first for each in (left, right))
        found.append(Fraction((a - b) // timedelta(seconds=1)) + left.seconds - right.seconds)
    if len({(each > 0) - (each < 0) for each in found}) > 1:
        raise SparqlError("nobody knows which is the longer")
    return found[0]


def single(value: float) -> float:
    """Return a number with the precision of ``xsd:float``."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


class Moment(NamedTuple):
    """A day or a time of the years that Python has.

    Attributes:
        local: As it is written, the fraction of the second apart.
        fraction: Of the second.
        offset: Of its time zone; None where it has none.
    """

    local: datetime
    fraction: Fraction
    offset: timedelta | None

    @property
    def since(self) -> Fraction:
        """Seconds since some time, as if it had no time zone."""
        apart = self.local - (self.offset or timedelta(0)) - datetime(2000, 1, 1)
        return Fraction(apart // timedelta(seconds=1)) + self.fraction


_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d)(:\d\d:\d\d)(\.\d+)?)?(?:(Z)|([+-])(\d\d):(\d\d))?"
)


def moment(text: str) -> Moment:
    """Return what the text of a day or a time stands for."""
    found = _MOMENT.fullmatch(text)
    assert found is not None, text
    day, hour, rest, fraction, utc, sign, hours, minutes = found.groups()
    late = hour == "24"
    local = datetime.fromisoformat(f"{day}T{'00' if late else hour or '00'}{rest or ':00:00'}")
    offset = None
    if utc or sign:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        offset = -offset if sign == "-" else offset
    return Moment(local + timedelta(days=late), Fraction(fraction or 0), offset)


def number(term: str) -> Any:
    """Return a number: an int, a Decimal or a float."""
    value = parse(term)
    if isinstance(value.value, bool) or not isinstance(value.value, int | Decimal | float):
        raise SparqlError(f"{term} is no number")
    return value.value


def of_number(value: Any, *, is_single: bool = False) -> str:
    """Return the literal of a number."""
    if isinstance(value, int):
        return literal(str(value), f"{XSD}integer")
    if isinstance(value, Decimal):
        text = f"{value:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return literal("0" if text == "-0" else text, f"{XSD}decimal")
    text = str(np.float32(value)) if is_single else repr(value)
    text = text.replace("inf", "INF").replace("nan", "NaN")
    return literal(text.removesuffix(".0"), f"{XSD}{'float' if is_single else 'double'}")


def promoted(left: str, right: str) -> tuple[Any, Any, bool]:
    """Return two numbers of one type, and whether that is ``xsd:float``."""
    x, y = number(left), number(right)
    if f"{XSD}double" in (parse(left).datatype, parse(right).datatype):
        return float(x), float(y), False
    if isinstance(x, float) or isinstance(y, float):
        return single(float(x)), single(float(y)), True
    if isinstance(x, Decimal) or isinstance(y, Decimal):
        return Decimal(x), Decimal(y), False
    return x, y, False


def truth(term: str) -> bool:
    """Return the effective boolean value.

    Spec: https://www.w3.org/TR/sparql11-query/#ebv
    """
    value = parse(term)
    if value.datatype in (XSD_STRING, RDF_LANG_STRING):
        return value.lexical != ""
    if value.datatype == f"{XSD}boolean" or _is_numeric(value.datatype):
        if isinstance(value.value, float) and math.isnan(value.value):
            return False
        return bool(value.value)
    raise SparqlError(f"{term} is neither true nor false")


def _is_numeric(datatype: str) -> bool:
    return datatype in INTEGER_RANGES or datatype[len(XSD) :] in ("decimal", "double", "float")


def of_truth(value: bool) -> str:
    """Return the literal of a truth value."""
    return literal("true" if value else "false", f"{XSD}boolean")


def equals(left: str, right: str) -> bool:
    """Tell whether two terms are equal by ``=``."""
    if left == right:
        value = parse(left).value if left.startswith('"') else None
        return not (isinstance(value, float) and math.isnan(value))
    if left.startswith("<<") and right.startswith("<<"):
        raise SparqlError("triple terms")
    if not (left.startswith('"') and right.startswith('"')):
        return False
    a, b = parse(left), parse(right)
    if _is_numeric(a.datatype) and _is_numeric(b.datatype):
        x, y, _ = promoted(left, right)
        return bool(x == y)
    if isinstance(a.value, Moment) and isinstance(b.value, Moment):
        return family(a.datatype) == family(b.datatype) and apart(a.value, b.value) == 0
    if isinstance(a.value, Span) and isinstance(b.value, Span):
        return a.value == b.value
    if a.datatype == b.datatype and a.value is not None and b.value is not None:
        return (a.value, a.language) == (b.value, b.language)
    known = (XSD_STRING, RDF_LANG_STRING)
    if a.datatype in known and b.datatype in known:
        return False
    if a.value is not None and b.value is not None:
        return False  # of datatypes that share no values
    raise SparqlError("nobody knows whether they are equal")


def less(left: str, right: str) -> bool:
    """Tell whether a term is less than another by ``<``."""
    a, b = parse(left), parse(right)
    if _is_numeric(a.datatype) and _is_numeric(b.datatype):
        x, y, _ = promoted(left, right)
        return bool(x < y)
    if isinstance(a.value, Span) and isinstance(b.value, Span):
        return longer(a.value, b.value) < 0
    if family(a.datatype) != family(b.datatype) or None in (a.value, b.value) or a.language:
        raise SparqlError("they do not compare")
    if isinstance(a.value, Moment):
        return apart(a.value, b.value) < 0
    return bool(a.value < b.value)


def apart(left: Moment, right: Moment) -> Fraction:
    """Return the seconds from one to the other.

    Raises:
        SparqlError: One has no time zone, and they are too near to know.
    """
    found = left.since - right.since
    if (left.offset is None) is not (right.offset is None) and abs(found) <= 14 * 3600:
        raise SparqlError("nobody knows which is the earlier")
    return found


def order_key(term: str | None) -> tuple[Any, ...]:
    """Return a key that sorts as ORDER BY does: no value, blank nodes, IRIs, literals."""
    if term is None:
        return (0,)
    if term.startswith("_:"):
        return (1, term)
    if not term.startswith('"'):
        return (2, term)
    value = parse(term)
    if _is_numeric(value.datatype) and value.value is not None:
        kept = value.value
        nan = isinstance(kept, float) and math.isnan(kept)
        exact = (0, 0) if isinstance(kept, float) else (1, kept)
        return (3, 1, nan, 0 if nan else float(kept), exact, term)
    kept = value.value.since if isinstance(value.value, Moment) else value.value
    datatype = family(value.datatype)
    if isinstance(kept, Span):
        kept = kept.months * 365.2425 * 86400 / 12 + float(kept.seconds)
        datatype = f"{XSD}duration"
    return (3, 2, datatype, kept is None, value.lexical if kept is None else kept, term)


def canonical(term: str | None) -> str:
    """Return a term so that numbers compare by value, and blank nodes are all one."""
    if term is None:
        return ""
    if not term.startswith('"'):
        return re.sub(r"_:[\w.]+", "_:", term)
    value = parse(term)
    if _is_numeric(value.datatype) and value.value is not None:
        kind = "integer" if value.datatype in INTEGER_RANGES else value.datatype
        return f"{float(value.value):.9g} {kind}"
    if isinstance(value.value, bool):
        return of_truth(value.value)
    if isinstance(value.value, Moment) and value.value.offset == timedelta(0):
        return value.lexical.replace("+00:00", "Z")
    return term


def exact(term: str | None) -> str:
    """Return a term with blank nodes all one, and doubles to as many digits as sums keep."""
    if term is None:
        return ""
    if not term.startswith('"'):
        return re.sub(r"_:[\w.]+", "_:", term)
    value = parse(term)
    if isinstance(value.value, float):
        return f"{value.value:.{6 if value.datatype == f'{XSD}float' else 9}g} {value.datatype}"
    return term
