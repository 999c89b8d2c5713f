"""What is found about questions is kept, so that each is read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kg.findings import workspace as room
from kg.findings.material import read_material
from kg.queries import question
from kg.workspace import Workspace, read_workspace

BASE = 'base = "http://e/"\n[prefixes]\ne = "http://e/"\n'
FILES = {
    "kg.toml": BASE,
    "queries/good.rq": "PREFIX f: <http://f/>\nSELECT ?x { ?x e:name f:y }",
    "queries/doubtful.rq": '# tittle: T\nSELECT ?x ?z { ?x e:day ?d FILTER (?d = "2020-01-01") }',
    "queries/wrong.rq": "SELECT ?x {",
    "ontology/o.ttl": "@prefix e: <http://e/> . e:name a <http://www.w3.org/2002/07/owl#Thing> .",
    ".kg/lock": "",
}


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The names of the questions that were read since the list was last cleared."""
    found: list[str] = []
    whole = question.read_question

    def counted(path, *more):
        found.append(path.name)
        return whole(path, *more)

    monkeypatch.setattr(question, "read_question", counted)
    return found


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_workspace(tmp_path)


def found(workspace: Workspace, *, anew: bool = False) -> list[object]:
    return room.file_findings(workspace, read_material(workspace), anew=anew)


def test_a_question_is_read_again_if_it_changes(workspace, read):
    every = ["doubtful.rq", "good.rq", "wrong.rq"]
    first = found(workspace)
    assert read == every
    assert {"date-as-text", "slipped-header", "slipped-variable"} <= {each.code for each in first}
    assert len({each.code for each in first}) > 3, "the fault of one question, and terms"
    read.clear()
    assert found(workspace) == first
    assert read == []
    assert found(workspace, anew=True) == first
    assert read == every
    read.clear()
    (workspace.root / "queries" / "good.rq").write_text("SELECT ?x { ?x e:name ?x }")
    after = found(workspace)
    assert read == ["good.rq"]
    assert after == found(workspace, anew=True)


@pytest.mark.parametrize("change", ["prefixes", "base", "folder", "damage", "link"])
def test_all_are_read_again_if_something_else_changes(workspace, read, change, monkeypatch):
    found(workspace)
    kept = workspace.state / "questions.json"
    if change == "prefixes":
        workspace = replace(workspace, prefixes={"g": "http://g/", **workspace.prefixes})
    elif change == "base":
        workspace = replace(workspace, base="http://other/")
    elif change == "folder":
        monkeypatch.chdir(workspace.root / "queries")
    elif change == "damage":
        kept.write_text(kept.read_text().replace("tittle", "titel"))
    else:
        kept.unlink()
        kept.mkdir()
    read.clear()
    after = found(workspace)
    assert len(read) == 3
    assert after == found(workspace, anew=True)


def test_nothing_is_written_into_a_workspace_that_was_never_built(workspace):
    (workspace.state / "lock").unlink()
    workspace.state.rmdir()
    found(workspace)
    assert not Path(workspace.state).exists()
