"""Create, count and drop the temporary tables of one validation."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import duckdb

from kg.duck import translated

_serial = itertools.count()


class Session:
    """Runs the statements of one validation, and keeps track of its tables.

    Args:
        connection: From `kg.duck.engine`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._prefix = f"kg_v{next(_serial)}_"
        self._numbers = itertools.count()
        self._made: dict[str, int] = {}

    def name(self, name: str) -> str:
        """Return a table's name within this validation."""
        return self._prefix + name

    def fresh(self, name: str) -> str:
        """Return a name that no other table of this validation has."""
        return f"{self._prefix}{name}{next(self._numbers)}"

    def make(self, name: str, sql: str) -> int:
        """Make a temporary table, and return how many rows it has."""
        rows = int(self.run(f"CREATE TEMP TABLE {name} AS {sql}")[0][0])
        self._made[name] = rows
        return rows

    def put(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> int:
        """Make a temporary table of rows, and return how many there are.

        They are parameters: DuckDB reads hundreds of them in the text of a statement for long.

        Args:
            name: The name of the table.
            columns: The types of its columns by name.
            rows: The rows.
        """
        parts = ", ".join(f"unnest(?::{kind}[]) AS {column}" for column, kind in columns.items())
        lists = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in columns]
        self.run(f"CREATE TEMP TABLE {name} AS SELECT {parts}", lists)
        self._made[name] = len(rows)
        return len(rows)

    def add(self, name: str, sql: str) -> int:
        """Add rows to a table, and return how many."""
        rows = int(self.run(f"INSERT INTO {name} {sql}")[0][0])
        self._made[name] += rows
        return rows

    def has(self, name: str) -> bool:
        """Return whether a table exists."""
        return name in self._made

    def drop(self, names: list[str]) -> None:
        """Drop tables, the last first."""
        for name in reversed(names):
            self.run(f"DROP TABLE {name}")
            del self._made[name]

    def close(self) -> None:
        """Drop all tables."""
        for name in reversed(self._made):
            with suppress(duckdb.Error):
                self._connection.execute(f"DROP TABLE IF EXISTS {name}")

    def count(self, table: str) -> int:
        """Return the number of rows of a table or query; cached for tables of this session."""
        if table in self._made:
            return self._made[table]
        return int(self.run(f"SELECT count(*) FROM {table}")[0][0])

    def run(self, sql: str, parameters: object = None) -> list[Any]:
        """Run a statement, and return its rows.

        Raises:
            LimitError: The memory limit was reached.
            WorldError: The disk failed.
        """
        with translated():
            return self._connection.execute(sql, parameters).fetchall()
