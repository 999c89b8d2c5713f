"""The SPARQL protocol: the forms of a request, formats, datasets, errors.

After the cases of https://www.w3.org/2009/sparql/docs/tests/data-sparql11/protocol/ that a
service can keep that only reads.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import RDF

from kg.errors import InputError
from kg.queries.limits import memory_error, rows_error, time_error
from kg.serve import messages
from kg.serve.endpoint import for_web

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ASK = "ASK {}"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o . ?s a ex:Launch }"
QUERY = "application/sparql-query"
FORM = "application/x-www-form-urlencoded"
NOTES = "http://example.org/id/graph/notes"


def graphs(client) -> list[str]:
    answer = client.get("/sparql", params={"query": "SELECT DISTINCT ?g { GRAPH ?g {} }"}).json()
    return sorted(row["g"]["value"] for row in answer["results"]["bindings"])


def test_a_query_by_get(client):
    answer = client.get("/sparql", params={"query": ASK})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/sparql-results+json"
    assert answer.json()["boolean"] is True


def test_a_query_by_post_of_a_form(client):
    answer = client.post("/sparql", data={"query": ASK})
    assert answer.json()["boolean"] is True


def test_a_query_by_post_directly(client):
    answer = client.post(
        "/sparql", content=ASK, headers={"content-type": f"{QUERY}; charset=UTF-8"}
    )
    assert answer.json()["boolean"] is True


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("text/turtle, text/csv;q=0.2, */*;q=0.1", "text/csv; charset=utf-8"),
        ("application/json;q=0, application/*;q=0.5", "application/sparql-results+json"),
    ],
)
def test_rows_come_as_the_client_likes(client, accept, given):
    answer = client.get("/sparql", params={"query": COUNT}, headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == given
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
        ("*/*", "turtle"),
    ],
)
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # by rdflib's reader
def test_graphs_come_as_the_client_likes(client, accept, form):
    answer = client.get("/sparql", params={"query": CONSTRUCT}, headers={"accept": accept})
    read = Graph().parse(data=answer.text, format=form)
    assert len(list(read.triples((None, RDF.type, None)))) == 2


def test_a_format_can_be_named_in_the_address(client):
    answer = client.get(
        "/sparql", params={"query": COUNT, "format": "csv"}, headers={"accept": "text/html"}
    )
    assert answer.text.splitlines()[0] == "n"
    answer = client.get("/sparql", params={"query": ASK, "format": "csv"})
    assert answer.json()["boolean"] is True


def test_a_format_that_cannot_hold_the_answer_is_not_acceptable(client):
    answer = client.get("/sparql", params={"query": COUNT}, headers={"accept": "text/turtle"})
    assert answer.status_code == 406
    assert "application/sparql-results+json" in answer.text


@pytest.mark.parametrize("place", ["address", "form", "direct"])
def test_the_dataset_of_the_request_goes_before_that_of_the_query(client, place):
    assert NOTES in graphs(client)
    query = "SELECT (COUNT(*) AS ?n) FROM <http://example.org/none> { ?s ?p ?o }"
    named = {"default-graph-uri": NOTES}
    if place == "address":
        answer = client.get("/sparql", params={"query": query, **named})
    elif place == "form":
        answer = client.post("/sparql", data={"query": query, **named})
    else:
        answer = client.post(
            "/sparql", params=named, content=query, headers={"content-type": QUERY}
        )
    assert answer.json()["results"]["bindings"][0]["n"]["value"] == "9"


def test_named_graphs_of_the_request(client):
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    answer = client.get("/sparql", params={"query": query, "named-graph-uri": NOTES})
    assert [row["g"]["value"] for row in answer.json()["results"]["bindings"]] == [NOTES]
    several = [each for each in graphs(client) if each != NOTES]
    answer = client.get(
        "/sparql",
        params={"query": COUNT, "default-graph-uri": several, "named-graph-uri": NOTES},
    )
    assert int(answer.json()["results"]["bindings"][0]["n"]["value"]) > 5


PLAIN = {"content-type": "text/plain"}
BAD = [
    ("two queries", "GET", {"params": {"query": [ASK, ASK]}}, 400),
    ("an empty form", "POST", {"data": {"x": "1"}}, 400),
    ("no media type", "POST", {"content": ASK}, 415),
    ("another media type", "POST", {"content": ASK, "headers": PLAIN}, 415),
    (
        "another charset",
        "POST",
        {"content": ASK.encode("utf-16"), "headers": {"content-type": f"{QUERY}; charset=UTF-16"}},
        415,
    ),
    ("no UTF-8", "POST", {"content": b"ASK \xff", "headers": {"content-type": QUERY}}, 400),
    ("escapes of no UTF-8", "GET", {"params": b"query=%ff"}, 400),
    ("a malformed query", "GET", {"params": {"query": "SELECT ?x {"}}, 400),
    ("an empty query", "GET", {"params": {"query": ""}}, 400),
    ("an update as a query", "GET", {"params": {"query": "CLEAR ALL"}}, 400),
    ("an update in a form", "POST", {"data": {"update": "CLEAR ALL"}}, 403),
    ("an update in the address", "GET", {"params": {"update": "CLEAR ALL"}}, 403),
    (
        "an update directly",
        "POST",
        {"content": "CLEAR ALL", "headers": {"content-type": "application/sparql-update"}},
        403,
    ),
    ("another server", "GET", {"params": {"query": "ASK { SERVICE <http://x.example/> {} }"}}, 400),
    ("a relative graph", "GET", {"params": {"query": ASK, "default-graph-uri": "x"}}, 400),
    ("a graph that ends it", "GET", {"params": {"query": ASK, "named-graph-uri": "a:> {"}}, 400),
    ("very many parameters", "GET", {"params": b"a&" * 1_500 + b"query=ASK{}"}, 400),
    ("another method", "PUT", {"content": ASK}, 405),
    ("deletion", "DELETE", {}, 405),
]  # fmt: skip


@pytest.mark.parametrize(("method", "request_", "status"), [each[1:] for each in BAD])
def test_what_the_protocol_does_not_have_is_told(client, method, request_, status):
    answer = client.request(method, "/sparql", **request_)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert "etag" not in answer.headers


def test_a_mistake_is_told_with_its_place(client):
    answer = client.get("/sparql", params={"query": "SELECT ?x\nWHERE { ?x a }"})
    assert answer.status_code == 400
    assert "the query:2:" in answer.text
    assert "[bad-query]" in answer.text


def test_more_rows_than_allowed_are_no_answer(client):
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    answer = client.get("/sparql", params={"query": query})
    assert answer.status_code == 400
    assert "more than 1,000 rows" in answer.text
    assert "LIMIT" in answer.text


@pytest.mark.parametrize("path", ["/sparql", "/editor", "/check"])
def test_no_hint_names_an_option_of_the_command_line(client, path):
    query = "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"
    answer = client.get(path, params={"query": query})
    assert "SERVICE would send" in answer.text
    assert "answers from its own graph alone" in answer.text
    assert "--endpoint" not in answer.text


def test_hints_about_limits_and_parameters_are_for_clients():
    for error in (time_error(1), memory_error(1), rows_error(1)):
        assert "--" not in (for_web(error).hint or "--")
    given = InputError("no-value", "a", hint="Add for example --param day=2022-11-18")
    assert for_web(given).hint == "Add for example day=2022-11-18"
    assert for_web(InputError("x", "a", hint="Ask with --engine oxigraph.")).hint == ""
    assert for_web(InputError("x", "a", hint="Write a--b.")).hint == "Write a--b."


def test_too_many_parameters_are_refused_and_the_rest_are_read_once(client, monkeypatch):
    answer = client.get(f"/search?{'&'.join(['q=a'] * 1_001)}")
    assert answer.status_code == 400
    assert "more than 1000 parameters" in answer.text
    calls = []

    def counted(text, **options):
        calls.append(text)
        return parse_qsl(text, **options)

    monkeypatch.setattr(messages, "parse_qsl", counted)
    request = messages.Request("search", "q=once&r=&q=twice")
    assert (request.value("q"), request.value("r", "x"), request.value("s", "x")) == (
        "once",
        "",
        "x",
    )
    assert len(calls) == 1


def test_the_service_describes_itself(client):
    answer = client.get("/sparql", headers={"accept": "text/turtle"})
    read = Graph().parse(data=answer.text, format="turtle")
    sd = "http://www.w3.org/ns/sparql-service-description#"
    endpoints = list(read.objects(None, URIRef(f"{sd}endpoint")))
    assert endpoints == [URIRef("http://localhost/sparql")]
    asked = """
        PREFIX void: <http://rdfs.org/ns/void#> PREFIX sh: <http://www.w3.org/ns/shacl#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?class ?n ?comment ?text {
          ?set void:classPartition [ void:class ?class ; void:entities ?n ] .
          ?question a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select ?text .
        }"""
    rows = {str(row["class"]): row for row in read.query(asked)}
    launches = rows["http://example.org/ns#Launch"]
    assert int(launches["n"]) == 2
    assert "Which launches" in launches["comment"]
    again = client.get("/sparql", params={"query": str(launches["text"])})
    assert len(again.json()["results"]["bindings"]) == 1


def test_people_who_come_to_the_endpoint_are_led_to_the_editor(client):
    answer = client.get("/sparql", headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/editor"


# What programs that learn from an endpoint ask of it: sparql-llm and the editor of the SIB.
PREFIXES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT DISTINCT ?prefix ?namespace { [] sh:namespace ?namespace ; sh:prefix ?prefix }"""
EXAMPLES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX spex: <https://purl.expasy.org/sparql-examples/ontology#>
SELECT DISTINCT ?sq ?comment ?query {
  ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select|sh:ask|sh:construct ?query }"""
PARTS = """PREFIX void: <http://rdfs.org/ns/void#> PREFIX void-ext: <http://ldf.fi/void-ext#>
SELECT DISTINCT ?class ?prop ?to ?datatype {
  { ?cp void:class ?class ; void:propertyPartition ?pp . ?pp void:property ?prop .
    OPTIONAL { { ?pp void:classPartition [ void:class ?to ] }
      UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?datatype ] } } }
  UNION
  { ?links void:subjectsTarget [ void:class ?class ] ; void:linkPredicate ?prop } }"""
NS = "http://example.org/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"


def answers(client, query: str) -> list[dict[str, str]]:
    rows = client.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in rows]


def test_the_endpoint_can_be_asked_about_itself(client):
    assert {"prefix": "ex", "namespace": NS} in answers(client, PREFIXES)
    asked = {row["sq"].rpartition("/")[2] for row in answers(client, EXAMPLES)}
    assert asked == {"since", "any"}
    found = answers(client, PARTS)
    day = {"class": f"{NS}Launch", "prop": f"{NS}day", "datatype": f"{XSD}date"}
    assert day in found
    assert {"class": f"{NS}Launch", "prop": f"{NS}about", "to": f"{NS}Launch"} not in found


def test_what_the_graph_may_answer_is_asked_of_the_graph(client):
    """Labels are in both; only where the subject is the description's, that one answers."""
    assert len(answers(client, "SELECT ?x { ?x rdfs:label 'First' }")) == 1
    mixed = "SELECT ?x { ?q <http://www.w3.org/ns/shacl#select> ?t . ?x rdfs:label 'First' }"
    assert answers(client, mixed) == []
    assert answers(client, "SELECT * { ?s <http://rdfs.org/ns/void#class>? ?o } LIMIT 1") != []
