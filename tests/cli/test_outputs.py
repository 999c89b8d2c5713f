"""No output is written over a file that the command reads."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.runner import Runner

MAPPING = """\
prefixes: {ex: http://example.org/}
mappings:
  m:
    sources:
      - {access: facts.db, type: sqlite, referenceFormulation: sql2008, query: SELECT id FROM t}
    s: ex:$(id)
    po: [[ex:id, $(id)]]
"""
TRIPLE = "<http://e/s> <http://e/p> <http://e/o> .\n"


@pytest.fixture(scope="module")
def made(kg: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a build, whose facts come from CSV and SQLite."""
    root = tmp_path_factory.mktemp("outputs") / "ws"
    assert kg("init", str(root), cwd=root.parent).code == 0
    with sqlite3.connect(root / "data" / "facts.db") as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS id")
    connection.close()
    (root / "data" / "db.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
    (root / "data" / "more.nt").write_text(TRIPLE, encoding="utf-8")
    (root / "accepted.toml").write_text("", encoding="utf-8")
    done = kg("build", cwd=root)
    assert done.code == 0, done.err
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "ws", symlinks=True))


def inputs(root: Path) -> list[Path]:
    """Return the files that a user has written, and one of the build."""
    found = [path for path in root.rglob("*") if path.is_file() and ".kg" not in path.parts]
    kept = [path for path in found if path.name not in ("README.md", ".gitignore", "check.yml")]
    return [*kept, root / ".kg" / "current"]


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--format", "nt", "-o"),
        ("export", "-o", "new.nt", "--card"),
        ("describe", "--format", "turtle", "-o"),
        ("validate", "--format", "csv", "-o"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_over_a_file_of_the_workspace(
    words: tuple[str, ...], kg: Runner, root: Path
) -> None:
    names = {path.relative_to(root).as_posix() for path in inputs(root)}
    assert {"kg.toml", "accepted.toml", "data/facts.db", "data/more.nt"} <= names
    assert any(name.startswith("queries/") for name in names)
    for name in names:
        if words[-1] == "--card" and not name.endswith((".ttl", ".md", ".jsonld")):
            continue
        before = (root / name).read_bytes()
        done = kg(*words, name, cwd=root)
        assert done.code == 2, name
        assert "[same-target]" in done.err
        assert (root / name).read_bytes() == before
    again = kg(*words, "out.ttl", cwd=root), kg(*words, "out.ttl", cwd=root)
    assert [each.code for each in again] == [0, 0], "an output of before is no input"


@pytest.mark.parametrize(
    "name", ["accepted.toml", "data/facts.db", "data/more.nt", "kg.toml", "queries"]
)
def test_rejects_of_a_build_are_written_over_no_input(name: str, kg: Runner, root: Path) -> None:
    if name == "queries":
        name = f"queries/{next((root / 'queries').iterdir()).name}"
    before = (root / name).read_bytes()
    done = kg("build", "--on-bad", "skip", "--rejects", name, cwd=root)
    assert done.code == 2
    assert "[same-target]" in done.err
    assert (root / name).read_bytes() == before


@pytest.mark.parametrize("form", ["facts.db", "./facts.db", "link.db"])
def test_a_mapping_writes_over_no_sqlite_file(form: str, kg: Runner, root: Path) -> None:
    data = root / "data"
    (data / "db.yarrrml.yml").write_text(MAPPING.replace("access: facts.db", f"access: '{form}'"))
    (data / "link.db").symlink_to("facts.db")
    before = (data / "facts.db").read_bytes()
    words = ("map", "db.yarrrml.yml", "--format", "nt", "-o")
    assert kg(*words, "new.nt", cwd=data).code == 0
    done = kg(*words, "facts.db", cwd=data)
    assert done.code == 2
    assert "facts.db is a mapping or a source, and would be written over" in done.err
    assert (data / "facts.db").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--data", "a.nt", "-o", "a.nt"),
        ("export", "--data", "a.nt", "-o", "./a.nt"),
        ("export", "--data", "link.nt", "-o", "a.nt"),
        ("diff", "a.nt", "b.nt", "-o", "a.nt"),
        ("diff", "b.nt", "a.nt", "-o", "a.nt"),
        ("query", "--data", "a.nt", "-e", "CONSTRUCT WHERE { ?s ?p 1 }", "-o", "a.nt"),
        ("query", "--named-graph", "http://e/g=a.nt", "-e", "ASK {}", "-f", "csv", "-o", "a.nt"),
        ("query", "--data", "b.nt", "q.rq", "-f", "csv", "-o", "q.rq"),
        ("validate", "--data", "a.nt", "--shapes", "s.ttl", "-f", "csv", "-o", "s.ttl"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_over_a_file_that_was_named(
    words: tuple[str, ...], kg: Runner, tmp_path: Path
) -> None:
    files = {"a.nt": TRIPLE, "b.nt": "", "q.rq": "ASK {}", "s.ttl": ""}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "link.nt").symlink_to("a.nt")
    done = kg(*words, cwd=tmp_path)
    assert done.code == 2
    assert "[same-target]" in done.err
    assert {name: (tmp_path / name).read_text() for name in files} == files


@pytest.mark.parametrize(
    "words", [("query", "-e", "ASK {}"), ("diff", "current", "current")], ids=lambda each: each[0]
)
def test_no_answer_is_written_over_a_file_of_the_workspace(
    words: tuple[str, ...], kg: Runner, root: Path
) -> None:
    for name in ("kg.toml", "data/facts.db", "data/db.yarrrml.yml", "data/more.nt"):
        before = (root / name).read_bytes()
        done = kg(*words, "-o", name, cwd=root)
        assert (done.code, "[same-target]" in done.err) == (2, True), name
        assert (root / name).read_bytes() == before


def test_files_made_of_others_may_lie_in_a_workspace(kg: Runner, root: Path) -> None:
    words = ("query", "-e", "CONSTRUCT WHERE { ?s ?p ?o }", "-o", "data/more.nt")
    assert kg(*words, "--data", "data/more.nt", cwd=root).code == 2
    (root / "more.nt").write_text(TRIPLE, encoding="utf-8")
    assert kg(*words, "--data", "more.nt", cwd=root).code == 0


def test_a_workspace_without_a_build_keeps_its_files(kg: Runner, root: Path) -> None:
    shutil.rmtree(root / ".kg")
    done = kg("diff", "data/more.nt", "data/more.nt", "-o", "kg.toml", cwd=root)
    assert (done.code, "[same-target]" in done.err) == (2, True)
    assert kg("diff", "data/more.nt", "data/more.nt", "-o", "out.patch", cwd=root).code == 0
