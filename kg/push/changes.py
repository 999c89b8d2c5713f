"""Sends only what has changed since the last push to a store, as SPARQL Update.

It is done where kg knows what the store holds: the build that was pushed last still exists, and
the store has as many triples of each graph as it had then. Removed triples go first. A store that
merges literals of the same value (`01` and `1`) then lacks both, so what a subject has beside a
removed triple, with the same predicate, is sent again. There are no blank nodes, so each request
can be repeated.

Spec: https://www.w3.org/TR/sparql11-update/#updateLanguage
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.builds import check_build, quad_digests
from kg.diff.compare import compare_ground, cuts_of
from kg.diff.sides import Side, find_build
from kg.duck import read_parquet, sql_target, sql_text, translated
from kg.errors import InputError, KgError
from kg.http import Client
from kg.push.known import Held
from kg.push.model import Changed, Progress, PushedGraph, PushOptions
from kg.push.rows import chunks, graphs_of, name_of, rows_apart
from kg.push.store import count_of, post_form, shown
from kg.quads import QuadTable
from kg.workspace import Build, Workspace

if TYPE_CHECKING:
    import duckdb

# Triples of an operation. Virtuoso compiles an operation, and refuses large ones.
_OPERATION: Final = 1000
# If more than this part of the triples has changed, sending all of them is quicker.
_MOST: Final = 0.5


def why_all(workspace: Workspace, held: Held | None, client: Client, endpoint: str) -> str | None:
    """Return why all triples have to be sent, or None if it may be that the changes are enough.

    Args:
        workspace: The workspace.
        held: What the last push left in the store.
        client: Talks to the store.
        endpoint: The store's SPARQL endpoint.

    Raises:
        WorldError: The store cannot be reached.
    """
    if held is None:
        return "no earlier push to this store with these options is known"
    try:
        find_build(workspace, held.build)
    except InputError:
        return f"the build of the last push, {held.build}, does not exist any more"
    for graph in held.graphs:
        now = count_of(client, endpoint, graph.name)
        if now != graph.held:
            return (
                f"the store has {now:,} triples in {shown(graph.name)}, and had {graph.held:,}"
                " after the last push: something else has written to it"
            )
    return None


class Changes:
    """The difference between the build that a store holds and the current one.

    Args:
        connection: From `kg.duck.engine`.
        workspace: The workspace.
        build: The current build.
        held: What the store holds.
        options: Those of the push.
        folder: For temporary files.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        workspace: Workspace,
        build: Build,
        held: Held,
        options: PushOptions,
        folder: Path,
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._held = held
        before = check_build(find_build(workspace, held.build))
        self._rows = rows_apart(connection, build, workspace, options)
        sides = [
            Side(QuadTable(each.quads), digests=quad_digests(each)) for each in (before, build)
        ]
        if options.into is None:  # else a triple may be in graphs of several files
            sides = [side.apart_from(sides[1 - at]) for at, side in enumerate(sides)]
        old, new = (
            rows_apart(connection, each, workspace, options, side.table.without)
            for each, side in zip((before, build), sides, strict=True)
        )
        ground = folder / "ground"
        ground.mkdir()
        with translated():
            compare_ground(connection, old, new, cuts_of(connection, sides), ground)
            found = read_parquet(*sorted(ground.iterdir()))
            changes = folder / "changes.parquet"
            connection.execute(f"COPY (FROM {found}) TO {sql_target(changes)} (FORMAT parquet)")
            self._found = read_parquet(changes)
            row = connection.execute(
                f"SELECT count(*) FILTER (sign = '-'), count(*) FILTER (sign = '+')"
                f" FROM {self._found}"
            ).fetchone()
            before_rows = rows_apart(connection, before, workspace, options)
            self._before = connection.execute(
                f"SELECT g, count(*) FROM ({before_rows}) GROUP BY g"
            ).fetchall()
        assert row is not None
        self.count = Changed(*row)

    @property
    def total(self) -> int:
        """The number of removed and added triples."""
        return self.count.removed + self.count.added

    def why_all(self, client: Client, endpoint: str) -> str | None:
        """Return why all triples have to be sent, or None if the changes are enough.

        Raises:
            WorldError: The store cannot be reached.
        """
        known = {graph.name: graph.triples for graph in self._held.graphs if graph.triples}
        if {name_of(name): triples for name, triples in self._before} != known:
            return "by today's settings the last push would have sent other graphs"
        for name in self._touched() - known.keys():
            if there := count_of(client, endpoint, name):
                return f"the store has {there:,} triples in {shown(name)}, which is a new graph"
        if self.total > _MOST * sum(known.values()):
            return f"{self.total:,} triples have changed"
        return None

    def _touched(self) -> set[str | None]:
        rows = self._connection.execute(f"SELECT DISTINCT g FROM {self._found}").fetchall()
        return {name_of(name) for (name,) in rows}

    def graphs(self) -> list[PushedGraph]:
        """Return the graphs of the current build, and the emptied ones, with their triples."""
        touched = self._touched()
        found = {graph.name: graph for graph in self._held.graphs if graph.name not in touched}
        found |= {name: PushedGraph(name, 0, 0) for name in touched}
        named = ", ".join(sql_text(f"<{name}>") for name in sorted(filter(None, touched)))
        parts = [f"g IN ({named})"] if named else []
        parts += ["g IS NULL"] if None in touched else []
        if parts:
            rows = f"SELECT * FROM ({self._rows}) WHERE {' OR '.join(parts)}"
            found |= {graph.name: graph for graph in graphs_of(self._connection, rows)}
        return sorted(found.values(), key=lambda graph: graph.name or "")

    def send(self, client: Client, update: str, chunk: int, progress: Progress | None) -> int:
        """Send the changes, and return the number of requests.

        Raises:
            WorldError: The store cannot be reached, or refuses.
        """
        operations = self._operations(min(chunk, _OPERATION))
        # A few changes go together, so that no reader sees a part of them.
        together = self.total <= _OPERATION
        texts = filter(None, [b" ;\n".join(operations)]) if together else operations
        requests = 0
        for text in texts:
            try:
                post_form(client, update, {"update": text})
            except KgError as error:
                error.hint = (
                    f"{error.hint or ''} Run the same command again: all is sent then. If the"
                    " store takes updates elsewhere, give --update URL."
                ).strip()
                raise
            requests += 1
            if progress:
                progress(f"{requests:,} requests of changes sent")
        return requests

    def _operations(self, size: int) -> Iterator[bytes]:
        removed = f"SELECT s, p, o, g FROM {self._found} WHERE sign = '-'"
        added = f"SELECT s, p, o, g FROM {self._found} WHERE sign = '+'"
        beside = (
            f"SELECT n.s, n.p, n.o, n.g FROM ({self._rows}) AS n SEMI JOIN ({removed}) AS r"
            " ON n.s = r.s AND n.p = r.p AND n.g IS NOT DISTINCT FROM r.g"
        )
        for word, rows in (("DELETE", removed), ("INSERT", f"{added} UNION {beside}")):
            for name, _, _, lines in chunks(self._connection, rows, size, self._folder):
                start, end = (f"GRAPH <{name}> {{", "} ") if name is not None else ("", "")
                yield b"%s DATA { %s\n%s%s}" % (
                    word.encode(),
                    start.encode(),
                    lines,
                    end.encode(),
                )
