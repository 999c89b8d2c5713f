"""Which columns hold keys of other tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import duckdb

from kg.duck import only_row, sql_name
from kg.peek.keys import Key
from kg.peek.model import Column, Kind, Table
from kg.peek.words import folded, words
from kg.records import dataclass

# What share of different values must be keys: with a name that says so, and without.
_NAMED: Final = 0.5
_NAMED_NUMBERS: Final = 0.8
_UNNAMED: Final = 0.95
# Fewer different values, or shorter ones, may be there by accident.
_FEWEST: Final = 3
_SHORTEST: Final = 2
# Names of columns that say nothing of the table.
_GENERAL: Final = frozenset(
    {
        *("id", "key", "code", "name", "no", "nr", "number", "num", "index", "row", "title"),
        *("label", "type", "kind", "year", "date", "value", "rowname", "symbol"),
    }
)
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Link:
    """Columns of a table that hold the key of another, or of the same.

    Attributes:
        table: The table with the columns.
        columns: One for each part of the key.
        target: The table that they lead to.
        values: How many different values there are.
        missing: How many of them are no key there.
        examples: Some of those.
        is_named: Whether the names say that it is a link.
    """

    table: Table
    columns: tuple[Column, ...]
    target: Table
    values: int
    missing: int
    examples: tuple[str, ...]
    is_named: bool


def links_of(
    connection: duckdb.DuckDBPyConnection, keys: Mapping[str, Key], tables: Sequence[Table]
) -> list[Link]:
    """Return the links between tables, at most one for each column.

    Args:
        connection: Where the tables are.
        keys: The key of each table, by its name in SQL.
        tables: The tables.
    """
    found = []
    for table in tables:
        for column in table.columns:
            link = _best(connection, keys, tables, table, column)
            if link is not None:
                found.append(link)
        found += _several(connection, keys, tables, table)
    return [*found, *_of_siblings(connection, keys, tables, found)]


def _of_siblings(
    connection: duckdb.DuckDBPyConnection,
    keys: Mapping[str, Key],
    tables: Sequence[Table],
    links: Sequence[Link],
) -> Iterator[Link]:
    """Yield the links of columns that have too few values, but the name of one that is a link."""
    linked = {id(link.columns[0]) for link in links if len(link.columns) == 1}
    known = {
        (folded(link.columns[0].name), link.columns[0].kind): link.target
        for link in links
        if len(link.columns) == 1 and link.table is not link.target
    }
    for table in tables:
        for column in table.columns:
            target = known.get((folded(column.name), column.kind)) if words(column.name) else None
            if id(column) in linked or target is None or target is table or not column.filled:
                continue
            key = keys[target.sql_name].columns
            link = _counted(connection, table, (column,), target, key, True)
            if link is not None and not link.missing:
                yield link


def _best(
    connection: duckdb.DuckDBPyConnection,
    keys: Mapping[str, Key],
    tables: Sequence[Table],
    table: Table,
    column: Column,
) -> Link | None:
    """Return the link of a column to the table that fits it best; None where none does."""
    candidates = []
    for target in tables:
        key = keys[target.sql_name].columns
        if len(key) != 1 or not _can_link(table, column, target, key[0]):
            continue
        if table is not target and _are_alike(table, target):
            continue
        if _is_twin(keys, tables, table, column, target):
            continue
        named = _is_named(column, target, key[0])
        link = _counted(connection, table, (column,), target, key, named)
        if link is not None and _is_link(link, column):
            share = 1 - link.missing / link.values
            names = _names_table(column, target)
            candidates.append((link.is_named, share, names, -target.rows, link))
    return max(candidates, key=lambda each: each[:4])[4] if candidates else None


def _can_link(table: Table, column: Column, target: Table, key: Column) -> bool:
    is_own_key = table is target and column is key
    return (
        not is_own_key
        and column.kind is key.kind
        and column.kind in (Kind.TEXT, Kind.INTEGER)
        and column.distinct > 0
    )


def _are_alike(table: Table, other: Table) -> bool:
    """Return whether two tables have the same columns, as those of two years: parts of one."""
    return [each.name for each in table.columns] == [each.name for each in other.columns]


def _is_twin(
    keys: Mapping[str, Key],
    tables: Sequence[Table],
    table: Table,
    column: Column,
    target: Table,
) -> bool:
    """Return whether two tables have one key; only the later one leads to the earlier."""
    is_key = keys[table.sql_name].columns == (column,)
    later = tables.index(table) > tables.index(target)
    return is_key and not (later and target.rows >= table.rows) and not target.rows > table.rows


def _is_named(column: Column, target: Table, key: Column) -> bool:
    own, its, of_table = folded(column.name), folded(key.name), folded(target.name)
    if not own:
        return False  # a name of signs alone is like no other
    if own == its and own not in _GENERAL:
        return True
    last = folded((words(target.name) or [""])[-1])
    if _stems(column) & {of_table, last}:
        return True
    parts = {part.lower() for part in words(column.name)}
    return bool(parts & {of_table, last}) or (
        its != "" and its not in _GENERAL and own.endswith(its)
    )


def _names_table(column: Column, target: Table) -> bool:
    """Return whether a column is called as a whole table: TrackId leads to Track first."""
    return folded(target.name) in _stems(column)


def _stems(column: Column) -> set[str]:
    """Return the name of a column, and that without a word for keys."""
    own = folded(column.name)
    return {own, *(own.removesuffix(end) for end in ("id", "key", "code", "nr", "no"))} - {""}


def _is_link(link: Link, column: Column) -> bool:
    share = 1 - link.missing / link.values
    # Another name of each record, such as that in another catalogue, often has the same values.
    if link.table is link.target and 2 * column.distinct > column.filled:
        return False
    if column.kind is Kind.INTEGER:
        return link.is_named and share >= _NAMED_NUMBERS
    if link.is_named:
        return share >= _NAMED
    return (
        share >= (_UNNAMED if link.values >= 20 else 1)
        and link.values >= _FEWEST
        and column.longest >= _SHORTEST
    )


def _several(
    connection: duckdb.DuckDBPyConnection,
    keys: Mapping[str, Key],
    tables: Sequence[Table],
    table: Table,
) -> Iterator[Link]:
    """Yield the links by keys of several columns, which have the same names here."""
    by_name = {column.name: column for column in table.columns}
    for target in tables:
        key = keys[target.sql_name].columns
        own = tuple(by_name[part.name] for part in key if part.name in by_name)
        if len(key) < 2 or target is table or len(own) != len(key) or _are_alike(table, target):
            continue
        if any(a.kind is not b.kind for a, b in zip(own, key, strict=True)):
            continue
        if keys[table.sql_name].columns == own and tables.index(target) > tables.index(table):
            continue
        link = _counted(connection, table, own, target, key, True)
        if link is not None and 1 - link.missing / link.values >= _NAMED:
            yield link


def _counted(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: tuple[Column, ...],
    target: Table,
    key: tuple[Column, ...],
    named: bool,
) -> Link | None:
    """Count the values that are a key of the target, and those that are not."""
    own = _values(table, columns)
    its = _values(target, key)
    query = (
        f"WITH own AS (SELECT DISTINCT v FROM ({own}) WHERE v IS NOT NULL),"
        f" rest AS (SELECT v FROM own ANTI JOIN ({its}) AS its USING (v))"
        " SELECT (SELECT count(*) FROM own), (SELECT count(*) FROM rest),"
        f" (SELECT list(v) FROM (SELECT v FROM rest ORDER BY v LIMIT {_EXAMPLES}))"
    )
    values, missing, examples = only_row(connection.execute(query))
    if not values:
        return None
    return Link(table, columns, target, values, missing, tuple(examples or ()), named)


def _values(table: Table, columns: Sequence[Column]) -> str:
    name = sql_name(table.sql_name)
    if len(columns) == 1 and columns[0].many:
        return f"SELECT i.v AS v FROM (SELECT unnest({columns[0].sql}) AS i FROM {name})"
    # Parts that are missing make the whole missing.
    joined = " || '/' || ".join(column.sql for column in columns)
    return f"SELECT {joined} AS v FROM {name}"
