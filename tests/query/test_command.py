"""``kg query`` and ``kg questions`` as a user runs them: through a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_kg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kg", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_a_question_by_name_has_its_default(workspace: Path) -> None:
    result = run_kg(workspace, "query", "since")
    assert result.stderr == ""
    assert result.stdout == "launch,day\nhttp://example.org/id/L1,2022-11-18\n"


def test_a_parameter_is_set(workspace: Path) -> None:
    result = run_kg(workspace, "query", "since", "--param", "since=2020-01-01")
    assert [line.split(",")[1] for line in result.stdout.split()] == [
        "day",
        "2021-01-02",
        "2022-11-18",
    ]


def test_the_default_graph_is_the_merge_and_named_graphs_stand_beside(workspace: Path) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert run_kg(workspace, "query", "-e", text).stdout == "n\n10\n"
    text = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert run_kg(workspace, "query", "-e", text).stdout == "n\n7\n"


def test_questions_are_listed(workspace: Path) -> None:
    result = run_kg(workspace, "questions")
    assert "since  Launches since a day" in result.stdout
    assert '--param since="2022-01-01"^^xsd:date' in result.stdout
