"""What number stands for a term: a function of the term alone, so that it never changes.

An id has 63 bits: three for its kind, sixty for the rest. Of numbers, days, times and truth values
in their usual lexical form the rest is the value itself, so that they compare and add up without a
look at any table; it has an order where the value has one. Of IRIs that end in a number, such as
those of records with numbers for keys, it is 30 bits of the prefix and 30 of the number; the
prefixes of a graph are in a small table. Of all other terms it is a hash of the text, and the
table of terms has the text.

Decision: docs/decisions/2026-11-27-table-engine.md
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Final

from kg.sql import sql_text
from kg.terms import XSD

BITS: Final = 60
REST: Final = (1 << BITS) - 1
# A prefix is in the table of prefixes if so many IRIs of the graph begin with it.
COMMON: Final = 64
NUMBER_BITS: Final = 30
INTEGER_ZERO: Final = 1 << 59
DECIMAL_ZERO: Final = 1 << 54
DAY_ZERO: Final = 1 << 40
SECOND_ZERO: Final = 1 << 50
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Kind(IntEnum):
    """The kinds of ids."""

    NODE = 0
    NUMBERED = 1
    INTEGER = 2
    DECIMAL = 3
    DATE = 4
    INSTANT = 5
    TRUTH = 6
    LITERAL = 7


# Those whose text is in the table of terms.
HASHED: Final = frozenset({Kind.NODE, Kind.LITERAL})
LITERALS: Final = frozenset(Kind) - {Kind.NODE, Kind.NUMBERED}
EVERY: Final = frozenset(Kind)

# The lexical forms that are in an id: one for each value, but for the zeros that end a decimal.
INTEGER: Final = "0|-?[1-9][0-9]{0,16}"
DECIMAL: Final = r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}"
MANTISSA: Final = 1 << 53
DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
INSTANT: Final = f"{DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z?"
NUMBERED: Final = r"(<.*[/#=:._-])(0|[1-9][0-9]{0,8})>"


def _typed(pattern: str, name: str) -> re.Pattern[str]:
    return re.compile(rf'"({pattern})"\^\^<{re.escape(XSD + name)}>')


_INTEGER_TERM: Final = _typed(INTEGER, "integer")
_DECIMAL_TERM: Final = _typed(DECIMAL, "decimal")
_DATE_TERM: Final = _typed(DATE, "date")
_INSTANT_TERM: Final = _typed(INSTANT, "dateTime")
_TRUTH_TERM: Final = _typed("true|false", "boolean")
_NUMBERED_TERM: Final = re.compile(NUMBERED)


def hashed(term: str, kind: Kind) -> int:
    """Return the id of a term whose text is in the table of terms."""
    low = hashlib.md5(term.encode(), usedforsecurity=False).digest()[8:]
    return kind << BITS | int.from_bytes(low, "little") & ((1 << BITS) - 1)


def id_of(term: str, prefixes: Mapping[str, int]) -> int:
    """Return the id of a term.

    Args:
        term: The term, as N-Triples has it.
        prefixes: The table of prefixes: text, with the ``<``, to its 30 bits.
    """
    if not term.startswith('"'):
        found = _NUMBERED_TERM.fullmatch(term)
        if found is None or found[1] not in prefixes or term.startswith("<<"):
            return hashed(term, Kind.NODE)
        return Kind.NUMBERED << BITS | prefixes[found[1]] << NUMBER_BITS | int(found[2])
    inline = _inline(term)
    return hashed(term, Kind.LITERAL) if inline is None else inline


def _inline(term: str) -> int | None:
    if found := _INTEGER_TERM.fullmatch(term):
        return Kind.INTEGER << BITS | int(found[1]) + INTEGER_ZERO
    if found := _DECIMAL_TERM.fullmatch(term):
        return _decimal(found[1])
    if found := _TRUTH_TERM.fullmatch(term):
        return Kind.TRUTH << BITS | (found[1] == "true")
    try:
        if found := _DATE_TERM.fullmatch(term):
            days = date.fromisoformat(found[1]).toordinal() - _EPOCH
            return Kind.DATE << BITS | days + DAY_ZERO
        if found := _INSTANT_TERM.fullmatch(term):
            moment = datetime.fromisoformat(found[1].removesuffix("Z")).replace(tzinfo=UTC)
            seconds = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
            return Kind.INSTANT << BITS | (seconds + SECOND_ZERO) << 1 | found[1].endswith("Z")
    except ValueError:  # no such day
        return None
    return None


def _decimal(text: str) -> int | None:
    whole, fraction = text.split(".")
    mantissa = int(whole + fraction)
    if abs(mantissa) >= MANTISSA or (mantissa == 0 and text.startswith("-")):
        return None
    return Kind.DECIMAL << BITS | (mantissa + DECIMAL_ZERO) << 4 | len(fraction)


# -- the same in SQL -----------------------------------------------------------------------------


def prefixes_sql(terms: str) -> str:
    """Return a query for the table of prefixes: columns ``id`` and ``t``.

    Of prefixes with one id the first in order of text is kept.

    Args:
        terms: A relation of distinct terms, column ``t``.
    """
    return (
        f"SELECT id, min(t) AS t FROM (SELECT {_digest_sql('t', NUMBER_BITS)} AS id, t FROM"
        f" (SELECT {numbered_prefix_sql('t')} AS t FROM {terms}) WHERE t IS NOT NULL"
        f" GROUP BY t HAVING count(*) >= {COMMON}) GROUP BY id"
    )


def numbered_prefix_sql(term: str) -> str:
    """Return SQL for the prefix of an IRI that ends in a number; NULL for other terms."""
    pattern = sql_text(f"^{NUMBERED}$")
    return (
        f"CASE WHEN starts_with({term}, '<') AND NOT starts_with({term}, '<<') AND"
        f" regexp_full_match({term}, {pattern}) THEN regexp_extract({term}, {pattern}, 1) END"
    )


def id_sql(terms: str, prefixes: str) -> str:
    """Return a query for the columns ``t`` and ``id`` of terms.

    Args:
        terms: A relation of distinct terms, column ``t``.
        prefixes: The relation of `prefixes_sql`.
    """
    node, whole = sql_text(f"^{NUMBERED}$"), "t.t"
    text = f"({whole})[2:-{{}}]"
    cases = [
        f"WHEN starts_with({whole}, '_') THEN {_hashed_sql(whole, Kind.NODE)}",
        f"WHEN starts_with({whole}, '<') THEN CASE WHEN x.id IS NULL"
        f" THEN {_hashed_sql(whole, Kind.NODE)} ELSE {Kind.NUMBERED << BITS}"
        f" | (x.id << {NUMBER_BITS}) | t.number::BIGINT END",
    ]
    for name, pattern, sql in (
        ("integer", INTEGER, _integer_sql),
        ("decimal", DECIMAL, _decimal_sql),
        ("date", DATE, _date_sql),
        ("dateTime", INSTANT, _instant_sql),
        ("boolean", "true|false", _truth_sql),
    ):
        tail = f'"^^<{XSD}{name}>'
        lexical = text.format(len(tail) + 1)
        cases.append(
            f"WHEN ends_with({whole}, {sql_text(tail)}) THEN CASE"
            f" WHEN regexp_full_match({lexical}, {sql_text(pattern)})"
            f" THEN coalesce({sql(lexical)}, {_hashed_sql(whole, Kind.LITERAL)})"
            f" ELSE {_hashed_sql(whole, Kind.LITERAL)} END"
        )
    otherwise = _hashed_sql(whole, Kind.LITERAL)
    split = (
        f"SELECT t, CASE WHEN starts_with(t, '<') AND regexp_full_match(t, {node}) THEN"
        f" regexp_extract(t, {node}, 1) END AS prefix,"
        f" CASE WHEN starts_with(t, '<') THEN regexp_extract(t, {node}, 2) END AS number"
        f" FROM {terms}"
    )
    return (
        f"SELECT t.t, CASE {' '.join(cases)} ELSE {otherwise} END AS id"
        f" FROM ({split}) AS t LEFT JOIN {prefixes} AS x ON x.t = t.prefix"
    )


def _digest_sql(text: str, bits: int) -> str:
    return f"(md5_number_lower({text}) & {(1 << bits) - 1}::UBIGINT)::BIGINT"


def _hashed_sql(text: str, kind: Kind) -> str:
    return f"({kind << BITS} | {_digest_sql(text, BITS)})"


def _integer_sql(text: str) -> str:
    return f"integer_id({text}::BIGINT)"


def _decimal_sql(text: str) -> str:
    mantissa = f"TRY_CAST(replace({text}, '.', '') AS BIGINT)"
    return (
        f"CASE WHEN abs({mantissa}) < {MANTISSA}"
        f" AND NOT ({mantissa} = 0 AND starts_with({text}, '-'))"
        f" THEN {Kind.DECIMAL << BITS} | (({mantissa} + {DECIMAL_ZERO}) << 4)"
        f" | (length({text}) - strpos({text}, '.')) END"
    )


def _date_sql(text: str) -> str:
    day = f"TRY_CAST({text} AS DATE)"
    return (
        f"CASE WHEN {text} >= '0001' THEN"
        f" {Kind.DATE << BITS} | (({day} - DATE '1970-01-01') + {DAY_ZERO}) END"
    )


def _instant_sql(text: str) -> str:
    moment = f"epoch(TRY_CAST({text}[:19] AS TIMESTAMP))::BIGINT"
    valid = f"{text} >= '0001' AND {text}[12:13] < '24' AND {text}[18:19] < '60'"
    return (
        f"CASE WHEN {valid} THEN {Kind.INSTANT << BITS}"
        f" | (({moment} + {SECOND_ZERO}) << 1) | ends_with({text}, 'Z')::BIGINT END"
    )


def _truth_sql(text: str) -> str:
    return f"truth_id({text} = 'true')"


def _literal_sql(text: str, name: str) -> str:
    return f"'\"' || {text} || '\"^^<{XSD}{name}>'"


_TEN: Final = ", ".join(f"{10**power}" for power in range(16))
# What the SQL of queries reads ids with. An exact number is its value times ten to the fifteenth.
SCALE: Final = 15
MACROS: Final[Mapping[str, str]] = {
    "id_kind(x)": f"(x >> {BITS})",
    # Of a number that has an id: of up to seventeen digits.
    "integer_id(n)": f"({Kind.INTEGER << BITS} | (n + {INTEGER_ZERO}))",
    "truth_id(b)": f"({Kind.TRUTH << BITS} | (b)::BIGINT)",
    "id_integer(x)": f"((x & {REST}) - {INTEGER_ZERO})",
    "id_mantissa(x)": f"(((x & {REST}) >> 4) - {DECIMAL_ZERO})",
    "id_integer_exact(x)": f"(id_integer(x)::HUGEINT * {10**SCALE})",
    "id_decimal_exact(x)": f"(id_mantissa(x)::HUGEINT * [{_TEN}][16 - (x & 15)])",
    "id_decimal_double(x)": f"(id_mantissa(x)::DOUBLE / [{_TEN}][1 + (x & 15)]::DOUBLE)",
    "id_date(x)": f"(DATE '1970-01-01' + ((x & {REST}) - {DAY_ZERO})::INTEGER)",
    "id_instant(x)": f"make_timestamp((((x & {REST}) >> 1) - {SECOND_ZERO}) * 1000000)",
    # NULL for those that an id does not hold.
    "date_id(d)": (
        "CASE WHEN d BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
        f" THEN {Kind.DATE << BITS} | ((d - DATE '1970-01-01') + {DAY_ZERO}) END"
    ),
    "instant_id(t, zone)": (
        "CASE WHEN t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59'"
        f" THEN {Kind.INSTANT << BITS} | ((epoch_us(t) // 1000000 + {SECOND_ZERO}) << 1)"
        " | zone END"
    ),
    "digits_text(m, scale)": (
        "(CASE WHEN m < 0 THEN '-' ELSE '' END"
        " || lpad(abs(m)::VARCHAR, greatest(scale + 1, length(abs(m)::VARCHAR))::INTEGER, '0')"
        "[:-(scale + 1)] || '.' ||"
        " lpad(abs(m)::VARCHAR, greatest(scale + 1, length(abs(m)::VARCHAR))::INTEGER, '0')"
        "[-scale:])"
    ),
    "id_integer_chars(x)": "id_integer(x)::VARCHAR",
    "id_decimal_chars(x)": "digits_text(id_mantissa(x), (x & 15))",
    "id_date_chars(x)": "strftime(id_date(x), '%Y-%m-%d')",
    "id_instant_chars(x)": (
        "strftime(id_instant(x), '%Y-%m-%dT%H:%M:%S') || CASE WHEN x & 1 = 1 THEN 'Z' ELSE '' END"
    ),
    "id_truth_chars(x)": "CASE WHEN x & 1 = 1 THEN 'true' WHEN x & 1 = 0 THEN 'false' END",
    "id_integer_text(x)": _literal_sql("id_integer_chars(x)", "integer"),
    "id_decimal_text(x)": _literal_sql("id_decimal_chars(x)", "decimal"),
    "id_date_text(x)": _literal_sql("id_date_chars(x)", "date"),
    "id_instant_text(x)": _literal_sql("id_instant_chars(x)", "dateTime"),
    "id_truth_text(x)": _literal_sql("id_truth_chars(x)", "boolean"),
    # The time between two days, and between two instants, as a term.
    "duration_term(n, text)": _literal_sql(
        "CASE WHEN n < 0 THEN '-' ELSE '' END || 'P' || text", "dayTimeDuration"
    ),
    "days_term(n)": (
        "CASE WHEN n = 0 THEN duration_term(n, 'T0S') ELSE duration_term(n, abs(n) || 'D') END"
    ),
    "seconds_term(n)": (
        "CASE WHEN n % 86400 = 0 THEN days_term(n // 86400) ELSE duration_term(n,"
        " CASE WHEN abs(n) < 86400 THEN '' ELSE (abs(n) // 86400) || 'D' END || 'T'"
        " || CASE WHEN abs(n) // 3600 % 24 = 0 THEN '' ELSE (abs(n) // 3600 % 24) || 'H' END"
        " || CASE WHEN abs(n) // 60 % 60 = 0 THEN '' ELSE (abs(n) // 60 % 60) || 'M' END"
        " || CASE WHEN abs(n) % 60 = 0 THEN '' ELSE (abs(n) % 60) || 'S' END) END"
    ),
    "dates_apart(a, b)": "days_term(a - b)",
    "instants_apart(a, b)": "CASE WHEN a & 1 = b & 1 THEN seconds_term((a >> 1) - (b >> 1)) END",
    "id_prefix(x)": f"((x & {REST}) >> {NUMBER_BITS})",
    "id_number(x)": f"(x & {(1 << NUMBER_BITS) - 1})",
}
_INLINE: Final = {
    Kind.INTEGER: "id_integer",
    Kind.DECIMAL: "id_decimal",
    Kind.DATE: "id_date",
    Kind.INSTANT: "id_instant",
    Kind.TRUTH: "id_truth",
}


def text_sql(x: str, kinds: Collection[Kind], prefix: str, term: str) -> str:
    """Return SQL for the text of a term.

    Args:
        x: SQL for its id.
        kinds: The kinds that it may be of.
        prefix: SQL for the text of its prefix, where it has one.
        term: SQL for its text in the table of terms, where it has one.
    """
    return _by_kind(x, kinds, "text", f"{prefix} || id_number({x}) || '>'", term)


def chars_sql(x: str, kinds: Collection[Kind], numbered: str, term: str) -> str:
    """Return SQL for what a format shows of a term: its lexical form where the id holds its value.

    Args:
        x: SQL for its id.
        kinds: The kinds that it may be of.
        numbered: SQL for what is shown of an IRI that ends in a number.
        term: SQL for the same where the table of terms has the text.
    """
    return _by_kind(x, kinds, "chars", numbered, term)


def _by_kind(x: str, kinds: Collection[Kind], what: str, numbered: str, term: str) -> str:
    ways = {kind: f"{macro}_{what}({x})" for kind, macro in _INLINE.items() if kind in kinds}
    if Kind.NUMBERED in kinds:
        ways[Kind.NUMBERED] = numbered
    stored = HASHED & set(kinds)
    if not ways:
        return term
    if len(ways) == 1 and not stored:
        return next(iter(ways.values()))
    cases = " ".join(f"WHEN {int(kind)} THEN {sql}" for kind, sql in ways.items())
    return f"CASE id_kind({x}) {cases}{f' ELSE {term}' if stored else ''} END"
