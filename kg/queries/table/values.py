"""The values of literals, and how terms compare.

Terms are N-Triples text. An expression that has no value raises `NoValueError`.

Spec: https://www.w3.org/TR/sparql11-query/#OperatorMapping
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from kg.datatypes import INTEGER_RANGES, NUMERIC, is_lexical_form
from kg.queries import term as terms
from kg.queries.table.durations import (
    DAY_TIME,
    DURATION,
    DURATIONS,
    Duration,
    duration_order,
    duration_term,
    later,
    read_duration,
)
from kg.queries.table.moments import (
    DIFFERING,
    TIME,
    Instant,
    around_midnight,
    general,
    instant_text,
    parts_of,
    read_instant,
)
from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING, is_literal, literal, split_literal

# A number, a text, a truth value, an instant: what it is, is told by the datatype beside it.
Known: TypeAlias = Any


class NoValueError(Exception):
    """An expression has no value."""


class Value(NamedTuple):
    """A literal: its parts, and what its lexical form stands for; None where that is nothing."""

    lexical: str
    datatype: str
    language: str
    value: Any


STRINGS: Final = frozenset({XSD_STRING, RDF_LANG_STRING})


def apart(left: str, right: str) -> str:
    """Return the time between two days, or two moments, as a literal.

    Raises:
        NoValueError: They are none, or only one has a time zone.

    Spec: https://www.w3.org/TR/xpath-functions/#func-subtract-dateTimes
    """
    a, b = read(left), read(right)
    if general(a.datatype) != general(b.datatype) or a.datatype not in DIFFERING:
        raise NoValueError
    if a.value is None or b.value is None or (a.value.offset is None) != (b.value.offset is None):
        raise NoValueError
    return duration_term(Duration(0, a.value.utc - b.value.utc), DAY_TIME)


def shifted(left: str, right: str, sign: int) -> str | None:
    """Return the sum or the difference of a duration and a day, a time or another duration.

    Returns:
        A literal; None where neither is a duration.

    Raises:
        NoValueError: They do not add up.

    Spec: https://www.w3.org/TR/xpath-functions/#dateTime-arithmetic
    """
    a, b = read(left), read(right)
    if isinstance(a.value, Duration) and isinstance(b.value, Instant) and sign == 1:
        a, b = b, a
    if not isinstance(b.value, Duration):
        if isinstance(a.value, Duration):
            raise NoValueError
        return None
    more = b.value.signed(sign)
    if isinstance(a.value, Duration):
        total = Duration(a.value.months + more.months, a.value.seconds + more.seconds)
        if total.months * total.seconds < 0:
            raise NoValueError
        return duration_term(total, a.datatype if a.datatype == b.datatype else DURATION)
    if not isinstance(a.value, Instant) or a.datatype not in DIFFERING:
        raise NoValueError
    datatype, zone = general(a.datatype), parts_of(a.lexical, a.datatype)["zone"] or ""
    if datatype == TIME:
        if more.months:
            raise NoValueError
        seconds = around_midnight(a.value.seconds + more.seconds)
        return literal(instant_text(a.value.days, seconds, datatype, zone), datatype)
    days, seconds = later(a.value.days, a.value.seconds, more)
    return literal(instant_text(days, seconds, datatype, zone), datatype)


def read(term: str) -> Value:
    """Return a literal's parts and value.

    Raises:
        NoValueError: The term is no literal.
    """
    if not is_literal(term):
        raise NoValueError
    parts = split_literal(term)
    return Value(
        parts.lexical, parts.datatype, parts.language or "", value_of(parts.lexical, parts.datatype)
    )


def value_of(text: str, datatype: str) -> Known:
    """Return what a lexical form stands for; None where that is nothing, or not known here."""
    if datatype in STRINGS:
        return text
    if not datatype.startswith(XSD) or not is_lexical_form(text, datatype):
        return None
    name = datatype.removeprefix(XSD)
    if datatype in INTEGER_RANGES:
        return int(Decimal(text))
    if name == "decimal":
        return Decimal(text)
    if name in ("double", "float"):
        value = float(text.replace("INF", "inf"))
        return value if name == "double" else single(value)
    if name == "boolean":
        return terms.truth(text)
    return read_duration(text) if datatype in DURATIONS else read_instant(text, datatype)


FLOATING: Final = frozenset({f"{XSD}double", f"{XSD}float"})


def single(value: float) -> float:
    """Return a number rounded to the precision of ``xsd:float``."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def number_of(term: str) -> tuple[Any, str]:
    """Return a number and its datatype, of integers the widest."""
    value = read(term)
    if value.datatype not in NUMERIC or value.value is None:
        raise NoValueError
    if value.datatype in INTEGER_RANGES:
        return value.value, f"{XSD}integer"
    return value.value, value.datatype


def promoted(left: str, right: str) -> tuple[Any, Any, str]:
    """Return two numbers of one type, and the type.

    Raises:
        NoValueError: One of them is no number.
        OverflowError: No double is as large.

    Spec: https://www.w3.org/TR/xpath20/#promotion
    """
    (x, one), (y, other) = number_of(left), number_of(right)
    for name, convert in _CONVERSIONS.items():
        if name in (one, other):
            return convert(x), convert(y), name
    return x, y, f"{XSD}integer"


_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    f"{XSD}double": float,
    f"{XSD}float": lambda value: single(float(value)),
    f"{XSD}decimal": Decimal,
}


def of_number(value: Known, datatype: str) -> str:
    """Return the literal of a number."""
    if datatype in FLOATING:
        return literal(double_text(shortest(float(value), datatype)), datatype)
    if datatype == f"{XSD}integer":
        return literal(str(int(value)), datatype)
    return literal(decimal_text(value), datatype)


def decimal_text(value: Known) -> str:
    """Return a number without an exponent, and without zeros at the end of a fraction."""
    text = f"{Decimal(value):f}"  # a format of an integer goes by way of a double
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def double_text(value: float) -> str:
    """Return the lexical form of a double, without an exponent where there is no need for one."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    if value == int(value) and abs(value) < 1e15:
        return "-0" if value == 0 and math.copysign(1, value) < 0 else str(int(value))
    return repr(value).upper()


def shortest(value: float, datatype: str) -> float:
    """Return a number of a datatype with the fewest digits that tell it from its neighbours."""
    if datatype == f"{XSD}double":
        return value
    value = single(value)
    if not math.isfinite(value):
        return value
    near = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next(each for each in near if single(each) == value)


def of_truth(value: bool) -> str:
    """Return the literal of a truth value."""
    return literal("true" if value else "false", f"{XSD}boolean")


# -- comparison ----------------------------------------------------------------------------------


def equals(left: str, right: str) -> bool:
    """Return whether two terms are equal by ``=``.

    Raises:
        NoValueError: Nobody knows.
    """
    if left.startswith("<<") or right.startswith("<<"):
        raise NoValueError
    if not (is_literal(left) and is_literal(right)):
        return left == right
    a, b = read(left), read(right)
    numbers = a.datatype in NUMERIC and b.datatype in NUMERIC
    if numbers and a.value is not None and b.value is not None:
        x, y, _ = promoted(left, right)
        return bool(x == y)
    if left == right:
        return True
    if a.value is None or b.value is None:
        raise NoValueError
    if isinstance(a.value, Duration) and isinstance(b.value, Duration):
        return a.value == b.value
    if isinstance(a.value, Instant) and isinstance(b.value, Instant):
        if general(a.datatype) != general(b.datatype):
            return False
        return _order(a.value, b.value) == 0
    if a.datatype != b.datatype:
        return False
    return (a.value, a.language) == (b.value, b.language)


def _order(a: Instant, b: Instant) -> int:
    """Return -1, 0 or 1: https://www.w3.org/TR/xmlschema11-2/#dateTime-order."""
    if (a.offset is None) is (b.offset is None):
        return (a.utc > b.utc) - (a.utc < b.utc)
    # One may be anywhere within 14 hours on both sides.
    apart = a.utc - b.utc
    if abs(apart) > 14 * 3600:
        return 1 if apart > 0 else -1
    raise NoValueError


def less(left: str, right: str) -> bool:
    """Return whether a term is less than another by ``<``.

    Raises:
        NoValueError: They do not compare.
    """
    a, b = read(left), read(right)
    if a.value is None or b.value is None or a.language or b.language:
        raise NoValueError
    if a.datatype in NUMERIC and b.datatype in NUMERIC:
        x, y, _ = promoted(left, right)
        return bool(x < y)
    if isinstance(a.value, Duration) and isinstance(b.value, Duration):
        order = duration_order(a.value, b.value)
        if order is None:
            raise NoValueError
        return order < 0
    if general(a.datatype) != general(b.datatype):
        raise NoValueError
    if isinstance(a.value, Instant):
        return _order(a.value, b.value) < 0
    return bool(a.value < b.value)


def compare(sign: str, left: str, right: str) -> bool:
    """Return what a comparison says.

    Raises:
        NoValueError: It says nothing.
    """
    if sign == "=":
        return equals(left, right)
    if sign in (">", ">="):
        left, right = right, left
    if sign in ("<", ">"):
        return less(left, right)
    return less(left, right) or equals(left, right)
