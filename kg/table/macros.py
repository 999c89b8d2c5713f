"""What the SQL of queries is written in: macros over ids and over terms as N-Triples text.

A number has three facets: its rank among the datatypes (1 integer, 2 decimal, 3 float, 4 double;
NULL for what is no number), its exact value times ten to the fifteenth as HUGEINT (NULL for floats
and doubles, and for what does not fit), and its value as DOUBLE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from kg.datatypes import INTEGER_RANGES, LEXICAL_SPACES
from kg.sql import sql_text
from kg.table import ids
from kg.table.ids import SCALE
from kg.terms import NAMED_ESCAPES, XSD, escape

# Digits before the point that fit, with SCALE behind it.
_WHOLE: Final = 21


def _rank_sql() -> str:
    cases = []
    for iri, (least, greatest) in INTEGER_RANGES.items():
        tests = [f"regexp_full_match(term_raw(t), {sql_text(LEXICAL_SPACES[iri])})"]
        if least is not None and greatest is not None:
            value = "TRY_CAST(term_raw(t) AS HUGEINT)"
            tests.append(f"{value} BETWEEN {least}::HUGEINT AND {greatest}::HUGEINT")
        cases.append(
            f"WHEN {sql_text(f'^^<{iri}>')} THEN CASE WHEN {' AND '.join(tests)} THEN 1 END"
        )
    for rank, name in ((2, "decimal"), (3, "float"), (4, "double")):
        iri = f"{XSD}{name}"
        test = f"regexp_full_match(term_raw(t), {sql_text(LEXICAL_SPACES[iri])})"
        cases.append(f"WHEN {sql_text(f'^^<{iri}>')} THEN CASE WHEN {test} THEN {rank} END")
    return f"(CASE term_tail(t) {' '.join(cases)} END)::TINYINT"


_BACKSLASH: Final = "\\"
# Characters other than the backslash, with their escapes: `kg.terms.escape` in SQL.
_NAMED: Final = {char: text for char, text in NAMED_ESCAPES.items() if char != _BACKSLASH}
_CODED: Final = {
    char: escape(char)
    for char in (*map(chr, range(0x20)), "\x7f", "\ufffe", "\uffff")
    if char not in NAMED_ESCAPES
}


def _unescaped() -> str:
    # What is between two backslashes that are escaped has none of those.
    named, coded = "part", "part"
    for char, written in _NAMED.items():
        named = f"replace({named}, {sql_text(written)}, chr({ord(char)}))"
    for char, written in _CODED.items():
        coded = f"replace({coded}, {sql_text(written)}, chr({ord(char)}))"
    both = f"CASE WHEN contains(part, '\\u') THEN {coded} ELSE part END"
    parts = f"list_transform(string_split(x, '\\\\'), lambda part: {both})"
    parts = f"list_transform({parts}, lambda part: {named})"
    return f"(CASE WHEN contains(x, '\\') THEN array_to_string({parts}, '\\') ELSE x END)"


def _escaped() -> str:
    named = "replace(x, '\\', '\\\\')"
    for char, written in _NAMED.items():
        named = f"replace({named}, chr({ord(char)}), {sql_text(written)})"
    coded = named
    for char, written in _CODED.items():
        coded = f"replace({coded}, chr({ord(char)}), {sql_text(written)})"
    odd = f"regexp_matches(x, {sql_text(_class(_CODED))})"
    needed = f"regexp_matches(x, {sql_text(_class([*NAMED_ESCAPES, *_CODED]))})"
    return f"(CASE WHEN {needed} THEN CASE WHEN {odd} THEN {coded} ELSE {named} END ELSE x END)"


def _class(chars: Iterable[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in chars) + "]"


# Without zero below zero, which sorts as zero does.
_PLAIN_INTEGER: Final = rf'"(?:0|-?[1-9][0-9]{{0,16}})"\^\^<{XSD}integer>'
_PLAIN_DECIMAL: Final = (
    rf'"(?:[0-9]{{1,9}}|-[1-9][0-9]{{0,8}})(?:\.[0-9]{{1,8}})?"\^\^<{XSD}decimal>'
)

# A double of few digits, with an exponent of two.
_PLAIN_DOUBLE: Final = (
    rf'"-?(?:[0-9]{{1,20}}(?:\.[0-9]{{1,20}})?)(?:[eE][+-]?[0-9]{{1,2}})?"\^\^<{XSD}double>'
)

_INSTANT: Final = (
    r'"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?'
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
    rf'"\^\^<{XSD}dateTime>'
)
_DAY: Final = rf'"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"\^\^<{XSD}date>'
# Microseconds up to 1970 from the first of March of the year before the year one.
_BEFORE_1970: Final = (date(1970, 1, 1).toordinal() + 305) * 86_400_000_000

MACROS: Final[Mapping[str, str]] = {
    **ids.MACROS,
    "term_tail(t)": "regexp_extract(t, '[^\"]*$')",
    "term_raw(t)": "(t)[2:length(t) - length(term_tail(t)) - 1]",
    "unescaped(x)": _unescaped(),
    "escaped(x)": _escaped(),
    "term_lexical(t)": "unescaped(term_raw(t))",
    "is_literal(t)": "starts_with(t, '\"')",
    "is_blank(t)": "starts_with(t, '_')",
    "is_iri(t)": "(starts_with(t, '<') AND NOT starts_with(t, '<<'))",
    "is_string(t)": (
        "(starts_with(t, '\"') AND (ends_with(t, '\"') OR starts_with(term_tail(t), '@')))"
    ),
    "term_language(t)": (
        "CASE WHEN starts_with(term_tail(t), '@') THEN (term_tail(t))[2:] ELSE '' END"
    ),
    "term_datatype(t)": (
        f"CASE WHEN term_tail(t) = '' THEN '<{XSD}string>' WHEN starts_with(term_tail(t), '@')"
        " THEN '<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>'"
        " ELSE (term_tail(t))[3:] END"
    ),
    "number_rank(t)": _rank_sql(),
    "number_exact(t)": (
        "CASE WHEN number_rank(t) <= 2 AND length(regexp_extract(term_raw(t),"
        f" '^[+-]?0*([0-9]*)', 1)) <= {_WHOLE} AND length(rtrim(regexp_extract(term_raw(t),"
        f" '\\.([0-9]*)$', 1), '0')) <= {SCALE} THEN (CASE WHEN starts_with(t, '\"-')"
        " THEN '-' ELSE '' END || regexp_extract(term_raw(t), '^[+-]?([0-9]*)', 1) ||"
        " rpad(rtrim(regexp_extract(term_raw(t), '\\.([0-9]*)$', 1), '0'),"
        f" {SCALE}, '0'))::HUGEINT END"
    ),
    "number_double(t)": (
        "CASE WHEN number_rank(t) IS NOT NULL THEN number_single(number_rank(t),"
        " TRY_CAST(replace(term_raw(t), 'INF', 'Infinity') AS DOUBLE)) END"
    ),
    # What is larger than a float is as good as infinite.
    "number_single(rank, d)": (
        "CASE WHEN rank <> 3 THEN d WHEN abs(d) < 3.4028235677973366e38 THEN d::FLOAT::DOUBLE"
        " WHEN isnan(d) THEN d WHEN d > 0 THEN 'Infinity'::DOUBLE ELSE '-Infinity'::DOUBLE END"
    ),
    # Facets of numbers of up to seventeen digits, as most are; NULL for other terms.
    "plain_rank(t)": (
        f"CASE WHEN regexp_full_match(t, {sql_text(_PLAIN_INTEGER)}) THEN 1"
        f" WHEN regexp_full_match(t, {sql_text(_PLAIN_DECIMAL)}) THEN 2"
        f" WHEN regexp_full_match(t, {sql_text(_PLAIN_DOUBLE)}) THEN 4 END"
    ),
    "plain_double(t)": "CASE WHEN plain_rank(t) IS NOT NULL THEN term_raw(t)::DOUBLE END",
    "plain_exact(t)": (
        "CASE WHEN plain_rank(t) <= 2 THEN (regexp_extract(term_raw(t), '^-?[0-9]+')"
        f" || rpad(regexp_extract(term_raw(t), '\\.([0-9]+)$', 1), {SCALE}, '0'))::HUGEINT END"
    ),
    "plain_digits(t)": (
        "lpad(regexp_extract(term_raw(t), '^-?([0-9]+)', 1), 64, '0') || '.'"
        " || rtrim(regexp_extract(term_raw(t), '\\.([0-9]+)$', 1), '0')"
    ),
    # A text that is sorted as the number is.
    "plain_order(t)": (
        "CASE WHEN plain_rank(t) <= 2 THEN CASE WHEN starts_with(t, '\"-') THEN"
        " '0' || translate(plain_digits(t), '0123456789', '9876543210') || '~'"
        " ELSE '1' || plain_digits(t) END END"
    ),
    "zone_micros(z)": (
        "CASE WHEN z <> '' THEN CASE WHEN starts_with(z, '-') THEN -1 ELSE 1 END"
        " * ((z)[2:3]::BIGINT * 60 + (z)[5:6]::BIGINT) * 60000000 END"
    ),
    # Days with times of the usual form: microseconds at offset zero.
    "term_instant(t)": (
        f"CASE WHEN regexp_full_match(t, {sql_text(_INSTANT)}) AND (t)[2:5] >= '0001' THEN"
        f" epoch_us(TRY_CAST((t)[2:20] AS TIMESTAMP)) + {_BEFORE_1970}"
        " + rpad(regexp_extract(t, '\\.([0-9]+)', 1), 6, '0')::BIGINT"
        " - coalesce(zone_micros(regexp_extract(t, '([+-][0-9:]+)\"\\^', 1)), 0) END"
    ),
    # Days of the usual form, without a zone.
    "plain_day(t)": (
        f"CASE WHEN regexp_full_match(t, {sql_text(_DAY)}) AND (t)[2:5] >= '0001'"
        " THEN TRY_CAST((t)[2:11] AS DATE) END"
    ),
    "day_order(t)": (
        f"lpad(((plain_day(t) - DATE '1970-01-01') * 86400 + {_BEFORE_1970 // 1_000_000}"
        " + 100000000000000000000::HUGEINT)::VARCHAR, 22, '0') || '.'"
    ),
    "term_zoned(t)": "regexp_matches(t, '(?:Z|[+-][0-9][0-9]:[0-9][0-9])\"\\^')",
    "id_micros(x)": f"epoch_us(id_instant(x)) + {_BEFORE_1970}",
    # A text that is sorted as they are; see `kg.queries.table.ordering.python_order`.
    "instant_order(t)": (
        "lpad((term_instant(t) // 1000000 + 100000000000000000000::HUGEINT)::VARCHAR, 22, '0')"
        " || '.' || rtrim(lpad((term_instant(t) % 1000000)::VARCHAR, 6, '0'), '0')"
    ),
    "truth_term(b)": f"CASE WHEN b THEN '\"true\"^^<{XSD}boolean>' WHEN NOT b THEN"
    f" '\"false\"^^<{XSD}boolean>' END",
    "integer_term(i)": f"'\"' || i::VARCHAR || '\"^^<{XSD}integer>'",
    # What CSV shows of a term without escapes, whatever its kind, and a field of CSV.
    "csv_chars(t)": (
        "CASE WHEN is_literal(t) THEN term_raw(t) WHEN is_iri(t) THEN (t)[2:-2] ELSE t END"
    ),
    "csv_quoted(x)": (
        "CASE WHEN regexp_matches(x, '[,\"\\n\\r]')"
        " THEN '\"' || replace(x, '\"', '\"\"') || '\"' ELSE x END"
    ),
    "plain_term(x)": "'\"' || escaped(x) || '\"'",
    "scaled_text(m, scale)": (
        "CASE WHEN m = 0 THEN '0' ELSE rtrim(rtrim(digits_text(m, scale), '0'), '.') END"
    ),
    "decimal_term(x)": f"'\"' || x || '\"^^<{XSD}decimal>'",
    "exact_term(rank, exact)": (
        f"CASE rank WHEN 1 THEN integer_term(exact // {10**SCALE})"
        f" WHEN 2 THEN decimal_term(scaled_text(exact, {SCALE})) END"
    ),
    # A double without an exponent where there is no need for one.
    "double_text(d)": (
        "CASE WHEN isnan(d) THEN 'NaN' WHEN isinf(d) THEN upper(replace(d::VARCHAR, 'inity', ''))"
        " WHEN d = 0 THEN replace(d::VARCHAR, '.0', '')"
        " WHEN abs(d) < 1e15 AND d = trunc(d) THEN d::BIGINT::VARCHAR ELSE upper(d::VARCHAR) END"
    ),
    "double_term(d)": f"'\"' || double_text(d) || '\"^^<{XSD}double>'",
    "number_term(rank, exact, d)": (
        "CASE WHEN rank <= 2 THEN exact_term(rank, exact) WHEN rank = 4 THEN double_term(d) END"
    ),
    # Rounded once, as a cast of the digits is.
    "exact_double(exact)": (
        f"CASE WHEN exact % {10**SCALE} = 0 THEN (exact // {10**SCALE})::DOUBLE"
        f" ELSE scaled_text(exact, {SCALE})::DOUBLE END"
    ),
}
