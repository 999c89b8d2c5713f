"""A stand-in for the databases that mappings of the European Union Agency for Railways query.

It is an SQLite file whose tables are made of the queries: SQLite says which table or column is
missing, and it is added. Columns that a query compares with constants hold these; those that it
joins by hold the same everywhere, so that rows are found; others hold their name and a number.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

_NAME = r"\[?([A-Za-z_]\w*)\]?"
_JOINED = re.compile(rf"{_NAME}\.{_NAME}\s*=\s*{_NAME}\.{_NAME}")
_COMPARED = re.compile(
    rf"{_NAME}\.{_NAME}\s*(?:=\s*|in\s*\()((?:'[^']*'|\d+)(?:\s*,\s*(?:'[^']*'|\d+))*)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    rf"(?:from|join|,)\s+(?:RINF|ERATV)\.dbo\.{_NAME}(?:\s+(?:as\s+)?(?!where|on|inner|left|join)"
    rf"{_NAME})?",
    re.IGNORECASE,
)
_FAULT = re.compile(r"(no such table|no such column|ambiguous column name): (.+)")
ROWS = 2


def for_sqlite(text: str) -> str:
    """Return a query, or a mapping, for SQLite, which has no databases within databases."""
    return re.sub(r"\b(?:RINF|ERATV)\.dbo\.", "", text, flags=re.IGNORECASE)


def queries_of(mapping: Mapping[str, object]) -> Iterator[str]:
    """Yield the queries of a mapping document."""
    for each in mapping["mappings"].values():  # type: ignore[attr-defined]
        yield from (source["query"] for source in each["sources"] if isinstance(source, dict))


class StandIn:
    """The tables that queries need.

    Args:
        queries: The queries, as the mapping has them.
    """

    def __init__(self, queries: Sequence[str]) -> None:
        self.queries = queries
        self.columns: dict[str, set[str]] = {}
        self.guessed: set[tuple[str, str]] = set()
        self.joined: set[tuple[str, str]] = set()
        self.constants: dict[tuple[str, str], set[str]] = {}
        for query in queries:
            self._look(query, self._tables(query))

    def _tables(self, query: str) -> dict[str, str]:
        return {(alias or table).lower(): table.lower() for table, alias in _TABLE.findall(query)}

    def _look(self, query: str, tables: Mapping[str, str]) -> None:
        for first, a, second, b in _JOINED.findall(query):
            for alias, column in ((first, a), (second, b)):
                self.joined.add((tables.get(alias.lower(), alias.lower()), column.lower()))
        for alias, column, constants in _COMPARED.findall(query):
            key = tables.get(alias.lower(), alias.lower()), column.lower()
            found = re.findall(r"'([^']*)'|(\d+)", constants)
            self.constants.setdefault(key, set()).update(text or number for text, number in found)

    def write(self, path: Path) -> None:
        """Write the tables to a file."""
        before = None
        while before != self.columns:  # a column may be found to be another table's
            before = {table: set(columns) for table, columns in self.columns.items()}
            for query in self.queries:
                self._complete(query)
        with closing(sqlite3.connect(path)) as database, database:
            for table, columns in self.columns.items():
                self._create(database, table, sorted(columns))

    def _complete(self, query: str) -> None:
        tables = self._tables(query)
        for _ in range(200):
            with closing(sqlite3.connect(":memory:")) as database:
                for table, columns in self.columns.items():
                    names = ", ".join(f"[{name}]" for name in sorted(columns))
                    database.execute(f"CREATE TABLE [{table}] ({names})")
                try:
                    database.execute(for_sqlite(query))
                except sqlite3.OperationalError as error:
                    fault = _FAULT.fullmatch(str(error))
                    if fault is None:
                        raise
                    self._mend(fault[1], fault[2].lower(), tables)
                else:
                    return
        raise AssertionError(query)

    def _mend(self, fault: str, name: str, tables: Mapping[str, str]) -> None:
        if fault == "no such table":
            self.columns[name] = {"id"}
        elif fault == "no such column":
            alias, _, column = name.rpartition(".")
            table = tables.get(alias) or next(iter(tables.values()))
            self.columns.setdefault(table, {"id"}).add(column)
            if not alias:
                self.guessed.add((table, column))
        else:  # another query says whose column it is
            for table, column in [each for each in self.guessed if each[1] == name]:
                self.columns[table].discard(column)
                self.guessed.discard((table, column))

    def _create(self, database: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
        names = ", ".join(f"[{name}]" for name in columns)
        database.execute(f"CREATE TABLE [{table}] ({names})")
        marks = ", ".join("?" * len(columns))
        options = [sorted(self.constants.get((table, name), ())) or [""] for name in columns]
        for number, chosen in enumerate(itertools.islice(itertools.product(*options), 500)):
            for copy in range(ROWS):
                values = [
                    self._value(table, name, constant, number * ROWS + copy)
                    for name, constant in zip(columns, chosen, strict=True)
                ]
                database.execute(f"INSERT INTO [{table}] VALUES ({marks})", values)

    def _value(self, table: str, column: str, constant: str, number: int) -> object:
        if constant:
            return int(constant) if constant.isdecimal() else constant
        is_key = column.endswith("id") and column not in ("uopid", "uuid")
        if (table, column) in self.joined or is_key:
            return 1
        if column in ("latitude", "longitude", "kilometer"):
            return number + 0.5
        return f"{column} é{number % 3}"
