"""Runs the ``kg`` command many times without starting Python each time.

A process of its own imports the command once, and forks for each run: every run is a process with
its own exit code, standard output and standard error. What a run costs is the work alone.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What a run of the command said and left with."""

    code: int
    out: str
    err: str


class Runner:
    """A process that runs commands, to be used as a context manager."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "100"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def __call__(
        self,
        *words: str | Path,
        cwd: Path,
        broken: Mapping[int, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Run ``kg`` with words in a folder.

        Args:
            words: What stands behind ``kg``.
            cwd: The folder.
            broken: Numbers of standard streams with what is wrong with them: ``closed``,
                ``full`` (a device without room) or ``gone`` (a pipe without a reader).
            environment: Variables that are set beside those of the tests.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "words": [str(word) for word in words],
            "cwd": str(cwd),
            "broken": list((broken or {}).items()),
            "environment": dict(environment or {}),
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Result(**json.loads(self._process.stdout.readline()))


def _break(stream: int, fault: str) -> None:
    if fault == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), stream)
    elif fault == "gone":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, stream)
    else:
        # As Python finds it where a shell closed the stream.
        os.close(stream)
        name = ("stdin", "stdout", "stderr")[stream]
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)


def _serve() -> None:
    from kg.cli.main import main

    # What commands import when they run, so that no fork has to.
    for name in (
        *("kg.building", "kg.map_files", "kg.queries.run", "kg.queries.answer", "kg.cli.output"),
        *("kg.mapping.yarrrml", "kg.mapping.rml", "kg.validation.formats", "pyshacl"),
    ):
        importlib.import_module(name)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        main(["-C", os.path.sep, "build"])
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
            child = os.fork()
            if not child:
                os.chdir(request["cwd"])
                os.environ.update(request["environment"])
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                for stream, fault in request["broken"]:
                    _break(stream, fault)
                code = main(request["words"])
                os._exit(code)  # leaves out what only costs time: taking the interpreter down
            _, status = os.waitpid(child, 0)
            told = {"code": os.waitstatus_to_exitcode(status)}
            for name, stream in (("out", out), ("err", err)):
                stream.seek(0)
                told[name] = stream.read().decode("utf-8", "replace")
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _serve()
