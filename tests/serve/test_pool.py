"""The workers of a server when clients leave: they end, and nothing that they wrote stays."""

from __future__ import annotations

import asyncio
import os
import time
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import replace

import pytest

from kg.builds import current_name
from kg.serve import pool as pools
from kg.serve.endpoint import Spool
from kg.serve.messages import Orders, Reply, Request, SparqlRequest
from kg.serve.pool import Pool
from kg.workspace import find_workspace


def orders(folder):
    return Orders("", str(folder), "auto", 20.0, None, None, os.getpid())


@pytest.fixture
def started(monkeypatch):
    """The processes that a pool starts, which say nothing."""
    made = []
    start = asyncio.create_subprocess_exec

    async def create(*_, **options):
        made.append(await start("sleep", "60", **options))
        return made[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", create)
    return made


def test_a_worker_ends_when_its_client_leaves_while_it_starts(tmp_path, started):
    async def main():
        pool = Pool(orders(tmp_path), 2)
        work = asyncio.create_task(pool.ask(Request(path="")))
        while not started:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        return [process.returncode for process in started]

    assert asyncio.run(main()) == [-9]


@pytest.mark.usefixtures("started")
def test_what_a_worker_wrote_goes_with_it(tmp_path):
    async def main():
        process = await asyncio.create_subprocess_exec()
        folder = orders(tmp_path).own_folder(process.pid)
        worker = pools._Process(process, folder)
        taken, left = Spool(folder), Spool(folder)
        for spool in (taken, left):
            spool.write(b"a" * (2**20 + 1))
        left.taken()  # by nobody
        reply = worker._taken(Reply(200, "text/plain", *taken.taken()))
        assert await worker.end() == -9
        return reply

    reply = asyncio.run(main())
    (file,) = tmp_path.iterdir()
    assert str(file) == reply.file
    assert file.stat().st_size == 2**20 + 1


def test_a_reply_that_comes_too_late_leaves_no_file(tmp_path):
    file = tmp_path / "answer"
    file.write_bytes(b"a")
    pool = Pool(orders(tmp_path), 1)

    async def main():
        done = asyncio.Event()

        async def ask(_):
            await done.wait()
            return Reply(200, "text/plain", file=str(file))

        async def is_gone():
            done.set()
            await asyncio.sleep(0.01)
            return True

        pool.ask = ask
        return await pool.ask_while(is_gone, Request(path=""))

    assert asyncio.run(main()) is None
    assert not file.exists()


def test_what_is_found_once_for_a_build_takes_its_time(tmp_path, started, monkeypatch):
    monkeypatch.setattr(pools, "_GRACE", 0.0)

    async def main():
        pool = Pool(replace(orders(tmp_path), seconds=0.1), 2)
        done = []
        for is_warming in (False, True):
            process = await asyncio.create_subprocess_exec(stdin=PIPE, stdout=PIPE)
            worker = pools._Process(process, orders(tmp_path).own_folder(process.pid))
            asked = Request(path="", is_warming=is_warming)
            work = asyncio.create_task(pool._answer(worker, asked))
            done.append(bool((await asyncio.wait({work}, timeout=0.5))[0]))
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            await worker.end()
        return done

    assert asyncio.run(main()) == [True, False]
    assert len(started) == 2


RUNAWAY = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(9))
RUNAWAY = f"SELECT * {{ {RUNAWAY} FILTER(CONCAT(STR(?a0), STR(?c8)) = 'no') }}"


def asked(workspace, query):
    names = SparqlRequest(query, (), (), "json")
    return Request("sparql", build=current_name(find_workspace(workspace)), sparql=names)


@pytest.mark.parametrize(("engine", "ends"), [("table", False), ("oxigraph", True)])
def test_a_request_that_takes_too_long_ends_its_process_only_where_it_must(
    workspace, tmp_path, engine, ends
):
    """The table engine is interrupted, and what the worker holds stays."""

    async def main():
        pool = Pool(
            replace(orders(tmp_path), workspace=str(workspace), engine=engine, seconds=1), 1
        )
        try:
            first = await pool.ask(asked(workspace, "ASK { ?s ?p ?o }"))
            (before,) = [worker._process.pid for _, worker in pool._idle]
            began = time.monotonic()
            stopped = await pool.ask(asked(workspace, RUNAWAY))
            took = time.monotonic() - began
            again = await pool.ask(asked(workspace, "ASK { ?s ?p ?o }"))
            (after,) = [worker._process.pid for _, worker in pool._idle]
        finally:
            await pool.close()
        return first.status, stopped, took, again.status, before != after

    first, stopped, took, again, ended = asyncio.run(main())
    assert (first, stopped.status, again, ended) == (200, 503, 200, ends)
    assert b"stopped after 1 s" in stopped.body
    assert 1 <= took < 20
