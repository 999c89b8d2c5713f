"""Columns of Parquet as texts with the kinds of their natural datatypes, in Spark SQL."""

from __future__ import annotations

from kg.engines.spark.dialect import double_text

_WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})


def column_sql(value: str, kind: str, index: int) -> str:
    """Return the SQL of a column's text and kind.

    Args:
        value: The column.
        kind: Its type, as Spark names it.
        index: Number of the column in the table.
    """
    shown, mark = f"CAST({value} AS STRING)", "NULL"
    if kind in _WHOLE:
        mark = "'i'"
    elif kind in ("float", "double"):
        shown, mark = double_text(shown), "'d'"
    elif kind.startswith("decimal"):
        mark = "'n'"
    elif kind == "boolean":
        mark = "'b'"
    elif kind == "date":
        mark = "'D'"
    elif kind.startswith("timestamp"):
        zone = "" if kind == "timestamp_ntz" else "Z"
        shown, mark = f"concat(replace({shown}, ' ', 'T'), '{zone}')", "'T'"
    elif kind == "binary":
        shown, mark = f"hex({value})", "'h'"
    elif kind != "string":
        shown, mark = f"CAST({value} AS STRING)", "'!'"
    if mark != "NULL":
        mark = f"CASE WHEN {value} IS NOT NULL THEN {mark} END"
    return f"{shown} AS c{index}, CAST({mark} AS STRING) AS t{index}"
