"""Runs the application on a port of this machine, until it is told to end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from kg.errors import WorldError
from kg.serve.app import Settings, create_app
from kg.temporary import temporary_folder

# Seconds that a client has to send the head of a request; bytes of that head; connections at once.
HEAD_SECONDS: Final = 15.0
_LARGEST_HEAD: Final = 2**16
_MOST_CONNECTIONS: Final = 1_000


def _protocol(seconds: float) -> type[H11Protocol]:
    """Return HTTP as Uvicorn speaks it, for clients that send the head of each request in time."""

    class Protocol(H11Protocol):
        """HTTP that closes a connection on which the head of a request is not whole in time."""

        def connection_made(self, transport: Any) -> None:  # noqa: ANN401  (Uvicorn's own type)
            """Wait for a request."""
            super().connection_made(transport)
            self._silent: asyncio.TimerHandle | None = None
            self._wait()

        def data_received(self, data: bytes) -> None:
            """Wait for the rest of a head, unless it is whole."""
            super().data_received(data)
            self._wait()

        def on_response_complete(self) -> None:
            """Wait for the rest of the next head, if its beginning has come already."""
            super().on_response_complete()
            # With nothing in hand, Uvicorn's time for idle connections holds.
            if self.conn.trailing_data[0]:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            """Wait no longer."""
            self._wait_no_longer()
            super().connection_lost(exc)

        def _wait(self) -> None:
            # Uvicorn sets a cycle for each request. What comes after its response and makes no
            # new one, be it the rest of an old body, does not arm the timer anew.
            if self.cycle is not None and not self.cycle.response_complete:
                self._wait_no_longer()
            elif self._silent is None:
                self._silent = self.loop.call_later(seconds, self.transport.close)

        def _wait_no_longer(self) -> None:
            if self._silent is not None:
                self._silent.cancel()
                self._silent = None

    return Protocol


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        WorldError: The port is taken, or the address is none of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise WorldError(
            "cannot-listen",
            f"cannot listen on {host}, port {port}: {getattr(error, 'strerror', '') or error}",
            hint="Take another port with --port, or 0 for any that is free.",
        ) from error


def serve(
    settings: Settings, host: str, port: int, ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve as the settings say until interrupted; the rest is as for `run`."""
    with temporary_folder("serve") as folder:
        run(lambda: create_app(settings, folder), host, port, ready)


def run(make: Callable[[], ASGIApp], host: str, port: int, ready: Callable[[str], None]) -> None:
    """Run an application until interrupted.

    Args:
        make: Makes it, once the port is known to be free.
        host: The address to listen on.
        port: The port; 0 for any that is free.
        ready: Is told the address when requests are answered.

    Raises:
        WorldError: The port is taken.
        KeyboardInterrupt: It was interrupted.
    """
    listener = listening(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}/"
    with listener:
        server = make_server(make(), lambda: ready(address))
        asyncio.run(server.serve(sockets=[listener]))


def make_server(
    app: ASGIApp, ready: Callable[[], None], head_seconds: float = HEAD_SECONDS
) -> uvicorn.Server:
    """Return a server that has not begun.

    Args:
        app: What answers.
        ready: Is called when requests are answered.
        head_seconds: That a client has to send the head of each request.
    """
    config = uvicorn.Config(
        app,
        http=_protocol(head_seconds),
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    """Uvicorn, which says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()
