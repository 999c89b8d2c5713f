"""Which columns tell the records of a table apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

import duckdb

from kg.duck import only_row, sql_name
from kg.peek.model import Column, Kind, Table, Written
from kg.peek.words import folded
from kg.records import dataclass

# Records that are looked at first: most groups of columns that are no key fail there.
_SAMPLE: Final = 20_000
# Columns that a key may have, and that are tried together.
_MOST_PARTS: Final = 4
_MOST_TRIED: Final = 10
# Characters of a value that can stand in a name.
_LONGEST: Final = 100
_SHORT: Final = 40
_NAMED: Final = re.compile(
    r"(.*[ _.-])?(id|key|code|nr|no|num|number|uuid|guid|slug|abbr|symbol|iso|isin|ean|isbn)\d?"
    r"|.*[a-z](ID|Id|Key|Code)|index|row|rowid|rownames|~",
)
_TIMES: Final = re.compile(r"(.*[ _])?(year|month|day|date|week|time|hour|quarter|jahr|datum)s?")
_KINDS: Final = (Kind.TEXT, Kind.INTEGER, Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Key:
    """What tells the records of a table apart.

    Attributes:
        columns: Taken together; none if there is nothing.
        is_sure: Whether their names say that they are a key; it is a guess otherwise.
    """

    columns: tuple[Column, ...]
    is_sure: bool = False


def key_of(connection: duckdb.DuckDBPyConnection, table: Table) -> Key:
    """Return the key of a table that was read: the one that its file declares, or what it shows."""
    declared = tuple(each for name in table.key for each in table.columns if each.name == name)
    # SQLite lets a declared key be NULL.
    if declared and all(each.filled == table.rows > 0 for each in declared):
        return Key(declared, is_sure=True)
    ranked = [(rank, column) for column in table.columns if (rank := _rank(table, column)) < _NONE]
    best = min(ranked, key=lambda each: each[0], default=None)
    if best is not None and best[0] <= _SURE:
        return Key((best[1],), is_sure=True)
    if best is not None and best[0] <= _LIKELY:
        return Key((best[1],))
    several = _several(connection, table)
    if several is not None:
        return several
    return Key((best[1],)) if best is not None else Key(())


# Ranks of a column that is unique.
_SURE: Final = 1
_LIKELY: Final = 3
_NONE: Final = 9


def _rank(table: Table, column: Column) -> int:
    if not column.unique or column.many or not _can_name(column):
        return _NONE
    is_first = column is table.columns[0]
    # pop.csv may have a column pop, which counts people.
    if _is_named(column) or (
        _is_of_table(table, column) and (is_first or column.kind is Kind.TEXT)
    ):
        return 0
    is_plain = column.kind is Kind.TEXT or column.kind is Kind.INTEGER
    if is_first and (column.kind is Kind.TEXT or _is_time(column)):
        return 1
    if is_first and is_plain:
        return 2
    if column.kind is Kind.TEXT and column.longest <= _SHORT:
        return 3
    if _is_time(column) or column.kind is Kind.DATE:
        return 3
    # A measure is unique by accident.
    return 4 if column.kind is Kind.TEXT else _NONE


def _can_name(column: Column) -> bool:
    """Return whether the values of a column can stand in names: no numbers with marks in them."""
    if column.kind is Kind.INTEGER and column.written is not Written.PLAIN:
        return False
    return column.kind in _KINDS and column.longest <= _LONGEST


def _is_named(column: Column) -> bool:
    name = column.name.strip()
    return bool(_NAMED.fullmatch(name) or _NAMED.fullmatch(name.lower()))


def _is_of_table(table: Table, column: Column) -> bool:
    return folded(column.name) == folded(table.name) != ""


def _is_time(column: Column) -> bool:
    return bool(_TIMES.fullmatch(column.name.lower())) or column.kind in (Kind.DATE, Kind.DATETIME)


def _several(connection: duckdb.DuckDBPyConnection, table: Table) -> Key | None:
    """Return the fewest columns that together tell all records apart."""
    usable = [
        column
        for column in table.columns
        if column.filled == table.rows
        and column.distinct > 1
        and not column.many
        and _can_name(column)
    ]
    strong = [
        c for c in usable if c.kind is not Kind.INTEGER or _is_named(c) or _is_of_table(table, c)
    ]
    times = [c for c in usable if c not in strong and _is_time(c)]
    measures = [c for c in usable if c not in strong and c not in times]
    # A number that is neither called a key nor a time comes last: it is unique by accident.
    for tried in ([*strong, *times][:_MOST_TRIED], [*strong, *times, *measures][:_MOST_TRIED]):
        for size in range(2, min(_MOST_PARTS, len(tried)) + 1):
            for group in combinations(tried, size):
                if _tells_apart(connection, table, group):
                    return Key(tuple(c for c in table.columns if c in group))
    return None


def _tells_apart(
    connection: duckdb.DuckDBPyConnection, table: Table, group: Sequence[Column]
) -> bool:
    product = 1
    for column in group:
        product *= column.distinct
    if product < table.rows:
        return False
    name = sql_name(table.sql_name)
    sample = f"(SELECT * FROM {name} LIMIT {_SAMPLE})"
    return _is_distinct(connection, sample, group) and (
        table.rows <= _SAMPLE or _is_distinct(connection, name, group)
    )


def _is_distinct(connection: duckdb.DuckDBPyConnection, rows: str, group: Iterable[Column]) -> bool:
    values = ", ".join(column.sql for column in group)
    query = f"SELECT count(*) = count(DISTINCT ({values})) FROM {rows}"
    return bool(only_row(connection.execute(query))[0])
