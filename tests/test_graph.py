"""One use-case layer: the command line, Python and a build come to the same results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kg
from kg.build import BuildOptions
from kg.errors import InputError
from kg.graph import Checks, Graph, open_graph
from kg.validation import Result, Severity
from kg.workspace import find_workspace
from tests.graph_copy import run_kg

EX = "http://example.org/"
CONFIG = f'title = "T"\nbase = "{EX}id/"\n[prefixes]\nex = "{EX}ns#"\nid = "{EX}id/"\n'
PREFIXES = (
    f"@prefix ex: <{EX}ns#> . @prefix id: <{EX}id/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
ONTOLOGY = "ex:Dog rdfs:subClassOf ex:Animal . ex:fed rdfs:subPropertyOf ex:treated .\n"
MAPPING = f"""\
prefixes: {{ex: '{EX}ns#', id: '{EX}id/'}}
mappings:
  dogs:
    sources: [['dogs.csv~csv']]
    s: id:$(id)
    po: [[a, ex:Dog], [ex:age, $(age), xsd:integer], [ex:fed, $(fed)]]
"""
# A class and a property that no triple has until it is inferred, in a constraint of each kind.
SHAPES = """\
<> sh:entailment <http://www.w3.org/ns/entailment/RDFS> .
ex:AnimalShape a sh:NodeShape ; sh:targetClass ex:Animal ;
  sh:property [ sh:path ex:age ; sh:maxInclusive 20 ] ;
  sh:sparql [ sh:message "treated today" ;
    sh:select "SELECT $this ?value { $this <http://example.org/ns#treated> ?value }" ] .
"""


@pytest.fixture
def entailed(tmp_path: Path) -> Path:
    """A workspace whose shapes ask for RDFS, built although it fails."""
    root = tmp_path / "ws"
    for name, text in {
        "kg.toml": CONFIG,
        "ontology/vocabulary.ttl": PREFIXES + ONTOLOGY,
        "data/dogs.yarrrml.yml": MAPPING,
        "data/dogs.csv": "id,age,fed\nrex,7,\nmax,70,today\n",
        "shapes/shapes.ttl": PREFIXES + SHAPES,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert kg.build(root, BuildOptions(validate=False)).in_force
    return root


Found = tuple[str, str, str | None, tuple[str, ...]]


def told(results: list[Result]) -> list[Found]:
    return sorted(
        (r.focus_node, r.component, r.value, tuple(place.file for place in r.origins))
        for r in results
    )


def test_the_verdict_is_the_same_on_all_ways(entailed: Path) -> None:
    by_api: list[Result] = []
    verdict = kg.validate(entailed, on_result=by_api.append)
    assert verdict.counts == {Severity.VIOLATION: 2}
    found = told(by_api)
    sh = "<http://www.w3.org/ns/shacl#"
    assert [(node, component, value) for node, component, value, _ in found] == [
        (f"<{EX}id/max>", f"{sh}MaxInclusiveConstraintComponent>", by_api[0].value),
        (f"<{EX}id/max>", f"{sh}SPARQLConstraintComponent>", '"today"'),
    ]
    assert all(files for *_, files in found), "each result is led back to its record"

    by_build: list[Result] = []
    built = kg.build(entailed, BuildOptions(sinks=[by_build.append]))
    assert not built.in_force
    assert built.verdict is not None
    assert built.verdict.counts == verdict.counts
    assert told(by_build) == found

    command = run_kg(entailed, "validate", "--format", "json")
    assert command.returncode == 1, command.stderr
    records = json.loads(command.stdout)["results"]
    assert len(records) == 2
    assert all(record["origins"] for record in records)
    assert run_kg(entailed, "build").returncode == 1


def test_what_a_build_has_inferred_is_not_inferred_again(entailed: Path) -> None:
    built = kg.build(entailed, BuildOptions(infer="rdfs", fail_on=Severity.VIOLATION))
    assert not built.in_force
    assert built.verdict is not None
    assert built.verdict.counts == {Severity.VIOLATION: 2}
    kg.build(entailed, BuildOptions(infer="rdfs", validate=False))
    assert kg.validate(entailed).counts == {Severity.VIOLATION: 2}


def test_a_graph_keeps_its_build(entailed: Path) -> None:
    graph = open_graph(entailed)
    first = graph.build.id
    (entailed / "data" / "dogs.csv").write_text("id,age,fed\nrex,7,\n", encoding="utf-8")
    assert "data/dogs.csv has changed" in (graph.stale() or "")
    assert kg.build(entailed).in_force
    assert graph.build.id == first
    assert graph.validate().counts == {Severity.VIOLATION: 2}
    assert open_graph(entailed).validate().counts == {}
    assert first in repr(graph)


def test_choices_reach_the_validation(entailed: Path, tmp_path: Path) -> None:
    graph = Graph(find_workspace(entailed))
    ways: list[object] = []
    steps: list[str] = []
    report = tmp_path / "report.ttl"
    verdict = graph.validate(
        checks=Checks(max_results=1, report=report, explain=ways.append, progress=steps.append)
    )
    assert verdict.cut
    assert sum(verdict.counts.values()) == 1
    assert len(ways) == 1
    assert steps
    assert "sh:ValidationReport" in report.read_text(encoding="utf-8")


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no kg\.toml"):
        open_graph(tmp_path)
    (tmp_path / "kg.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(InputError, match="has not been built"):
        open_graph(tmp_path)
