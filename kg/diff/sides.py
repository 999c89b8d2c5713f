"""Reads the two sides of a comparison: RDF files, or builds of a workspace by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.builds import check_build, previous_build, quad_digests
from kg.duck import spare
from kg.errors import InputError
from kg.paths import is_file
from kg.quads import QuadTable, spooled, write_table
from kg.rdf import SPOOL_MEMORY, format_of, formats, spool_rdf
from kg.rdf.tables import is_table
from kg.workspace import Build, Workspace

if TYPE_CHECKING:
    import duckdb

CURRENT: Final = "current"
PREVIOUS: Final = "previous"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two graphs that are compared.

    Attributes:
        table: Its quad table.
        has_graphs: Whether its format supports named graphs.
        left_out: A graph, as a term, that is not compared.
        prefixes: Prefix to namespace, as the file declares them.
        digests: Those of the files of a build's table, by name.
    """

    table: QuadTable
    has_graphs: bool = True
    left_out: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def apart_from(self, other: Side) -> Side:
        """Return the side without the files that the other has too: they hold the same rows."""
        shared = {*self.digests.values()} & {*other.digests.values()}
        if self.left_out != other.left_out or not shared:
            return self
        names = frozenset(name for name, digest in self.digests.items() if digest in shared)
        return replace(self, table=QuadTable(self.table.path, names))


def read_side(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    folder: Path,
    find: Callable[[], Workspace],
    *,
    with_inferred: bool = False,
) -> Side:
    """Read a side of a comparison.

    Args:
        connection: From `kg.duck.engine`.
        name: Path of an RDF file, ``current``, ``previous``, or the name of a build.
        folder: Folder for the quad table of a file.
        find: Returns the workspace; called only if a build is named.
        with_inferred: Whether what ``kg build --infer`` added counts.

    Raises:
        InputError: There is no such file or build, or the file is not valid RDF.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    path = Path(name)
    if (
        is_file(path)
        or is_table(path)
        or formats.suffix_of(path.name) in (*formats.SUFFIXES, *formats.UNSURE)
    ):
        form = format_of(path)
        folder.mkdir()
        spool = folder / "spool.parquet"
        with spare(connection, SPOOL_MEMORY) as memory:
            read = spool_rdf([(path, None)], spool, memory=memory)
        table = write_table(connection, spooled(spool), folder / "quads.parquet")
        spool.unlink()
        return Side(table, form.supports_datasets, prefixes=read.prefixes)
    workspace = find()
    build = check_build(find_build(workspace, name))
    left_out = None if with_inferred else build.inferred_graph
    return Side(QuadTable(build.quads), left_out=left_out, digests=quad_digests(build))


def find_build(workspace: Workspace, name: str) -> Build:
    """Return a build by name, which may be ``current`` or ``previous``.

    Raises:
        InputError: There is no such build.
    """
    current = workspace.current_build()
    if name in (CURRENT, current.id):
        return current
    previous = previous_build(workspace)
    if previous is not None and name in (PREVIOUS, previous.id):
        return previous
    present = ", ".join([*([previous.id] if previous else []), current.id])
    if name == PREVIOUS:
        raise InputError(
            "no-previous-build",
            "there is no build before the current one",
            hint="Compare with an older export, for example: kg diff old.nq.gz current",
        )
    raise InputError(
        "unknown-build",
        f"{name} is neither a build of this workspace nor the name of an RDF file",
        hint=f"The builds are {present}; current and previous also work.",
    )
