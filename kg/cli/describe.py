"""``kg describe``: the dataset card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.errors import UsageError

_ENDINGS = {".ttl": "turtle", ".jsonld": "jsonld", ".md": "markdown"}


def describe_command(
    context: typer.Context,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = "-",
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="turtle, jsonld or markdown. Default: by the ending of FILE, else turtle.",
        ),
    ] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Peak memory of the process. Default: 2GB.")
    ] = None,
) -> None:
    """Write the dataset card of the current build: VoID, DCAT and PROV, computed from it."""
    from kg.describe import CARD_FORMS, describe, write_card
    from kg.export.sinks import replacing

    shared = settings(context)
    wanted = format_name or _ENDINGS.get(Path(output).suffix, "turtle" if output == "-" else "")
    form = next((form for form in CARD_FORMS if form == wanted), None)
    if form is None:
        raise UsageError(
            "unknown-format",
            f"{format_name or output!r} tells no format of a dataset card",
            hint=f"It can be {', '.join(CARD_FORMS)}; files end in {', '.join(_ENDINGS)}.",
        )
    text = write_card(describe(shared.workspace, memory=memory), form)
    if output == "-":
        sys.stdout.write(text)
        return
    with replacing(Path(output)) as part:
        part.write_text(text, encoding="utf-8")
