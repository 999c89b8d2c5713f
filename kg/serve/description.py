"""What describes the service, as triples: what it can do, what is in the graph, what to ask.

Spec: https://www.w3.org/TR/sparql11-service-description/, https://www.w3.org/TR/void/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.describe import Card, card_triples
from kg.partitions import partition_triples, read_partitions
from kg.queries.question import Question
from kg.queries.remote import with_prologue
from kg.serve.negotiation import formats
from kg.serve.state import State, shared
from kg.sparql.guard import read_tree
from kg.sparql.words import Form
from kg.terms import RDF_TYPE, XSD, iri, literal

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
SH: Final = "http://www.w3.org/ns/shacl#"
SCHEMA: Final = "https://schema.org/"
FORMATS: Final = "http://www.w3.org/ns/formats/"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
# The names of formats at https://www.w3.org/ns/formats/
_NAMED: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
    "trig": "TriG",
    "nquads": "N-Quads",
}
_Triple = tuple[str, str, str]
# Triples of a graph whose properties are counted for each class, which takes a join.
_LARGEST: Final = 20_000_000


def service_triples(state: State, address: str) -> Iterator[_Triple]:
    """Yield what describes the service, without blank nodes."""
    endpoint = iri(f"{address}/sparql")
    service = iri(f"{address}/sparql#service")
    dataset = iri(f"{state.workspace.base}dataset")
    default = iri(f"{state.workspace.base}dataset#default-graph")
    yield service, RDF_TYPE, f"<{SD}Service>"
    yield service, f"<{SD}endpoint>", endpoint
    yield service, f"<{SD}supportedLanguage>", f"<{SD}SPARQL11Query>"
    yield service, f"<{SD}feature>", f"<{SD}UnionDefaultGraph>"
    for form in (Form.SELECT, Form.CONSTRUCT):
        for name in formats(form):
            if name in _NAMED:
                yield service, f"<{SD}resultFormat>", f"<{FORMATS}{_NAMED[name]}>"
    yield service, f"<{SD}defaultDataset>", dataset
    yield dataset, RDF_TYPE, f"<{SD}Dataset>"
    yield dataset, "<http://rdfs.org/ns/void#sparqlEndpoint>", endpoint
    yield dataset, f"<{SD}defaultGraph>", default
    yield default, RDF_TYPE, f"<{SD}Graph>"
    yield from shared(state, "card", lambda: list(_card(state)))
    for prefix, space in sorted(state.workspace.prefixes.items()):
        node = iri(f"{state.workspace.base}dataset#prefix-{prefix}")
        yield dataset, f"<{SH}declare>", node
        yield node, f"<{SH}prefix>", literal(prefix)
        yield node, f"<{SH}namespace>", literal(space, f"{XSD}anyURI")
    yield from _examples(state, endpoint)


def _card(state: State) -> Iterator[_Triple]:
    """Yield the dataset card, with the properties of each class and what they lead to."""
    card: Card = state.graph.describe()
    yield from card_triples(card)
    if card.triples <= _LARGEST:
        nodes = {
            term: f"<{card.dataset}#class-{number}>"
            for number, (term, _) in enumerate(card.classes, 1)
        }
        yield from partition_triples(read_partitions(state.build), nodes)


def executable(state: State) -> Iterator[tuple[Question, str, Form]]:
    """Yield the questions that can be asked as they are, with their text and query form.

    The text has its prefixes with it, so that it means the same elsewhere.
    """
    prefixes = state.workspace.prefixes
    for question in state.questions:
        tree = read_tree(question.text)
        if tree is None or any(each.default is None for each in question.parameters):
            continue
        yield question, with_prologue(question.text, prefixes), tree.form


def _examples(state: State, endpoint: str) -> Iterator[_Triple]:
    """Yield the questions as executable examples, as other services publish theirs."""
    kinds = {
        Form.SELECT: "SPARQLSelectExecutable",
        Form.ASK: "SPARQLAskExecutable",
        Form.CONSTRUCT: "SPARQLConstructExecutable",
        Form.DESCRIBE: "SPARQLDescribeExecutable",
    }
    for question, text, form in executable(state):
        node = iri(f"{state.workspace.base}question/{question.name}")
        yield node, RDF_TYPE, f"<{SH}SPARQLExecutable>"
        yield node, RDF_TYPE, f"<{SH}{kinds[form]}>"
        name = "describe" if form is Form.DESCRIBE else form.value.lower()
        yield node, f"<{SH}{name}>", literal(text)
        told = question.question or question.title or question.name
        yield node, f"<{_RDFS}label>", literal(question.title or question.name)
        yield node, f"<{_RDFS}comment>", literal(told)
        yield node, f"<{SCHEMA}target>", endpoint
