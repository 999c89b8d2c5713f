"""A small workspace, built once, and its server without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kg.building import build
from kg.serve.app import Settings, create_app
from kg.terms import literal
from kg.workspace import find_workspace

EX = "http://example.org/"
HOSTILE = "</td><script>alert(1)</script>\"' onload=x"
ONTOLOGY = """\
@prefix ex: <http://example.org/ns#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:Launch a owl:Class ; rdfs:label "launch"@en ; rdfs:comment "Something that flew."@en .
ex:day a owl:DatatypeProperty ; rdfs:label "day"@en ; rdfs:domain ex:Launch .
ex:count a owl:DatatypeProperty .
"""
MAPPING = """\
prefixes: {ex: "http://example.org/ns#", id: "http://example.org/id/"}
mappings:
  launches:
    sources: [["launches.csv~csv"]]
    s: id:$(key)
    po:
      - [a, ex:Launch]
      - [ex:day, $(day), xsd:date]
      - [ex:count, $(count), xsd:integer]
      - [rdfs:label, $(name)]
"""
NOTES = f"""\
@prefix ex: <{EX}ns#> . @prefix id: <{EX}id/> .
@prefix wgs: <http://www.w3.org/2003/01/geo/wgs84_pos#> .
id:note ex:says {literal(HOSTILE)} ; ex:about id:L1 , <http://elsewhere.example/x?y=z#w> .
id:where ex:at [ ex:lat 1.5 ] .
id:here wgs:lat 39.03 ; wgs:long 125.75 . id:odd wgs:lat "north" ; wgs:long 500 .
"""
SINCE = """\
# title: Launches since a day
# question: Which launches took place since a day?
# param since: xsd:date; the first day that counts
# columns: launch, day
# chart: bar x=day y=launch
SELECT ?launch ?day WHERE {
  VALUES ?since { "2022-01-01"^^xsd:date }
  ?launch a ex:Launch ; ex:day ?day .
  FILTER(?day >= ?since)
} ORDER BY ?day
"""


def write_workspace(root: Path) -> Path:
    """Write the workspace, without building it."""
    for folder in ("ontology", "data", "queries"):
        (root / folder).mkdir(parents=True)
    (root / "kg.toml").write_text(
        f'title = "Tests & <trials>"\nbase = "{EX}id/"\npublisher = "us"\n'
        f'[prefixes]\nex = "{EX}ns#"\nid = "{EX}id/"\n'
    )
    (root / "ontology" / "own.ttl").write_text(ONTOLOGY)
    (root / "data" / "launches.yarrrml.yml").write_text(MAPPING)
    (root / "data" / "launches.csv").write_text(
        "key,day,count,name\nL1,2022-11-18,1,First\nL2,2021-01-02,12,Second\n"
    )
    (root / "data" / "notes.ttl").write_text(NOTES)
    (root / "queries" / "since.rq").write_text(SINCE)
    (root / "queries" / "any.rq").write_text("ASK { ?s ?p ?o }\n")
    return root


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built workspace with two launches, a note and two questions; nothing changes it."""
    root = write_workspace(tmp_path_factory.mktemp("serve") / "ws")
    build(find_workspace(root))
    return root


@pytest.fixture(scope="session")
def client(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the server, which redirects nothing."""
    settings = Settings(find_workspace(workspace), seconds=20, rows=1_000, workers=2)
    app = create_app(settings, tmp_path_factory.mktemp("answers"))
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as made:
        yield made
