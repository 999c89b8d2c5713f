"""Exports a workspace, a quad table or RDF files to one RDF file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.builds import check_build
from kg.duck import engine, read_parquet, translated
from kg.errors import KgError
from kg.exports.checks import Origins, Problem, check_rows, refuse_errors
from kg.exports.formats import choose_format
from kg.exports.graphs import select_graphs
from kg.exports.options import Exported, ExportOptions, Job
from kg.exports.skolem import skolemized_sql
from kg.exports.survey import Survey, read_survey
from kg.exports.write import Rows, write
from kg.notes import strictly
from kg.outputs import refuse_input
from kg.quads import QuadTable, spooled, write_table
from kg.sql import some_blank
from kg.temporary import temporary_folder
from kg.workspace import COMMON_PREFIXES, Build, Workspace, show_path

if TYPE_CHECKING:
    import duckdb

    from kg.lineage import Trace, Wanted


def export_workspace(
    workspace: Workspace,
    target: str,
    options: ExportOptions | None = None,
    *,
    build: Build | None = None,
    trace: Tracer | None = None,
) -> Exported:
    """Write a build of a workspace as an RDF file.

    Args:
        workspace: The workspace.
        target: Path of the file, or ``-`` for standard output.
        options: Format, graphs, limits and so on.
        build: The build; by default the current one.
        trace: Finds the records behind triples; by default it reads the sources.

    Returns:
        What was written, and problems that some stores may have with it.

    Raises:
        UsageError: The format is unknown, or options cannot be combined.
        InputError: There is no build yet, the target is an input, a graph is unknown, or a row is
            not valid RDF or cannot be written in this format.
        WorldError: The disk failed; the target is unchanged.
        LimitError: A limit was reached; the target is unchanged.
    """
    chosen = options or ExportOptions()
    refuse_input(target, (), workspace)
    build = check_build(build or workspace.current_build(), again=True)

    def find(wanted: Iterable[Wanted]) -> Iterable[Trace]:
        if trace is not None:
            return trace(wanted)
        from kg.lineage import trace_workspace

        return trace_workspace(workspace, wanted, memory=chosen.memory)

    table = QuadTable(build.quads)
    surveyed = None if chosen.graphs or chosen.with_inferred else read_survey(table)
    return export_quads(
        table,
        target,
        replace(chosen, base=chosen.base or workspace.base),
        workspace.prefixes,
        left_out=() if chosen.with_inferred else build.left_out,
        surveyed=surveyed,
        origins=lambda _, problems: _traced(find, problems),
    )


def export_files(files: Sequence[Path], target: str, options: ExportOptions) -> Exported:
    """Write RDF files as one file, with their prefixes; see `export_workspace`."""
    from kg.rdf import spool_rdf

    options.check(target, *choose_format(target, options.format_name))
    refuse_input(target, files)
    with temporary_folder("export") as name:
        spool = Path(name) / "spool.parquet"
        with strictly(options.strict):
            entries = [(path, None) for path in files]
            read = spool_rdf(entries, spool, options.base, options.memory)
        with engine(Path(name), options.memory, options.threads) as connection:
            table = write_table(connection, spooled(spool), Path(name) / "quads.parquet")
        return export_quads(
            table,
            target,
            options,
            {**COMMON_PREFIXES, **read.prefixes},
            origins=lambda connection, problems: _found_in(connection, spool, files, problems),
        )


def export_table(
    table: QuadTable,
    target: str,
    *,
    prefixes: Mapping[str, str] = COMMON_PREFIXES,
    format_name: str | None = None,
    memory: str | None = None,
    threads: int | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Exported:
    """Write a whole quad table that kg made, without checking it; see `export_workspace`.

    Args:
        table: The quad table.
        target: Path of the file, or ``-`` for standard output.
        prefixes: Prefix to namespace, for Turtle and TriG.
        format_name: Name of the format; by default that of the target's suffix.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        connection: From `kg.duck.engine`, for several tables; None: one with this memory and these
            threads is opened.
    """
    options = ExportOptions(format_name=format_name, memory=memory, threads=threads)
    return export_quads(table, target, options, prefixes, origins=None, opened=connection)


Tracer = Callable[["Iterable[Wanted]"], "Iterable[Trace]"]
Finder = Callable[["duckdb.DuckDBPyConnection", Sequence[Problem]], Origins]


def export_quads(
    table: QuadTable,
    target: str,
    options: ExportOptions,
    prefixes: Mapping[str, str],
    *,
    origins: Finder | None,
    left_out: Iterable[str] = (),
    surveyed: Survey | None = None,
    opened: duckdb.DuckDBPyConnection | None = None,
) -> Exported:
    """Select the rows of the chosen graphs, check them, and write them.

    Args:
        table: The quad table.
        target: Path of the file, or ``-``.
        options: The options of the export.
        prefixes: Prefix to namespace.
        origins: Finds where examples of problems come from; None: do not check the rows.
        left_out: Graphs, as terms, that are left out unless they are named.
        surveyed: The survey of these rows, if there is one.
        opened: A connection from `kg.duck.engine`; None: one is opened.
    """
    form, compression = choose_format(target, options.format_name)
    options.check(target, form, compression)
    with (
        temporary_folder("export") as name,
        nullcontext(opened)
        if opened
        else engine(Path(name), options.memory, options.threads) as connection,
        translated(),
    ):
        # The files of a table are opened by several queries, and nothing writes to them.
        connection.execute("SET parquet_metadata_cache = true")
        selection = select_graphs(connection, table, options.graphs, prefixes, left_out)
        sql = selection.rows_of(table)
        problems: tuple[Problem, ...] = ()
        if origins is not None:
            problems = surveyed.problems if surveyed else check_rows(connection, sql)
        places = origins(connection, problems) if origins and problems else {}
        refuse_errors(problems, places)
        if problems and options.strict:
            return Exported(target, form, False, problems=problems, origins=places)
        use = surveyed.use if surveyed and surveyed.prefixes == dict(prefixes) else None
        rows = Rows(sql, selection.overlapping, use)
        if options.skolemize and options.base:
            rows = _skolemized(connection, rows, options.base, Path(name))
        done = write(
            connection, rows, Job(target, form, compression, options, prefixes, Path(name))
        )
    return Exported(target, form, True, done.statements, done.files, problems, places, done.digest)


def _skolemized(connection: duckdb.DuckDBPyConnection, rows: Rows, base: str, folder: Path) -> Rows:
    """Return the rows with blank nodes replaced by IRIs, sorted again."""
    if not connection.execute(some_blank(rows.sql)).fetchone():
        return rows
    sql = skolemized_sql(rows.sql, base)
    table = write_table(connection, sql, folder / "skolemized.parquet")
    return Rows(f"SELECT s, p, o, g FROM {table.sql}", rows.overlapping)


def _traced(find: Tracer, problems: Sequence[Problem]) -> Origins:
    """Return the records behind the examples; none if the sources can no longer be read."""
    from kg.lineage import Wanted

    examples = [row for problem in problems for row in problem.examples]
    found: dict[tuple[str, str, str], str] = {}
    try:
        wanted = (Wanted(s, p, o) for s, p, o, _ in examples)
        for trace in find(wanted):
            asked = trace.wanted
            if asked.predicate and asked.object:
                key = asked.subject, asked.predicate, asked.object
                found.setdefault(key, str(trace.location))
    except KgError:
        return {}
    return {row: found[row[:3]] for row in examples if row[:3] in found}


def _found_in(
    connection: duckdb.DuckDBPyConnection,
    spool: Path,
    files: Sequence[Path],
    problems: Sequence[Problem],
) -> Origins:
    """Return the first file that contains each example."""
    found = {}
    for row in (row for problem in problems for row in problem.examples):
        first = connection.execute(
            f"SELECT min(f) FROM {read_parquet(spool)}"
            " WHERE s = ? AND p = ? AND o = ? AND g IS NOT DISTINCT FROM ?",
            list(row),
        ).fetchone()
        if first and first[0] is not None:
            found[row] = show_path(files[first[0]])
    return found
