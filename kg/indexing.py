"""Oxigraph's index of a build: copied, changed by the difference of quads, or made anew."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import lent
from kg.kept import Kept
from kg.quads import QuadTable, copy_lines, write_index_files
from kg.store import Room, change_index, write_index
from kg.workspace import Build

# Of the lines of an index, how many may differ so that it is changed; few are always.
_SHARE: Final = 0.1
_FEW: Final = 2_000


def make_index(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, made: Build, kept: Kept, spill: Path
) -> int:
    """Make the index of a build, and return how many quads it merges with others.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table of the build.
        made: The build.
        kept: What the build before has kept.
        spill: Folder for files made on the way.

    Raises:
        LimitError: The memory is too small.
        WorldError: The disk failed.
    """
    merged = kept.index()
    if merged is None and (before := kept.plain_index()) is not None:
        near = kept.difference(connection) or (QuadTable(before.quads), table)
        merged = _changed(connection, near, table, made, kept, spill)
    return _whole(connection, table, made, spill) if merged is None else merged


def _whole(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, made: Build, spill: Path
) -> int:
    files = write_index_files(connection, table, spill)
    with lent(connection) as (free, taken):
        room = Room(free, taken, ", or leave the index out with --no-index")
        held = write_index([path for path, _ in files], made.store, room)
    return sum(lines for _, lines in files) - held


def _changed(
    connection: duckdb.DuckDBPyConnection,
    near: tuple[QuadTable, QuadTable],
    table: QuadTable,
    made: Build,
    kept: Kept,
    spill: Path,
) -> int | None:
    """Copy the index of the build before and change it; None if it must be made anew.

    That index merges no quads, so that what goes takes nothing with it that stays.
    """
    old, new = near
    lines = table.count_triples(connection) + sum(n for g, n in table.graphs(connection) if g)
    gone, added = spill / "gone.nq", spill / "added.nq"
    changes = copy_lines(connection, _lines(old, new), gone)
    changes += copy_lines(connection, _lines(new, old), added)
    if changes > max(_FEW, _SHARE * lines) or not kept.copy(made.store.name):
        return None
    with lent(connection) as (free, taken):
        held = change_index(made.store, gone, added, Room(free, taken))
    if held is None:
        shutil.rmtree(made.store, ignore_errors=True)
        return None
    return lines - held


def _lines(one: QuadTable, other: QuadTable) -> str:
    """Return a query for the lines of the index that only the first of two tables has."""
    triples = f"SELECT s, p, o FROM {one.sql} EXCEPT SELECT s, p, o FROM {other.sql}"
    named = (
        f"SELECT s, p, o, g FROM {one.sql} WHERE g IS NOT NULL"
        f" EXCEPT SELECT s, p, o, g FROM {other.sql}"
    )
    return (
        f"SELECT s || ' ' || p || ' ' || o || ' .' FROM ({triples})"
        f" UNION ALL SELECT s || ' ' || p || ' ' || o || ' ' || g || ' .' FROM ({named})"
    )
