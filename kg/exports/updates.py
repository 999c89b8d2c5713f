"""Sends a quad table to a server with SPARQL Update, as a logical target of a mapping asks for it.

Statements are sent in requests of ``INSERT DATA``. Sending one again changes nothing, so a request
that breaks is repeated. A blank node is another one in each request, so a table with blank nodes
must fit into one, which is sent once: nobody knows whether a request that broke was obeyed.

Spec: https://www.w3.org/TR/sparql11-update/#insertData,
https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.duck import engine, translated
from kg.errors import InputError
from kg.http import Client, find_credentials
from kg.mapping.plan import LogicalTarget
from kg.quads import QuadTable
from kg.sql import HAS_BLANK

if TYPE_CHECKING:
    import duckdb

# Statements in a request.
CHUNK: Final = 5_000
_HEADERS: Final = {"Content-Type": "application/sparql-update"}


def send_updates(
    table: QuadTable,
    target: LogicalTarget,
    *,
    spill: Path,
    memory: str | None = None,
    threads: int | None = None,
    chunk: int = CHUNK,
) -> int:
    """Insert a quad table into a store, and return the number of statements.

    Args:
        table: The quads of the target.
        target: The target, with its endpoint.
        spill: Folder for intermediate files.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        chunk: Most statements in a request.

    Raises:
        InputError: There are blank nodes, and more statements than one request takes.
        WorldError: The server cannot be reached or refuses a request; those before were obeyed.
    """
    credentials, sent = find_credentials(target.endpoint), 0
    with engine(spill, memory, threads) as connection, translated():
        client = Client(credentials)
        if _has_blank(connection, table, target, chunk):
            client.tries = 1
        rows = connection.execute(f"SELECT g, s, p, o FROM {table.sql}")
        while batch := rows.fetchmany(chunk):
            client.send("POST", target.endpoint, "\n".join(_update(batch)).encode(), _HEADERS)
            sent += len(batch)
    return sent


def _has_blank(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, target: LogicalTarget, chunk: int
) -> bool:
    """Return whether there are blank nodes.

    Raises:
        InputError: There are, and more statements than one request takes.
    """
    row = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {HAS_BLANK}) FROM {table.sql}"
    ).fetchone()
    assert row is not None
    if row[0] > chunk and row[1]:
        raise InputError(
            "blank-nodes-in-push",
            f"there are blank nodes, which a store creates again for each request of {chunk:,}"
            " statements",
            location=target.origin.location(),
            hint="Make IRIs of them, or write a file and load it with the store's own tools.",
        )
    return bool(row[1])


def _update(rows: list[tuple[str | None, str, str, str]]) -> Iterator[str]:
    """Yield the lines of a request."""
    yield "INSERT DATA {"
    for graph, quads in groupby(sorted(rows, key=lambda row: row[0] or ""), itemgetter(0)):
        if graph is not None:
            yield f"GRAPH {graph} {{"
        yield from (f"{s} {p} {o} ." for _, s, p, o in quads)
        if graph is not None:
            yield "}"
    yield "}"
