"""``kg describe``: the dataset card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.cli.limits import MemoryOption, TimeoutOption, limit
from kg.errors import UsageError


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
            help="turtle, jsonld or json, markdown. Default: by the ending of FILE, else turtle.",
        ),
    ] = None,
    with_inferred: Annotated[
        bool, typer.Option("--with-inferred", help="Count also what `kg build --infer` added.")
    ] = False,
    for_assistants: Annotated[
        bool,
        typer.Option(
            "--for-assistants",
            help="Write the schema card instead, in Markdown: what a program that writes SPARQL"
            " must know.",
        ),
    ] = False,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
) -> None:
    """Write the dataset card of the build: VoID, DCAT and PROV."""
    limit(memory, timeout)
    from kg.describe import card_form, write_card
    from kg.files import replacing
    from kg.graph import open_graph
    from kg.outputs import refuse_input

    shared = settings(context)
    standard = output == "-"
    graph = open_graph(shared.workspace, memory=memory)
    refuse_input(output, (), shared.workspace)
    if for_assistants:
        if format_name not in (None, "markdown"):
            raise UsageError(
                "usage",
                "--for-assistants writes Markdown",
                hint="Leave --format out.",
            )
        from kg.schema_card import schema_card

        text = schema_card(graph, memory=memory)
    else:
        wanted = "jsonld" if format_name == "json" else format_name
        form = card_form(Path(output), wanted or ("turtle" if standard else None))
        text = write_card(graph.describe(with_inferred=with_inferred), form)
    if standard:
        sys.stdout.write(text)
        return
    with replacing(Path(output)) as part:
        part.write_text(text, encoding="utf-8")
    shared.say(f"wrote the {'schema' if for_assistants else 'dataset'} card to {output}")
