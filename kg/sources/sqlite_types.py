"""Declared types of SQLite columns, and the values that SQLite holds for them.

SQLite has texts, integers, doubles and bytes only: a date is a text, a boolean is 0 or 1. The type
that a column was declared with says what is meant. A value that does not fit that type keeps its
own natural datatype, and the user is told.

Spec: https://www.w3.org/TR/r2rml/#natural-mapping, https://www.sqlite.org/datatype3.html
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Final

from kg.sources.lexical import Lexical
from kg.sources.rows import Value
from kg.sources.sqlite_files import connect_to_describe
from kg.wording import counted

_VIEW: Final = "kg_described"
_TIME: Final = r"(\d\d:\d\d)(:\d\d)?(?:\.(\d+))?"
_ZONE: Final = r"\s*(Z|[+-]\d\d(?::?\d\d)?)?"
_TIMESTAMP: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d)(?:[ T]{_TIME}{_ZONE})?")
_CLOCK: Final = re.compile(f"{_TIME}{_ZONE}")
_TRUTHS: Final = {"0": "false", "f": "false", "false": "false"} | dict.fromkeys(
    ("1", "t", "true"), "true"
)
# Gives the form of a value for its declared type; None if it is not of that type.
_Form = Callable[[Value], Lexical | None]


def declared_types(path: Path, query: str) -> list[str]:
    """Return the declared type of each column that a query gives; empty for computed ones.

    SQLite tells them of the columns of a view. So the query becomes one, which is never read, in
    a connection of its own.

    Args:
        path: The file.
        query: A query that can be asked.

    Returns:
        Nothing if the query cannot be a view.
    """
    statement = query.strip().removesuffix(";")
    with suppress(sqlite3.Error), closing(connect_to_describe(path)) as connection:
        connection.execute(f"CREATE TEMP VIEW {_VIEW} AS {statement}")
        rows = connection.execute(f"PRAGMA temp.table_xinfo({_VIEW})").fetchall()
        return [str(row[2]) for row in rows]
    return []


class Converter:
    """Gives values of a column the form of its declared type.

    Args:
        column: Its name.
        declared: Its declared type.
        form: Gives the form of a value.
    """

    def __init__(self, column: str, declared: str, form: _Form) -> None:
        self._column = column
        self._declared = declared
        self._form = form
        self._unfit = 0
        self._first = ""

    def __call__(self, value: Value) -> Value:
        """Return the form of a value, or the value itself if it does not fit the type."""
        if value is None:
            return None
        found = self._form(value)
        if found is not None:
            return found
        self._unfit += 1
        if self._unfit == 1:
            self._first = repr(value)[:100]
        return value

    def note(self) -> str:
        """Return what the user should know of values that did not fit; empty if there were none."""
        if not self._unfit:
            return ""
        verb = "does" if self._unfit == 1 else "do"
        return (
            f"column {self._column} is declared {self._declared}, and"
            f" {counted(self._unfit, 'value')} {verb} not fit that type, the first {self._first};"
            " such a value keeps the datatype that SQLite holds it with"
        )


def converters(names: Sequence[str], declared: Sequence[str]) -> Mapping[int, Converter]:
    """Return a converter for each column whose declared type says more than its values.

    Args:
        names: The columns of a result.
        declared: Their declared types, from `declared_types`.
    """
    found = {}
    for number, (name, kind) in enumerate(zip(names, declared, strict=False)):
        plain = " ".join(re.sub(r"\([^)]*\)", " ", kind).upper().split())
        form = _FORMS.get(plain)
        if form is not None:
            found[number] = Converter(name, kind, form)
    return found


def _boolean(value: Value) -> Lexical | None:
    if not isinstance(value, int | str):
        return None
    truth = _TRUTHS.get(str(value).casefold())
    return None if truth is None else Lexical(truth, "b")


def _decimal(value: Value) -> Lexical | None:
    if isinstance(value, int):
        return Lexical(str(value), "n")
    if isinstance(value, float) and (exact := Decimal(repr(value))).is_finite():
        return Lexical(format(exact, "f"), "n")
    return None


def _date(value: Value) -> Lexical | None:
    """Return a date; as a dateTime if there is a time other than midnight.

    >>> _date("2020-01-31"), _date("2020-01-31 00:00:00.000"), _date("2020-02-30")
    (Lexical(text='2020-01-31', kind='D'), Lexical(text='2020-01-31', kind='D'), None)
    """
    found = _timestamp(value)
    if found is None:
        return None
    day, _, clock = found.text.partition("T")
    return Lexical(day, "D") if clock == "00:00:00" else found


def _timestamp(value: Value) -> Lexical | None:
    """Return a timestamp, of a form that SQLite's own functions take.

    >>> _timestamp("2020-01-31 09:30"), _timestamp("2020-01-31"), _timestamp(1580463000)
    (Lexical(text='2020-01-31T09:30:00', kind='T'), Lexical(text='2020-01-31T00:00:00', kind='T'), \
None)
    >>> _timestamp("2020-01-31T09:30:00.500+0200"), _timestamp("2020-01-31 25:00")
    (Lexical(text='2020-01-31T09:30:00.5+02:00', kind='T'), None)
    """
    found = _TIMESTAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    clock = _clock(*found.groups()[1:]) if found[2] else "00:00:00"
    return _checked(f"{found[1]}T{clock}", "T")


def _time(value: Value) -> Lexical | None:
    """Return a time of day.

    >>> _time("09:30"), _time("9:30")
    (Lexical(text='09:30:00', kind='t'), None)
    """
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if found is None else _checked(_clock(*found.groups()), "t")


def _clock(minutes: str, seconds: str | None, fraction: str | None, zone: str | None) -> str:
    digits = (fraction or "").rstrip("0")
    offset = (zone or "").replace(":", "")
    if offset not in ("", "Z"):
        offset = f"{offset[:3]}:{offset[3:] or '00'}"
    return f"{minutes}{seconds or ':00'}{'.' if digits else ''}{digits}{offset}"


def _checked(text: str, kind: str) -> Lexical | None:
    """Return a form if the calendar and the clock have it."""
    plain = re.sub(r"\.\d+", "", text)
    try:
        if kind == "t":
            time.fromisoformat(plain)
        else:
            datetime.fromisoformat(plain)
    except ValueError:
        return None
    return Lexical(text, kind)


_FORMS: Final[Mapping[str, _Form]] = {
    **dict.fromkeys(("BOOLEAN", "BOOL"), _boolean),
    **dict.fromkeys(("DECIMAL", "NUMERIC", "DEC"), _decimal),
    "DATE": _date,
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "TIMESTAMPTZ", "DATETIME2"), _timestamp),
    **dict.fromkeys((f"TIMESTAMP {w} TIME ZONE" for w in ("WITH", "WITHOUT")), _timestamp),
    **dict.fromkeys(("TIME", "TIMETZ", "TIME WITH TIME ZONE", "TIME WITHOUT TIME ZONE"), _time),
}
