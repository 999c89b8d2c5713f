"""The order of terms, as ORDER BY, MIN and MAX have it.

What has no value comes first, then blank nodes, IRIs, and literals: numbers by value, then the
others by datatype, value and text; the three datatypes of durations count as one, and so do the two
of days with times.

Spec: https://www.w3.org/TR/sparql11-query/#modOrderBy
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

from kg.queries.table.durations import DURATION, DURATIONS, Duration
from kg.queries.table.expressions import (
    IntegerOperand,
    Operand,
    StringOperand,
    TextOperand,
    TruthOperand,
    VariableOperand,
)
from kg.queries.table.functions import EXACT
from kg.queries.table.moments import DATE_TIME, STAMP, Instant
from kg.queries.table.numbers import Number, NumberOperand, rank_and_double
from kg.queries.table.values import read
from kg.table.ids import Kind
from kg.terms import is_literal

_NODES: Final = frozenset({Kind.NODE, Kind.NUMBERED})
# Durations of different datatypes have one order.
_DURATIONS: Final = " ".join(f"WHEN '<{each}>' THEN '<{DURATION}>'" for each in sorted(DURATIONS))
_NO_NUMBER: Final = Number("NULL", "NULL::HUGEINT", "NULL::DOUBLE")
# Kinds whose ids are in the order of their values, one kind at a time.
_ORDERED: Final = ({Kind.INTEGER}, {Kind.DATE}, {Kind.INSTANT}, {Kind.TRUTH})


def order_keys(operand: Operand) -> list[str]:
    """Return SQL for the keys that terms are sorted by, the first first."""
    if isinstance(operand, VariableOperand):
        if any(operand.kinds == kinds for kinds in _ORDERED):
            return [operand.id]
    elif isinstance(operand, IntegerOperand | TruthOperand):
        return [operand.sql]
    elif isinstance(operand, NumberOperand):
        if operand.is_exact:
            return [operand.known.exact]
        operand = TextOperand(operand.view.let(operand.text()), operand.view)
    elif isinstance(operand, StringOperand) and operand.value.language == "''":
        return [operand.value.chars]
    text = operand.text()
    nodes = f"CASE WHEN is_blank({text}) THEN 1 WHEN is_iri({text}) THEN 2"
    if isinstance(operand, VariableOperand) and operand.kinds <= _NODES:
        return [f"{nodes} END", text]
    # What an id holds has one form for each value, in the order of the values.
    inline = isinstance(operand, VariableOperand) and Kind.LITERAL not in operand.kinds
    value = (
        text
        if inline
        else (f"coalesce(instant_order({text}), day_order({text}), python_order({text}))")
    )
    if isinstance(operand, TextOperand):
        rank, double = rank_and_double(text, operand.view)
        exact = f"CASE WHEN {rank} <= 2 THEN coalesce(plain_order({text}), {value}) END"
    elif isinstance(operand, VariableOperand) and operand.lacks_exact:
        rank, exact, double = operand.facets() or _NO_NUMBER
        exact = f"CASE WHEN {rank} <= 2 THEN {value} END"
    else:
        rank, exact, double = operand.number() or _NO_NUMBER
    other = f"is_literal({text}) AND {rank} IS NULL"
    datatype = (
        f"CASE term_datatype({text}) WHEN '<{STAMP}>' THEN '<{DATE_TIME}>'"
        f" {_DURATIONS} ELSE term_datatype({text}) END"
    )
    return [
        f"{nodes} WHEN {rank} IS NOT NULL THEN 3 WHEN is_literal({text}) THEN 4"
        f" WHEN {text} IS NOT NULL THEN 5 END",
        double,
        exact,
        f"CASE WHEN {other} THEN {datatype} END",
        f"CASE WHEN is_string({text}) THEN term_lexical({text}) WHEN {other} THEN {value} END",
        text,
    ]


_FARTHEST: Final = Decimal(10) ** 20
_WHOLE_DIGITS: Final = 64
_TURNED: Final = str.maketrans("0123456789", "9876543210")


def python_order(term: str | None) -> str | None:
    """Return what literals of one datatype, or of durations, are sorted by; None for others.

    Numbers are sorted by it where they are the same as doubles.

    Raises:
        OverflowError: A time is farther away, or a number larger, than the digits of the text
            reach.
    """
    if term is None or not is_literal(term):
        return None
    value = read(term)
    if isinstance(value.value, Instant):
        with localcontext(EXACT):
            since = value.value.utc + _FARTHEST
        if not 0 < since < 2 * _FARTHEST:
            raise OverflowError(f"{term} is too far away")
        whole, _, fraction = f"{since:f}".partition(".")
        return f"{whole:0>22}.{fraction.rstrip('0')}"
    if isinstance(value.value, Duration):
        return _sorted_digits(value.value.about)
    if isinstance(value.value, bool):
        return str(int(value.value))
    if isinstance(value.value, int | Decimal):
        return _sorted_digits(value.value)
    return value.lexical


def _sorted_digits(number: int | Decimal) -> str:
    """Return a text for a number; the texts are in the order of the numbers."""
    whole, _, fraction = f"{Decimal(number).copy_abs():f}".partition(".")
    if len(whole) > _WHOLE_DIGITS:
        raise OverflowError(f"{number} has more than {_WHOLE_DIGITS} digits")
    digits = f"{whole:0>{_WHOLE_DIGITS}}.{fraction.rstrip('0')}"
    # Of numbers below zero that with less digits is the greater one.
    return f"0{digits.translate(_TURNED)}~" if number < 0 else f"1{digits}"
