"""``kg map``: run RML or YARRRML files without a workspace."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings, show
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.losses import say_losses
from kg.cli.mapping_check import check_mappings, checked_folders, variables_of
from kg.cli.options import MapEngine, MasterOption, check_master
from kg.cli.rejects import BadRecords, OnBad, OnBadOption, RejectsOption
from kg.cli.run_report import ReportFormatOption, ReportOption, reporting
from kg.errors import ExitCode, UsageError
from kg.wording import counted

if TYPE_CHECKING:
    from kg.cli.rejects import BadRecords
    from kg.map_files import Mapped, MappingFiles
    from kg.map_spark import Cluster


class Datatypes(StrEnum):
    """Datatypes of literals that the mapping gives none."""

    NATURAL = "natural"
    NONE = "none"
    GUESS = "guess"


def map_command(
    context: typer.Context,
    mappings: Annotated[
        list[Path],
        typer.Argument(metavar="MAPPING", help="RML (.ttl) or YARRRML (.yml) files."),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; - is standard output. What a mapping sends to targets goes there.",
        ),
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="RDF format. Default: by the ending of FILE."
        ),
    ] = None,
    base: Annotated[
        str, typer.Option(metavar="IRI", help="Prepended to relative IRIs. Default: none.")
    ] = "",
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the plan as SQL, and map nothing.")
    ] = False,
    first: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", min=1, help="Map the first N records of each source alone."
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit code 1 if a source gives no record, or records no subject or object.",
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Say what the mappings would do, and what is unsupported; read no data."
            " --format is then text, json or sarif.",
        ),
    ] = False,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Value of ${NAME} in the mappings."),
    ] = None,
    allowed: Annotated[
        list[str] | None,
        typer.Option(
            "--env", metavar="NAME", help="Variable of the environment that mappings may read."
        ),
    ] = None,
    source_folders: Annotated[
        list[Path] | None,
        typer.Option(
            "--sources",
            metavar="DIR",
            help="Folder for sources that are not beside their mapping.",
        ),
    ] = None,
    datatypes: Annotated[
        Datatypes,
        typer.Option(
            "--datatypes",
            help="Of literals that the mapping gives none: natural as RML says, none, or guess"
            " from texts.",
        ),
    ] = Datatypes.NATURAL,
    engine: Annotated[
        MapEngine,
        typer.Option(
            "--engine",
            help="What maps: duckdb on this machine, or Apache Spark, which writes a folder of"
            " Parquet, or of N-Quads with --format nquads.",
        ),
    ] = MapEngine.DUCKDB,
    master: MasterOption = None,
    table: Annotated[
        bool,
        typer.Option(
            "--table",
            help="With --engine spark: make the coded copies too, which kg query --data then asks.",
        ),
    ] = False,
    report: ReportOption = None,
    report_format: ReportFormatOption = None,
    replaced: Annotated[
        list[str] | None,
        typer.Option(
            "--replace-address",
            metavar="PREFIX=FUNCTION",
            help="Answer XPath's unparsed-text, for addresses that begin with PREFIX, by a function"
            " of the rest: uuid, sha256, or one of --functions. Nothing is fetched.",
        ),
    ] = None,
    functions: FunctionsOption = None,
    on_bad: OnBadOption = OnBad.STOP,
    rejects: RejectsOption = None,
    allow_outside: Annotated[
        bool,
        typer.Option(
            "--allow-outside",
            help="Sources and targets may lie outside the current folder and the mapping's,"
            " and be servers.",
        ),
    ] = False,
) -> int:
    """Map source files to RDF; sources are found beside the mapping."""
    handled = BadRecords(on_bad, rejects)
    on_spark = engine is MapEngine.SPARK
    _check_usage(
        master, report, report_format, table=table, on_spark=on_spark, runs=not (check or explain)
    )
    limit(None if on_spark else memory, timeout, threads)  # on Spark it is the memory of Java
    from kg.map_files import MappingFiles, explain_files, map_files, read_replacements

    use_functions(context, functions)
    shared = settings(context)
    prefixes = _prefixes(context)
    variables = variables_of(given or (), allowed or (), looks_only=check)
    addresses = read_replacements(replaced or ())
    if check:
        return check_mappings(shared, mappings, prefixes, base, variables, format_name)
    if on_spark:
        _refuse_on_spark(report, threads, replaced, first)

    def files() -> MappingFiles:
        folders = checked_folders(source_folders or ())
        return MappingFiles(
            mappings, base, prefixes, variables, folders, datatypes.value, allow_outside
        )

    if on_spark:
        from kg.map_spark import Cluster, explain_on_spark

        cluster = Cluster(master, memory)
        if explain:
            show(explain_on_spark(files(), cluster))
            return ExitCode.DONE
        bad = context.with_resource(handled)
        made = files(), output, cluster, format_name
        return _run_on_spark(*made, shared, bad, table=table, strict=strict)
    if explain:
        show(explain_files(files()))
        return ExitCode.DONE
    bad = context.with_resource(handled)
    told = reporting(report, report_format, mappings, output, bad, rejects, prefixes)
    with told, shared.status() as status:
        if output != "-":  # what is written may stand on the same terminal
            status("map")
        mapped = map_files(
            files(),
            output,
            format_name=format_name,
            memory=memory,
            threads=threads,
            addresses=addresses,
            most_records=first,
        )
        told.wrote(mapped)
    _say_written(shared, mapped, output, first, strict=strict)
    failed = strict and not all(count.is_whole for count in mapped.counts)
    return bad.finish(shared, ExitCode.NO if failed else ExitCode.DONE)


def _check_usage(
    master: str | None,
    report: str | None,
    report_format: str | None,
    *,
    table: bool,
    on_spark: bool,
    runs: bool,
) -> None:
    """Refuse options that have no meaning together."""
    if table and not on_spark:
        raise UsageError("usage", "--table goes with --engine spark", hint="Add --engine spark.")
    check_master(master, on_spark=on_spark)
    if report is None and report_format is not None:
        raise UsageError("usage", "--report-format goes with --report FILE", hint="Add --report.")
    if report is not None and not runs:
        raise UsageError(
            "usage",
            "--report is of a run, and --check and --explain run nothing",
            hint="Leave out one of them; --check --format json lists what it finds.",
        )


def _say_written(
    shared: Settings, mapped: Mapped, output: str | None, first: int | None, *, strict: bool
) -> None:
    records = sum(count.records for count in mapped.counts)
    for written in mapped.targets:
        shared.say(f"wrote {counted(written.statements, 'statement')} to {written.shown}")
    if output is not None:
        target = "standard output" if output == "-" else output
        made = counted(mapped.statements, "statement")
        shared.say(f"wrote {made} from {counted(records, 'record')} to {target}")
    if first is not None and any(count.records >= first for count in mapped.counts):
        shown = counted(first, "record")
        shared.say(
            f"of each source the first {shown} alone, as --limit says; joins look no further"
        )
    say_losses(shared, mapped.counts, mapped.prefixes, strict=strict)


def _prefixes(context: typer.Context) -> dict[str, str]:
    from kg.workspace import COMMON_PREFIXES

    around = settings(context).workspace_around
    return dict(around.prefixes if around else COMMON_PREFIXES)


# --- on Apache Spark ----------------------------------------------------------------------------


def _refuse_on_spark(
    report: str | None, threads: int | None, replaced: list[str] | None, first: int | None
) -> None:
    """Refuse options that mean nothing on Spark."""
    for name, value in (
        ("--report", report),
        ("--threads", threads),
        ("--replace-address", replaced),
        ("--limit", first),
    ):
        if value:
            raise UsageError(
                "usage", f"{name} does not go with --engine spark", hint=f"Leave out {name}."
            )


def _run_on_spark(
    mappings: MappingFiles,
    output: str | None,
    cluster: Cluster,
    format_name: str | None,
    shared: Settings,
    bad: BadRecords,
    *,
    table: bool,
    strict: bool,
) -> int:
    """Map on Spark, say what was made and lost, and return the exit code."""
    from kg.cli.losses import say_losses
    from kg.map_spark import map_on_spark

    if output is None or output == "-":
        raise UsageError(
            "missing-output", "Spark writes a folder", hint="Name one that is not there: -o graph"
        )
    with shared.status() as status:
        status("map on Spark")
        mapped = map_on_spark(mappings, output, cluster, format_name, copies=table)
    records = sum(count.records for count in mapped.counts)
    made = counted(mapped.statements, "statement")
    shared.say(f"wrote {made} from {counted(records, 'record')} to {output}")
    say_losses(shared, mapped.counts, mapped.prefixes, strict=strict)
    whole = all(count.is_whole for count in mapped.counts)
    return bad.finish(shared, ExitCode.NO if strict and not whole else ExitCode.DONE)
