"""Pushes a graph into a remote store by the SPARQL 1.1 Graph Store Protocol.

The quad table is sent in chunks. To replace a graph, kg deletes it, sends the first chunk with PUT
and the others with POST. There are no blank nodes, so adding triples again changes nothing: each
request can be repeated, and a push that breaks is simply run again.

Spec: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kg.builds import check_build
from kg.duck import engine
from kg.errors import UsageError, WorldError
from kg.http import Client, find_credentials
from kg.push.changes import Changes, why_all
from kg.push.known import forget, read_held, remember
from kg.push.model import Changed, Progress, Pushed, PushedGraph, PushOptions
from kg.push.rows import chunks, graphs_of, rows_to_send
from kg.push.store import Sender, checked, hides_all
from kg.push.urls import check_endpoint, check_url, endpoint_of, update_of
from kg.records import dataclass
from kg.temporary import temporary_folder
from kg.workspace import Build, Workspace

if TYPE_CHECKING:
    import duckdb


def plan_push(workspace: Workspace, options: PushOptions) -> list[PushedGraph]:
    """Return the graphs that a push would send, without sending them.

    Raises:
        InputError: There is no build, a graph is unknown, or there are blank nodes.
    """
    with _opened(workspace, options) as (connection, rows, _, _):
        return graphs_of(connection, rows)


def plan_changes(workspace: Workspace, url: str, options: PushOptions) -> Changed | str:
    """Return what a push of changes would remove and add, or why it would send everything.

    It counts what the store holds, and changes nothing.

    Raises:
        UsageError: As for `push`.
        InputError: There is no build, a graph is unknown, or there are blank nodes.
        WorldError: The store cannot be reached.
    """
    one = _Push.to(workspace, url, options)
    with _opened(workspace, options) as (connection, _, build, folder):
        found = one.difference(connection, build, folder)
        return found if isinstance(found, str) else found.count


def push(
    workspace: Workspace,
    url: str,
    options: PushOptions | None = None,
    *,
    progress: Progress | None = None,
    say: Progress | None = None,
) -> Pushed:
    """Push the current build of a workspace into a store.

    Args:
        workspace: The workspace.
        url: The store's Graph Store URL, without ``?graph=``.
        options: Graphs, limits and so on.
        progress: Called with the name of each step.
        say: Called with messages for the user, such as about a retry.

    Raises:
        UsageError: The URL is not a Graph Store URL, or contains a password; or the options do not
            go together.
        InputError: There is no build, a graph is unknown, or there are blank nodes.
        WorldError: The store cannot be reached, refuses, or has other triples afterwards.
        LimitError: The memory limit was reached.
    """
    chosen = options or PushOptions()
    one = _Push.to(workspace, url, chosen, progress, say)
    with _opened(workspace, chosen) as (connection, rows, build, folder):
        return (one.changes(connection, build, folder) if chosen.changes else None) or one.all(
            connection, rows, build, folder
        )


@dataclass(frozen=True)
class _Push:
    """One push to a store."""

    workspace: Workspace
    url: str
    options: PushOptions
    client: Client
    progress: Progress | None
    say: Progress | None

    @classmethod
    def to(
        cls,
        workspace: Workspace,
        url: str,
        options: PushOptions,
        progress: Progress | None = None,
        say: Progress | None = None,
    ) -> _Push:
        """Return a push to a store whose URLs have been checked.

        Raises:
            UsageError: A URL is wrong or contains a password.
        """
        check_url(url)
        check_endpoint(options.endpoint, "--endpoint")
        check_endpoint(options.update, "--update")
        login = find_credentials(url)
        client = Client(login, timeout=options.timeout, tries=options.tries, say=say)
        made = cls(workspace, url, options, client, progress, say)
        if options.changes:
            made._endpoints()  # told before anything is read
        return made

    @property
    def endpoint(self) -> str | None:
        """The SPARQL endpoint to count at, if counting is wanted."""
        return (self.options.endpoint or endpoint_of(self.url)) if self.options.check else None

    def all(
        self, connection: duckdb.DuckDBPyConnection, rows: str, build: Build, folder: Path
    ) -> Pushed:
        """Send all triples."""
        graphs = graphs_of(connection, rows)
        total = sum(graph.triples for graph in graphs)
        sender = Sender(self.client, self.url, self.options, total, self.progress)
        sender.greet(graphs)
        held = read_held(self.workspace, self.url, self.options) if self.options.changes else None
        forget(self.workspace, self.url)
        if held is not None:
            sender.drop({graph.name for graph in held.graphs} - {each.name for each in graphs})
        sender.send(chunks(connection, rows, self.options.chunk, folder))
        return self._counted(build, graphs, sender.requests)

    def changes(
        self, connection: duckdb.DuckDBPyConnection, build: Build, folder: Path
    ) -> Pushed | None:
        """Send what has changed, or return None if all has to be sent."""
        _, update = self._endpoints()
        found = self.difference(connection, build, folder)
        if isinstance(found, str):
            if self.say:
                self.say(f"all is sent: {found}")
            return None
        forget(self.workspace, self.url)
        requests = found.send(self.client, update, self.options.chunk, self.progress)
        return self._counted(build, found.graphs(), requests, found.count)

    def difference(
        self, connection: duckdb.DuckDBPyConnection, build: Build, folder: Path
    ) -> Changes | str:
        """Return what has changed since the last push, or why all has to be sent."""
        endpoint, _ = self._endpoints()
        held = read_held(self.workspace, self.url, self.options)
        why = why_all(self.workspace, held, self.client, endpoint)
        if held is None or why is not None:
            return str(why)
        found = Changes(connection, self.workspace, build, held, self.options, folder)
        return found.why_all(self.client, endpoint) or found

    def _endpoints(self) -> tuple[str, str]:
        if self.options.add:
            raise UsageError(
                "usage",
                "--changes makes the store equal to the build, and --add keeps what it has",
                hint="Give one of the two.",
            )
        endpoint = self.endpoint
        if endpoint is None:
            raise UsageError(
                "usage",
                "--changes has to count what the store holds",
                hint="Give the store's SPARQL endpoint with --endpoint, and no --no-check.",
            )
        update = self.options.update or update_of(self.url)
        if update is None:
            raise UsageError(
                "usage",
                "--changes does not know where this store takes updates",
                hint="Give its endpoint for SPARQL Update with --update URL.",
            )
        return endpoint, update

    def _counted(
        self,
        build: Build,
        graphs: list[PushedGraph],
        requests: int,
        changed: Changed | None = None,
    ) -> Pushed:
        endpoint = self.endpoint
        if endpoint is None:
            return Pushed(tuple(graphs), requests, self.client.retried, checked=False)
        add = self.options.add
        counted = tuple(checked(self.client, endpoint, graph, add=add) for graph in graphs)
        hidden = hides_all(self.client, endpoint, counted)
        if not add:
            self._remember(build, counted)
        return Pushed(counted, requests, self.client.retried, True, hidden, changed)

    def _remember(self, build: Build, graphs: tuple[PushedGraph, ...]) -> None:
        try:
            remember(self.workspace, self.url, self.options, build.id, graphs)
        except WorldError as error:  # the store has everything all the same
            if self.say:
                self.say(f"the next push will send all again, for this cannot be noted: {error}")


@contextmanager
def _opened(
    workspace: Workspace, options: PushOptions
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, Build, Path]]:
    """Yield a connection, a query for the rows to send, the build, and a temporary folder."""
    build = check_build(workspace.current_build(), again=True)
    with (
        temporary_folder("push") as name,
        engine(Path(name), options.memory) as connection,
    ):
        rows = rows_to_send(connection, build, workspace, options)
        yield connection, rows, build, Path(name)
