"""The real command line, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.conftest import kg
from tests.export.samples import SAMPLE

TURTLE = Path(__file__).with_name("golden").joinpath("sample.ttl").read_text(encoding="utf-8")


def test_file(workspace):
    root = workspace(SAMPLE)
    done = kg("export", "-o", "a.ttl", cwd=root)
    assert done.returncode == 0
    assert done.stdout == b""
    assert done.stderr == b"wrote 32 triples to a.ttl (Turtle)\n"
    assert (root / "a.ttl").read_text(encoding="utf-8") == TURTLE


def test_standard_output(workspace):
    done = kg("export", "-o", "-", "--format", "turtle", cwd=workspace(SAMPLE))
    assert done.returncode == 0
    assert done.stdout.decode() == TURTLE


def test_closed_pipe_ends_quietly(workspace):
    quads = [
        (f"<https://example.org/{n}>", "<https://example.org/p>", '"o"', None)
        for n in range(60_000)
    ]
    root = workspace(quads)
    process = subprocess.Popen(
        [sys.executable, "-m", "kg", "-q", "-C", root, "export", "-o", "-", "--format", "nt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline().startswith(b"<https://example.org/0>")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["-o", "a.csv"], 2, ".ttl, .trig"),
        (["-o", "-"], 2, "--format"),
        (["-o", "a.ttl", "--format", "word"], 2, "turtle, trig"),
        (["-o", "a.ttl", "--graph", "nowhere"], 2, "no graph nowhere"),
        (["-o", "no/folder/a.ttl"], 3, "no/folder/a.ttl"),
        (["-o", "/dev/full", "--format", "nt"], 3, "No space left"),
        (["-o", "a.ttl", "--memory", "much"], 2, "not a size"),
        ([], 2, "--output"),
    ],
)
def test_errors(workspace, words, code, message):
    root = workspace(SAMPLE)
    done = kg("export", *words, cwd=root)
    assert done.returncode == code
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert sorted(path.name for path in root.iterdir()) == [".kg", "kg.toml"]


def test_no_build(tmp_path):
    (tmp_path / "kg.toml").write_text('base = "https://example.org/"\n')
    done = kg("export", "-o", "a.ttl", cwd=tmp_path)
    assert done.returncode == 2
    assert b"kg build" in done.stderr
