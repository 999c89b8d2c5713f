"""A workspace whose mapping runs on Apache Spark is built as it is by DuckDB."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import kg
from kg.building import BuildOptions
from kg.cli.main import main
from kg.engines.spark.run import Spark
from kg.errors import InputError
from tests.build.test_incremental import contents, write
from tests.mapping import spark_session

LACKS = spark_session.missing() or (
    "" if os.environ.get("KG_LONG") else "takes a minute: python3 start.py test --long --spark"
)
NEEDS_SPARK = pytest.mark.skipif(bool(LACKS), reason=LACKS)
FILES = {
    "kg.toml": 'base = "http://e/"\n[prefixes]\ne = "http://e/"\n',
    "data/people.yarrrml.yml": """prefixes: {e: 'http://e/'}
mappings:
  person:
    sources: [[people.csv~csv]]
    s: e:$(id)
    po:
      - [a, e:Person]
      - [e:name, $(name)]
      - p: e:lives
        o:
          mapping: town
          condition: {function: equal, parameters: [[str1, $(town)], [str2, $(id)]]}
  town:
    sources: [['towns.jsonl~jsonpath', '$']]
    s: e:$(id)
    po: [[a, e:Town], [rdfs:label, $(name), en~lang]]
""",
    "data/people.csv": "id,name,town\n1,Ann,x\n2,,y\n3,Cid,\n",
    "data/towns.jsonl": '{"id": "x", "name": "Xton"}\n{"id": "y", "name": "Yton"}\n',
    "data/more.ttl": "@prefix e: <http://e/> .\ne:9 a e:Person ; e:name 'Nine' ; e:of [] .\n",
    "ontology/o.ttl": "@prefix e: <http://e/> .\n"
    "e:Person <http://www.w3.org/2000/01/rdf-schema#subClassOf> e:Agent .\n",
    "shapes/s.ttl": "@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix e: <http://e/> .\n"
    "e:S a sh:NodeShape ; sh:targetClass e:Person ;\n"
    "  sh:property [ sh:path e:name ; sh:minCount 1 ; sh:severity sh:Warning ] .\n",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session.session() as made:
        yield made


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "w", FILES)
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


@NEEDS_SPARK
@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("infer", ["none", "rdfs"])
def test_the_build_is_that_of_duckdb(root, infer):
    here = BuildOptions(infer=infer, table=True)
    there = replace(here, elsewhere=Spark())
    expected, found = kg.build(options=here, full=True), kg.build(options=there, full=True)
    assert contents(found.build) == contents(expected.build)
    assert (found.counts, found.triples, found.findings) == (
        expected.counts,
        expected.triples,
        expected.findings,
    )
    (root / "data/people.csv").write_text("id,name,town\n1,Ann,x\n4,Dan,y\n", encoding="utf-8")
    after = kg.build(options=there)
    assert contents(after.build) == contents(kg.build(options=here, full=True).build)
    assert after.triples != found.triples


@NEEDS_SPARK
@pytest.mark.usefixtures("spark")
def test_what_spark_does_not_have_is_refused_and_the_build_before_answers(root):
    first = kg.build()
    path = root / "data/people.yarrrml.yml"
    text = path.read_text(encoding="utf-8").replace("people.csv~csv", "people.xml~xpath', '/p")
    path.write_text(text.replace("[[people.xml", "[['people.xml").replace("/p]", "/p']"), "utf-8")
    (root / "data/people.xml").write_text("<p/>", encoding="utf-8")
    with pytest.raises(InputError, match="XML cannot be had on Spark"):
        kg.build(options=BuildOptions(elsewhere=Spark()))
    assert kg.open().build.id == first.build.id


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--master", "local[2]"], "--master goes with --engine spark"),
        (["--engine", "spark", "--watch"], "--watch does not go with --engine spark"),
        (["--engine", "spark", "--functions", "f.py"], "--functions does not go with"),
        (["--engine", "spark", "--memory", "100MB"], "Spark does not run in 100MB"),
    ],
)
def test_options_that_do_not_go_together_are_refused(root, words, told, capsys):
    (root / "f.py").write_text("", encoding="utf-8")
    assert main(["build", *words]) == 2
    assert told in capsys.readouterr().err


def test_kg_toml_does_not_say_what_maps(root):
    config = root / "kg.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}[defaults]\nengine = "spark"\n', encoding="utf-8")
    assert main(["build"]) == 0
