"""Load RDF files into a quad table, for validation without a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path as FilePath

import duckdb

from kg.duck import spare
from kg.quads import QuadTable, spooled, write_table
from kg.rdf import SPOOL_MEMORY, spool_rdf
from kg.temporary import temporary_folder


@contextmanager
def load_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[FilePath]
) -> Iterator[QuadTable]:
    """Load RDF files into a quad table, which is removed at the end.

    Args:
        connection: From `kg.duck.engine`.
        files: The files; blank nodes of different files are distinct.

    Raises:
        InputError: A file is missing or is not valid RDF.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    with temporary_folder("validate") as folder:
        spool = FilePath(folder) / "spool.parquet"
        with spare(connection, SPOOL_MEMORY) as memory:
            spool_rdf([(path, None) for path in files], spool, memory=memory)
        yield write_table(connection, spooled(spool), FilePath(folder) / "quads.parquet")
