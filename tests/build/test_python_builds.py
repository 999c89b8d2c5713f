"""Builds from Python take over what the build before has, as those of the command line do."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

import kg
from kg import parts, planned
from kg.basis import software
from kg.errors import InputError
from kg.rejects import skipping
from tests.build.test_incremental import contents, write

FILES = {
    "kg.toml": 'base = "http://e/"\n[prefixes]\ne = "http://e/"\n',
    "data/people.yarrrml.yml": "prefixes: {e: 'http://e/'}\nmappings:\n  person:\n"
    "    sources: [[people.csv~csv]]\n    s: e:$(id)\n    po: [[e:name, $(name)]]\n",
    "data/people.csv": "id,name\n1,Ann\n2,Bob\n",
}


def rest() -> None:
    """Wait until a change of a file that was written would show in its times."""
    time.sleep(0.05)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "w", FILES)
    monkeypatch.chdir(tmp_path / "w")
    rest()
    return tmp_path / "w"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that ran."""
    found: list[str] = []
    for room, name in ((planned, "read_mappings"), (parts, "run_whole")):
        work = getattr(room, name)

        def run(*words, work=work, name=name, **more):
            found.append(name)
            return work(*words, **more)

        monkeypatch.setattr(room, name, run)
    return found


@pytest.mark.usefixtures("root")
def test_what_has_not_changed_is_not_made_again(steps):
    first = kg.build()
    assert steps == ["read_mappings", "run_whole"]
    second = kg.build()
    assert len(steps) == 2
    assert contents(second.build) == contents(first.build)
    assert (second.quads, second.counts) == (first.quads, first.counts)
    kg.build(full=True)
    assert len(steps) == 4


def test_the_graph_is_that_of_the_files_as_they_are(root, steps):
    kg.build()
    (root / "data/people.csv").write_text("id,name\n1,Ann\n2,Bo\n3,Cid\n", encoding="utf-8")
    rest()
    del steps[:]
    made = contents(kg.build().build)
    assert steps == ["run_whole"], "the mapping is not read again"
    assert made == contents(kg.build(full=True).build)


def test_what_was_left_out_is_told_by_the_next_build(root):
    (root / "data/people.csv").write_text("id,name\n1,Ann\n2,Bob,more\n", encoding="utf-8")
    with skipping() as left_out:
        assert kg.build().in_force
    assert left_out.records == 1
    with pytest.raises(InputError, match="people"):
        kg.build()


def test_a_script_and_a_notebook_are_the_same_software(tmp_path, monkeypatch):
    of_command = software()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert software() == of_command
    (tmp_path / "other-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, ""])  # or what was looked up is known
    assert software() != of_command
