"""SQL expressions in Spark's dialect: how texts are written, and what DuckDB has macros for.

Spark refuses SQL functions of its users inside of lambda functions, so that what would be one is
printed where it is used. An argument that is more than the name of a column is bound first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kg.terms import IRI_PATTERN, LANGUAGE_PATTERN, UCSCHAR, XSD

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
_UNRESERVED: Final = r"A-Za-z0-9\-._~"
_ESCAPED: Final = r'[\x00-\x1F"\\\x7F\uFFFE\uFFFF]'
_NOT_IN_JSON: Final = ("\x7f", "\ufffe", "\uffff")
_BRACKETS: Final = r'^\["|"\]\z'
# Digits up to which a decimal number is the shortest one of its double.
_SURE_DIGITS: Final = 15


def text(value: str) -> str:
    r"""Return a text as a literal.

    >>> print(text("it's"))
    'it\'s'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "\\0") + "'"


def name(value: str) -> str:
    """Return a name, quoted.

    >>> name("a`b")
    '`a``b`'
    """
    return "`" + value.replace("`", "``") + "`"


def concat(parts: Sequence[str]) -> str:
    """Return the concatenation of SQL expressions; NULL where one is NULL."""
    return f"concat({', '.join(parts)})" if len(parts) != 1 else parts[0]


def let(value: str, make: Callable[[str], str], bound: str = "it") -> str:
    """Return SQL that uses a value more than once, which is worked out once."""
    if _NAME.fullmatch(value):
        return make(value)
    return f"transform(array({value}), {bound} -> {make(bound)})[0]"


def fits(value: str, pattern: str) -> str:
    """Return the condition that a whole text fits a pattern that Java and RE2 read alike."""
    whole = text("^(?:" + pattern + ")" + chr(92) + "z")
    return f"({value} RLIKE {whole})"


def without_nulls(value: str, nulls: Sequence[str], *, many: bool = False) -> str:
    """Return a value, or a list of values, without the texts that stand for none."""
    if not nulls:
        return value
    listed = ", ".join(map(text, nulls))
    if many:
        return f"filter({value}, e -> e.v NOT IN ({listed}))"
    return f"CASE WHEN {value} IN ({listed}) THEN NULL ELSE {value} END"


# --- IRIs -----------------------------------------------------------------------------------


def uri_safe(value: str) -> str:
    """Return a text whose characters are encoded but for those that RFC 3986 calls unreserved."""
    # Java encodes as forms do, which differs from RFC 3986 in three characters.
    encoded = f"replace(replace(url_encode({value}), '+', '%20'), '*', '%2A')"
    return f"replace({encoded}, '%7E', '~')"


def iri_safe(value: str) -> str:
    """Return a text whose characters are encoded but for those that RFC 3987 calls unreserved."""

    def made(x: str) -> str:
        one = fits("ch", f"[{_UNRESERVED}{UCSCHAR}]")
        chars = (
            f"transform(split({x}, ''), ch -> CASE WHEN {one} THEN ch ELSE {uri_safe('ch')} END)"
        )
        # Most values are plain, which one look at them tells.
        return (
            f"CASE WHEN {fits(x, f'[{_UNRESERVED}]*')} THEN {x}"
            f" WHEN octet_length({x}) = char_length({x}) THEN {uri_safe(x)}"
            f" WHEN {fits(x, f'[{_UNRESERVED}{UCSCHAR}]*')} THEN {x}"
            f" ELSE array_join({chars}, '') END"
        )

    return let(value, made)


def is_iri(value: str) -> str:
    """Return the condition that a text is an absolute IRI."""
    return fits(value, IRI_PATTERN)


def is_language(value: str) -> str:
    """Return the condition that a text is a language tag."""
    return fits(value, LANGUAGE_PATTERN)


# --- literals -------------------------------------------------------------------------------


def escaped(value: str) -> str:
    """Return a text as it stands between the quotes of a literal in N-Triples."""

    def made(x: str) -> str:
        # JSON escapes alike, but for three characters. Few values come here, and what is short is
        # soon compiled.
        shown = f"regexp_replace(to_json(array({x})), {text(_BRACKETS)}, '')"
        for char in _NOT_IN_JSON:
            shown = f"replace({shown}, {text(char)}, {text(f'{chr(92)}u{ord(char):04X}')})"
        return f"CASE WHEN {x} RLIKE {text(_ESCAPED)} THEN {shown} ELSE {x} END"

    return let(value, made)


def quoted(value: str) -> str:
    """Return a text as a literal of N-Triples without its datatype."""
    return f"concat('\"', {escaped(value)}, '\"')"


def let_parts(parts: Mapping[str, str], sql: str, bound: str) -> str:
    """Return SQL that uses several values more than once, as fields of a name."""
    listed = ", ".join(f"'{key}', {value}" for key, value in parts.items())
    return f"transform(array(named_struct({listed})), {bound} -> {sql})[0]"


def _stripped(value: str) -> str:
    return f"trim(TRAILING '0' FROM trim(LEADING '0' FROM {value}))"


def _shortest(x: str) -> str:
    """Return the SQL of a number as a text with the shortest digits of its double.

    Up to 15 digits it has them itself. Of more, those of Java are taken, which before version 19
    may be one too many.
    """
    mantissa = rf"regexp_replace(regexp_replace({x}, '[eE].*', ''), '[^0-9]', '')"
    few = f"length({_stripped(mantissa)}) <= {_SURE_DIGITS}"
    shorter = "format_string('%.15e', n.d)"
    sql = (
        "CASE WHEN isnan(n.d) THEN 'NaN' WHEN n.d = double('Infinity') THEN 'INF'"
        " WHEN n.d = double('-Infinity') THEN '-INF' WHEN n.d = 0"
        f" THEN CASE WHEN startswith({x}, '-') THEN '-0' ELSE '0' END"
        f" WHEN {few} AND abs(n.d) > 2.3E-308D THEN {x}"
        f" WHEN try_cast({shorter} AS DOUBLE) = n.d THEN {shorter} ELSE CAST(n.d AS STRING) END"
    )
    return let_parts({"d": f"try_cast({x} AS DOUBLE)"}, sql, "n")


def _number_parts(shown: str) -> dict[str, str]:
    """Return the parts of a number: sign, digits before the point, all digits, exponent."""
    exponent = f"try_cast(regexp_extract({shown}, '[eE]([+-]?[0-9]+)', 1) AS INT)"
    whole = f"regexp_extract({shown}, '^[-+]?([0-9]*)', 1)"
    return {
        "g": f"CASE WHEN startswith({shown}, '-') THEN '-' ELSE '' END",
        "w": f"length({whole})",
        "d": f"concat({whole}, regexp_extract({shown}, '[.]([0-9]+)', 1))",
        "e": f"coalesce({exponent}, 0)",
    }


def double(value: str) -> str:
    """Return the canonical form of xsd:double of a text that is a number.

    Spec: https://www.w3.org/TR/xmlschema11-2/#f-doubleCanmap
    """
    digits = _stripped("q.d")
    power = "q.e + q.w - 1 - (length(q.d) - length(trim(LEADING '0' FROM q.d)))"
    rest = f"CASE WHEN length({digits}) > 1 THEN substr({digits}, 2) ELSE '0' END"
    made = (
        f"CASE WHEN {digits} = '' THEN concat(q.g, '0.0E0') ELSE"
        f" concat(q.g, left({digits}, 1), '.', {rest}, 'E', {power}) END"
    )

    def shown(y: str) -> str:
        parts = let_parts(_number_parts(y), made, "q")
        return f"CASE WHEN {y} IN ('INF', '-INF', 'NaN') THEN {y} ELSE {parts} END"

    return let(value, lambda x: let(_shortest(x), shown, "y"), "x")


def double_text(value: str) -> str:
    """Return a double as kg's other engine shows it, of the text that Spark has for it.

    It matters where a double is part of a text, such as an IRI.
    """
    digits = _stripped("q.d")
    power = "(q.e + q.w - 1 - (length(q.d) - length(trim(LEADING '0' FROM q.d))))"
    count = f"length({digits})"
    plain = (
        f"CASE WHEN {power} < 0 THEN concat('0.', repeat('0', -{power} - 1), {digits})"
        f" WHEN {count} <= {power} + 1 THEN concat(rpad({digits}, {power} + 1, '0'), '.0')"
        f" ELSE concat(substr({digits}, 1, {power} + 1), '.', substr({digits}, {power} + 2)) END"
    )
    rest = f"CASE WHEN {count} > 1 THEN concat('.', substr({digits}, 2)) ELSE '' END"
    sign = f"CASE WHEN {power} < 0 THEN '-' ELSE '+' END"
    two = f"CASE WHEN abs({power}) < 10 THEN '0' ELSE '' END"
    wide = f"concat(left({digits}, 1), {rest}, 'e', {sign}, {two}, abs({power}))"
    made = (
        f"concat(q.g, CASE WHEN {digits} = '' THEN '0.0' WHEN {power} BETWEEN -4 AND 15"
        f" THEN {plain} ELSE {wide} END)"
    )

    def shown(y: str) -> str:
        odd = f"WHEN {y} = 'NaN' THEN 'nan' WHEN {y} = 'INF' THEN 'inf' WHEN {y} = '-INF'"
        return f"CASE {odd} THEN '-inf' ELSE {let_parts(_number_parts(y), made, 'q')} END"

    return let(value, lambda x: let(_shortest(x), shown, "y"), "x")


_KINDS: Final = {
    **{"i": "integer", "b": "boolean", "n": "decimal", "D": "date", "T": "dateTime"},
    **{"t": "time", "P": "duration", "h": "hexBinary"},
}


_MARK: Final = "'\"'"


def _ending(datatype: str) -> str:
    return text(f'"^^<{XSD}{datatype}>')


def natural(value: str, kind: str) -> str:
    """Return a value as a literal of its natural datatype; its kind is SQL, too."""

    def made(x: str) -> str:
        cases = "".join(
            f" WHEN {text(mark)} THEN concat({_MARK}, {x}, {_ending(datatype)})"
            for mark, datatype in _KINDS.items()
        )
        wide = f"concat({_MARK}, {double(x)}, {_ending('double')})"
        return (
            f"CASE WHEN {kind} IS NULL THEN {quoted(x)} ELSE"
            f" CASE {kind}{cases} WHEN 'd' THEN {wide} END END"
        )

    return let(value, made)


def guess(x: str) -> str:
    """Return the kind of what a text looks like: a number as XML Schema has it, or a truth."""
    whole = "-?(?:0|[1-9][0-9]*)"
    return (
        f"CASE WHEN {fits(x, '0|-?[1-9][0-9]*')} THEN 'i'"
        f" WHEN {fits(x, whole + '[.][0-9]+')} THEN 'n'"
        f" WHEN {fits(x, whole + '(?:[.][0-9]+)?[eE][-+]?[0-9]+')} THEN 'd'"
        f" WHEN {x} IN ('true', 'false') THEN 'b' END"
    )


def number(x: str) -> str:
    """Return a text as a double, NULL where it is no number."""
    pattern = r"[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"
    return f"CASE WHEN {fits(x, pattern)} THEN try_cast({x} AS DOUBLE) END"


def order(first: str, second: str) -> str:
    """Return the order of two values: of numbers as numbers, of texts as texts, else NULL."""
    parts = {"a": first, "b": second, "x": number(first), "y": number(second)}
    return let_parts(
        parts,
        "CASE WHEN o.a IS NULL OR o.b IS NULL THEN NULL WHEN o.x IS NULL AND o.y IS NULL THEN"
        " CASE WHEN o.a < o.b THEN -1 WHEN o.a = o.b THEN 0 ELSE 1 END"
        " WHEN o.x < o.y THEN -1 WHEN o.x = o.y THEN 0 WHEN o.x > o.y THEN 1 END",
        "o",
    )


def trim(x: str) -> str:
    """Return a text without white space of ASCII at its ends."""
    return f"trim(BOTH {text(' ' + chr(9) + chr(10) + chr(11) + chr(12) + chr(13))} FROM {x})"
