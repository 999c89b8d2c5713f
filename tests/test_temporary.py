"""Temporary files: what a killed process left is removed later, and nothing that is in use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kg
from kg import files, temporary
from kg.exports.options import ExportOptions
from tests.graph_copy import ROOT

LEAVE = """
import os, signal, sys
from pathlib import Path
from kg.temporary import new_folder, new_part, new_part_folder
here = Path(sys.argv[1])
(new_folder("export", here) / "inside").write_text("x")
new_part(here / "out.nt").write_text("half")
new_part(here / "out-00001.nt").write_text("half")
new_part_folder(here / "release")
print(os.getpid(), flush=True)
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def other(tmp_path):
    """Another process with temporary files in the folder; it is killed when its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", LEAVE, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline()
    yield process
    process.communicate()


def clean(folder: Path) -> None:
    with temporary.temporary_folder("other", folder):
        for name in ("out.nt", "out-00001.nt"):
            temporary.remove_part(temporary.new_part(folder / name))
        temporary.new_part_folder(folder / "release")
        temporary.remove_folder(temporary.part_of(folder / "release"))


def test_what_a_killed_process_left_is_removed(tmp_path, other):
    assert len(list(tmp_path.iterdir())) == 4
    clean(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4, "it is alive"
    other.communicate()
    clean(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_lock_tells_where_the_number_of_a_process_does_not(tmp_path, other, monkeypatch):
    """In another container the process of a number is another one, or none."""
    monkeypatch.setattr(temporary, "_is_dead", lambda _: True)
    clean(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    other.communicate()
    clean(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_called_otherwise_stays(tmp_path, other):
    other.communicate()
    for path in tmp_path.iterdir():
        if path.is_dir():
            (path / "inside").unlink(missing_ok=True)
            path.rmdir()
        else:
            path.unlink()
    number = other.pid
    mine = [".other.nt.%d.part", "out.nt.%d.part", ".out.nt.x%d.part", "kg-%d", "my-kg-a-%d-b"]
    for name in mine:
        (tmp_path / (name % number)).write_text("mine")
    (tmp_path / f"kg-export-{number}-abc").symlink_to(tmp_path)
    clean(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(mine) + 1


def test_an_export_removes_what_one_before_it_left(tmp_path, other):
    other.communicate()
    (tmp_path / "a.nt").write_text("<http://e/s> <http://e/p> <http://e/o> .\n")
    for name, options in (("out.nt", ExportOptions()), ("out.nt", ExportOptions(split=1))):
        kg.export(tmp_path / name, data=[tmp_path / "a.nt"], options=options)
    assert sorted(path.name for path in tmp_path.glob("*.nt")) == ["a.nt", "out-00001.nt", "out.nt"]
    assert [path.name for path in tmp_path.glob(".*.part")] == [f".release.{other.pid}.part"]


def test_a_part_is_not_written_through_a_link(tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    temporary.part_of(tmp_path / "out").symlink_to(mine)
    with files.replacing(tmp_path / "out") as part:
        part.write_text("new")
    assert (mine.read_text(), (tmp_path / "out").read_text()) == ("mine", "new")


def test_a_part_is_removed_where_an_interruption_strikes_as_it_is_made(tmp_path, monkeypatch):
    def made(target: Path) -> Path:
        temporary.new_part(target)
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "new_part", made)
    (tmp_path / "out").write_text("old")
    with pytest.raises(KeyboardInterrupt), files.replacing(tmp_path / "out"):
        pass
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out", "old")]
