"""The functions of mappings as SQL.

Values are texts, as references give them. A comparison with a value that is missing is neither
true nor false. Two values that read as numbers are ordered as numbers, two that do not are
ordered as texts, by code points; a number and a text are not ordered at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kg.engines.duckdb.dialect import STOP
from kg.mapping.calls import candidates, conditions
from kg.mapping.date_patterns import ZONE, english_names
from kg.mapping.own_functions import OwnFunction
from kg.mapping.plan import Call, Chosen, Constant, Expression, Function, Lookup
from kg.sql import sql_text

# Returns the SQL of an expression's text; of a list that is gathered, that of the list.
Plain = Callable[[Expression], str]


def truth_sql(expression: Expression, plain: Plain) -> str:
    """Return the SQL of whether an expression is true; a text is if it says so."""
    if isinstance(expression, Call):
        if expression.function in _JOINED:
            parts = [truth_sql(part, plain) for part in expression.arguments]
            return f"({_JOINED[expression.function].join(parts)})"
        if expression.function is Function.NOT:
            return f"(NOT {truth_sql(expression.arguments[0], plain)})"
        if expression.function is Function.XOR:
            parts = [f"CAST({truth_sql(part, plain)} AS INTEGER)" for part in expression.arguments]
            return f"(({' + '.join(parts)}) % 2 = 1)"
        if expression.function in _TRUTHS:
            return _applied(expression, _TRUTHS[expression.function], plain)
    return f"(lower({plain(expression)}) IN ('true', '1'))"


def doubtful_sql(value: str) -> str:
    """Return the SQL of a text that is a condition and says neither true nor false, else NULL."""
    return f"CASE WHEN lower({value}) NOT IN ('true', 'false', '1', '0') THEN {value} END"


def call_sql(call: Call, plain: Plain) -> str:
    """Return the SQL of the text that a call gives, NULL where it gives none."""
    function = call.function
    if isinstance(function, OwnFunction):
        return f"{function.sql_name}({', '.join(map(plain, call.arguments))})"
    if isinstance(function, Lookup):
        value = plain(call.arguments[0])
        return f"(SELECT found FROM {function.sql_name} WHERE key = {value})"
    if isinstance(function, Chosen):
        return _chosen(call, plain)
    if function.is_boolean:
        return f"CAST({truth_sql(call, plain)} AS VARCHAR)"
    if function is Function.IF:
        condition, then, *rest = call.arguments
        chosen = f"CASE WHEN {truth_sql(condition, plain)} THEN {plain(then)}"
        if rest:
            return f"{chosen} ELSE {plain(rest[0])} END"
        # DuckDB 2.0 cannot compare a constant or nothing with a text, but for what a function
        # makes of it; this one changes nothing.
        return f"trim({chosen} END, '')"
    if function in _OF_CONSTANTS:
        return _applied(call, _OF_CONSTANTS[function](call), plain)
    return _applied(call, _TEXTS[function], plain)


def _chosen(call: Call, plain: Plain) -> str:
    """Return the SQL of the function that a record names."""
    assert isinstance(call.function, Chosen)
    cases = ""
    for condition, made in zip(conditions(call), candidates(call), strict=True):
        is_meant = truth_sql(condition, plain)
        cases += f" WHEN {is_meant} THEN {_only_if(is_meant, made, plain)}"
    otherwise = "NULL" if call.function.skips else STOP
    return f"CASE WHEN {plain(call.arguments[0])} IS NULL THEN NULL{cases} ELSE {otherwise} END"


def _only_if(condition: str, made: Expression, plain: Plain) -> str:
    """Return the SQL of a value where a condition holds, and anything elsewhere.

    DuckDB may call a function of the user's own for all values of a block, whatever CASE says; not
    for the members of lists that are empty.
    """
    if not isinstance(made, Call) or not isinstance(made.function, OwnFunction):
        return plain(made)
    given = ", ".join(f"'a{n}': {plain(each)}" for n, each in enumerate(made.arguments))
    values = ", ".join(f"own.a{n}" for n in range(len(made.arguments)))
    called = f"{made.function.sql_name}({values})"
    once = f"[{{{given or repr('a0') + ': 0'}}}]"
    chosen = f"CASE WHEN {condition} THEN {once} ELSE ({once})[2:] END"
    return f"list_transform({chosen}, lambda own: {called})[1]"


def list_sql(call: Call, plain: Plain) -> str:
    """Return the SQL of the list that a call gives."""
    function = call.function
    if isinstance(function, OwnFunction):
        return f"{function.sql_name}({', '.join(map(plain, call.arguments))})"
    return _applied(call, _LISTS[function](call), plain)


def _applied(call: Call, make: Callable[..., str], plain: Plain) -> str:
    """Return the SQL of a function of its arguments, each worked out once.

    The macros of some functions use an argument several times; calls of them inside of one another
    would multiply.
    """
    often = call.function in _USING_OFTEN
    bound = [often and _multiplies(argument) for argument in call.arguments]
    given = [plain(argument) for argument in call.arguments]
    sql = make(*(f"once.a{n}" if bound[n] else value for n, value in enumerate(given)))
    if call.function in _WANTING_ALL:
        there = " AND ".join(
            f"{f'once.a{n}' if bound[n] else value} IS NOT NULL" for n, value in enumerate(given)
        )
        sql = f"CASE WHEN {there} THEN {sql} END"
    if not any(bound):
        return sql
    parts = ", ".join(f"'a{n}': {value}" for n, value in enumerate(given) if bound[n])
    return f"list_transform([{{{parts}}}], lambda once: {sql})[1]"


def _multiplies(expression: Expression) -> bool:
    return isinstance(expression, Call) and (
        isinstance(expression.function, OwnFunction | Lookup | Chosen)
        or expression.function in _USING_OFTEN
        or any(map(_multiplies, expression.arguments))
    )


# --- functions whose SQL depends on constants -------------------------------------------------


def _constants(call: Call, first: int = 1) -> list[str]:
    return [a.value for a in call.arguments[first:] if isinstance(a, Constant)]


def _part(call: Call, value: str, places: Sequence[str]) -> str:
    """Return the part from one place to before another, counted from 0, or from the end."""
    first, *last = (
        _place(argument, place, number)
        for number, (argument, place) in enumerate(zip(call.arguments[1:], places, strict=True))
    )
    return f"({value})[{first}:{''.join(last)}]"


def _place(argument: Expression, sql: str, number: int) -> str:
    """Return the SQL of the first, or the last, place of a part as DuckDB counts them."""
    if isinstance(argument, Constant):
        place = int(argument.value)
        return str((place - 1 if place < 0 else place) if number else place + (place >= 0))
    return f"kg_{'last' if number else 'first'}({sql})"


def _sliced(call: Call) -> Callable[..., str]:
    return lambda value, *places: _part(call, value, places)


def _got(call: Call) -> Callable[..., str]:
    return lambda value, place, *_: f"({value})[{_place(call.arguments[1], place, 0)}]"


def _read_date(call: Call, shown: str) -> Callable[..., str]:
    pattern, *language = _constants(call)
    plain = pattern.removesuffix(ZONE)

    def made(value: str, *_: str) -> str:
        text = _in_english(value, plain, language[0]) if language else value
        if plain == pattern:
            return f"{shown}(try_strptime({text}, {sql_text(plain)}))"
        day = f"{shown}(try_strptime(kg_unzoned({text}), {sql_text(plain)}))"
        # Without an offset, the text does not fit the pattern.
        zone = f"nullif(kg_offset(kg_zoned_part({text})), '')"
        if shown == "kg_date_text":
            return f"CASE WHEN {zone} IS NOT NULL THEN {day} END"
        return f"{day} || {zone}"

    return made


def _in_english(value: str, pattern: str, language: str) -> str:
    text = f"lower({value})"
    short = "%b" in pattern or "%a" in pattern
    for name, english in english_names(language, short=short):
        regex = rf"\b{name}\b\.?" if short else rf"\b{name}\b"
        if name.endswith(("é", "ì", "û")) or name.startswith("é"):  # RE2's \b knows ASCII alone
            regex = f"{name}\\.?" if short else name
        text = f"regexp_replace({text}, {sql_text(regex)}, {sql_text(english)}, 'g')"
    return text


# Units up to which DuckDB's dates go, from any day of four digits.
_FARTHEST: Final = {
    "year": 200_000,
    "month": 2_000_000,
    "week": 10_000_000,
    "day": 70_000_000,
    "hour": 1_000_000_000,
    "minute": 100_000_000_000,
    "second": 6_000_000_000_000,
    "millisecond": 6_000_000_000_000_000,
}


def _later(call: Call) -> Callable[..., str]:
    (unit,) = _constants(call, 2)

    def made(value: str, number: str, *_: str) -> str:
        count = f"TRY_CAST(TRY_CAST({number} AS DOUBLE) AS BIGINT)"
        limit = _FARTHEST[unit]
        later = f"kg_later({value}, kg_local({value}) + to_{unit}s({count}))"
        return f"CASE WHEN {count} BETWEEN -{limit} AND {limit} THEN {later} END"

    return made


def _difference(call: Call) -> Callable[..., str]:
    (unit,) = _constants(call, 2)
    return lambda a, b, *_: f"CAST(date_sub({sql_text(unit)}, kg_utc({b}), kg_utc({a})) AS VARCHAR)"


def _date_part(call: Call) -> Callable[..., str]:
    (unit,) = _constants(call)
    if unit == "weekday":
        return lambda value, *_: f"strftime(kg_local({value}), '%A')"
    part = f"date_part({sql_text(unit)}, kg_local(value))"
    part += " % 1000" if unit == "millisecond" else ""
    return lambda value, *_: f"CAST({part.replace('(value)', f'({value})')} AS VARCHAR)"


def _format_date(call: Call) -> Callable[..., str]:
    pattern, *forms = _constants(call)
    form = forms[0] if forms else ""
    plain = sql_text(pattern.removesuffix(ZONE) if form else pattern)

    def made(value: str, *_: str) -> str:
        day = f"strftime(kg_local({value}), {plain})"
        if plain == "''":  # which DuckDB does not take for a pattern
            day = f"CASE WHEN kg_local({value}) IS NOT NULL THEN '' END"
        if not form:
            return day
        # A value without a zone does not have what the pattern asks for.
        zone = f"nullif(kg_offset(kg_zone_of({value})), '')"
        return f"{day} || kg_zone_text({zone}, {sql_text(form)})"

    return made


def _zoned(call: Call) -> Callable[..., str]:
    (zone,) = _constants(call)
    macro = "kg_in_offset" if re.fullmatch(r"Z|[+-].*", zone) else "kg_in_zone"
    return lambda value, _: f"{macro}({value}, {sql_text(zone)})"


def _captured(call: Call) -> Callable[..., str]:
    """Return what the groups of a pattern capture; one that takes no part gives an empty text."""
    (pattern,) = _constants(call)
    whole = sql_text(f"^(?:{pattern})$")

    def made(value: str, regex: str) -> str:
        groups = range(1, re.compile(pattern).groups + 1)
        found = ", ".join(f"regexp_extract({value}, {whole}, {n})" for n in groups)
        return f"CASE WHEN regexp_full_match({value}, {regex}) THEN [{found}]::VARCHAR[] END"

    return made


def _lengths(call: Call) -> Callable[..., str]:
    def made(value: str, *_: str) -> str:
        first, parts = 1, []
        for length in map(int, _constants(call)):
            parts.append(f"({value})[{first}:{first + length - 1}]")
            first += length
        return f"CASE WHEN {value} IS NOT NULL THEN [{', '.join(parts)}] END"

    return made


def _parted(call: Call, macro: str) -> Callable[..., str]:
    omit = len(call.arguments) > 2 and _constants(call, 2)[0].casefold() in ("true", "1")

    def made(value: str, part: str, *_: str) -> str:
        found = f"{macro}({value}, {part})"
        return f"list_select({found}, [1, 3])" if omit else found

    return made


def _split(call: Call) -> Callable[..., str]:
    if isinstance(call.arguments[1], Constant):
        return lambda value, mark: f"string_split({value}, {mark})"
    # Nothing parts a text where there is no separator.
    return lambda value, mark: f"CASE WHEN {mark} <> '' THEN string_split({value}, {mark}) END"


def _smartly(call: Call) -> Callable[..., str]:
    if len(call.arguments) > 1:
        return lambda value, mark: f"string_split({value}, {mark})"
    tab = "chr(9)"
    mark = f"CASE WHEN contains({{0}}, {tab}) THEN {tab} ELSE ',' END"
    return lambda value: f"string_split({value}, {mark.format(value)})"


def _always(sql: Callable[..., str]) -> Callable[[Call], Callable[..., str]]:
    return lambda _: sql


def _double(name: str) -> Callable[..., str]:
    return lambda a: f"kg_shown({name}(kg_number({a})))"


def _macro(name: str) -> Callable[..., str]:
    return lambda *values: f"{name}({', '.join(values)})"


def _shown_macro(name: str) -> Callable[..., str]:
    """Return a macro over whole numbers of up to 18 digits."""
    return lambda *values: f"{name}({', '.join(f'kg_short({value})' for value in values)})"


def _between(value: str, low: str, high: str) -> str:
    number = f"TRY_CAST({value} AS DOUBLE)"
    return f"({number} >= TRY_CAST({low} AS DOUBLE) AND {number} < TRY_CAST({high} AS DOUBLE))"


def _digest(seed: str) -> str:
    """Return the SQL of a digest of a record and a call."""
    return f"md5(file || ' ' || record || ' ' || {seed})"


F: Final = Function
_JOINED: Final[Mapping[object, str]] = {F.AND: " AND ", F.OR: " OR "}
_TRUTHS: Final[Mapping[object, Callable[..., str]]] = {
    F.EQUAL: lambda a, b: f"({a} = {b})",
    F.NOT_EQUAL: lambda a, b: f"({a} <> {b})",
    F.LESS: lambda a, b: f"(kg_order({a}, {b}) < 0)",
    F.LESS_OR_EQUAL: lambda a, b: f"(kg_order({a}, {b}) <= 0)",
    F.GREATER: lambda a, b: f"(kg_order({a}, {b}) > 0)",
    F.GREATER_OR_EQUAL: lambda a, b: f"(kg_order({a}, {b}) >= 0)",
    F.IN_RANGE: _between,
    F.IS_NULL: lambda a: f"({a} IS NULL)",
    F.IS_NOT_NULL: lambda a: f"({a} IS NOT NULL)",
    F.IS_BLANK: lambda a: f"(coalesce({a}, '') = '')",
    F.IS_NUMERIC: lambda a: f"(CASE WHEN {a} IS NOT NULL THEN kg_number({a}) IS NOT NULL END)",
    F.STARTS_WITH: lambda a, b: f"starts_with({a}, {b})",
    F.ENDS_WITH: lambda a, b: f"ends_with({a}, {b})",
    F.CONTAINS: lambda a, b: f"contains({a}, {b})",
    F.CONTAINS_PART: lambda a, b, mark: f"list_contains(string_split({a}, {mark}), {b})",
    F.MATCHES: lambda a, b: f"regexp_full_match({a}, {b})",
    F.TRUTH: lambda a: f"(lower({a}) NOT IN ('', 'false', 'no', 'off', '0'))",
    F.LIST_CONTAINS: lambda a, b: f"list_contains({a}, {b})",
}
_TEXTS: Final[Mapping[object, Callable[..., str]]] = {
    F.COALESCE: lambda *values: f"coalesce({', '.join(values)})",
    F.LOWER: lambda a: f"lower({a})",
    # As Unicode has it by default, and SPARQL's UCASE: the engine makes a capital of it.
    F.UPPER: lambda a: f"upper(replace({a}, 'ß', 'SS'))",
    F.TITLE: _macro("kg_title"),
    F.TRIM: _macro("kg_trim"),
    F.CHOMP: lambda a, b: (
        f"CASE WHEN ends_with({a}, {b}) THEN ({a})[1:length({a}) - length({b})] ELSE {a} END"
    ),
    F.REVERSE: _macro("kg_reverse"),
    F.REPLACE: lambda a, b, c: f"replace({a}, {b}, {c})",
    F.REPLACE_CHARS: lambda a, b, c: f"translate({a}, {b}, {c})",
    # What a record gives may be no replacement: it has a backslash.
    F.REPLACE_REGEX: lambda a, b, c: f"TRY(regexp_replace({a}, {b}, {c}, 'g'))",
    F.CONCAT: lambda *values: f"({' || '.join(values)})",
    F.LENGTH: lambda a: f"CAST(length({a}) AS VARCHAR)",
    F.INDEX_OF: lambda a, b: (
        f"CAST(CASE WHEN {b} = '' THEN 0 ELSE strpos({a}, {b}) - 1 END AS VARCHAR)"
    ),
    F.LAST_INDEX_OF: lambda a, b: f"CAST(kg_last_index({a}, {b}) AS VARCHAR)",
    F.DIFF: _macro("kg_diff"),
    F.SLUGIFY: _macro("kg_slug"),
    F.UPPER_URL: _macro("kg_upper_url"),
    F.MIME_TYPE: _macro("kg_mime_type"),
    F.TO_STRING: lambda a: str(a),
    F.URL_ENCODE: _macro("kg_uri_safe"),
    F.URL_DECODE: lambda a: f"TRY(url_decode({a}))",
    F.ESCAPE_HTML: _macro("kg_escape_html"),
    F.ESCAPE_XML: _macro("kg_escape_xml"),
    F.ESCAPE_CSV: _macro("kg_escape_csv"),
    F.ESCAPE_SCRIPT: _macro("kg_escape_script"),
    F.UNESCAPE_HTML: _macro("kg_unescape_html"),
    F.UNESCAPE_XML: _macro("kg_unescape_xml"),
    F.UNESCAPE_CSV: _macro("kg_unescape_csv"),
    F.UNESCAPE_SCRIPT: _macro("kg_unescape_script"),
    F.URL_PROTOCOL: lambda a: f"nullif(regexp_extract({a}, '^([^:/]+)://', 1), '')",
    F.URL_DOMAIN: lambda a: f"nullif(regexp_extract({a}, '^[^:/]+://([^/]+)', 1), '')",
    F.URL_PATH: lambda a: f"nullif(regexp_extract({a}, '^[^:/]+://[^/]+/(.+)$', 1), '')",
    F.MD5: lambda a: f"md5({a})",
    F.SHA1: lambda a: f"sha1({a})",
    F.SHA256: lambda a: f"sha256({a})",
    F.RANDOM: lambda seed: f"kg_uuid({_digest(seed)})",
    F.RANDOM_NUMBER: lambda a, b, seed: (
        f"kg_shown(kg_number({a}) + (kg_number({b}) - kg_number({a})) * kg_share({_digest(seed)}))"
    ),
    F.ARRAY_JOIN: lambda a, mark="''": f"kg_joined({a}, {mark})",
    F.ARRAY_LENGTH: lambda a: f"CAST(len({a}) AS VARCHAR)",
    F.ARRAY_SUM: _macro("kg_total"),
    F.TO_NUMBER: _macro("kg_canonical"),
    F.ADD: _macro("kg_plus"),
    F.SUBTRACT: lambda a, b: f"kg_plus({a}, kg_negated({b}))",
    F.MULTIPLY: _macro("kg_times"),
    F.DIVIDE: _macro("kg_divided"),
    F.QUOTIENT: _macro("kg_quotient"),
    F.MOD: _macro("kg_mod"),
    F.POW: _macro("kg_pow"),
    F.ABS: lambda a: f"ltrim(kg_canonical({a}), '-')",
    F.ROUND: lambda a: f"kg_rounded(kg_plus({a}, '0.5'), false)",
    F.FLOOR: lambda a: f"kg_rounded({a}, false)",
    F.CEIL: lambda a: f"kg_rounded({a}, true)",
    F.EVEN: lambda a: f"kg_even({a}, false)",
    F.ODD: lambda a: f"kg_even({a}, true)",
    F.MIN: lambda a, b: f"kg_least({a}, {b}, true)",
    F.MAX: lambda a, b: f"kg_least({a}, {b}, false)",
    F.GCD: lambda a, b: f"CAST(gcd(kg_short({a})::HUGEINT, kg_short({b})::HUGEINT) AS VARCHAR)",
    F.LCM: lambda a, b: f"CAST(lcm(kg_short({a})::HUGEINT, kg_short({b})::HUGEINT) AS VARCHAR)",
    F.FACT: _shown_macro("kg_fact"),
    F.FACTN: _shown_macro("kg_factn"),
    F.COMBIN: _shown_macro("kg_combin"),
    F.MULTINOMIAL: lambda a: f"kg_multinomial(list_transform({a}, lambda n: kg_short(n)))",
    F.SQRT: _double("sqrt"),
    F.EXP: _double("exp"),
    F.LN: _double("ln"),
    F.LOG: _double("log10"),
    F.SIN: _double("sin"),
    F.COS: _double("cos"),
    F.TAN: _double("tan"),
    F.ASIN: _double("asin"),
    F.ACOS: _double("acos"),
    F.ATAN: _double("atan"),
    F.ATAN2: lambda a, b: f"kg_shown(atan2(kg_number({a}), kg_number({b})))",
    F.SINH: _double("sinh"),
    F.COSH: _double("cosh"),
    F.TANH: _double("tanh"),
    F.DEGREES: _double("degrees"),
    F.RADIANS: _double("radians"),
}
_OF_CONSTANTS: Final[Mapping[object, Callable[[Call], Callable[..., str]]]] = {
    F.SUBSTRING: _sliced,
    F.ARRAY_GET: _got,
    F.TO_DATE: lambda call: _read_date(call, "kg_date_text"),
    F.TO_DATE_TIME: lambda call: _read_date(call, "kg_time_text"),
    F.FORMAT_DATE: _format_date,
    F.DATE_INC: _later,
    F.DATE_DIFF: _difference,
    F.DATE_PART: _date_part,
    F.IN_ZONE: _zoned,
}
_LISTS: Final[Mapping[object, Callable[[Call], Callable[..., str]]]] = {
    F.SPLIT: _split,
    F.SMART_SPLIT: _smartly,
    F.SPLIT_LENGTHS: _lengths,
    F.SPLIT_TYPES: _always(
        lambda a: f"regexp_extract_all({a}, '[A-Z]+|[a-z]+|[0-9]+|\\s+|[^A-Za-z0-9\\s]+')"
    ),
    F.PARTITION: lambda call: _parted(call, "kg_partition"),
    F.LAST_PARTITION: lambda call: _parted(call, "kg_rpartition"),
    F.MATCH: _captured,
    F.FIND: _always(lambda a, b: f"regexp_extract_all({a}, {b})"),
    F.UNICODE: _always(
        lambda a: (
            f"CASE WHEN {a} = '' THEN [] ELSE list_transform(string_split({a}, ''),"
            " lambda ch: CAST(unicode(ch) AS VARCHAR)) END"
        )
    ),
    F.ARRAY_SLICE: _sliced,
    F.ARRAY_REVERSE: _always(lambda a: f"list_reverse({a})"),
    F.ARRAY_SORT: _always(lambda a: f"list_sort({a})"),
    F.ARRAY_UNIQUES: _always(lambda a: f"list_filter({a}, lambda e, n: list_position({a}, e) = n)"),
}
# Functions whose SQL would give something although an argument is missing.
_WANTING_ALL: Final[frozenset[object]] = frozenset(
    {F.INDEX_OF, F.LAST_INDEX_OF, F.DIFF, F.PARTITION, F.LAST_PARTITION, F.COMBIN, F.CHOMP}
)
# Functions whose SQL has an argument more than once.
_USING_OFTEN: Final[frozenset[object]] = frozenset(
    {
        *(F.LESS, F.LESS_OR_EQUAL, F.GREATER, F.GREATER_OR_EQUAL, F.IN_RANGE, F.IS_NUMERIC),
        *(F.URL_ENCODE, F.CHOMP, F.INDEX_OF, F.LAST_INDEX_OF, F.DIFF, F.UPPER_URL, F.MIME_TYPE),
        *(F.ESCAPE_CSV, F.UNESCAPE_CSV, F.ARRAY_JOIN, F.TO_NUMBER, F.ADD, F.SUBTRACT, F.MULTIPLY),
        *(F.DIVIDE, F.QUOTIENT, F.MOD, F.POW, F.ABS, F.ROUND, F.FLOOR, F.CEIL, F.EVEN, F.ODD),
        *(F.MIN, F.MAX, F.GCD, F.LCM, F.FACT, F.FACTN, F.COMBIN, F.MULTINOMIAL, F.SQRT, F.EXP),
        *(F.LN, F.LOG, F.SIN, F.COS, F.TAN, F.ASIN, F.ACOS, F.ATAN, F.ATAN2, F.SINH, F.COSH),
        *(F.TANH, F.DEGREES, F.RADIANS, F.RANDOM_NUMBER, F.TO_DATE, F.TO_DATE_TIME, F.FORMAT_DATE),
        *(F.DATE_INC, F.DATE_DIFF, F.DATE_PART, F.IN_ZONE, F.MATCH, F.SMART_SPLIT),
        *(F.SUBSTRING, F.ARRAY_GET, F.ARRAY_SLICE, F.SPLIT),
        *(F.SPLIT_LENGTHS, F.PARTITION, F.LAST_PARTITION, F.ARRAY_UNIQUES, F.REVERSE, F.UNICODE),
    }
)
