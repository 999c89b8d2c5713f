"""A workspace whose sources changed since the build says so, once for each change."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from kg.builds import seal
from kg.queries import stale
from kg.queries.stale import stale_message
from kg.workspace import Build, Workspace, read_workspace


@pytest.fixture
def built(workspace: Path) -> Workspace:
    data = workspace / "data"
    data.mkdir()
    (data / "a.csv").write_text("x\n1\n")
    (data / "m.yarrrml.yml").write_text("mappings: {}\n")
    record(workspace, ["kg.toml", "data/a.csv", "data/m.yarrrml.yml"])
    return read_workspace(workspace)


def record(workspace: Path, paths: list[str]) -> None:
    sources = []
    for path in paths:
        stat = (workspace / path).stat()
        digest = hashlib.sha256((workspace / path).read_bytes()).hexdigest()
        sources.append(
            {"path": path, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": digest}
        )
    seal(Build(workspace / ".kg" / "builds" / "B1"), {"sources": sources})


def message(workspace: Workspace) -> str | None:
    # As a process that starts anew sees it.
    again = read_workspace(workspace.root)
    return stale_message(again, again.current_build())


def test_nothing_changed(built: Workspace) -> None:
    assert message(built) is None
    assert not (built.state / "seen.json").exists()


def test_a_change_is_told_once(built: Workspace) -> None:
    file = built.root / "data" / "a.csv"
    file.write_text("x\n2\n")
    os.utime(file, ns=(0, 1))
    said = message(built)
    assert said is not None
    assert "data/a.csv has changed since the build" in said
    assert "kg build" in said
    assert message(built) is None
    file.write_text("x\n2\n3\n")
    assert message(built) is None, "it is known to have changed already"
    (built.root / "kg.toml").write_text((built.root / "kg.toml").read_text() + "# new\n")
    assert message(built) == (
        "kg: data/a.csv, kg.toml have changed since the build; run `kg build` to see the changes."
    )
    assert message(built) is None


def test_touching_a_file_is_no_change_and_it_is_read_once(
    built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(built.root / "data" / "a.csv", ns=(5, 5))
    assert message(built) is None
    monkeypatch.setattr(stale, "_digest", lambda _: pytest.fail("read again"))
    assert message(built) is None


def test_a_change_back_and_forth_is_told_again(built: Workspace) -> None:
    file = built.root / "data" / "a.csv"
    before = file.stat().st_mtime_ns
    file.write_text("x\n22\n")
    assert message(built)
    file.write_text("x\n1\n")
    os.utime(file, ns=(before, before))
    assert message(built) is None
    file.write_text("x\n22\n")
    assert message(built)


def test_files_that_came_and_went(built: Workspace) -> None:
    (built.root / "data" / "new.ttl").write_text("")
    (built.root / "data" / "a.csv").unlink()
    for number in range(3):
        (built.root / "data" / f"n{number}.ttl").write_text("")
    said = message(built)
    assert said is not None
    assert said.startswith("kg: data/a.csv, data/n0.ttl, data/n1.ttl and 2 more have changed")


def test_a_new_build_starts_afresh(built: Workspace) -> None:
    (built.root / "data" / "a.csv").write_text("x\n22\n")
    assert message(built)
    record(built.root, ["kg.toml", "data/a.csv", "data/m.yarrrml.yml"])
    assert message(built) is None


@pytest.mark.parametrize("content", ["{}", "[]", "no json", '{"sources": 1}'])
def test_a_build_that_says_nothing_is_not_judged(built: Workspace, content: str) -> None:
    build = built.current_build()
    build.info_file.write_text(content)
    assert stale_message(built, build) is None
    build.info_file.unlink()
    assert stale_message(built, build) is None


def test_a_folder_that_cannot_be_written_is_no_error(
    built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (built.root / "data" / "a.csv").write_text("x\n22\n")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "no")

    monkeypatch.setattr(stale, "write_note", refuse)
    assert message(built)
    assert message(built)


def test_a_broken_memory_is_no_error(built: Workspace) -> None:
    (built.state / "seen.json").write_text('{"build": "B1", "seen": {"kg.toml": 3}, "told": 7}')
    (built.root / "data" / "a.csv").write_text("x\n22\n")
    assert message(built)
