"""Days with times in SQL: compared, and taken apart, where their form is a usual one.

Most are in an id, or have a fraction of a second or an offset beside that; what is odder is asked
of Python, one value at a time, which takes fifty times as long.

Spec: https://www.w3.org/TR/xmlschema11-2/#dateTime-order
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from kg.queries.table.expressions import ConstantOperand, Operand, TextOperand, VariableOperand
from kg.queries.table.moments import DATE, DATE_TIME, STAMP, Instant
from kg.queries.table.values import read
from kg.table.ids import Kind

# One with a zone and one without are in no order within this.
_FAR: Final = 14 * 3600
_MICRO: Final = 1_000_000
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
