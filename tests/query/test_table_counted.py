"""Counts that the statistics have are answered without a scan, and are right."""

from __future__ import annotations

from unittest.mock import patch

import pyoxigraph as ox
import pytest

from kg.queries.engine import Rows
from kg.queries.table.counted import Counted
from kg.queries.table.engine import Table
from kg.queries.table.scans import MERGED
from kg.sparql.guard import guard
from tests.query.tables import table_of

EX = "http://example.org/"
PREFIXES = {"ex": EX, "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
# A triple of two graphs counts once.
DATA = f"""
PREFIX ex: <{EX}>
ex:a a ex:C, ex:D ; ex:p 1, 01 . ex:b a ex:C .
GRAPH ex:g {{ ex:a a ex:C ; ex:p 1 . ex:c a "odd" ; ex:q ex:a . }}
GRAPH ex:h {{ ex:c ex:q ex:a , ex:b . }}
"""
WITHOUT_SCAN = (
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(DISTINCT *) AS ?n) { ?s ex:q ?o }",
    "SELECT (COUNT(?o) AS ?n) (COUNT(*) AS ?m) { ?s ex:p ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s ex:none ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s a ex:C }",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a ex:C }",
    "SELECT (COUNT(*) AS ?n) { ?s a ex:None }",
    "SELECT (COUNT(*) AS ?n) { [] a [] }",
    "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c",
    "SELECT ?p (COUNT(?s) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING (COUNT(?s) > 1) ORDER BY ?n",
    "SELECT DISTINCT ?p { ?s ?p ?o }",
    "SELECT DISTINCT ?c { ?s a ?c }",
    "SELECT ?n { { SELECT (COUNT(*) AS ?n) { ?s ex:p ?o } } }",
)
WITH_SCAN = (
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?s }",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ex:p ?o }",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s ex:p 1 }",
    "SELECT (COUNT(*) AS ?n) { ex:a ex:p ?o }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ex:p ?o } }",
    "SELECT (COUNT(*) AS ?n) FROM ex:g { ?s ex:p ?o }",
    "SELECT (SUM(?o) AS ?n) { ?s ex:p ?o }",
    "SELECT (COUNT(?x) AS ?n) { ?s ex:p ?o }",
    "SELECT ?o (COUNT(*) AS ?n) { ?s ex:p ?o } GROUP BY ?o",
    "SELECT ?s (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?s",
    "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c",
    "SELECT DISTINCT ?o { ?s ex:p ?o }",
    "SELECT DISTINCT ?c { ?s a ?c } ORDER BY ?c",
    "SELECT DISTINCT ?p ?s { ?s ?p ?o }",
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("counted") / "table"
    return table_of(ox.parse(DATA, ox.RdfFormat.TRIG), folder, MERGED)


@pytest.mark.parametrize("text", [*WITHOUT_SCAN, *WITH_SCAN])
def test_a_count_is_the_same_with_and_without_a_scan(text: str, table: Table) -> None:
    query = guard(text, "a query", PREFIXES)
    found = table.ask(query, PREFIXES)
    assert isinstance(found, Rows)
    rows = sorted(found, key=str)
    sql = table.compiled(query, PREFIXES)[1].sql
    scans = [name for name in ("spo", "pso", "pos") if f"FROM {name}" in sql]
    assert bool(scans) is (text in WITH_SCAN), sql
    with (
        patch.object(Counted, "groups", return_value=None),
        patch.object(Counted, "distinct", return_value=None),
    ):
        scanned = table.ask(query, PREFIXES)
        assert isinstance(scanned, Rows)
        assert rows == sorted(scanned, key=str)


def test_a_graph_of_many_classes_is_scanned(table: Table) -> None:
    query = guard(WITHOUT_SCAN[8], "a query", PREFIXES)
    with patch("kg.queries.table.counted._MOST", 2):
        assert "FROM p" in table.compiled(query, PREFIXES)[1].sql
