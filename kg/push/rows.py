"""The rows of a build that a push sends: chosen, without blank nodes, counted and cut."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from kg.duck import sql_text, translated
from kg.errors import InputError, UsageError
from kg.exports.graphs import DEFAULT_GRAPH, select_graphs
from kg.exports.skolem import skolemized_sql
from kg.push.model import PushedGraph, PushOptions
from kg.quads import QuadTable, copy_lines
from kg.sql import HAS_BLANK
from kg.terms import expand, is_iri
from kg.workspace import Build, Workspace

if TYPE_CHECKING:
    import duckdb


def rows_to_send(
    connection: duckdb.DuckDBPyConnection, build: Build, workspace: Workspace, options: PushOptions
) -> str:
    """Return a query for the rows s, p, o, g of a build that a push sends.

    Raises:
        InputError: A graph is unknown, or there are blank nodes.
        UsageError: ``into`` is not an IRI.
    """
    rows = rows_apart(connection, build, workspace, options)
    if not options.skolemize:
        _refuse_blank(connection, rows)
    return rows


def rows_apart(
    connection: duckdb.DuckDBPyConnection,
    build: Build,
    workspace: Workspace,
    options: PushOptions,
    without: frozenset[str] = frozenset(),
) -> str:
    """Return the query of `rows_to_send` over the build's files except those named ``without``.

    Raises:
        InputError: A graph is unknown.
        UsageError: ``into`` is not an IRI.
    """
    left_out = () if options.with_inferred else build.left_out
    whole = QuadTable(build.quads)
    chosen = select_graphs(connection, whole, options.graphs, workspace.prefixes, left_out)
    table = QuadTable(build.quads, without)
    rows = f"SELECT s, p, o, g FROM {table.sql} WHERE {chosen.condition}"
    if options.skolemize:
        rows = skolemized_sql(rows, workspace.base)
    if options.into is not None:
        graph = _graph_term(options.into, workspace)
        rows = f"SELECT DISTINCT s, p, o, {graph} AS g FROM ({rows})"
    return f"SELECT s, p, o, g FROM ({rows})"


def _graph_term(name: str, workspace: Workspace) -> str:
    if name == DEFAULT_GRAPH:
        return "NULL::VARCHAR"
    found = expand(name, workspace.prefixes) or name
    if not is_iri(found):
        raise UsageError(
            "bad-iri", f"--into takes an IRI or default, not {name!r}", hint="See `kg help stores`."
        )
    return sql_text(f"<{found}>")


def _refuse_blank(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    found = connection.execute(
        f"SELECT concat_ws(' ', s, p, o) FROM ({rows}) WHERE {HAS_BLANK} LIMIT 1"
    ).fetchone()
    if found:
        raise InputError(
            "blank-nodes-in-push",
            f"there are blank nodes, which a store creates again for each request: {found[0]}",
            hint="Add --skolemize, which turns them into IRIs.",
        )


def graphs_of(connection: duckdb.DuckDBPyConnection, rows: str) -> list[PushedGraph]:
    """Return the graphs of rows, each with its number of triples and of values."""
    # Not count(DISTINCT ...), which cannot spill. Only typed literals have values.
    values = f"SELECT g, s, p, {value_sql('o')} AS v FROM ({rows})"
    values += " WHERE starts_with(o, '\"') AND ends_with(o, '>')"
    # No WHERE on v: DuckDB would push it down and compute v twice.
    valued = f"SELECT g, v, count(*) AS n FROM ({values}) GROUP BY g, s, p, v"
    with translated():
        found = connection.execute(
            "SELECT g, sum(triples)::BIGINT, sum(held)::BIGINT FROM ("
            f" SELECT g, count(*) AS triples, count(*) AS held FROM ({rows}) GROUP BY g"
            " UNION ALL SELECT g, 0, sum(CASE WHEN v IS NULL THEN 0 ELSE 1 - n END)"
            f" FROM ({valued}) GROUP BY g"
            ") GROUP BY g ORDER BY g NULLS FIRST"
        ).fetchall()
    return [PushedGraph(name_of(name), triples, values) for name, triples, values in found]


def value_sql(term: str) -> str:
    """Return SQL for the value of a number, boolean or time, the same for all its lexical forms.

    It is NULL for other terms, which have only one lexical form.

    Args:
        term: An SQL expression for a term.
    """
    text = f"regexp_extract({term}, '^\"(.*)\"', 1)"
    kind = rf"regexp_extract({term}, '\^\^<http://www\.w3\.org/2001/XMLSchema#(\w+)>$', 1)"
    number = f"regexp_replace(regexp_replace({text}, '^\\+', ''), '^(-?)0+([0-9])', '\\1\\2')"
    fraction = f"regexp_replace(regexp_replace({number}, '(\\.[0-9]*?)0+$', '\\1'), '\\.$', '')"
    moment = f"regexp_replace({text}, '(\\.[0-9]*?)0*(Z|[+-]\\d\\d:\\d\\d)?$', '\\1\\2')"
    instant = f"regexp_replace(regexp_replace({moment}, '\\.(Z|[+-]|$)', '\\1'), '[+-]00:00$', 'Z')"
    return (
        f"CASE WHEN NOT ends_with({term}, '>') OR NOT starts_with({term}, '\"') THEN NULL"
        f" WHEN {kind} IN ('double', 'float') THEN coalesce(concat({kind},"
        f" TRY_CAST({text} AS DOUBLE)::VARCHAR), {term})"
        f" WHEN {kind} = 'boolean' THEN concat('b', replace(replace({text}, '1', 'true'), '0',"
        " 'false'))"
        f" WHEN {kind} = 'decimal' THEN concat('d', {fraction})"
        f" WHEN {kind} IN ('dateTime', 'date', 'time') THEN concat({kind}, {instant})"
        f" WHEN {kind} IN ('integer', 'long', 'int', 'short', 'byte') OR {kind} LIKE '%Integer'"
        f" OR {kind} LIKE 'unsigned%' THEN concat({kind}, {number}) END"
    )


# Graph, whether this is its first chunk, number of triples, and N-Triples.
Chunk = tuple[str | None, bool, int, bytes]


def chunks(
    connection: duckdb.DuckDBPyConnection, rows: str, size: int, folder: Path
) -> Iterator[Chunk]:
    """Yield graph, whether this is its first chunk, number of triples, and N-Triples."""
    # Through a file, because DuckDB keeps all rows of a sorted result in memory.
    lines = folder / "lines"
    sql = f"SELECT concat(g, ' ', s, ' ', p, ' ', o, ' .') FROM ({rows})"
    copy_lines(connection, f"{sql} ORDER BY g NULLS FIRST, s, p, o", lines)
    with lines.open("rb") as source:
        pairs = (line.partition(b" ") for line in source)
        for graph, of_graph in groupby(pairs, key=itemgetter(0)):
            triples = (triple for _, _, triple in of_graph)
            fresh = True
            while held := list(islice(triples, size)):
                yield name_of(graph.decode()), fresh, len(held), b"".join(held)
                fresh = False


def name_of(graph: str | None) -> str | None:
    """Return the IRI of a graph's term; None for the default graph."""
    return graph[1:-1] if graph else None
