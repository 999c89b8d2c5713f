"""One use-case layer: the command line, Python and a build come to the same results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import kg
from kg.building import BuildOptions
from kg.errors import InputError
from kg.graph import Checks, Graph, open_graph
from kg.validation import Result, Severity
from kg.workspace import find_workspace
from tests.graph_copy import run_kg

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
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
    assert "data/dogs.csv has changed" in (graph.stale_message() or "")
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


def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each source table that is read."""
    from kg.lineage import records

    read: list[str] = []
    load = records.load_any

    def noted(connection: object, table: object, *rest: object, **options: object) -> object:
        read.append(table.name)  # type: ignore[attr-defined]
        return load(connection, table, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "load_any", noted)
    return read


def test_sources_are_read_once_for_tracing(entailed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = loads(monkeypatch)
    with open_graph(entailed) as graph:
        first = graph.trace("id:max", "ex:age")
        assert [(str(each.location), each.object) for each in first] == [
            (f'{first[0].location.file}:3 (record 2), column "age"', f'"70"^^<{XSD}integer>')
        ]
        assert graph.trace("id:max", "ex:age") == first
        assert [each.object for each in graph.trace(f"<{EX}id/rex>", "a")] == [f"<{EX}ns#Dog>"]
        assert graph.trace("id:nobody") == []
        assert len(read) == 1
        (entailed / "data" / "dogs.csv").write_text("id,age,fed\nmax,71,\n", encoding="utf-8")
        assert [each.object for each in graph.trace("id:max", "ex:age")] == [
            f'"71"^^<{XSD}integer>'
        ]
        assert len(read) == 2, "a source that has changed is read again"
        (entailed / "data" / "dogs.yarrrml.yml").write_text(
            MAPPING.replace("ex:age", "ex:years"), encoding="utf-8"
        )
        assert graph.trace("id:max", "ex:age") == []
        assert [each.object for each in graph.trace("id:max", "ex:years")] == [
            f'"71"^^<{XSD}integer>'
        ]
        assert len(read) == 3, "and so are all, where a mapping has changed"
    assert graph.trace("id:max", "ex:years"), "a closed graph opens what it needs again"


def test_names_that_are_none(entailed: Path) -> None:
    with open_graph(entailed) as graph:
        assert graph.tracer.near("idd:max") == "id:max"
        assert graph.tracer.near("id:max") is None
        with pytest.raises(InputError, match="neither an IRI nor a prefixed name"):
            graph.trace("max")
        with pytest.raises(InputError, match="Did you mean ex:a b"):
            graph.trace("exx:a b")


def test_the_vocabulary(entailed: Path) -> None:
    text = (
        "ex:Dog a <http://www.w3.org/2002/07/owl#Class> ; rdfs:label 'Hund'@de, 'dog'@en ;"
        " rdfs:comment 'barks' . ex:age rdfs:range xsd:integer ; rdfs:domain ex:Dog ."
        " ex:Cat a rdfs:Class ."
    )
    with (entailed / "ontology" / "vocabulary.ttl").open("a", encoding="utf-8") as file:
        file.write(text)
    assert kg.build(entailed, BuildOptions(validate=False)).in_force
    with open_graph(entailed) as graph:
        found = graph.vocabulary()
        assert graph.vocabulary() is found
    classes = {each.name: each for each in found.classes}
    dog = classes["ex:Dog"]
    assert (dog.count, dog.label, dog.comment, dog.is_declared) == (2, "dog", "barks", True)
    assert dog.broader == (f"{EX}ns#Animal",)
    assert (classes["ex:Cat"].count, classes["ex:Cat"].is_declared) == (0, True)
    properties = {each.name: each for each in found.properties}
    age = properties["ex:age"]
    assert (age.count, age.is_declared) == (2, False)
    assert (age.domain, age.range) == ((f"{EX}ns#Dog",), (f"{XSD}integer",))
    assert [each.count for each in found.properties] == sorted(
        (each.count for each in found.properties), reverse=True
    )
    assert found.prefixes["ex"] == f"{EX}ns#"


def test_the_other_use_cases_are_of_the_same_build(entailed: Path, tmp_path: Path) -> None:
    graph = open_graph(entailed, memory="1GB", threads=1)
    (entailed / "data" / "dogs.csv").write_text("id,age,fed\nrex,7,\n", encoding="utf-8")
    assert graph.stale() == ("data/dogs.csv",)
    assert graph.stale() == ("data/dogs.csv",), "it is told each time"
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    (before,) = graph.ask(count)  # type: ignore[misc]
    assert kg.build(entailed).in_force
    assert list(graph.ask(count)) == [before]  # type: ignore[arg-type]
    (after,) = open_graph(entailed).ask(count)  # type: ignore[misc]
    assert after != before
    assert graph.describe().build == graph.build.id
    assert graph.describe().triples == before.value("n")
    done = graph.export(tmp_path / "graph.nt")
    assert done.statements == before.value("n")
    assert graph.questions() == []


def test_a_question_loads_no_sql_engine(entailed: Path) -> None:
    code = (
        "import sys, kg\n"
        "with kg.open(sys.argv[1]) as graph:\n"
        "    rows = graph.ask('SELECT ?s { ?s ?p ?o }')\n"
        "    print(len(rows) > 0, rows._repr_html_()[:7], graph.stale(), graph.questions())\n"
        "print(sorted({'duckdb', 'rdflib', 'pyshacl', 'numpy', 'typer'} & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(entailed)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True <table> () []\n[]\n"


def test_many_threads_ask_one_graph(entailed: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> tuple[int, int]:
        rows = graph.ask("SELECT ?s ?p ?o { ?s ?p ?o }")
        return len(list(rows)), len(graph.trace("id:max" if number % 2 else "id:rex"))  # type: ignore[arg-type]

    with open_graph(entailed) as graph, ThreadPoolExecutor(4) as pool:
        read = [pool.submit(graph.vocabulary) for _ in range(4)]
        assert len({id(each.result()) for each in read}) == 1, "the vocabulary is read once"
        assert len(set(pool.map(work, range(0, 12, 2)))) == 1
        assert len(set(pool.map(work, range(1, 12, 2)))) == 1
