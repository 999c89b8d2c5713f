"""``kg validate``: the verdict of the shapes on a graph."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings
from kg.errors import ExitCode, UsageError
from kg.workspace import COMMON_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping


class ReportFormat(StrEnum):
    """How results are shown."""

    TABLE = "table"
    TURTLE = "turtle"
    JSON = "json"
    SARIF = "sarif"


class FailOn(StrEnum):
    """The mildest severity that makes the command answer no."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


def validate_command(
    context: typer.Context,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="RDF file to validate; may be repeated. Default: the workspace's current build."
        ),
    ] = None,
    shapes: Annotated[
        list[Path] | None,
        typer.Option(
            help="File with shapes; may be repeated. Default: the workspace's shapes/ folder."
        ),
    ] = None,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="How results are shown.")
    ] = ReportFormat.TABLE,
    fail_on: Annotated[
        FailOn, typer.Option(help="Mildest severity that gives exit code 1.")
    ] = FailOn.VIOLATION,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Peak memory. Default: 2GB.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Worker threads. Default: one for each core.")
    ] = None,
) -> int:
    """Validate the graph against its SHACL shapes; exit code 1 if it fails."""
    from kg.duck import engine
    from kg.quads import QuadTable
    from kg.validation import Severity, load_shapes, validate
    from kg.validation.formats import open_report
    from kg.validation.loading import load_files
    from kg.validation.messages import Namer

    own = settings(context)
    if data and not shapes:
        raise UsageError(
            "missing-shapes", "--data needs --shapes", hint="Name the shapes with --shapes FILE."
        )
    graph = load_shapes(shapes or own.workspace.shape_files)
    with ExitStack() as stack:
        connection = stack.enter_context(engine(None, memory, threads))
        if data:
            table = stack.enter_context(load_files(connection, data))
        else:
            table = QuadTable(own.workspace.current_build().quads)
        namer = Namer({**_prefixes(own, data), **graph.prefixes})
        out = open_report(form.value, sys.stdout, graph, namer, _width())
        verdict = validate(connection, table, graph, sinks=[out.add])
        out.close()
    return ExitCode.NO if verdict.fails(Severity[fail_on.name]) else ExitCode.DONE


def _prefixes(own: Settings, data: list[Path] | None) -> Mapping[str, str]:
    return COMMON_PREFIXES if data else own.workspace.prefixes


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
