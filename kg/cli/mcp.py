"""``kg mcp``: the graph as tools for assistants."""

from __future__ import annotations

from typing import Annotated

import typer

from kg.cli.context import settings
from kg.cli.options import AllowHostOption, HostOption, PortOption, WorkerMemoryOption
from kg.errors import ExitCode, UsageError


def mcp_command(
    context: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Speak HTTP, instead of over standard input and output.")
    ] = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8002,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", help="Seconds of one call; 0 for no limit.")
    ] = 60,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="The most processes that answer.")
    ] = 2,
    memory: WorkerMemoryOption = None,
    allow_host: AllowHostOption = None,
    cors: Annotated[
        list[str] | None,
        typer.Option("--cors", metavar="ORIGIN", help="Let pages of an origin ask, or * for all."),
    ] = None,
) -> int:
    """Offer the graph to assistants as tools, by MCP, read only.

    MCP is the Model Context Protocol. The tools are the questions of the workspace, a search for
    names, the description of a term, a card of the vocabulary, and SPARQL. A new build is picked
    up without a restart.
    """
    from kg.extras import need

    need("mcp", "mcp", "kg mcp")
    from kg.mcp.server import Settings, serve_http, serve_stdio
    from kg.serve.extra import check_engine
    from kg.serve.guards import doors_of
    from kg.sizes import check_seconds, parse_size

    if workers < 1:
        raise UsageError("usage", "--workers is 1 or more", hint="Leave it out for 2.")
    workspace = settings(context).workspace
    serving = Settings(
        workspace=workspace,
        engine=check_engine(workspace),
        seconds=check_seconds(timeout),
        memory=parse_size(memory or "2GB"),
        workers=workers,
        doors=doors_of(host, allow_host, cors),
    )
    try:
        if http:
            # The one line of standard output, for programs that start a server.
            serve_http(serving, host, port, lambda at: print(f"kg: serving {at}", flush=True))
        else:
            serve_stdio(serving)
    except KeyboardInterrupt:
        return ExitCode.DONE
    return ExitCode.DONE
