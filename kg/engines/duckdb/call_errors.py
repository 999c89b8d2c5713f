"""Calls of functions that DuckDB refuses while a plan runs: which one it is, and for which record.

What is known beforehand is refused where the mapping is read (`kg.mapping.function_constants`). The
rest must not end as a fault of kg's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from kg.duck import first_line, sql_name
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.loaded import LoadedTable, locate
from kg.errors import InputError, Location
from kg.mapping.own_functions import OwnFunction
from kg.mapping.plan import Call, Function, Plan, references
from kg.mapping.walk import placed_calls

# What DuckDB raises about a value, or about an argument that it does not take.
REFUSALS: Final = (
    duckdb.InvalidInputException,
    duckdb.NotImplementedException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
)


def call_error(
    connection: duckdb.DuckDBPyConnection, plan: Plan, loaded: Sequence[LoadedTable]
) -> InputError | None:
    """Return the error for the innermost call that DuckDB refuses; None: it refuses none.

    Args:
        connection: Where the source tables are.
        plan: The plan.
        loaded: The source tables.
    """
    rows = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    there = {row[0] for row in rows}
    tables = [entry for entry in loaded if entry.table.name in there]
    for call, origin in reversed([*placed_calls(plan)]):
        if call.function is Function.LIST or isinstance(call.function, OwnFunction):
            continue
        for entry in tables:
            if not all(each.name in entry.table.by_name for each in references(call)):
                continue
            search = _Search(connection, entry, call)
            said = search.refusal("true")
            if said:
                error = InputError("function-failed", f"{call.function.value} fails: {said}")
                error.location = search.place() or origin.location()
                error.hint = f"The mapping calls it at {origin.location()}."
                return error
    return None


class _Search:
    """Looks for the record whose values DuckDB refuses."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, entry: LoadedTable, call: Call
    ) -> None:
        self.connection = connection
        self.entry = entry
        self.table = sql_name(entry.table.name)
        self.column = " ".join(each.name for each in references(call))
        self.sql = TermPrinter(entry.table).key(call).sql

    def refusal(self, condition: str) -> str:
        """Return why the call of some records is refused; empty: it is not."""
        rows = f"SELECT {self.sql} AS made FROM {self.table} WHERE {condition}"
        try:
            self.connection.execute(
                f"SELECT count(*) FROM ({rows}) WHERE hash(made) = 0"
            ).fetchall()
        except REFUSALS as error:
            return first_line(error)
        return ""

    def place(self) -> Location | None:
        """Return the first record that is refused; None where that does not depend on records."""
        if not self.column or self.refusal("false"):
            return None
        files = self.connection.execute(
            f"SELECT file, min(record), max(record) FROM {self.table} GROUP BY file ORDER BY file"
        ).fetchall()
        for file, first, last in files:
            if not self.refusal(f"file = {file}"):
                continue
            while first < last:
                middle = (first + last) // 2
                is_here = self.refusal(f"file = {file} AND record BETWEEN {first} AND {middle}")
                first, last = (first, middle) if is_here else (middle + 1, last)
            return locate(self.entry, file, first, self.column)
        return None
