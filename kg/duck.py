"""DuckDB: the only place that opens a connection, and where its errors become kg's."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from kg import progress
from kg.errors import InputError, KgError, LimitError, WorldError
from kg.memory import resident, trim
from kg.paths import is_text, plain_path
from kg.sizes import USUAL_MEMORY, parse_size
from kg.sql import sql_name as sql_name
from kg.sql import sql_text as sql_text
from kg.temporary import new_folder, remove_folder

Connection = duckdb.DuckDBPyConnection

Result = TypeVar("Result")

# What the process itself takes beside DuckDB's buffers (interpreter, libraries, allocator),
# in bytes; measured as ru_maxrss of a build of one row.
PROCESS_FLOOR: Final = 110 * 2**20
# DuckDB does not start to work with less.
SMALLEST_LIMIT: Final = 48 * 2**20
# Seconds between interruptions of one query, and how many there are before its thread began.
_PAUSE: Final = 0.05
_TRIES: Final = 40
# The share of its limit that DuckDB goes over in large sorts.
_OVERSHOOT: Final = 0.05
# The least memory of a process that `engine` takes.
SMALLEST: Final = ceil((PROCESS_FLOOR + SMALLEST_LIMIT * (1 + _OVERSHOOT)) / 10**6) * 10**6


def _buffers(memory: int) -> int:
    """Return the bytes that DuckDB is told to keep to, so that the process keeps to `memory`."""
    return int((memory - PROCESS_FLOOR) / (1 + _OVERSHOOT))


@contextmanager
def engine(
    spill: Path | None = None, memory: str | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give an in-memory DuckDB connection that spills to disk; it is closed at the end.

    Args:
        spill: Folder in which a folder for spilled data is made, and removed at the end; by
            default that of the system for temporary files.
        memory: Peak memory of the whole process, such as ``1GB``; by default
            `kg.sizes.USUAL_MEMORY`.
        threads: Worker threads; by default one for each core.

    Raises:
        InputError: `memory` is not a size or too small.
    """
    memory_of_process = parse_size(memory or USUAL_MEMORY)
    limit = _buffers(memory_of_process)
    if limit < SMALLEST_LIMIT:
        raise InputError(
            "memory-too-small",
            f"--memory {memory} is too little to work with",
            hint=f"Give at least {SMALLEST // 10**6}MB.",
        )
    if spill is not None:
        spill.mkdir(parents=True, exist_ok=True)
    folder = new_folder("spill", spill)
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(folder if is_text(folder) else plain_path(folder)),
        "memory_limit": f"{limit}B",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "allow_community_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    try:
        with translated(), duckdb.connect(config=config) as connection:
            connection.execute(f"SET VARIABLE memory_of_process = {memory_of_process}")
            with _watched(connection):
                yield connection
    finally:
        remove_folder(folder)


@contextmanager
def _watched(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the meter in force, if there is one, see how far statements are."""
    meter = progress.current()
    connection.execute(f"SET enable_progress_bar = {str(meter is not None).lower()}")
    if meter is None:
        yield
        return
    connection.execute("SET enable_progress_bar_print = false")

    def percentage() -> float:
        try:
            return float(connection.query_progress())
        except duckdb.Error:  # there is no statement
            return -1.0

    with meter.watching(percentage):
        yield


def reserve(connection: duckdb.DuckDBPyConnection, library: str, size: int) -> None:
    """Lower the memory limit by what a library takes that a source needs, once for each.

    Args:
        connection: From `engine`.
        library: Its name.
        size: Bytes that it takes beside DuckDB's buffers.
    """
    row = connection.execute(f"SELECT getvariable('reserved_{library}')").fetchone()
    if row == (None,):
        connection.execute(f"SET VARIABLE reserved_{library} = true")
        _lower(connection, size)


@contextmanager
def reserved(connection: duckdb.DuckDBPyConnection, size: int) -> Iterator[None]:
    """Lower the memory limit by what is held beside DuckDB's buffers, as long as it is held.

    Args:
        connection: From `engine`.
        size: Bytes.
    """
    before = _lower(connection, size)
    try:
        yield
    finally:
        connection.execute(f"SET memory_limit = '{before}B'")


@contextmanager
def lent(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int]]:
    """Give DuckDB's buffers back as far as possible, as long as something else needs the memory.

    Args:
        connection: From `engine`.

    Yields:
        Bytes that are free within the limit of the process, and bytes that it holds.
    """
    row = only_row(connection.execute("SELECT getvariable('memory_of_process')"))
    before = memory_limit(connection)
    _shrink(connection, SMALLEST_LIMIT, before)
    trim()
    held = resident()
    try:
        yield int(row[0]) - held, held
    finally:
        connection.execute(f"SET memory_limit = '{before}B'")


@contextmanager
def spare(connection: duckdb.DuckDBPyConnection, most: str) -> Iterator[str]:
    """Give the memory that another engine may be told, while this one rests.

    Args:
        connection: From `engine`; no query of it goes on meanwhile.
        most: As much is enough, such as ``1GB``.
    """
    with lent(connection) as (free, _):
        whole = max(SMALLEST, min(parse_size(most), free + PROCESS_FLOOR))
        yield f"{whole}B"


@contextmanager
def beside(
    connection: duckdb.DuckDBPyConnection, spill: Path | None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a second engine while one is at work, which leaves it a third of its memory.

    Args:
        connection: From `engine`; it may be in the middle of a query.
        spill: As for `engine`.
        threads: As for `engine`.
    """
    with connection.cursor() as settings:
        share = max(SMALLEST_LIMIT, memory_limit(settings) // 3)
        whole = PROCESS_FLOOR + ceil(share * (1 + _OVERSHOOT))
        with reserved(settings, share), engine(spill, f"{whole}B", threads) as second:
            yield second


def _shrink(connection: duckdb.DuckDBPyConnection, limit: int, before: int) -> None:
    """Set the memory limit, or as near to it as what DuckDB holds allows."""
    limit = max(SMALLEST_LIMIT, limit)
    while limit < before:
        try:
            connection.execute(f"SET memory_limit = '{limit}B'")
        except duckdb.OutOfMemoryException:
            limit += (before - limit) // 2 + 2**20
        else:
            return


def only_row(result: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Return the first row of a query that has one, such as an aggregate.

    Args:
        result: What executing the query gave.
    """
    row: tuple[Any, ...] | None = result.fetchone()
    assert row is not None
    return row


def memory_limit(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the bytes that DuckDB may use for what it holds."""
    row = only_row(connection.execute("SELECT current_setting('memory_limit')"))
    return parse_size(str(row[0]))


def _lower(connection: duckdb.DuckDBPyConnection, size: int) -> int:
    """Lower the memory limit by so many bytes, and return what it was."""
    before = memory_limit(connection)
    _shrink(connection, before - size, before)
    return before


@contextmanager
def translated() -> Iterator[None]:
    """Turn what DuckDB raises about the world into kg's errors; the rest passes.

    Raises:
        LimitError: The memory limit was reached where nothing could be spilled.
        WorldError: A file could not be read or written.
    """
    try:
        yield
    except KgError:
        raise
    except duckdb.OutOfMemoryException as error:
        raise LimitError(
            "out-of-memory",
            f"the memory limit was reached: {first_line(error)}",
            hint="Give more with --memory, or fewer --threads.",
        ) from error
    except duckdb.IOException as error:
        hint = "Check the disk and the path."
        if "Too many open files" in str(error):
            hint = "Allow more open files where kg is started, such as with ulimit -n 4096."
        raise WorldError("disk", first_line(error), hint=hint) from error
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        # What DuckDB makes of Ctrl-C while a query runs; its own errors are no RuntimeErrors.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


def interruptible(connection: duckdb.DuckDBPyConnection, act: Callable[[], Result]) -> Result:
    """Run a long query so that Ctrl-C ends it at once.

    DuckDB looks for signals between the steps of a query, and one step of a long export may be
    most of it. So the query runs in a thread of its own, and this one waits for the signal.

    Args:
        connection: The connection that `act` uses; nothing else may use it meanwhile.
        act: What runs the query.

    Raises:
        KeyboardInterrupt: The user ended it.
    """
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(act())
        except BaseException as error:  # noqa: BLE001  (raised again below)
            failure.append(error)
        finally:
            ended.set()

    # Not Thread.join: once a signal breaks into that, it takes the thread for ended.
    ended = threading.Event()
    thread = threading.Thread(target=run, name="kg-query")
    try:
        # The signal may come before it has begun.
        thread.start()
        ended.wait()
    except KeyboardInterrupt:
        break_off(connection, thread, ended)
        raise
    if failure:
        raise failure[0]
    return outcome[0]


def break_off(
    connection: duckdb.DuckDBPyConnection, thread: threading.Thread, ended: threading.Event
) -> None:
    """Interrupt the query of a thread, and wait for its end.

    Args:
        connection: The connection that the thread uses.
        thread: The thread; it may not have begun.
        ended: What the thread sets at its end.
    """
    tries = 0
    # An interruption before the query has begun has no effect, so it is repeated; a thread that
    # has no number by then was never made.
    while not ended.is_set() and (thread.ident is not None or tries < _TRIES):
        with suppress(KeyboardInterrupt):
            connection.interrupt()
            ended.wait(_PAUSE)
            tries += 1


def first_line(error: Exception) -> str:
    """Return what a DuckDB error says, without its kind and its excerpt of the SQL."""
    text = str(error).strip().splitlines()[0]
    # A write in the background reports the cause wrapped in JSON.
    wrapped = re.search(r'"exception_message":"((?:[^"\\]|\\.)*)"', text)
    if wrapped:
        return wrapped[1].replace('\\"', '"')
    return re.sub(r"^[A-Z][A-Za-z ]*(Error|Exception): ", "", text)


def sql_file(path: Path) -> str:
    """Return an SQL string literal for a file to read, never taken for a pattern of names."""
    return sql_text(str(plain_path(path)))


def lines_sql(path: Path, longest: int | None = None) -> str:
    """Return what is behind FROM for the lines of a file of text, in the column ``line``.

    Args:
        path: The file, in UTF-8; it must be there.
        longest: Bytes of the longest line; by default those of the file, but not more than 64 MiB.
    """
    if longest is None:
        longest = min(max(2_000_000, path.stat().st_size + 1), 64 * 2**20)
    return (
        f"read_csv({sql_file(path)}, columns = {{'line': 'VARCHAR'}}, header = false,"
        " auto_detect = false, delim = '\x01', quote = '', escape = '', nullstr = '\x02',"
        f" new_line = '\\n', max_line_size = {longest})"
    )


def sql_target(path: Path) -> str:
    """Return an SQL string literal for a file to write; what is there is overwritten.

    A name that is not a text cannot be in SQL. It is written through a link, which must lead to a
    file for that.
    """
    if is_text(path):
        return sql_text(str(path))
    path.touch()
    return sql_file(path)


def read_parquet(*paths: Path) -> str:
    """Return the table function that reads Parquet files, one after the other."""
    files = ", ".join(map(sql_file, paths))
    return f"read_parquet([{files}], hive_partitioning = false)"
