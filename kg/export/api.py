"""Export as functions: from a workspace or a quad table to an RDF file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.duck import engine
from kg.export.formats import N_QUADS, N_TRIPLES, TRIG, TURTLE, Format, choose_format
from kg.export.graphs import select_graphs
from kg.export.lines import nquads_sql, ntriples_sql
from kg.export.names import Names
from kg.export.sinks import pipe_lines, replacing, standard_output, write_lines
from kg.export.turtle import trig_sql, turtle_sql, used_names
from kg.quads import QuadTable
from kg.workspace import COMMON_PREFIXES, Workspace

if TYPE_CHECKING:
    import duckdb

# The path, below the base IRI, of the graph that `kg build --infer` writes.
INFERRED: Final = "graph/inferred"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did.

    Attributes:
        target: The file that was written, or ``-``.
        format: Its format.
        statements: How many triples (or quads) it holds.
    """

    target: str
    format: Format
    statements: int


def export_workspace(
    workspace: Workspace,
    target: str,
    *,
    format_name: str | None = None,
    graphs: Iterable[str] = (),
    with_inferred: bool = False,
    memory: str | None = None,
    threads: int | None = None,
) -> Exported:
    """Write the current build of a workspace as an RDF file.

    Args:
        workspace: Where the build and the prefixes are.
        target: Path of the file, or ``-`` for standard output.
        format_name: Name of the format; by default the target's ending tells it.
        graphs: The graphs to write, by name; by default all.
        with_inferred: Whether the graph of inferred triples is written too.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.

    Raises:
        UsageError: The format or a graph is unknown.
        InputError: There is no build yet.
        WorldError: The disk failed; the target is as it was.
        LimitError: The memory limit was reached; the target is as it was.
    """
    table = QuadTable(workspace.current_build().quads)
    left_out = () if with_inferred else (f"<{workspace.base}{INFERRED}>",)
    return export_table(
        table,
        target,
        format_name=format_name,
        graphs=graphs,
        left_out=left_out,
        prefixes=workspace.prefixes,
        memory=memory,
        threads=threads,
    )


def export_table(
    table: QuadTable,
    target: str,
    *,
    format_name: str | None = None,
    graphs: Iterable[str] = (),
    left_out: Iterable[str] = (),
    prefixes: Mapping[str, str] = COMMON_PREFIXES,
    memory: str | None = None,
    threads: int | None = None,
) -> Exported:
    """Write a quad table as an RDF file.

    Args:
        table: The quad table.
        target: As for `export_workspace`; the errors too.
        format_name: As for `export_workspace`.
        graphs: As for `export_workspace`.
        memory: As for `export_workspace`.
        threads: As for `export_workspace`.
        left_out: Graphs, as terms, that are left out unless `graphs` names them.
        prefixes: Prefix to namespace, for Turtle and TriG.
    """
    form, _ = choose_format(target, format_name)
    with engine(memory=memory, threads=threads) as connection:
        selection = select_graphs(connection, table, graphs, prefixes, left_out)
        rows = f"SELECT s, p, o, g FROM {table.sql} WHERE {selection.condition}"
        lines = _lines(connection, rows, form, prefixes, overlapping=selection.overlapping)
        if target == "-":
            count = pipe_lines(connection, lines, standard_output())
        else:
            with replacing(Path(target)) as part:
                count = write_lines(connection, lines, part)
    return Exported(target, form, count)


def _lines(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    form: Format,
    prefixes: Mapping[str, str],
    *,
    overlapping: bool,
) -> str:
    if form == N_TRIPLES:
        return ntriples_sql(rows, overlapping=overlapping)
    if form == N_QUADS:
        return nquads_sql(rows)
    names = used_names(connection, rows, Names.of(prefixes))
    if form == TURTLE:
        return turtle_sql(rows, names, overlapping=overlapping)
    assert form == TRIG
    return trig_sql(rows, names)
