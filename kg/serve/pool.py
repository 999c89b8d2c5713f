"""The workers of a server: started when they are needed, ended when they take too long."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from kg.paths import remove_tree
from kg.queries.limits import memory_error, time_error
from kg.serve.endpoint import error_reply
from kg.serve.messages import Orders, Reply, Request, text_reply
from kg.serve.worker import LENGTH, TOO_LARGE, TOO_LONG
from kg.workspace import Workspace

# Seconds that a worker has beyond its limit to end itself, and that one is kept without work.
_GRACE: Final = 2.0
_IDLE: Final = 60.0
# Seconds between two looks whether a client still waits.
_LOOK: Final = 0.5
# Requests that may wait for a worker; more are turned away at once.
MOST_WAITING: Final = 512


class BusyError(Exception):
    """Too many requests wait for a worker."""


class _Process:
    """One worker process.

    Args:
        process: The process, with pipes.
        folder: What it alone writes; removed when it has ended.
    """

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder

    @classmethod
    async def start(cls, orders: Orders, module: str) -> _Process:
        """Start a worker, give it its orders, and wait until it is ready.

        Raises:
            asyncio.IncompleteReadError: It ended instead.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which ends its workers
        )
        made = cls(process, orders.own_folder(process.pid))
        try:
            await made.send(orders)
            await made.receive()  # that it is ready
        except BaseException:  # cancelled too: nobody else knows of it yet
            await asyncio.shield(made.end())
            raise
        return made

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.returncode is None

    async def send(self, what: object) -> None:
        """Send orders or a request."""
        data = pickle.dumps(what)
        assert self._process.stdin is not None
        self._process.stdin.write(LENGTH.pack(len(data)) + data)
        await self._process.stdin.drain()

    async def receive(self) -> Reply:
        """Return its reply; `asyncio.IncompleteReadError` if it ends instead."""
        assert self._process.stdout is not None
        (size,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        reply = pickle.loads(await self._process.stdout.readexactly(size))
        assert isinstance(reply, Reply)
        return self._taken(reply)

    def _taken(self, reply: Reply) -> Reply:
        """Return a reply whose file stays when the worker ends."""
        if not reply.file:
            return reply
        file = self._folder.parent / f"answer-{uuid.uuid4().hex}"
        os.rename(reply.file, file)  # noqa: PTH104
        return replace(reply, file=str(file))

    async def end(self) -> int:
        """End it at once, remove what it wrote, and return its exit code."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                self._process.kill()
        code = await self._process.wait()
        remove_tree(self._folder, self._folder.parent)
        return code

    async def code(self) -> int:
        """Return the exit code of one that has closed its pipe."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
        return await self.end()


class Pool:
    """Answers requests with worker processes.

    Args:
        orders: What each worker is told.
        size: The most workers; one of them is kept for pages where there are several.
        module: The module that a worker runs.
    """

    def __init__(self, orders: Orders, size: int, module: str = "kg.serve.worker") -> None:
        self._orders = orders
        self._module = module
        self._size = max(1, size)
        self._idle: deque[tuple[float, _Process]] = deque()
        self._slots = asyncio.Semaphore(self._size)
        self._queries = asyncio.Semaphore(max(1, self._size - 1))
        self._waiting = 0
        self._tidy: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the first worker, so that the first request need not wait for it."""
        self._keep(await _Process.start(self._orders, self._module))
        self._tidy = asyncio.create_task(self._end_idle())

    async def close(self) -> None:
        """End all workers that have nothing to do; others end with their requests."""
        if self._tidy is not None:
            self._tidy.cancel()
        while self._idle:
            await self._idle.pop()[1].end()

    async def ask(self, request: Request) -> Reply:
        """Have a request answered. If the caller is cancelled, so is the work.

        Raises:
            BusyError: Too many wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            if not request.is_query:
                return await self._in_turn(request)
            async with self._queries:
                return await self._in_turn(request)
        finally:
            self._waiting -= 1

    async def ask_while(
        self, is_gone: Callable[[], Awaitable[bool]], request: Request
    ) -> Reply | None:
        """Have a request answered as long as its client waits; None if it does not.

        Args:
            is_gone: Tells whether the client has left.
            request: The request.

        Raises:
            BusyError: Too many wait already.
        """
        work = asyncio.create_task(self.ask(request))
        is_read = False
        try:
            while not (await asyncio.wait({work}, timeout=_LOOK))[0]:
                if await is_gone():
                    return None
            is_read = True
            return work.result()
        finally:
            if not is_read:
                work.cancel()
                with suppress(asyncio.CancelledError, BusyError):
                    _forget(await work)

    async def _in_turn(self, request: Request) -> Reply:
        async with self._slots:
            try:
                worker = await self._take()
            except (asyncio.IncompleteReadError, ConnectionError):
                return text_reply(500, "a process that answers could not be started")
            try:
                reply = await self._answer(worker, request)
            except BaseException:  # cancelled: nobody waits for it any more
                await asyncio.shield(worker.end())
                raise
            if worker.is_alive:
                self._keep(worker)
            return reply

    async def _answer(self, worker: _Process, request: Request) -> Reply:
        limit = None if request.is_warming else self._orders.seconds
        try:
            async with asyncio.timeout(None if limit is None else limit + _GRACE):
                await worker.send(request)
                return await worker.receive()
        except TimeoutError:
            await worker.end()
            return error_reply(time_error(limit or 0))
        except (asyncio.IncompleteReadError, ConnectionError):
            return self._ended(await worker.code())

    def _ended(self, code: int) -> Reply:
        if code == TOO_LONG:
            return error_reply(time_error(self._orders.seconds or 0))
        if code == TOO_LARGE:
            return error_reply(memory_error(self._orders.memory or 0))
        return text_reply(500, f"the process that worked at it ended with {code}")

    async def _take(self) -> _Process:
        while self._idle:
            _, worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await worker.end()
        return await _Process.start(self._orders, self._module)

    def _keep(self, worker: _Process) -> None:
        self._idle.append((asyncio.get_running_loop().time(), worker))

    async def _end_idle(self) -> None:
        """End workers that have had no work for long, but for one."""
        while True:
            await asyncio.sleep(_IDLE / 4)
            before = asyncio.get_running_loop().time() - _IDLE
            while len(self._idle) > 1 and self._idle[0][0] < before:
                await self._idle.popleft()[1].end()


def _forget(reply: Reply) -> None:
    """Remove the file of a reply that nobody reads."""
    if reply.file:
        os.unlink(reply.file)  # noqa: PTH108


def orders_of(
    workspace: Workspace,
    folder: Path,
    engine: str,
    seconds: float | None,
    memory: int | None,
    rows: int | None,
) -> Orders:
    """Return orders that name this process as the parent."""
    root = str(workspace.root)
    return Orders(root, str(folder), engine, seconds, memory, rows, os.getpid())
