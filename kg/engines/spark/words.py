"""How Spark says what the printers of `kg.engines.sql` need: see `kg.engines.sql.dialect`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.engines.spark import dialect
from kg.engines.spark.dialect import concat as concat
from kg.engines.spark.dialect import double as double
from kg.engines.spark.dialect import escaped as escaped
from kg.engines.spark.dialect import fits as fits
from kg.engines.spark.dialect import guess as guess
from kg.engines.spark.dialect import iri_safe as iri_safe
from kg.engines.spark.dialect import is_iri as is_iri
from kg.engines.spark.dialect import is_language as is_language
from kg.engines.spark.dialect import let as let
from kg.engines.spark.dialect import natural as natural
from kg.engines.spark.dialect import quoted as quoted
from kg.engines.spark.dialect import text as text
from kg.engines.spark.dialect import uri_safe as uri_safe
from kg.engines.spark.functions_sql import call_sql as call_sql
from kg.engines.spark.functions_sql import doubtful_sql as doubtful_sql
from kg.engines.spark.functions_sql import list_sql as list_sql
from kg.engines.spark.functions_sql import truth_sql as truth_sql
from kg.engines.sql.made_term import TermSql

NO_TEXT: Final = "array(CAST(NULL AS STRING))"
NO_VALUE: Final = "array(CAST(NULL AS STRUCT<v: STRING, t: STRING>))"


def otherwise(*, skips: bool) -> str:  # noqa: ARG001  (others do)
    return "NULL"


def matches(value: str, pattern: str) -> str:
    return f"({value} RLIKE {text(pattern)})"


def out_of_range(value: str, low: int, high: int) -> str:
    return f"coalesce(TRY_CAST({value} AS DECIMAL(38, 0)) NOT BETWEEN {low} AND {high}, true)"


def plain_date(value: str) -> str:  # noqa: ARG001  (others do)
    return ""


def made(value: str, kind: str | None) -> str:
    return quoted(value) if kind is None else natural(value, text(kind))


def array(items: Sequence[str]) -> str:
    return f"array({', '.join(items)})"


def each(values: str, name: str, made: str) -> str:
    return f"transform({values}, {name} -> {made})"


def size(values: str) -> str:
    return f"size({values})"


def has(values: str, truth: str) -> str:
    return f"exists({values}, e -> e IS {truth})"


def has_nothing(values: str) -> str:
    return f"NOT coalesce(exists({values}, made -> made IS NOT NULL), false)"


def texts(lists: Sequence[str]) -> str:
    whole = lists[0] if len(lists) == 1 else dialect.concat(lists)
    return f"filter({whole}, each -> each IS NOT NULL)"


def shown(values: str) -> str:
    return f"array_join({values}, ', ')"


def count(values: TermSql) -> str:
    if values.many:
        return f"size(filter({values.sql}, made -> made IS NOT NULL))"
    return f"CAST(({values.sql}) IS NOT NULL AS INT)"


def first(values: TermSql) -> str:
    if values.many:
        return f"get(filter({values.sql}, made -> made IS NOT NULL), 0)"
    return values.sql
