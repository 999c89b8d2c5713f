"""Pushes a graph into a remote store by the SPARQL 1.1 Graph Store Protocol.

The quad table is sent in chunks. To replace a graph, kg deletes it, sends the first chunk with PUT
and the others with POST. There are no blank nodes, so adding triples again changes nothing: each
request can be repeated, and a push that breaks is simply run again.

Spec: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.builds import check_build
from kg.duck import engine, sql_text, translated
from kg.errors import InputError, UsageError, WorldError
from kg.exports.graphs import DEFAULT_GRAPH, select_graphs
from kg.exports.skolem import skolemized_sql
from kg.http import Client, find_credentials, refuse_login, web_parts
from kg.quads import QuadTable, copy_lines
from kg.records import dataclass
from kg.sql import HAS_BLANK
from kg.temporary import temporary_folder
from kg.terms import expand, is_iri
from kg.workspace import Build, Workspace

if TYPE_CHECKING:
    import duckdb

CHUNK: Final = 20_000  # triples in a request
_N_TRIPLES: Final = "application/n-triples"
_TURTLE: Final = "text/turtle"
# Statuses of a DELETE if there is no such graph or method: a PUT follows anyway.
_NO_DELETE: Final = frozenset({400, 404, 405, 500, 501})
# Ends of Graph Store URLs, and what replaces them in the URL of the SPARQL endpoint.
_ENDPOINTS: Final = (
    (r"/rdf-graphs/service/?$", ""),  # RDF4J, GraphDB
    (r"/sparql-graph-crud(-auth)?/?$", "/sparql"),  # Virtuoso
    (r"/store/?$", "/query"),  # Oxigraph
    (r"/data/?$", "/sparql"),  # Fuseki
    (r"/sparql/gsp/?$", "/sparql"),  # Neptune
)


@dataclass(frozen=True, slots=True)
class PushOptions:
    """The options of a push.

    Attributes:
        add: Add to the graphs of the store; by default they are replaced.
        graphs: The graphs to push, as for `kg export`; none for all.
        into: Push everything into this one graph: an IRI, or ``default``.
        skolemize: Push blank nodes as IRIs below the base.
        with_inferred: Also push what ``kg build --infer`` added.
        endpoint: The store's SPARQL endpoint, for the check; by default derived from the URL.
        check: Count the triples in the store afterwards.
        chunk: Maximum number of triples in a request.
        timeout: Seconds to wait for the store at each step.
        tries: How often to send a request.
        memory: Peak memory of the process, such as ``1GB``.
    """

    add: bool = False
    graphs: Sequence[str] = ()
    into: str | None = None
    skolemize: bool = False
    with_inferred: bool = False
    endpoint: str | None = None
    check: bool = True
    chunk: int = CHUNK
    timeout: float = 120.0
    tries: int = 8
    memory: str | None = None


@dataclass(frozen=True, slots=True)
class PushedGraph:
    """The result for one graph.

    Attributes:
        name: Its IRI, or None for the store's default graph.
        triples: Number of triples sent.
        values: Number of triples in a store that merges literals of the same value.
        held: Number of triples in the store; None if it was not counted.
    """

    name: str | None
    triples: int
    values: int
    held: int | None = None

    @property
    def merged(self) -> int:
        """Triples that the store merged with others of the same value."""
        return 0 if self.held is None else max(0, self.triples - self.held)


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push.

    Attributes:
        graphs: Each graph.
        requests: Number of chunks sent.
        retried: How often a chunk was sent again.
        checked: Whether the triples in the store were counted.
        default_is_empty: Whether only named graphs were sent and the store's default graph, which
            queries use, is empty.
    """

    graphs: tuple[PushedGraph, ...]
    requests: int
    retried: int
    checked: bool
    default_is_empty: bool = False


Progress = Callable[[str], None]

# Returns 1 if the default graph is not empty, so that a store need not count all of it.
_ANY: Final = "SELECT (COUNT(*) AS ?n) WHERE { SELECT ?s WHERE { ?s ?p ?o } LIMIT 1 }"


def plan_push(workspace: Workspace, options: PushOptions) -> list[PushedGraph]:
    """Return the graphs that a push would send, without sending them.

    Raises:
        InputError: There is no build, a graph is unknown, or there are blank nodes.
    """
    with _rows(workspace, options) as (connection, rows, _):
        return _graphs(connection, rows)


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
        UsageError: The URL is not a Graph Store URL, or contains a password.
        InputError: There is no build, a graph is unknown, or there are blank nodes.
        WorldError: The store cannot be reached, refuses, or has other triples afterwards.
        LimitError: The memory limit was reached.
    """
    chosen = options or PushOptions()
    check_url(url)
    if chosen.endpoint is not None:
        refuse_login(chosen.endpoint)
    if chosen.endpoint is not None and web_parts(chosen.endpoint) is None:
        raise UsageError(
            "bad-endpoint",
            f"--endpoint takes a URL that starts with http:// or https://, not {chosen.endpoint!r}",
            hint="Give the URL of the store's SPARQL endpoint, or --no-check.",
        )
    endpoint = chosen.endpoint or endpoint_of(url)
    client = Client(find_credentials(url), timeout=chosen.timeout, tries=chosen.tries, say=say)
    with _rows(workspace, chosen) as (connection, rows, folder):
        graphs = _graphs(connection, rows)
        sender = _Sender(client, url, chosen, sum(graph.triples for graph in graphs), progress)
        sender.greet(graphs)
        try:
            sender.send(_chunks(connection, rows, chosen.chunk, folder))
        except WorldError as error:
            if sender.sent:
                error.message += f"; {sender.sent:,} of {sender.total:,} triples had arrived"
                error.hint = f"{error.hint or ''} Run the same command again: nothing is lost."
            raise
    checked = chosen.check and endpoint is not None
    if checked and endpoint is not None:
        graphs = [_checked(client, endpoint, graph, add=chosen.add) for graph in graphs]
    named = checked and bool(graphs) and all(graph.name is not None for graph in graphs)
    hidden = named and endpoint is not None and not _count(client, endpoint, _ANY)
    return Pushed(tuple(graphs), sender.requests, client.retried, checked, hidden)


def check_url(url: str) -> None:
    """Check a Graph Store URL.

    Raises:
        UsageError: It is not a URL of http or https, has a query, or contains a password.
    """
    refuse_login(url)
    parts = web_parts(url)
    if parts is None or parts.query or parts.fragment:
        raise UsageError(
            "bad-endpoint",
            f"{url!r} is not a Graph Store URL",
            hint="It starts with http:// or https:// and has no ?, # or space;"
            " see `kg help stores`.",
        )


def endpoint_of(url: str) -> str | None:
    """Return the SPARQL endpoint that belongs to a Graph Store URL, or None if it is unknown.

    >>> endpoint_of("http://localhost:3030/ds/data")
    'http://localhost:3030/ds/sparql'
    """
    for ending, other in _ENDPOINTS:
        if re.search(ending, url):
            return re.sub(ending, other, url)
    return None


class _Sender:
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

    def send(self, chunks: Iterator[_Chunk]) -> None:
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


def graph_url(url: str, name: str | None) -> str:
    """Return the URL of a graph of a store.

    >>> graph_url("http://localhost/store", "http://e/g")
    'http://localhost/store?graph=http%3A%2F%2Fe%2Fg'
    """
    if name is None:
        return f"{url}?default"
    return f"{url}?graph={urllib.parse.quote(name, safe='')}"


# --- rows -----------------------------------------------------------------------------------


@contextmanager
def _rows(
    workspace: Workspace, options: PushOptions
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, Path]]:
    """Yield a connection, a query for the rows s, p, o, g to send, and a temporary folder."""
    build = check_build(workspace.current_build(), again=True)
    with (
        temporary_folder("push") as name,
        engine(Path(name), options.memory) as connection,
    ):
        yield connection, _query(connection, build, workspace, options), Path(name)


def _query(
    connection: duckdb.DuckDBPyConnection,
    build: Build,
    workspace: Workspace,
    options: PushOptions,
) -> str:
    table = QuadTable(build.quads)
    left_out = () if options.with_inferred else build.left_out
    chosen = select_graphs(connection, table, options.graphs, workspace.prefixes, left_out)
    rows = f"SELECT s, p, o, g FROM {table.sql} WHERE {chosen.condition}"
    if options.skolemize:
        rows = skolemized_sql(rows, workspace.base)
    else:
        _refuse_blank(connection, rows)
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


def _graphs(connection: duckdb.DuckDBPyConnection, rows: str) -> list[PushedGraph]:
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
    return [
        PushedGraph(name[1:-1] if name else None, triples, values)
        for name, triples, values in found
    ]


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


_Chunk = tuple[str | None, bool, int, bytes]


def _chunks(
    connection: duckdb.DuckDBPyConnection, rows: str, size: int, folder: Path
) -> Iterator[_Chunk]:
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
                yield _name(graph.decode()), fresh, len(held), b"".join(held)
                fresh = False


def _name(graph: str) -> str | None:
    return graph[1:-1] if graph else None


# --- the check ------------------------------------------------------------------------------


def _checked(client: Client, endpoint: str, graph: PushedGraph, *, add: bool) -> PushedGraph:
    where = "{ ?s ?p ?o }" if graph.name is None else f"{{ GRAPH <{graph.name}> {{ ?s ?p ?o }} }}"
    held = _count(client, endpoint, f"SELECT (COUNT(*) AS ?n) WHERE {where}")
    found = PushedGraph(graph.name, graph.triples, graph.values, held)
    # Adding keeps older triples, and a default graph may be the merge of all graphs.
    open_ended = add or graph.name is None
    if held < graph.values or (held > graph.triples and not open_ended):
        shown = f"<{graph.name}>" if graph.name else "the default graph"
        raise WorldError(
            "remote-count-differs",
            f"the store has {held:,} triples in {shown}, not the {graph.triples:,} that were"
            f" sent ({graph.values:,} if it merges literals of the same value)",
            hint="Is another program writing to it, or does the store refuse values? See"
            " `kg help stores`.",
        )
    return found


def _count(client: Client, endpoint: str, query: str) -> int:
    reply = client.send(
        "POST",
        endpoint,
        urllib.parse.urlencode({"query": query}).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/sparql-results+json",
        },
    )
    try:
        return int(json.loads(reply.body)["results"]["bindings"][0]["n"]["value"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise WorldError(
            "remote-broken-answer",
            f"{endpoint} did not answer the count of triples",
            hint="Give the store's SPARQL endpoint with --endpoint, or --no-check.",
        ) from error
