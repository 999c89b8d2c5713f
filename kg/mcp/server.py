"""The server of the Model Context Protocol: lists tools, and has workers answer their calls.

Spec: https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path
from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.types import ASGIApp

from kg.about import tool_version
from kg.builds import current_name
from kg.errors import InputError
from kg.mcp.catalogue import ASK, ArgumentError, Tool, checked, tools_of
from kg.queries.question_files import questions_mark, questions_now
from kg.records import dataclass
from kg.serve.guards import BODY_SECONDS, LARGEST_BODY, Doors, Guard
from kg.serve.messages import Reply, Request, ToolCall
from kg.serve.pool import BusyError, Pool, orders_of
from kg.serve.server import run
from kg.temporary import temporary_folder
from kg.workspace import Workspace

_WORKER: Final = "kg.mcp.worker"
_HOW: Final = (
    "Answers come from a knowledge graph, read only. Ask a named question (ask_…) where one fits;"
    " else read the tool `vocabulary` once and write SPARQL. `search` finds the IRIs of things."
    " Answers name the source records that things come from: cite them."
)
_CONTEXT = ServerRequestContext[Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server works.

    Attributes:
        workspace: Whose graph is asked.
        engine: ``oxigraph`` or ``table``.
        seconds: Of one call; None for no limit.
        memory: Bytes of one worker; None for no limit.
        workers: The most worker processes.
        doors: Who may ask over HTTP.
        body_seconds: That a client has to send a body over HTTP.
    """

    workspace: Workspace
    engine: str = "oxigraph"
    seconds: float | None = 60.0
    memory: int | None = None
    workers: int = 2
    doors: Doors = field(default_factory=Doors)
    body_seconds: float = BODY_SECONDS


class Tools:
    """The tools of a workspace, answered by workers.

    Args:
        settings: How the server works.
        folder: For what workers share.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._workspace = settings.workspace
        orders = orders_of(
            settings.workspace, folder, settings.engine, settings.seconds, settings.memory, None
        )
        self._pool = Pool(orders, settings.workers, _WORKER)
        self._told: set[str] = set()

    @asynccontextmanager
    async def running(self, server: Server[Any]) -> AsyncIterator[dict[str, Any]]:
        """Start and end the workers."""
        del server
        await self._pool.start()
        try:
            yield {}
        finally:
            await self._pool.close()

    def listed(self) -> tuple[list[Tool], Mapping[str, InputError]]:
        """Return the tools, as the files of the questions are now, and what is wrong with others.

        What is wrong is told once for whoever runs the server: standard output may be the client's.
        """
        found = questions_now(self._workspace)
        told = {error.report() for error in found.faults.values()}
        for text in sorted(told - self._told):
            print(text, file=sys.stderr, flush=True)
        self._told = told
        return tools_of(found.questions), found.faults

    async def list(
        self, context: _CONTEXT, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Return the tools as the protocol has them."""
        del context, params
        return types.ListToolsResult(tools=[_described(tool) for tool in self.listed()[0]])

    async def call(
        self, context: _CONTEXT, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Call a tool; what is wrong is told as text, so that the assistant can mend it."""
        mark = questions_mark(self._workspace)
        tools, faults = self.listed()
        tool = next((each for each in tools if each.name == params.name), None)
        if tool is None:
            fault = faults.get(params.name.removeprefix(ASK))
            return _failed(fault.report() if fault else f"there is no tool {params.name}")
        try:
            arguments = checked(tool, params.arguments)
        except ArgumentError as error:
            return _failed(str(error))
        build = current_name(self._workspace)
        if not build:
            return _failed("there is no build in force: run kg build")
        call = ToolCall(tool.name, json.dumps(arguments), tool.question)
        try:
            reply = await self._pool.ask_while(
                _leaving(context), Request(path="", build=build, tool=call, questions=mark)
            )
        except BusyError:
            return _failed("too many calls wait already; try again")
        return _failed("the client has left") if reply is None else _result(reply)


def _leaving(context: _CONTEXT) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether a client has left; over standard input, calls end with it."""
    if isinstance(context.request, HttpRequest):
        return context.request.is_disconnected

    async def never() -> bool:
        return False

    return never


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)


def _result(reply: Reply) -> types.CallToolResult:
    body = reply.body.decode("utf-8", "replace")
    if reply.status != 200:
        return _failed(body.rstrip())
    answer = json.loads(body)
    return types.CallToolResult(
        content=[types.TextContent(text=answer["text"])], structured_content=answer["found"]
    )


def make_server(settings: Settings, folder: Path) -> Server[Any]:
    """Return the server, ready for a transport.

    Args:
        settings: How it works.
        folder: For what workers share.
    """
    workspace = settings.workspace
    tools = Tools(settings, folder)
    about = " ".join(each for each in (workspace.title, workspace.description) if each)
    return Server(
        "kg",
        version=tool_version(),
        title=workspace.title or "kg",
        instructions=f"{about}\n{_HOW}".strip(),
        lifespan=tools.running,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
    )


def serve_stdio(settings: Settings) -> None:
    """Serve over standard input and output until the input ends."""
    with temporary_folder("mcp") as folder:
        asyncio.run(_over_stdio(make_server(settings, folder)))


async def _over_stdio(server: Server[Any]) -> None:
    async with stdio_server() as (source, target):
        await server.run(source, target, server.create_initialization_options())


def make_app(settings: Settings, folder: Path) -> ASGIApp:
    """Return the server as an application for HTTP, at the path ``/mcp``.

    Sessions are not kept: each request stands for itself. `Guard` looks at Host and Origin.

    Args:
        settings: How it works.
        folder: For what workers share.
    """
    server = make_server(settings, folder)
    app: Starlette = server.streamable_http_app(
        json_response=True,
        stateless_http=True,
        max_request_body_size=LARGEST_BODY,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return Guard(app, settings.doors, settings.body_seconds)


def serve_http(
    settings: Settings, host: str, port: int, ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve over HTTP until interrupted; all but the settings is as for `kg.serve.server.run`."""
    with temporary_folder("mcp") as folder:
        run(lambda: make_app(settings, folder), host, port, lambda address: ready(f"{address}mcp"))
