"""From the steps of a view to the SQL that makes its rows.

Each step is a query over that of the step before. `kg.mapping.source_table` says what its columns
are called.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg.engines.duckdb.json_sql import columns_within, items_within, value_of
from kg.engines.duckdb.term_sql import TermPrinter
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
from kg.sql import sql_name, sql_text


class ViewSql:
    """The query of a view, made one step after another.

    Args:
        rows: How the view's rows are made.
        nulls: Texts that stand for no value.
        named: Receives the queries by names, for people to read; None: one is inside the next.
    """

    def __init__(
        self, rows: ViewRows, nulls: Sequence[str], named: list[str] | None = None
    ) -> None:
        self.rows = rows
        self.nulls = nulls
        self.named = named
        # Columns that no step has needed yet: one query adds them together.
        self.added: list[str] = []
        name = sql_name(rows.base.name)
        shown = "* EXCLUDE (kg_row), kg_row AS kg_base" if rows.base.is_numbered else "*"
        self.before = self._over(f"SELECT {shown} FROM {name}")

    def add(self, step: ViewStep) -> None:
        """Add a step; documents are a function of the row, for people to read."""
        if isinstance(step, FieldValues) and (columns := _value(step)):
            self.added += columns
            return
        if isinstance(step, FieldItems) and not step.document:
            self.added.append(f"0 AS i{step.number}")
            return
        if isinstance(step, FieldDocument):
            read = f"kg_document({step.of}, '{step.formulation.value}')"
            self.set(f"SELECT *, {read} AS d{step.number} FROM ({self.query})")
        else:
            self.set(self._step(step, self.query))

    @property
    def query(self) -> str:
        """The query of all steps so far."""
        if self.added:
            added, self.added = ", ".join(self.added), []
            self.before = self._over(f"SELECT *, {added} FROM ({self.before})")
        return self.before

    def set(self, query: str) -> None:
        """Go on with another query, which is over that of the steps so far."""
        self.before = self._over(query)

    def _over(self, query: str) -> str:
        if self.named is None:
            return query
        self.named.append(query)
        return f"FROM r{len(self.named)}"

    def _step(self, step: ViewStep, before: str) -> str:
        if isinstance(step, FieldValues):
            return _values(step, before)
        if isinstance(step, FieldItems):
            return _items(step, before, self.nulls)
        if isinstance(step, FieldIndex):
            return _index(step, before, self.rows.base)
        if isinstance(step, FieldsThere):
            there = " AND ".join(f"c{number} IS NOT NULL" for number in step.numbers)
            return f"SELECT * FROM ({before}) WHERE {there}"
        assert isinstance(step, JoinedRows)
        return _joined(step, before)


def shown_sql(table: SourceTable, before: str) -> str:
    """Return the query for the columns of a view's table."""
    rows = table.rows
    assert rows is not None
    shown = "".join(
        f", c{number} AS c{column.index}, t{number} AS t{column.index}"
        for column, number in zip(table.columns, rows.shown, strict=True)
    )
    if rows.is_numbered:
        order = ["kg_base"] if rows.base.is_numbered else ["file", "record"]
        order += [f"i{number}" for number in rows.ordered]
        shown += f", row_number() OVER (ORDER BY {', '.join(order)}) - 1 AS kg_row"
    return f"SELECT file, record{shown} FROM ({before})"


def explained_view(table: SourceTable) -> str:
    """Return the query for a view's table as people may read it."""
    rows, named = table.rows, list[str]()
    assert rows is not None
    made = ViewSql(rows, table.source.nulls or (), named)
    for step in rows.steps:
        made.add(step)
    last = shown_sql(table, made.query)
    queries = ",\n".join(f"r{number} AS ({query})" for number, query in enumerate(named, 1))
    return f"WITH {queries}\n{last}"


# --- fields -----------------------------------------------------------------------------------


def _value(step: FieldValues) -> list[str]:
    """Return the columns of a field of one value; none if it may have several."""
    number, column, expression = step.number, step.document, step.expression
    if column is not None:
        if column.many:
            return []
        text, kind = value_of(f"c{column.index}")
        return [f"c{column.index} AS j{number}", *_columns(number, text, kind)]
    if isinstance(expression, Reference):
        found = step.scope.column(expression)
        kind = f"t{found.index}" if found.typed else "NULL::VARCHAR"
        return [] if found.many else _columns(number, f"c{found.index}", kind)
    made = TermPrinter(step.scope).key(expression)
    return [] if made.many else _columns(number, made.sql, _kind(expression, made.sql))


def _columns(number: int, text: str, kind: str) -> list[str]:
    index = f"CASE WHEN ({text}) IS NOT NULL THEN 0 END AS i{number}"
    return [f"{text} AS c{number}", f"{kind} AS t{number}", index]


def _kind(expression: Expression, text: str) -> str:
    """Return the SQL of the kind of what an expression makes, whose SQL is given."""
    kind = kind_of(expression)
    if kind == "#":
        return f"kg_number_kind({text})"
    return sql_text(kind) if kind else "NULL::VARCHAR"


def _values(step: FieldValues, before: str) -> str:
    """Return rows with a field of several values."""
    number, column, expression = step.number, step.document, step.expression
    if column is not None:
        text, kind = value_of(f"j{number}")
        rows = _unnested(before, f"c{column.index}", "e.v", number)
        rows = f"SELECT * EXCLUDE (u), u.x AS j{number}, u.i AS i{number} FROM ({rows})"
        return f"SELECT *, {text} AS c{number}, {kind} AS t{number} FROM ({rows})"
    text, kind = "u.x", _kind(expression, "u.x")
    if isinstance(expression, Reference):
        found = step.scope.column(expression)
        text, kind = "u.x.v", "u.x.t" if found.typed else kind
        listed = f"c{found.index}"
    else:
        made = TermPrinter(step.scope).key(expression)
        listed = f"list_filter({made.sql}, lambda x: x IS NOT NULL)"
    rows = _unnested(before, listed, "e", number)
    return (
        f"SELECT * EXCLUDE (u), {text} AS c{number}, {kind} AS t{number}, u.i AS i{number}"
        f" FROM ({rows})"
    )


def _unnested(before: str, listed: str, kept: str, number: int) -> str:
    """Return a row for each element of a list: ``u.x`` it, ``u.i`` its place, or ``u`` is NULL.

    Args:
        before: The rows.
        listed: The list, as SQL.
        kept: What is kept of an element ``e``, as SQL.
        number: The number of the field.
    """
    each = f"list_transform(l{number}, lambda e, i: {{'x': {kept}, 'i': i - 1}})"
    padded = f"CASE WHEN len(l{number}) > 0 THEN {each} ELSE [NULL] END"
    rows = f"SELECT *, {listed} AS l{number} FROM ({before})"
    return f"SELECT * EXCLUDE (l{number}), unnest({padded}) AS u FROM ({rows})"


def _items(step: FieldItems, before: str, nulls: Sequence[str]) -> str:
    number = step.number
    if step.steps is None:
        rows = _unnested(before, step.document, "e.v", number)
    else:
        rows = _unnested(before, items_within(step.document, step.steps), "e", number)
    rows = f"SELECT * EXCLUDE (u), u.x AS j{number}, u.i AS i{number} FROM ({rows})"
    made = columns_within(rows, f"j{number}", step.values, step.paths)
    kept = [_not_null(column, nulls) for column in step.values if not column.is_document]
    return f"SELECT * REPLACE ({', '.join(kept)}) FROM ({made})" if nulls and kept else made


def _not_null(column: Column, nulls: Sequence[str]) -> str:
    """Take the values that stand for none out of a column."""
    name, listed = f"c{column.index}", ", ".join(map(sql_text, nulls))
    if column.many:
        return f"list_filter({name}, lambda e: e.v NOT IN ({listed})) AS {name}"
    return f"CASE WHEN {name} IN ({listed}) THEN NULL ELSE {name} END AS {name}"


def _index(step: FieldIndex, before: str, base: SourceTable) -> str:
    number, found = step.number, f"i{step.of}"
    if step.of < 0 and base.is_numbered:
        found = "kg_base"
    elif step.of < 0:
        # Records are counted through all files.
        files = f"SELECT file AS f, max(record) AS n FROM {sql_name(base.name)} GROUP BY file"
        earlier = f"SELECT sum(n) FROM ({files}) WHERE f < rows.file"
        found = f"(record - 1 + coalesce(({earlier}), 0))"
    return (
        f"SELECT *, CAST({found} AS VARCHAR) AS c{number}, 'i' AS t{number} FROM ({before}) AS rows"
    )


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
        if a.many or b.many:
            sides = (f"a.x{number}_{n}", a.many), (f"b.y{number}_{n}", b.many)
            listed = ", ".join(name if many else f"[{name}]" for name, many in sides)
            on.append(f"list_has_any({listed})")
        else:
            on.append(f"a.x{number}_{n} = b.y{number}_{n}")
    indexed = bool(step.indexed) and not step.is_unique
    mine += [f"row_number() OVER () AS kg_n{number}"] if indexed else []
    child_rows = f"SELECT *, {', '.join(mine)} FROM ({before})"
    parent_rows = _of_parent(step, theirs)
    dropped = [each.rpartition(" AS ")[2] for each in mine]
    shown = f"a.* EXCLUDE ({', '.join(dropped)})"
    condition = " AND ".join(on)
    if step.is_inner and not step.fields:
        return (
            f"SELECT {shown} FROM ({child_rows}) AS a SEMI JOIN ({parent_rows}) AS b ON {condition}"
        )
    for field, _ in step.fields:
        place = "0"
        if indexed:
            place = f"row_number() OVER (PARTITION BY a.kg_n{number} ORDER BY b.kg_row) - 1"
        shown += f", b.c{field}, b.t{field}"
        shown += f", CASE WHEN b.c{field} IS NOT NULL THEN {place} END AS i{field}"
    if step.parent.is_numbered:
        shown += f", b.kg_row AS i{number}"
    verb = "JOIN" if step.is_inner else "LEFT JOIN"
    return f"SELECT {shown} FROM ({child_rows}) AS a {verb} ({parent_rows}) AS b ON {condition}"


def _of_parent(step: JoinedRows, keys: Sequence[str]) -> str:
    """Return the rows of a join's parent: keys, and the fields that it adds."""
    printer, parent = TermPrinter(step.parent), step.parent
    rows, shown = sql_name(parent.name), [*keys]
    for number, expression in step.fields:
        if isinstance(expression, Reference):
            column = parent.column(expression)
            text, kind = f"c{column.index}", f"t{column.index}"
        else:
            made = printer.key(expression)
            text = made.sql
            if made.many:
                rows = f"(SELECT *, unnest({text}) AS m{number} FROM {rows})"
                text = f"m{number}"
            kind = _kind(expression, text)
        shown += [f"{text} AS c{number}", f"{kind} AS t{number}"]
    if parent.is_numbered:
        shown.append("kg_row")
    # Rows that differ in other fields alone would only be doubled.
    repeats = parent.rows is not None and not parent.rows.is_flat and not parent.is_numbered
    return f"SELECT {'DISTINCT ' if repeats else ''}{', '.join(shown)} FROM {rows}"
