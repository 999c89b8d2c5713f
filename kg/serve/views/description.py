"""The description of the service: what it can do, what is in the graph, what to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.describe import card_triples
from kg.queries.question import Question
from kg.queries.remote import with_prologue
from kg.serve.endpoint import graph_reply
from kg.serve.messages import Reply, Request
from kg.serve.negotiation import formats, graph_format
from kg.serve.state import State, shared
from kg.sparql.guard import read_tree
from kg.sparql.words import Form
from kg.terms import RDF_TYPE, iri, literal

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_SH: Final = "http://www.w3.org/ns/shacl#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_SCHEMA: Final = "https://schema.org/"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
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


def description(state: State, request: Request) -> Reply:
    """Return the description in the format of RDF that the client accepts.

    Spec: https://www.w3.org/TR/sparql11-service-description/
    """
    if request.path == "sparql" and graph_format(request.accept) is None:
        return Reply(303, "text/plain", headers=(("location", "/editor"),), is_stable=False)
    form = graph_format(request.accept) or "turtle"
    prefixes = {
        **state.workspace.prefixes,
        "sd": _SD,
        "sh": _SH,
        "void": "http://rdfs.org/ns/void#",
        "schema": _SCHEMA,
        "format": _FORMATS,
    }
    return graph_reply(service_triples(state, request.address), form, prefixes)


def service_triples(state: State, address: str) -> Iterator[_Triple]:
    """Yield what describes the service, without blank nodes."""
    endpoint = iri(f"{address}/sparql")
    service = iri(f"{address}/sparql#service")
    dataset = iri(f"{state.workspace.base}dataset")
    default = iri(f"{state.workspace.base}dataset#default-graph")
    yield service, RDF_TYPE, f"<{_SD}Service>"
    yield service, f"<{_SD}endpoint>", endpoint
    yield service, f"<{_SD}supportedLanguage>", f"<{_SD}SPARQL11Query>"
    yield service, f"<{_SD}feature>", f"<{_SD}UnionDefaultGraph>"
    for form in (Form.SELECT, Form.CONSTRUCT):
        for name in formats(form):
            if name in _NAMED:
                yield service, f"<{_SD}resultFormat>", f"<{_FORMATS}{_NAMED[name]}>"
    yield service, f"<{_SD}defaultDataset>", dataset
    yield dataset, RDF_TYPE, f"<{_SD}Dataset>"
    yield dataset, "<http://rdfs.org/ns/void#sparqlEndpoint>", endpoint
    yield dataset, f"<{_SD}defaultGraph>", default
    yield default, RDF_TYPE, f"<{_SD}Graph>"
    yield from shared(state, "card", lambda: list(card_triples(state.graph.describe())))
    yield from _examples(state, endpoint)


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
        yield node, RDF_TYPE, f"<{_SH}SPARQLExecutable>"
        yield node, RDF_TYPE, f"<{_SH}{kinds[form]}>"
        name = "describe" if form is Form.DESCRIBE else form.value.lower()
        yield node, f"<{_SH}{name}>", literal(text)
        told = question.question or question.title or question.name
        yield node, f"<{_RDFS}label>", literal(question.title or question.name)
        yield node, f"<{_RDFS}comment>", literal(told)
        yield node, f"<{_SCHEMA}target>", endpoint
