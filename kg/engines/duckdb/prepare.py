"""What a connection needs before the SQL of a plan can run: macros, and functions of the user's.

Macros of functions that a plan does not call are not created: each takes DuckDB milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import duckdb

from kg.duck import sql_name, translated
from kg.engines.duckdb import dialect
from kg.engines.duckdb.function_macros import FUNCTION_MACROS
from kg.engines.duckdb.function_sql import call_sql, list_sql
from kg.engines.duckdb.loading import drop_table, load_table
from kg.engines.duckdb.own_sql import OwnFailures, own_error, register
from kg.engines.loaded import LoadedTable
from kg.errors import InputError
from kg.mapping.plan import Call, Expression, Function, Lookup, OwnFunction, Plan
from kg.mapping.source_table import Column, SourceTable
from kg.mapping.walk import plan_calls, plan_lookups
from kg.records import dataclass
from kg.sources import Folders

_NAME: Final = re.compile(r"\bkg_\w+")
_MACROS: Final = {macro.partition("(")[0]: macro for macro in FUNCTION_MACROS}
# What literals of numbers are made with.
_ALWAYS: Final = ("kg_number_kind",)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was prepared for a plan.

    Attributes:
        calls: The calls of the plan.
        lookups: The tables that values are looked up in, as they were read.
        failures: What functions of the user's own failed at.
    """

    calls: tuple[Call, ...]
    lookups: tuple[LoadedTable, ...]
    failures: OwnFailures

    def error(
        self, connection: duckdb.DuckDBPyConnection, loaded: Sequence[LoadedTable]
    ) -> InputError | None:
        """Return the error for what a function of the user's own failed at; None: none did."""
        return own_error(connection, self.failures, self.calls, loaded)


def prepare(connection: duckdb.DuckDBPyConnection, plan: Plan, folders: Folders) -> Prepared:
    """Create what the SQL of a plan calls, and read the tables that values are looked up in.

    Args:
        connection: From `kg.duck.engine`.
        plan: The plan.
        folders: Where to find those tables.

    Raises:
        InputError: A table is missing or broken, or lacks a column.
    """
    for macro in dialect.BASIC_MACROS:
        connection.execute(macro)
    calls = tuple(dict.fromkeys(plan_calls(plan)))
    for macro in _needed(_names(calls)):
        connection.execute(f"CREATE OR REPLACE MACRO {macro}")
    own = dict.fromkeys(c.function for c in calls if isinstance(c.function, OwnFunction))
    failures = register(connection, own) if own else OwnFailures()
    lookups = tuple(_load_lookup(connection, each, folders) for each in plan_lookups(plan))
    return Prepared(calls, lookups, failures)


def _load_lookup(
    connection: duckdb.DuckDBPyConnection, lookup: Lookup, folders: Folders
) -> LoadedTable:
    """Read the table of a lookup: the first row of each key, as a table and as a map."""
    references = dict.fromkeys((lookup.key, lookup.found))
    columns = tuple(
        Column(each.name, number, False, False, origin=lookup.source.origin)
        for number, each in enumerate(references)
    )
    name = lookup.sql_name
    table = SourceTable(f"{name}_rows", lookup.source, columns)
    loaded = load_table(connection, table, folders)
    key, found = (table.column(each).index for each in (lookup.key, lookup.found))
    with translated():
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT c{key} AS key,"
            f" arg_min(c{found}, (file, record)) AS found FROM {sql_name(table.name)}"
            f" WHERE c{key} IS NOT NULL AND c{found} IS NOT NULL GROUP BY c{key}"
        )
        connection.execute(
            f"SET VARIABLE {name} = (SELECT map(list(key), list(found)) FROM {name})"
        )
    drop_table(connection, loaded)
    return loaded


def _names(calls: Iterable[Call]) -> set[str]:
    found: set[str] = set()
    for call in calls:
        found |= {*_ALWAYS, *_NAME.findall(_printed(call))}
    return found


def _printed(call: Call) -> str:
    """Return the SQL of a call whose arguments are names."""

    def plain(part: Expression) -> str:
        del part
        return "x"

    if call.function is Function.LIST:
        return ""
    return list_sql(call, plain) if call.function.gives_list else call_sql(call, plain)


def _needed(names: set[str]) -> list[str]:
    """Return the macros of some names, and those that they call, in the order of definition."""
    waiting, found = set(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in _MACROS and name not in found:
            found.add(name)
            waiting |= {*_NAME.findall(_MACROS[name])}
    return [macro for name, macro in _MACROS.items() if name in found]
