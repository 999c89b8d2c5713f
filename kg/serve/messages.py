"""What the server and its workers say to each other: requests, and whole replies."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from kg.records import dataclass

# Bytes that a reply takes besides its body.
_OF_REPLY: Final = 1_000
# Most parameters of a request: a reader must not be kept busy by a million of them.
MOST_FIELDS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a page or for an answer, as a worker gets it.

    Attributes:
        path: The path of the address, decoded, without the first slash.
        query: The query part of the address, as it came.
        accept: The media types that the client takes.
        build: The name of the build that answers.
        address: Scheme, host and port of the server, as the client knows them.
        sparql: What the SPARQL protocol asks, for requests to the endpoint.
        tool: A call of a tool, for those of assistants.
        questions: The mark of the files of questions that are there.
        is_warming: Whether it is the server's own, for what is found once for a build, however
            long that takes.
    """

    path: str
    query: str = ""
    accept: str = "*/*"
    build: str = ""
    address: str = "http://localhost"
    sparql: SparqlRequest | None = None
    tool: ToolCall | None = None
    questions: str = ""
    is_warming: bool = False

    @property
    def is_query(self) -> bool:
        """Whether it may take as long as a query that anybody wrote."""
        return self.sparql is not None or self.tool is not None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The names and values of the query part, in their order."""
        return _pairs(self.query)

    def value(self, name: str, default: str = "") -> str:
        """Return the first value of a name in the query part."""
        return next((value for key, value in self.pairs if key == name), default)


@lru_cache(maxsize=1)  # a worker answers one request at a time, and asks often
def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True, errors="replace"))


@dataclass(frozen=True, slots=True)
class SparqlRequest:
    """A query by the SPARQL protocol.

    Attributes:
        text: The query.
        default_graphs: IRIs of the graphs that the client wants merged as the default graph.
        named_graphs: IRIs of the graphs that it wants named.
        form: The name of a format, which goes before `Request.accept`; empty for none.
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    form: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool.

    Attributes:
        name: The name of the tool.
        arguments: Its arguments as JSON; they fit its schema.
        question: The name of the question that it asks; empty if it asks none.
    """

    name: str
    arguments: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply.

    Attributes:
        status: The status of HTTP.
        media_type: Of the body, with its charset.
        body: The body, if it is small.
        file: The path of a file with the body, which the receiver removes; else empty.
        headers: Other headers.
        is_stable: Whether the same request gets the same reply as long as the build is in force.
    """

    status: int
    media_type: str
    body: bytes = b""
    file: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    is_stable: bool = True


class Known:
    """Replies that are the same as long as the build is in force; of many, the last ones.

    Args:
        most: Bytes that are held at most, of all of them.
    """

    def __init__(self, most: int = 32 * 2**20) -> None:
        self._most = most
        self._size = 0
        self._held: OrderedDict[str, Reply] = OrderedDict()

    def get(self, tag: str) -> Reply | None:
        """Return the reply with an entity tag, which tells builds and requests apart."""
        if tag in self._held:
            self._held.move_to_end(tag)
        return self._held.get(tag)

    def put(self, tag: str, reply: Reply) -> None:
        """Remember a reply, if it is small, stable and no error."""
        large = len(reply.body) > self._most // 64
        if reply.status != 200 or not reply.is_stable or reply.file or large or tag in self._held:
            return
        self._held[tag] = reply
        self._size += len(reply.body) + _OF_REPLY
        while self._size > self._most:
            _, old = self._held.popitem(last=False)
            self._size -= len(old.body) + _OF_REPLY


def text_reply(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    """Return a reply of plain text, which is not kept by caches."""
    body = f"{text.rstrip()}\n".encode("utf-8", "replace")
    return Reply(status, "text/plain; charset=utf-8", body, headers=headers, is_stable=False)


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told at its start.

    Attributes:
        workspace: The folder of the workspace.
        folder: A folder for large replies, and for what workers share.
        engine: ``auto``, ``oxigraph`` or ``table``.
        seconds: Of wall-clock time for one request; None for no limit.
        memory: Bytes of one worker; None for no limit.
        rows: Of an answer of the endpoint; None for no limit.
        parent: The process that started it.
    """

    workspace: str
    folder: str
    engine: str
    seconds: float | None
    memory: int | None
    rows: int | None
    parent: int

    def own_folder(self, process: int) -> Path:
        """Return the folder for what only one worker writes; it goes when that worker ends."""
        return Path(self.folder) / f"of-{process}"
