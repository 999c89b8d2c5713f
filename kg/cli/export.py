"""``kg export``: the graph as an RDF file."""

from __future__ import annotations

from typing import Annotated

import typer

from kg.cli.context import settings


def export_command(
    context: typer.Context,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="File to write; - is standard output."),
    ],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="turtle, trig, ntriples or nquads. Default: by the ending of FILE.",
        ),
    ] = None,
    graph: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this graph: its IRI, a prefixed name, or the last part of its path."
            " May be given more than once. Default: all.",
        ),
    ] = None,
    with_inferred: Annotated[
        bool, typer.Option("--with-inferred", help="Also what `kg build --infer` added.")
    ] = False,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Peak memory of the process. Default: 2GB."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Worker threads. Default: one for each core.")
    ] = None,
) -> None:
    """Write the graph as an RDF file, sorted, the same bytes every time."""
    from kg.export import export_workspace

    shared = settings(context)
    done = export_workspace(
        shared.workspace,
        output,
        format_name=format_name,
        graphs=graph or (),
        with_inferred=with_inferred,
        memory=memory,
        threads=threads,
    )
    unit = "quads" if done.format.quads else "triples"
    shared.say(f"wrote {done.statements:,} {unit} to {output} ({done.format.title})")
