"""SQL expressions in DuckDB's dialect: macros, and how expressions are written.

The macros below are created once per connection, so that the SQL that ``--explain`` prints can
be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.engines.duckdb.function_macros import FUNCTION_MACROS
from kg.sql import sql_text
from kg.terms import IRI_PATTERN, LANGUAGE_PATTERN, UCSCHAR, XSD

_UNRESERVED: Final = r"A-Za-z0-9\-._~"
_ESCAPED: Final = r'[\x00-\x1F"\\\x7F\x{FFFE}\x{FFFF}]'


def _encode(allowed: str) -> str:
    return (
        # In ASCII the engine's own encoding is right, and quicker than any pattern.
        "CASE WHEN length(x) = strlen(x) THEN url_encode(x)"
        f" WHEN regexp_full_match(x, {sql_text(f'[{allowed}]*')}) THEN x ELSE"
        " array_to_string(list_transform(string_split(x, ''), lambda ch:"
        f" CASE WHEN regexp_full_match(ch, {sql_text(f'[{allowed}]')}) THEN ch"
        " ELSE url_encode(ch) END), '') END"
    )


_NAMED: Final = (("\\", "\\\\"), ('"', '\\"'), ("\b", "\\b"), ("\t", "\\t"), ("\n", "\\n"))


def _replaced() -> str:
    sql = "x"
    for plain, escaped in (*_NAMED, ("\f", "\\f"), ("\r", "\\r")):
        source = sql_text(plain) if plain.isprintable() else f"chr({ord(plain)})"
        sql = f"replace({sql}, {source}, {sql_text(escaped)})"
    return sql


_MACROS: Final = (
    f"kg_iri_safe(x) AS {_encode(_UNRESERVED + UCSCHAR)}",
    f"kg_uri_safe(x) AS {_encode(_UNRESERVED)}",
    # What is left after the named escapes are controls and the two noncharacters.
    "kg_escape_rest(x) AS array_to_string(list_transform(string_split(x, ''),"
    " lambda ch: CASE WHEN regexp_full_match(ch, '[\\x00-\\x1F\\x7F\\x{FFFE}\\x{FFFF}]')"
    " THEN printf('\\u%04X', unicode(ch)) ELSE ch END), '')",
    # JSON escapes what N-Triples escapes, but for the last control and the noncharacters.
    "kg_quoted(x) AS CASE WHEN length(x) = strlen(x) AND NOT contains(x, chr(127))"
    f" THEN CAST(to_json(x) AS VARCHAR) WHEN regexp_matches(x, {sql_text(_ESCAPED)})"
    f" THEN '\"' || kg_escape_rest({_replaced()}) || '\"' ELSE '\"' || x || '\"' END",
    f"kg_is_iri(x) AS regexp_full_match(x, {sql_text(IRI_PATTERN)})",
    f"kg_is_language(x) AS regexp_full_match(x, {sql_text(LANGUAGE_PATTERN)})",
    # Canonical form of xsd:double from a JSON number; one too large for a double is INF:
    # https://www.w3.org/TR/xmlschema11-2/#f-doubleCanmap
    "kg_double_parts(x) AS {'sign': CASE WHEN x LIKE '-%' THEN '-' ELSE '' END,"
    " 'whole': regexp_extract(x, '^-?([0-9]+)', 1), 'part': regexp_extract(x, '\\.([0-9]+)', 1),"
    " 'e': coalesce(TRY_CAST(regexp_extract(x, '[eE]([+-]?[0-9]+)', 1) AS INTEGER), 0)}",
    "kg_double_text(sign, digits, zeros, e) AS CASE WHEN digits = '' THEN"
    " sign || '0.0E0' ELSE sign || digits[1] || '.' || CASE WHEN length(digits) > 1"
    " THEN digits[2:] ELSE '0' END || 'E' || (e - zeros) END",
    # What is used often is the parameter of a lambda function: planned once, and made once.
    "kg_double_of(q) AS list_transform([ltrim(q.whole || q.part, '0')], lambda digits:"
    " kg_double_text(q.sign, rtrim(digits, '0'),"
    " length(q.whole || q.part) - length(digits), q.e + length(q.whole) - 1))[1]",
    "kg_double_shown(x) AS CASE x WHEN 'inf' THEN 'INF' WHEN '-inf' THEN '-INF'"
    " WHEN 'nan' THEN 'NaN' ELSE"
    " list_transform([kg_double_parts(x)], lambda parts: kg_double_of(parts))[1] END",
    # TRY_CAST: the engine may fold a constant text that is not a number before it asks the kind.
    "kg_double(x) AS list_transform([CAST(TRY_CAST(x AS DOUBLE) AS VARCHAR)],"
    " lambda number: kg_double_shown(number))[1]",
    # The order of two values: numbers as numbers, texts as texts, NULL for one of each.
    "kg_number(x) AS CASE WHEN regexp_full_match(x,"
    " '[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?')"
    " THEN TRY_CAST(x AS DOUBLE) END",
    "kg_order(x, y) AS CASE WHEN x IS NULL OR y IS NULL THEN NULL"
    " WHEN kg_number(x) IS NULL AND kg_number(y) IS NULL THEN"
    " CASE WHEN x < y THEN -1 WHEN x = y THEN 0 ELSE 1 END"
    " ELSE sign(kg_number(x) - kg_number(y)) END",
    "kg_trim(x) AS trim(x, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))",
    # Words are parted by blanks.
    "kg_title(x) AS array_to_string(list_transform(string_split(lower(x), ' '),"
    " lambda w: upper(w[1]) || w[2:]), ' ')",
    # A JSON value as text, and the kind of its natural datatype: NULL for a string,
    # i integer, d double, b boolean, ! for what is not a value: an array, an object, or NaN and
    # Infinity, which DuckDB lets through.
    "kg_json_text(j) AS CASE WHEN starts_with(j, '\"') THEN"
    " json_extract_string(j, '$') WHEN j = 'null' THEN NULL ELSE CAST(j AS VARCHAR) END",
    "kg_json_kind(j) AS CASE WHEN j IS NULL OR starts_with(j, '\"') OR j = 'null'"
    " THEN NULL WHEN j IN ('true', 'false') THEN 'b' WHEN regexp_full_match(j, '-?[0-9]+')"
    " THEN 'i' WHEN regexp_matches(j, '^-?[0-9]') THEN 'd' ELSE '!' END",
    # What a text looks like, of the kinds above: a number as XML Schema would write it, or a truth.
    "kg_guess(x) AS CASE WHEN regexp_full_match(x, '0|-?[1-9][0-9]*') THEN 'i'"
    " WHEN regexp_full_match(x, '-?(?:0|[1-9][0-9]*)\\.[0-9]+') THEN 'n'"
    " WHEN regexp_full_match(x, '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?[eE][-+]?[0-9]+') THEN 'd'"
    " WHEN x IN ('true', 'false') THEN 'b' END",
    "kg_natural(v, t) AS CASE WHEN t IS NULL THEN kg_quoted(v)"
    f" WHEN t = 'i' THEN '\"' || v || '\"^^<{XSD}integer>'"
    f" WHEN t = 'b' THEN '\"' || v || '\"^^<{XSD}boolean>'"
    f" WHEN t = 'd' THEN '\"' || kg_double(v) || '\"^^<{XSD}double>'"
    f" WHEN t = 'n' THEN '\"' || v || '\"^^<{XSD}decimal>'"
    f" WHEN t = 'D' THEN '\"' || v || '\"^^<{XSD}date>'"
    f" WHEN t = 'T' THEN '\"' || v || '\"^^<{XSD}dateTime>'"
    f" WHEN t = 't' THEN '\"' || v || '\"^^<{XSD}time>'"
    f" WHEN t = 'P' THEN '\"' || v || '\"^^<{XSD}duration>'"
    f" WHEN t = 'h' THEN '\"' || v || '\"^^<{XSD}hexBinary>' END",
)

# Those that every plan needs, and all: those of functions are created for plans that call them.
BASIC_MACROS: Final[Sequence[str]] = tuple(f"CREATE OR REPLACE MACRO {each}" for each in _MACROS)
MACROS: Final[Sequence[str]] = (
    *BASIC_MACROS,
    *(f"CREATE OR REPLACE MACRO {each}" for each in FUNCTION_MACROS),
)

# What the main query raises at a bad value; the places are found by the checks afterwards.
BAD_VALUE: Final = "kg-bad-value"
STOP: Final = f"error('{BAD_VALUE}')"


# Expressions that one concatenation joins.
_LONGEST_CHAIN: Final = 100


def concat(parts: Sequence[str]) -> str:
    """Return the concatenation of SQL expressions; NULL where one is NULL.

    DuckDB reads a chain as calls inside of calls, whose depth it limits; so long ones are grouped.
    """
    while len(parts) > _LONGEST_CHAIN:
        parts = [
            f"({' || '.join(parts[start : start + _LONGEST_CHAIN])})"
            for start in range(0, len(parts), _LONGEST_CHAIN)
        ]
    return " || ".join(parts) if len(parts) != 1 else parts[0]


def array(items: Sequence[str]) -> str:
    """Return a list of SQL expressions as one list value."""
    return "[" + ", ".join(items) + "]"
