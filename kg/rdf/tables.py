"""Quad tables that other programs wrote, read as RDF files: folders of Parquet.

The columns are ``s``, ``p``, ``o``, ``g``, terms as N-Triples has them; files follow one another in
order of name. What is read are lines of N-Quads, so that each term is looked at as in any file.
"""

from __future__ import annotations

from contextlib import ExitStack
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from kg.errors import InputError, Location
from kg.paths import is_folder, names_in, show_path

if TYPE_CHECKING:
    import duckdb

_ENDING: Final = ".parquet"
_BUFFER: Final = 1 << 20
# Rows that are made lines at once.
_ROWS: Final = 10_000
_MEMORY: Final = "600MB"


def is_table(path: Path) -> bool:
    """Return whether a path is that of a folder of Parquet files."""
    return is_folder(path) and any(name.endswith(_ENDING) for name in names_in(path))


def open_table(path: Path) -> IO[bytes]:
    """Open a folder of Parquet as a file of N-Quads.

    Raises:
        InputError: The files cannot be read, or have other columns.
    """
    return BufferedReader(_Lines(path), _BUFFER)


class _Lines(RawIOBase):
    def __init__(self, path: Path) -> None:
        import duckdb

        from kg.duck import engine, read_parquet

        self._path = path
        files = sorted(path / name for name in names_in(path) if name.endswith(_ENDING))
        self._stack = ExitStack()
        connection = self._stack.enter_context(engine(None, _MEMORY, threads=1))
        graph = "CASE WHEN g IS NULL THEN ' .' ELSE ' ' || g || ' .' END"
        try:
            self._rows: duckdb.DuckDBPyConnection = connection.execute(
                f"SELECT s || ' ' || p || ' ' || o || {graph} FROM {read_parquet(*files)}"
            )
        except duckdb.Error as error:
            self._stack.close()
            raise _no_table(path, error) from error
        self._left = b""

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next."""
        if not self._left:
            import duckdb

            try:
                rows = self._rows.fetchmany(_ROWS)
            except duckdb.Error as error:
                raise _no_table(self._path, error) from error
            self._left = b"".join(f"{row[0]}\n".encode() for row in rows)
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def close(self) -> None:
        """Let go of the files."""
        self._stack.close()
        super().close()


def _no_table(path: Path, error: Exception) -> InputError:
    from kg.duck import first_line

    return InputError(
        "bad-parquet",
        f"the folder is no quad table: {first_line(error)}",
        location=Location(show_path(path)),
        hint="Its files must have the columns s, p, o and g, terms as N-Triples has them.",
    )
