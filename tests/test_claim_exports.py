"""Claims in the words of others: ClaimReview, AIF, nanopublications, by the rules of each."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, Namespace

import kg
from kg.queries.results import Statements
from tests.graph_copy import ROOT, local, opened, records

SCHEMA = Namespace("http://schema.org/")
AIF = Namespace("http://www.arg.dundee.ac.uk/aif#")
NP = Namespace("http://www.nanopub.org/nschema#")
PROV = Namespace("http://www.w3.org/ns/prov#")
RATING = {"contradicts": 1, "open": 3, "supports": 5}


def constructed(name: str) -> Graph:
    found = opened().ask(ROOT / "exports" / f"{name}.rq")
    assert isinstance(found, Statements)
    lines = "\n".join(f"{s} {p} {o} ." for s, p, o in found)
    return Graph().parse(data=lines, format="nt")


def test_each_judgement_is_a_claim_review() -> None:
    graph = constructed("claim-review")
    links = {link["id"]: link for link in records("evidence", "links")}
    reviews = set(graph.subjects(RDF.type, SCHEMA.ClaimReview))
    assert {local(str(review)) for review in reviews} == set(links)
    for review in reviews:
        for needed in ("claimReviewed", "itemReviewed", "author", "reviewRating", "reviewBody"):
            assert len(set(graph.objects(review, SCHEMA[needed]))) == 1, (review, needed)
        rating = graph.value(review, SCHEMA.reviewRating)
        found = {name: graph.value(rating, SCHEMA[name]) for name in ("ratingValue", "bestRating")}
        expected = RATING[links[local(str(review))]["direction"]]
        assert {k: int(str(v)) for k, v in found.items()} == {
            "ratingValue": expected,
            "bestRating": 5,
        }
        claim = graph.value(review, SCHEMA.itemReviewed)
        assert (claim, RDF.type, SCHEMA.Claim) in graph
        for said in (review, claim):
            author = graph.value(said, SCHEMA.author)
            assert set(graph.objects(author, RDF.type)) & {SCHEMA.Person, SCHEMA.Organization}
        assert graph.value(claim, SCHEMA.text) == graph.value(review, SCHEMA.claimReviewed)


def test_arguments_follow_the_rules_of_aif() -> None:
    """Each step has a premise and one conclusion, and contents meet only through steps."""
    graph = constructed("aif")
    contents = set(graph.subjects(RDF.type, AIF["I-node"]))
    said = set(graph.subjects(RDF.type, AIF["L-node"]))
    assert not contents & said
    for content in contents:
        assert len(set(graph.objects(content, AIF.claimText))) == 1
        assert not set(graph.objects(content, AIF.Conclusion))
    counts = {}
    for kind, premises in (("RA-node", contents), ("CA-node", contents), ("YA-node", said)):
        steps = set(graph.subjects(RDF.type, AIF[kind]))
        counts[kind] = len(steps)
        for step in steps:
            (premise,) = graph.objects(step, AIF.Premise)
            (conclusion,) = graph.objects(step, AIF.Conclusion)
            assert premise in premises
            assert conclusion in contents
            assert premise != conclusion
    claims = {c["id"]: c for c in records("claims", "claims") if "proposition" in c}
    pairs = set()
    for key, claim in claims.items():
        pairs |= {(key, other) for other in claim.get("drawn_from", [])}
        for name in ("supports", "example_of"):
            pairs |= {(other, key) for other in claim.get(name, [])}
    assert counts["RA-node"] == len(pairs)
    assert counts["YA-node"] == len(said) >= len(claims)


def test_nanopublications_are_well_formed(tmp_path: Path) -> None:
    """Four graphs each, named in the head; provenance of the assertion, and of the whole."""
    target = tmp_path / "nanopublications.nq"
    kg.map([ROOT / "exports" / "nanopublications.yarrrml.yml"], target)
    graphs: dict[str, list[tuple[str, str, str]]] = {}
    for quad in ox.parse(path=target, format=ox.RdfFormat.N_QUADS):
        triple = (str(quad.subject), str(quad.predicate), str(quad.object))
        graphs.setdefault(str(quad.graph_name), []).append(triple)
    links = records("evidence", "links")
    assert len(graphs) == 4 * len(links)
    for link in links:
        this = f"https://w3id.org/ace-kg/id/nanopublication/{link['id']}"
        head = graphs[f"<{this}/head>"]
        assert (f"<{this}>", f"<{RDF.type}>", f"<{NP.Nanopublication}>") in head
        parts = {p: o for _, p, o in head}
        names = ("hasAssertion", "hasProvenance", "hasPublicationInfo")
        assertion, provenance, info = (parts[f"<{NP[name]}>"] for name in names)
        assert len({assertion, provenance, info}) == 3
        assert graphs[assertion]
        said = {(s, p) for s, p, _ in graphs[provenance]}
        assert (assertion, f"<{PROV.wasAttributedTo}>") in said
        derived = {o for _, p, o in graphs[provenance] if p == f"<{PROV.wasDerivedFrom}>"}
        assert derived == {f"<https://w3id.org/ace-kg/id/{piece}>" for piece in link["evidence"]}
        assert all(subject == f"<{this}>" for subject, _, _ in graphs[info])


@pytest.mark.parametrize("name", ["claim-review.rq", "aif.rq"])
def test_they_are_the_same_for_any_subject(name: str) -> None:
    here = (ROOT / "exports" / name).read_bytes()
    assert (ROOT / "kg" / "template_claims" / "exports" / name).read_bytes() == here
