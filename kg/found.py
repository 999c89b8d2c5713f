"""What was found doubtful in the graph of the build before, for the one that is made."""

from __future__ import annotations

from pathlib import Path

from kg.duck import Connection
from kg.findings.before import Before, GraphFindings
from kg.findings.material import Material
from kg.kept import Kept
from kg.quads import QuadTable
from kg.workspace import Workspace

STEP = "findings"


def graph_findings(
    connection: Connection,
    table: QuadTable,
    kept: Kept,
    workspace: Workspace,
    material: Material,
    spill: Path,
) -> tuple[str | None, GraphFindings]:
    """Return the key of the findings about a graph, and what makes them out of those before.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.
        kept: What the build before has kept.
        workspace: The workspace.
        material: The content of its files.
        spill: A folder for files made on the way.

    Raises:
        WorldError: The disk failed.
    """
    named = [*{**workspace.prefixes, **material.shapes.prefixes}.items()]
    key = kept.key((), named, workspace.base)
    found = kept.find(STEP, key)
    near = None if found is None else kept.little(connection)
    before = Before.of(connection, found, near, spill / "differ.parquet")
    return key, GraphFindings(connection, table, before)
