"""Causes of a build that no file of the workspace tells, or that only its readers know.

For each there is a workspace, a build of it, a change outside of what mappings name, and the law:
the next build is not the one in force, and has nothing of it that may be another.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import kg
from kg import basis
from kg.basis import Basis, unchanged
from kg.building import BuildOptions
from kg.errors import InputError
from kg.validation import Severity
from kg.workspace import read_workspace

TOML = 'base = "http://e/"\n'
CONTEXT = '{"@context": {"name": "http://e/%s"}}'
NODE = '{"@context": "ctx.json", "@id": "http://e/a", "name": "A"}'
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://e/S> a sh:NodeShape ; sh:targetSubjectsOf <http://e/p> ; sh:severity sh:Info ;
  sh:sparql [ sh:select "SELECT $this { $this ?p ?o FILTER(%s) }" ] .
"""


def mapping(source: str, value: str) -> str:
    return (
        f"mappings: {{m: {{sources: [{source}], s: 'http://e/1', "
        f"po: [{{p: 'http://e/p', o: {json.dumps(value)}}}]}}}}"
    )


def xml(path: str) -> dict[str, str]:
    rml = f"""@prefix rml: <http://w3id.org/rml/> .
<http://e/M> a rml:TriplesMap ; rml:logicalSource [ rml:iterator "/r/i" ;
    rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "x.xml" ] ;
    rml:referenceFormulation rml:XPath ] ; rml:subject <http://e/1> ; rml:predicateObjectMap [
    rml:predicate <http://e/p> ; rml:objectMap [ rml:reference "{path}" ] ] .
"""
    return {"data/m.rml.ttl": rml, "data/x.xml": "<r><i>1</i></r>"}


def sparql(query: str) -> dict[str, str]:
    source = f"{{access: r.ttl, referenceFormulation: sparql, query: {json.dumps(query)}}}"
    return {"data/m.yarrrml.yml": mapping(source, "$(n)"), "data/r.ttl": "<http://e/s> a 1 ."}


@pytest.fixture(autouse=True)
def long_ago(monkeypatch):
    monkeypatch.setattr(basis, "_TICK", -1)  # files need not rest before they are read


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in {"kg.toml": TOML, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def build(root: Path) -> tuple[str, int]:
    """Build, and return the quads as bytes' digest, and how many results there are."""
    workspace = read_workspace(root)
    options = BuildOptions(index=False, basis=Basis(workspace, {}))
    result = kg.build(workspace, options)
    results = 0 if result.verdict is None else sum(result.verdict.counts.values())
    return basis.digest(result.build.quads), results


def is_known(root: Path) -> bool:
    return unchanged(read_workspace(root), {}) is not None


def has_kept(root: Path) -> bool:
    return (root / ".kg" / "kept.json").exists()


@pytest.mark.parametrize(
    "files",
    [
        xml("string(current-dateTime())"),
        xml("function-lookup(xs:QName('fn:current-date'), 0)() ! string(.)"),
        sparql("SELECT (NOW() AS ?n) {}"),
        sparql("SELECT (N\\u004FW() AS ?n) {}"),
        {"data/a.nt": '<http://e/a> <http://e/p> "1" .\n', "shapes/s.ttl": SHAPES % "now() < ?o"},
    ],
)
def test_the_time_and_chance_are_asked_again(root, files):
    write(root, files)
    build(root)
    assert not is_known(root)
    assert not has_kept(root)


@pytest.mark.parametrize(
    "files",
    [
        xml("string(upper-case(.))"),
        sparql("SELECT (1 AS ?n) {} # NOW()"),
        {"data/a.nt": '<http://e/a> <http://e/p> "1" .\n', "shapes/s.ttl": SHAPES % "?o = 'now'"},
    ],
)
def test_what_does_not_vary_is_known(root, files):
    write(root, files)
    build(root)
    assert is_known(root)
    assert has_kept(root)


@pytest.mark.parametrize("name", ["data/x.jsonld", "ontology/x.jsonld"])
def test_a_context_in_a_file(root, name):
    folder = Path(name).parent
    write(root, {name: NODE, f"{folder}/ctx.json": CONTEXT % "p", "data/a.nt": ""})
    first = build(root)
    assert is_known(root), "nothing has changed"
    write(root, {f"{folder}/ctx.json": CONTEXT % "q"})
    assert not is_known(root)
    assert build(root) != first
    write(root, {f"{folder}/ctx.json": CONTEXT % "p"})
    assert build(root) == first


def test_a_context_of_shapes_and_of_a_source(root):
    shape = {
        "@context": "ctx.json",
        "@id": "http://e/S",
        "@type": "http://www.w3.org/ns/shacl#NodeShape",
        "http://www.w3.org/ns/shacl#targetNode": {"@id": "http://e/1"},
        "kind": {"@id": "http://www.w3.org/ns/shacl#Literal"},
        "http://www.w3.org/ns/shacl#severity": {"@id": "http://www.w3.org/ns/shacl#Info"},
    }
    source = "{access: ../in/x.jsonld, referenceFormulation: sparql, query: 'SELECT ?n {?s ?n ?o}'}"
    files = {
        "shapes/s.jsonld": json.dumps(shape),
        "shapes/ctx.json": '{"@context": {"kind": "http://e/nothing"}}',
        "in/x.jsonld": NODE,
        "in/ctx.json": CONTEXT % "p",
        "data/m.yarrrml.yml": mapping(source, "$(n)"),
    }
    write(root, files)
    first, none = build(root)
    assert none == 0
    kind = '{"@context": {"kind": "http://www.w3.org/ns/shacl#nodeKind"}}'
    write(root, {"shapes/ctx.json": kind})
    assert not is_known(root)
    assert build(root) == (first, 1)
    write(root, {"in/ctx.json": CONTEXT % "q"})
    assert not is_known(root)
    assert build(root)[0] != first


def test_a_file_that_is_looked_for(root):
    write(root, xml("string(doc-available('o.xml') or unparsed-text-available('p.txt'))"))
    without = build(root)
    assert not is_known(root), "it may come"
    write(root, {"data/o.xml": "<o/>"})
    found = build(root)
    assert found != without
    (root / "data/o.xml").unlink()
    assert not is_known(root)
    assert build(root) == without


def test_a_name_that_no_file_can_have(root):
    write(root, xml("string(doc-available('a%00b'))"))
    with pytest.raises(InputError):
        build(root)


def test_the_order_of_prefixes_counts(root):
    prefixes = ['a = "http://e/"', 'b = "http://e/"']
    files = {"data/a.nt": '<http://e/a> <http://e/p> "1" .', "shapes/s.ttl": SHAPES % "true"}
    write(root, {**files, "kg.toml": TOML + "[prefixes]\n" + "\n".join(prefixes)})
    build(root)
    write(root, {"kg.toml": TOML + "[prefixes]\n" + "\n".join(reversed(prefixes))})
    build(root)
    survey = json.loads((read_workspace(root).current_build().path / "survey.json").read_text())
    assert [*survey["prefixes"]][-2:] == ["b", "a"]


def test_a_refused_build_leaves_no_parts(root):
    one, two = mapping("[a.csv~csv]", "$(x)"), mapping("[b.csv~csv]", "$(x)")
    files = {"data/a.yarrrml.yml": one, "data/b.yarrrml.yml": two}
    write(root, {**files, "data/a.csv": "x\n1\n", "data/b.csv": "x\n1\n"})
    build(root)
    write(root, {"data/a.csv": "x\n2\n"})
    build(root)
    parts = sorted((root / ".kg/parts").iterdir())
    assert parts
    for number in range(2):
        write(root, {"data/b.csv": f"x\n{number + 5}\n", "shapes/s.ttl": SHAPES % "true"})
        workspace = read_workspace(root)
        options = BuildOptions(fail_on=Severity.INFO, basis=Basis(workspace, {}))
        assert not kg.build(workspace, options).in_force
    assert sorted((root / ".kg/parts").iterdir()) == parts


def test_a_file_written_just_now_keeps_its_old_mark(root, monkeypatch):
    write(root, {"data/a.nt": '<http://e/a> <http://e/p> "1" .\n'})
    build(root)
    os.utime(root / "data/a.nt")
    before = (root / ".kg/basis.json").read_text(encoding="utf-8")
    monkeypatch.setattr(basis, "_TICK", 10**15)
    assert is_known(root)
    assert (root / ".kg/basis.json").read_text(encoding="utf-8") == before
    monkeypatch.setattr(basis, "_TICK", -1)
    assert is_known(root)
    assert (root / ".kg/basis.json").read_text(encoding="utf-8") != before
