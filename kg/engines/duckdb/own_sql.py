"""Functions of the user's own in DuckDB: registered for a plan that calls them, and no other.

DuckDB hands a function its arguments in batches, as texts, and takes a text or a list of texts.
What goes wrong is kept with the arguments, so that the record can be found that has them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import duckdb
from duckdb.func import SPECIAL

from kg.duck import sql_name, sql_text
from kg.engines.duckdb.dialect import BAD_VALUE
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.loaded import LoadedTable, locate
from kg.errors import InputError, Location
from kg.extras import need
from kg.mapping.own_functions import (
    NOT_WHOLE,
    OwnFunction,
    OwnParameter,
    is_left_out,
    is_whole,
    printable,
)
from kg.mapping.own_loader import line_in
from kg.mapping.plan import Call, references

_TEXT: Final = "VARCHAR"
_TEXTS: Final = "VARCHAR[]"
# What DuckDB takes of a function.
Written = str | list[str] | None

# Calls whose values are kept, and characters of one with its arguments: some 10 MB at most.
_MOST_KEPT: Final = 1 << 15
_LONGEST_KEPT: Final = 200
_SHOWN: Final = 60  # characters of a value in a message


class _WrongValueError(Exception):
    """An argument or a result is not of the type that the function states."""


@dataclass(slots=True)
class OwnFailures:
    """What functions of the user's own failed at.

    Attributes:
        first: The function, its arguments and what was raised; None: nothing failed.
        is_quiet: Whether failures give nothing from now on, as the record of one is looked for.
    """

    first: tuple[OwnFunction, tuple[object, ...], BaseException] | None = field(default=None)
    is_quiet: bool = False


def register(
    connection: duckdb.DuckDBPyConnection, functions: Iterable[OwnFunction]
) -> OwnFailures:
    """Let the SQL of a connection call functions.

    Raises:
        InputError: A library that DuckDB needs for it is not installed.
    """
    failures = OwnFailures()
    for function in functions:
        need("numpy", "functions", "a function of one's own")
        kinds: list[Any] = [_TEXTS if each.is_list else _TEXT for each in function.parameters]
        connection.create_function(
            function.sql_name,
            _wrapped(function, failures),
            kinds,
            _TEXTS if function.gives_list else _TEXT,
            null_handling=SPECIAL,
        )
    return failures


class _Memo:
    """What a function gave for its last arguments: SQL asks for a value wherever it is looked at.

    A function without arguments is called once: DuckDB takes what it gives for a constant, but in
    each statement for another one, so that a term would differ from one place to the next.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Written] = {}

    def find(self, values: tuple[object, ...]) -> object:
        """Return what was given for some arguments; this class, if that is not known."""
        return self._known.get(_key(values), _Memo)

    def kept(self, values: tuple[object, ...], made: Written) -> Written:
        """Return a value, and keep it if it is not long."""
        key = _key(values)
        if not values or len(repr((key, made))) <= _LONGEST_KEPT:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[key] = made
        return made


def _key(values: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(tuple(each) if isinstance(each, list) else each for each in values)


def _wrapped(function: OwnFunction, failures: OwnFailures) -> Callable[..., Written]:
    names = [each.name for each in function.parameters]
    needed = [
        number
        for number, each in enumerate(function.parameters)
        if not each.takes_none and not each.is_list
    ]

    memo = _Memo()

    def called(*values: object) -> Written:
        if any(values[number] is None for number in needed):
            return None
        if (known := memo.find(values)) is not _Memo:
            return known  # type: ignore[return-value]
        try:
            given = {
                name: _argument(parameter, value)
                for name, parameter, value in zip(names, function.parameters, values, strict=True)
                if not is_left_out(value)
            }
            return memo.kept(values, _result(function, function.call(**given)))
        except (Exception, SystemExit) as error:
            if failures.is_quiet:
                return None
            if failures.first is None:
                failures.first = (function, values, error)
            raise ValueError(BAD_VALUE) from error

    # DuckDB counts the parameters.
    numbered = [f"a{number}" for number in range(len(names))]
    made = [inspect.Parameter(each, inspect.Parameter.POSITIONAL_ONLY) for each in numbered]
    called.__signature__ = inspect.Signature(made)  # type: ignore[attr-defined]
    return called


# --- values ---------------------------------------------------------------------------------


def _argument(parameter: OwnParameter, value: object) -> object:
    if value is None:
        return [] if parameter.is_list else None
    if isinstance(value, list):
        return [_read(parameter, each) for each in value]
    return _read(parameter, str(value))


def _read(parameter: OwnParameter, text: str) -> object:
    try:
        return _READERS[parameter.kind](text)
    except (ValueError, InvalidOperation):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        message = f"{shown!r} is no {parameter.kind}, which {parameter.name} must be"
        raise _WrongValueError(message) from None


def _truth(text: str) -> bool:
    if text.lower() in ("true", "1"):
        return True
    if text.lower() in ("false", "0"):
        return False
    raise ValueError(text)


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "str": str,
    "int": lambda text: int(_plain(text)),
    "float": lambda text: float(_plain(text)),
    "bool": _truth,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "Decimal": lambda text: Decimal(_plain(text)),
}


def _plain(text: str) -> str:
    """Return the text of a number; Python also reads digits of any script, and underscores."""
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return text


def _result(function: OwnFunction, value: object) -> Written:
    if value is None:
        return [] if function.gives_list else None
    if not function.gives_list:
        return _written(function, value)
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not function.result or isinstance(value, list | tuple):
        return [_written(function, each) for each in values if each is not None]
    raise _WrongValueError(f"it returned {_named(value)}, not a list of {function.result}")


def _written(function: OwnFunction, value: object) -> str:
    kind = type(value).__name__
    # A whole number is a float, too; truth is not a number here.
    fits = not function.result or kind == function.result or (kind, function.result) in _FITTING
    if not fits or kind not in _WRITERS:
        wanted = function.result or "one of the types that values have"
        raise _WrongValueError(f"it returned {_named(value)}, not {wanted}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise _WrongValueError(f"it returned {value}, which is no xsd:decimal")
    text = _WRITERS[kind](value)
    if not is_whole(text):
        raise _WrongValueError(f"it returned {NOT_WHOLE}")
    return text


_FITTING: Final = frozenset({("int", "float"), ("int", "Decimal")})
_WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "str": str,
    "int": str,
    "float": lambda value: repr(value) if math.isfinite(value) else str(value),
    "bool": lambda value: "true" if value else "false",
    "date": date.isoformat,
    "datetime": datetime.isoformat,
    "Decimal": lambda value: format(value, "f"),
}


def _named(value: object) -> str:
    shown = repr(value)
    return f"{shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''} ({type(value).__name__})"


# --- errors ---------------------------------------------------------------------------------


def own_error(
    connection: duckdb.DuckDBPyConnection,
    failures: OwnFailures,
    calls: Sequence[Call],
    loaded: Sequence[LoadedTable],
) -> InputError | None:
    """Return the error for what a function failed at, with its record; None: none did.

    Args:
        connection: Where the source tables are.
        failures: What failed.
        calls: The calls of the plan.
        loaded: The source tables.
    """
    if failures.first is None:
        return None
    function, values, error = failures.first
    failures.is_quiet = True
    place = _place(connection, function, values, calls, loaded)
    own_line = line_in(error, function.file)
    if isinstance(error, _WrongValueError):
        message, hint = f"{function.value}: {error}", f"The function is at {function.place}."
    else:
        message = f"{function.value} failed with {type(error).__name__}: {printable(str(error))}"
        hint = (
            f"Mend it at {function.file}:{own_line}." if own_line else f"It is at {function.place}."
        )
    given = ", ".join(_named_value(value) for value in values if not is_left_out(value))
    hint = f"{hint} It was given {given}." if given else hint
    return InputError("function-failed", message, location=place, hint=hint)


def _named_value(value: object) -> str:
    shown = "no value" if value is None else repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _place(
    connection: duckdb.DuckDBPyConnection,
    function: OwnFunction,
    values: Sequence[object],
    calls: Sequence[Call],
    loaded: Sequence[LoadedTable],
) -> Location | None:
    """Return the first record that gives a function some arguments."""
    rows = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    there = {row[0] for row in rows}
    for entry in loaded:
        for call in calls:
            needed = references(call)
            known = all(each.name in entry.table.by_name for each in needed)
            if call.function != function or not known or entry.table.name not in there:
                continue
            condition = TermPrinter(entry.table).given(call, [_sql(value) for value in values])
            row = connection.execute(
                f"SELECT file, record FROM {sql_name(entry.table.name)} WHERE {condition}"
                " ORDER BY file, record LIMIT 1"
            ).fetchone()
            if row is not None:
                column = " ".join(each.name for each in needed) or None
                return locate(entry, row[0], row[1], column)
    return None


def _sql(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"[{', '.join(map(_sql, value))}]::VARCHAR[]"
    return sql_text(str(value))
