"""RDF files as coded copies, for the table engine: parsed, sorted, coded, asked, and removed.

A folder that Spark wrote may have its copies, which stay as they are.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from kg.duck import Connection, engine, only_row, read_parquet, spare
from kg.errors import InputError
from kg.quads import QuadTable, write_table
from kg.queries.engine import Engine
from kg.queries.kinds import Facts
from kg.queries.oxigraph.facts import read_facts
from kg.queries.table.engine import Table
from kg.rdf import SPOOL_MEMORY, spool_rdf
from kg.rdf.tables import is_table
from kg.store import refuse_graphs
from kg.table.write import COPIES, has_statistics, read_statistics, write_copies
from kg.temporary import new_folder, remove_folder

# The default graph has rows of its own, since some of the named graphs may be no part of it.
_DEFAULT: Final = "g IS NULL"
_PURPOSE: Final = "query"


class DataTable:
    """The coded copies of files, made when they are wanted, in a folder that goes at the end.

    Args:
        default: Files that enter the default graph; the named graphs that they have can be asked.
        named: Graph IRI and file, for files that enter a named graph alone.
        folder: Makes a folder; by default one where the system has temporary files.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
    """

    def __init__(
        self,
        default: Sequence[Path],
        named: Sequence[tuple[str, Path]],
        folder: Callable[[], Path] | None,
        memory: str | None,
        threads: int | None,
    ) -> None:
        self._default = default
        self._named = named
        self._new_folder = folder
        self._memory = memory
        self._threads = threads
        self._own: list[Path] = []

    def asked(self, label: str) -> Engine:
        """Return what answers queries about the files.

        Raises:
            InputError: A file is missing or is not valid RDF, or is for one named graph and has
                several itself.
            WorldError: The disk failed.
            LimitError: The memory is too small.
        """
        if self._written is not None:
            folder = self._written.path / COPIES
            return Table.of_folder(folder, label, self._memory, self._threads)
        folder = self._quads.path.parent / COPIES
        if not folder.is_dir():
            with self._engine() as connection:
                write_copies(connection, self._quads.sql, folder)
        made = Table.of_folder(folder, label, self._memory, self._threads, _DEFAULT)
        weakref.finalize(made, self.close)  # which keeps the folder as long as the engine is there
        return made

    def close(self) -> None:
        """Remove the folder, where it is no one else's."""
        for folder in self._own:
            remove_folder(folder)

    def facts(self) -> Facts | None:
        """Return of which kinds the values of each predicate are; None if there are too many."""
        with self._engine() as connection:
            found = read_facts(connection, self._quads.sql)
        if found is None:
            return None
        return Facts({predicate: frozenset(letters) for predicate, letters in found.items()})

    @contextmanager
    def _engine(self) -> Iterator[Connection]:
        with engine(None, self._memory, self._threads) as connection:
            yield connection

    @cached_property
    def _written(self) -> QuadTable | None:
        """The only file, if it is a quad table with coded copies of as many quads."""
        if len(self._default) != 1 or self._named or not is_table(self._default[0]):
            return None
        table = QuadTable(self._default[0])
        if not has_statistics(table.path / COPIES):
            return None
        with self._engine() as connection:
            count = table.count(connection)
        return table if count == read_statistics(table.path / COPIES).quads else None

    @cached_property
    def _quads(self) -> QuadTable:
        if self._written is not None:
            return self._written
        folder = (self._new_folder or self._own_folder)()
        files: list[tuple[Path, str | None]] = [(path, None) for path in self._default]
        files += [(path, graph) for graph, path in self._named]
        with self._engine() as connection:
            with spare(connection, SPOOL_MEMORY) as memory:
                try:
                    spool_rdf(files, folder / "spool.parquet", memory=memory)
                except InputError as error:
                    raise _refused(error) from error
            spool = read_parquet(folder / "spool.parquet")
            for number, (graph, path) in enumerate(self._named, len(self._default)):
                more = f"FROM {spool} WHERE f = {number} AND g IS DISTINCT FROM ?"
                row = connection.execute(f"SELECT count(*) {more}", [f"<{graph}>"])
                if only_row(row)[0]:
                    raise refuse_graphs(path)
            rows = (
                f"SELECT s, p, o, NULL::VARCHAR AS g FROM {spool} WHERE f < {len(self._default)}"
                f" UNION ALL SELECT s, p, o, g FROM {spool} WHERE g IS NOT NULL"
            )
            table = write_table(connection, rows, folder / "quads.parquet")
        (folder / "spool.parquet").unlink()
        return table

    def _own_folder(self) -> Path:
        made = new_folder(_PURPOSE)
        self._own.append(made)
        weakref.finalize(self, remove_folder, made)
        return made


def _refused(error: InputError) -> InputError:
    """Return the error for what the table cannot hold, so that Oxigraph may answer instead."""
    if error.code != "rdf-12":
        return error
    return InputError(
        "not-compiled",
        "the table engine does not answer this query: the files have terms of RDF 1.2",
        location=error.location,
        hint="Ask with --engine oxigraph.",
    )
