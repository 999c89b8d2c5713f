"""Ids of terms, and the numbers in them, as Spark SQL: what `kg.table` says in that of DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg.datatypes import INTEGER_RANGES, LEXICAL_SPACES
from kg.engines.spark.dialect import fits, text
from kg.table import ids
from kg.table.ids import BITS, Kind
from kg.terms import XSD

# Digits before the point that fit into an exact number, with those behind it.
_WHOLE: Final = 21
_LARGEST_FLOAT: Final = "3.4028235677973366E38D"
# Bits of a subject's id that say which part it is in, and the multiplier that mixes them.
_LOW: Final = (1 << 26) - 1
_MIX: Final = 2654435761 & _LOW


def _low(value: str, digits: int) -> str:
    """Return the lowest hexadecimal digits of an MD5, of which the ninth byte is the lowest."""
    places = [f"substr(h, {32 - 2 * (7 - n) - 1}, 2)" for n in range((digits + 1) // 2)]
    if digits % 2:
        places[-1] = f"substr(h, {32 - 2 * (8 - len(places))}, 1)"
    listed = f"conv(concat({', '.join(reversed(places))}), 16, 10)"
    return f"CAST(transform(array(md5({value})), h -> {listed})[0] AS BIGINT)"


def hashed(value: str, kind: Kind) -> str:
    """Return the id of a term whose text is in the table of terms."""
    return f"({kind << BITS} | {_low(value, BITS // 4)})"


def prefix_id(value: str) -> str:
    """Return the bits of a prefix."""
    return f"({_low(value, 8)} & {(1 << ids.NUMBER_BITS) - 1})"


def numbered(value: str, group: int) -> str:
    """Return the prefix (1) or the number (2) of an IRI that ends in a number; NULL of others."""
    pattern = text(rf"^{ids.NUMBERED}\z")
    # Most terms that are none end otherwise, which is soon seen.
    plain = f"startswith({value}, '<') AND {value} RLIKE {pattern}"
    return f"CASE WHEN {plain} THEN regexp_extract({value}, {pattern}, {group}) END"


def id_sql(value: str, prefix: str) -> str:
    """Return the id of a term.

    Args:
        value: The term.
        prefix: The id of its prefix, NULL if that is in no table.
    """
    node, literal = hashed(value, Kind.NODE), hashed(value, Kind.LITERAL)
    number = f"CAST({numbered(value, 2)} AS BIGINT)"
    iri = f"({Kind.NUMBERED << BITS} | shiftleft({prefix}, {ids.NUMBER_BITS}) | {number})"
    cases = [
        f"WHEN startswith({value}, '_') THEN {node}",
        f"WHEN startswith({value}, '<') THEN CASE WHEN {prefix} IS NULL THEN {node} ELSE {iri} END",
    ]
    for name, (pattern, made) in _INLINE.items():
        tail = f'"^^<{XSD}{name}>'
        lexical = f"substr({value}, 2, length({value}) - {len(tail) + 1})"
        cases.append(
            f"WHEN endswith({value}, {text(tail)}) THEN CASE WHEN {fits(lexical, pattern)}"
            f" THEN coalesce({made(lexical)}, {literal}) ELSE {literal} END"
        )
    return f"CASE WHEN {value} IS NOT NULL THEN CASE {' '.join(cases)} ELSE {literal} END END"


def _integer(x: str) -> str:
    return f"({Kind.INTEGER << BITS} | (CAST({x} AS BIGINT) + {ids.INTEGER_ZERO}))"


def _decimal(x: str) -> str:
    mantissa = f"try_cast(replace({x}, '.', '') AS BIGINT)"
    return (
        f"CASE WHEN abs({mantissa}) < {ids.MANTISSA} AND NOT ({mantissa} = 0"
        f" AND startswith({x}, '-')) THEN {Kind.DECIMAL << BITS} |"
        f" shiftleft({mantissa} + {ids.DECIMAL_ZERO}, 4) | (length({x}) - instr({x}, '.')) END"
    )


def _date(x: str) -> str:
    day = f"unix_date(try_cast({x} AS DATE))"
    return f"CASE WHEN {x} >= '0001' THEN {Kind.DATE << BITS} | ({day} + {ids.DAY_ZERO}) END"


def _instant(x: str) -> str:
    moment = f"unix_seconds(try_cast(left({x}, 19) AS TIMESTAMP))"
    valid = f"{x} >= '0001' AND substr({x}, 12, 2) < '24' AND substr({x}, 18, 2) < '60'"
    second = f"shiftleft({moment} + {ids.SECOND_ZERO}, 1)"
    return (
        f"CASE WHEN {valid} THEN {Kind.INSTANT << BITS} | {second}"
        f" | CAST(endswith({x}, 'Z') AS BIGINT) END"
    )


def _truth(x: str) -> str:
    return f"({Kind.TRUTH << BITS} | CAST({x} = 'true' AS BIGINT))"


_INLINE: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "integer": (ids.INTEGER, _integer),
    "decimal": (ids.DECIMAL, _decimal),
    "date": (ids.DATE, _date),
    "dateTime": (ids.INSTANT, _instant),
    "boolean": ("true|false", _truth),
}


# --- parts --------------------------------------------------------------------------------------


def part_of_quad(parts: int) -> str:
    """Return the part of a quad by its column ``s``; see `kg.table.write.part_of_quad`."""
    # Of the product the low bits alone are looked at, which the low bits of its factors make.
    mixed = f"(s & {_LOW}) * {_MIX} + shiftright(s, 32) * 40503"
    return f"CAST(shiftright({mixed}, 20) & {parts - 1} AS INT)"


def part_of_term(parts: int) -> str:
    """Return the part of a term by its column ``id``."""
    return f"CAST(shiftright(id, {BITS - 6}) & {parts - 1} AS INT)"


# --- numbers ------------------------------------------------------------------------------------

# Of a literal: what is behind its closing quote, and what is within its quotes.
TAIL: Final = "regexp_extract(t, '[^\"]*$', 0)"
RAW: Final = "substr(t, 2, length(t) - length(tail) - 2)"


def rank() -> str:
    """Return the rank of a number by the columns ``tail`` and ``raw``; see `kg.table.macros`."""
    cases = []
    for iri, (least, greatest) in INTEGER_RANGES.items():
        test = fits("raw", LEXICAL_SPACES[iri])
        if least is not None and greatest is not None:
            test += f" AND try_cast(raw AS DECIMAL(38, 0)) BETWEEN {least} AND {greatest}"
        cases.append(f"WHEN {text(f'^^<{iri}>')} THEN CASE WHEN {test} THEN 1 END")
    for number, name in ((2, "decimal"), (3, "float"), (4, "double")):
        test = fits("raw", LEXICAL_SPACES[f"{XSD}{name}"])
        cases.append(f"WHEN {text(f'^^<{XSD}{name}>')} THEN CASE WHEN {test} THEN {number} END")
    return f"CAST(CASE tail {' '.join(cases)} END AS TINYINT)"


def exact() -> str:
    """Return the exact value by the columns ``raw`` and ``rank``."""
    fraction = r"trim(TRAILING '0' FROM regexp_extract(raw, '\\.([0-9]*)$', 1))"
    sign = "CASE WHEN startswith(raw, '-') THEN '-' ELSE '' END"
    digits = f"concat({sign}, regexp_extract(raw, '^[+-]?([0-9]*)', 1),"
    digits += f" rpad({fraction}, {ids.SCALE}, '0'))"
    return (
        f"CASE WHEN rank <= 2 AND length(regexp_extract(raw, '^[+-]?0*([0-9]*)', 1)) <= {_WHOLE}"
        f" AND length({fraction}) <= {ids.SCALE} THEN CAST({digits} AS DECIMAL(38, 0)) END"
    )


def double() -> str:
    """Return the value as a double by the columns ``raw`` and ``rank``."""
    value = "try_cast(replace(raw, 'INF', 'Infinity') AS DOUBLE)"
    single = (
        f"CASE WHEN rank <> 3 THEN d WHEN abs(d) < {_LARGEST_FLOAT} THEN"
        " CAST(CAST(d AS FLOAT) AS DOUBLE) WHEN isnan(d) THEN d WHEN d > 0"
        " THEN double('Infinity') ELSE double('-Infinity') END"
    )
    return f"CASE WHEN rank IS NOT NULL THEN transform(array({value}), d -> {single})[0] END"
