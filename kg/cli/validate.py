"""``kg validate``: the verdict of the shapes on a graph."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings
from kg.cli.given import ContextOption, DataFormatOption, given_data
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.reports import STANDARD_OUTPUT, ReportFormat, check_target, chosen_format, opened
from kg.errors import ExitCode, UsageError
from kg.wording import counted
from kg.workspace import COMMON_PREFIXES

if TYPE_CHECKING:
    import duckdb

    from kg.names import Namer
    from kg.quads import QuadTable
    from kg.validation import Options, ShapeWay, Verdict
    from kg.validation.shapes import ShapesGraph

# Results of each constraint of which the table says why every branch failed: those it shows.
_TABLE_REASONS = 3
# Results of each constraint that the table leads back to their records, to tell the files apart.
_TABLE_TRACED = 1_000


class FailOn(StrEnum):
    """The mildest severity that makes the command answer no."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


class Inference(StrEnum):
    """What is inferred before the graph is validated."""

    NONE = "none"
    RDFS = "rdfs"


def validate_command(
    context: typer.Context,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="RDF file to validate, or - ; may be repeated. Default: the workspace's build."
        ),
    ] = None,
    data_format: DataFormatOption = None,
    contexts: ContextOption = None,
    shapes: Annotated[
        list[Path] | None,
        typer.Option(
            help="File with shapes; may be repeated. Default: the workspace's shapes/ folder."
        ),
    ] = None,
    form: Annotated[
        ReportFormat | None,
        typer.Option(
            "-f",
            "--format",
            show_default=False,
            help="How results are shown. Default: by the ending of FILE, else table.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write to a file; its ending says the format."
        ),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Mildest severity that gives exit code 1.")
    ] = FailOn.VIOLATION,
    inference: Annotated[
        Inference,
        typer.Option(
            "--inference",
            "--infer",
            help="Add what follows from subclasses and subproperties first.",
        ),
    ] = Inference.NONE,
    max_results: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many results. Default: no limit.")
    ] = None,
    ignore_unsupported: Annotated[
        bool,
        typer.Option(
            "--ignore-unsupported", help="Leave out what kg does not support of SHACL, and say so."
        ),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say on standard error which way each shape took.")
    ] = False,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
    allow_outside: Annotated[
        bool,
        typer.Option("--allow-outside", help="Files and servers may lie outside the workspace."),
    ] = False,
) -> int:
    """Validate the graph against its SHACL shapes.

    Exit code 1 if it fails. The shapes are checked first. Results are led back to the records
    that they came from. Exit code 4 if --max-results was reached before the answer was certain.
    """
    limit(memory, timeout, threads)
    from kg.duck import engine
    from kg.names import Namer
    from kg.validation import Severity, load_shapes, validate
    from kg.validation.formats import open_report
    from kg.validation.messages import tell_counts
    from kg.workspace import show_path

    own = settings(context)
    form = chosen_format(form, output)
    if data and not shapes:
        raise UsageError(
            "missing-shapes", "--data needs --shapes", hint="Name the shapes with --shapes FILE."
        )
    if not data:
        own.allow_outside(allow_outside)
    named = [Path(each.partition("=")[2]) for each in contexts or []]
    read = [*(data or []), *(shapes or []), *named]
    check_target(output, read, None if data else own.workspace)
    data = context.with_resource(given_data(data or [], data_format))
    graph = load_shapes(shapes or own.workspace.shape_files, ignore_unsupported=ignore_unsupported)
    namer = Namer({**_prefixes(own, data), **graph.prefixes})
    with ExitStack() as stack:
        connection = stack.enter_context(engine(None, memory, threads))
        table = _table(own, data, connection, stack)
        if inference is Inference.RDFS or graph.wants_rdfs:
            table = _inferred(connection, table, stack)
        options = _options(own, data, graph, form, max_results, connection, stack)
        if explain:
            options = replace(options, explain=lambda way: own.say(_told(way, graph, namer)))
        text = stack.enter_context(opened(form, output))
        width = _width() if output in (None, STANDARD_OUTPUT) else None
        least = Severity[fail_on.name]
        out = open_report(
            form.value, text, graph, namer, width, traced=_TABLE_TRACED, fail_at=least
        )
        verdict = validate(connection, table, graph, sinks=[out.add], options=options)
        out.close(verdict)
    if output not in (None, STANDARD_OUTPUT):
        own.say(f"wrote {show_path(output)}: {tell_counts(verdict.counts)}")
    for note in verdict.notes:
        own.say(f"kg: warning: {note}")
    if explain:
        own.say(_asked(verdict, namer))
    return _exit_code(own, verdict, least, max_results)


def _table(
    own: Settings, data: list[Path] | None, connection: duckdb.DuckDBPyConnection, stack: ExitStack
) -> QuadTable:
    from kg.quads import QuadTable
    from kg.validation.loading import load_files

    if data:
        return stack.enter_context(load_files(connection, data))
    from kg.builds import check_build
    from kg.query.stale import stale_message

    build = check_build(own.workspace.current_build())

    message = stale_message(own.workspace, build)
    if message:
        own.say(message)
    return QuadTable(build.quads)


def _inferred(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, stack: ExitStack
) -> QuadTable:
    from kg.infer import infer_rdfs
    from kg.temporary import temporary_folder

    folder = stack.enter_context(temporary_folder("validate"))
    target = Path(folder) / "inferred.parquet"
    inferred, _ = infer_rdfs(connection, table, "urn:kg:inferred", target)
    return inferred


def _options(
    own: Settings,
    data: list[Path] | None,
    graph: ShapesGraph,
    form: ReportFormat,
    max_results: int | None,
    connection: duckdb.DuckDBPyConnection,
    stack: ExitStack,
) -> Options:
    from kg.query.dataset import open_build
    from kg.validation import Options

    index = None
    if not data:
        build = own.workspace.current_build()
        index = (lambda: open_build(build)) if build.store.is_dir() else None
    options = Options(
        open_index=index,
        max_results=max_results,
        reasons=_reasons(form),
        traced=_traced(form),
        progress=stack.enter_context(own.status()),
    )
    if form is ReportFormat.TURTLE:
        return options  # the standard report has no room for places
    if data:
        from kg.validation.data_lines import AT_ONCE, DataLines

        return replace(options, locate=DataLines(data).locate, located=AT_ONCE)
    from kg.validation.origins import Origins

    origins = Origins(connection, own.workspace, graph)
    stack.callback(origins.close)
    return replace(options, locate=origins.locate)


def _reasons(form: ReportFormat) -> int:
    """Return of how many results of a constraint a report says why every branch failed."""
    from kg.validation.annotations import MOST_SHOWN

    few = {ReportFormat.TABLE: _TABLE_REASONS, ReportFormat.GITHUB: MOST_SHOWN}
    none = {ReportFormat.TURTLE: 0, ReportFormat.CSV: 0}
    return (few | none).get(form, sys.maxsize)


def _traced(form: ReportFormat) -> int | None:
    """Return how many results of a constraint a report leads back to their records; None: all."""
    from kg.validation.annotations import MOST_SHOWN

    return {ReportFormat.TABLE: _TABLE_TRACED, ReportFormat.GITHUB: MOST_SHOWN}.get(form)


def _told(way: ShapeWay, graph: ShapesGraph, namer: Namer) -> str:
    nodes = counted(way.focus_nodes, "focus node")
    takes = {
        "sieve": f"sieve, {nodes}",
        "judge": f"pySHACL for all of {nodes} ({way.reason})",
        "whole graph": f"pySHACL on the whole graph, {nodes} ({way.reason})",
    }[way.way]
    lines = [f"{namer(way.shape)}: {takes}"]
    for constraint, unsafe in way.queries:
        place = graph.origins.get(constraint)
        where = f"line {place.line}" if place else constraint
        how = "once on the index" if unsafe is None else f"node by node in pySHACL ({unsafe})"
        lines.append(f"  query of {where}: {how}")
    return "\n".join(lines)


def _asked(verdict: Verdict, namer: Namer) -> str:
    """Return about how many nodes pySHACL was asked, those on the whole graph left aside."""
    told = [
        f"{counted(count, 'node')} for {namer(shape)}" for shape, count in verdict.judged.items()
    ]
    return f"pySHACL was asked about {', '.join(told) or 'no node'}"


def _exit_code(own: Settings, verdict: Verdict, at: object, max_results: int | None) -> int:
    from kg.validation import Severity

    assert isinstance(at, Severity)
    if verdict.cut:
        own.say(f"kg: stopped after {counted(max_results or 0, 'result')}; there are more")
    if verdict.fails(at):
        return ExitCode.NO
    return ExitCode.LIMIT if verdict.cut else ExitCode.DONE


def _prefixes(own: Settings, data: list[Path] | None) -> Mapping[str, str]:
    return COMMON_PREFIXES if data else own.workspace.prefixes


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
