"""Parts of a build that are made when a question first wants them, and kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kg.builds import check_build, make_later
from kg.duck import Connection, engine, lent
from kg.quads import QuadTable, write_index_files
from kg.sizes import is_large
from kg.store import Room, write_index
from kg.table.write import PARTS, write_copies
from kg.temporary import new_folder, temporary_folder
from kg.workspace import Build

Tell = Callable[[str], None]
NewFolder = Callable[[], Path] | None


def made_index(build: Build, folder: NewFolder, memory: str | None, tell: Tell) -> Path:
    """Make Oxigraph's index of a build, and return its folder.

    It is kept in the build's folder, or else lasts as long as the process.

    Args:
        build: The build.
        folder: Makes a folder for what cannot be kept.
        memory: Peak memory of the process, such as ``1GB``.
        tell: Is told that it is made.

    Raises:
        InputError: The build is damaged.
        WorldError: The disk failed.
        LimitError: The memory is too small.
    """

    def make(target: Path) -> None:
        with engine(None, memory) as connection, temporary_folder("lines") as spill:
            files = write_index_files(connection, QuadTable(build.quads), spill)
            with lent(connection) as (free, taken):
                write_index([path for path, _ in files], target, Room(free, taken))

    return _made(build, "store", "Oxigraph's index", make, folder, tell)


def made_table(build: Build, folder: NewFolder, memory: str | None, tell: Tell) -> Path:
    """Make the coded copies of a build, and return their folder; as for `made_index`."""

    def make(target: Path) -> None:
        with engine(None, memory) as connection:
            _copies(connection, build, target)

    return _made(build, "table", "coded copies", make, folder, tell)


def _copies(connection: Connection, build: Build, target: Path) -> None:
    table = QuadTable(build.quads)
    parts = PARTS if is_large(table.count(connection)) else 1
    write_copies(connection, table.sql, target, parts)


def _made(
    build: Build,
    name: str,
    what: str,
    make: Callable[[Path], None],
    folder: NewFolder,
    tell: Tell,
) -> Path:
    check_build(build)
    if os.access(build.path, os.W_OK):
        tell(f"making {what} of the build, which is kept for later questions")
        make_later(build, name, make)
        return build.later(name) / name
    tell(f"making {what} of the build for this question: its folder cannot be written to")
    place = (folder or partial(new_folder, "query"))() / name
    make(place)
    return place
