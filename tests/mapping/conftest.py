"""A DuckDB connection with the macros of the compiler, for the tests that need nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from kg.duck import engine
from kg.engines.duckdb import dialect


@pytest.fixture(scope="session")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine() as connection:
        for macro in dialect.MACROS:
            connection.execute(macro)
        yield connection
