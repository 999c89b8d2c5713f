"""Connections to read sources with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from kg.duck import engine
from kg.engines.duckdb import dialect
from tests.sources.loaded import Loaded, load


@pytest.fixture(scope="session")
def reader() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine(threads=8) as connection:
        for macro in dialect.MACROS:
            connection.execute(macro)
        yield connection


@pytest.fixture
def read(reader: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., Loaded]:
    """Return a function that writes files and reads the first of them."""

    def run(files: dict[str, str | bytes], *references: str, **options: object) -> Loaded:
        return load(reader, tmp_path, files, *references, **options)

    return run
