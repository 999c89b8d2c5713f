"""Clients of ``kg mcp --http`` that leave, or that send too slowly."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from kg.mcp import server as serving
from kg.serve.messages import Orders
from kg.serve.pool import Pool
from kg.workspace import find_workspace

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "ask_since", "arguments": {}},
}
HEADERS = {
    b"host": b"localhost",
    b"accept": b"application/json, text/event-stream",
    b"content-type": b"application/json",
}
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/mcp",
    "raw_path": b"/mcp",
    "query_string": b"",
    "headers": list(HEADERS.items()),
}
WHOLE = {"type": "http.request", "body": json.dumps(CALL).encode()}
BEGUN = {"type": "http.request", "body": b"{", "more_body": True}


class Runaway(Pool):
    """Workers that never answer; it notes what becomes of the work."""

    def __init__(self, orders: Orders, size: int, module: str) -> None:
        super().__init__(orders, size, module)
        self.became: list[str] = []
        self.asked = asyncio.Event()
        MADE.append(self)

    async def start(self):
        pass

    async def ask(self, _):
        self.asked.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.became.append("ended")
            raise


MADE: list[Runaway] = []


def told(workspace, folder, use, monkeypatch):
    """Run a function with what answers; return its messages."""
    monkeypatch.setattr(serving, "Pool", Runaway)
    monkeypatch.setattr("kg.serve.pool._LOOK", 0.02)
    settings = serving.Settings(find_workspace(workspace), body_seconds=0.1)

    async def main():
        guard = serving.make_app(settings, folder)
        said: list[dict] = []

        async def send(message):
            said.append(message)

        async with guard._app.router.lifespan_context(guard._app):
            async with asyncio.timeout(10):
                await use(guard, send)
        return said

    return asyncio.run(main())


def test_a_call_ends_when_its_client_leaves(workspace, tmp_path, monkeypatch):
    async def use(app, send):
        messages = [WHOLE]

        async def receive():
            if messages:
                return messages.pop()
            await MADE[-1].asked.wait()
            return {"type": "http.disconnect"}

        await app(SCOPE, receive, send)
        while not MADE[-1].became:
            await asyncio.sleep(0.01)

    told(workspace, tmp_path, use, monkeypatch)
    assert MADE[-1].became == ["ended"]


@pytest.mark.parametrize("leaves", [False, True])
def test_a_body_that_does_not_come(workspace, tmp_path, monkeypatch, caplog, leaves):
    async def use(app, send):
        messages = [BEGUN]

        async def receive():
            if messages:
                return messages.pop()
            if not leaves:
                await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        await app(SCOPE, receive, send)

    with caplog.at_level(logging.WARNING):
        said = told(workspace, tmp_path, use, monkeypatch)
    assert said[0]["status"] == (400 if leaves else 408)
    assert not caplog.records
