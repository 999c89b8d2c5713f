"""SQLite files, opened so that a query can only read them and can be interrupted.

Opening a file for reading only is not enough: ``VACUUM INTO`` and ``ATTACH`` write other files.
So an authorizer allows what reading needs, and nothing else. While a query runs in SQLite, Python
handles no signals; a progress handler lets it do so.

Spec: https://www.sqlite.org/c3ref/set_authorizer.html,
https://www.sqlite.org/c3ref/progress_handler.html
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kg.errors import InputError, Location
from kg.paths import real_path, show_path

# Most bytes of a value or row: SQLite's own limit of 1 GB is too much for memory.
LARGEST_VALUE: Final = 2**26
# SQLite's instructions between two checks for a signal: some milliseconds.
_STEPS: Final = 100_000
# Actions that reading needs. Python's module opens transactions, which write nothing.
_ALLOWED: Final = frozenset(
    (
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    )
)
# Pragmas that describe the file, with the name of a table or no argument.
_PRAGMAS: Final = frozenset(
    (
        *("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"),
        *("foreign_key_list", "database_list", "collation_list", "data_version"),
        "read_uncommitted",
    )
)
# Functions that load code or set a tokenizer.
_FUNCTIONS_REFUSED: Final = frozenset(("load_extension", "fts3_tokenizer"))
# The version numbers in the header of a file in WAL mode.
_LOGGED: Final = b"\x02\x02"


def connect(path: Path) -> sqlite3.Connection:
    """Open a file for reading.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    connection = sqlite3.connect(_address(path), uri=True, check_same_thread=False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_authorize)
    connection.set_progress_handler(_look_up, _STEPS)
    return connection


_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def connect_to_describe(path: Path) -> sqlite3.Connection:
    """Open a file in which a temporary view can be made of a query, and described.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    connection = connect(path)
    connection.set_authorizer(None)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.set_authorizer(_authorize_views)
    return connection


def table_columns(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the tables and views of a file, in the order they were made, with their columns.

    A view that cannot be read, such as one of a table that is gone, has no columns.

    Raises:
        InputError: It is no SQLite file, or another program has it locked.
    """
    names = (
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid"
    )
    try:
        with closing(connect(path)) as connection:
            listed = connection.execute(names).fetchall()
            return {name: _columns(connection, name) for (name,) in listed}
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _BUSY:
            raise InputError(
                "bad-database",
                f"another program has the database locked: {error}",
                location=Location(show_path(path)),
                hint="Wait until it is done, or close it; or read a copy of the file.",
            ) from error
        raise InputError(
            "bad-database",
            f"the file is no SQLite database that can be read: {error}",
            location=Location(show_path(path)),
            hint="Check the name.",
        ) from error


def primary_key(path: Path, table: str) -> tuple[str, ...]:
    """Return the columns of the primary key that a table declares, in its order; () without one.

    Raises:
        sqlite3.Error: The file cannot be read.
    """
    with closing(connect(path)) as connection:
        return _columns(connection, table, "WHERE pk > 0 ORDER BY pk")


def _columns(
    connection: sqlite3.Connection, name: str, which: str = "ORDER BY cid"
) -> tuple[str, ...]:
    query = f"SELECT name FROM pragma_table_info(?) {which}"
    try:
        return tuple(row[0] for row in connection.execute(query, (name,)))
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) in _BUSY:
            raise
        return ()


def is_interrupted(error: BaseException | None) -> bool:
    """Return whether a signal ended a query: SQLite swallows exceptions of its handler."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def is_refused(error: BaseException | None) -> bool:
    """Return whether a query was refused because it does not only read."""
    return getattr(error, "sqlite_errorcode", None) in (
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_READONLY,
    ) or "not authorized" in str(error)


def _look_up() -> int:
    """Let Python handle signals, as it does between its own instructions; then go on."""
    return 0


def _authorize(
    action: int, first: str | None, second: str | None, schema: str | None, inner: str | None
) -> int:
    del schema, inner
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _FUNCTIONS_REFUSED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PRAGMAS:
        return sqlite3.SQLITE_OK
    # SQLite reports table-valued functions such as json_each so; the file is open read-only.
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _authorize_views(
    action: int, first: str | None, second: str | None, schema: str | None, inner: str | None
) -> int:
    """Allow what `_authorize` does, and temporary views, which lie in memory."""
    is_own = schema == "temp" and first == "sqlite_temp_master"
    if action == sqlite3.SQLITE_CREATE_TEMP_VIEW or (
        is_own and action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE)
    ):
        return sqlite3.SQLITE_OK
    return _authorize(action, first, second, schema, inner)


def _address(path: Path) -> str:
    """Return the URI of a file.

    Reading a file in WAL mode would create a log beside it. If there is no log, no other program
    has the file open, so it is opened as immutable.
    """
    address = f"file:{quote(str(real_path(path)))}?mode=ro"
    with path.open("rb") as stream:
        is_logged = stream.read(20)[18:] == _LOGGED
    log = path.with_name(f"{path.name}-wal")
    return f"{address}&immutable=1" if is_logged and not log.exists() else address
