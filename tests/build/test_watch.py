"""`kg build --watch`: each change is built, and what it did is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kg.cli.main import main
from kg.cli.watch import _apart, _few, _marks, _told, _wait
from kg.init import init_workspace

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds; a busy machine is no failure


class TestChanges:
    def test_are_those_of_files_that_a_build_reads(self, tmp_path):
        init_workspace(tmp_path / "g")
        root = tmp_path / "g"
        before = _marks(root)
        assert root / "kg.toml" in before
        assert root / "data" / "peaks.csv" in before
        for name in ("notes.md", "a.log", "data/.peaks.csv.swp", "data/peaks.csv~", ".kg/x"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text("x")
        assert _marks(root) == before
        (root / "more.csv").write_text("a\n1\n")
        (root / "data" / "peaks.csv").write_text("key\n")
        assert _marks(root) != before

    def test_are_waited_for_and_told(self, tmp_path):
        init_workspace(tmp_path / "g")
        root = tmp_path / "g"
        known = _marks(root)
        (root / "data" / "peaks.csv").write_text("key\n")
        (root / "shapes" / "shapes.ttl").unlink()
        changed = _wait(root, known)
        assert _told(changed, root) == "changed: data/peaks.csv, shapes/shapes.ttl"


def test_lines_are_compared_as_often_as_they_are_there():
    assert _apart(["a", "a", "b"], ["a", "c"]) == (["c"], ["a", "b"])
    assert list(_few(map(str, range(7)))) == ["0", "1", "2", "3", "4", "… and 2 more"]


def test_options_go_together(tmp_path, capfd):
    init_workspace(tmp_path / "g")
    assert main(["-C", str(tmp_path / "g"), "build", "--ask", "first-ascents"]) == 2
    assert "--ask goes with --watch" in capfd.readouterr().err
    assert main(["-C", str(tmp_path / "g"), "build", "--watch", "--on-bad", "skip"]) == 2
    assert main(["-C", str(tmp_path), "build", "--watch"]) == 2


class Watching:
    """A command that watches, and what it says."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.log = folder.parent / "said.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kg", "build", "--watch", *words],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.seen = 0

    def until(self, text: str) -> str:
        """Wait until something new is said that holds a text, and return all that is new."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            said = self.log.read_text()[self.seen :]
            if text in said and said.endswith("\n"):
                self.seen += len(said)
                return said
            assert self.process.poll() is None, said
            time.sleep(0.05)
        raise AssertionError(f"{text!r} was not said: {self.log.read_text()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init_workspace(tmp_path / "g")
    return tmp_path / "g"


@pytest.mark.slow
def test_each_change_is_built_and_told(folder):
    watching = Watching(folder, "--ask", "first-ascents")
    try:
        assert "first-ascents: 6 rows" in watching.until("watching")
        peaks = folder / "data" / "peaks.csv"
        text = peaks.read_text()
        peaks.write_text(text.replace("8611", "8612"))
        said = watching.until("+ K2")
        assert "changed: data/peaks.csv" in said
        assert "+1 −1 quads" in said
        assert "first-ascents: +1 −1 rows" in said
        peaks.write_text(text.replace("8611", "98611"))
        said = watching.until("new:")
        assert "NOT in force" in said
        assert "no peak is higher than 8849" in said
        mapping = folder / "data" / "facts.yarrrml.yml"
        whole = mapping.read_text()
        mapping.write_text(whole.replace("sources: [peaks]", "sources: [paeks]"))
        assert "paeks" in watching.until("not built")
        mapping.write_text(whole)
        peaks.write_text(text)
        assert "1 result gone" in watching.until("+1 −1 quads")
    finally:
        watching.process.send_signal(signal.SIGINT)
        assert watching.process.wait(PATIENCE) == 0
    assert "no longer watching" in watching.until("watching")
