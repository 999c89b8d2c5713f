"""The W3C's SPARQL 1.1 query tests, through the code of ``kg query --data``."""

from __future__ import annotations

import csv
import os
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from kg.cli.main import main
from tests.launcher import program
from tests.query.manifests import Case, read_answer, read_manifest

MANIFESTS = (
    "manifest-sparql11-query.ttl",
    "csv-tsv-res/manifest.ttl",
    "json-res/manifest.ttl",
)
# What the engine itself answers otherwise; no dataset makes it right.
KNOWN = {
    "aggregates/agg-groupconcat-04": "GROUP_CONCAT keeps a language that all its texts have",
    "aggregates/agg-groupconcat-06": "GROUP_CONCAT keeps a language that all its texts have",
    "aggregates/agg-empty-group-count-graph": "GRAPH ?g around an aggregate counts once for all",
    "bindings/graph": "GRAPH ?g does not bind ?g where VALUES has UNDEF for it",
    "functions/bnode01": "BNODE(text) gives the same node in every row",
    "negation/graph-minus": "GRAPH ?g counts as a variable that both sides of MINUS share",
    "property-path/zero_or_more_set_start": "a path of no step needs its end in the data",
    "property-path/zero_or_more_set_end": "a path of no step needs its end in the data",
    "property-path/zero_or_one_set_start": "a path of no step needs its end in the data",
    "property-path/zero_or_one_set_end": "a path of no step needs its end in the data",
}


# Not answered, though it is valid SPARQL.
UNANSWERED = {"syntax-query/test_4": "it calls a function that nobody has"}


@cache
def cases() -> tuple[Case, ...]:
    folder = os.environ.get("KG_CONFORMANCE")
    if folder is None:
        return ()
    root = Path(folder) / "sparql" / "sparql11"
    return tuple(case for name in MANIFESTS for case in read_manifest(root / name))


def of_kind(*kinds: str) -> list[Case]:
    return [case for case in cases() if case.kind in kinds]


EVALUATION = of_kind("QueryEvaluationTest", "CSVResultFormatTest")
SYNTAX = of_kind("PositiveSyntaxTest11", "NegativeSyntaxTest11")


@pytest.mark.skipif("KG_CONFORMANCE" not in os.environ, reason="KG_CONFORMANCE is not set")
def test_all_cases_are_found() -> None:
    assert Counter(case.kind for case in cases()) == {
        "QueryEvaluationTest": 232,
        "CSVResultFormatTest": 3,
        "PositiveSyntaxTest11": 63,
        "NegativeSyntaxTest11": 40,
    }
    assert {case.id for case in EVALUATION} >= set(KNOWN)


def arguments(case: Case, folder: Path) -> tuple[list[str], Path]:
    """Return the words of the command line for a case, and the file that it writes."""
    text = case.query.read_text(encoding="utf-8")
    assert case.result is not None
    ending = {".csv": ".csv", ".tsv": ".tsv"}.get(case.result.suffix, ".srj")
    if re.search(r"^\s*(CONSTRUCT|DESCRIBE)\b", text, re.IGNORECASE | re.MULTILINE):
        ending = ".nt"
    output = folder / f"answer{ending}"
    words = ["--quiet", "query", str(case.query), "-o", str(output)]
    for path in case.data:
        words += ["--data", str(path)]
    for path in case.named:
        words += ["--named-graph", f"{path.resolve().as_uri()}={path}"]
    if not case.data and not case.named:
        empty = folder / "empty.nt"
        empty.touch()
        words += ["--data", str(empty)]
    return words, output


def check(case: Case, output: Path) -> None:
    assert case.result is not None
    if case.result.suffix == ".csv":
        assert read_csv(output) == read_csv(case.result)
    else:
        assert read_answer(output) == read_answer(case.result)


def read_csv(path: Path) -> tuple[list[str], Counter[tuple[str, ...]]]:
    """Return header and rows.

    Blank nodes are all one, since CSV holds too little to match them. Doubles stand for their
    values: the engine's store keeps 1.0E6 as 1000000.
    """
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return head, Counter(tuple(map(_cell, row)) for row in rows)


def _cell(text: str) -> str:
    if re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", text):
        return f"{float(text):.0f}"
    return re.sub("^_:.*", "_:", text)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=KNOWN[case.id])] if case.id in KNOWN else [],
        )
        for case in EVALUATION
    ],
)
def test_evaluation(case: Case, tmp_path: Path) -> None:
    words, output = arguments(case, tmp_path)
    assert main(words) == 0
    check(case, output)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in EVALUATION[::40]])
def test_evaluation_in_a_process(case: Case, tmp_path: Path) -> None:
    words, output = arguments(case, tmp_path)
    subprocess.run([*program(), *words], check=True)
    check(case, output)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=UNANSWERED[case.id])] if case.id in UNANSWERED else [],
        )
        for case in SYNTAX
    ],
)
def test_syntax(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.nt"
    empty.touch()
    code = main(["--quiet", "query", str(case.query), "--data", str(empty)])
    said = capsys.readouterr().err
    if case.kind == "PositiveSyntaxTest11":
        assert (code, said) == (0, "")
    else:
        assert code == 2
        assert str(case.query) in said
