"""``kg validate``: the verdict of the shapes on a graph."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.given import ContextOption, DataFormatOption, given_data
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.options import FileOption, OutsideOption, UnsupportedOption
from kg.cli.rejects import BadRecords, OnBad, OnBadOption, RejectsOption, only_with_data
from kg.cli.streams import shown
from kg.errors import ExitCode, UsageError
from kg.wording import counted
from kg.workspace import COMMON_PREFIXES

if TYPE_CHECKING:
    from kg.names import Namer
    from kg.validation import ShapeWay, Verdict
    from kg.validation.shapes import ShapesGraph


# --- Write the report of a validation to standard output or a file, in a format -------------------


STANDARD_OUTPUT = Path("-")


class ReportFormat(StrEnum):
    """The formats of results."""

    TABLE = "table"
    TURTLE = "turtle"
    JSON = "json"
    SARIF = "sarif"
    CSV = "csv"
    GITHUB = "github"
    JUNIT = "junit"
    HTML = "html"


def chosen_format(form: ReportFormat | None, output: Path | None) -> ReportFormat:
    """Return the format by an option or the ending of a file, else the table.

    Raises:
        UsageError: The ending is not that of a format.
    """
    from kg.validation.formats import ENDINGS

    if form is not None:
        return form
    if output in (None, STANDARD_OUTPUT):
        return ReportFormat.TABLE
    assert output is not None
    named = ENDINGS.get(output.suffix.lower())
    if named is None:
        raise UsageError(
            "unknown-format",
            f"cannot tell the format of the report from the file name {output}",
            hint=f"Add --format, or take one of {', '.join(ENDINGS)}.",
        )
    return ReportFormat(named)


@contextmanager
def opened(form: ReportFormat, output: Path | None) -> Iterator[IO[str]]:
    """Give a stream for a report, which is put in place if the body succeeds.

    Half a report is useless: standard output gets it when it is complete, and a file is replaced
    in one step.

    Args:
        form: The format.
        output: The file; None or - is standard output.

    Raises:
        WorldError: It cannot be written.
    """
    if output is not None and output != STANDARD_OUTPUT:
        from kg.files import replacing

        with replacing(output) as part, part.open("w", encoding="utf-8", newline="") as out:
            yield shown(out) if form is ReportFormat.TABLE else out
    elif form is ReportFormat.TABLE:
        yield shown()  # it is written at the end anyway
    else:
        from kg.temporary import scratch_file

        with scratch_file() as whole:
            yield whole
            whole.seek(0)
            shutil.copyfileobj(whole, sys.stdout)


# Results of each constraint for which the table explains why every branch failed: those it shows.
_TABLE_REASONS = 3
# Results of each constraint that the table traces to their records, to name the files.
_TABLE_TRACED = 1_000


class FailOn(StrEnum):
    """The mildest severity that gives exit code 1."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


class Inference(StrEnum):
    """The inference before the graph is validated."""

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
    output: FileOption = None,
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
    ignore_unsupported: UnsupportedOption = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say on standard error which way each shape took.")
    ] = False,
    on_bad: OnBadOption = OnBad.STOP,
    rejects: RejectsOption = None,
    functions: FunctionsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
    allow_outside: OutsideOption = False,
) -> int:
    """Validate the graph against its SHACL shapes.

    Exit code 1 if it fails. The shapes are checked first. Results are traced to their source
    records. Exit code 4 if --max-results was reached before the answer was certain.
    """
    only_with_data(on_bad, rejects, data or ())
    handled = BadRecords(on_bad, rejects)
    limit(memory, timeout, threads)
    use_functions(context, functions)
    from kg.graph import Checks, open_graph, read_shapes, validate_files
    from kg.names import Namer
    from kg.outputs import refuse_input
    from kg.validation import Severity
    from kg.validation.formats import open_report
    from kg.workspace import show_path

    shared = settings(context)
    form = chosen_format(form, output)
    if data and not shapes:
        raise UsageError(
            "missing-shapes", "--data needs --shapes", hint="Name the shapes with --shapes FILE."
        )
    if not data:
        shared.allow_outside(allow_outside)
    named = [Path(each.partition("=")[2]) for each in contexts or []]
    read = [*(data or []), *(shapes or []), *named]
    refuse_input(output, read, None if data else shared.workspace, read_as="read by the validation")
    data = context.with_resource(given_data(data or [], data_format))
    bad = context.with_resource(handled)
    bad.check_target([*read, output])
    graph = read_shapes(
        shapes or shared.workspace.shape_files, ignore_unsupported=ignore_unsupported
    )
    namer = Namer({**_prefixes(shared, data), **graph.prefixes})
    asked = None if data else open_graph(shared.workspace)
    if asked is not None and (stale := asked.stale_message()):
        shared.say(stale)
    checks = Checks(
        infer=inference is Inference.RDFS,
        origins=form is not ReportFormat.TURTLE,  # the standard report has no property for places
        max_results=max_results,
        reasons=_reasons(form),
        traced=_traced(form),
        explain=(lambda way: shared.say(_explained(way, graph, namer))) if explain else None,
        memory=memory,
        threads=threads,
    )
    with opened(form, output) as text, shared.status() as progress:
        width = _width() if output in (None, STANDARD_OUTPUT) else None
        least = Severity[fail_on.name]
        title = ", ".join(map(show_path, data)) if data else shared.workspace.title
        out = open_report(
            form.value, text, graph, namer, width, traced=_TABLE_TRACED, fail_at=least, title=title
        )
        checks = replace(checks, sinks=[out.add], progress=progress)
        judge = partial(validate_files, data) if asked is None else asked.validate
        verdict = judge(graph, checks)
        out.close(verdict)
    _say(shared, verdict, output)
    if explain:
        shared.say(_asked(verdict, namer))
    return bad.finish(shared, _exit_code(shared, verdict, least, max_results))


def _say(shared: Settings, verdict: Verdict, output: Path | None) -> None:
    from kg.paths import show_path
    from kg.validation.messages import tell_counts

    if output is not None and output != STANDARD_OUTPUT:
        shared.say(f"wrote {show_path(output)}: {tell_counts(verdict.counts)}")
    for note in verdict.notes:
        shared.say(f"kg: warning: {note}")


def _reasons(form: ReportFormat) -> int:
    """Return for how many results of a constraint a report explains why every branch failed."""
    from kg.validation.annotations import MOST_SHOWN

    few = {ReportFormat.TABLE: _TABLE_REASONS, ReportFormat.GITHUB: MOST_SHOWN}
    none = {ReportFormat.TURTLE: 0, ReportFormat.CSV: 0}
    return (few | none).get(form, sys.maxsize)


def _traced(form: ReportFormat) -> int | None:
    """Return how many results of a constraint a report traces to their records; None: all."""
    from kg.validation.annotations import MOST_SHOWN

    return {ReportFormat.TABLE: _TABLE_TRACED, ReportFormat.GITHUB: MOST_SHOWN}.get(form)


def _explained(way: ShapeWay, graph: ShapesGraph, namer: Namer) -> str:
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
        how = "once on Oxigraph" if unsafe is None else f"node by node in pySHACL ({unsafe})"
        lines.append(f"  query of {where}: {how}")
    return "\n".join(lines)


def _asked(verdict: Verdict, namer: Namer) -> str:
    """Return how many nodes pySHACL validated, without runs on the whole graph."""
    told = [
        f"{counted(count, 'node')} for {namer(shape)}" for shape, count in verdict.judged.items()
    ]
    return f"pySHACL was asked about {', '.join(told) or 'no node'}"


def _exit_code(shared: Settings, verdict: Verdict, at: object, max_results: int | None) -> int:
    from kg.validation import Severity

    assert isinstance(at, Severity)
    if verdict.cut:
        shared.say(f"kg: stopped after {counted(max_results or 0, 'result')}; there are more")
    if verdict.fails(at):
        return ExitCode.NO
    return ExitCode.LIMIT if verdict.cut else ExitCode.DONE


def _prefixes(shared: Settings, data: list[Path] | None) -> Mapping[str, str]:
    return COMMON_PREFIXES if data else shared.workspace.prefixes


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
