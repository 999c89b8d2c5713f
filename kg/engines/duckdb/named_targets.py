"""Targets whose file each record names: their table is taken apart, one table a file.

Spec: https://rml.io/specs/target/dynamictarget/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import read_parquet, sql_text
from kg.errors import InputError
from kg.mapping.plan import LogicalTarget
from kg.mapping.targets import read_address
from kg.quads import SORT, QuadTable, copy_rows

# More files are hardly meant: a column was taken for another.
_MOST: Final = 10_000


def by_name(
    connection: duckdb.DuckDBPyConnection, target: LogicalTarget, table: QuadTable
) -> Iterator[tuple[LogicalTarget, QuadTable]]:
    """Yield a target for each name that records gave, with its statements.

    Args:
        connection: From `kg.duck.engine`.
        target: The target.
        table: Its statements; what stands for the graph holds the name, too.

    Raises:
        InputError: There are too many names.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    # By name first, so that a reader of one file skips those of others.
    sorted_path = table.path.with_name(f"named-{table.path.name}")
    copy_rows(connection, f"SELECT s, p, o, g FROM {table.sql} ORDER BY g, {SORT}", sorted_path)
    rows = QuadTable(sorted_path).sql
    found = connection.execute(f"SELECT DISTINCT g FROM {rows} ORDER BY g LIMIT {_MOST + 1}")
    names: dict[str, dict[str, str | None]] = {}
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
        names.setdefault(name, {})[address] = graph
    for number, (name, graphs) in enumerate(names.items()):
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
        yield replace(target, path=name, name=None), QuadTable(path)


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
