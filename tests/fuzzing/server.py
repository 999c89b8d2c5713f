"""Runs the command in processes of their own, forked from one that has loaded it, and watches them.

with Server() as server:
    outcome = server.run(["export", …], folder)
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from tests.launcher import load

ROOT: Final = Path(__file__).resolve().parents[2]
_DISK: Final = 2 * 10**9  # bytes of a file that a run may write
_ADDRESSES: Final = 12 * 10**9  # bytes of address space: the machine is used by others, too


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        code: Exit code; negative for a signal.
        out: Standard output.
        err: Standard error.
        peak: Most bytes of memory that a process of it took.
        hung: It did not end in time, and was killed.
        left: A process of it was left.
        events: What it opened for writing elsewhere, and connections.
    """

    code: int
    out: str
    err: str
    peak: int
    hung: bool
    left: bool
    events: list[str] = field(default_factory=list)


class Server:
    """The process that runs are forked from, as a context manager."""

    def __enter__(self) -> Server:
        # Damaged files name this address: nobody may call there.
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/x"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzzing.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "100"},
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._listener.close()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def run(self, words: list[str], folder: Path, temporary: Path, seconds: float) -> Outcome:
        """Run ``kg`` with words in a folder, with another one for temporary files."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"words": words, "folder": str(folder), "temporary": str(temporary)}
        self._process.stdin.write(json.dumps({**request, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        outcome = Outcome(**json.loads(self._process.stdout.readline()))
        with suppress(BlockingIOError):
            self._listener.accept()[0].close()
            outcome.events.append("somebody called the address that a file names")
        return outcome


def _serve() -> None:
    sys.dont_write_bytecode = True
    load()
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(request: dict[str, Any]) -> dict[str, Any]:
    with (
        tempfile.TemporaryFile("w+b") as out,
        tempfile.TemporaryFile("w+b") as err,
        tempfile.TemporaryFile("w+b") as events,
    ):
        child = os.fork()
        if not child:
            _be_command(request, out.fileno(), err.fileno(), events.fileno())
        status, peak, hung = _waited(child, request["seconds"])
        told: dict[str, Any] = {
            "code": os.waitstatus_to_exitcode(status),
            "peak": peak,
            "hung": hung,
            "left": _end_rest(child),
        }
        for name, stream in (("out", out), ("err", err), ("events", events)):
            stream.seek(0)
            told[name] = stream.read().decode("utf-8", "replace")
        told["events"] = sorted(set(told["events"].splitlines()))
        return told


def _waited(child: int, seconds: float) -> tuple[int, int, bool]:
    """Return exit status and peak memory of a process, and whether it was killed for its time."""
    end, hung, pause = time.monotonic() + seconds, False, 0.001
    while True:
        process, status, usage = os.wait4(child, os.WNOHANG)
        if process:
            return status, usage.ru_maxrss * 1024, hung
        if time.monotonic() > end and not hung:
            hung = True
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


def _end_rest(group: int) -> bool:
    """End what is left of a run's processes, and tell whether there was any."""
    for _ in range(20):  # what its parent has killed goes a moment later
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.02)
    os.killpg(group, signal.SIGKILL)
    return True


def _be_command(request: dict[str, Any], out: int, err: int, events: int) -> None:
    os.setpgid(0, 0)
    os.chdir(request["folder"])
    os.environ.update(TMPDIR=request["temporary"], HOME=request["temporary"])
    tempfile.tempdir = None
    resource.setrlimit(resource.RLIMIT_FSIZE, (_DISK, _DISK))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    allowed = tuple(os.path.realpath(request[name]) for name in ("folder", "temporary"))
    sys.addaudithook(_watcher(allowed, events))
    from kg.cli.main import run

    sys.argv = ["kg", *request["words"]]
    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001  (as Python itself would end)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    os._exit(code)


def _watcher(allowed: tuple[str, ...], events: int) -> Any:
    """Return what notes connections, and files that are written elsewhere."""
    fine = (*allowed, "/dev/", "/proc/")

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo"):
            os.write(events, f"{event} {given[-1] if event.endswith('t') else given[0]}\n".encode())
        elif event == "open" and isinstance(given[0], str | bytes | os.PathLike):
            mode, flags = str(given[1] or ""), int(given[2] or 0)
            writes = any(letter in mode for letter in "wax+") or flags & (os.O_WRONLY | os.O_RDWR)
            if writes:
                path = os.path.realpath(os.fsdecode(given[0]))
                if not path.startswith(fine):
                    os.write(events, f"writes {path}\n".encode("utf-8", "replace"))

    return watch


if __name__ == "__main__":
    _serve()
