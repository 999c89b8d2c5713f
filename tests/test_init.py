"""`kg init`: a new workspace, from the first command to the export."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from pathlib import Path

import pyoxigraph as ox
import pytest
from ruamel.yaml import YAML

from kg.errors import InputError, UsageError
from kg.init import TEMPLATE_BASE, init_workspace
from tests.launcher import program

ROOT = Path(__file__).resolve().parent.parent
BASE = "https://example.net/peaks/"


def run_kg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program(), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def facts(folder: Path) -> tuple[list[dict[str, str]], dict[str, list[dict[str, object]]]]:
    """Return the rows of the CSV file and the lists of the YAML file."""
    with (folder / "data" / "peaks.csv").open(encoding="utf-8", newline="") as lines:
        peaks = list(csv.DictReader(lines))
    with (folder / "data" / "ascents.yaml").open(encoding="utf-8") as text:
        return peaks, YAML(typ="safe", pure=True).load(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a base of its own, built through the command line."""
    parent = tmp_path_factory.mktemp("init")
    result = run_kg(parent, "init", "my graph", "--base", BASE)
    assert result.returncode == 0, result.stderr
    assert "cd 'my graph'" in result.stderr
    assert result.stdout == ""
    folder = parent / "my graph"
    result = run_kg(folder, "build")
    assert result.returncode == 0, result.stderr
    return folder


class TestTheNewWorkspace:
    def test_answers_its_question_as_the_facts_have_it(self, made):
        peaks, lists = facts(made)
        names = {entry["key"]: entry["name"] for entry in lists["climbers"]}
        by_key = {row["key"]: row for row in peaks}
        expected = {
            (
                by_key[entry["peak"]]["name"],
                by_key[entry["peak"]]["height_m"],
                str(entry["day"]),
                frozenset(names[key] for key in entry["climbers"]),
            )
            for entry in lists["ascents"]
            if int(by_key[entry["peak"]]["height_m"]) > 5000
        }
        assert len(expected) == 4

        result = run_kg(made, "query", "first-ascents", "--param", "above=5000", "--format", "csv")

        assert result.returncode == 0, result.stderr
        answer = {
            (row["peak"], row["height"], row["day"], frozenset(row["climbers"].split(", ")))
            for row in csv.DictReader(io.StringIO(result.stdout))
        }
        assert answer == expected

    def test_lists_its_question(self, made):
        result = run_kg(made, "questions", "--format", "json")
        assert [question["name"] for question in json.loads(result.stdout)] == ["first-ascents"]

    def test_conforms(self, made):
        result = run_kg(made, "validate")
        assert result.returncode == 0, result.stdout + result.stderr

    def test_every_name_starts_with_the_base(self, made):
        result = run_kg(made, "export", "-o", "graph.nt")
        assert result.returncode == 0, result.stderr
        triples = list(ox.parse(path=made / "graph.nt"))
        peaks, lists = facts(made)
        climbs = sum(len(entry["climbers"]) for entry in lists["ascents"])
        assert len([t for t in triples if str(t.predicate) == f"<{BASE}ns#climber>"]) == climbs
        assert len([t for t in triples if str(t.object) == f"<{BASE}ns#Peak>"]) >= len(peaks)
        assert TEMPLATE_BASE not in (made / "graph.nt").read_text(encoding="utf-8")

    def test_every_cell_is_in_the_graph_and_an_empty_one_says_nothing(self, made):
        peaks, _ = facts(made)
        others = [row["other_name"] for row in peaks if row["other_name"]]
        assert 0 < len(others) < len(peaks)
        result = run_kg(made, "query", "-e", "SELECT ?n { ?peak skos:altLabel ?n }")
        assert sorted(result.stdout.split("\n")[1:-1]) == sorted(others)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("peaks.csv", "8611", "86110", "no peak is higher than 8849"),
        ("peaks.csv", "denali,Denali,", "k2,Denali,", "Two rows have this key"),
        ("peaks.csv", "k2,K2,", "k2,,", "Give the peak a name"),
        ("ascents.yaml", "peak: denali", "peak: danali", "is not in peaks.csv"),
        ("ascents.yaml", "day: 1913-06-07", "day:", "Give the ascent one day"),
        ("ascents.yaml", "[hans-meyer, ludwig-purtscheller]", "[]", "at least one climber"),
    ],
)
def test_a_slip_in_the_facts_keeps_the_build_out(tmp_path, file, old, new, message):
    init_workspace(tmp_path / "graph")
    path = tmp_path / "graph" / "data" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")

    result = run_kg(tmp_path / "graph", "build")

    assert result.returncode == 1, result.stderr
    assert message in re.sub(r"\s+", " ", result.stderr)


class TestTheFolder:
    def test_what_is_there_is_never_touched(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(InputError) as raised:
            init_workspace(tmp_path)
        assert raised.value.code == "folder-not-empty"
        assert raised.value.hint
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_file_of_that_name(self, tmp_path):
        (tmp_path / "graph").write_text("mine")
        with pytest.raises(InputError, match="is a file"):
            init_workspace(tmp_path / "graph")

    def test_a_repository_just_made_is_welcome(self, tmp_path):
        (tmp_path / ".git").mkdir()
        written = init_workspace(tmp_path)
        assert (tmp_path / ".gitignore").read_text() == "# What kg build makes.\n.kg/\n"
        assert {tmp_path / path for path in written} == {
            path for path in tmp_path.rglob("*") if path.is_file()
        }

    def test_parents_are_made(self, tmp_path):
        init_workspace(tmp_path / "a" / "b")
        assert (tmp_path / "a" / "b" / "kg.toml").is_file()

    def test_where_nothing_can_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        result = run_kg(tmp_path, "init", "file/graph")
        assert result.returncode == 3
        assert "file" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        "base", ["example.org/", "https://example.org/x", "https://a.b/c#", ""]
    )
    def test_a_base_that_names_cannot_start_with(self, tmp_path, base):
        with pytest.raises(UsageError) as raised:
            init_workspace(tmp_path / "graph", base)
        assert raised.value.code == "bad-base"
        assert not (tmp_path / "graph").exists()
