"""What readers of sources may ask of DuckDB."""

from __future__ import annotations

from contextlib import AbstractContextManager

import duckdb

from kg.duck import memory_limit, reserve, reserved
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class DuckHost:
    """A connection from `kg.duck.engine`; see `kg.sources.reading.Host`."""

    connection: duckdb.DuckDBPyConnection

    def memory(self) -> int:
        """Return the bytes that DuckDB may use."""
        return memory_limit(self.connection)

    def reserve(self, library: str, size: int) -> None:
        """Lower the memory limit by what a library takes, once for each."""
        reserve(self.connection, library, size)

    def reserved(self, size: int) -> AbstractContextManager[None]:
        """Lower the memory limit by so many bytes, as long as the context lasts."""
        return reserved(self.connection, size)

    def matches(self, pattern: str, text: str, *, is_whole: bool) -> bool | None:
        """Return whether a pattern of RE2 fits a text, or a part of it; None where one is none."""
        function = "regexp_full_match" if is_whole else "regexp_matches"
        try:
            row = self.connection.execute(f"SELECT {function}(?, ?)", [text, pattern]).fetchone()
        except (duckdb.Error, UnicodeEncodeError):
            return None
        return row == (True,)
