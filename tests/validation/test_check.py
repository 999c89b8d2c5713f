"""Shapes are checked: what the quick look accepts, the SHACL of SHACL accepts too."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kg.errors import InputError
from kg.validation.check import check_shapes, load_shapes, meta_judge
from kg.validation.judge import to_graph
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.validation.wellformed import surely_well_formed
from tests.validation.conftest import PREFIXES
from tests.validation.random_cases import random_case

ROOT = Path(__file__).resolve().parents[2]


def accepted_by_judge(shapes: ShapesGraph) -> bool:
    return not list(meta_judge().judge(to_graph(shapes.triples())))


def corrupted(shapes: ShapesGraph, rng: random.Random) -> ShapesGraph:
    """Return the shapes with one triple changed, doubled, or taken away."""
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
def test_what_is_surely_well_formed_is_well_formed(seed: int, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(random_case(seed).shapes, encoding="utf-8")
    shapes = read_shapes([source])
    rng = random.Random(seed)
    candidates = [shapes, *(corrupted(shapes, rng) for _ in range(20))]
    sure = [graph for graph in candidates if surely_well_formed(graph)]
    assert all(accepted_by_judge(graph) for graph in rng.sample(sure, min(len(sure), 2)))


def test_usual_shapes_are_told_at_a_glance() -> None:
    for file in (*(ROOT / "shapes").glob("*.ttl"), ROOT / "benchmarks" / "shacl" / "shapes.ttl"):
        assert surely_well_formed(read_shapes([file])), file


ILL_FORMED = [
    "ex:S a sh:NodeShape ; sh:minCount 1 .",
    "ex:S a sh:NodeShape ; sh:property [ sh:minCount 1 ] .",
    "ex:S a sh:PropertyShape ; sh:path ex:p, ex:q .",
    "ex:S a sh:PropertyShape ; sh:path [ sh:inversePath ex:p ; sh:zeroOrMorePath ex:q ] .",
    "ex:S a sh:PropertyShape ; sh:path ( ex:p ) .",
    "ex:S a sh:PropertyShape ; sh:path ex:p ; sh:minCount 1.5 .",
    "ex:S a sh:PropertyShape ; sh:path ex:p ; sh:maxCount 1, 2 .",
    "ex:S a sh:NodeShape ; sh:or ex:T .",
    "ex:S a sh:NodeShape ; sh:in 1 .",
    "ex:S a sh:NodeShape ; sh:nodeKind sh:Thing .",
    "ex:S a sh:NodeShape ; sh:class 'A' .",
    "ex:S a sh:NodeShape ; sh:closed 'yes' .",
    "ex:S a sh:NodeShape ; sh:node [ sh:path ex:p ] .",
    "ex:S a sh:NodeShape ; sh:message 5 .",
    "ex:S a sh:NodeShape ; sh:severity 'bad' .",
    "[] a rdfs:Class, sh:NodeShape .",
]


@pytest.mark.parametrize("text", ILL_FORMED)
def test_ill_formed_shapes_are_refused_with_their_line(text: str, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(PREFIXES + text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_shapes(read_shapes([source]))
    assert caught.value.code == "bad-shapes"
    assert caught.value.location is not None
    assert caught.value.location.line == 8


REFUSED = {
    "ex:S sh:rule [ ]": "sh:rule",
    "ex:S sh:target [ sh:select 'SELECT ?this {}' ]": "sh:target",
    "ex:S sh:expression [ ]": "sh:expression",
    "ex:S sh:js [ ]": "sh:js",
    "<> sh:entailment <http://www.w3.org/ns/entailment/OWL-RDF-Based>": "sh:entailment",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_supported_is_refused_by_name(text: str, tmp_path: Path) -> None:
    source = tmp_path / "shapes.ttl"
    source.write_text(f"{PREFIXES}{text} .", encoding="utf-8")
    with pytest.raises(InputError, match=REFUSED[text]) as caught:
        load_shapes([source])
    assert caught.value.code == "unsupported-shacl"
