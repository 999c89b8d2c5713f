"""Patterns that the table engine answers as the plain evaluator does: one for each turn of them."""

from __future__ import annotations

import duckdb
import pyoxigraph as ox
import pytest

from kg.queries.table.engine import Table
from kg.sparql.guard import guard
from kg.sparql.translate import translate
from kg.terms import XSD
from tests.query.tables import exact_answer, table_of
from tests.sparql.answers import dataset_of
from tests.sparql.evaluator import evaluate

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
DATA = f"""
PREFIX ex: <{EX}>
ex:a ex:p ex:b , 1 ; ex:q ex:b , 01 ; ex:r ex:a .
ex:b ex:p ex:c ; ex:q "b"@en ; ex:s ex:a ; ex:lit "x" .
ex:c ex:p ex:a ; ex:q true , "2020-01-31"^^<http://www.w3.org/2001/XMLSchema#date> .
GRAPH ex:g {{ ex:a ex:p ex:b , 2 . ex:b ex:p ex:c . ex:g ex:q ex:a }}
GRAPH ex:h {{ ex:a ex:p ex:b . ex:c ex:q ex:h , 2.5 }}
"""
JOINS = (
    "SELECT * { VALUES (?x ?y) { (1 UNDEF) (2 2) } VALUES (?x ?y) { (1 3) (UNDEF 2) (2 4) } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?o ex:q ?x } OPTIONAL { ?s ex:s ?x } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?o ex:q ?x } ?y ex:q ?x }",
    "SELECT * { { ?s ex:p ?x } UNION { ?s ex:q ?y } ?s ex:r ?x }",
    "SELECT * { { ?s ex:p ?x } UNION { ?s ex:q ?y } OPTIONAL { ?s ex:s ?x , ?y } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?o ex:p ?x FILTER(?x != ?s) } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?o ex:q ?x OPTIONAL { ?x ex:p ?y } FILTER(BOUND(?y)) } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { BIND(STR(?o) AS ?t) } OPTIONAL { ?s ex:q ?t } }",
    "SELECT * { BIND(ex:b AS ?o) ?s ex:p ?o BIND(STR(?s) AS ?t) FILTER(?t = STR(ex:a)) }",
    # What an optional pattern does not fit, and what only looks like it.
    "SELECT * { ?s ex:p ?o OPTIONAL { { ?x ex:q ?y } UNION { ?x ex:p ?o } FILTER(?o != ?x) }"
    " FILTER(!BOUND(?x)) }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?s ex:s ?z } OPTIONAL { ?o ex:q ?z } FILTER(!BOUND(?z)) }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?o ex:p ?x OPTIONAL { ?x ex:s ?w } } FILTER(!BOUND(?w)) }",
    "SELECT * { ?s ex:p ?o MINUS { ?o ex:q ?x } }",
    "SELECT * { ?s ex:p ?o MINUS { ?x ex:none ?y } }",
    "SELECT * { ?s ex:p ?o MINUS { ?x ex:q ?y } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?o ex:q ?x } MINUS { ?y ex:q ?x OPTIONAL { ?y ex:s ?s } } }",
    "SELECT * { ?s ex:p ?o MINUS { { ?s ex:r ?o } UNION { ?z ex:s ?o } } }",
    "SELECT * { ?s ex:p ?s } ",
    "SELECT * { ?s ?p ?o . ?o ?p ?x }",
    "SELECT * { ?s ex:p 1 ; ex:q 1 }",
    "SELECT * { ?s ex:p 01 }",
    "SELECT * { VALUES ?p { ex:p ex:none } ?s ?p ex:b }",
    "SELECT * { VALUES (?x ?x2) { (UNDEF 1) } VALUES ?x { 1 'a' ex:b } OPTIONAL { ?x ex:p ?y } }",
)
# Of what is a text, a number, another literal or a node.
CALLS = (
    "SELECT ?x (STRBEFORE(?x, 'b') AS ?a) (STRAFTER(?x, 'b') AS ?b) { ?s ex:q ?x }",
    "SELECT ?x (UCASE(?x) AS ?a) (LCASE(?x) AS ?b) { ?s ex:q ?x }",
    "SELECT ?x (SUBSTR(?x, 1, 1) AS ?a) (CONCAT(?x, 'c') AS ?b) { ?s ex:q ?x }",
    "SELECT ?x (LANGMATCHES(LANG(?x), 'en') AS ?a) { ?s ex:q ?x }",
    # Of ex:s only IRIs are the objects, of ex:lit only literals.
    "SELECT * { ?s ex:p ?o OPTIONAL { ?s ex:s ?x } BIND(ISIRI(?x) AS ?a) BIND(!ISIRI(?x) AS ?b) }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?s ex:lit ?x } BIND(ISLITERAL(?x) AS ?a) }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?s ex:lit ?x } FILTER(!ISLITERAL(?x)) }",
    "SELECT * { ?s ex:s ?o BIND(BOUND(?none) AS ?a) FILTER(!BOUND(?none)) }",
    "SELECT ?x (?x * 2 AS ?a) (?x * 2.5 AS ?b) (?x * ?x AS ?c) { ?s ex:q ?x }",
)
PATHS = (
    "SELECT * { ?s ex:p+ ?o }",
    "SELECT * { ?s ex:p* ?o }",
    "SELECT * { ?s (ex:p|ex:q)* ?o }",
    "SELECT * { ?s ex:p? ?o }",
    "SELECT * { ?s (ex:p/ex:p?) ?o }",
    "SELECT * { ?s (ex:p?/ex:q?) ?o }",
    "SELECT * { ?s (ex:p?|ex:q) ?o }",
    "SELECT * { ?s ^(ex:p/ex:q) ?o }",
    "SELECT * { ?s (^ex:p|ex:q)+ ?o }",
    "SELECT * { ?s !(ex:p|^ex:q) ?o }",
    "SELECT * { ?s ex:p|ex:q ?o }",
    "SELECT * { ?s (ex:p/ex:q?)+ ?o }",
    "SELECT * { ex:b (^ex:p|ex:q) ?o }",
    "SELECT * { ?s (^ex:p|ex:s) ex:b }",
    "SELECT * { ?s ex:p/ex:p/ex:p ?s }",
    "SELECT * { ex:a ex:p* ex:a }",
    "SELECT * { ex:none ex:p* ex:none }",
    "SELECT * { ex:none ex:p? ex:other }",
    "SELECT * { ex:none ex:p* ?o }",
    "SELECT * { ?s ex:p* 'none' }",
    "SELECT * { ?s ex:p+ ex:a }",
    "SELECT * { ?s (ex:p*)+ ex:a }",
    "SELECT * { ?s ex:s ?x . ?x ex:p+ ?o }",
    "SELECT * { ?s ex:p* ?s }",
    "SELECT * { VALUES ?s { 5 ex:b } ?s ex:p* ?o }",
    "SELECT * { GRAPH ?g { ?s ex:p/ex:p ?o } }",
    "SELECT * { GRAPH ?g { ?s ex:p+ ?o } }",
    "SELECT * { GRAPH ?g { ?s ex:p* ?o } }",
    "SELECT * { GRAPH ?g { ?s (ex:p|ex:q)* ?g } }",
    "SELECT * { GRAPH ?g { ex:a ex:p? ?o } }",
    "SELECT * { GRAPH ex:g { ex:a ex:p* ex:none } }",
    "SELECT * { GRAPH ex:g { ?s (ex:p|^ex:q)+ ?o } }",
)
GRAPHS = (
    "SELECT * { GRAPH ?g { ?s (ex:p/ex:q)? ?o } }",
    "SELECT * { GRAPH ?g { ?s (ex:p/ex:q)+ ?o } }",
    "SELECT * { GRAPH ?g { ?g ex:q ?o } }",
    "SELECT * { GRAPH ?g { ?s ex:q ?g } }",
    "SELECT * { GRAPH ?g { ?s ex:p ?o } GRAPH ?g { ?s ex:p ?x } }",
    "SELECT * { GRAPH ?g { VALUES ?x { 1 2 } } }",
    "SELECT * { GRAPH ?g { BIND(1 AS ?x) OPTIONAL { ?s ex:p ?o } } }",
    "SELECT * { GRAPH ?g { ?s ex:p ?o MINUS { ?x ex:q ?o } } }",
    "SELECT * { GRAPH ?g { ?s ex:p ?o MINUS { ?x ex:q ?y } } }",
    "SELECT * { GRAPH ?g { ?s ex:p ?o MINUS { ?x ex:q ?y OPTIONAL { ?y ex:none ?s } } } }",
    "SELECT * { GRAPH ?g { ?s ex:p ?o FILTER EXISTS { ?x ex:q ?y } } }",
    "SELECT * { GRAPH ?g { SELECT DISTINCT ?s { ?s ex:p ?o } } }",
    "SELECT * { GRAPH ?g { SELECT (SUM(?o) AS ?n) (MIN(?s) AS ?m) { ?s ex:p ?o } } }",
    "SELECT * { GRAPH ?g { SELECT ?s (COUNT(*) AS ?n) { ?s ex:p ?o } GROUP BY ?s } }",
    "SELECT * { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ex:p ?o } HAVING(COUNT(*) > 1) } }",
    "SELECT * { GRAPH ?g { SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?s ?o OFFSET 1 LIMIT 1 } }",
    "SELECT * { GRAPH ex:none { VALUES ?x { 1 } } }",
    "SELECT * FROM ex:g FROM ex:h { ?s ex:p ?o }",
    "SELECT * FROM NAMED ex:g { GRAPH ?g { ?s ex:p ?o } }",
    "SELECT * FROM NAMED ex:g { GRAPH ex:h { ?s ex:p ?o } }",
    "SELECT * FROM ex:h { GRAPH ex:h { ?s ex:p ?o } }",
    "SELECT * FROM ex:h FROM NAMED ex:g { ?s ex:p ?o GRAPH ?g { ?s ex:p ?x } }",
)
EXISTS = (
    "SELECT * { ?s ex:p ?o FILTER EXISTS { ?o ex:q ?x } }",
    "SELECT * { ?s ex:p ?o FILTER NOT EXISTS { ?o ex:q ?x . ?x ex:p ?y } }",
    "SELECT * { ?s ex:p ?o OPTIONAL { ?s ex:s ?z } FILTER EXISTS { ?o ex:p ?z } }",
    "SELECT * { ?s ex:p ?o FILTER EXISTS { ?o ex:p ?x FILTER(?x != ?s) } }",
    "SELECT * { ?s ex:p ?o FILTER EXISTS { ?o ex:p+ ?s } }",
    "SELECT * { ?s ex:p ?o FILTER EXISTS { { ?o ex:r ?x } UNION { ?s ex:r ?x } } }",
    "SELECT * { ?s ex:p ?o FILTER EXISTS { ?o ex:p ?x FILTER NOT EXISTS { ?x ex:s ?s } } }",
    "SELECT * { ?s ex:p ?o FILTER EXISTS { { ?o ex:p ?x FILTER(?x != ?s) } ?x ex:p+ ?y } }",
    "SELECT (EXISTS { ?s ex:s ?x } AS ?e) ?s { ?s ex:p ?o }",
    "SELECT * { FILTER NOT EXISTS { } }",
    "SELECT * { BIND(EXISTS { ex:a ex:p ex:b } AS ?e) }",
)
GROUPS = (
    "SELECT ?p (COUNT(?x) AS ?n) (COUNT(DISTINCT ?s) AS ?m) { ?s ?p ?o OPTIONAL { ?o ex:q ?x } }"
    " GROUP BY ?p",
    "SELECT ?t (SUM(?o) AS ?n) (AVG(?o) AS ?m) { ?s ex:p|ex:q ?o BIND(STR(?s) AS ?t) } GROUP BY ?t",
    "SELECT (COUNT(DISTINCT *) AS ?n) { ?s ex:p|ex:q ?o }",
    "SELECT (MAX(?o) AS ?n) (MIN(?o) AS ?m) { ?s ex:p|ex:q ?o FILTER(isNumeric(?o)) }",
    "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING(COUNT(*) > 2)",
    "SELECT (COUNT(*) AS ?n) { ?s ex:none ?o } GROUP BY ?s",
    "SELECT (COUNT(*) AS ?n) { ?s ex:none ?o } HAVING(COUNT(*) < 1)",
    "SELECT (1 AS ?n) { ?s ex:p ?o } GROUP BY ?none",
    "SELECT (COUNT(*) AS ?n) { ?s ex:p ?o } GROUP BY ?none",
    "SELECT (COUNT(*) AS ?n) { ?s ex:none ?o } GROUP BY ?none",
    "SELECT DISTINCT ?o { ?s ?p ?o }",
    "SELECT DISTINCT (STR(?o) AS ?t) { ?s ?p ?o }",
)
# As a list: in order, and cut.
ORDERS = (
    "SELECT ?s ?o { ?s ex:p ?o } ORDER BY DESC(?o) ?s",
    "SELECT ?s ?o { ?s ex:p|ex:q ?o } ORDER BY ?o ?s",
    "SELECT ?s ?x { ?s ex:p ?o OPTIONAL { ?o ex:q ?x } } ORDER BY ?x ?s ?o",
    "SELECT ?s ?x { ?s ex:p ?o OPTIONAL { ?o ex:q ?x } } ORDER BY DESC(?x) ?s ?o",
    "SELECT ?s ?o { ?s ex:p|ex:q ?o } ORDER BY STR(?o) ?s LIMIT 3",
    "SELECT ?s ?o { ?s ex:p|ex:q ?o } ORDER BY ?o ?s OFFSET 2 LIMIT 2",
    "SELECT ?s ?o { ?s ex:p|ex:q ?o } ORDER BY ?o ?s OFFSET 5",
    "SELECT DISTINCT ?s { ?s ex:p ?o } ORDER BY DESC(?s) LIMIT 2",
    # The first solution of those that become one has its place.
    "SELECT DISTINCT ?s { ?s ex:p ?o } ORDER BY ?o",
    "SELECT DISTINCT ?s { ?s ex:p ?o } ORDER BY DESC(?o) LIMIT 2",
    "SELECT DISTINCT ?s { VALUES (?s ?x ?y) { (1 1 9) (1 2 1) (2 1 5) } } ORDER BY ?x ?y",
    "SELECT DISTINCT ?s { VALUES (?s ?x ?y) { (1 1 1) (1 2 9) (2 2 5) } } ORDER BY DESC(?x) ?y",
    "SELECT DISTINCT ?s { VALUES (?s ?x) { (1 UNDEF) (1 5) (2 3) } } ORDER BY ?x",
    "SELECT DISTINCT ?s ?x { VALUES (?s ?x ?y) { (1 1 2) (1 1 8) (2 1 5) } } ORDER BY ?x ?y",
    "SELECT DISTINCT ?s { ?s ex:p ?o } ORDER BY DESC(STR(?s))",
    "SELECT DISTINCT ?s { ?s ex:p ?o } ORDER BY STRLEN(STR(?o)) ?s",
    "SELECT DISTINCT * { VALUES () { () () } } ORDER BY (1)",
    "SELECT DISTINCT ?x { VALUES (?x ?y) { (1 1) (1 2) } } ORDER BY (EXISTS { ?y ex:p ex:b })",
    "SELECT ?x { VALUES ?x { 'a!' 'a' 'b' } } ORDER BY ?x",
    # By datatype, then by value.
    "SELECT ?x { VALUES ?x { 'b'^^ex:a 'a'^^ex:b ex:z 5 'c'@en true } } ORDER BY DESC(?x)",
    "SELECT ?x { VALUES ?x { '2020-01-01T00:00:00Z'^^xsd:dateTime"
    " '2020-01-01T01:00:00+02:00'^^xsd:dateTimeStamp '2020-01-01T00:00:01Z'^^xsd:dateTimeStamp"
    " '2020-01-01T00:00:02.5Z'^^xsd:dateTime } } ORDER BY ?x",
    "SELECT ?k { { BIND(BNODE() AS ?x) BIND(1 AS ?k) } UNION { BIND(ex:a AS ?x) BIND(2 AS ?k) }"
    " UNION { BIND('a' AS ?x) BIND(3 AS ?k) } UNION { BIND(1 AS ?x) BIND(4 AS ?k) }"
    " UNION { BIND(0 AS ?k) } } ORDER BY ?x",
    "SELECT ?n { { SELECT (COUNT(*) AS ?n) ?s { ?s ?p ?o } GROUP BY ?s ORDER BY ?n OFFSET 1 } }"
    " ORDER BY ?n",
)


@pytest.fixture(scope="module")
def quads() -> list[ox.Quad]:
    return list(ox.parse(DATA, ox.RdfFormat.TRIG))


@pytest.fixture(scope="module")
def table(quads: list[ox.Quad], tmp_path_factory: pytest.TempPathFactory) -> Table:
    connection = duckdb.connect(config={"threads": 1})
    return table_of(quads, tmp_path_factory.mktemp("patterns") / "table", connection=connection)


@pytest.mark.parametrize("texts", [JOINS, CALLS, PATHS, GRAPHS, EXISTS, GROUPS, ORDERS])
def test_patterns_are_answered_as_the_evaluator_answers_them(texts, quads, table):
    data = dataset_of(quads)
    for text in texts:
        query = guard(text, "a query", PREFIXES)
        expected = evaluate(translate(query.tree, PREFIXES, EX), data)
        found = table.ask(query, PREFIXES, EX)
        if texts is ORDERS:
            rows = [dict(zip(found.columns, row, strict=True)) for row in found]
            assert [{k: v for k, v in row.items() if v} for row in rows] == expected, text
        else:
            assert exact_answer(found) == exact_answer(expected), text


def test_a_variable_has_the_kinds_that_all_its_patterns_have(table):
    """What is a subject is never compared as a literal."""
    for text in ("?s ex:p ?x . ?x ex:q ?y", "?x ex:p ?y . ?s ex:q ?x"):
        query = guard(f"SELECT * {{ {text} FILTER(?x < 5) }}", "a query", PREFIXES)
        assert "python_test" not in table.compiled(query, PREFIXES, EX)[1].sql
        assert list(table.ask(query, PREFIXES, EX)) == []


def test_a_path_within_exists_is_followed_once_and_not_for_each_solution_around_it(table):
    for test, seeds in (("?a != ex:b", True), ("?a != ?s", False)):
        text = f"{{ ?x ex:q ?a FILTER({test}) }} ?x ex:p+ ?s"
        query = guard(f"SELECT * {{ ?s ex:p ?o FILTER EXISTS {{ {text} }} }}", "a", PREFIXES)
        sql = table.compiled(query, PREFIXES, EX)[1].sql
        assert ("IN (SELECT" in sql) is seeds, sql


def test_the_order_of_a_query_within_another_is_not_made(table):
    for cut, sorts in (("", 0), ("LIMIT 2", 1)):
        text = f"SELECT ?s {{ {{ SELECT ?s {{ ?s ex:p ?o }} ORDER BY ?o {cut} }} }}"
        query = guard(text, "a query", PREFIXES)
        assert table.compiled(query, PREFIXES, EX)[1].sql.count("ORDER BY") == sorts


def test_solutions_that_are_alike_and_have_one_place_are_not_numbered(table):
    """DuckDB takes three times as long to find which of them is the first."""
    text = "SELECT DISTINCT ?s ?o {{ ?s ex:p ?o . ?o ex:p ?x }} ORDER BY {}"
    for by, numbered in (("?o DESC(STR(?s))", False), ("?o ?x", True), ("?x", True)):
        query = guard(text.format(by), "a query", PREFIXES)
        assert ("row_number" in table.compiled(query, PREFIXES, EX)[1].sql) is numbered


OF_SUBJECTS = (
    "SELECT * { ex:a ?p ?o }",
    "SELECT * { ex:a ?p ?o . ?o ?q ?x OPTIONAL { ex:b ?r ?x } }",
    "SELECT * { GRAPH ?g { ex:a ?p ?o } }",
    "SELECT * FROM ex:g FROM ex:h { ex:a ?p ?o }",
    "SELECT * { ex:none ?p ?o }",
    "DESCRIBE ex:a",
)


def test_triples_of_a_subject_of_a_large_graph_are_counted_first(quads, table, monkeypatch):
    """So DuckDB knows that they are few, and looks up their texts alone."""
    data = dataset_of(quads)
    for text in OF_SUBJECTS:
        query = guard(text, "a query", PREFIXES)
        monkeypatch.setattr("kg.queries.table.scans.COUNTED_FROM", 5_000_000)
        expected = exact_answer(table.ask(query, PREFIXES, EX))
        assert "LIMIT" not in table.compiled(query, PREFIXES, EX)[1].sql
        monkeypatch.setattr("kg.queries.table.scans.COUNTED_FROM", -1)
        assert exact_answer(table.ask(query, PREFIXES, EX)) == expected, text
        if not text.startswith("DESCRIBE"):
            assert "LIMIT" in table.compiled(query, PREFIXES, EX)[1].sql, text
            assert exact_answer(evaluate(translate(query.tree, PREFIXES, EX), data)) == expected
