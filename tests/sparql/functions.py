"""SPARQL's functions over terms, one by one and slowly.

Spec: https://www.w3.org/TR/sparql11-query/#SparqlOps
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import numpy as np

from kg.datatypes import INTEGER_RANGES, is_lexical_form
from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING, is_iri, is_language_tag, literal
from tests.sparql.values import (
    Moment,
    Span,
    SparqlError,
    after,
    equals,
    family,
    less,
    number,
    of_number,
    of_truth,
    parse,
    promoted,
    truth,
)


def string(term: str) -> tuple[str, str]:
    """Return the text and the language of a string literal."""
    value = parse(term)
    if value.datatype not in (XSD_STRING, RDF_LANG_STRING):
        raise SparqlError(f"{term} is no string")
    return value.lexical, value.language


def _like(text: str, language: str) -> str:
    return literal(text, language=language or None)


def _compatible(left: str, right: str) -> tuple[str, str, str]:
    """Return two texts that go together, and the language of the first."""
    (a, language), (b, other) = string(left), string(right)
    if other not in ("", language):
        raise SparqlError("the languages differ")
    return a, b, language


def _test(check: Callable[[str, str], bool]) -> Callable[..., str]:
    def call(left: str, right: str) -> str:
        a, b, _ = _compatible(left, right)
        return of_truth(check(a, b))

    return call


def as_text(term: str) -> str:
    """Return what STR gives, as a Python string."""
    if term.startswith("<<") or term.startswith("_:"):
        raise SparqlError("no text")
    return term[1:-1] if term.startswith("<") else parse(term).lexical


def _arithmetic(sign: str, left: str, right: str) -> str:
    x, y, is_single = promoted(left, right)
    with localcontext() as context:
        context.prec = 2000
        if sign != "/":
            found = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y}[sign]()
            return of_number(found, is_single=is_single)
        if isinstance(x, float):
            with np.errstate(all="ignore"):
                return of_number(float(np.float64(x) / np.float64(y)), is_single=is_single)
        if y == 0:
            raise SparqlError("division by zero")
        return of_number((Decimal(x) / Decimal(y)).quantize(Decimal(1).scaleb(-18), ROUND_DOWN))


def _added(left: str, right: str, sign: int = 1) -> str:
    a, b = parse(left), parse(right)
    if sign == 1 and isinstance(a.value, Span) and isinstance(b.value, Moment):
        a, b = b, a
    if not isinstance(b.value, Span):
        if isinstance(a.value, Span):
            raise SparqlError("no sum")
        return _arithmetic("+" if sign == 1 else "-", left, right)
    months, seconds = (sign * part for part in b.value)
    if isinstance(a.value, Span):
        months, seconds = months + a.value.months, seconds + a.value.seconds
        if months * seconds < 0:
            raise SparqlError("months and seconds of two signs")
        return of_span(
            Span(int(months), seconds),
            a.datatype if a.datatype == b.datatype else f"{XSD}duration",
        )
    if not isinstance(a.value, Moment) or a.datatype[len(XSD)] == "g":
        raise SparqlError("no sum")
    if a.datatype == f"{XSD}time" and months:
        raise SparqlError("a time of day has no months")
    found = after(a.value.local, int(months))
    whole, fraction = divmod(seconds + a.value.fraction, 1)
    found += timedelta(seconds=whole)
    zone = re.search(r"(Z|[+-]\d\d:\d\d)?$", a.lexical)
    assert zone is not None
    zone_text = zone[0] if a.value.offset is not None else ""
    if a.datatype == f"{XSD}date":
        return literal(f"{found.date().isoformat()}{zone_text}", a.datatype)
    clock = found.time() if a.datatype == f"{XSD}time" else found
    part = f"{Decimal(fraction.numerator) / fraction.denominator:f}"[1:] if fraction else ""
    return literal(f"{clock.isoformat()}{part}{zone_text}", family(a.datatype))


def of_span(value: Span, datatype: str) -> str:
    """Return the literal of a duration."""
    years, months = divmod(abs(value.months), 12)
    text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
    days, left = divmod(abs(value.seconds), 86400)
    text += f"{days}D" if days else ""
    text += "T" if left else ""
    for size, unit in ((3600, "H"), (60, "M")):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    if left:
        text += f"{Decimal(left.numerator) / left.denominator:f}S"
    text = text or ("0M" if "yearMonth" in datatype else "T0S")
    sign = "-" if value.months < 0 or value.seconds < 0 else ""
    return literal(f"{sign}P{text}", datatype)


def _subtracted(left: str, right: str) -> str:
    a, b = parse(left), parse(right)
    if isinstance(a.value, Span) or isinstance(b.value, Span):
        return _added(left, right, -1)
    if not (isinstance(a.value, Moment) and isinstance(b.value, Moment)):
        return _arithmetic("-", left, right)
    differ = family(a.datatype) == family(b.datatype) and a.datatype[len(XSD)] != "g"
    if not differ or (a.value.offset is None) != (b.value.offset is None):
        raise SparqlError("no difference")
    since = a.value.since - b.value.since
    text, left_over = "", abs(since)
    for size, unit in ((86400, "D"), (3600, "H"), (60, "M")):
        count, left_over = divmod(left_over, size)
        text += ("T" if unit == "H" else "") + (f"{count}{unit}" if count else "")
    if left_over:
        seconds = f"{Decimal(left_over.numerator) / Decimal(left_over.denominator):f}"
        text += f"{seconds}S"
    text = text.removesuffix("T") or "T0S"
    return literal(f"{'-' if since < 0 else ''}P{text}", f"{XSD}dayTimeDuration")


def _rounded(way: str, term: str) -> str:
    value = number(term)
    is_single = parse(term).datatype == f"{XSD}float"
    if isinstance(value, int):
        return of_number(abs(value) if way == "ABS" else value)
    if way == "ABS":
        return of_number(
            value.copy_abs() if isinstance(value, Decimal) else abs(value), is_single=is_single
        )
    if isinstance(value, float):
        if not math.isfinite(value):
            return of_number(value, is_single=is_single)
        to = {"CEIL": math.ceil, "FLOOR": math.floor, "ROUND": half_up}[way]
        return of_number(math.copysign(float(to(value)), value), is_single=is_single)
    if way == "ROUND":
        return of_number((value + Decimal("0.5")).to_integral_value(ROUND_FLOOR))
    return of_number(value.to_integral_value(ROUND_CEILING if way == "CEIL" else ROUND_FLOOR))


def _signed(term: str, sign: int) -> str:
    if isinstance(given := parse(term).value, Span):
        turned = Span(sign * given.months, sign * given.seconds)
        return of_span(turned, parse(term).datatype)
    with localcontext() as context:
        context.prec = 2000
        value = number(term) * sign
    return of_number(value, is_single=parse(term).datatype == f"{XSD}float")


def half_up(value: Any) -> int:
    """Return the nearest integer, of two the greater."""
    return math.floor(Fraction(value) + Fraction(1, 2))


# The datatypes that have a part.
_HAVE = {
    "year": ("date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth"),
    "month": ("date", "dateTime", "dateTimeStamp", "gYearMonth", "gMonth", "gMonthDay"),
    "day": ("date", "dateTime", "dateTimeStamp", "gMonthDay", "gDay"),
    **dict.fromkeys(("hour", "minute", "second"), ("dateTime", "dateTimeStamp", "time")),
}


def _moment(term: str, part: str = "") -> Moment:
    value = parse(term)
    if not isinstance(value.value, Moment):
        raise SparqlError("no day or time")
    if part and value.datatype[len(XSD) :] not in _HAVE[part]:
        raise SparqlError(f"it has no {part}")
    return value.value


def _part(name: str) -> Callable[[str], str]:
    return lambda term: of_number(getattr(_moment(term, name).local, name))


def _zone(term: str) -> str:
    found = re.search(r"(Z|[+-]\d\d:\d\d)?$", parse(term).lexical)
    assert found is not None
    return found[0] if _moment(term).offset is not None else ""


def _timezone(term: str) -> str:
    zone = _moment(term).offset
    if zone is None:
        raise SparqlError("no timezone")
    minutes = int(abs(zone) / timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    text = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") or "0S"
    return literal(f"{'-' if zone < timedelta(0) else ''}PT{text}", f"{XSD}dayTimeDuration")


def _seconds(term: str) -> str:
    match = re.search(r"\d\d:\d\d:(\d\d(?:\.\d+)?)", parse(term).lexical)
    if not _moment(term, "second") or match is None:
        raise SparqlError("no time")
    return of_number(Decimal(match[1]))


def _substr(term: str, start: str, length: str | None = None) -> str:
    text, language = string(term)
    first = _place(start)
    last = math.inf if length is None else first + _place(length)
    return _like("".join(c for at, c in enumerate(text, 1) if first <= at < last), language)


def _place(term: str) -> float:
    value = number(term)
    return value if isinstance(value, float) and not math.isfinite(value) else half_up(value)


def _pattern(pattern: str, flags: str = '""') -> re.Pattern[str]:
    text, marks = string(pattern)[0], string(flags)[0]
    known = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}
    if "q" in marks:
        text, marks = re.escape(text), marks.replace("q", "")
    if not set(marks) <= set(known):
        raise SparqlError("unknown flag")
    try:
        return re.compile(text, sum(known[each] for each in marks))
    except re.error as error:
        raise SparqlError(str(error)) from error


def _replace(term: str, pattern: str, by: str, flags: str = '""') -> str:
    text, language = string(term)
    found = _pattern(pattern, flags)
    if found.search(""):
        raise SparqlError("the pattern fits nothing")
    return _like(found.sub(re.sub(r"\$(\d)", r"\\\1", string(by)[0]), text), language)


def _around(left: str, right: str, *, before: bool) -> str:
    a, b, language = _compatible(left, right)
    head, found, tail = a.partition(b) if b else ("", "", a)
    if b and not found:
        return '""'
    return _like(head if before else tail, language)


def _concat(*terms: str) -> str:
    parts = [string(term) for term in terms]
    languages = {language for _, language in parts}
    return _like("".join(text for text, _ in parts), languages.pop() if len(languages) == 1 else "")


def _lang_matches(tag: str, wanted: str) -> str:
    (a, _), (b, _) = string(tag), string(wanted)
    a, b = a.lower(), b.lower()
    return of_truth(bool(a) if b == "*" else a == b or a.startswith(f"{b}-"))


def _plain(term: str) -> str:
    value = parse(term)
    if value.datatype != XSD_STRING:
        raise SparqlError("no plain text")
    return value.lexical


def _strlang(text: str, tag: str) -> str:
    language = _plain(tag)
    if not is_language_tag(language):
        raise SparqlError("no language tag")
    return literal(_plain(text), language=language)


def _strdt(text: str, datatype: str) -> str:
    if not datatype.startswith("<") or datatype == f"<{RDF_LANG_STRING}>":
        raise SparqlError("no datatype")
    return literal(_plain(text), datatype[1:-1])


def _iri(term: str) -> str:
    text = term[1:-1] if term.startswith("<") else _plain(term)
    if not is_iri(text):
        raise SparqlError("no IRI")
    return f"<{text}>"


def _hash(name: str) -> Callable[[str], str]:
    return lambda term: literal(hashlib.new(name, _plain(term).encode()).hexdigest())


def _datatype(term: str) -> str:
    return f"<{parse(term).datatype}>"


def _mapped(change: Callable[[str], str]) -> Callable[[str], str]:
    def call(term: str) -> str:
        text, language = string(term)
        return _like(change(text), language)

    return call


def cast(datatype: str, term: str) -> str:
    """Return a term cast to an XSD datatype: https://www.w3.org/TR/sparql11-query/#FunctionMapping."""
    name = datatype.removeprefix(XSD)
    if name == "string":
        return literal(_written(term))
    value = parse(term)
    if value.datatype == XSD_STRING:
        text = value.lexical.strip(" \t\r\n")
        if not is_lexical_form(text, datatype):
            raise SparqlError("not of this datatype")
        found = parse(literal(text, datatype)).value
        if isinstance(found, bool):
            return of_truth(found)
        if isinstance(found, int | Decimal | float):
            return of_number(found, is_single=name == "float")
        return literal(text, datatype)
    if value.value is None or value.language:
        raise SparqlError("no cast")
    if value.datatype == datatype:
        return term
    if name == "boolean":
        return of_truth(bool(number(term)) and not math.isnan(float(number(term))))
    if datatype in INTEGER_RANGES or name in ("decimal", "double", "float"):
        found = int(value.value) if isinstance(value.value, bool) else number(term)
        return _cast_number(name, found)
    if name == "date" and value.datatype == f"{XSD}dateTime":
        return literal(value.lexical[:10] + _zone(term), datatype)
    if name == "dateTime" and value.datatype == f"{XSD}date":
        return literal(f"{value.lexical[:10]}T00:00:00{value.lexical[10:]}", datatype)
    raise SparqlError("no cast")


def _written(term: str) -> str:
    """Return what a cast to ``xsd:string`` gives."""
    value = parse(term).value if term.startswith('"') else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        near = np.float32(value) if parse(term).datatype == f"{XSD}float" else np.float64(value)
        if value == 0:
            return "-0" if math.copysign(1, value) < 0 else "0"
        if 1e-6 <= abs(value) < 1e6:
            return np.format_float_positional(near, trim="-")
        text = np.format_float_scientific(near, trim="0", exp_digits=1)
        return text.replace("e+", "E").replace("e", "E")
    if isinstance(value, int | Decimal | float):
        return parse(of_number(value)).lexical
    return as_text(term)


def _cast_number(name: str, found: Any) -> str:
    if name in ("double", "float"):
        return of_number(float(found), is_single=name == "float")
    if isinstance(found, float) and not math.isfinite(found):
        raise SparqlError("no number")
    return of_number(Decimal(found) if name == "decimal" else int(found))


FUNCTIONS: Final[dict[str, Callable[..., str]]] = {
    **{sign: lambda a, b, s=sign: _arithmetic(s, a, b) for sign in "*/"},
    "=": lambda a, b: of_truth(equals(a, b)),
    "!=": lambda a, b: of_truth(not equals(a, b)),
    "<": lambda a, b: of_truth(less(a, b)),
    ">": lambda a, b: of_truth(less(b, a)),
    "<=": lambda a, b: of_truth(less(a, b) or equals(a, b)),
    ">=": lambda a, b: of_truth(less(b, a) or equals(a, b)),
    "!": lambda a: of_truth(not truth(a)),
    "+": lambda a, b=None: _signed(a, 1) if b is None else _added(a, b),
    "-": lambda a, b=None: _signed(a, -1) if b is None else _subtracted(a, b),
    "NOW": lambda: literal("2020-01-01T00:00:00Z", f"{XSD}dateTime"),
    "RAND": lambda: of_number(0.5),
    "UUID": lambda: f"<{uuid4().urn}>",
    "STRUUID": lambda: literal(str(uuid4())),
    "STR": lambda a: literal(as_text(a)),
    "LANG": lambda a: literal(parse(a).language),
    "LANGMATCHES": _lang_matches,
    "DATATYPE": _datatype,
    "IRI": _iri,
    "URI": _iri,
    **{way: lambda a, w=way: _rounded(w, a) for way in ("ABS", "CEIL", "FLOOR", "ROUND")},
    "CONCAT": _concat,
    "STRLEN": lambda a: of_number(len(string(a)[0])),
    "UCASE": _mapped(str.upper),
    "LCASE": _mapped(str.lower),
    "ENCODE_FOR_URI": lambda a: literal(quote(string(a)[0], safe="-_.~")),
    "CONTAINS": _test(lambda a, b: b in a),
    "STRSTARTS": _test(str.startswith),
    "STRENDS": _test(str.endswith),
    "STRBEFORE": lambda a, b: _around(a, b, before=True),
    "STRAFTER": lambda a, b: _around(a, b, before=False),
    "YEAR": _part("year"),
    "MONTH": _part("month"),
    "DAY": _part("day"),
    "HOURS": _part("hour"),
    "MINUTES": _part("minute"),
    "SECONDS": _seconds,
    "TIMEZONE": _timezone,
    "TZ": lambda a: literal(_zone(a)),
    **{name: _hash(name.lower()) for name in ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")},
    "STRLANG": _strlang,
    "STRDT": _strdt,
    "SAMETERM": lambda a, b: of_truth(a == b),
    "ISIRI": lambda a: of_truth(a.startswith("<") and not a.startswith("<<")),
    "ISURI": lambda a: of_truth(a.startswith("<") and not a.startswith("<<")),
    "ISBLANK": lambda a: of_truth(a.startswith("_:")),
    "ISLITERAL": lambda a: of_truth(a.startswith('"')),
    "ISNUMERIC": lambda a: of_truth(_is_number(a)),
    "REGEX": lambda a, *b: of_truth(bool(_pattern(*b).search(string(a)[0]))),
    "SUBSTR": _substr,
    "REPLACE": _replace,
}


def _is_number(term: str) -> bool:
    try:
        number(term)
    except SparqlError:
        return False
    return True
