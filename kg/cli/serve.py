"""``kg serve``: the graph on a port of this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from kg.cli.context import Settings, settings
from kg.cli.options import AllowHostOption, HostOption, PortOption, WorkerMemoryOption
from kg.errors import ExitCode, UsageError


class EngineName(StrEnum):
    """The engines that answer queries."""

    AUTO = "auto"
    TABLE = "table"
    OXIGRAPH = "oxigraph"


def serve_command(
    context: typer.Context,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8001,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="Who answers, as for kg query.")
    ] = EngineName.AUTO,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", help="Seconds of one query; 0 for no limit.")
    ] = 60,
    max_rows: Annotated[
        int,
        typer.Option("--max-rows", metavar="N", help="Rows of one answer; 0 for no limit."),
    ] = 100_000,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="The most processes that answer. Default: 4."),
    ] = None,
    memory: WorkerMemoryOption = None,
    allow_host: AllowHostOption = None,
    cors: Annotated[
        list[str] | None,
        typer.Option("--cors", metavar="ORIGIN", help="Let pages of an origin read, or * for all."),
    ] = None,
) -> int:
    """Show the graph in a browser, and answer SPARQL.

    On this machine only, unless told otherwise. Nothing can be changed through it.
    A new build is picked up without a restart.
    """
    from kg.serve.extra import check_engine, need_server

    need_server()
    from kg.serve.app import Settings as Serving
    from kg.serve.guards import doors_of
    from kg.serve.server import serve
    from kg.sizes import check_seconds, parse_size

    if max_rows < 0 or (workers is not None and workers < 1):
        raise UsageError(
            "usage",
            "--max-rows is 0 or more, and --workers 1 or more",
            hint="Leave them out for the usual.",
        )
    seconds, most = check_seconds(timeout), parse_size(memory or "2GB")
    shared = settings(context)
    workspace = shared.workspace
    serving = Serving(
        workspace=workspace,
        engine=check_engine(workspace, engine.value),
        doors=doors_of(host, allow_host, cors),
        seconds=seconds,
        memory=most,
        rows=max_rows or None,
        workers=workers or 4,
    )
    try:
        serve(serving, host, port, lambda address: _ready(shared, address))
    except KeyboardInterrupt:
        return ExitCode.DONE
    return ExitCode.DONE


def _ready(shared: Settings, address: str) -> None:
    # The one line of standard output, for programs that start a server.
    print(f"kg: serving {address}", flush=True)
    shared.say("kg: the endpoint is sparql below it; Ctrl-C ends it")
