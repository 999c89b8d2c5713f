"""Targets whose file each record names: their table is taken apart, one table a file.

Spec: https://rml.io/specs/target/dynamictarget/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import read_parquet, sql_name, sql_text
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.loaded import LoadedTable, locate
from kg.errors import InputError, Location
from kg.mapping.plan import LogicalTarget
from kg.mapping.rules import MapRules, Parent, names
from kg.mapping.targets import file_fault, no_file, read_address, without_graph
from kg.quads import SORT, QuadTable, copy_rows

# More files are hardly meant: a column was taken for another.
_MOST: Final = 10_000


def by_name(
    connection: duckdb.DuckDBPyConnection,
    target: LogicalTarget,
    table: QuadTable,
    maps: Sequence[MapRules],
    loaded: Sequence[LoadedTable],
) -> Iterator[tuple[LogicalTarget, QuadTable]]:
    """Yield a target for each name that records gave, with its statements.

    Args:
        connection: From `kg.duck.engine`.
        target: The target.
        table: Its statements; what stands for the graph holds the name, too.
        maps: The triples maps of the plan.
        loaded: The source tables.

    Raises:
        InputError: There are too many names, or one can be that of no file.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
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
        found_names.setdefault(name, {})[address] = graph
    for number, (name, graphs) in enumerate(found_names.items()):
        file = replace(target, path=name, name=None)
        fault = file_fault(file)
        if fault:
            record = _first_record(connection, target, min(graphs), maps, loaded)
            raise no_file(file, fault, record, f"Mend the value, or {target.origin.location()}.")
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


def _first_record(
    connection: duckdb.DuckDBPyConnection,
    target: LogicalTarget,
    address: str,
    maps: Sequence[MapRules],
    loaded: Sequence[LoadedTable],
) -> Location:
    """Return the place of the first record that gives a name; that of the target if none is found.

    Args:
        connection: From `kg.duck.engine`.
        target: The target.
        address: What stands for the name and a graph.
        maps: The triples maps of the plan.
        loaded: The source tables.
    """
    tables = {entry.table.name: entry for entry in loaded}
    wanted = sql_text(without_graph(address))
    for rules in maps:
        for loss in rules.losses.losses:
            if (
                loss.what != "target"
                or loss.origin != target.origin
                or isinstance(loss.term, Parent)
            ):
                continue
            made = TermPrinter(rules.table).term(loss.term)
            here = f"list_contains({made.sql}, {wanted})" if made.many else f"{made.sql} = {wanted}"
            row = connection.execute(
                f"SELECT file, record FROM {sql_name(rules.table.name)} WHERE {here}"
                " ORDER BY file, record LIMIT 1"
            ).fetchone()
            if row is not None:
                return locate(
                    tables[rules.table.name], row[0], row[1], next(iter(names(loss.term)), None)
                )
    return target.origin.location()


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
