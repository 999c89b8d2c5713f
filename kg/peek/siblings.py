"""What the columns of one table say about each other: a file is written in one way.

Days such as ``01/02/2000`` and numbers such as ``1.234`` can be read in two ways. A column whose
values can be read in one way only shows how those beside it are meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum

from kg.peek.model import Column, Kind, Written


class _Habit(Enum):
    """How numbers or days are written."""

    POINT = "decimal points"
    COMMA = "decimal commas"
    MONTH = "month"
    DAY = "day"


def agreed(columns: Sequence[Column], delimiter: str) -> tuple[Column, ...]:
    """Return the columns, those that can be read in two ways as the others show.

    Args:
        columns: The columns of a table.
        delimiter: What is between the fields; ``;`` leaves the comma to the numbers.
    """
    sure = [each for each in columns if each.other is None]
    shown = {habit: each.name for each in reversed(sure) if (habit := _habit(each)) is not None}
    numbers = _one_of(shown, _Habit.POINT, _Habit.COMMA)
    if numbers is None and delimiter == ";":
        numbers = _Habit.COMMA
        shown.pop(numbers, None)  # it is not that column that decides
    days = _one_of(shown, _Habit.MONTH, _Habit.DAY)
    if days is None and numbers is _Habit.COMMA:
        days = _Habit.DAY  # where numbers have decimal commas, the day is before the month
        shown.pop(days, None)
    return tuple(
        each
        if each.other is None
        else _number(each, numbers, shown)
        if each.kind.is_number
        else _day(each, days, shown)
        for each in columns
    )


def _habit(column: Column) -> _Habit | None:
    """Return what a column shows, whose values can be read in one way only."""
    if column.kind in (Kind.DATE, Kind.DATETIME):
        return _order(column)
    if column.natural or not column.kind.is_number:
        return None
    if column.written in (Written.COMMA, Written.POINTS):
        return _Habit.COMMA
    is_plain = column.kind is Kind.INTEGER and column.written is Written.PLAIN
    return None if is_plain else _Habit.POINT


def _order(column: Column) -> _Habit | None:
    if column.pattern.startswith(("MM/", "MM-")):
        return _Habit.MONTH
    return _Habit.DAY if column.pattern.startswith(("dd/", "dd-", "dd.")) else None


def _one_of(shown: Mapping[_Habit, str], one: _Habit, other: _Habit) -> _Habit | None:
    if (one in shown) == (other in shown):
        return None
    return one if one in shown else other


def _number(column: Column, habit: _Habit | None, shown: Mapping[_Habit, str]) -> Column:
    """Return a column of numbers as it is read with decimal points or commas.

    What is read with points is there first; the other way is that with commas.
    """
    if habit is None:
        return column
    if habit is _Habit.COMMA:
        column = _otherwise(column)
    example = next((text for text in column.examples if set(".,") & set(text)), column.examples[0])
    what = {
        Written.PLAIN: "a decimal number",
        Written.COMMA: "a decimal number",
        Written.THOUSANDS: "a whole number with commas between thousands",
        Written.POINTS: "a whole number with points between thousands",
    }[column.written]
    why = f", since {shown[habit]} has {habit.value}" if habit in shown else ""
    return replace(column, doubts=(f"{example} is taken for {what}{why}",))


def _day(column: Column, habit: _Habit | None, shown: Mapping[_Habit, str]) -> Column:
    """Return a column of days as it is read with the day or the month first."""
    if habit is None:
        return column
    if habit is not _order(column):
        column = _otherwise(column)
    why = f"as in {shown[habit]}" if habit in shown else "since numbers have decimal commas"
    doubt = f"{column.examples[0]} is read with the {habit.value} first, {why}"
    return replace(column, doubts=(doubt,))


def _otherwise(column: Column) -> Column:
    """Return a column as its values can be read too."""
    assert column.other is not None
    kind, written, pattern = column.other
    own = (column.kind, column.written, column.pattern)
    return replace(column, kind=kind, written=written, pattern=pattern, other=own)
