"""The vocabulary: every term is defined, and used by a fact, a shape or a question."""

from __future__ import annotations

import re

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef

from tests.graph_copy import ROOT, built_workspace, run_kg

NAMESPACES = {
    "ace": "https://w3id.org/ace-kg/ns#",
    "acev": "https://w3id.org/ace-kg/scheme/",
    "nk": "https://w3id.org/ace-kg/korea#",
    "nkv": "https://w3id.org/ace-kg/korea/scheme/",
}
# What only a record of measurements uses: the shipped graph has none (tests/test_examples.py).
MEASURED = {"Quantity", "Measurement", "quantity", "value", "unit", "derivedBy"}


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    graph = Graph()
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def used() -> set[str]:
    """IRIs in facts, shapes and questions."""
    found = run_kg(built_workspace(), "export", "--format", "nquads", "-o", "-").stdout
    facts = [line for line in found.splitlines() if "/graph/ontology/" not in line]
    assert len(facts) > 20_000
    texts = {
        "shapes": "".join(p.read_text(encoding="utf-8") for p in (ROOT / "shapes").glob("*.ttl")),
        "queries": "".join(p.read_text(encoding="utf-8") for p in (ROOT / "queries").glob("*.rq")),
    }
    iris = {iri for line in facts for iri in re.findall(r"<([^>]*)>", line)}
    for text in texts.values():
        for prefix, namespace in NAMESPACES.items():
            iris |= {namespace + name for name in re.findall(rf"\b{prefix}:([\w-]+)", text)}
    return iris


def declared(vocabulary: Graph, *kinds: URIRef) -> list[str]:
    return sorted({str(term) for kind in kinds for term in vocabulary.subjects(RDF.type, kind)})


def test_every_term_has_label_and_definition(vocabulary):
    terms = declared(vocabulary, OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    assert len(terms) > 80
    for term in terms:
        assert vocabulary.value(URIRef(term), RDFS.label), term
        assert vocabulary.value(URIRef(term), SKOS.definition), term


def test_every_concept_has_a_scheme_and_is_named_after_it(vocabulary):
    for concept in declared(vocabulary, SKOS.Concept):
        scheme = vocabulary.value(URIRef(concept), SKOS.inScheme)
        assert (scheme, RDF.type, SKOS.ConceptScheme) in vocabulary
        assert concept.startswith(f"{scheme}-")
        assert vocabulary.value(URIRef(concept), SKOS.prefLabel)


def test_every_term_is_used(vocabulary, used):
    terms = declared(vocabulary, OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, SKOS.Concept)
    unused = {term for term in terms if term not in used}
    spare = {NAMESPACES["ace"] + name for name in MEASURED} | {
        f"{NAMESPACES['acev']}{name}" for name in ("precision-quarter", "occurred-no")
    }
    assert sorted(unused - spare) == []


def test_every_used_term_is_declared(vocabulary, used):
    terms = set(
        declared(
            vocabulary,
            OWL.Class,
            OWL.ObjectProperty,
            OWL.DatatypeProperty,
            SKOS.Concept,
            SKOS.ConceptScheme,
        )
    )
    assert (
        sorted(
            iri for iri in used if iri.startswith(tuple(NAMESPACES.values())) and iri not in terms
        )
        == []
    )
