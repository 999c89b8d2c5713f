"""The functions of mappings as SQL.

Values are texts, as references give them. A comparison with a value that is missing is neither
true nor false. Two values that read as numbers are ordered as numbers, two that do not are
ordered as texts, by code points; a number and a text are not ordered at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg.mapping.plan import Call, Constant, Expression, Function
from kg.sql import sql_text

# Returns the SQL of an expression's text.
Plain = Callable[[Expression], str]


def truth_sql(expression: Expression, plain: Plain) -> str:
    """Return the SQL of whether an expression is true; a text is if it says so."""
    if isinstance(expression, Call):
        if expression.function in _JOINED:
            parts = [truth_sql(part, plain) for part in expression.arguments]
            return f"({_JOINED[expression.function].join(parts)})"
        if expression.function is Function.NOT:
            return f"(NOT {truth_sql(expression.arguments[0], plain)})"
        if expression.function in _TRUTHS:
            return _applied(expression, _TRUTHS[expression.function], plain)
    return f"(lower({plain(expression)}) = 'true')"


def call_sql(call: Call, plain: Plain) -> str:
    """Return the SQL of the text that a call gives, NULL where it gives none."""
    if call.function.is_boolean:
        return f"CAST({truth_sql(call, plain)} AS VARCHAR)"
    if call.function is Function.IF:
        condition, then, *rest = call.arguments
        other = f" ELSE {plain(rest[0])}" if rest else ""
        return f"CASE WHEN {truth_sql(condition, plain)} THEN {plain(then)}{other} END"
    if call.function is Function.SUBSTRING:
        return _substring(call, plain)
    return _applied(call, _TEXTS[call.function], plain)


def _applied(call: Call, make: Callable[..., str], plain: Plain) -> str:
    """Return the SQL of a function of its arguments, each worked out once.

    The macros of some functions use an argument several times; calls of them inside of one another
    would multiply.
    """
    often = call.function in _USING_OFTEN
    bound = [often and _multiplies(argument) for argument in call.arguments]
    given = [plain(argument) for argument in call.arguments]
    sql = make(*(f"once{n}" if bound[n] else value for n, value in enumerate(given)))
    for number, value in enumerate(given):
        if bound[number]:
            sql = f"list_transform([{value}], lambda once{number}: {sql})[1]"
    return sql


def _multiplies(expression: Expression) -> bool:
    return isinstance(expression, Call) and (
        expression.function in _USING_OFTEN or any(map(_multiplies, expression.arguments))
    )


def split_sql(call: Call, plain: Plain) -> str:
    """Return the SQL of the list that a call of ``split`` gives; empty parts are none."""
    value, separator = map(plain, call.arguments)
    return f"list_filter(string_split({value}, {separator}), lambda part: part <> '')"


def _substring(call: Call, plain: Plain) -> str:
    """Return the part from one place to before another, counted from 0, or from the end."""
    places = [int(a.value) for a in call.arguments[1:] if isinstance(a, Constant)]
    first = places[0] + 1 if places[0] >= 0 else places[0]
    value = plain(call.arguments[0])
    if len(places) == 1:
        return f"({value})[{first}:]"
    last = places[1] if places[1] >= 0 else places[1] - 1
    return f"({value})[{first}:{last}]"


def _dated(form: str) -> Callable[..., str]:
    return lambda value, pattern: f"strftime(try_strptime({value}, {pattern}), {sql_text(form)})"


_JOINED: Final[Mapping[Function, str]] = {Function.AND: " AND ", Function.OR: " OR "}
_TRUTHS: Final[Mapping[Function, Callable[..., str]]] = {
    Function.EQUAL: lambda a, b: f"({a} = {b})",
    Function.NOT_EQUAL: lambda a, b: f"({a} <> {b})",
    Function.LESS: lambda a, b: f"(kg_order({a}, {b}) < 0)",
    Function.LESS_OR_EQUAL: lambda a, b: f"(kg_order({a}, {b}) <= 0)",
    Function.GREATER: lambda a, b: f"(kg_order({a}, {b}) > 0)",
    Function.GREATER_OR_EQUAL: lambda a, b: f"(kg_order({a}, {b}) >= 0)",
    Function.IS_NULL: lambda a: f"({a} IS NULL)",
    Function.IS_NOT_NULL: lambda a: f"({a} IS NOT NULL)",
    Function.STARTS_WITH: lambda a, b: f"starts_with({a}, {b})",
    Function.ENDS_WITH: lambda a, b: f"ends_with({a}, {b})",
    Function.CONTAINS: lambda a, b: f"contains({a}, {b})",
    Function.MATCHES: lambda a, b: f"regexp_full_match({a}, {b})",
}
# Functions whose SQL has an argument more than once.
_USING_OFTEN: Final = frozenset(
    {
        *(Function.LESS, Function.LESS_OR_EQUAL, Function.GREATER, Function.GREATER_OR_EQUAL),
        Function.URL_ENCODE,
    }
)
_TEXTS: Final[Mapping[Function, Callable[..., str]]] = {
    Function.COALESCE: lambda *values: f"coalesce({', '.join(values)})",
    Function.LOWER: lambda a: f"lower({a})",
    # As Unicode has it by default, and SPARQL's UCASE: the engine makes a capital of it.
    Function.UPPER: lambda a: f"upper(replace({a}, 'ß', 'SS'))",
    Function.TITLE: lambda a: f"kg_title({a})",
    Function.TRIM: lambda a: f"kg_trim({a})",
    Function.REPLACE: lambda a, b, c: f"replace({a}, {b}, {c})",
    Function.REPLACE_REGEX: lambda a, b, c: f"regexp_replace({a}, {b}, {c}, 'g')",
    Function.CONCAT: lambda *values: f"({' || '.join(values)})",
    Function.LENGTH: lambda a: f"CAST(length({a}) AS VARCHAR)",
    Function.TO_STRING: lambda a: str(a),
    Function.TO_DATE: _dated("%Y-%m-%d"),
    Function.TO_DATE_TIME: _dated("%Y-%m-%dT%H:%M:%S"),
    Function.URL_ENCODE: lambda a: f"kg_uri_safe({a})",
    Function.MD5: lambda a: f"md5({a})",
    Function.SHA1: lambda a: f"sha1({a})",
    Function.SHA256: lambda a: f"sha256({a})",
}
