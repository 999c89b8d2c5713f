"""Targets whose file each record names: their table is taken apart, one table a file.

Spec: https://rml.io/specs/target/dynamictarget/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import read_parquet, sql_name, sql_text
from kg.engines.duckdb.bad_values import found_rows, placed_all
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.loaded import LoadedTable, locate
from kg.errors import InputError, Location
from kg.mapping.plan import LogicalTarget
from kg.mapping.rules import MapRules, Parent, names
from kg.mapping.targets import (
    file_fault,
    no_file,
    plain_path,
    read_address,
    target_path,
    without_graph,
)
from kg.paths import real_path
from kg.quads import SORT, QuadTable, copy_rows
from kg.rejects import Rejects, current

# More files are hardly meant: a column was taken for another.
_MOST: Final = 10_000


def by_name(
    connection: duckdb.DuckDBPyConnection,
    target: LogicalTarget,
    table: QuadTable,
    maps: Sequence[MapRules],
    loaded: Sequence[LoadedTable],
    taken: frozenset[Path],
) -> Iterator[tuple[LogicalTarget, QuadTable]]:
    """Yield a target for each name that records gave, with its statements.

    Where bad values are left out, names that can be those of no file are.

    Args:
        connection: From `kg.duck.engine`.
        target: The target.
        table: Its statements; what stands for the graph holds the name, too.
        maps: The triples maps of the plan.
        loaded: The source tables.
        taken: Real paths of files that the run reads, or writes something else to.

    Raises:
        InputError: There are too many names, or one can be that of no file.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    rejects = current()
    # By name first, so that a reader of one file skips those of others.
    sorted_path = table.path.with_name(f"named-{table.path.name}")
    copy_rows(connection, f"SELECT s, p, o, g FROM {table.sql} ORDER BY g, {SORT}", sorted_path)
    rows = QuadTable(sorted_path).sql
    found = connection.execute(f"SELECT DISTINCT g FROM {rows} ORDER BY g LIMIT {_MOST + 1}")
    found_names: dict[str, dict[str, str | None]] = {}
    addresses = [address for (address,) in found.fetchall()]
    if len(addresses) > _MOST:
        raise InputError(
            "unsupported-mapping",
            f"records give the target {target.path} more than {_MOST:,} names",
            location=target.origin.location(),
            hint="Name it by a value that fewer records have of their own.",
        )
    for address in addresses:
        name, graph = read_address(address)
        found_names.setdefault(plain_path(name), {})[address] = graph
    for number, (name, graphs) in enumerate(found_names.items()):
        file = replace(target, path=name, name=None)
        fault = file_fault(file)
        if rejects is not None and not fault and real_path(target_path(file)) in taken:
            fault = "the run reads it, or writes something else there"
        if fault:
            records = _Records(connection, target, graphs, maps, loaded)
            if rejects is None:
                hint = f"Mend the value, or {target.origin.location()}."
                raise no_file(file, fault, records.first(), hint)
            records.note(rejects, name, no_file(file, fault, None, "").message)
            continue
        cases = " ".join(
            f"WHEN {sql_text(address)} THEN {sql_text(f'<{graph}>')}"
            for address, graph in graphs.items()
            if graph is not None
        )
        place = f"CASE g {cases} END" if cases else "NULL::VARCHAR"
        these = ", ".join(map(sql_text, graphs))
        path = table.path.with_name(f"named{number}-{table.path.name}")
        own = f"SELECT s, p, o, {place} AS g FROM {rows} WHERE g IN ({these})"
        copy_rows(connection, f"SELECT * FROM ({own}) ORDER BY {SORT}", path)
        yield file, QuadTable(path)


class _Records:
    """The records that give a name.

    Args:
        connection: From `kg.duck.engine`.
        target: The target.
        addresses: What stands for the name and a graph.
        maps: The triples maps of the plan.
        loaded: The source tables.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        target: LogicalTarget,
        addresses: Iterable[str],
        maps: Sequence[MapRules],
        loaded: Sequence[LoadedTable],
    ) -> None:
        self.connection = connection
        self.target = target
        self.wanted = [*dict.fromkeys(map(without_graph, addresses))]
        self.maps = maps
        self.tables = {entry.table.name: entry for entry in loaded}

    def queries(self) -> Iterator[tuple[LoadedTable, str, str | None]]:
        """Yield for each table with such records a query for them, and their column."""
        wanted = ", ".join(map(sql_text, self.wanted))
        for rules in self.maps:
            for loss in rules.losses.losses:
                if (
                    loss.what != "target"
                    or loss.origin != self.target.origin
                    or isinstance(loss.term, Parent)
                ):
                    continue
                made = TermPrinter(rules.table).term(loss.term)
                there = f"{made.sql} IN ({wanted})"
                if made.many:
                    there = f"list_has_any({made.sql}, [{wanted}])"
                sql = f"SELECT file, record FROM {sql_name(rules.table.name)} WHERE {there}"
                yield self.tables[rules.table.name], sql, next(iter(names(loss.term)), None)

    def first(self) -> Location:
        """Return the place of the first; that of the target if none is found."""
        for entry, sql, column in self.queries():
            row = self.connection.execute(f"{sql} ORDER BY file, record LIMIT 1").fetchone()
            if row is not None:
                return locate(entry, row[0], row[1], column)
        return self.target.origin.location()

    def note(self, rejects: Rejects, name: str, reason: str) -> None:
        """Note all of them."""
        for entry, sql, column in self.queries():
            key = ("no target", self.target, entry.table.source, column, name)
            with rejects.noting(*key, of_records=False) as note:
                rows = found_rows(
                    self.connection, f"SELECT *, {sql_text(name)} AS value FROM ({sql})"
                )
                for place, value in placed_all(entry, rows, column):
                    note(place, value, reason)


def merged(connection: duckdb.DuckDBPyConnection, tables: Sequence[QuadTable]) -> QuadTable:
    """Return the statements of one file, to which several targets may have led.

    Args:
        connection: From `kg.duck.engine`.
        tables: Those of each.
    """
    if len(tables) == 1:
        return tables[0]
    path = tables[0].path.with_name(f"merged-{tables[0].path.name}")
    rows = read_parquet(*(file for table in tables for file in table.files))
    copy_rows(connection, f"SELECT DISTINCT s, p, o, g FROM {rows} ORDER BY {SORT}", path)
    return QuadTable(path)
