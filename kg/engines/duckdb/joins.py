"""Rows of the two sides of a join: their distinct keys, and terms over other columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kg.engines.duckdb.term_sql import TermSql
from kg.mapping.plan import Expression, Reference, Template, TermMap


def numbered_keys(keys: Sequence[TermSql]) -> dict[str, TermSql]:
    """Return the keys of a join with names for their columns."""
    return {f"k{number}": key for number, key in enumerate(keys)}


def or_null(term: TermSql) -> TermSql:
    """Let an empty list be a list of one NULL, so that it takes no record away when unnested."""
    return replace(term, sql=f"coalesce(nullif({term.sql}, []), [NULL])") if term.many else term


def distinct_sql(rows: str, columns: dict[str, TermSql]) -> str:
    """Return a query for the distinct rows of expressions, lists unnested one after another."""
    final = {}
    for name, term in columns.items():
        if term.many:
            rows = f"(SELECT *, unnest({term.sql}) AS m_{name} FROM {rows})"
            final[name] = f"m_{name}"
        else:
            final[name] = term.sql
    shown = ", ".join(f"{sql} AS {name}" for name, sql in final.items())
    return f"SELECT DISTINCT {shown} FROM {rows}"


def with_references(term_map: TermMap, names: Mapping[Expression, Reference]) -> TermMap:
    """Return a term map that takes its values from other references."""
    expression = term_map.expression
    if isinstance(expression, Reference):
        return replace(term_map, expression=names[expression])
    assert isinstance(expression, Template)
    parts = tuple(names[p] if isinstance(p, Reference) else p for p in expression.parts)
    return replace(term_map, expression=Template(parts))
