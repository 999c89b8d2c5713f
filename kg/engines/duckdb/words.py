"""How DuckDB says what the printers of `kg.engines.sql` need: see `kg.engines.sql.dialect`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kg.engines.duckdb.dialect import STOP
from kg.engines.duckdb.dialect import array as array
from kg.engines.duckdb.dialect import concat as concat
from kg.engines.duckdb.function_sql import call_sql as call_sql
from kg.engines.duckdb.function_sql import doubtful_sql as doubtful_sql
from kg.engines.duckdb.function_sql import list_sql as list_sql
from kg.engines.duckdb.function_sql import truth_sql as truth_sql
from kg.engines.duckdb.patterns import fits as fits
from kg.engines.duckdb.patterns import matches as matches
from kg.engines.duckdb.patterns import out_of_range as out_of_range
from kg.engines.duckdb.patterns import plain_date as plain_date
from kg.engines.sql.made_term import TermSql
from kg.sql import sql_text

NO_TEXT: Final = "[NULL]"
NO_VALUE: Final = "[NULL]"


def text(value: str) -> str:
    return sql_text(value)


def let(value: str, make: Callable[[str], str], bound: str = "") -> str:  # noqa: ARG001  (others do)
    # DuckDB works out once what it finds twice.
    return make(value)


def otherwise(*, skips: bool) -> str:
    return "NULL" if skips else STOP


def is_iri(value: str) -> str:
    return f"kg_is_iri({value})"


def is_language(value: str) -> str:
    return f"kg_is_language({value})"


def iri_safe(value: str) -> str:
    return f"kg_iri_safe({value})"


def uri_safe(value: str) -> str:
    return f"kg_uri_safe({value})"


def quoted(value: str) -> str:
    return f"kg_quoted({value})"


def natural(value: str, kind: str) -> str:
    return f"kg_natural({value}, {kind})"


def made(value: str, kind: str | None) -> str:
    shown = quoted("made")
    if kind is not None:
        shown = natural("made", "kg_number_kind(made)" if kind == "#" else sql_text(kind))
    return f"list_transform([{value}], lambda made: {shown})[1]"


def guess(value: str) -> str:
    return f"kg_guess({value})"


def double(value: str) -> str:
    return f"kg_double({value})"


def each(values: str, name: str, made: str) -> str:
    return f"list_transform({values}, lambda {name}: {made})"


def size(values: str) -> str:
    return f"len({values})"


def has(values: str, truth: str) -> str:
    return f"list_contains({values}, {truth})"


def has_nothing(values: str) -> str:
    made = f"len(list_filter({values}, lambda made: made IS NOT NULL))"
    return f"coalesce({made} = 0, true)"


def texts(lists: Sequence[str]) -> str:
    whole = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
    return f"list_filter({whole}::VARCHAR[], lambda each: each IS NOT NULL)"


def shown(values: str) -> str:
    return f"array_to_string({values}, ', ')"


def count(values: TermSql) -> str:
    if values.many:
        return f"coalesce(len(list_filter({values.sql}, lambda v: v IS NOT NULL)), 0)"
    return f"(({values.sql}) IS NOT NULL)::INTEGER"


def first(values: TermSql) -> str:
    if values.many:
        return f"list_filter({values.sql}, lambda v: v IS NOT NULL)[1]"
    return values.sql
