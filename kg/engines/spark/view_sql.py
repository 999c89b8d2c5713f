"""From the steps of a view to Spark SQL: each step is a query over that of the step before.

`kg.mapping.source_table` says what the columns of its rows are called. Beside them a row has what
says which record it is made of (`kg.engines.spark.sources`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.engines.spark import json_sql
from kg.engines.spark.dialect import text, without_nulls
from kg.engines.spark.term_sql import TermPrinter
from kg.mapping.calls import kind_of
from kg.mapping.plan import Expression, Reference
from kg.mapping.source_table import (
    Column,
    FieldDocument,
    FieldIndex,
    FieldItems,
    FieldsThere,
    FieldValues,
    JoinedRows,
    SourceTable,
    ViewRows,
    ViewStep,
)

_NO_KIND: Final = "CAST(NULL AS STRING)"
_PLACE: Final = "kg_p, kg_b, kg_i"


def view_query(table: SourceTable, *, has_files: bool) -> str:
    """Return the query for the columns of a view's table.

    Args:
        table: The table.
        has_files: Whether the records under it have the columns ``file`` and ``record``.
    """
    rows = table.rows
    assert rows is not None
    shown = "* EXCEPT (kg_row), kg_row AS kg_base" if rows.base.is_numbered else "*"
    query = f"SELECT {shown} FROM {rows.base.name}"
    for step in rows.steps:
        query = _step(step, query, rows, table.source.nulls or ())
    listed = f"{_PLACE}, false AS kg_bad"
    if has_files:
        listed += ", file, record, kg_before"
    for column, number in zip(table.columns, rows.shown, strict=True):
        listed += f", c{number} AS c{column.index}, t{number} AS t{column.index}"
    if rows.is_numbered:
        order = ["kg_base"] if rows.base.is_numbered else ["file", "record"]
        order += [f"i{number}" for number in rows.ordered]
        listed += f", row_number() OVER (ORDER BY {', '.join(order)}) - 1 AS kg_row"
    return f"SELECT {listed} FROM ({query})"


def _step(step: ViewStep, before: str, rows: ViewRows, nulls: Sequence[str]) -> str:
    if isinstance(step, FieldValues):
        return _values(step, before)
    if isinstance(step, FieldItems):
        return _items(step, before, nulls)
    if isinstance(step, FieldIndex):
        return _index(step, before, rows.base)
    if isinstance(step, FieldsThere):
        there = " AND ".join(f"c{number} IS NOT NULL" for number in step.numbers)
        return f"SELECT * FROM ({before}) WHERE {there}"
    assert isinstance(step, JoinedRows)
    return _joined(step, before)


def reads_documents(rows: ViewRows) -> FieldDocument | None:
    """Return the first step that reads texts as documents of another format."""
    return next((step for step in rows.steps if isinstance(step, FieldDocument)), None)


# --- fields -----------------------------------------------------------------------------------


def _values(step: FieldValues, before: str) -> str:
    """Return rows with a field: one for each of its values."""
    number, expression = step.number, step.expression
    many, value, kind = True, f"u{number}", ""
    if isinstance(expression, Reference):
        found = step.scope.column(expression)
        many, made = found.many, f"c{found.index}"
        if many:
            value, kind = f"u{number}.v", f"u{number}.t"
        else:
            kind = f"t{found.index}" if found.typed else _NO_KIND
    else:
        printed = TermPrinter(step.scope).key(expression)
        many, made = printed.many, printed.sql
        if many:
            made = f"filter({made}, x -> x IS NOT NULL)"
    if not many:
        kind = kind or _kind(expression, made)
        index = f"CASE WHEN ({made}) IS NOT NULL THEN 0 END AS i{number}"
        return f"SELECT *, {made} AS c{number}, {kind} AS t{number}, {index} FROM ({before})"
    kind = kind or _kind(expression, value)
    return (
        f"SELECT * EXCEPT (u{number}), {value} AS c{number}, {kind} AS t{number}"
        f" FROM ({_unnested(before, made, number)})"
    )


def _unnested(before: str, listed: str, number: int) -> str:
    """Return a row for each element of a list, with its place; one with NULL if there is none."""
    return f"SELECT *, posexplode_outer({listed}) AS (i{number}, u{number}) FROM ({before})"


def _kind(expression: Expression, value: str) -> str:
    """Return the SQL of the kind of what an expression makes, whose SQL is given."""
    kind = kind_of(expression)
    if kind == "#":
        return f"CASE WHEN {value} RLIKE '^[+-]?[0-9]+$' THEN 'i' ELSE 'd' END"
    return text(kind) if kind else _NO_KIND


def _items(step: FieldItems, before: str, nulls: Sequence[str]) -> str:
    number = step.number
    if not step.document:
        return f"SELECT *, 0 AS i{number} FROM ({before})"
    if step.steps is None:
        listed = f"transform({step.document}, e -> e.v)"
    else:
        listed = json_sql.items(step.document, step.steps)
    shown = [f"u{number} AS j{number}"]
    kept = []
    for column, path in zip(step.values, step.paths, strict=True):
        shown.append(json_sql.columns_sql(f"u{number}", column, path))
        kept += _kept(column, nulls)
    rows = _unnested(before, listed, number)
    rows = f"SELECT * EXCEPT (u{number}), {', '.join(shown)} FROM ({rows})"
    if not kept:
        return rows
    dropped = [f"v{c.index}" for c in step.values if not c.many and not c.is_document]
    dropped += [f"c{c.index}" for c in step.values if c.many and not c.is_document]
    return f"SELECT * EXCEPT ({', '.join(dropped)}), {', '.join(kept)} FROM ({rows})"


def _kept(column: Column, nulls: Sequence[str]) -> list[str]:
    """Return what is shown of the values of a column, without those that stand for none."""
    index = column.index
    if column.is_document:
        return []
    if column.many:
        return [f"{without_nulls(f'c{index}', nulls, many=True)} AS c{index}"]
    return [f"{without_nulls(f'v{index}.v', nulls)} AS c{index}", f"v{index}.t AS t{index}"]


def _index(step: FieldIndex, before: str, base: SourceTable) -> str:
    number, found = step.number, f"i{step.of}"
    if step.of < 0:
        # Records are counted through all files.
        found = "kg_base" if base.is_numbered else "kg_before + record - 1"
    return f"SELECT *, CAST({found} AS STRING) AS c{number}, 'i' AS t{number} FROM ({before})"


# --- joins ------------------------------------------------------------------------------------


def _joined(step: JoinedRows, before: str) -> str:
    own, other = TermPrinter(step.scope), TermPrinter(step.parent)
    number, on = step.number, []
    mine: list[str] = []
    theirs: list[str] = []
    for n, (child, parent) in enumerate(step.keys):
        a, b = own.key(child), other.key(parent)
        mine.append(f"{a.sql} AS x{number}_{n}")
        theirs.append(f"{b.sql} AS y{number}_{n}")
        sides = (f"a.x{number}_{n}", a.many), (f"b.y{number}_{n}", b.many)
        if a.many or b.many:
            listed = ", ".join(name if many else f"array({name})" for name, many in sides)
            on.append(f"arrays_overlap({listed})")
        else:
            on.append(f"{sides[0][0]} = {sides[1][0]}")
    ranked = bool(step.indexed) and not step.is_unique
    mine += [f"monotonically_increasing_id() AS kg_n{number}"] if ranked else []
    children = f"SELECT *, {', '.join(mine)} FROM ({before})"
    parents = _of_parent(step, theirs)
    dropped = ", ".join(each.rpartition(" AS ")[2] for each in mine)
    condition = " AND ".join(on)
    if step.is_inner and not step.fields:
        return (
            f"SELECT * EXCEPT ({dropped}) FROM ({children}) AS a"
            f" LEFT SEMI JOIN ({parents}) AS b ON {condition}"
        )
    shown = f"a.* EXCEPT ({dropped})"
    for field, _ in step.fields:
        place = "0"
        if ranked:
            place = f"row_number() OVER (PARTITION BY a.kg_n{number} ORDER BY b.kg_row) - 1"
        shown += f", b.c{field}, b.t{field}"
        shown += f", CASE WHEN b.c{field} IS NOT NULL THEN {place} END AS i{field}"
    if step.parent.is_numbered:
        shown += f", b.kg_row AS i{number}"
    verb = "JOIN" if step.is_inner else "LEFT JOIN"
    return f"SELECT {shown} FROM ({children}) AS a {verb} ({parents}) AS b ON {condition}"


def _of_parent(step: JoinedRows, keys: Sequence[str]) -> str:
    """Return the rows of a join's parent: keys, and the fields that it adds."""
    printer, parent = TermPrinter(step.parent), step.parent
    rows, shown = parent.name, [*keys]
    for number, expression in step.fields:
        if isinstance(expression, Reference):
            column = parent.column(expression)
            value, kind = f"c{column.index}", f"t{column.index}"
        else:
            made = printer.key(expression)
            value = made.sql
            if made.many:
                rows = f"(SELECT *, explode({value}) AS m{number} FROM {rows})"
                value = f"m{number}"
            kind = _kind(expression, value)
        shown += [f"{value} AS c{number}", f"{kind} AS t{number}"]
    if parent.is_numbered:
        shown.append("kg_row")
    # Rows that differ in other fields alone would only be doubled.
    repeats = parent.rows is not None and not parent.rows.is_flat and not parent.is_numbered
    return f"SELECT {'DISTINCT ' if repeats else ''}{', '.join(shown)} FROM {rows}"
