"""``kg build``: map, validate, index, swap in."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kg.cli.context import Settings, settings
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.given import ContextOption
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.losses import say_losses
from kg.cli.options import MapEngine, MasterOption, UnsupportedOption, check_master
from kg.cli.rejects import BadRecords, OnBad, OnBadOption, RejectsOption
from kg.cli.results import FormOption, of_build, of_unchanged, print_json, wants_json
from kg.errors import ExitCode, UsageError
from kg.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kg.basis import Basis
    from kg.building import BuildOptions, BuildResult
    from kg.cli.context import Settings
    from kg.findings import Finding
    from kg.parts import Elsewhere
    from kg.validation.formats import Report
    from kg.validation.results import Sink
    from kg.workspace import Build, Workspace


class Inference(StrEnum):
    """The inference of a build."""

    NONE = "none"
    RDFS = "rdfs"


class FailOn(StrEnum):
    """The mildest severity that keeps a build out of force."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


def build_command(
    context: typer.Context,
    table: Annotated[
        bool | None,
        typer.Option(
            "--table/--no-table",
            help="Make the coded copies that SQL asks. Default: if the graph is large.",
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        bool | None,
        typer.Option(
            "--index/--no-index",
            help="Make Oxigraph's index. Default: if the graph is small.",
            show_default=False,
        ),
    ] = None,
    no_validate: Annotated[
        bool, typer.Option("--no-validate", help="Do not validate against shapes/.")
    ] = False,
    fail_on: Annotated[
        FailOn, typer.Option(help="Mildest severity that keeps the build out of force.")
    ] = FailOn.VIOLATION,
    infer: Annotated[
        Inference | None,
        typer.Option(
            "--infer",
            "--inference",
            help="rdfs: add what follows from subclasses and subproperties, in a graph of its own."
            " Default: as kg.toml says.",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Fail if there are losses or findings that are not accepted.",
        ),
    ] = False,
    ignore_unsupported: UnsupportedOption = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Build again on each change, until Ctrl-C.")
    ] = False,
    ask: Annotated[
        str | None,
        typer.Option("--ask", metavar="NAME", help="With --watch: a question to ask each time."),
    ] = None,
    form: FormOption = "text",
    engine: Annotated[
        MapEngine,
        typer.Option("--engine", help="What maps: duckdb in this process, or Apache Spark."),
    ] = MapEngine.DUCKDB,
    master: MasterOption = None,
    functions: FunctionsOption = None,
    contexts: ContextOption = None,
    on_bad: OnBadOption = OnBad.STOP,
    rejects: RejectsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Sources may lie outside the workspace.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Build anew although nothing has changed.")
    ] = False,
) -> int:
    """Map the facts, validate the graph, index it, put it in force.

    A build that fails validation is not put in force: the one before it still answers.
    """
    handled = BadRecords(on_bad, rejects)
    if ask is not None and not watch:
        raise UsageError("usage", "--ask goes with --watch", hint="Ask with kg query.")
    on_spark = engine is MapEngine.SPARK
    check_master(master, on_spark=on_spark)
    if on_spark and (watch or functions):
        refused = "--watch" if watch else "--functions"
        raise UsageError(
            "usage", f"{refused} does not go with --engine spark", hint=f"Leave out {refused}."
        )
    as_json = wants_json(form)
    if as_json and watch:
        raise UsageError("usage", "--format json tells of one build, --watch of many")

    def chosen(sinks: Sequence[Sink], basis: Basis | None = None) -> BuildOptions:
        from kg.building import BuildOptions
        from kg.validation import Severity

        return BuildOptions(
            index=index,
            table=table,
            validate=not no_validate,
            fail_on=Severity[fail_on.name],
            infer=None if infer is None else infer.value,
            strict=strict,
            memory=memory,
            threads=threads,
            allow_outside=allow_outside,
            ignore_unsupported=ignore_unsupported,
            sinks=sinks,
            basis=basis,
            elsewhere=_cluster(master, memory) if on_spark else None,
        )

    left_out = ("context", "memory", "threads", "timeout", "full", "form", "watch", "ask", "master")
    asked = {name: each for name, each in context.params.items() if name not in left_out}
    keeps = not (functions or contexts or rejects) and on_bad is OnBad.STOP

    def basis(workspace: Workspace) -> Basis | None:
        inside = replace(workspace, allow_outside=allow_outside)
        return _basis(inside, asked, full, keeps) if keeps or watch else None

    shared = settings(context)
    if watch:
        prepare = partial(_prepare, context, functions, (memory, timeout, threads))
        named = tuple(path.absolute() for path in functions or ())
        return _watch(shared, on_bad, lambda w, take: chosen([take], basis(w)), prepare, ask, named)
    limit(None if on_spark else memory, timeout, threads)  # Java has it, and then the build
    use_functions(context, functions)
    if keeps and not full and _is_done(shared, asked, as_json, allow_outside):
        return ExitCode.DONE
    workspace = shared.workspace
    shows = not no_validate and bool(workspace.shape_files)
    report = _report(shared, workspace, ignore_unsupported) if shows else None
    bad = context.with_resource(handled)
    result = _built(shared, report, lambda sinks: chosen(sinks, basis(workspace)))
    _summary(shared, result, workspace, strict)
    if as_json:
        print_json(of_build(result))
    return bad.finish(shared, ExitCode.DONE if result.in_force else ExitCode.NO)


def _cluster(master: str | None, memory: str | None) -> Elsewhere:
    from kg.map_spark import Cluster

    return Cluster(master, memory).engine


def _is_done(
    shared: Settings, asked: Mapping[str, object], as_json: bool, allow_outside: bool
) -> bool:
    """Return whether the build in force is what would be built, and say so."""
    from dataclasses import replace

    from kg.basis import unchanged

    found = unchanged(replace(shared.workspace, allow_outside=allow_outside), asked)
    if not found:
        return False
    _unchanged(shared, *found)
    if as_json:
        print_json(of_unchanged(found[0]))
    return True


def _built(
    shared: Settings, report: Report | None, options: Callable[[Sequence[Sink]], BuildOptions]
) -> BuildResult:
    """Build, and show the results of validation."""
    from kg.building import build

    with shared.status() as status:
        sinks = [] if report is None else [report.add]
        result = build(shared.workspace, options(sinks), status)
    if report is not None and result.verdict is not None and result.verdict.counts:
        report.close()
    return result


def _report(shared: Settings, workspace: Workspace, ignore_unsupported: bool) -> Report:
    """Return what shows results of validation, those that are accepted left out."""
    from kg.findings import read_accepted
    from kg.findings.results import CODE, about_group
    from kg.graph import read_shapes
    from kg.names import Namer
    from kg.validation.formats import open_report

    shapes = read_shapes(workspace.shape_files, ignore_unsupported=ignore_unsupported)
    known = read_accepted(workspace.root, workspace.accepted)
    return open_report(
        "table",
        sys.stderr,
        shapes,
        Namer({**workspace.prefixes, **shapes.prefixes}),
        shared.width,
        lambda title, file, count: known.covers(
            CODE, about_group(title, file, workspace.root), count
        ),
    )


def _unchanged(shared: Settings, build: Build, told: int) -> None:
    shared.say(f"nothing has changed: build {build.id} is in force (--full builds anew)")
    results = sum((build.info().get("validation") or {}).values())
    if results:
        shared.say(f"{counted(results, 'validation result')}: `kg validate` lists them")
    if told:
        shared.say(f"{counted(told, 'finding')}, as before: `kg build --full` tells them again")


def _basis(workspace: Workspace, asked: Mapping[str, object], full: bool, keeps: bool) -> Basis:
    """Return what notes the files of a build: for the next build, or only for those who watch."""
    from kg.basis import Basis

    made = Basis(workspace, asked, anew=full)
    if not keeps:
        made.give_up()
    return made


def _prepare(
    context: typer.Context,
    functions: list[Path] | None,
    limits: tuple[str | None, float | None, int | None],
) -> None:
    """Set the limits of a process that builds, and run the files of functions as they are now."""
    limit(*limits)
    use_functions(context, functions)


def _watch(
    shared: Settings,
    on_bad: OnBad,
    again: Callable[[Workspace, Sink], BuildOptions],
    prepare: Callable[[], None],
    question: str | None,
    named: tuple[Path, ...],
) -> int:
    from kg.cli.watch import Watch

    if on_bad is OnBad.SKIP:
        raise UsageError(
            "usage",
            "--watch stops at records that cannot be read, and says so",
            hint="Leave out --on-bad, or build without --watch.",
        )
    return Watch(shared, again, prepare, question or "", named).run()


def _summary(shared: Settings, result: BuildResult, workspace: Workspace, strict: bool) -> None:
    records = sum(count.records for count in result.counts)
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
    shared.say(
        f"{counted(result.triples, 'triple')} in {counted(len(result.graphs), 'graph')},"
        f" {counted(records, 'record')} mapped"
        f" ({steps} of CPU)"
    )
    readme = workspace.root / "README.md"
    guide = workspace.show(readme) if readme.is_file() else ""
    say_losses(shared, result.lossy, workspace.prefixes, strict=strict, guide=guide)
    say_findings(shared, result.findings)
    if result.inferred:
        shared.say(f"{result.inferred:,} of the triples are inferred; exports leave them out")
    if result.merged:
        shared.say(
            f"the index takes {result.merged:,} quads for others that differ only in how a value"
            " is written; exports and counts here tell them apart"
        )
    for note in () if result.verdict is None else result.verdict.notes:
        if not getattr(note, "code", ""):  # else a finding reports it
            shared.say(f"kg: warning: {note}")
    for problem in result.problems:
        shared.say(
            f"{counted(problem.count, 'statement')}: {problem.message} ({problem.code});"
            " stores may refuse them, `kg export` names the first"
        )
    if result.in_force:
        shared.say(f"build {result.build.id} is in force")
        return
    reason = "validation failed"
    if strict and not (result.verdict and any(result.verdict.counts.values())):
        reason = "something was lost or is doubtful, and --strict was given"
    shared.say(f"the build is NOT in force: {reason}; what was there before still answers")


# --- Report the first findings after a build, with place and advice -------------------------------


# Most findings in a summary, unless all are asked for.
MOST_SHOWN: Final = 10


def say_findings(shared: Settings, findings: Sequence[Finding]) -> None:
    """Report the findings that are not accepted, the worst first.

    Args:
        shared: Writes messages.
        findings: The findings.
    """
    ordered = sorted(findings, key=lambda each: -each.level)
    shown = ordered if shared.verbose else ordered[:MOST_SHOWN]
    for finding in shown:
        for line in finding.lines():
            shared.say(line)
    if len(shown) < len(ordered):
        shared.say(
            f"and {counted(len(ordered) - len(shown), 'more finding')}; `kg check` lists all"
        )
    if ordered:
        shared.say("`kg check --accept` accepts those that are intended")
