"""Copies that are held in memory, and answers that come as lines of CSV."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pyoxigraph as ox
import pytest

from kg.duck import engine
from kg.queries.engine import Rows
from kg.queries.rows import csv_lines
from kg.queries.table import held
from kg.queries.table.engine import Table
from kg.sparql.guard import guard
from tests.query.tables import table_of

EX = "http://example.org/"
DATA = rf"""
<{EX}a> <{EX}p> "one, two" , "say \"no\"" , "tab\t\u0001\\n" , "line\nline" , "" , "é"@en .
<{EX}a> <{EX}n> 5 , 05 , 2.50 , "2020-01-31"^^<http://www.w3.org/2001/XMLSchema#date> , true .
<{EX}a,1> <{EX}p> <{EX}a,2> , _:b .
<{EX}c/1> <{EX}p> <{EX}c/2> , <{EX}c/3> .
"""
QUESTIONS = (
    "SELECT ?s ?o { ?s ?p ?o } ORDER BY ?o",
    "SELECT ?o { ?s ex:p ?o }",
    "SELECT ?o ?x { ?s ex:n ?o OPTIONAL { ?o ex:p ?x } }",
    "SELECT ?n ?none { ?s ex:p ?o BIND(CONCAT(STR(?o), ',') AS ?n) }",
    "SELECT ?x { VALUES ?x { UNDEF '' 'a\\nb' <http://e/,> } }",
    "SELECT (COUNT(*) AS ?n) (MAX(?o) AS ?m) { ?s ex:n ?o }",
)


def rows_of(table: Table, text: str) -> Rows:
    found = table.ask(guard(text, "a query", {"ex": EX}), {"ex": EX})
    assert isinstance(found, Rows)
    return found


@pytest.mark.parametrize("few", [0, 24])
def test_lines_of_csv_are_what_the_rows_become(few: int, tmp_path: Path) -> None:
    table = table_of(ox.parse(DATA, ox.RdfFormat.TURTLE), tmp_path / "table")
    with patch("kg.queries.table.relation._FEW", few):  # prefixes in the query, or in their table
        for text in QUESTIONS:
            lines = rows_of(table, text).lines
            assert lines is not None
            assert sorted(lines()) == sorted(csv_lines(rows_of(table, text))), text


def held_by(connection: object) -> list[str]:
    sql = "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'held%' ORDER BY 1"
    return [name for (name,) in connection.execute(sql).fetchall()]  # type: ignore[attr-defined]


def test_what_is_asked_again_is_held_where_it_fits(tmp_path: Path) -> None:
    quads = list(ox.parse(DATA, ox.RdfFormat.TURTLE))
    with engine(threads=1) as connection:
        table = table_of(quads, tmp_path / "table", connection=connection)
        found = [sorted(rows_of(table, QUESTIONS[1]))]
        assert held_by(connection) == []  # who asks once reads the files once
        found.append(sorted(rows_of(table, QUESTIONS[1])))
        assert held_by(connection) == ["held_pso", "held_terms"]
        found.append(sorted(rows_of(table, QUESTIONS[1])))
        assert found == [found[0]] * 3
    with engine(threads=1) as connection, patch.object(held, "_SHARE", 10**9):
        table = table_of(quads, tmp_path / "other", connection=connection)
        assert [sorted(rows_of(table, QUESTIONS[1])) for _ in range(3)] == found
        assert held_by(connection) == []
