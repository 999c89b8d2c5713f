"""``kg build --table`` and ``kg query --engine table`` through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.cli.main import main

FACTS = "".join(f"{n},2020-01-{n % 28 + 1:02},{n * 10}\n" for n in range(1, 101))
MAPPING = """\
prefixes: {ex: "http://example.org/"}
mappings:
  launch:
    sources: [[launches.csv~csv]]
    s: http://example.org/launch/$(id)
    po:
      - [a, ex:Launch]
      - [ex:day, $(day), xsd:date]
      - [ex:range, $(range), xsd:integer]
"""
QUERY = (
    "SELECT ?day (SUM(?range) AS ?sum) { ?l a ex:Launch ; ex:day ?day ; ex:range ?range }"
    " GROUP BY ?day ORDER BY DESC(?sum) ?day LIMIT 3"
)


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "kg.toml").write_text(
        'title = "T"\nbase = "http://example.org/"\n[prefixes]\nex = "http://example.org/"\n'
    )
    (tmp_path / "data" / "launches.csv").write_text("id,day,range\n" + FACTS)
    (tmp_path / "data" / "launches.yarrrml.yml").write_text(MAPPING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_both_engines_give_the_same_answer(capsys):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    answers = []
    for engine in ("oxigraph", "table"):
        capsys.readouterr()
        assert main(["-q", "query", "-e", QUERY, "--engine", engine]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert answers[0].splitlines()[0] == "day,sum"
    assert len(answers[0].splitlines()) == 4


def test_the_table_needs_no_index(capsys):
    assert main(["-q", "build", "--table", "--no-index", "--no-validate"]) == 0
    assert main(["-q", "query", "-e", "ASK { ?s ex:range 1000 }", "--engine", "table"]) == 0
    assert "true" in capsys.readouterr().out


def test_a_build_without_copies_says_how_to_make_them(capsys):
    assert main(["-q", "build", "--no-validate"]) == 0
    assert main(["query", "-e", QUERY, "--engine", "table"]) == 2
    said = capsys.readouterr().err
    assert "no-table" in said
    assert "kg build --table" in said


def test_what_is_not_compiled_is_told(capsys):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    text = "SELECT (REPLACE(STR(?s), 'a(.)', '$1') AS ?x) { ?s ?p ?o }"
    assert main(["query", "-e", text, "--engine", "table"]) == 2
    said = capsys.readouterr().err
    assert "REPLACE" in said
    assert "--engine oxigraph" in said


def test_files_are_asked_of_oxigraph_alone(capsys):
    Path("d.nt").write_text("")
    assert main(["query", "--data", "d.nt", "-e", "ASK {}", "--engine", "table"]) == 2
    assert "--engine table asks the workspace's graph" in capsys.readouterr().err


def test_a_damaged_copy_is_no_answer(workspace, capsys):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    (copy,) = workspace.glob(".kg/builds/*/table/pso.parquet")
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    assert main(["query", "-e", QUERY, "--engine", "table"]) != 0
    assert "pso.parquet has changed since the build" in capsys.readouterr().err


def test_the_build_lists_the_copies_with_their_digests(workspace):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    (info,) = workspace.glob(".kg/builds/*/build.json")
    files = json.loads(info.read_text())["files"]
    assert {name for name in files if name.startswith("table/")} == {
        *(f"table/{name}.parquet" for name in ("spo", "pos", "pso", "terms", "prefixes")),
        "table/statistics.json",
    }


def test_explain_shows_the_sql(capsys):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    assert main(["query", "-e", QUERY, "--engine", "table", "--explain"]) == 0
    said = capsys.readouterr().out
    assert "SQL:" in said
    assert "FROM pso" in said
