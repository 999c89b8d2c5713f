"""Clients that send too slowly, too much, or not HTTP at all, on real connections."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress

import pytest

from kg.serve.app import Settings, create_app
from kg.serve.server import listening, make_server
from kg.workspace import find_workspace

SECONDS = 0.4


@pytest.fixture(scope="module")
def port(workspace, tmp_path_factory):
    """The port of a server that waits less long for its clients."""
    settings = Settings(find_workspace(workspace), workers=1, body_seconds=SECONDS)
    app = create_app(settings, tmp_path_factory.mktemp("slow"))
    ready = threading.Event()
    with listening("127.0.0.1", 0) as listener:
        server = make_server(app, ready.set, head_seconds=SECONDS)
        run = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        run.start()
        assert ready.wait(20)
        yield listener.getsockname()[1]
        server.should_exit = True
        run.join(20)


def sent(port: int, data: bytes) -> bytes:
    """Return all that comes back for some bytes, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        found = b""
        try:
            while piece := connection.recv(65536):
                found += piece
        except ConnectionResetError:
            pass
        return found


HEAD = b"Host: localhost\r\nContent-Type: application/sparql-query\r\nConnection: close\r\n"


def test_a_head_that_does_not_come_ends_the_connection(port):
    assert sent(port, b"") == b""
    assert sent(port, b"GET /sparql HTTP/1.1\r\nHost: loc") == b""


WHOLE = b"GET /assets/x/y HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGUN = b"GET /assets/x/y HTTP/1.1\r\nHost: loc"


@pytest.mark.parametrize(
    ("pieces", "answers"),
    [
        ([WHOLE, BEGUN], 1),
        ([WHOLE + BEGUN], 1),
        ([WHOLE, WHOLE, BEGUN, b"al"], 2),
        # The rest of a body that nobody reads any more.
        ([b"POST /id/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n", b"a"], 1),
    ],
)
def test_the_head_of_each_request_has_its_time(port, pieces, answers):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        found = b""
        for piece in pieces:
            connection.sendall(piece)
            if piece.endswith(b"\r\n\r\n"):
                found += connection.recv(65536)
        with suppress(ConnectionResetError):
            while data := connection.recv(65536):
                found += data
    assert found.count(b"HTTP/1.1 4") == answers


def test_a_client_that_asks_in_time_keeps_its_connection(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(3):
            time.sleep(SECONDS / 2)
            connection.sendall(WHOLE)
            found = b""
            while not found.endswith(b"no such file\n"):
                piece = connection.recv(65536)
                assert piece, "the connection was closed"
                found += piece


def test_a_body_that_does_not_come_is_told(port):
    found = sent(port, b"POST /sparql HTTP/1.1\r\n" + HEAD + b"Content-Length: 100\r\n\r\nASK")
    assert found.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /sparql SPAM/9\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"POST /sparql HTTP/1.1\r\n" + HEAD + b"Content-Length: -5\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_refused(port, data):
    found = sent(port, data)
    assert found == b"" or found[9:12] in (b"400", b"414")


def test_others_are_answered_meanwhile(port):
    with socket.create_connection(("127.0.0.1", port)):
        found = sent(port, b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\n" + HEAD + b"\r\n")
        assert found.startswith(b"HTTP/1.1 200 ")
        assert b'"boolean":true' in found
    assert sent(port, b"GET /sparql HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n")[9:12] in (
        b"400",
        b"421",
    )
