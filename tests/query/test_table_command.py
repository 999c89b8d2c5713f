"""``kg build --table`` and ``kg query --engine table`` through the command line."""

from __future__ import annotations

import json
import re
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


def test_copies_that_a_build_lacks_are_made_once_and_kept(workspace, capsys):
    assert main(["-q", "build", "--no-validate"]) == 0
    said = []
    for _ in range(2):
        capsys.readouterr()
        assert main(["query", "-e", QUERY, "--engine", "table"]) == 0
        said.append(capsys.readouterr().err)
    assert "making coded copies" in said[0]
    assert "making" not in said[1]
    (copy,) = workspace.glob(".kg/builds/*/later-table/table/pso.parquet")
    copy.write_bytes(copy.read_bytes()[:-9] + b"123456789")
    assert main(["query", "-e", QUERY, "--engine", "table"]) == 2
    assert "later-table/table/pso.parquet has changed" in capsys.readouterr().err


def test_the_index_that_a_build_lacks_is_made_once_and_kept(workspace, capsys):
    assert main(["-q", "build", "--no-index", "--no-validate"]) == 0
    for made in ("making Oxigraph's index", ""):
        capsys.readouterr()
        assert main(["query", "-e", "ASK { ?s ex:range 1000 }", "--engine", "oxigraph"]) == 0
        said = capsys.readouterr()
        assert "true" in said.out
        assert made in said.err
        assert ("making" in said.err) is bool(made)
    (listed,) = workspace.glob(".kg/builds/*/later-store/files.json")
    listed.write_text(listed.read_text().replace("later-store/store", "later-store/other"))
    assert main(["query", "-e", "ASK { ?s ex:range 1000 }", "--engine", "oxigraph"]) == 2
    assert "files.json has changed" in capsys.readouterr().err


def test_a_large_graph_has_copies_and_no_index_until_one_is_wanted(workspace, monkeypatch, capsys):
    monkeypatch.setattr("kg.sizes.LARGE", 100)
    assert main(["-q", "build", "--no-validate"]) == 0
    assert list(workspace.glob(".kg/builds/*/table/spo/*.parquet"))
    assert not list(workspace.glob(".kg/builds/*/store"))
    assert main(["query", "-e", QUERY]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 4
    assert "making" not in said.err
    days = "SELECT (COUNT(?l) AS ?n) { ?l ex:day ?d FILTER(DAY(?d) = 2) }"
    assert main(["query", "-e", days]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["n", "4"]
    assert "making" not in said.err
    assert main(["query", "-e", days, "--engine", "oxigraph"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["n", "4"]
    assert "making Oxigraph's index" in said.err


def test_a_small_graph_is_asked_by_the_engine_that_is_right(capsys):
    assert main(["-q", "build", "--no-validate"]) == 0
    same, other = (
        "SELECT (SUM(?r) AS ?n) { ?l ex:range ?r }",
        "SELECT (COUNT(?r+1) AS ?n) { ?l ex:range ?r }",
    )
    for query, name, reason in (
        (same, "oxigraph", "the graph is small, and the engines give the same answer"),
        (other, "table", "the engines differ in `COUNT` of an expression"),
    ):
        capsys.readouterr()
        assert main(["query", "-e", query, "--explain"]) == 0
        assert f"engine: {name}, since {reason}" in capsys.readouterr().out
        assert main(["query", "-e", query]) == 0


def test_what_the_table_does_not_compile_oxigraph_answers_and_it_is_told(capsys):
    assert main(["-q", "build", "--no-validate"]) == 0
    text = "SELECT ?s { ?s ex:range 10 FILTER(isBlank(BNODE('a'))) }"
    capsys.readouterr()
    assert main(["query", "-e", text]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["s", "http://example.org/launch/1"]
    assert "Oxigraph answers this query, since the table engine does not: BNODE" in said.err


def test_what_is_not_compiled_is_told(capsys):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    text = "SELECT ?s { ?s ex:range 10 FILTER(isBlank(BNODE('a'))) }"
    assert main(["query", "-e", text, "--engine", "table"]) == 2
    said = capsys.readouterr().err
    assert "BNODE" in said
    assert "--engine oxigraph" in said


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
    assert re.search(r"~\d+ rows", said)


def test_an_answer_with_too_many_rows_leaves_nothing(workspace, capsys):
    assert main(["-q", "build", "--table", "--no-validate"]) == 0
    before = sorted(workspace.iterdir())
    rows = ["query", "-e", "SELECT * { ?a ?b ?c }", "--engine", "table", "-o", "o.csv"]
    assert main([*rows, "--max-rows", "20"]) == 4
    assert "more than 20 rows" in capsys.readouterr().err
    assert sorted(workspace.iterdir()) == before


def test_files_are_asked_by_both_engines_alike(monkeypatch, capsys):
    monkeypatch.setattr("kg.store.LARGEST_IN_MEMORY", 0)
    Path("d.trig").write_text("PREFIX : <http://e/> :a :p 1 . :g { :a :p 1 , 2 . _:x :q _:x }")
    Path("n.ttl").write_text("PREFIX : <http://e/> :a :p 2 ; :r 3 .")
    text = "SELECT ?where ?s ?p ?o { { ?s ?p ?o BIND('all' AS ?where) } UNION { GRAPH ?where"
    text += " { ?s ?p ?o } } FILTER(!isBlank(?s)) } ORDER BY ?where ?p ?o"
    words = ["query", "-e", text, "--data", "d.trig", "--named-graph", "http://e/n=n.ttl"]
    answers = []
    for engine in ("oxigraph", "table", "auto"):
        assert main([*words, "--engine", engine]) == 0
        answers.append(capsys.readouterr())
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].out.count("\n") == 7
    assert main([*words, "--explain"]) == 0
    assert "engine: table, since the graph is large" in capsys.readouterr().out
    words[-1] = "http://e/n=d.trig"
    assert main([*words, "--engine", "table"]) == 2
    assert "named-graph-of-graphs" in capsys.readouterr().err
