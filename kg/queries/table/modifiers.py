"""Solution modifiers as SQL, and the order of relations.

Spec: https://www.w3.org/TR/sparql11-query/#solutionModifiers
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kg.queries.table.exists import mentioned
from kg.queries.table.relation import (
    Column,
    Names,
    Relation,
    Texts,
    View,
    columns_sql,
    may_escape,
)
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.table.ids import Kind


def projected(
    inner: Relation, variables: Sequence[Variable], name_of: Callable[[str], str]
) -> Relation:
    """Return the solutions with some of their variables.

    Args:
        inner: The solutions.
        variables: The variables, in their order.
        name_of: Returns the column's name of a variable.
    """
    columns, items = {}, []
    for variable in variables:
        column = inner.columns.get(variable.name)
        if column is None:
            column = Column(name_of(variable.name), frozenset({Kind.NODE}), bound=False)
            items.append(f"NULL::BIGINT AS {column.name}")
        else:
            items.append(column.name)
        columns[variable.name] = column
    own = {column.name for column in columns.values()}
    items += [name for name, _ in inner.order if name not in own]
    return Relation(
        f"SELECT {', '.join(items) or '1 AS one'} FROM ({inner.sql})", columns, inner.order
    )


def distinct(inner: Relation, node: algebra.Operator) -> Relation:
    """Return the solutions, each once, in their order: where the first that is like it was.

    Args:
        inner: The solutions.
        node: The operator that they are of.
    """
    names = [column.name for column in inner.columns.values()]
    keys = [name for name, _ in inner.order if name not in names]
    if not keys:
        return replace(inner, sql=f"SELECT DISTINCT {columns_sql(names)} FROM ({inner.sql})")
    if _is_sorted_by_shown(node):  # which solutions that are alike have in common
        listed = ", ".join([*names, *(f"any_value({name}) AS {name}" for name in keys)])
        group = f" GROUP BY {', '.join(names)}" if names else " HAVING count(*) > 0"
        return replace(inner, sql=f"SELECT {listed} FROM ({inner.sql}){group}")
    alike = f"PARTITION BY {', '.join(names)}" if names else ""
    number = f"row_number() OVER ({alike}{order_sql(inner.order)})"
    return replace(inner, sql=f"SELECT * FROM ({inner.sql}) QUALIFY {number} = 1")


def _is_sorted_by_shown(node: algebra.Operator) -> bool:
    """Return whether solutions are sorted by nothing but variables that they show."""
    match node:
        case algebra.Project(algebra.OrderBy(_, keys), shown):
            return mentioned(keys) <= mentioned(shown)
    return False


def cut(inner: Relation, start: int, length: int | None, within: str | None = None) -> Relation:
    """Return so many of the solutions in their order; all that are left without a length.

    Args:
        inner: The solutions.
        start: How many are left out at the start.
        length: How many are kept.
        within: A column; so many are kept for each of its values.
    """
    if within is not None:
        number = f"row_number() OVER (PARTITION BY {within}{order_sql(inner.order)})"
        end = "" if length is None else f" AND {number} <= {start + length}"
        sql = f"SELECT * FROM ({inner.sql}) QUALIFY {number} > {start}{end}"
        return replace(inner, sql=sql)
    limit = "" if length is None else f" LIMIT {length}"
    offset = f" OFFSET {start}" if start else ""
    by = order_sql(inner.order)
    return replace(inner, sql=f"SELECT * FROM ({inner.sql}){by}{limit}{offset}")


def texts_sql(relation: Relation, names: list[str], view: View | None = None) -> str:
    """Return a SELECT of the texts of variables, in the relation's order.

    Args:
        relation: The solutions.
        names: The variables.
        view: A view of the solutions; by default a new one.
    """
    view = view or View(relation, Names(), Texts())
    items = []
    for name in names:
        column = relation.columns.get(name)
        items.append("NULL::VARCHAR" if column is None else view.text(column))
    return _in_order(relation, items, view)


def csv_sql(relation: Relation, names: list[str], view: View) -> str:
    """Return a SELECT of the lines of CSV of variables, in the relation's order.

    Where a term may have escapes, the variables' texts follow. A line with one is NULL, and where
    it is not, they are NULL.

    Args:
        relation: The solutions.
        names: The variables, at least one.
        view: A view of the solutions.
    """
    columns = [relation.columns.get(name) for name in names]
    fields = [f"coalesce({view.field(each)}, '')" if each else "''" for each in columns]
    line = " || ',' || ".join(fields)
    if len(fields) == 1:  # an empty line would be no record for some readers
        line = f"coalesce(nullif({line}, ''), '\"\"')"
    line += " || chr(13) || chr(10)"
    stored = [view.text(each) for each in columns if each and may_escape(each)]
    if not stored:
        return _in_order(relation, [line], view)
    odd = " OR ".join(f"contains({text}, '\\')" for text in stored)
    odd = view.let(f"coalesce({odd}, false)")
    texts = [f"CASE WHEN {odd} THEN {view.text(each)} END" if each else "NULL" for each in columns]
    return _in_order(relation, [f"CASE WHEN NOT {odd} THEN {line} END", *texts], view)


def _in_order(relation: Relation, items: list[str], view: View) -> str:
    order = [(f"{view.alias}.{name}", descending) for name, descending in relation.order]
    return view.select(items) + order_sql(order)


def order_sql(order: tuple[tuple[str, bool], ...] | list[tuple[str, bool]]) -> str:
    """Return an ORDER BY of columns; what has no value comes first, or last if it descends."""
    keys = (
        f"{name} {'DESC NULLS LAST' if descending else 'ASC NULLS FIRST'}"
        for name, descending in order
    )
    return f" ORDER BY {', '.join(keys)}" if order else ""
