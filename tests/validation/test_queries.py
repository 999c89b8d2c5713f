"""SPARQL constraints: which may run once for all focus nodes, and their results."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest

from kg.errors import InputError, LimitError
from kg.quads import QuadTable
from kg.queries.choice import Chosen
from kg.queries.engine import Engine
from kg.queries.oxigraph import Oxigraph
from kg.sparql.guard import guard
from kg.validation import Options, Result, validate
from kg.validation import validate as run_validation
from kg.validation.queries import Both, QueryRunner
from kg.validation.shapes import ShapesGraph
from kg.validation.sparql import UnsafeError, check_joinable, prefixes_of
from kg.validation.validating import memory_limit
from tests.query.tables import facts_of, table_of

Make = Callable[[str], QuadTable]
Shapes = Callable[[str], ShapesGraph]
INTEGER = "^^<http://www.w3.org/2001/XMLSchema#integer>"
DECIMAL = "^^<http://www.w3.org/2001/XMLSchema#decimal>"

SAFE = [
    "SELECT $this WHERE {@ $this ex:p ?x }",
    "PREFIX ex: <http://e/> SELECT DISTINCT ?this ?value {@ ?this ex:p/ex:q* ?value }",
    "SELECT $this {@ $this ex:p ?v FILTER NOT EXISTS { ?v a ex:C FILTER($this != ?v) } }",
    "SELECT $this {@ { $this ex:q ?z FILTER(?z = $this) } UNION { ?a ex:b ?c } }",
    "SELECT $this (COUNT(?x) AS ?n) {@ $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)",
    "SELECT $this {@ OPTIONAL { ?x ex:p ?y FILTER(?y = $this) } }",
    'SELECT * {@ $this ?p "}{ VALUES" . # MINUS { LIMIT 1\n FILTER(STRLEN(STR($this)) > 3) }',
    "SELECT $this (ex:p AS ?path) {@ $this ex:p '''a\n}''' . FILTER(!EXISTS{ $this ex:q ?o }) }",
    "SELECT $this (EXISTS { $this ex:p ?y } AS ?v) {@ $this ex:q ?z }",
    "SELECT $this {@ BIND(str($this) AS ?s) FILTER(?s < 'x' && ?s > 'a') } ORDER BY ?s",
]
UNSAFE = {
    "SELECT $this { { ?x ex:p ?y FILTER(?y != $this) } UNION { $this ex:q ?z } }": "binding it",
    "SELECT $this { FILTER EXISTS { { ?x ex:p ?y FILTER(?y = $this) } } }": "binding it",
    "SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x }": "counts",
    "SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x } GROUP BY ?x": "groups",
    "SELECT $this { $this ex:p ?x } HAVING (COUNT(?x) > 1)": "counts",
    "SELECT ?x { $this ex:p ?x }": "does not select",
    "SELECT $this { $this ex:p ?x } LIMIT 1": "LIMIT",
    "SELECT $this { { SELECT $this { $this ex:p ?x } } }": "subquery",
    "SELECT (?x AS ?this) { ?x ex:p ?y }": "assigns",
    "SELECT $this { BIND(1 AS $this) }": "assigns",
    "SELECT $this { $this ex:p ?x MINUS { ?x a ex:C } }": "MINUS",
    "SELECT $this { GRAPH ?g { $this ex:p ?x } }": "GRAPH",
    "SELECT $this { GRAPH $shapesGraph { $this ex:p ?x } }": "GRAPH",
    "SELECT $this { $currentShape ex:p $this }": "currentShape",
    "SELECT $this { SELECT $this { $this ex:p ?x } }": "subquery",
    "SELECT $this { ?x ex:p ?y LATERAL { $this ex:p ?x } }": "LATERAL",
    "SELECT $this { $this ex:p ?x } OFFSET 1": "OFFSET",
    "SELECT $this { $this ex:p ?x } ORDER BY COUNT(?x)": "counts",
    "SELECT $this { $this ex:p ?x } VALUES ?x { 1 }": "VALUES",
    "SELECT $this { $this ex:p ?x } GROUP BY (STR($this))": "groups",
    "ASK { $this ex:p ?x }": "not a SELECT",
    "SELECT $this (EXISTS { { ?x ex:p ?y FILTER(?y = $this) } } AS ?v) { $this ex:q ?z }": "bind",
    "SELECT $this { $this ex:q ?z } GROUP BY $this HAVING (EXISTS { { SELECT $this { $this ex:p 1 }"
    " } })": "subquery",
    "SELECT $this { $this ex:q ?z } ORDER BY (EXISTS { { ?x ex:p ?y FILTER(?y = $this) } })": "bin",
}


@pytest.mark.parametrize("marked", SAFE)
def test_focus_nodes_are_joined_into_safe_queries(marked: str) -> None:
    query = guard(marked.replace("@", "", 1), "q", {"ex": "http://e/"})
    check_joinable(query.tree)
    joined = query.with_values("this", ["<http://e/a>"]).text
    assert joined == marked.replace("@", " VALUES ?this { <http://e/a> } ", 1)


@pytest.mark.parametrize("text", UNSAFE)
def test_unsafe_queries_say_why(text: str) -> None:
    with pytest.raises(UnsafeError, match=UNSAFE[text]):
        check_joinable(guard(text, "q", {"ex": "http://e/"}, lax_scopes=True).tree)


def test_prefixes_come_from_the_ontology_and_what_it_imports(read: Shapes) -> None:
    graph = read(
        "ex:c sh:prefixes ex:o . ex:o owl:imports ex:base ;"
        " sh:declare [ sh:prefix 'a' ; sh:namespace 'http://a/'^^xsd:anyURI ] ."
        " ex:base sh:declare [ sh:prefix 'b' ; sh:namespace 'http://b/' ] ,"
        " [ sh:prefix 'a' ; sh:namespace 'http://other/' ] ."
    )
    known = prefixes_of(graph, "<http://example.org/c>")
    assert known["a"] == "http://a/"
    assert known["b"] == "http://b/"
    assert known["ex"] == "http://example.org/"
    assert known["rdf"].endswith("rdf-syntax-ns#")


def found(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shapes: ShapesGraph,
    options: Options | None = None,
) -> list[Result]:
    results: list[Result] = []
    validate(connection, table, shapes, sinks=[results.append], options=options or Options())
    return results


QUERY = """ex:S sh:targetSubjectsOf ex:n ; sh:sparql [
    sh:message "{$this} has {?value}, {?other} beside." ;
    sh:select "SELECT $this ?value ?other WHERE { $this ex:n ?value ; ex:m ?other }" ] ."""


def test_values_keep_their_lexical_forms(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    data = table(
        'ex:a ex:n "01"^^xsd:integer, 1.50 ; ex:m "2020-01-01T00:00:00+00:00"^^xsd:dateTime .'
        'ex:b ex:n "1"^^xsd:integer, "+1"^^xsd:integer ; ex:m "x"@en .'
    )
    results = found(connection, data, shapes(QUERY))
    values = sorted((r.focus_node[-2], r.value or "") for r in results)
    assert values == [
        ("a", f'"01"{INTEGER}'),
        ("a", f'"1.50"{DECIMAL}'),
        ("b", f'"+1"{INTEGER}'),
        ("b", f'"1"{INTEGER}'),
    ]
    assert '"http://example.org/a has 01, 2020-01-01T00:00:00+00:00 beside."' in {
        message for result in results for message in result.messages
    }


def test_blank_nodes_keep_their_labels(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    data = table("[] ex:n [ ex:x 1 ] ; ex:m 2 . ex:a ex:n [ ex:x 2 ] ; ex:m 3 .")
    rows = connection.execute(
        f"SELECT s, o FROM {data.sql} WHERE p = '<http://example.org/n>' ORDER BY s"
    ).fetchall()
    results = found(connection, data, shapes(QUERY))
    assert sorted((r.focus_node, r.value) for r in results) == sorted(rows)


def test_an_existing_index_is_used(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    store = ox.Store()
    store.load(b"<http://example.org/a> <http://example.org/n> 5 ; <http://example.org/m> 6 .",
               format=ox.RdfFormat.TURTLE)  # fmt: skip
    opened: list[bool] = []

    def open_index() -> Oxigraph:
        opened.append(True)
        return Oxigraph(store, "an index")

    data = table("ex:a ex:n 5 ; ex:m 6 .")
    options = Options(open_index=open_index)
    assert len(found(connection, data, shapes(QUERY), options)) == 1
    assert opened == [True]


def test_an_invalid_query_is_an_error_with_its_place(shapes: Shapes) -> None:
    with pytest.raises(InputError) as caught:
        shapes('ex:S sh:targetNode ex:a ;\n sh:sparql [ sh:select "SELECT $this { $this }" ] .')
    assert caught.value.code == "bad-query"
    assert caught.value.location is not None
    assert caught.value.location.line == 9


def test_a_graph_too_large_for_pyshacl_is_refused(
    connection: duckdb.DuckDBPyConnection,
    table: Make,
    shapes: Shapes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = shapes(
        'ex:S sh:targetNode ex:a ; sh:sparql [ sh:select "SELECT $this { $this ?p ?o } LIMIT 1" ] .'
    )
    data = table("ex:a ex:p 1 .")
    assert len(found(connection, data, graph)) == 1
    size = memory_limit(connection)
    monkeypatch.setattr(sys.modules["kg.validation.validating"], "_BYTES_IN_RDFLIB", size + 1)
    with pytest.raises(LimitError) as caught:
        run_validation(connection, data, graph)
    assert caught.value.code == "whole-graph-too-large"


def test_no_temporary_tables_are_left(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes, tmp_path: Path
) -> None:
    before = connection.execute("SHOW ALL TABLES").fetchall()
    found(connection, table("ex:a ex:n 5 ; ex:m 6 ."), shapes(QUERY))
    assert connection.execute("SHOW ALL TABLES").fetchall() == before
    assert tmp_path.exists()


def test_lexical_forms_are_looked_up_for_many_focus_nodes_at_once(
    connection: duckdb.DuckDBPyConnection,
    table: Make,
    shapes: Shapes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each look-up reads the triples again.
    nodes = range(3_000)
    data = table(" ".join(f'ex:a{n} ex:n "0{n}"^^xsd:integer ; ex:m ex:o .' for n in nodes))
    asked: list[str] = []
    look_up = QueryRunner.candidates

    def counted(
        self: QueryRunner, columns: str, datatype: str, wanted: set[str], within: str
    ) -> list[tuple[str, ...]]:
        asked.append(columns)
        return look_up(self, columns, datatype, wanted, within)

    monkeypatch.setattr(QueryRunner, "candidates", counted)
    results = found(connection, data, shapes(QUERY))
    assert {result.value for result in results} == {f'"0{n}"{INTEGER}' for n in nodes}
    assert [result.focus_node for result in results] == sorted(r.focus_node for r in results)
    assert asked == ["DISTINCT o", "DISTINCT s, o"]


@pytest.mark.parametrize(
    ("select", "loaded"),
    [
        ("SELECT $this WHERE { $this ex:n ?v FILTER NOT EXISTS { ?x ex:m ?v } }", 3),
        ("SELECT $this ?value WHERE { $this ex:n/^ex:n ?value }", 2),
        # Queries that may read any predicate, or any node:
        ("SELECT $this WHERE { $this ?p ?v }", 4),
        ("SELECT $this WHERE { $this ex:n/ex:m* ?v }", 4),
    ],
)
def test_a_temporary_index_holds_only_what_the_queries_read(
    select: str,
    loaded: int,
    connection: duckdb.DuckDBPyConnection,
    table: Make,
    shapes: Shapes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = table("ex:a ex:n 1 ; ex:m 2 . ex:b ex:n 2 ; ex:o 3 .")
    sizes: list[int] = []
    load = QueryRunner.load_index

    def counted(self: QueryRunner) -> Engine:
        engine = load(self)
        sizes.append(engine.count())
        return engine

    monkeypatch.setattr(QueryRunner, "load_index", counted)
    found(
        connection, data, shapes(f"ex:S sh:targetNode ex:a ; sh:sparql [ sh:select '{select}' ] .")
    )
    assert sizes == [loaded]


BY_TABLE = {
    "SELECT $this ?value { $this ex:n ?value FILTER(?value > 1) }": True,
    "SELECT $this { $this ex:n ?x FILTER NOT EXISTS { $this ex:none ?y } }": True,
    "SELECT $this { $this ex:n ?x . FILTER(?x + ?x > 3) }": True,
    # `07` and `7` are one for Oxigraph.
    "SELECT $this ?value { $this ex:odd ?value }": False,
    "SELECT $this ?x { $this (ex:n|ex:odd) ?x }": False,
}


@pytest.mark.parametrize(("select", "is_asked"), BY_TABLE.items())
def test_the_table_engine_is_asked_where_both_surely_agree(
    select: str,
    is_asked: bool,
    connection: duckdb.DuckDBPyConnection,
    table: Make,
    shapes: Shapes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "ex:a ex:n 1 , 2 ; ex:odd 07 , 7 . ex:b ex:n 3 . _:c ex:n 4 . ex:d ex:n 5 ."
    data, shape = (
        table(text),
        shapes(f"ex:S sh:targetSubjectsOf ex:n ; sh:sparql [ sh:select '{select}' ] ."),
    )
    rows = connection.execute(f"SELECT s, p, o FROM {data.sql}").fetchall()
    lines = "".join(f"{' '.join(row)} .\n" for row in rows)
    quads = list(ox.parse(lines, ox.RdfFormat.N_QUADS))
    store = ox.Store()
    store.bulk_extend(quads)
    facts = facts_of(quads, store)
    openers = (lambda: Oxigraph(store, "a test"), lambda: table_of(quads, tmp_path / "copies"))
    both = Both(Chosen("a test", *openers, lambda: facts, large=True), 0)
    wanted = found(connection, data, shape)
    loaded: list[bool] = []
    load = QueryRunner.load_index
    monkeypatch.setattr(QueryRunner, "load_index", lambda it: loaded.append(True) or load(it))
    assert found(connection, data, shape, Options(both=both)) == wanted
    assert wanted
    assert bool(loaded) is not is_asked


@pytest.mark.parametrize("node", ["1", "1.0", "1e0", '"1"^^xsd:double', '"01"^^xsd:short'])
def test_a_literal_is_compared_by_its_value(
    node: str, connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    select = "SELECT $this ?value { ?value ex:n ?x FILTER(?x = $this) }"
    rules = shapes(f"ex:S sh:targetNode {node} ; sh:sparql [ sh:select '{select}' ] .")
    results = found(connection, table("ex:a ex:n 1 . ex:b ex:n 2 ."), rules)
    assert len(results) == 1
