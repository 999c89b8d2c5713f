"""A build that would make what is in force is not run; whatever may make another is noticed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import kg
from kg import basis
from kg.basis import Basis, unchanged
from kg.building import BuildOptions
from kg.cli.main import main
from kg.kept import note_sources
from kg.mapping.documents import read_mappings
from kg.workspace import Workspace, read_workspace

MAPPING = """\
prefixes: {e: http://e/}
mappings:
  m:
    sources: [['../tables/*.csv~csv']]
    s: e:$(id)
    po: [[e:name, $(name)]]
"""
FILES = {
    "kg.toml": 'base = "http://e/"\n',
    "data/m.yarrrml.yml": MAPPING,
    "data/more.nt": "<http://e/9> <http://e/name> 'nine' .\n".replace("'", '"'),
    "ontology/o.ttl": "<http://e/name> a <http://www.w3.org/2002/07/owl#DatatypeProperty> .\n",
    "shapes/s.ttl": "<http://e/S> a <http://www.w3.org/ns/shacl#NodeShape> .\n",
    "queries/q.rq": "# Names.\nSELECT ?n { ?s <http://e/name> ?n }\n",
    "tables/a.csv": "id,name\n1,Ann\n2,Bob\n",
}
ASKED = {"strict": False}


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def long_ago(monkeypatch):
    monkeypatch.setattr(basis, "_TICK", -1)  # files need not rest before they are read


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("unchanged") / "w"
    for name, text in FILES.items():
        write(root, name, text)
    return root


@pytest.fixture
def workspace(made) -> Workspace:
    """A workspace that is built; what a test changes is put back after it."""
    found = read_workspace(made)
    if unchanged(found, ASKED) is None:
        noted = Basis(found, ASKED)
        assert kg.build(found, BuildOptions(validate=False, basis=noted)).in_force
    assert unchanged(found, ASKED) is not None
    return found


def test_nothing_changed(workspace):
    build, told = unchanged(workspace, ASKED)
    assert build == workspace.current_build()
    assert told


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_written_anew_is_read(workspace, name):
    path = workspace.root / name
    note = workspace.state / "basis.json"
    text, before = path.read_text(encoding="utf-8"), note.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    assert unchanged(workspace, ASKED) is not None
    assert note.read_text(encoding="utf-8") != before, "its times are noted"
    times = path.stat()
    path.write_text(text.replace("e", "f", 1), encoding="utf-8")  # as long as before
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert unchanged(workspace, ASKED) is None
    path.write_text(text, encoding="utf-8")
    assert unchanged(workspace, ASKED) is not None


@pytest.mark.parametrize(
    "name",
    [
        *("tables/b.csv", "data/n.nt", "data/unused.csv", "ontology/p.ttl", "shapes/t.ttl"),
        *("queries/r.rq", "accepted.toml"),
    ],
)
def test_a_file_that_comes_or_goes(workspace, name):
    write(workspace.root, name, "")
    assert unchanged(workspace, ASKED) is None
    (workspace.root / name).unlink()
    assert unchanged(workspace, ASKED) is not None


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone(workspace, name):
    path = workspace.root / name
    kept = path.rename(path.with_name("kept"))
    assert unchanged(workspace, ASKED) is None
    kept.rename(path)


def test_other_options(workspace):
    assert unchanged(workspace, {"strict": True}) is None
    assert unchanged(workspace, {}) is None


def test_another_kg(workspace, monkeypatch):
    monkeypatch.setattr("sys.version", "4.0")
    assert unchanged(workspace, ASKED) is None


@pytest.mark.parametrize("note", ["", "[]", "{}", "null", '{"build": 1}', "[" * 100_000])
def test_a_damaged_note(workspace, note):
    path = workspace.state / "basis.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(note, encoding="utf-8")
    assert unchanged(workspace, ASKED) is None
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "key", ["build", "asked", "software", "names", "accepts", "made", "files", "patterns", "told"]
)
def test_a_note_without_a_part(workspace, key):
    path = workspace.state / "basis.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(json.dumps({k: v for k, v in json.loads(text).items() if k != key}))
    assert unchanged(workspace, ASKED) is None
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("pattern", ["build.json", "quads.parquet", "store/*.sst"])
def test_a_damaged_build(workspace, tmp_path, pattern):
    build = workspace.current_build()
    path = next(build.path.glob(pattern))
    shutil.copy2(path, tmp_path / "kept")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert unchanged(workspace, ASKED) is None
    shutil.copy2(tmp_path / "kept", path)


class TestBasis:
    def note(self, workspace: Workspace, change) -> bool:
        """Return whether a note is written if something is done while a build runs."""
        build, path = workspace.current_build(), workspace.state / "basis.json"
        text = path.read_text(encoding="utf-8")
        path.unlink()
        noted = Basis(workspace, ASKED)
        change(noted)
        noted.write(build, [workspace.config_file], 0)
        written = path.exists()
        path.write_text(text, encoding="utf-8")
        return written

    def test_whole(self, workspace):
        assert self.note(workspace, lambda _: None)

    def test_a_file_changes_meanwhile(self, workspace):
        def change(_: Basis) -> None:
            write(workspace.root, "data/m.yarrrml.yml", MAPPING)

        assert not self.note(workspace, change)

    def test_a_file_that_has_just_been_written(self, workspace, monkeypatch):
        monkeypatch.setattr(basis, "_TICK", 10**12)
        assert not self.note(workspace, lambda _: None)

    def test_a_file_that_is_missing(self, workspace):
        assert not self.note(workspace, lambda noted: noted.add([workspace.root / "none"]))

    @pytest.mark.parametrize(
        ("source", "value"),
        [("[x.csv~csv]", "{function: date_now}"), ("{access: x.db, type: sqlite, query: q}", "a")],
    )
    def test_what_no_file_tells(self, workspace, tmp_path, source, value):
        path = tmp_path / "m.yml"
        path.write_text(
            f"mappings: {{m: {{sources: [{source}], s: 'http://e/1', "
            f"po: [{{p: 'http://e/p', o: {value}}}]}}}}",
            encoding="utf-8",
        )
        plan = read_mappings([path], {}, "http://e/")
        assert not self.note(workspace, lambda noted: note_sources(noted, plan, []))

    def test_a_file_that_nobody_noted(self, workspace):
        build = workspace.current_build()
        noted = Basis(workspace, ASKED)
        (workspace.state / "basis.json").unlink()
        noted.write(build, [workspace.root / "tables" / "a.csv"], 0)
        assert not (workspace.state / "basis.json").exists()


def test_the_command(workspace, monkeypatch, capsys):
    monkeypatch.chdir(workspace.root)
    assert main(["build", "--no-validate", "--no-index"]) == 0
    first = workspace.current_build()
    assert main(["build", "--no-index", "--no-validate", "--threads", "1"]) == 0
    assert workspace.current_build() == first
    said = capsys.readouterr().err
    assert f"nothing has changed: build {first.id} is in force (--full builds anew)" in said
    assert main(["build", "--no-index", "--no-validate", "--full"]) == 0
    assert workspace.current_build() != first
