"""The lineage of a graph: of triples made by the mapping, and of triples from RDF files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from kg.duck import engine
from kg.errors import InputError
from kg.lineage.asked import Trace, Wanted
from kg.lineage.files import FileTracer
from kg.rejects import current, skipping_in
from kg.temporary import temporary_folder
from kg.workspace import Workspace

if TYPE_CHECKING:
    from kg.lineage.records import RecordTracer
    from kg.mapping.plan import Plan
    from kg.sources import Folders


class Lineage:
    """Traces triples of one plan.

    Args:
        connection: From `kg.duck.engine`; source tables are loaded into it when needed.
        plan: The plan that made the graph, or None if it was made of RDF files alone.
        folders: Where the sources are; None without a plan.
        rdf_files: RDF files that entered the graph unchanged.
        skips: Whether the build left out records that could not be read.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        plan: Plan | None,
        folders: Folders | None,
        rdf_files: Sequence[Path] = (),
        *,
        skips: bool = False,
    ) -> None:
        self._skips = skips
        self._connection = connection
        self._plan = plan
        self._folders = folders
        self._files = FileTracer(rdf_files)

    def trace(self, wanted: Iterable[Wanted]) -> Iterator[Trace]:
        """Yield the records behind triples, in the order of the mapping and of the records.

        Args:
            wanted: What to trace; held in memory, so ask in batches.

        Raises:
            InputError: A source or RDF file is missing or invalid.
        """
        asked = list(dict.fromkeys(wanted))
        if asked:
            found = self._found(asked)
            yield from skipping_in(found) if self._skips and current() is None else found

    def _found(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        if self._records is not None:
            yield from self._records.trace(asked)
        yield from self._files.trace(asked)

    @property
    def read(self) -> tuple[Path, ...]:
        """The source files read so far, without RDF files."""
        return () if self._records is None else self._records.read

    @cached_property
    def _records(self) -> RecordTracer | None:
        if self._plan is None or self._folders is None:
            return None
        from kg.lineage.records import RecordTracer

        return RecordTracer(self._connection, self._plan, self._folders)


def workspace_lineage(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    spill: Path,
    plan: Plan | None = None,
) -> Lineage:
    """Return the lineage of a workspace's graph; mappings and sources are read as they are now.

    Args:
        connection: From `kg.duck.engine`.
        workspace: The workspace.
        spill: Folder for intermediate files.
        plan: Its mappings, if already read.

    Raises:
        InputError: A mapping is missing or invalid.
    """
    files = (*workspace.ontology_files, *workspace.data_rdf_files)
    skips = _left_out(workspace)
    if not workspace.mapping_files:
        return Lineage(connection, None, None, files, skips=skips)
    from kg.mapping.documents import read_mappings
    from kg.sources import Folders

    inside = None if workspace.allow_outside else (workspace.root,)
    if plan is None:
        plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base)
    return Lineage(connection, plan, Folders(inside, spill), files, skips=skips)


def _left_out(workspace: Workspace) -> bool:
    """Return whether the current build left out records that could not be read."""
    try:
        skipped = workspace.current_build().info().get("skipped")
    except InputError:  # there is no readable build
        return False
    return isinstance(skipped, dict) and any(skipped.values())


def trace_workspace(
    workspace: Workspace, wanted: Iterable[Wanted], *, memory: str | None = None
) -> Iterator[Trace]:
    """Yield the records of a workspace behind triples; see `Lineage.trace`.

    Args:
        workspace: The workspace; its mappings and sources are read as they are now.
        wanted: What to trace.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: A mapping, source or RDF file is missing or invalid.
    """
    with (
        temporary_folder("trace") as folder,
        engine(Path(folder), memory) as connection,
    ):
        yield from workspace_lineage(connection, workspace, Path(folder)).trace(wanted)
