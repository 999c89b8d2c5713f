"""Where the lines of an export go: a file that is renamed at the end, or standard output.

A file is written under a temporary name beside the target, so that the target is either the old
one or the new one, whole. What is no regular file (a device, a named pipe) is written to directly.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from kg.duck import sql_text, translated
from kg.errors import WorldError
from kg.workspace import show_path

if TYPE_CHECKING:
    import duckdb

_CHUNK: Final = 1 << 20  # bytes read from DuckDB's pipe at a time
# One text a row and nothing else: no header, no quotes, no escapes. The delimiter is never
# written, since there is one column, but may not be empty.
_LINES: Final = (
    "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', USE_TMP_FILE false"
)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the target at the end, or is removed on failure.

    Raises:
        WorldError: The target cannot be replaced.
    """
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise WorldError("disk", f"{show_path(target)} is a folder", hint="Name a file in it.")
        yield target
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    except WorldError as error:
        error.message = error.message.replace(str(part), show_path(target))
        raise
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        part.unlink(missing_ok=True)


def disk_error(target: Path, error: OSError) -> WorldError:
    """Return the error for a target that cannot be written."""
    return WorldError(
        "disk",
        f"{show_path(target)} cannot be written: {error.strerror or error}",
        hint="Check the disk and the path.",
    )


def write_lines(connection: duckdb.DuckDBPyConnection, lines: str, target: Path) -> int:
    """Let DuckDB write the rows of a query to a file, and return their number.

    Args:
        connection: From `kg.duck.engine`.
        lines: A query with one text column, each value one line without its end.
        target: The file; written in place.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    with translated():
        row = connection.execute(f"COPY ({lines}) TO {sql_text(str(target))} ({_LINES})").fetchone()
    assert row is not None
    return int(row[0])


def pipe_lines(connection: duckdb.DuckDBPyConnection, lines: str, sink: IO[bytes]) -> int:
    """Let DuckDB write the rows of a query into a stream, and return their number.

    DuckDB writes into one end of a pipe; a thread carries what comes out to the sink.

    Args:
        connection: From `kg.duck.engine`.
        lines: As for `write_lines`.
        sink: A binary stream; it is neither flushed nor closed.

    Raises:
        OSError: The sink failed; BrokenPipeError where its reader has gone.
        LimitError: The memory limit was reached.
    """
    reading, writing = os.pipe()
    failures: list[OSError] = []

    def carry() -> None:
        with open(reading, "rb", buffering=0) as source:  # noqa: PTH123  (a descriptor)
            try:
                while chunk := source.read(_CHUNK):
                    sink.write(chunk)
            except OSError as error:
                failures.append(error)

    carrier = threading.Thread(target=carry, name="kg-export")
    carrier.start()
    try:
        count = write_lines(connection, lines, Path(f"/dev/fd/{writing}"))
    except WorldError:
        os.close(writing)
        writing = -1
        carrier.join()
        if failures:  # DuckDB saw its pipe close: the sink's failure is the cause
            raise failures[0] from None
        raise
    finally:
        if writing >= 0:
            os.close(writing)
        carrier.join()
    if failures:
        raise failures[0]
    return count


def standard_output() -> IO[bytes]:
    """Return standard output as a binary stream."""
    sys.stdout.flush()
    return sys.stdout.buffer
