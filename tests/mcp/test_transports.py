"""``kg mcp`` as a process, and over HTTP: who may ask, and calls that take too long."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kg.cli.main import main
from kg.mcp.server import Settings, make_app
from kg.serve.guards import Doors
from kg.workspace import find_workspace
from tests.serve.test_server import EACH

ROOT = Path(__file__).resolve().parents[2]
RUNAWAY = f"SELECT * {{ {EACH} FILTER(CONCAT(STR(?o0), STR(?o8)) = 'no') }}"


def test_over_standard_input_and_a_runaway_query_is_stopped(workspace):
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters

    words = ["-m", "kg", "-C", str(workspace), "mcp", "--timeout", "3", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = StdioServerParameters(command=sys.executable, args=words, env=environment)

    async def use():
        async with Client(process) as client:
            tools = await client.list_tools()
            stopped = await client.call_tool("sparql", {"query": RUNAWAY})
            after = await client.call_tool("ask_since", {})
            return tools, stopped, after

    tools, stopped, after = asyncio.run(use())
    assert len(tools.tools) == 6
    assert stopped.is_error
    assert "stopped after 3 s" in stopped.content[0].text
    assert not after.is_error
    assert "id:L1" in after.content[0].text


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
TYPES = {"accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def web(workspace, tmp_path_factory):
    settings = Settings(find_workspace(workspace), doors=Doors(origins={"http://friend.example"}))
    app = make_app(settings, tmp_path_factory.mktemp("mcp"))
    with TestClient(app, base_url="http://localhost:8002") as client:
        yield client


def test_over_http(web):
    answer = web.post("/mcp", json=INITIALIZE, headers=TYPES)
    assert answer.status_code == 200
    assert answer.json()["result"]["serverInfo"]["name"] == "kg"
    ask = {"name": "ask_since", "arguments": {}}
    asked = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": ask}
    answer = web.post("/mcp", json=asked, headers=TYPES)
    assert "id:L1" in answer.json()["result"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "localhost.evil.example:8002"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:8002"}, 200),
        ({"origin": "http://friend.example"}, 200),
    ],
)
def test_who_may_ask(web, headers, status):
    assert web.post("/mcp", json=INITIALIZE, headers=TYPES | headers).status_code == status


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/", b"{}", 404),
        ("/sparql", b"{}", 404),
        ("/mcp/../kg.toml", b"{}", 404),
        ("/mcp", b"{", 400),
        ("/mcp", b"[" * 100_000, 400),
        ("/mcp", b" " * (2**20 + 1), 413),
    ],
)
def test_requests_that_make_no_sense(web, path, body, status):
    headers = TYPES | {"content-type": "application/json"}
    assert web.post(path, content=body, headers=headers).status_code == status


def test_the_extra_is_missing(workspace, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert main(["-C", str(workspace), "mcp"]) == 2
    assert "pip install mcp" in capsys.readouterr().err


def test_the_card_for_assistants(workspace, capsys, tmp_path):
    assert main(["-C", str(workspace), "describe", "--for-assistants"]) == 0
    card = capsys.readouterr().out
    assert card.startswith("# Tests & <trials>\n")
    assert "- **ex:Launch** (2)" in card
    target = tmp_path / "card.md"
    words = ["describe", "--for-assistants", "-o", str(target)]
    assert main(["-C", str(workspace), *words]) == 0
    assert target.read_text() == card
    assert main(["-C", str(workspace), *words, "-f", "turtle"]) == 2
