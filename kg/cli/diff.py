"""``kg diff``: the differences between two graphs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.cli.given import ContextOption
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.options import InferredOption
from kg.cli.rejects import BadRecords, OnBad, OnBadOption, RejectsOption
from kg.errors import ExitCode, UsageError

_SIDE = "An RDF file (.gz and .zst too), current, previous, or the name of a build."


def diff_command(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", show_default=False, help=_SIDE)],
    new: Annotated[str, typer.Argument(metavar="NEW", show_default=False, help="As OLD.")],
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="text (grouped by entity), json, patch (RDF Patch) or update (SPARQL Update).",
        ),
    ] = "text",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
    ] = "-",
    merged: Annotated[
        bool,
        typer.Option(
            "--merged",
            help="Compare triples, whatever graph they are in; always so if a file's format has"
            " no graphs.",
        ),
    ] = False,
    with_inferred: InferredOption = False,
    contexts: ContextOption = None,  # noqa: ARG001  (its callback acts on it)
    chunk: Annotated[
        int, typer.Option(min=1, help="Triples of one operation of a SPARQL Update.")
    ] = 1000,
    on_bad: OnBadOption = OnBad.STOP,
    rejects: RejectsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
) -> int:
    """Write what differs between two exports or builds.

    Exit code 1 if anything does.
    """
    handled = BadRecords(on_bad, rejects)
    seconds = limit(memory, timeout, threads)
    from kg.diff import FORMATS, DiffOptions, diff
    from kg.files import replacing
    from kg.outputs import refuse_input

    shared = settings(context)
    form = next((form for form in FORMATS if form == format_name), None)
    if form is None:
        raise UsageError(
            "unknown-format",
            f"{format_name!r} is not a format of differences",
            hint=f"It can be {', '.join(FORMATS)}.",
        )
    options = DiffOptions(form, merged, with_inferred, chunk, seconds, memory, threads)
    workspace = shared.workspace_around
    bad = context.with_resource(handled)
    bad.check_target([old, new, output])
    refuse_input(output, [Path(old), Path(new)], workspace)
    if output == "-":
        found = diff(old, new, sys.stdout.buffer, workspace=workspace, options=options)
    else:
        with replacing(Path(output)) as part, part.open("wb") as sink:
            found = diff(old, new, sink, workspace=workspace, options=options)
    unit = "triples" if found.merged else "quads"
    if not found:
        shared.say(f"no differences ({unit} compared)")
        return bad.finish(shared, ExitCode.DONE)
    shared.say(
        f"{found.removed:,} {unit} removed, {found.added:,} added, in {found.entities:,} entities"
    )
    return bad.finish(shared, ExitCode.NO)
