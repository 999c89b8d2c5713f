"""What the SQL of queries is written in: macros over ids and over terms as N-Triples text.

A number has three facets: its rank among the datatypes (1 integer, 2 decimal, 3 float, 4 double;
NULL for what is no number), its exact value times ten to the fifteenth as HUGEINT (NULL for floats
and doubles, and for what does not fit), and its value as DOUBLE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg.datatypes import INTEGER_RANGES, LEXICAL_SPACES
from kg.sql import sql_text
from kg.table import ids
from kg.table.ids import SCALE
from kg.terms import XSD

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


_NUMERIC_TAILS: Final = ", ".join(
    sql_text(f"^^<{iri}>")
    for iri in (*INTEGER_RANGES, *(f"{XSD}{name}" for name in ("decimal", "float", "double")))
)
_ESCAPES: Final = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\b": "\b", r"\f": "\f", r"\"": '"'}


def _unescaped() -> str:
    sql = "replace(x, '\\\\', chr(1))"
    for written, char in _ESCAPES.items():
        sql = f"replace({sql}, {sql_text(written)}, chr({ord(char)}))"
    controls = [n for n in (*range(0x20), 0x7F) if chr(n) not in _ESCAPES.values()]
    more = sql
    for number in controls:
        more = f"replace({more}, '\\u{number:04X}', chr({number}))"
    more = f"CASE WHEN contains({sql}, '\\u') THEN {more} ELSE {sql} END"
    return f"(CASE WHEN contains(x, '\\') THEN replace({more}, chr(1), '\\') ELSE x END)"


def _escaped() -> str:
    sql = "replace(x, '\\', '\\\\')"
    for written, char in _ESCAPES.items():
        sql = f"replace({sql}, chr({ord(char)}), {sql_text(written)})"
    controls = [n for n in (*range(1, 0x20), 0x7F) if chr(n) not in _ESCAPES.values()]
    more = sql
    for number in controls:
        more = f"replace({more}, chr({number}), '\\u{number:04X}')"
    odd = "regexp_matches(x, '[\\x01-\\x07\\x0b\\x0e-\\x1f\\x7f]')"
    plain = "regexp_matches(x, '[\\x01-\\x1f\\x7f\"\\\\]')"
    return f"(CASE WHEN {plain} THEN CASE WHEN {odd} THEN {more} ELSE {sql} END ELSE x END)"


def _double_text() -> str:
    # As Oxigraph writes it: without an exponent where there is no need for one.
    return (
        "(CASE WHEN isnan(d) THEN 'NaN' WHEN isinf(d) THEN CASE WHEN d > 0 THEN 'INF' ELSE '-INF'"
        " END WHEN d = trunc(d) AND abs(d) < 1e15 THEN CASE WHEN d = 0 AND"
        " starts_with(d::VARCHAR, '-') THEN '-0' ELSE d::BIGINT::VARCHAR END"
        " ELSE upper(d::VARCHAR) END)"
    )


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
    "is_plain(t)": "(starts_with(t, '\"') AND ends_with(t, '\"'))",
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
        "CASE WHEN number_rank(t) IS NOT NULL THEN TRY_CAST(replace(term_raw(t), 'INF',"
        " 'Infinity') AS DOUBLE) END"
    ),
    "term_truth(t)": (
        "CASE WHEN is_string(t) THEN term_raw(t) <> '' WHEN term_tail(t) ="
        f" '^^<{XSD}boolean>' THEN term_raw(t) IN ('true', '1')"
        f" WHEN is_literal(t) AND term_tail(t) IN ({_NUMERIC_TAILS}) THEN"
        " coalesce(number_double(t) <> 0 AND NOT isnan(number_double(t)), false) END"
    ),
    "truth_term(b)": f"CASE WHEN b THEN '\"true\"^^<{XSD}boolean>' WHEN NOT b THEN"
    f" '\"false\"^^<{XSD}boolean>' END",
    "integer_term(i)": f"'\"' || i::VARCHAR || '\"^^<{XSD}integer>'",
    "plain_term(x)": "'\"' || escaped(x) || '\"'",
    "scaled_text(m, scale)": (
        "CASE WHEN m = 0 THEN '0' ELSE rtrim(rtrim(digits_text(m, scale), '0'), '.') END"
    ),
    "decimal_term(x)": f"'\"' || x || '\"^^<{XSD}decimal>'",
    "double_text(d)": _double_text(),
    "number_term(rank, exact, double)": (
        f"CASE rank WHEN 1 THEN integer_term(exact // {10**SCALE})"
        f" WHEN 2 THEN '\"' || scaled_text(exact, {SCALE}) || '\"^^<{XSD}decimal>'"
        f" WHEN 3 THEN '\"' || double_text(double) || '\"^^<{XSD}float>'"
        f" WHEN 4 THEN '\"' || double_text(double) || '\"^^<{XSD}double>' END"
    ),
}
