"""``kg init``: a new, small workspace that builds at once."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.logins import without_login


def init_command(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    base: Annotated[
        str,
        typer.Option(metavar="IRI", help="Start of the IRIs of your graph; ends in /."),
    ] = "https://example.org/graph/",
) -> None:
    """Make a new workspace: a small example that builds at once."""
    from kg.init import init_workspace

    shared = settings(context)
    written = init_workspace(folder, base)
    shared.say(f"made {without_login(str(folder))}:")
    for path in written:
        shared.say(f"  {path}")
    shared.say(
        f"next:\n  cd {shlex.quote(str(folder))}\n  kg build\n"
        "  kg query first-ascents\n  kg questions"
    )
