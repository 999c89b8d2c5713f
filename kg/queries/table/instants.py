"""Days with times in SQL: compared, and taken apart, where their form is a usual one.

Most are in an id, or have a fraction of a second or an offset beside that; what is odder is asked
of Python, one value at a time, which takes fifty times as long.

Spec: https://www.w3.org/TR/xmlschema11-2/#dateTime-order
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from kg.queries.table.durations import Duration
from kg.queries.table.expressions import ConstantOperand, Operand, TextOperand, VariableOperand
from kg.queries.table.moments import DATE, DATE_TIME, STAMP, Instant
from kg.queries.table.values import read
from kg.table.ids import Kind

# One with a zone and one without are in no order within this.
_FAR: Final = 14 * 3600
_MICRO: Final = 1_000_000
_OF_A_DAY: Final = 86_400
# What DuckDB adds to any day of four digits of years.
_MOST_MONTHS: Final = 120_000
_MOST_SECONDS: Final = 400_000_000_000
_INSTANTS: Final = frozenset({Kind.INSTANT})
# What a BIGINT holds, and no comparison overflows.
_MOST: Final = 1 << 61


class _Moment(NamedTuple):
    """SQL for an instant: microseconds at offset zero, and whether it has a zone."""

    since: str
    zoned: str


def instants_compared(sign: str, left: Operand, right: Operand) -> list[str]:
    """Return the case of a CASE for two days with times, if they may be.

    Args:
        sign: The operator.
        left: What stands before it.
        right: What stands behind it.
    """
    if isinstance(left, TextOperand) and isinstance(right, TextOperand):
        return []  # few are instants, and SQL is long that may be
    a, b = _moment(left), _moment(right)
    if a is None or b is None:
        return []
    apart = f"({a.since} - {b.since})"
    far = f"abs({apart}) > {_FAR * _MICRO}"
    test = f"CASE WHEN {a.zoned} = {b.zoned} OR {far} THEN {apart} {sign} 0 END"
    return [f"WHEN {apart} IS NOT NULL THEN {test}"]


def ids_compared(sign: str, left: str, right: str) -> str:
    """Return SQL that compares two ids of instants.

    Args:
        sign: The operator.
        left: An id, in which the last bit says whether there is a zone.
        right: Another one.
    """
    far = f"abs(({left} >> 1) - ({right} >> 1)) > {_FAR}"
    return f"(CASE WHEN {left} & 1 = {right} & 1 OR {far} THEN {left} {sign} {right} END)"


def days_compared(sign: str, left: Operand, right: Operand) -> list[str]:
    """Return the case of a CASE for two days, if one of them is computed.

    Args:
        sign: The operator.
        left: What stands before it.
        right: What stands behind it.
    """
    if not isinstance(left, TextOperand) and not isinstance(right, TextOperand):
        return []
    a, b = _day(left), _day(right)
    if a is None or b is None:
        return []
    return [f"WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {a} {sign} {b}"]


def _day(operand: Operand) -> str | None:
    """Return SQL for a day without a zone; None for what is no such day."""
    if isinstance(operand, TextOperand):
        return f"plain_day({operand.sql})"
    if isinstance(operand, ConstantOperand):
        return f"id_date({operand.id})" if operand.kind is Kind.DATE else None
    if not isinstance(operand, VariableOperand) or Kind.DATE not in operand.kinds:
        return None
    return f"CASE WHEN id_kind({operand.id}) = {int(Kind.DATE)} THEN id_date({operand.id}) END"


def moved(sign: str, left: Operand, right: Operand) -> str | None:
    """Return SQL for a day, or a day with a time, and a duration of the query, as a term.

    It is NULL where an id would not hold what comes of them. None is returned where the operands
    are others.

    Args:
        sign: ``+`` or ``-``.
        left: What stands before it.
        right: What stands behind it.
    """
    if sign == "+" and isinstance(left, ConstantOperand):
        left, right = right, left
    if not isinstance(left, VariableOperand) or not isinstance(right, ConstantOperand):
        return None
    found = read(right.term).value if right.parts else None
    if not isinstance(found, Duration):
        return None
    months, seconds = found if sign == "+" else found.signed(-1)
    if abs(months) > _MOST_MONTHS or abs(seconds) > _MOST_SECONDS or seconds != int(seconds):
        return None
    # Months come first, and a day that the month has not is its last one, as DuckDB has it.
    later = f" + to_months({months})" if months else ""
    if left.kinds == {Kind.DATE}:
        day = f"(id_date({left.id}){later})::DATE + {int(seconds) // _OF_A_DAY}"
        return f"id_date_text(date_id({day}))"
    if left.kinds == _INSTANTS:
        time = f"id_instant({left.id}){later} + to_seconds({int(seconds)})"
        return f"id_instant_text(instant_id({time}, {left.id} & 1))"
    return None


def part(operand: Operand, start: int, end: int) -> str:
    """Return SQL for a part of a day with a time, as a term; NULL where its form is odd.

    Args:
        operand: The day.
        start: The place of the first character of the part, in the term; the first is one.
        end: That of the last one.
    """
    if isinstance(operand, VariableOperand) and Kind.LITERAL not in operand.kinds:
        return "NULL"
    if not isinstance(operand, VariableOperand | TextOperand):
        return "NULL"
    text = operand.text()
    number = f"integer_term(({text})[{start}:{end}]::BIGINT)"
    return f"CASE WHEN term_instant({text}) IS NOT NULL THEN {number} END"


def day_of(operand: Operand) -> str:
    """Return SQL for the day of a day with a time, as a term; NULL where its form is odd."""
    if not isinstance(operand, VariableOperand | TextOperand):
        return "NULL"
    text = operand.text()
    zone = f"regexp_extract({text}, '(Z|[+-][0-9:]+)\"\\^', 1)"
    day = f"({text})[1:11] || {zone} || '\"^^<{DATE}>'"
    return f"CASE WHEN term_instant({text}) IS NOT NULL THEN {day} END"


def _moment(operand: Operand) -> _Moment | None:
    if isinstance(operand, ConstantOperand):
        return _constant(operand.term)
    if isinstance(operand, TextOperand):
        return _of_text(operand.text)
    if not isinstance(operand, VariableOperand):
        return None
    inline = _Moment(f"id_micros({operand.id})", f"({operand.id} & 1 = 1)")
    if Kind.LITERAL not in operand.kinds:
        return inline if Kind.INSTANT in operand.kinds else None
    stored = _of_text(operand.text)
    if Kind.INSTANT not in operand.kinds:
        return stored
    is_inline = f"id_kind({operand.id}) = {int(Kind.INSTANT)}"
    pairs = zip(inline, stored, strict=True)
    return _Moment(*(f"CASE WHEN {is_inline} THEN {one} ELSE {two} END" for one, two in pairs))


def _of_text(text: Callable[[], str]) -> _Moment:
    term = text()
    return _Moment(f"term_instant({term})", f"term_zoned({term})")


def _constant(term: str) -> _Moment | None:
    value = read(term) if term.startswith('"') else None
    if value is None or value.datatype not in (DATE_TIME, STAMP):
        return None
    if not isinstance(value.value, Instant):
        return None
    since = value.value.utc * _MICRO
    if since != int(since) or abs(since) > _MOST:
        return None
    zoned = str(value.value.offset is not None).lower()
    return _Moment(f"{int(since)}::BIGINT", zoned)
