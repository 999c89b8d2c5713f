"""What a server needs before it starts: its packages, and a build that can be asked."""

from __future__ import annotations

from kg.extras import need
from kg.queries.dataset import open_build
from kg.workspace import Workspace


def need_server() -> None:
    """Make sure that the packages of the extra ``serve`` are installed.

    Raises:
        InputError: One is not.
    """
    for module in ("starlette", "uvicorn"):
        need(module, "serve", "kg serve")


def check_engine(workspace: Workspace, wanted: str | None) -> str:
    """Return the engine that answers: the one that is wanted, else the one that can.

    Raises:
        InputError: There is no build, or it is damaged.
        WorldError: What the engine reads cannot be made.
    """
    build = workspace.current_build()
    if wanted is None:
        wanted = "oxigraph" if build.store.is_dir() or not build.table.is_dir() else "table"
    open_build(build, wanted)
    return wanted
