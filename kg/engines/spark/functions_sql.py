"""The functions of mappings that Spark has as they are meant; others are refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg.engines.spark import dialect
from kg.mapping.plan import Call, Constant, Expression, Function

# Returns the SQL of an expression's text.
Plain = Callable[[Expression], str]

F: Final = Function
_JOINED: Final[Mapping[object, str]] = {F.AND: " AND ", F.OR: " OR "}


def truth_sql(expression: Expression, plain: Plain) -> str:
    """Return the SQL of whether an expression is true; a text is if it says so."""
    if isinstance(expression, Call):
        function = expression.function
        if function in _JOINED:
            parts = [truth_sql(part, plain) for part in expression.arguments]
            return f"({_JOINED[function].join(parts)})"
        if function is F.NOT:
            return f"(NOT {truth_sql(expression.arguments[0], plain)})"
        if function is F.XOR:
            parts = [f"CAST({truth_sql(part, plain)} AS INT)" for part in expression.arguments]
            return f"(({' + '.join(parts)}) % 2 = 1)"
        if function in _TRUTHS:
            return _TRUTHS[function](*map(plain, expression.arguments))
    return f"(lower({plain(expression)}) IN ('true', '1'))"


def doubtful_sql(value: str) -> str:
    """Return the SQL of a text that is a condition and says neither true nor false, else NULL."""
    return f"CASE WHEN lower({value}) NOT IN ('true', 'false', '1', '0') THEN {value} END"


def call_sql(call: Call, plain: Plain) -> str:
    """Return the SQL of the text that a call gives, NULL where it gives none."""
    function = call.function
    if function.is_boolean:
        return f"CAST({truth_sql(call, plain)} AS STRING)"
    if function is F.IF:
        condition, then, *rest = call.arguments
        other = f" ELSE {plain(rest[0])}" if rest else ""
        return f"CASE WHEN {truth_sql(condition, plain)} THEN {plain(then)}{other} END"
    if function is F.SUBSTRING:
        return _part(call, plain(call.arguments[0]))
    return _TEXTS[function](*map(plain, call.arguments))


def list_sql(call: Call, plain: Plain) -> str:
    """Return the SQL of the list that a call gives."""
    return _LISTS[call.function](*map(plain, call.arguments))


def is_known(call: Call) -> bool:
    """Return whether a call itself can be printed; its arguments are calls of their own."""
    function = call.function
    if function is F.SUBSTRING:
        return all(isinstance(place, Constant) for place in call.arguments[1:])
    if function is F.SPLIT:
        mark = call.arguments[1]
        return isinstance(mark, Constant) and bool(mark.value)
    known = (*_JOINED, F.NOT, F.XOR, F.IF, *_TRUTHS, *_TEXTS, *_LISTS)
    return function in known


def _part(call: Call, value: str) -> str:
    """Return the part from one place to before another, counted from 0, or from the end."""
    places = [int(a.value) for a in call.arguments[1:] if isinstance(a, Constant)]

    def made(x: str) -> str:
        first, *last = (_place(place, x) for place in places)
        length = f", greatest({last[0]} - {first}, 0)" if last else ""
        return f"substr({x}, {first} + 1{length})"

    return dialect.let(value, made)


def _place(place: int, x: str) -> str:
    """Return a place from the start; one beyond the start is the start."""
    return str(place) if place >= 0 else f"greatest(length({x}) - {-place}, 0)"


def _split(value: str, mark: str) -> str:
    # What Spark splits by is a pattern of Java.
    return f"split({value}, regexp_replace({mark}, '([^A-Za-z0-9 ])', '\\\\\\\\$1'), -1)"


_TRUTHS: Final[Mapping[object, Callable[..., str]]] = {
    F.EQUAL: lambda a, b: f"({a} = {b})",
    F.NOT_EQUAL: lambda a, b: f"({a} <> {b})",
    F.LESS: lambda a, b: f"({dialect.order(a, b)} < 0)",
    F.LESS_OR_EQUAL: lambda a, b: f"({dialect.order(a, b)} <= 0)",
    F.GREATER: lambda a, b: f"({dialect.order(a, b)} > 0)",
    F.GREATER_OR_EQUAL: lambda a, b: f"({dialect.order(a, b)} >= 0)",
    F.IS_NULL: lambda a: f"({a} IS NULL)",
    F.IS_NOT_NULL: lambda a: f"({a} IS NOT NULL)",
    F.IS_BLANK: lambda a: f"(coalesce({a}, '') = '')",
    F.IS_NUMERIC: lambda a: (
        f"(CASE WHEN {a} IS NOT NULL THEN ({dialect.number(a)}) IS NOT NULL END)"
    ),
    F.STARTS_WITH: lambda a, b: f"startswith({a}, {b})",
    F.ENDS_WITH: lambda a, b: f"endswith({a}, {b})",
    F.CONTAINS: lambda a, b: f"contains({a}, {b})",
    F.TRUTH: lambda a: f"(lower({a}) NOT IN ('', 'false', 'no', 'off', '0'))",
}
_TEXTS: Final[Mapping[object, Callable[..., str]]] = {
    F.COALESCE: lambda *values: f"coalesce({', '.join(values)})",
    F.TRIM: dialect.trim,
    F.REPLACE: lambda a, b, c: f"replace({a}, {b}, {c})",
    F.CONCAT: lambda *values: dialect.concat(values),
    F.LENGTH: lambda a: f"CAST(length({a}) AS STRING)",
    F.TO_STRING: lambda a: str(a),
    F.URL_ENCODE: dialect.uri_safe,
    F.MD5: lambda a: f"md5({a})",
    F.SHA1: lambda a: f"sha1({a})",
    F.SHA256: lambda a: f"sha2({a}, 256)",
}
_LISTS: Final[Mapping[object, Callable[..., str]]] = {F.SPLIT: _split}
