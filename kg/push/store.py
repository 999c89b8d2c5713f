"""Sends triples to a store, and counts what it holds."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kg.errors import WorldError
from kg.http import Client, Reply
from kg.push.model import Progress, PushedGraph, PushOptions
from kg.push.rows import Chunk
from kg.push.urls import graph_url

_N_TRIPLES: Final = "application/n-triples"
_TURTLE: Final = "text/turtle"
# Statuses of a DELETE if there is no such graph or method: a PUT follows anyway.
_NO_DELETE: Final = frozenset({400, 404, 405, 500, 501})
# Returns 1 if the default graph is not empty, so that a store need not count all of it.
_ANY: Final = "SELECT (COUNT(*) AS ?n) WHERE { SELECT ?s WHERE { ?s ?p ?o } LIMIT 1 }"


class Sender:
    """Sends chunks, and counts the triples that have arrived."""

    def __init__(
        self,
        client: Client,
        url: str,
        options: PushOptions,
        total: int,
        progress: Progress | None,
    ) -> None:
        self.client = client
        self.url = url
        self.options = options
        self.total = total
        self.progress = progress
        self.sent = self.requests = 0
        self._kind = _N_TRIPLES

    def greet(self, graphs: list[PushedGraph]) -> None:
        """Find out whether the store asks for a login, before anything large is sent."""
        first = graphs[0].name if graphs else None
        others = frozenset({400, 404, 405, 406, 500, 501})  # not every store answers HEAD
        self.client.send("HEAD", graph_url(self.url, first), accepted=others)

    def drop(self, graphs: Iterable[str | None]) -> None:
        """Delete graphs.

        Raises:
            WorldError: The store cannot be reached, or refuses.
        """
        for name in graphs:
            self.client.send("DELETE", graph_url(self.url, name), accepted=_NO_DELETE)

    def send(self, chunks: Iterator[Chunk]) -> None:
        """Send the graphs, in chunks.

        Raises:
            WorldError: The store cannot be reached, or refuses.
        """
        try:
            self._send(chunks)
        except WorldError as error:
            if self.sent:
                error.message += f"; {self.sent:,} of {self.total:,} triples had arrived"
                error.hint = f"{error.hint or ''} Run the same command again: nothing is lost."
            raise

    def _send(self, chunks: Iterator[Chunk]) -> None:
        for name, fresh, count, body in chunks:
            replaces = fresh and not self.options.add
            if replaces:
                # Delete first: Fuseki 5.6 keeps decimals such as 1.50 when a PUT replaces a graph.
                self.client.send("DELETE", graph_url(self.url, name), accepted=_NO_DELETE)
            method = "PUT" if replaces else "POST"
            self._send_chunk(method, graph_url(self.url, name), body)
            self.sent += count
            self.requests += 1
            if self.progress:
                self.progress(f"pushed {self.sent:,} of {self.total:,} triples")

    def _send_chunk(self, method: str, url: str, body: bytes) -> None:
        refused = frozenset({415}) if self._kind == _N_TRIPLES else frozenset[int]()
        headers = {"Content-Type": self._kind}
        reply = self.client.send(method, url, body, headers, accepted=refused)
        if reply.status == 415:  # N-Triples is also Turtle, which all stores must accept
            self._kind = _TURTLE
            self._send_chunk(method, url, body)


def checked(client: Client, endpoint: str, graph: PushedGraph, *, add: bool) -> PushedGraph:
    """Return a graph with the number of triples that the store holds of it.

    Raises:
        WorldError: There are fewer than were sent, or more.
    """
    held = count_of(client, endpoint, graph.name)
    found = PushedGraph(graph.name, graph.triples, graph.values, held)
    # Adding keeps older triples, and a default graph may be the merge of all graphs.
    open_ended = add or graph.name is None
    if held < graph.values or (held > graph.triples and not open_ended):
        raise WorldError(
            "remote-count-differs",
            f"the store has {held:,} triples in {shown(graph.name)}, not the"
            f" {graph.triples:,} that were sent ({graph.values:,} if it merges literals of the"
            " same value)",
            hint="Is another program writing to it, or does the store refuse values? See"
            " `kg help stores`.",
        )
    return found


def count_of(client: Client, endpoint: str, graph: str | None) -> int:
    """Return the number of triples that a store holds of a graph; None is the default graph."""
    where = "{ ?s ?p ?o }" if graph is None else f"{{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
    return _number(client, endpoint, f"SELECT (COUNT(*) AS ?n) WHERE {where}")


def hides_all(client: Client, endpoint: str, graphs: Sequence[PushedGraph]) -> bool:
    """Return whether graphs are all named, and the store's default graph is empty."""
    if not graphs or any(graph.name is None for graph in graphs):
        return False
    return not _number(client, endpoint, _ANY)


def _number(client: Client, endpoint: str, query: str) -> int:
    accept = {"Accept": "application/sparql-results+json"}
    reply = post_form(client, endpoint, {"query": query}, accept)
    try:
        return int(json.loads(reply.body)["results"]["bindings"][0]["n"]["value"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise WorldError(
            "remote-broken-answer",
            f"{endpoint} did not answer the count of triples",
            hint="Give the store's SPARQL endpoint with --endpoint, or --no-check.",
        ) from error


def post_form(
    client: Client,
    url: str,
    fields: Mapping[str, str | bytes],
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send a query or an update to an endpoint, as a form.

    Raises:
        WorldError: The store cannot be reached, or refuses.

    Spec: https://www.w3.org/TR/sparql11-protocol/#query-via-post-urlencoded
    """
    kind = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return client.send("POST", url, urllib.parse.urlencode(fields).encode(), kind)


def shown(graph: str | None) -> str:
    """Return the name of a graph of a store, for messages."""
    return f"<{graph}>" if graph else "the default graph"
