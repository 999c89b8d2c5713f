"""The commands of README.md run, in their order, in a copy of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.documents import Stage, blocks, stable

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    made = Stage(tmp_path_factory.mktemp("readme"), workspace=True)
    made.run("kg -q build")  # as start.py does before
    return made


@pytest.fixture(scope="module")
def played(stage: Stage) -> str:
    return stage.play(README)


def test_every_command_shows_what_stands_there(played):
    assert stable(played) == stable(README), "if it is meant to be so: python -m tests.test_docs"


def test_the_blocks_are_all_of_a_kind_that_is_tested():
    kinds = [block.kind for block in blocks(README)]
    assert set(kinds) == {"console", "yaml", "python", "sh", "sh elsewhere"}
    assert kinds.count("console") >= 6


def test_the_answer_shown_sets_a_claim_against_the_record(played):
    answer = next(block.body for block in blocks(played) if "claims-on-launch" in block.body)
    assert re.search(r"claim:\S+ .* IRBM +ICBM .* contradicts\n", answer)


def test_the_two_commands_are_those_of_the_script():
    block = next(block for block in blocks(README) if block.kind == "sh")
    lines = [line.split("  #")[0].strip() for line in block.body.splitlines()]
    assert lines == ["python3 start.py", "python3 start.py test"]
    said = subprocess.run(
        [sys.executable, ROOT / "start.py", "--help"], capture_output=True, text=True, check=True
    )
    for line in lines:
        assert re.search(rf"^ +{line}  ", said.stdout, re.MULTILINE)


def test_paths_that_are_named_exist():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    rows = [row.split("|")[1] for row in README.splitlines() if row.startswith("| ")][1:]
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
