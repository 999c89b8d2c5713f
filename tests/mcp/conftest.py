"""A client of ``kg mcp`` in this process: the library's own, with tools that run in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from kg.mcp import server as serving
from kg.mcp.tools import reply
from kg.serve.messages import Orders, Reply, Request
from kg.serve.worker import Worker
from kg.workspace import find_workspace
from tests.graph_copy import built_workspace
from tests.serve.conftest import workspace as workspace


class InProcess:
    """Stands for the pool: answers in a thread of this process."""

    def __init__(self, orders: Orders, size: int, module: str) -> None:
        assert (size, module) == (2, "kg.mcp.worker")
        self._worker = Worker(orders, reply)

    async def start(self) -> None:
        """Start nothing."""

    async def close(self) -> None:
        """End nothing."""

    async def ask_while(self, _: object, request: Request) -> Reply:
        """Answer."""
        return await asyncio.to_thread(self._worker.reply, request)


Session = Callable[[Callable[[Any], Any]], Any]


def session(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return what runs a function with a client of a workspace."""
    from mcp.client.client import Client

    monkeypatch.setattr(serving, "Pool", InProcess)

    def run(use: Callable[[Any], Any]) -> Any:
        async def main() -> Any:
            made = serving.make_server(serving.Settings(find_workspace(root)), folder)
            async with Client(made) as client:
                return await use(client)

        return asyncio.run(main())

    return run


@pytest.fixture
def small(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A client of a small workspace."""
    return session(workspace, tmp_path, monkeypatch)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A client of the shipped graph."""
    return session(built_workspace(), tmp_path, monkeypatch)
