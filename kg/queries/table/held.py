"""Copies held in memory: whoever asks again reads no file again.

To read 64 parts takes longer than most questions, so that a process that asks a second time, such
as the server, loads each copy that a question names into a table of DuckDB, where it fits.
"""

from __future__ import annotations

import re
import threading
from typing import Final

import duckdb

from kg.duck import memory_limit, only_row
from kg.table.write import ORDERS

# The share of DuckDB's memory that copies may take. It writes them to disk where it needs the room.
_SHARE: Final = 2
# Bytes of a quad, and of a term beside its text.
_QUAD: Final = 36
_TERM: Final = 80
_SORTED: Final = {**{name: f"{order} NULLS FIRST" for name, order in ORDERS.items()}, "terms": "id"}
_NAMED: Final = re.compile(rf"\b(?:FROM|JOIN) ({'|'.join(_SORTED)})\b")


class Held:
    """Loads copies into memory when they are asked a second time.

    Args:
        connection: On which `kg.table.write.open_copies` has defined the copies.
        quads: The rows of each copy of the quads.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, quads: int) -> None:
        self._quads = quads
        self._free = memory_limit(connection) // _SHARE
        self._loading = threading.Lock()
        self._was_asked = False
        # Those that are held, and those that do not fit.
        self._settled: set[str] = set()

    def prepare(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Load what a query names, unless it is the first.

        Args:
            cursor: On which the query will be asked.
            sql: The query.

        Raises:
            duckdb.Error: The disk failed, or the query was interrupted.
        """
        if not self._was_asked:
            self._was_asked = True
            return
        wanted = set(_NAMED.findall(sql)) - self._settled
        # Another thread that asks meanwhile reads the files.
        if not wanted or not self._loading.acquire(blocking=False):
            return
        try:
            for name in sorted(wanted - self._settled):
                self._load(cursor, name)
        finally:
            self._loading.release()

    def _load(self, cursor: duckdb.DuckDBPyConnection, name: str) -> None:
        size = self._size(cursor, name)
        if size <= self._free:
            # In one order for all parts, so that DuckDB passes over what a query does not want.
            cursor.execute(
                f"CREATE OR REPLACE TABLE held_{name} AS SELECT * FROM {name}"
                f" ORDER BY {_SORTED[name]}"
            )
            cursor.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM held_{name}")
            self._free -= size
        self._settled.add(name)

    def _size(self, cursor: duckdb.DuckDBPyConnection, name: str) -> int:
        if name != "terms":
            return self._quads * _QUAD
        sizes = f"coalesce(sum(strlen(t)), 0), count(*) * {_TERM}"
        return int(sum(only_row(cursor.execute(f"SELECT {sizes} FROM {name}"))))
