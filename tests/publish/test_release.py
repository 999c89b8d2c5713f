"""A release is complete, has checksums, and has the same bytes every time."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from kg.builds import seal
from kg.errors import InputError
from kg.release import release
from kg.workspace import Workspace
from tests.launcher import program
from tests.publish.test_describe import INFO

ROOT = Path(__file__).parents[2]


@pytest.fixture
def built(workspace: Workspace) -> Workspace:
    build = workspace.current_build()
    build.report.write_text("# a report\n")
    seal(build, INFO)
    return workspace


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_release_is_complete_and_the_same_every_time(built: Workspace, tmp_path: Path) -> None:
    first = release(built, tmp_path / "1")
    release(built, tmp_path / "2")
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert first.files == (
        "SHA256SUMS",
        "dataset.jsonld",
        "dataset.md",
        "dataset.ttl",
        "graph.nq.gz",
        "graph.ttl.gz",
        "report.ttl",
    )
    for line in (tmp_path / "1" / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((tmp_path / "1" / name).read_bytes()).hexdigest() == digest
    assert "graph.nq.gz" in (tmp_path / "1" / "dataset.md").read_text()


def test_a_release_lists_changes_since_the_last(built: Workspace, tmp_path: Path) -> None:
    release(built, tmp_path / "1", formats=["nq"])
    export = tmp_path / "1" / "graph.nq"
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join(lines[1:]))
    done = release(built, tmp_path / "2", formats=["nq"], last=tmp_path / "1")
    assert done.differences is not None
    assert (done.differences.removed, done.differences.added) == (0, 1)
    assert (tmp_path / "2" / "changes.txt").read_text().count("\n  + ") == 1


def test_a_release_that_fails_leaves_no_folder(built: Workspace, tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    with pytest.raises(InputError) as caught:
        release(built, tmp_path / "1")
    assert caught.value.code == "release-exists"
    with pytest.raises(InputError):
        release(built, tmp_path / "2", last=tmp_path / "1")
    with pytest.raises(InputError):
        release(built, tmp_path / "2", formats=["html"])
    assert not (tmp_path / "2").exists()


def test_the_command_makes_a_release(built: Workspace, tmp_path: Path) -> None:
    ended = subprocess.run(
        [*program(), "release", str(tmp_path / "r"), "-f", "nt"],
        cwd=built.root,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "r" / "graph.nt").read_text().count("\n") == 1001
