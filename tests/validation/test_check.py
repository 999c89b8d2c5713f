"""Checks of shapes: whatever the fast check accepts, the SHACL of SHACL accepts too."""

from __future__ import annotations

import functools
import random
from importlib.resources import as_file, files
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.validation.check import load_shapes, shape_errors
from kg.validation.judge import Judge, to_graph
from kg.validation.names import SH
from kg.validation.query_texts import query_errors
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.validation.vocabulary import unknown_name
from kg.validation.wellformed import surely_well_formed
from tests.validation.conftest import PREFIXES
from tests.validation.random_cases import random_case

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def shacl_of_shacl() -> Judge:
    """Return pySHACL loaded with its copy of the SHACL of SHACL."""
    with as_file(files("pyshacl") / "assets" / "shacl-shacl.ttl") as path:
        return Judge(read_shapes([path]))


def accepted_by_judge(shapes: ShapesGraph) -> bool:
    return not list(shacl_of_shacl().judge(to_graph(shapes.triples())))


def corrupted(shapes: ShapesGraph, rng: random.Random) -> ShapesGraph:
    """Return the shapes with one triple changed, added or removed."""
    triples = list(shapes.triples())
    s, p, o = triples[rng.randrange(len(triples))]
    others = [other for _, _, other in triples] + ['"x"', "_:new", "<http://example.org/new>"]
    other = rng.choice(others)
    changed = {
        "change": [t for t in triples if t != (s, p, o)] + [(s, p, other)],
        "double": [*triples, (s, p, other)],
        "remove": [t for t in triples if t != (s, p, o)],
    }[rng.choice(["change", "double", "remove"])]
    index: dict[str, dict[str, list[str]]] = {}
    for subject, predicate, object_ in changed:
        index.setdefault(subject, {}).setdefault(predicate, []).append(object_)
    return ShapesGraph(index)


@pytest.mark.parametrize("seed", range(10))
def test_shapes_that_pass_the_fast_check_are_well_formed(seed: int, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(random_case(seed).shapes, encoding="utf-8")
    shapes = read_shapes([source])
    rng = random.Random(seed)
    candidates = [shapes, *(corrupted(shapes, rng) for _ in range(20))]
    sure = [graph for graph in candidates if surely_well_formed(graph)]
    assert all(accepted_by_judge(graph) for graph in rng.sample(sure, min(len(sure), 2)))


def test_usual_shapes_pass_the_fast_check() -> None:
    for file in (*(ROOT / "shapes").glob("*.ttl"), ROOT / "benchmarks" / "shacl" / "shapes.ttl"):
        assert surely_well_formed(read_shapes([file])), file


# Ill-formed shapes, and a part of the message.
ILL_FORMED = {
    "ex:S a sh:NodeShape ; sh:minCount 1 .": "sh:minCount is for property shapes",
    "ex:S a sh:NodeShape ; sh:property [ sh:minCount 1 ] .": "sh:minCount is for property shapes",
    "ex:S a sh:PropertyShape ; sh:path ex:p, ex:q .": "one sh:path, and this has 2",
    "ex:S sh:property [ sh:path [ sh:inversePath ex:p ; sh:zeroOrMorePath 1 ]].": "not a well-",
    "ex:S a sh:PropertyShape ; sh:path ( ex:p ) .": "lists in it need two members",
    "ex:S a sh:PropertyShape ; sh:path ex:p ; sh:minCount 1.5 .": "must be a whole number, not 1.5",
    "ex:S a sh:PropertyShape ; sh:path ex:p ; sh:maxCount 1, 2 .": "may occur once, but occurs 2",
    "ex:S a sh:NodeShape ; sh:or ex:T .": "sh:or takes a list, as sh:or ( … ), not ex:T",
    "ex:S a sh:NodeShape ; sh:in 1 .": "sh:in takes a list",
    "ex:S a sh:NodeShape ; sh:nodeKind sh:Thing .": "must be one of sh:BlankNode, sh:IRI,",
    "ex:S a sh:NodeShape ; sh:class 'A' .": 'sh:class must be an IRI, not "A"',
    "ex:S a sh:NodeShape ; sh:closed 'yes' .": "sh:closed must be true or false",
    "ex:S a sh:NodeShape ; sh:node [ sh:path ex:p ] .": "use sh:property",
    "ex:S a sh:NodeShape ; sh:message 5 .": "sh:message must be a text, not 5",
    "ex:S a sh:NodeShape ; sh:severity 'bad' .": "sh:severity must be an IRI",
    "[] a rdfs:Class, sh:NodeShape .": "must have an IRI",
    "ex:S sh:property [ sh:path 'x' ] .": "sh:path must be an IRI or a property path, not",
}


@pytest.mark.parametrize("text", ILL_FORMED)
def test_ill_formed_shapes_are_refused_with_their_line(text: str, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(PREFIXES + text, encoding="utf-8")
    error = next(shape_errors(read_shapes([source])))
    assert error.code == "bad-shapes"
    assert ILL_FORMED[text] in error.message
    assert error.location is not None
    assert error.location.line == 8


UNKNOWN = {
    "sh:minCout 1": "sh:minCount",
    "sh:mesage 'x'": "sh:message",
    "sh:Property [ sh:path ex:p ]": "sh:property",
    "sh:targetclass ex:C": "sh:targetClass",
    "sh:severity sh:Waring": "sh:Warning",
    "a sh:nodeshape": "sh:NodeShape",
    "sh:xyzzy ex:T": None,
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_shacl_names_are_refused_with_a_suggestion(text: str, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(f"{PREFIXES}ex:S a sh:NodeShape ;\n  {text} .", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_shapes([source])
    assert caught.value.code == "unknown-shacl"
    assert caught.value.location is not None
    assert caught.value.location.line == 9
    meant = UNKNOWN[text]
    assert (caught.value.hint == f"Did you mean {meant}?") is (meant is not None)


def test_every_term_of_the_vocabulary_is_known() -> None:
    shipped = files("pyshacl") / "assets" / "shacl.ttl"
    terms = {str(t) for quad in ox.parse(shipped.read_bytes(), ox.RdfFormat.TURTLE) for t in quad}
    assert len([term for term in terms if term.startswith(f"<{SH}")]) > 200
    assert [term for term in terms if unknown_name(term) is not None] == []


def test_invalid_patterns_are_refused_before_any_value_is_matched(tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(f"{PREFIXES}ex:S a sh:NodeShape ; sh:pattern '(a' .", encoding="utf-8")
    with pytest.raises(InputError, match="not a regular expression") as caught:
        load_shapes([source])
    assert caught.value.code == "bad-shapes"


def test_errors_in_queries_have_the_line_of_the_query(tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    query = "SELECT $this\nWHERE {\n  $this ex:p ?x FILTER }"
    text = f'ex:S a sh:NodeShape ; sh:sparql [ sh:select """{query}""" ] .'
    source.write_text(PREFIXES + text, encoding="utf-8")
    with pytest.raises(InputError, match="in line 3 of sh:select") as caught:
        load_shapes([source])
    assert caught.value.code == "bad-query"


REFUSED = {
    "ex:S sh:rule [ ]": "sh:rule",
    "ex:S sh:target [ sh:select 'SELECT ?this {}' ]": "sh:target",
    "ex:S sh:expression [ ]": "sh:expression",
    "ex:S sh:js [ ]": "sh:js",
    "ex:f a sh:SPARQLFunction": "sh:SPARQLFunction",
    "<> sh:entailment <http://www.w3.org/ns/entailment/OWL-RDF-Based>": "sh:entailment",
}


@pytest.mark.parametrize("text", REFUSED)
def test_unsupported_features_are_refused_by_name(text: str, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(f"{PREFIXES}{text} .", encoding="utf-8")
    with pytest.raises(InputError, match=REFUSED[text]) as caught:
        load_shapes([source])
    assert caught.value.code == "unsupported-shacl"


DECLARED = "ex:O sh:declare [ sh:prefix 'o' ; sh:namespace 'http://o/' ] .\n"
# Wrong constraints, with parts of the message and the hint.
BAD_QUERIES = {
    "sh:sparql [ sh:select 'SELECT $this { $this foaf:name ?n }' ]": ("foaf: is not", "sh:declare"),
    "sh:sparql [ sh:select 'SELECT $this { $this o:p ?n . FILTER(f:x(?n)) }' ]": ("f: is", "sh:de"),
    "sh:sparql [ sh:select 'SELECT $this { $this o:p ?n FILTER(<http://f>(?n)) }' ]": (
        "the function <http://f>",
        "SPARQL 1.1's own",
    ),
    "sh:sparql [ sh:select 'SELECT $this { $this o:p ?n FILTER(o:f(?n)) }' ]": ("o:f", "casts"),
    "sh:sparql [ sh:select 'CONSTRUCT { $this ?p 1 } { $this ?p 1 }' ]": (
        "not CONSTRUCT",
        "sh:sel",
    ),
    "sh:sparql [ sh:select 'ASK { $this ?p 1 }' ]": ("starts with SELECT, not ASK", "sh:ask"),
    "sh:sparql [ sh:select 'DESCRIBE $this' ]": ("not DESCRIBE", "sh:select"),
    "sh:sparql [ sh:ask 'ASK { $this ?p 1 }' ]": ("sh:ask is for the validators", "sh:select"),
    "sh:sparql [ sh:select 'SELECT ?x { ?x ?p 1 }' ]": ("none of $this", "SELECT $this"),
    "sh:sparql [ sh:select 'SELECT (COUNT(?this) AS ?n) { ?this ?p 1 }' ]": ("none of", "SELECT"),
    "sh:sparql [ sh:select 'SELECT * { ?x ?p 1 }' ]": ("none of $this", "SELECT $this"),
    "sh:sparql [ sh:select 'SELECT $this { $this ?p' ]": ("a { is still open", "Close it"),
    "sh:sparql [ sh:select 'SELECT $this { GRAPH ?g { $this ?p 1 } }' ]": ("by GRAPH", "kg query"),
    "sh:sparql [ sh:select 'SELECT $this FROM <g> { $this ?p 1 }' ]": ("by FROM", "kg query"),
    "sh:sparql [ sh:select '' ]": ("the end of the query", "grammar"),
    "sh:sparql [ sh:select ex:query ]": ("sh:select takes a text", "quotes"),
    "sh:validator [ a sh:SPARQLAskValidator ; sh:ask 'SELECT ?this {}' ]": ("with ASK", "sh:ask"),
    "sh:nodeValidator [ sh:select 'SELECT $this { $this z:p 1 }' ]": ("z: is not", "sh:declare"),
    "sh:propertyValidator [ sh:select 'DELETE WHERE { $this ?p 1 }' ]": ("DELETE would change", ""),
}


@pytest.mark.parametrize("text", BAD_QUERIES)
def test_queries_are_checked_before_anything_runs(text: str, tmp_path: Path) -> None:
    """Without a focus node, pySHACL would never find the error."""
    source = tmp_path / "shapes.ttl"
    source.write_text(f"{PREFIXES}{DECLARED}ex:S a sh:NodeShape ;\n  {text} .", encoding="utf-8")
    message, hint = BAD_QUERIES[text]
    with pytest.raises(InputError) as caught:
        load_shapes([source])
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.code in ("bad-query", "update-refused", "empty-query")
    assert caught.value.location is not None
    assert caught.value.location.file.endswith("shapes.ttl")
    assert caught.value.location.line == 10


GOOD_QUERIES = (
    "SELECT $this { $this ?p ?n FILTER(<http://www.w3.org/2001/XMLSchema#integer>(?n) > 1) }",
    "SELECT $this ?value { $this $PATH ?value ; o:p / $PATH 1 }",
    "SELECT ?value { $this o:p ?value }",
    "SELECT * { $this o:p ?value }",
    "SELECT $this (?n + 1 AS ?value) { $this o:p ?n }",
    "SELECT $this { $this o:p 'SERVICE <http://e/> {}' } # SERVICE",
)


@pytest.mark.parametrize("query", GOOD_QUERIES)
def test_correct_queries_are_accepted(query: str, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    text = f'ex:S a sh:NodeShape ; sh:sparql [ sh:select """{query}""" ] .'
    source.write_text(PREFIXES + DECLARED + text, encoding="utf-8")
    assert list(query_errors(read_shapes([source]))) == []


def test_shapes_are_read_again_if_a_file_has_changed(tmp_path, monkeypatch):
    path = tmp_path / "s.ttl"
    text = "[] a <http://www.w3.org/ns/shacl#NodeShape> ."
    path.write_text(text, encoding="utf-8")
    first = load_shapes([path])
    assert load_shapes([path]) is first
    assert load_shapes([path], ignore_unsupported=True) is not first
    path.write_text(text.replace("[]", "<http://e/S>"), encoding="utf-8")
    assert [*load_shapes([path]).triples()] != [*first.triples()]
    monkeypatch.chdir(tmp_path)
    before = load_shapes([path])
    monkeypatch.chdir(tmp_path.parent)
    assert load_shapes([path]) is not before, "messages name files as seen from the folder"
