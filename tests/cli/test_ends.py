"""How a command ends where something is wrong with kg itself, or where it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from kg.init import init_workspace

ROOT = Path(__file__).resolve().parents[2]

# A command whose work is replaced by what a test wants.
BROKEN = """\
import importlib, sys
sys.argv = ["kg", *sys.argv[1:]]
module = importlib.import_module("kg.queries.question")
def read_question(*arguments, **more):
    {body}
module.read_question = read_question
importlib.import_module("kg.cli.main").run()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    init_workspace(tmp_path / "graph")
    return tmp_path / "graph"


def run_broken(workspace: Path, body: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BROKEN.format(body=body), *words],
        cwd=workspace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fault_of_kg_is_owned_in_two_lines(workspace):
    result = run_broken(workspace, "1 / 0", "questions")
    assert result.returncode == 3
    first, second = result.stderr.splitlines()
    assert first == "kg: internal error: ZeroDivisionError: division by zero"
    assert "--debug" in second


def test_a_fault_of_kg_is_shown_in_full_with_debug(workspace):
    result = run_broken(workspace, "1 / 0", "--debug", "questions")
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError" in result.stderr


@pytest.mark.parametrize(
    "body",
    [
        "raise KeyboardInterrupt",
        textwrap.dedent("""\
        from kg.duck import translated
            with translated():
                raise RuntimeError("Query interrupted")"""),
    ],
)
def test_an_interruption_is_no_fault(workspace, body):
    result = run_broken(workspace, body, "questions")
    assert result.returncode == 130
    assert result.stderr == "kg: interrupted\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [("raise MemoryError", "out-of-memory"), ("read_question()", "nested-too-deep")],
)
def test_what_python_runs_out_of_is_a_limit(workspace, body, code):
    result = run_broken(workspace, body, "questions")
    assert result.returncode == 4
    assert f"[{code}]" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_interruption_that_meets_an_exec(tmp_path):
    """Python remembers such a one, and would end the process by the signal in the end."""
    code = """
from kg.cli import main

def interrupted():
    try:
        exec("import os, time; os.kill(os.getpid(), 2); time.sleep(5)")
    except KeyboardInterrupt:
        return 130

main.main = interrupted
main.run()
"""
    (tmp_path / "interrupted.py").write_text(code, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    command = [sys.executable, "-m", "interrupted"]
    assert subprocess.run(command, env=environment, check=False).returncode == 130


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0])
def test_a_build_that_is_interrupted_leaves_nothing(workspace, seconds):
    process = subprocess.Popen(
        [sys.executable, "-m", "kg", "build"],
        cwd=workspace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    builds = workspace / ".kg" / "builds"
    started = time.monotonic()
    while not builds.exists() and process.poll() is None and time.monotonic() - started < 30:
        time.sleep(0.01)
    time.sleep(seconds / 4)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    if process.returncode == 0:  # it was quicker
        assert "is in force" in shown
        return
    assert process.returncode == 130, shown
    assert shown == "kg: interrupted\n"
    assert list(builds.iterdir()) == []
    assert not (workspace / ".kg" / "current").exists()
