"""What functions of mappings mean, in plain Python: an oracle for calls within one another.

A value is a text, or None where it is missing. A condition is true, false, or None where a value
that it needs is missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from kg.mapping.plan import Call, Constant, Expression, Function, Reference

Text = str | None
Truth = bool | None
Record = Mapping[str, Text]

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def text_of(expression: Expression, record: Record) -> Text:
    """Return the text that an expression gives for a record."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Reference):
        return record[expression.name]
    assert isinstance(expression, Call)
    function, arguments = expression.function, expression.arguments
    if function.is_boolean:
        truth = truth_of(expression, record)
        return None if truth is None else str(truth).lower()
    if function is Function.IF:
        condition, then, *rest = arguments
        if truth_of(condition, record):
            return text_of(then, record)
        return text_of(rest[0], record) if rest else None
    given = [text_of(argument, record) for argument in arguments]
    if function is Function.COALESCE:
        return next((value for value in given if value is not None), None)
    present = [value for value in given if value is not None]
    return TEXTS[function](*present) if len(present) == len(given) else None


def truth_of(expression: Expression, record: Record) -> Truth:
    """Return whether an expression is true for a record; a text is if it says so."""
    if not isinstance(expression, Call) or not expression.function.is_boolean:
        value = text_of(expression, record)
        return None if value is None else value.lower() in ("true", "1")
    function, arguments = expression.function, expression.arguments
    if function in (Function.AND, Function.OR):
        parts = [truth_of(argument, record) for argument in arguments]
        decides = function is Function.OR
        if decides in parts:
            return decides
        return None if None in parts else not decides
    if function is Function.NOT:
        truth = truth_of(arguments[0], record)
        return None if truth is None else not truth
    given = [text_of(argument, record) for argument in arguments]
    if function is Function.IS_NULL:
        return given[0] is None
    if function is Function.IS_NOT_NULL:
        return given[0] is not None
    first, second = given
    return None if first is None or second is None else TRUTHS[function](first, second)


def _order(first: str, second: str) -> int | None:
    """Return the order of two numbers, or of two texts by code points; else there is none."""
    numbers = [_number(value) for value in (first, second)]
    if numbers == [None, None]:
        return (first > second) - (first < second)
    if None in numbers:
        return None
    one, other = numbers
    assert one is not None
    assert other is not None
    return (one > other) - (one < other)


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _ordered(holds: Callable[[int], bool]) -> Callable[[str, str], Truth]:
    def compare(first: str, second: str) -> Truth:
        order = _order(first, second)
        return None if order is None else holds(order)

    return compare


def _simple(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return a change of case that leaves a character alone that it would make several of."""

    def changed(text: str) -> str:
        return "".join(made if len(made := change(char)) == 1 else char for char in text)

    return changed


_lower: Final = _simple(str.lower)
_capital: Final = _simple(str.upper)


def _title(text: str) -> str:
    return " ".join(_capital(word[:1]) + word[1:] for word in _lower(text).split(" "))


def _substring(text: str, first: str, last: str | None = None) -> str:
    return text[int(first) : None if last is None else int(last)]


def _dated(form: str) -> Callable[[str, str], Text]:
    def read(text: str, pattern: str) -> Text:
        try:
            return datetime.strptime(text, pattern).strftime(form)
        except ValueError:
            return None

    return read


def _hashed(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode()).hexdigest()


TRUTHS: Final[Mapping[Function, Callable[[str, str], Truth]]] = {
    Function.EQUAL: lambda a, b: a == b,
    Function.NOT_EQUAL: lambda a, b: a != b,
    Function.LESS: _ordered(lambda order: order < 0),
    Function.LESS_OR_EQUAL: _ordered(lambda order: order <= 0),
    Function.GREATER: _ordered(lambda order: order > 0),
    Function.GREATER_OR_EQUAL: _ordered(lambda order: order >= 0),
    Function.STARTS_WITH: str.startswith,
    Function.ENDS_WITH: str.endswith,
    Function.CONTAINS: lambda a, b: b in a,
    Function.MATCHES: lambda a, b: re.fullmatch(b, a, re.ASCII) is not None,
}
TEXTS: Final[Mapping[Function, Callable[..., Text]]] = {
    Function.LOWER: _lower,
    Function.UPPER: lambda a: _capital(a.replace("ß", "SS")),
    Function.TITLE: _title,
    Function.TRIM: lambda a: a.strip(" \t\n\v\f\r"),
    Function.REPLACE: lambda a, b, c: a.replace(b, c) if b else a,
    Function.REPLACE_REGEX: lambda a, b, c: re.sub(b, c, a, flags=re.ASCII),
    Function.CONCAT: lambda *values: "".join(values),
    Function.SUBSTRING: _substring,
    Function.LENGTH: lambda a: str(len(a)),
    Function.TO_STRING: lambda a: a,
    Function.TO_DATE: _dated("%Y-%m-%d"),
    Function.TO_DATE_TIME: _dated("%Y-%m-%dT%H:%M:%S"),
    Function.URL_ENCODE: lambda a: quote(a, safe="-._~"),
    Function.MD5: _hashed("md5"),
    Function.SHA1: _hashed("sha1"),
    Function.SHA256: _hashed("sha256"),
}
KNOWN: Final = (
    *(Function.AND, Function.OR, Function.NOT, Function.IS_NULL, Function.IS_NOT_NULL),
    *(Function.IF, Function.COALESCE, *TRUTHS, *TEXTS),
)
