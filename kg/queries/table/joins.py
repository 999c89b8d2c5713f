"""Joins of relations: of solutions that agree on the variables that both have.

Spec: https://www.w3.org/TR/sparql11-query/#defn_algCompatibleMapping
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kg.queries.table.relation import Column, Names, Relation, Texts, View, columns_sql

# What the names of variables begin with that have the active graph.
HIDDEN: Final = " graph"


class Joins:
    """Joins relations.

    Args:
        names: Gives names.
        texts: Where the texts of ids are.
    """

    def __init__(self, names: Names, texts: Texts) -> None:
        self._names = names
        self._texts = texts

    def aligned(self, a: Relation, b: Relation) -> tuple[Relation, Relation]:
        """Return two relations whose common variables are both ids, or both text."""
        mixed = [
            name
            for name, column in a.columns.items()
            if name in b.columns and (column.kinds is None) != (b.columns[name].kinds is None)
        ]
        return self.as_text(a, mixed), self.as_text(b, mixed)

    def as_text(self, relation: Relation, names: list[str]) -> Relation:
        """Return a relation with variables as text."""
        wanted = [name for name in names if relation.columns[name].kinds is not None]
        if not wanted:
            return relation
        view = View(relation, self._names, self._texts)
        columns = {
            name: replace(column, kinds=None) if name in wanted else column
            for name, column in relation.columns.items()
        }
        items = [
            f"{view.text(relation.columns[name]) if name in wanted else view.value(column)}"
            f" AS {column.name}"
            for name, column in relation.columns.items()
        ]
        extra = [name for name, _ in relation.order if name in relation.names]
        own = {column.name for column in columns.values()}
        items += [f"{view.alias}.{name} AS {name}" for name in extra if name not in own]
        return Relation(view.select(items), columns, relation.order)

    def join(self, a: Relation, b: Relation, also: tuple[str, ...] = ()) -> Relation:
        """Return the solutions that two relations make together.

        Args:
            a: One relation.
            b: The other.
            also: Columns of the first that are kept beside those of its variables.
        """
        a, b = self.aligned(a, b)
        left, right = self._names.new("a"), self._names.new("b")
        columns, items = merged(a, b, left, right)
        items = ", ".join([items, *(f"{left}.{name}" for name in also)])
        on = compatible(a, b, left, right)
        sql = f"SELECT {items} FROM ({a.sql}) AS {left}, ({b.sql}) AS {right}"
        return Relation(sql + (f" WHERE {on}" if on else ""), columns)

    def union(self, a: Relation, b: Relation) -> Relation:
        """Return the solutions of both relations."""
        a, b = self.aligned(a, b)
        names = list(dict.fromkeys([*a.columns, *b.columns]))
        columns = {}
        for name in names:
            found = [each.columns[name] for each in (a, b) if name in each.columns]
            texts = found[0].kinds is None
            kinds = None if texts else frozenset().union(*(each.kinds or () for each in found))
            bound = len(found) == 2 and all(each.bound for each in found)
            stored = all(each.stored for each in found)
            columns[name] = Column(found[0].name, kinds, bound, stored)
        sides = []
        for each in (a, b):
            items = [
                each.columns[name].name
                if name in each.columns
                else f"NULL::{'VARCHAR' if columns[name].kinds is None else 'BIGINT'}"
                f" AS {columns[name].name}"
                for name in names
            ]
            sides.append(f"SELECT {', '.join(items) or '1 AS one'} FROM ({each.sql})")
        return Relation(f"({sides[0]}) UNION ALL ({sides[1]})", columns)

    def minus(self, a: Relation, b: Relation) -> Relation:
        """Return the solutions of the first that none of the second is like."""
        shared = [n for n in a.columns if n in b.columns and not n.startswith(HIDDEN)]
        if not shared:
            return a
        a, b = self.aligned(a, b)
        left, right = self._names.new("a"), self._names.new("b")
        on = compatible(a, b, left, right)
        if not any(a.columns[name].bound and b.columns[name].bound for name in shared):
            both = (
                f"({left}.{a.columns[n].name} IS NOT NULL AND {right}.{b.columns[n].name}"
                " IS NOT NULL)"
                for n in shared
            )
            on = f"{on} AND ({' OR '.join(both)})"
        items = columns_sql(a.names, left)
        source = f"SELECT {items} FROM ({a.sql}) AS {left}"
        if all(a.columns[name].bound and b.columns[name].bound for name in shared):
            # Written as NOT EXISTS, what is asked within the second would be asked for each row.
            return Relation(f"{source} ANTI JOIN ({b.sql}) AS {right} ON {on}", a.columns, a.order)
        sql = f"{source} WHERE NOT EXISTS (SELECT 1 FROM ({b.sql}) AS {right} WHERE {on})"
        return Relation(sql, a.columns, a.order)


def merged(
    a: Relation, b: Relation, left: str, right: str, *, optional: bool = False
) -> tuple[dict[str, Column], str]:
    """Return the columns of a join, and the items of its SELECT."""
    columns, items = dict(a.columns), []
    for name, column in a.columns.items():
        other = b.columns.get(name)
        if other is None or column.bound:
            if other is not None and not optional and other.bound and column.kinds is not None:
                kinds = column.kinds & (other.kinds or column.kinds) or column.kinds
                stored = column.stored or other.stored
                columns[name] = replace(column, kinds=kinds, stored=stored)
            items.append(f"{left}.{column.name} AS {column.name}")
        else:
            both = None if column.kinds is None else column.kinds | (other.kinds or frozenset())
            bound, stored = other.bound and not optional, column.stored and other.stored
            columns[name] = Column(column.name, both, bound, stored)
            items.append(f"coalesce({left}.{column.name}, {right}.{column.name}) AS {column.name}")
    for name, column in b.columns.items():
        if name not in a.columns:
            columns[name] = column.unbound() if optional else column
            items.append(f"{right}.{column.name} AS {column.name}")
    return columns, ", ".join(items) or "1 AS one"


def compatible(a: Relation, b: Relation, left: str, right: str) -> str:
    """Return SQL that says whether two solutions agree on the variables that both have."""
    tests = []
    for name, column in a.columns.items():
        other = b.columns.get(name)
        if other is None:
            continue
        mine, theirs = f"{left}.{column.name}", f"{right}.{other.name}"
        loose = [f"{mine} IS NULL"] * (not column.bound) + [f"{theirs} IS NULL"] * (not other.bound)
        tests.append(
            f"({' OR '.join([f'{mine} = {theirs}', *loose])})" if loose else f"{mine} = {theirs}"
        )
    return " AND ".join(tests)
