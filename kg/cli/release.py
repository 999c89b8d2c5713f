"""``kg release``: the files that a maintainer publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.cli.limits import MemoryOption, TimeoutOption, limit


def release_command(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", show_default=False, help="The folder to make.")
    ],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="ENDING",
            help="An export, such as nq.gz, ttl or jsonld.zst; may be given more than once."
            " Default: nq.gz and ttl.gz.",
        ),
    ] = None,
    last: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The last release, to report the changes since."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the exports, without an ending.")] = "graph",
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
) -> None:
    """Make a release: exports, checksums, card, report, changes."""
    limit(memory, timeout)
    from kg.release import FORMATS, release

    shared = settings(context)
    with shared.status() as progress:
        done = release(
            shared.workspace,
            folder,
            formats=formats or FORMATS,
            last=last,
            name=name,
            memory=memory,
            progress=progress,
        )
    shared.say(f"made {folder}: {', '.join(done.files)}")
    if done.differences is not None:
        found = done.differences
        shared.say(f"since the last release: {found.removed:,} removed, {found.added:,} added")
