"""The server as an ASGI application: paths, caching by build, bodies within limits.

Spec: https://www.rfc-editor.org/rfc/rfc9110, https://www.w3.org/TR/sparql11-protocol/
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from kg.about import tool_version
from kg.builds import current_name
from kg.page import assets
from kg.queries.question_files import questions_mark
from kg.records import dataclass
from kg.serve.guards import BODY_SECONDS, Doors, Guard
from kg.serve.messages import MOST_FIELDS, Known, Reply, Request
from kg.serve.pool import BusyError, Pool, orders_of
from kg.serve.protocol import ProtocolError, read_request
from kg.workspace import Workspace

_PIECE: Final = 2**16


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server works.

    Attributes:
        workspace: Whose graph it shows.
        engine: ``auto``, ``oxigraph`` or ``table``.
        doors: Who may ask.
        seconds: Of one request; None for no limit.
        memory: Bytes of one worker; None for no limit.
        rows: Of an answer; None for no limit.
        workers: The most worker processes.
        body_seconds: That a client has to send a body.
    """

    workspace: Workspace
    engine: str = "auto"
    doors: Doors = field(default_factory=Doors)
    seconds: float | None = 60.0
    memory: int | None = None
    rows: int | None = 100_000
    workers: int = 4
    body_seconds: float = BODY_SECONDS


def create_app(settings: Settings, folder: Path) -> Starlette:
    """Return the application of a server.

    Args:
        settings: How it works.
        folder: A folder for large answers, and for what workers share.
    """
    orders = orders_of(
        settings.workspace,
        folder,
        settings.engine,
        settings.seconds,
        settings.memory,
        settings.rows,
    )
    service = _Service(settings, Pool(orders, settings.workers))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        await service.pool.start()
        service.warm(current_name(settings.workspace))
        yield
        await service.cool()
        await service.pool.close()

    return Starlette(
        routes=[
            Route("/assets/{digest}/{name}", _asset, methods=["GET"]),
            Route("/sparql", service.sparql, methods=["GET", "POST"]),
            Route("/check", service.page, methods=["GET", "POST"]),
            Route("/{path:path}", service.page, methods=["GET"]),
        ],
        middleware=[
            Middleware(Guard, doors=settings.doors, body_seconds=settings.body_seconds),
            Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6),
        ],
        lifespan=lifespan,
    )


async def _asset(request: HttpRequest) -> Response:
    name = request.path_params["name"]
    try:
        if request.path_params["digest"] != assets.digest(name):
            raise KeyError(name)
        content = assets.content(name)
    except KeyError:
        return PlainTextResponse("there is no such file\n", status_code=404)
    kind = assets.MEDIA_TYPES[Path(name).suffix]
    return Response(
        content,
        media_type=kind,
        headers={"cache-control": "public, max-age=31536000, immutable"},
    )


class _Service:
    """Answers requests with workers.

    Args:
        settings: How the server works.
        pool: The workers.
    """

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self.pool = pool
        self._known = Known()
        self._warmed = ""
        self._warming: asyncio.Task[Reply] | None = None

    def warm(self, build: str) -> None:
        """Have a worker find what all answers need of a build, before somebody asks for one."""
        if build and build != self._warmed:
            if self._warming is not None:
                self._warming.cancel()
            mark = questions_mark(self._settings.workspace)
            wanted = Request(path="", build=build, questions=mark, is_warming=True)
            self._warmed, self._warming = build, asyncio.create_task(self.pool.ask(wanted))

    async def is_warm(self) -> bool:
        """Wait until that is found; another worker would have to find the same."""
        if self._warming is None:
            return True
        seconds = self._settings.seconds
        return bool((await asyncio.wait({self._warming}, timeout=seconds))[0])

    async def cool(self) -> None:
        """End what is still being found."""
        if self._warming is not None:
            self._warming.cancel()
            with suppress(asyncio.CancelledError, BusyError):
                await self._warming

    async def sparql(self, request: HttpRequest) -> Response:
        """Answer a request to the endpoint."""
        query = request.scope["query_string"]
        try:
            asked = read_request(
                "POST" if request.method == "POST" else "GET",
                query,
                request.headers.get("content-type", ""),
                await request.body() if request.method == "POST" else b"",
            )
        except ProtocolError as error:
            return PlainTextResponse(f"{error.text}\n", status_code=error.status)
        return await self._reply(request, replace(_read(request), sparql=asked))

    async def page(self, request: HttpRequest) -> Response:
        """Answer a request for a page."""
        read = _read(request)
        if request.method == "POST":
            read = replace(read, query=(await request.body()).decode("utf-8", "replace"))
        if read.query.count("&") >= MOST_FIELDS:
            told = f"the request has more than {MOST_FIELDS} parameters\n"
            return PlainTextResponse(told, status_code=400)
        return await self._reply(request, read)

    async def _reply(self, request: HttpRequest, asked: Request) -> Response:
        build = current_name(self._settings.workspace)
        if not build:
            return PlainTextResponse("there is no build in force: run kg build\n", status_code=503)
        mark = questions_mark(self._settings.workspace)
        asked = replace(asked, build=build, questions=mark)
        tag = _tag(asked)
        known = {each.strip() for each in request.headers.get("if-none-match", "").split(",")}
        if tag in known and request.method == "GET":
            return Response(status_code=304, headers=_caching(tag))
        self.warm(build)
        if not await self.is_warm():
            return PlainTextResponse(
                "the graph is still being looked at; try again\n",
                status_code=503,
                headers={"retry-after": "10"},
            )
        try:
            reply = self._known.get(tag) or await self.pool.ask_while(
                request.is_disconnected, asked
            )
        except BusyError:
            return PlainTextResponse(
                "too many requests wait already; try again\n",
                status_code=503,
                headers={"retry-after": "5"},
            )
        if reply is None:
            return Response(status_code=499)  # nobody reads it
        self._known.put(tag, reply)
        return _response(reply, tag)


def _read(request: HttpRequest) -> Request:
    return Request(
        path=request.url.path.lstrip("/"),
        query=request.scope["query_string"].decode("ascii", "replace"),
        accept=", ".join(request.headers.getlist("accept")),
        address=f"{request.url.scheme}://{request.headers['host']}",
    )


def _tag(asked: Request) -> str:
    """Return the entity tag of a reply that is stable: it tells builds and requests apart."""
    told = (
        tool_version(),
        _assets(),
        asked.build,
        asked.questions,
        asked.path,
        asked.query,
        asked.accept,
    )
    digest = blake2b(repr((*told, asked.address, asked.sparql)).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'


def _assets() -> str:
    return "".join(map(assets.digest, assets.names()))


def _caching(tag: str) -> dict[str, str]:
    return {"etag": tag, "cache-control": "no-cache", "vary": "Accept"}


def _response(reply: Reply, tag: str) -> Response:
    headers = dict(reply.headers)
    if reply.status == 200 and reply.is_stable:
        headers |= _caching(tag)
    else:
        headers |= {"cache-control": "no-store", "vary": "Accept"}
    if not reply.file:
        return Response(reply.body, reply.status, headers, reply.media_type)
    size = os.path.getsize(reply.file)  # noqa: PTH202
    source = open(reply.file, "rb")  # noqa: PTH123, SIM115  (closed at the end of the response)
    os.unlink(reply.file)  # noqa: PTH108

    async def pieces() -> AsyncIterator[bytes]:
        with source:
            while piece := await asyncio.to_thread(source.read, _PIECE):
                yield piece

    headers["content-length"] = str(size)
    return StreamingResponse(pieces(), reply.status, headers, reply.media_type)
