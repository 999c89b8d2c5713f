"""Starts ``kg`` many times without loading it each time.

A process of its own loads kg once and forks for each run. Every run is a process as ``python -m
kg`` is one, with its own exit code, standard streams, folder and environment, that watches itself
and ends as usual: what a run costs is the work alone. `program` gives the words that start one,
in place of ``python -m kg``: they pass on SIGINT and SIGTERM, and end as the run ends. Tests of
memory, of what is loaded, and of processes that are killed start Python itself.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import marshal
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
# What kg imports only when it is used.
_LATE: Final = (
    *("duckdb", "pyshacl", "rdflib.plugins.parsers.notation3", "lxml.etree"),
    *("ruamel.yaml", "python_calamine"),
)
# A program that asks for a run, with the words that follow the path of the socket. It imports
# only what Python has loaded anyway, so that it starts in a hundredth of a second.
_CLIENT: Final = """\
import _signal, _socket, marshal, os, sys
link = _socket.socket(_socket.AF_UNIX)
link.connect(sys.argv[1])
request = marshal.dumps((sys.argv[2:], os.getcwd(), dict(os.environ), {}, True))
streams = b"".join(n.to_bytes(4, sys.byteorder) for n in range(3))
link.sendmsg([len(request).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
link.sendall(request)
run = int(link.recv(16))
for number in (_signal.SIGINT, _signal.SIGTERM):
    _signal.signal(number, lambda number, _: os.kill(run, number))
code = int(link.recv(16) or b"-9")
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@functools.cache
def _address() -> Path:
    """Start the process that runs are forked from; return the path of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="kg-launcher-"))
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.launcher", str(listener.fileno())],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            start_new_session=True,
        )

    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return path


def program() -> list[str]:
    """Return the words that start ``kg``: the words for it come behind them."""
    return [sys.executable, "-ISc", _CLIENT, str(_address())]


def run(
    words: Sequence[str],
    folder: Path,
    streams: tuple[int, int, int],
    environment: Mapping[str, str],
    *,
    broken: Mapping[int, str],
) -> int:
    """Run ``kg`` unwatched, with streams of which some are broken, and return its exit code."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(_address()))
        request = marshal.dumps((list(words), str(folder), dict(environment), dict(broken), False))
        socket.send_fds(link, [len(request).to_bytes(8, "big")], streams)
        link.sendall(request)
        link.recv(16)  # its process id
        return int(link.recv(16))


def _break(stream: int, fault: str) -> None:
    if fault == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), stream)
    elif fault == "gone":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, stream)
    else:
        os.close(stream)


def _serve(listener: socket.socket) -> None:
    """Fork a process for each request, until the tests have ended."""
    load()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([listener, woken, 0], [], [])
        if 0 in ready:
            return
        if woken in ready:
            os.read(woken, 4096)
            while waiting and (ended := os.waitpid(-1, os.WNOHANG))[0]:
                with waiting.pop(ended[0]) as link:
                    _say(link, os.waitstatus_to_exitcode(ended[1]))
        if listener in ready:
            link, _ = listener.accept()
            size, streams, _, _ = socket.recv_fds(link, 8, 3)
            with link.makefile("rb") as lines:
                request = marshal.loads(lines.read(int.from_bytes(size, "big")))
            child = os.fork()
            if not child:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _be_run(streams, *request)
            for stream in streams:
                os.close(stream)
            waiting[child] = link
            _say(link, child)


def _say(link: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # who asked has gone
        link.sendall(b"%16d" % number)


def load() -> None:
    """Load all that a run may load, so that none has to."""
    for module in pkgutil.walk_packages([str(ROOT / "kg")], "kg."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or each search for cycles would copy all pages


def _be_run(
    streams: Sequence[int],
    words: list[str],
    folder: str,
    environment: dict[str, str],
    broken: dict[int, str],
    is_watched: bool,
) -> NoReturn:
    from kg.__main__ import start
    from kg.cli.main import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    for number, fault in broken.items():
        _break(number, fault)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        made = _opened(number, name)
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)
    if is_watched:
        sys.argv[:] = [str(ROOT / "kg" / "__main__.py"), *words]
        start()
    os._exit(main(words))  # taking the interpreter down only costs time


def _opened(number: int, name: str) -> Any:
    """Return a standard stream as Python opens it when it starts; None if it is closed."""
    try:
        os.fstat(number)
    except OSError:
        return None
    raw = io.FileIO(number, "r" if name == "stdin" else "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedReader(raw) if name == "stdin" else io.BufferedWriter(raw),
        encoding="utf-8",
        errors="backslashreplace" if name == "stderr" else "strict",
        line_buffering=name == "stderr" or raw.isatty(),
    )


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # runs have ended; taking the interpreter down only costs time
