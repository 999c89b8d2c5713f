"""The commands of README.md run, in their order, in a copy of the repository.

Blocks ``console`` are run on a terminal, command by command, and what they show must be what
stands there; ``yaml`` blocks are written to the file that the text before them names; ``python``
blocks are run; ``sh`` blocks are checked in their own ways. ``python -m tests.test_readme`` writes
what the commands show into README.md.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.graph_copy import copy_workspace
from tests.terminal import run_on_terminal

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs from build to build: its name, and the time that it took.
_VARYING = re.compile(r"\b\d{8}T\d{12}Z\b|\b\d+\.\d s\b")
_FILE = re.compile(r"Write `([^`]+)`:\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind, its text, the text before it."""

    kind: str
    body: str
    before: str


def blocks(text: str) -> list[Block]:
    return [Block(m["kind"], m["body"], text[: m.start()]) for m in _BLOCK.finditer(text)]


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with what it shows."""
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


class Stage:
    """A copy of the workspace, with a ``kg`` on PATH, that commands run in one after the other."""

    def __init__(self, parent: Path) -> None:
        self.folder = copy_workspace(parent / "kg")
        programs = self.folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        program = programs / "kg"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kg "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm",
        }

    def run(self, command: str) -> str:
        """Run a command and return what it shows; ``cd`` holds for those that follow."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            assert self.folder.is_dir()
            return ""
        code, shown = run_on_terminal(command, self.folder, environment=self.environment)
        assert code == 0, f"{command}\n{shown}"
        return shown

    def write(self, block: Block) -> None:
        found = _FILE.search(block.before)
        assert found, f"nothing says which file this is:\n{block.body}"
        (self.folder / found[1]).write_text(block.body, encoding="utf-8")

    def run_python(self, block: Block) -> None:
        subprocess.run([sys.executable, "-c", block.body], cwd=self.folder, check=True)


def play(text: str, stage: Stage) -> str:
    """Run all blocks of a text in their order; return the text with what they really show."""
    stage.run("kg -q build")

    def played(match: re.Match[str]) -> str:
        block = Block(match["kind"], match["body"], match.string[: match.start()])
        if block.kind == "console":
            body = "".join(f"$ {command}\n{stage.run(command)}" for command, _ in commands(block))
            return f"```console\n{body}```"
        if block.kind == "yaml":
            stage.write(block)
        elif block.kind == "python":
            stage.run_python(block)
        return match[0]

    return _BLOCK.sub(played, text)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("readme"))


@pytest.fixture(scope="module")
def played(stage: Stage) -> str:
    return play(README.read_text(encoding="utf-8"), stage)


def test_every_command_shows_what_stands_there(played):
    there, shown = (
        _VARYING.sub("…", text) for text in (README.read_text(encoding="utf-8"), played)
    )
    assert shown == there, "if it is meant to be so, run: python -m tests.test_readme"


def test_the_blocks_are_all_of_a_kind_that_is_tested():
    kinds = [block.kind for block in blocks(README.read_text(encoding="utf-8"))]
    assert set(kinds) == {"console", "yaml", "python", "sh", "sh elsewhere"}
    assert kinds.count("console") >= 6


def test_the_answer_shown_sets_a_claim_against_the_record(played):
    answer = next(block.body for block in blocks(played) if "claims-on-launch" in block.body)
    assert re.search(r"claim:\S+ .* IRBM +ICBM .* contradicts\n", answer)


def test_the_two_commands_are_those_of_the_script():
    block = next(b for b in blocks(README.read_text(encoding="utf-8")) if b.kind == "sh")
    lines = [line.split("  #")[0].strip() for line in block.body.splitlines()]
    assert lines == ["python3 start.py", "python3 start.py test"]
    said = subprocess.run(
        [sys.executable, ROOT / "start.py", "--help"], capture_output=True, text=True, check=True
    )
    for line in lines:
        assert re.search(rf"^ +{line}  ", said.stdout, re.MULTILINE)


def test_paths_that_are_named_exist():
    text = README.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    rows = [row.split("|")[1] for row in text.splitlines() if row.startswith("| ")][1:]
    folders = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(links) >= 6
    assert len(folders) >= 8
    for name in {*links, *folders}:
        assert (ROOT / name).exists(), name


class _Receiver(BaseHTTPRequestHandler):
    """A stand-in for a store that takes a data set by PUT."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = ox.RdfFormat.from_media_type(self.headers["Content-Type"])
        self.server.received = (self.path, len(list(ox.parse(body, format=form))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_the_export_reaches_a_store_by_curl(played, stage):
    assert played
    if not shutil.which("curl"):
        pytest.skip("there is no curl on this machine")
    lines = next(b.body for b in blocks(played) if b.kind == "sh elsewhere").splitlines()
    (line,) = [line for line in lines if line.startswith("curl ")]
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        stage.run(line.replace("http://localhost:3030", f"--noproxy '*' {address}"))
        thread.join(10)
    lines_written = (stage.folder / "graph.nq").read_text(encoding="utf-8").count("\n")
    assert server.received == ("/ds", lines_written)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        README.write_text(
            play(README.read_text(encoding="utf-8"), Stage(Path(made))), encoding="utf-8"
        )
