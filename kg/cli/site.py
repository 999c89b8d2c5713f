"""``kg site``: the graph as a static site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.cli.limits import MemoryOption, TimeoutOption, limit


def site_command(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", show_default=False, help="Folder to make."),
    ],
    records: Annotated[
        bool | None,
        typer.Option(
            "--records/--no-records",
            show_default=False,
            help="Show the source records on pages. Default: for graphs of up to 200,000 triples.",
        ),
    ] = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
) -> None:
    """Make a static site: questions with answers, pages, downloads.

    It works on any web host and from the disk, without a server.
    """
    limit(memory, timeout)
    from kg.graph import open_graph
    from kg.site import make_site

    shared = settings(context)
    graph = open_graph(shared.workspace, memory=memory)
    with graph, shared.status() as progress:
        made = make_site(graph, folder, memory=memory, progress=progress, records=records)
    for remark in made.remarks:
        shared.say(f"kg: {remark}")
    shared.say(f"made {folder}: {made.pages:,} pages of things, {made.questions:,} of questions")
