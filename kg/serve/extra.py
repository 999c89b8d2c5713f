"""What a server needs before it starts: its packages, and a build that can be asked."""

from __future__ import annotations

from kg.extras import need
from kg.queries.choice import AUTO
from kg.queries.dataset import open_build
from kg.workspace import Workspace


def need_server() -> None:
    """Make sure that the packages of the extra ``serve`` are installed.

    Raises:
        InputError: One is not.
    """
    for module in ("starlette", "uvicorn"):
        need(module, "serve", "kg serve")


def check_engine(workspace: Workspace, name: str = AUTO) -> str:
    """Open what will answer, so that what is wrong with it is told before a server starts.

    Returns:
        The name of the engine.

    Raises:
        InputError: There is no build, or it is damaged.
        WorldError: What the engine reads cannot be made.
    """
    open_build(workspace.current_build(), name)
    return name
