"""Oxigraph's index of a build: copied, changed by the difference of quads, or made anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from kg.aside import Aside
from kg.duck import lent, memory_limit, reserved
from kg.kept import Kept
from kg.quads import QuadTable, copy_lines, write_index_files
from kg.store import Room, change_index, write_index
from kg.workspace import Build

# Of the lines of an index, how many may differ so that it is changed; few are always.
_SHARE: Final = 0.1
_FEW: Final = 2_000
# Bytes that Oxigraph has while it changes an index, and how often they go into DuckDB's memory.
_BESIDE: Final = 96 * 2**20
_PLENTY: Final = 4
# Gives how many quads the index merges; None if it cannot be changed.
Change = Aside[int | None]


@contextmanager
def changing(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, made: Build, kept: Kept, spill: Path
) -> Iterator[Change | None]:
    """Change a copy of the index of the build before, beside what the context does.

    That index merges no quads, so that what goes takes nothing with it that stays. Oxigraph waits
    for the disk most of the time.

    Args:
        connection: From `kg.duck.engine`; it has less memory meanwhile.
        table: The quad table of the build.
        made: The build.
        kept: What the build before has kept.
        spill: Folder for files made on the way.

    Yields:
        The change; None if the index must be made otherwise.

    Raises:
        LimitError: The memory is too small.
        WorldError: The disk failed.
    """
    before = None if kept.same_quads() is not None else kept.plain_index()
    if before is None:
        yield None
        return
    old, new = kept.difference(connection) or (QuadTable(before.quads), table)
    gone, added = spill / "gone.nq", spill / "added.nq"
    changes = copy_lines(connection, _lines(old, new), gone)
    changes += copy_lines(connection, _lines(new, old), added)
    most, room = max(_FEW, _SHARE * table.count(connection)), Room(_BESIDE, 0)
    # Where there is little memory the index is made at the end, with all of it.
    is_roomy = memory_limit(connection) >= _PLENTY * _BESIDE and room.holds_all(gone, added)
    if changes > most or not is_roomy or not kept.copy(made.store.name):
        yield None
        return
    with reserved(connection, _BESIDE):
        change = Aside(partial(change_index, made.store, gone, added), "kg-index")
        try:
            yield change
        finally:
            change.wait()


def make_index(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    made: Build,
    kept: Kept,
    spill: Path,
    change: Change | None,
) -> int:
    """Make the index of a build, and return how many quads it merges with others.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table of the build.
        made: The build.
        kept: What the build before has kept.
        spill: Folder for files made on the way.
        change: What `changing` gave.

    Raises:
        LimitError: The memory is too small.
        WorldError: The disk failed.
    """
    merged = kept.index() if change is None else change.wait()
    if merged is not None:
        return merged
    shutil.rmtree(made.store, ignore_errors=True)
    files = write_index_files(connection, table, spill)
    with lent(connection) as (free, taken):
        room = Room(free, taken, ", or leave the index out with --no-index")
        held = write_index([path for path, _ in files], made.store, room)
    return sum(lines for _, lines in files) - held


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
