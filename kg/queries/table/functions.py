"""SPARQL's functions over terms, one call at a time: what the table engine asks of Python.

Terms are N-Triples text. A function that has no value for its operands raises `NoValueError` of
`kg.queries.table.values`.

Spec: https://www.w3.org/TR/sparql11-query/#SparqlOps
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Any, Final
from urllib.parse import quote

from kg.datatypes import INTEGER_RANGES, NUMERIC, is_lexical_form
from kg.queries.table.durations import DURATIONS, Duration, duration_term
from kg.queries.table.moments import DIFFERING, Instant, parts_of
from kg.queries.table.values import (
    FLOATING,
    STRINGS,
    Known,
    NoValueError,
    Value,
    apart,
    compare,
    decimal_text,
    double_text,
    number_of,
    of_number,
    of_truth,
    promoted,
    read,
    shifted,
    shortest,
    value_of,
)
from kg.table.ids import SCALE
from kg.terms import (
    RDF_LANG_STRING,
    XSD,
    XSD_STRING,
    is_iri,
    is_language_tag,
    is_literal,
    is_named,
    literal,
)

# The digits that decimals are divided to; Oxigraph has as many.
_FRACTION: Final = 18


# -- numbers -------------------------------------------------------------------------------------


def _multiply(left: str, right: str) -> str:
    x, y, datatype = promoted(left, right)
    return of_number(x * y, datatype)


def _add(left: str, right: str, sign: int = 1) -> str:
    if (found := shifted(left, right, sign)) is not None:
        return found
    x, y, datatype = promoted(left, right)
    return of_number(x + sign * y, datatype)


def _subtract(left: str, right: str) -> str:
    if read(left).datatype in DIFFERING and read(right).datatype not in DURATIONS:
        return apart(left, right)
    return _add(left, right, -1)


def _signed(term: str, sign: int) -> str:
    given = read(term)
    if isinstance(given.value, Duration):
        return duration_term(given.value.signed(sign), given.datatype)
    value, datatype = number_of(term)
    return of_number(sign * value, datatype)


def _divide(left: str, right: str) -> str:
    x, y, datatype = promoted(left, right)
    if datatype in FLOATING:
        if y == 0:
            if x == 0 or math.isnan(x):
                return of_number(math.nan, datatype)
            sign = math.copysign(1, x) * math.copysign(1, y)
            return of_number(math.inf * sign, datatype)
        return of_number(x / y, datatype)
    if y == 0:
        raise NoValueError
    (a, b), (c, d) = Decimal(x).as_integer_ratio(), Decimal(y).as_integer_ratio()
    # Cut off, not rounded: the one operation that is not exact.
    digits = abs(a * d) * 10**_FRACTION // abs(b * c)
    sign = -1 if (x < 0) is not (y < 0) else 1
    return of_number(Decimal(sign * digits).scaleb(-_FRACTION), f"{XSD}decimal")


def _rounds(way: str) -> Callable[[str], str]:
    def call(term: str) -> str:
        value, datatype = number_of(term)
        if datatype == f"{XSD}integer":
            return of_number(abs(value) if way == "ABS" else value, datatype)
        if way == "ABS":
            return of_number(abs(value), datatype)
        if isinstance(value, float):
            if not math.isfinite(value):
                return of_number(value, datatype)
            found = {"CEIL": math.ceil, "FLOOR": math.floor}.get(way, _half_up)(value)
            return of_number(math.copysign(float(found), value), datatype)
        if way == "ROUND":
            value += Decimal("0.5")
        return of_number(
            value.to_integral_value(ROUND_CEILING if way == "CEIL" else ROUND_FLOOR), datatype
        )

    return call


def _half_up(value: float) -> int:
    return math.floor(Decimal(value) + Decimal("0.5"))


# -- strings -------------------------------------------------------------------------------------


def _string(term: str) -> tuple[str, str]:
    value = read(term)
    if value.datatype not in STRINGS:
        raise NoValueError
    return value.lexical, value.language


def _plain(term: str) -> str:
    text, language = _string(term)
    if language:
        raise NoValueError
    return text


def _like(text: str, language: str) -> str:
    return literal(text, language=language or None)


def _substr(term: str, start: str, length: str | None = None) -> str:
    """Return a part of a text; places count from one, and are rounded."""
    text, language = _string(term)
    first = _rounded(start)
    last = math.inf if length is None else first + _rounded(length)
    kept = "".join(char for at, char in enumerate(text, 1) if first <= at < last)
    return _like(kept, language)


def _rounded(term: str) -> float:
    value, _ = number_of(term)
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return _half_up(value) if isinstance(value, float) else math.floor(value + Decimal("0.5"))


def _strlang(text: str, tag: str) -> str:
    language = _plain(tag)
    if not is_language_tag(language):
        raise NoValueError
    return literal(_plain(text), language=language)


def _strdt(text: str, datatype: str) -> str:
    if not is_named(datatype) or datatype == f"<{RDF_LANG_STRING}>":
        raise NoValueError
    return literal(_plain(text), datatype[1:-1])


def _hash(name: str) -> Callable[[str], str]:
    return lambda term: literal(hashlib.new(name, _plain(term).encode()).hexdigest())


def _mapped(change: Callable[[str], str]) -> Callable[[str], str]:
    def call(term: str) -> str:
        text, language = _string(term)
        return _like(change(text), language)

    return call


# -- days and times ------------------------------------------------------------------------------


def _parts(term: str) -> Mapping[str, str | None]:
    value = read(term)
    if not isinstance(value.value, Instant):
        raise NoValueError
    return parts_of(value.lexical, value.datatype)


def _no_midnight(parts: Mapping[str, str | None], lexical: str) -> None:
    """Refuse the end of a day: its parts are those of the next day."""
    if parts.get("hour") == "24" and "day" in parts:
        raise OverflowError(f"{lexical} is not taken apart")


def _part(name: str) -> Callable[[str], str]:
    def call(term: str) -> str:
        parts = _parts(term)
        found = parts.get(name)
        if found is None:
            raise NoValueError
        _no_midnight(parts, read(term).lexical)
        if name == "second":
            return of_number(Decimal(found), f"{XSD}decimal")
        return of_number(int(found) % 24 if name == "hour" else int(found), f"{XSD}integer")

    return call


def _tz(term: str) -> str:
    return literal(_parts(term)["zone"] or "")


def _timezone(term: str) -> str:
    zone = _parts(term)["zone"]
    if zone is None:
        raise NoValueError
    hours, minutes = (0, 0) if zone == "Z" else (int(zone[1:3]), int(zone[4:6]))
    text = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") or "0S"
    sign = "-" if zone[0] == "-" and (hours or minutes) else ""
    return literal(f"{sign}PT{text}", f"{XSD}dayTimeDuration")


# -- casts ---------------------------------------------------------------------------------------


def _cast(datatype: str, term: str) -> str:
    """Return a term cast to a datatype: https://www.w3.org/TR/sparql11-query/#FunctionMapping."""
    iri = datatype[1:-1]
    name = iri.removeprefix(XSD)
    if name == "string":
        if is_named(term):
            return literal(term[1:-1])
        value = read(term)
        if value.datatype in NUMERIC and value.value is not None:
            return literal(_number_text(value.value, value.datatype))
        if isinstance(value.value, bool):
            return literal("true" if value.value else "false")
        return literal(value.lexical)
    value = read(term)
    if value.datatype == XSD_STRING:
        text = value.lexical.strip(" \t\r\n")
        if not is_lexical_form(text, iri):
            raise NoValueError
        return _canonical(text, iri)
    if value.value is None or value.language:
        raise NoValueError
    if value.datatype == iri:
        return term
    return _converted(value, name, iri)


def _number_text(value: Known, datatype: str) -> str:
    """Return a number cast to xsd:string: https://www.w3.org/TR/xpath-functions/#casting."""
    if isinstance(value, float):
        value = shortest(value, datatype)
        if value == 0 or not math.isfinite(value) or 1e-6 <= abs(value) < 1e6:
            return double_text(value)
        sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
        first, *rest = map(str, digits)
        scale = int(exponent) + len(rest)
        return f"{'-' * sign}{first}.{''.join(rest) or '0'}E{scale}"
    return decimal_text(value)


def _canonical(text: str, iri: str) -> str:
    """Return a number or truth value in its canonical form; others as they are."""
    value = value_of(text, iri)
    if iri in NUMERIC:
        return of_number(value, iri if iri not in INTEGER_RANGES else f"{XSD}integer")
    return of_truth(value) if isinstance(value, bool) else literal(text, iri)


def _converted(value: Value, name: str, iri: str) -> str:
    of = value.value
    if name == "boolean" and value.datatype in NUMERIC:
        return of_truth(bool(of) and not (isinstance(of, float) and math.isnan(of)))
    if name in ("integer", "decimal", "double", "float"):
        if not isinstance(of, bool) and value.datatype not in NUMERIC:
            raise NoValueError
        if name in ("double", "float"):
            return of_number(float(of), iri)
        if isinstance(of, float) and not math.isfinite(of):
            raise NoValueError
        return of_number(int(of) if name == "integer" else Decimal(of), iri)
    if name == "date" and value.datatype == f"{XSD}dateTime":
        _no_midnight(parts_of(value.lexical, value.datatype), value.lexical)
        return literal(re.sub(r"T[0-9:.]+", "", value.lexical), iri)
    if name == "dateTime" and value.datatype == f"{XSD}date":
        days = re.match(r"-?[0-9]+-[0-9]{2}-[0-9]{2}", value.lexical)
        assert days is not None
        return literal(f"{days[0]}T00:00:00{value.lexical[days.end() :]}", iri)
    raise NoValueError


def _iri(term: str, base: str) -> str:
    from kg.sparql.names import resolve

    text = term[1:-1] if is_named(term) else _plain(term)
    found = resolve(base[1:-1], text) if len(base) > 2 else text
    if not is_iri(found):
        raise NoValueError
    return f"<{found}>"


FUNCTIONS: Final[Mapping[str, Callable[..., str]]] = {
    "*": _multiply,
    "/": _divide,
    "+": _add,
    "-": _subtract,
    "+1": lambda a: _signed(a, 1),
    "-1": lambda a: _signed(a, -1),
    "CAST": _cast,
    "IRI": _iri,
    **{way: _rounds(way) for way in ("ABS", "CEIL", "FLOOR", "ROUND")},
    "UCASE": _mapped(str.upper),
    "LCASE": _mapped(str.lower),
    "ENCODE_FOR_URI": lambda a: literal(quote(_string(a)[0], safe="-_.~")),
    "YEAR": _part("year"),
    "MONTH": _part("month"),
    "DAY": _part("day"),
    "HOURS": _part("hour"),
    "MINUTES": _part("minute"),
    "SECONDS": _part("second"),
    "TIMEZONE": _timezone,
    "TZ": _tz,
    **{name: _hash(name.lower()) for name in ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")},
    "STRLANG": _strlang,
    "STRDT": _strdt,
    "SUBSTR": _substr,
}
# Datatypes that CAST gives.
CASTS: Final = frozenset(
    f"<{XSD}{name}>"
    for name in ("string", "boolean", "integer", "decimal", "float", "double", "dateTime", "date")
)


def python_call(name: str, operands: Sequence[str | None]) -> str | None:
    """Return what a function gives, None where it has no value for its operands."""
    if None in operands:
        return None
    try:
        with localcontext(EXACT):
            return FUNCTIONS[name](*operands)
    except NoValueError:
        return None


def python_test(sign: str, left: str | None, right: str | None) -> bool | None:
    """Return what a comparison says, None where it says nothing."""
    if left is None or right is None:
        return None
    try:
        with localcontext(EXACT):
            return compare(sign, left, right)
    except NoValueError:
        return None


def python_truth(term: str | None) -> bool | None:
    """Return the effective boolean value: https://www.w3.org/TR/sparql11-query/#ebv."""
    if term is None or not is_literal(term):
        return None
    value = read(term)
    if value.datatype in STRINGS:
        return value.lexical != ""
    if value.datatype in NUMERIC or value.datatype == f"{XSD}boolean":
        return bool(value.value) and value.value == value.value
    return None


def python_rank(term: str | None) -> int | None:
    """Return the rank of a number's datatype; see `kg.table.macros`."""
    number = _maybe_number(term)
    return None if number is None else _RANKS[number[1]]


def python_exact(term: str | None) -> str | None:
    """Return the digits of a number's exact value, scaled; see `kg.table.macros`.

    Raises:
        OverflowError: SQL has no number of so many digits.
    """
    number = _maybe_number(term)
    if number is None or isinstance(number[0], float):
        return None
    with localcontext(EXACT):
        scaled = Decimal(number[0]).scaleb(SCALE)
        if scaled != scaled.to_integral_value() or abs(scaled) >= _MOST:
            raise OverflowError(f"{term} has more than 38 digits")
        return f"{scaled:.0f}"


def python_double(term: str | None) -> str | None:
    """Return a number's value as the text of a double: DuckDB takes NaN of Python for NULL."""
    number = _maybe_number(term)
    return None if number is None else repr(float(number[0]))


def python_double_term(value: float | None) -> str | None:
    """Return the literal of a double."""
    return None if value is None else of_number(value, f"{XSD}double")


def python_float_term(value: float | None) -> str | None:
    """Return the literal of a number with the precision of ``xsd:float``."""
    return None if value is None else of_number(value, f"{XSD}float")


def _maybe_number(term: str | None) -> tuple[Any, str] | None:
    if term is None:
        return None
    try:
        return number_of(term)
    except NoValueError:
        return None


_RANKS: Final = {f"{XSD}{n}": r for r, n in enumerate(("integer", "decimal", "float", "double"), 1)}
# What would be rounded is refused.
EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_MOST: Final = Decimal(10) ** 36


def now() -> str:
    """Return the time, as NOW gives it: one for a whole query."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return literal(moment, f"{XSD}dateTime")
