"""Check a workspace: its files, and the build in force if there is one."""

from __future__ import annotations

from kg.errors import InputError
from kg.findings.material import read_material
from kg.findings.model import Finding, from_record
from kg.findings.workspace import file_findings, workspace_findings
from kg.workspace import Build, Workspace


def check(
    workspace: Workspace, *, memory: str | None = None, threads: int | None = None
) -> tuple[list[Finding], bool]:
    """Return all findings about a workspace, and whether it has been built.

    Args:
        workspace: The workspace.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.

    Raises:
        InputError: A mapping is wrong, or the build is damaged.
        LimitError: The memory limit was reached.
    """
    material = read_material(workspace)
    build = _build_of(workspace)
    if build is None:
        return file_findings(workspace, material), False
    # Imported here: without a build no SQL is run.
    from kg.duck import engine
    from kg.quads import QuadTable

    kept = [from_record(record) for record in build.info().get("findings", ())]
    with engine(None, memory, threads) as connection:
        table = QuadTable(build.quads)
        found = workspace_findings(connection, table, workspace, material, None, None)
        return [*kept, *found], True


def _build_of(workspace: Workspace) -> Build | None:
    try:
        return workspace.current_build()
    except InputError as error:
        if error.code != "no-build":
            raise
        return None
