"""Numbers of JSON and YAML that xsd:double cannot hold: they become INF or 0, which is told.

Spec: https://www.w3.org/TR/xmlschema11-2/#double
"""

from __future__ import annotations

from typing import Final

import duckdb

from kg.duck import sql_name
from kg.engines.loaded import LoadedTable, locate
from kg.mapping.plan import Formulation
from kg.mapping.source_table import Column
from kg.wording import counted

# Characters of a number that messages show.
_SHOWN: Final = 40
# Characters up to which a number without an exponent is within the range.
_PLAIN: Final = 300
# Columns that one query looks through.
_AT_ONCE: Final = 50


def beyond_double(connection: duckdb.DuckDBPyConnection, loaded: LoadedTable) -> list[str]:
    """Return a note for each reference that has numbers too large or too small for xsd:double."""
    if loaded.table.source.formulation not in (Formulation.JSON, Formulation.YAML):
        return []
    notes = []
    typed = _with_doubles(connection, loaded)
    for start in range(0, len(typed), _AT_ONCE):
        some = typed[start : start + _AT_ONCE]
        counts = ", ".join(f"count({_first(column)})" for column in some)
        row = connection.execute(f"SELECT {counts} FROM {sql_name(loaded.table.name)}").fetchone()
        assert row is not None
        found = zip(some, row, strict=True)
        notes += [_note(connection, loaded, column, n) for column, n in found if n]
    return notes


def _with_doubles(connection: duckdb.DuckDBPyConnection, loaded: LoadedTable) -> list[Column]:
    """Return the columns that have doubles: looking at their size takes DuckDB long to plan."""
    typed = [column for column in loaded.table.columns if column.typed]
    found: list[Column] = []
    for start in range(0, len(typed), _AT_ONCE):
        some = typed[start : start + _AT_ONCE]
        asked = ", ".join(f"bool_or({_has_double(column)})" for column in some)
        row = connection.execute(f"SELECT {asked} FROM {sql_name(loaded.table.name)}").fetchone()
        assert row is not None
        found += [column for column, has in zip(some, row, strict=True) if has]
    return found


def _has_double(column: Column) -> str:
    if column.many:
        return f"list_contains(list_transform(c{column.index}, lambda e: e.t), 'd')"
    return f"t{column.index} = 'd'"


def _note(
    connection: duckdb.DuckDBPyConnection, loaded: LoadedTable, column: Column, count: int
) -> str:
    first = _first(column)
    row = connection.execute(
        f"SELECT file, record, {first} FROM {sql_name(loaded.table.name)}"
        f" WHERE {first} IS NOT NULL ORDER BY file, record LIMIT 1"
    ).fetchone()
    assert row is not None
    file, record, text = row
    number = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    place = locate(loaded, file, record, column.reference)
    more = "" if count == 1 else f", in {counted(count, 'record')}"
    return (
        f"{place}: {number} is beyond the range of xsd:double, and becomes INF or 0{more}; give the"
        " value the datatype xsd:decimal or xsd:string to keep what it says"
    )


def _first(column: Column) -> str:
    """Return the SQL of the first such number of a record; NULL if it has none."""
    if not column.many:
        return (
            f"CASE WHEN {_beyond(f'c{column.index}', f't{column.index}')} THEN c{column.index} END"
        )
    return f"list_filter(c{column.index}, lambda e: {_beyond('e.v', 'e.t')})[1].v"


def _beyond(text: str, kind: str) -> str:
    number = f"TRY_CAST({text} AS DOUBLE)"
    small = f"({number} = 0 AND regexp_matches({text}, '^[-+]?[0.]*[1-9]'))"
    # Few numbers are so long, or have an exponent: the others cost no more than a look.
    may_be = f"({text} LIKE '%e%' OR {text} LIKE '%E%' OR length({text}) > {_PLAIN})"
    return f"({kind} = 'd' AND CASE WHEN {may_be} THEN isinf({number}) OR {small} ELSE false END)"
