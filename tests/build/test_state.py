"""The folder ``.kg``: links and files in its place, the builds that are kept, and damage."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

import kg
from kg import builds
from kg.building import BuildOptions
from kg.diff import diff
from kg.errors import InputError, KgError, WorldError
from kg.push import push
from kg.release import release
from kg.workspace import FORMAT, Build, Workspace, read_workspace
from tests.publish.fake_store import fake_store

# Bits to flip in each file of a build; by default one bit in some of the files.
FLIPS = int(os.environ.get("KG_FLIPS", "0"))
FACTS = "<https://example.org/{0}> a <https://example.org/ns#Thing> ; <https://example.org/p> {0} ."
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
<https://example.org/S> a sh:NodeShape ; sh:targetClass <https://example.org/ns#Thing> ;
  sh:property [ sh:path <https://example.org/p> ; sh:minCount 1 ] .
"""


def make(root: Path, **config: str) -> Workspace:
    for folder in ("data", "shapes"):
        (root / folder).mkdir(parents=True)
    lines = ['base = "https://example.org/"', *(f'[build]\n{k} = "{v}"' for k, v in config.items())]
    (root / "kg.toml").write_text("\n".join(lines))
    (root / "shapes" / "s.ttl").write_text(SHAPES)
    fill(root, 9)
    return read_workspace(root)


def fill(root: Path, count: int) -> None:
    (root / "data" / "a.ttl").write_text("\n".join(map(FACTS.format, range(1, count + 1))))


def triples(root: Path) -> int:
    (row,) = kg.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", workspace=root)
    return row.value("n")


QUICK = BuildOptions(index=False, validate=False)


# --- damage ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Built:
    """A workspace with two builds, and its export and answer without damage."""

    root: Path
    export: bytes
    answer: int


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    root = tmp_path_factory.mktemp("damage") / "w"
    workspace = make(root, infer="rdfs")
    kg.build(workspace)
    (root / "data" / "b.nt").write_text("<https://e.org/s> <https://e.org/p> <https://e.org/o> .")
    kg.build(root)
    kg.export(root / "good.nq", workspace=root)
    return Built(root, (root / "good.nq").read_bytes(), triples(root))


def everything(built: Built) -> None:
    """Export, release, push and compare; each is right or reports that the build is broken."""
    workspace = read_workspace(built.root)
    target, folder = built.root / "out.nq", built.root / "release"
    target.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    with fake_store() as store:
        for act in (
            lambda: kg.export(target, workspace=workspace),
            lambda: release(workspace, folder, formats=["nq"]),
            lambda: push(workspace, store.url),
            lambda: diff("previous", "current", BytesIO(), workspace=workspace),
        ):
            try:
                act()
            except KgError as error:
                assert error.code in ("broken-build", "old-build", "no-previous-build")  # noqa: PT017
        assert not store.writes or sum(map(len, store.graphs.values())) == len(
            built.export.splitlines()
        )
    assert not target.exists() or target.read_bytes() == built.export
    assert not folder.exists() or (folder / "graph.nq").read_bytes() == built.export
    try:
        assert triples(built.root) == built.answer
    except KgError as error:
        assert error.code in ("broken-build", "old-build")  # noqa: PT017


def files_of(root: Path) -> list[Path]:
    workspace = read_workspace(root)
    build = workspace.current_build().path
    found = sorted(path for path in build.rglob("*") if path.is_file() and path.stat().st_size)
    if not FLIPS:  # all files except the index, and some files of the index
        found = [path for path in found if path.parent == build] + [*build.glob("store/[CM]*")]
        found.append(max(build.glob("store/*.sst"), key=lambda path: path.stat().st_size))
    return [workspace.current_file, *found]


def test_a_flipped_bit_gives_no_wrong_answer(built):
    chance = random.Random(20221118)
    for path in files_of(built.root):
        good = path.read_bytes()
        for bit in (chance.randrange(8 * len(good)) for _ in range(FLIPS or 1)):
            damaged = bytearray(good)
            damaged[bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            everything(built)
        path.write_bytes(good)
    everything(built)
    assert (built.root / "out.nq").read_bytes() == built.export


def test_a_damaged_file_gives_no_wrong_answer(built):
    kinds = ["cut", "empty", "gone", "link"]
    files = files_of(built.root)
    for path, damage in (
        [(path, kind) for path in files for kind in kinds]
        if FLIPS
        else zip(files, 2 * kinds, strict=False)
    ):
        good = path.read_bytes()
        path.unlink()
        if damage == "link":
            path.symlink_to(os.devnull)
        elif damage != "gone":
            path.write_bytes(good[: len(good) // 2 if damage == "cut" else 0])
        if path.name != "current":
            everything(built)
        path.unlink(missing_ok=True)
        path.write_bytes(good)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"format": %d}' % FORMAT,
        b'{"format": %d, "sha256": ""}' % FORMAT,
    ],
    ids=range(7),
)
def test_a_broken_build_json_is_an_error(built, content):
    info = read_workspace(built.root).current_build().info_file
    good = info.read_bytes()
    info.write_bytes(content)
    with pytest.raises(InputError) as caught:
        kg.export(built.root / "out.nq", workspace=built.root)
    assert caught.value.code in ("broken-build", "old-build")
    assert "kg build" in caught.value.hint
    info.write_bytes(good)


def test_a_build_of_another_version_is_an_error_and_can_be_replaced(tmp_path):
    workspace = make(tmp_path / "w")
    kg.build(workspace, QUICK)
    build = workspace.current_build()
    for old in ({}, {"format": FORMAT - 1}, {"format": FORMAT + 1}, {"format": str(FORMAT)}):
        content = {**json.loads(build.info_file.read_text()), "format": None} | old
        build.info_file.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))
        with pytest.raises(InputError) as caught:
            workspace.current_build()
        assert caught.value.code == "old-build"
    done = kg.build(workspace, QUICK)
    assert workspace.current_build() == done.build


# --- builds that are kept -------------------------------------------------------------------


def names(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in workspace.builds.iterdir())


def test_the_last_two_builds_are_kept_if_the_clock_is_set_back(tmp_path, monkeypatch):
    workspace = make(tmp_path / "w")
    made = []
    for year in (2031, 2030, 2029, 2032):
        monkeypatch.setattr(builds, "build_name", lambda year=year: f"{year}0101T000000000000Z")
        made.append(kg.build(workspace, QUICK).build)
        assert workspace.current_build() == made[-1]
        assert names(workspace) == sorted(build.id for build in made[-2:])
        before = builds.previous_build(workspace)
        assert before == (made[-2] if len(made) > 1 else None)


def test_only_builds_are_removed(tmp_path):
    workspace = make(tmp_path / "w")
    kept = workspace.builds / "my notes" / "a.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    (workspace.builds / "20200101T000000000000Z").mkdir()
    kg.build(workspace, QUICK)
    assert kept.read_text() == "mine"
    assert names(workspace) == sorted(["my notes", workspace.current_build().id])


@pytest.mark.parametrize("content", [b"\xff\x00\xfe", b"", b"../../..", b"20200101T000000000000Z"])
def test_a_build_repairs_a_damaged_current(tmp_path, content):
    workspace = make(tmp_path / "w")
    first = kg.build(workspace, QUICK).build
    workspace.current_file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        workspace.current_build()
    assert caught.value.code == "broken-build"
    second = kg.build(workspace, QUICK).build
    assert workspace.current_build() == second
    assert first.path.is_dir()


# --- links and files in the place of .kg ----------------------------------------------------


@pytest.mark.parametrize("name", [".kg", ".kg/builds"])
def test_no_build_is_made_or_removed_through_a_link_out_of_the_workspace(tmp_path, name):
    workspace = make(tmp_path / "w")
    outside = tmp_path / "outside"
    mine = outside / "20200101T000000000000Z" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    (outside / "builds").symlink_to(outside)
    link = workspace.root / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    before = sorted(outside.rglob("*"))
    with pytest.raises(InputError) as caught:
        kg.build(workspace, QUICK)
    assert caught.value.code == "outside-workspace"
    assert sorted(outside.rglob("*")) == before


def test_a_link_in_place_of_a_build_is_removed_but_not_its_target(tmp_path):
    workspace = make(tmp_path / "w")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    workspace.builds.mkdir(parents=True)
    (workspace.builds / "20200101T000000000000Z").symlink_to(outside)
    kg.build(workspace, QUICK)
    assert (outside / "mine.txt").read_text() == "mine"
    assert names(workspace) == [workspace.current_build().id]


@pytest.mark.parametrize("name", ["lock", "current", "seen.json", "checked.json", "questions.json"])
def test_no_file_of_the_state_is_written_through_a_link(tmp_path, name):
    workspace = make(tmp_path / "w")
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    workspace.state.mkdir()
    (workspace.state / name).symlink_to(mine)
    if name == "lock":
        with pytest.raises(WorldError, match="lock"):
            kg.build(workspace)
    else:
        kg.build(workspace)
        assert triples(workspace.root) == 18
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "put"),
    [
        (".kg", Path.touch),
        (".kg/builds", Path.touch),
        (".kg/lock", Path.mkdir),
        (".kg/lock", os.mkfifo),
        (".kg/current", Path.mkdir),
    ],
)
def test_a_file_or_folder_in_the_way_is_an_error(tmp_path, name, put):
    workspace = make(tmp_path / "w")
    path = workspace.root / name
    path.parent.mkdir(exist_ok=True)
    put(path)
    with pytest.raises(KgError) as caught:
        kg.build(workspace, QUICK)
    assert caught.value.code == "disk"
    assert name in str(caught.value)


def test_a_read_only_lock_file_locks(tmp_path, monkeypatch):
    workspace = make(tmp_path / "w")
    kg.build(workspace, QUICK)
    opened = os.open

    def read_only(path, flags, *mode, **more):
        if Path(path).name == "lock" and flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *mode, **more)

    monkeypatch.setattr(os, "open", read_only)
    assert kg.build(workspace, QUICK).in_force


def test_a_copied_workspace_has_no_previous_build(tmp_path):
    workspace = make(tmp_path / "w")
    kg.build(workspace)
    shutil.copytree(workspace.root, tmp_path / "copy")
    assert triples(tmp_path / "copy") == 18
    assert builds.previous_build(read_workspace(tmp_path / "copy")) is None
    assert Build(workspace.current_build().path).info()["previous"] is None
