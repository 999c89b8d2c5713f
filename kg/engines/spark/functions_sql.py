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
    if function in (F.SPLIT, F.CONTAINS_PART):
        mark = call.arguments[1 if function is F.SPLIT else 2]
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


# Letters that got their other case after Unicode 15, which is what kg's other engine has.
_NEW_CAPITALS: Final = (
    "[\u1c89\ua7cb\ua7cc\ua7ce\ua7d2\ua7d4\ua7da\ua7dc\U00010d50-\U00010d65\U00016ea0-\U00016eb8]"
)
_NEW_SMALL: Final = (
    "[\u019b\u0264\u1c8a\ua7cd\ua7cf\ua7d3\ua7d5\ua7db\U00010d70-\U00010d85\U00016ebb-\U00016ed3]"
)
# Small letters whose capital is one letter, though in capitals they are two.
_WITH_IOTA: Final = "".join(
    map(chr, (*range(0x1F80, 0x1F88), *range(0x1F90, 0x1F98), *range(0x1FA0, 0x1FA8)))
)
_SINGLE: Final = (
    _WITH_IOTA + "\u1fb3\u1fc3\u1ff3",
    "".join(chr(ord(each) + 8) for each in _WITH_IOTA) + "\u1fbc\u1fcc\u1ffc",
)


def _letters(value: str, function: str, cases: str) -> str:
    """Return a text whose letters beyond ASCII are changed each for itself."""

    def made(x: str) -> str:
        letters = f"transform(split({x}, ''), ch -> CASE {cases} END)"
        return (
            f"CASE WHEN octet_length({x}) = char_length({x}) THEN {function}({x})"
            f" ELSE array_join({letters}, '') END"
        )

    return dialect.let(value, made)


def _lower(value: str) -> str:
    new = f"ch RLIKE {dialect.text(_NEW_CAPITALS)}"
    return _letters(
        value, "lower", f"WHEN ch = '\u0130' THEN 'i' WHEN {new} THEN ch ELSE lower(ch)"
    )


def _upper(value: str) -> str:
    new, (few, capitals) = f"ch RLIKE {dialect.text(_NEW_SMALL)}", _SINGLE
    return _letters(
        value,
        "upper",
        f"WHEN ch = '\u00df' THEN 'SS' WHEN {new} THEN ch WHEN char_length(upper(ch)) = 1"
        f" THEN upper(ch) ELSE translate(ch, '{few}', '{capitals}')",
    )


def _index(value: str, part: str) -> str:
    sql = "CASE WHEN i.a IS NULL OR i.b IS NULL THEN NULL WHEN i.b = '' THEN '0'"
    sql += " ELSE CAST(instr(i.a, i.b) - 1 AS STRING) END"
    return dialect.let_parts({"a": value, "b": part}, sql, "i")


def _chomp(value: str, end: str) -> str:
    sql = "CASE WHEN i.b IS NULL THEN NULL WHEN endswith(i.a, i.b)"
    sql += " THEN left(i.a, length(i.a) - length(i.b)) ELSE i.a END"
    return dialect.let_parts({"a": value, "b": end}, sql, "i")


def _part_of_url(pattern: str) -> Callable[[str], str]:
    return lambda value: f"nullif(regexp_extract({value}, {dialect.text(pattern)}, 1), '')"


def _array_join(values: str, mark: str = "''") -> str:
    return dialect.let(
        values,
        lambda x: f"CASE WHEN size({x}) > 0 THEN array_join({x}, {mark}) END",
        "all",
    )


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
    F.CONTAINS_PART: lambda a, b, mark: f"array_contains({_split(a, mark)}, {b})",
    F.TRUTH: lambda a: f"(lower({a}) NOT IN ('', 'false', 'no', 'off', '0'))",
}
_TEXTS: Final[Mapping[object, Callable[..., str]]] = {
    F.COALESCE: lambda *values: f"coalesce({', '.join(values)})",
    F.LOWER: _lower,
    F.UPPER: _upper,
    F.TRIM: dialect.trim,
    F.CHOMP: _chomp,
    F.REPLACE: lambda a, b, c: f"replace({a}, {b}, {c})",
    F.CONCAT: lambda *values: dialect.concat(values),
    F.LENGTH: lambda a: f"CAST(length({a}) AS STRING)",
    F.INDEX_OF: _index,
    F.TO_STRING: lambda a: str(a),
    F.URL_ENCODE: dialect.uri_safe,
    F.URL_PROTOCOL: _part_of_url(r"^([^:/]+)://"),
    F.URL_DOMAIN: _part_of_url(r"^[^:/]+://([^/]+)"),
    F.URL_PATH: _part_of_url(r"^[^:/]+://[^/]+/([^\n]+)\z"),
    F.ARRAY_JOIN: _array_join,
    F.ARRAY_LENGTH: lambda a: f"CAST(size({a}) AS STRING)",
    F.MD5: lambda a: f"md5({a})",
    F.SHA1: lambda a: f"sha1({a})",
    F.SHA256: lambda a: f"sha2({a}, 256)",
}
_LISTS: Final[Mapping[object, Callable[..., str]]] = {F.SPLIT: _split}
