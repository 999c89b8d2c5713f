"""Rows as tables of Arrow, pandas and Polars, with a type for each column.

A column whose terms are all of one kind gets its type; integers among decimals become decimals.
Every other column is text: IRIs as they are, blank nodes as ``_:label``, literals by their lexical
form. So is a column with a value that the type cannot hold, such as a day with a time zone.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from kg.datatypes import INTEGER_RANGES, is_lexical_form
from kg.errors import InputError
from kg.queries.engine import Row, Term
from kg.queries.term import instant, truth
from kg.records import dataclass
from kg.terms import XSD, LiteralParts, split_literal, text_of

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

# Digits of a decimal in Arrow and Polars.
_DIGITS: Final = 38
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(INTEGER_RANGES, "integer"),
    f"{XSD}decimal": "decimal",
    f"{XSD}double": "double",
    f"{XSD}float": "double",
    f"{XSD}boolean": "boolean",
    f"{XSD}date": "date",
    f"{XSD}dateTime": "instant",
}


class _Unfit(ValueError):
    """A value that the type of its column cannot hold."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer.

    Attributes:
        name: The variable.
        kind: text, integer, decimal, double, boolean, date, time (without a zone) or instant.
        values: Python values, None where the variable is unbound; instants are in UTC.
        scale: Digits behind the point of a decimal.
    """

    name: str
    kind: str
    values: Sequence[Any]
    scale: int = 0


def typed_columns(names: Sequence[str], rows: Iterable[Row]) -> list[Column]:
    """Return rows as columns with types.

    Args:
        names: The names of the columns.
        rows: A term for each column, None where it is unbound.
    """
    terms: list[list[Term | None]] = [[] for _ in names]
    for row in rows:
        for column, term in zip(terms, row, strict=True):
            column.append(term)
    return [_column(name, column) for name, column in zip(names, terms, strict=True)]


def _column(name: str, terms: Sequence[Term | None]) -> Column:
    literals = [split_literal(term) if term and term[0] == '"' else None for term in terms]
    kinds = {kind_of(term) for term in terms if term is not None}
    if kinds == {"integer", "decimal"}:
        kinds = {"decimal"}
    if len(kinds) == 1 and (kind := kinds.pop()) != "text":
        try:
            return _MAKERS[kind](name, literals)
        except (ValueError, OverflowError):
            pass
    return Column(name, "text", [None if term is None else _text(term) for term in terms])


def kind_of(term: Term) -> str:
    """Return the kind of a term, as `Column` has it; of a dateTime always ``instant``."""
    return _KINDS.get(split_literal(term).datatype, "text") if term.startswith('"') else "text"


def _text(term: Term) -> str:
    return term if term.startswith(("_:", "<<(")) else text_of(term)


def _lexical(literals: Sequence[LiteralParts | None]) -> Iterator[str | None]:
    """Yield lexical forms.

    Raises:
        ValueError: One is none of its datatype.
    """
    for parts in literals:
        if parts is not None and not is_lexical_form(parts.lexical, parts.datatype):
            raise _Unfit
        yield None if parts is None else parts.lexical


def _mapped(literals: Sequence[LiteralParts | None], make: Callable[[str], Any]) -> list[Any]:
    return [None if text is None else make(text) for text in _lexical(literals)]


def _integers(name: str, literals: Sequence[LiteralParts | None]) -> Column:
    values = _mapped(literals, int)
    if all(value is None or -(2**63) <= value < 2**63 for value in values):
        return Column(name, "integer", values)
    return _decimals(name, literals)


def _decimals(name: str, literals: Sequence[LiteralParts | None]) -> Column:
    values = _mapped(literals, Decimal)
    whole = scale = 0
    for value in values:
        if value is not None:
            _, digits, exponent = value.as_tuple()
            assert isinstance(exponent, int)
            scale = max(scale, -exponent)
            whole = max(whole, len(digits) + exponent)
    if whole + scale > _DIGITS:
        raise _Unfit
    return Column(name, "decimal", values, scale)


def _doubles(name: str, literals: Sequence[LiteralParts | None]) -> Column:
    return Column(name, "double", _mapped(literals, float))


def _booleans(name: str, literals: Sequence[LiteralParts | None]) -> Column:
    return Column(name, "boolean", _mapped(literals, truth))


def _dates(name: str, literals: Sequence[LiteralParts | None]) -> Column:
    return Column(name, "date", _mapped(literals, date.fromisoformat))


def _instants(name: str, literals: Sequence[LiteralParts | None]) -> Column:
    values = _mapped(literals, instant)
    zoned = {value.tzinfo is not None for value in values if value is not None}
    if len(zoned) > 1:
        raise _Unfit
    if zoned == {False}:
        return Column(name, "time", values)
    return Column(name, "instant", [value and value.astimezone(UTC) for value in values])


_MAKERS: Final[Mapping[str, Callable[[str, Sequence[LiteralParts | None]], Column]]] = {
    "integer": _integers,
    "decimal": _decimals,
    "double": _doubles,
    "boolean": _booleans,
    "date": _dates,
    "instant": _instants,
}


# --- libraries ------------------------------------------------------------------------------


def _library(name: str, method: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            "missing-extra",
            f"{method}() needs the package {name}",
            hint=f"Install it with: pip install {name}",
        ) from error


def to_arrow(names: Sequence[str], rows: Iterable[Row]) -> pyarrow.Table:
    """Return rows as a table of Arrow.

    Raises:
        InputError: The package pyarrow is not installed.
    """
    pa: Any = _library("pyarrow", "to_arrow")
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "time": pa.timestamp("us"),
        "instant": pa.timestamp("us", tz="UTC"),
    }
    arrays = []
    for column in typed_columns(names, rows):
        kind = types.get(column.kind) or pa.decimal128(_DIGITS, column.scale)
        arrays.append(pa.array(column.values, type=kind))
    return pa.Table.from_arrays(arrays, names=list(names))


def to_polars(names: Sequence[str], rows: Iterable[Row]) -> polars.DataFrame:
    """Return rows as a DataFrame of Polars.

    Raises:
        InputError: The package polars is not installed.
    """
    pl: Any = _library("polars", "to_polars")
    types = {
        "text": pl.String,
        "integer": pl.Int64,
        "double": pl.Float64,
        "boolean": pl.Boolean,
        "date": pl.Date,
        "time": pl.Datetime("us"),
        "instant": pl.Datetime("us", "UTC"),
    }
    series = []
    for column in typed_columns(names, rows):
        kind = types.get(column.kind) or pl.Decimal(_DIGITS, column.scale)
        series.append(pl.Series(column.name, column.values, dtype=kind))
    return pl.DataFrame(series)


# Types of pandas that have a missing value of their own; a decimal is an object to it, and a day
# the midnight that it begins with.
_PANDAS: Final[Mapping[str, str]] = {
    "text": "string",
    "integer": "Int64",
    "decimal": "object",
    "double": "Float64",
    "boolean": "boolean",
    "date": "datetime64[s]",
    "time": "datetime64[us]",
    "instant": "datetime64[us, UTC]",
}


def to_pandas(names: Sequence[str], rows: Iterable[Row]) -> pandas.DataFrame:
    """Return rows as a DataFrame of pandas.

    Raises:
        InputError: The package pandas is not installed.
    """
    pd: Any = _library("pandas", "to_pandas")
    columns = typed_columns(names, rows)
    series = [pd.Series(column.values, dtype=_PANDAS[column.kind]) for column in columns]
    return pd.DataFrame(dict(zip(names, series, strict=True)), columns=list(names))
