"""``kg validate`` as users run it: in a process, on files and in a workspace."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib.namespace import SH

from kg.cli.main import main
from kg.errors import InputError
from kg.validation.names import sh
from kg.validation.results import Result
from tests.launcher import program
from tests.validation.conftest import PREFIXES

validating = importlib.import_module("kg.validation.validating")
ROOT = Path(__file__).resolve().parents[2]
DATA = """
ex:a a ex:Launch ; ex:outcome "succes" ; ex:count 1 .
ex:b a ex:Launch ; ex:outcome "succes" .
ex:c a ex:Launch ; ex:outcome "success" ; ex:count 1 .
ex:d a ex:Launch ; ex:outcome "success" ; ex:count "x" .
"""
SHAPES = """
ex:LaunchShape a sh:NodeShape ; sh:targetClass ex:Launch ;
    sh:property [ sh:path ex:outcome ; sh:in ( "success" "failure" ) ] ;
    sh:property [ sh:path ex:count ; sh:minCount 1 ; sh:severity sh:Warning ] ;
    sh:property [ sh:path ex:count ; sh:severity sh:Info ;
        sh:or ( [ sh:datatype xsd:integer ] [ sh:datatype xsd:decimal ] ) ] .
"""


def kg(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        [*program(), *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=cwd,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES, encoding="utf-8")
    return tmp_path


FILES = ("validate", "--data", "data.ttl", "--shapes", "shapes.ttl")


def test_the_table_groups_most_frequent_first(folder: Path) -> None:
    result = kg(*FILES, cwd=folder)
    assert result.returncode == 1
    assert result.stderr == ""
    assert result.stdout == (
        "2 × violation  ex:LaunchShape  ex:outcome  (In)\n"
        '    the value is not one of "success", "failure"\n'
        '      ex:a  "succes"\n'
        "        data.ttl:9\n"
        '      ex:b  "succes"\n'
        "        data.ttl:10\n"
        "\n"
        "1 × warning  ex:LaunchShape  ex:count  (MinCount)\n"
        "    ex:count has no value\n"
        "      ex:b\n"
        "        data.ttl:10\n"
        "\n"
        "1 × info  ex:LaunchShape  ex:count  (Or)\n"
        "    the value conforms to none of [ sh:datatype xsd:integer ],"
        " [ sh:datatype xsd:decimal ]\n"
        '      ex:d  "x"\n'
        "        data.ttl:12\n"
        "        it fails [ sh:datatype xsd:integer ]:"
        ' "x" is not a literal of datatype xsd:integer\n'
        "        it fails [ sh:datatype xsd:decimal ]:"
        ' "x" is not a literal of datatype xsd:decimal\n'
        "\n"
        "2 violations, 1 warning, 1 info\n"
    )


def test_turtle_is_the_standard_report(folder: Path) -> None:
    result = kg(*FILES, "--format", "turtle", cwd=folder)
    report = rdflib.Graph().parse(data=result.stdout, format="turtle")
    assert len(list(report.objects(None, SH.result))) == 4
    assert [str(o) for o in report.objects(None, SH.conforms)] == ["false"]


def test_json_has_terms_counts_and_reasons(folder: Path) -> None:
    result = kg(*FILES, "--format", "json", cwd=folder)
    report = json.loads(result.stdout)
    assert report["counts"] == {"violation": 2, "warning": 1, "info": 1}
    assert report["conforms"] is False
    by_severity = {r["severity"]: r for r in report["results"]}
    assert by_severity["violation"]["value"] == {"type": "literal", "value": "succes"}
    assert by_severity["violation"]["shape"] == "http://example.org/LaunchShape"
    assert by_severity["warning"]["path"] == "<http://example.org/count>"
    assert by_severity["warning"]["value"] is None
    assert len(by_severity["info"]["reasons"]) == 2


def required_by_sarif(log: dict[str, Any]) -> None:
    """The test follows the SARIF 2.1.0 schema for the parts that kg writes."""
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "kg"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("error", "warning", "note")
        assert result["ruleId"] in rules
        for location in result["locations"]:
            assert location["physicalLocation"]["artifactLocation"]["uri"]
            assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_sarif_has_what_its_schema_requires(folder: Path) -> None:
    result = kg(*FILES, "--format", "sarif", cwd=folder)
    log = json.loads(result.stdout)
    required_by_sarif(log)
    levels = [r["level"] for r in log["runs"][0]["results"]]
    assert sorted(levels) == ["error", "error", "note", "warning"]
    places = {
        (
            r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            r["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for r in log["runs"][0]["results"]
    }
    assert places == {("data.ttl", 9), ("data.ttl", 10), ("data.ttl", 12)}


@pytest.mark.parametrize(
    ("fail_on", "data", "code"),
    [
        ("violation", "ex:a a ex:Launch ; ex:outcome 'success' .", 0),
        ("warning", "ex:a a ex:Launch ; ex:outcome 'success' .", 1),
        ("warning", "ex:a a ex:Launch ; ex:count 'x' .", 0),
        ("info", "ex:a a ex:Launch ; ex:count 'x' .", 1),
        ("info", "ex:a a ex:Launch ; ex:count 1 .", 0),
    ],
)
def test_fail_on_decides_the_exit_code(folder: Path, fail_on: str, data: str, code: int) -> None:
    (folder / "data.ttl").write_text(PREFIXES + data, encoding="utf-8")
    assert kg(*FILES, "--fail-on", fail_on, cwd=folder).returncode == code


def test_max_results_stops_and_says_so(folder: Path) -> None:
    result = kg(*FILES, "--max-results", "1", cwd=folder)
    assert result.returncode == 1
    assert "stopped after 1 result;" in result.stderr
    assert result.stdout.endswith("1 violation\n")
    (folder / "data.ttl").write_text(
        PREFIXES + "ex:a a ex:Launch . ex:b a ex:Launch .", encoding="utf-8"
    )
    undecided = kg(*FILES, "--max-results", "1", cwd=folder)
    assert undecided.returncode == 4


def test_explain_says_which_way_each_shape_took(folder: Path) -> None:
    extra = """
    ex:Recursive a sh:NodeShape ; sh:targetNode ex:a ;
        sh:property [ sh:path ex:next ; sh:node ex:Recursive ] .
    ex:Queried a sh:NodeShape ; sh:targetNode ex:a, ex:b ;
        sh:sparql [ sh:select "SELECT $this WHERE { $this <http://example.org/none> ?x }" ] ;
        sh:sparql [ sh:select "SELECT $this WHERE { $this a ?x } LIMIT 1" ] .
    ex:Nested a sh:NodeShape ; sh:targetNode ex:a ; sh:not ex:Queried .
    """
    (folder / "shapes.ttl").write_text(PREFIXES + SHAPES + extra, encoding="utf-8")
    told = kg(*FILES, "--explain", cwd=folder).stderr
    assert "ex:LaunchShape: sieve, 4 focus nodes\n" in told
    assert "ex:Recursive: pySHACL for all of 1 focus node (recursive)" in told
    assert "ex:Queried: sieve, 2 focus nodes\n" in told
    assert "once on Oxigraph" in told
    assert "node by node in pySHACL (it uses LIMIT)" in told
    assert (
        "ex:Nested: pySHACL on the whole graph, 1 focus node"
        " (a SPARQL query decides whether nodes conform)"
    ) in told
    last = "pySHACL was asked about 1 node for ex:Recursive\n"
    assert told.endswith(last)


def test_inference_adds_what_follows_from_subclasses(folder: Path) -> None:
    (folder / "data.ttl").write_text(
        PREFIXES + "ex:a ex:fired true . ex:fired rdfs:subPropertyOf ex:did .", encoding="utf-8"
    )
    shapes = "ex:S sh:targetSubjectsOf ex:did ; sh:property [ sh:path ex:x ; sh:minCount 1 ] ."
    (folder / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
    assert kg(*FILES, cwd=folder).returncode == 0
    assert kg(*FILES, "--inference", "rdfs", cwd=folder).returncode == 1
    entailed = shapes + "<> sh:entailment <http://www.w3.org/ns/entailment/RDFS> ."
    (folder / "shapes.ttl").write_text(PREFIXES + entailed, encoding="utf-8")
    assert kg(*FILES, cwd=folder).returncode == 1


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (("validate", "--data", "data.ttl"), "--data needs --shapes", 2),
        (("validate", "--data", "none.ttl", "--shapes", "shapes.ttl"), "no file none.ttl", 2),
        (("validate", "--data", "data.ttl", "--shapes", "none.ttl"), "no file none.ttl", 2),
        (("validate",), "kg.toml", 2),
        (("validate", "--data", "bad.ttl", "--shapes", "shapes.ttl"), "bad.ttl:1", 2),
        (("validate", "--data", "data.ttl", "--shapes", "bad.ttl"), "bad.ttl:1", 2),
    ],
)
def test_errors_are_reported_with_their_exit_code(
    folder: Path, words: tuple[str, ...], says: str, code: int
) -> None:
    (folder / "bad.ttl").write_text("<a> <b> .", encoding="utf-8")
    result = kg(*words, cwd=folder)
    assert result.returncode == code
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_shapes_without_targets_are_reported_to_check_nothing(folder: Path) -> None:
    (folder / "shapes.ttl").write_text(PREFIXES + "ex:S a sh:NodeShape .", encoding="utf-8")
    result = kg(*FILES, cwd=folder)
    assert (result.returncode, result.stderr) == (
        0,
        "kg: warning: no shape has a target, so nothing was checked\n",
    )


@pytest.mark.parametrize("form", ["json", "sarif", "turtle"])
def test_an_early_error_leaves_no_partial_report(
    form: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error after the first results, such as a missing source, leaves no partial output."""

    def results(*_: object) -> Iterator[Result]:
        yield Result("<a>", None, None, "<s>", "<c>", sh("Violation"), ())
        raise InputError("gone", "a source is gone")

    monkeypatch.chdir(folder)
    monkeypatch.setattr(validating._Validation, "results", results)
    assert main([*FILES, "--format", form]) == 2
    told = capsys.readouterr()
    assert (told.out, "a source is gone" in told.err) == ("", True)


TRACES = {
    "name": "Write an absolute IRI, or a name with a prefix of kg.toml (thing).",
    "thin:a b": "Did you mean thing:a b?",
    "thin:a": "no record makes thin:a; did you mean thing:a?",
    "http://example.org/a": "no record makes http://example.org/a",
}


@pytest.mark.parametrize("subject", TRACES)
def test_trace_hints_at_the_prefixes_of_the_workspace(tmp_path: Path, subject: str) -> None:
    config = 'base = "http://example.org/"\n[prefixes]\nthing = "http://example.org/thing/"\n'
    (tmp_path / "kg.toml").write_text(config, encoding="utf-8")
    result = kg("trace", subject, cwd=tmp_path)
    assert result.returncode in (1, 2)
    assert result.stderr.splitlines()[-1].strip() == TRACES[subject]


def test_an_interrupted_run_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    many = "\n".join(
        f"ex:n{n} a ex:Launch ; ex:outcome 'succes' ; ex:count 'x{n}' ." for n in range(100_000)
    )
    (folder / "data.ttl").write_text(PREFIXES + many, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    process = subprocess.Popen(
        [*program(), *FILES],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not list(scratch.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert list(scratch.iterdir()) == []
