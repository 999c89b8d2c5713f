"""DESCRIBE in the table engine: what it tells, and that it reads no more of a larger graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import duckdb
import pyoxigraph as ox
import pytest

from kg.queries.engine import Triples
from kg.queries.table.engine import Table
from kg.sparql.guard import guard
from kg.table import write
from tests.query.tables import table_of


def connected() -> duckdb.DuckDBPyConnection:
    """Return a connection of its own, so that the other table stays as it is."""
    connection = duckdb.connect(config={"threads": 1})
    write.define_macros(connection)
    return connection


EX = "http://example.org/"
PREFIXES = {"ex": EX}
CHAIN = """
<http://example.org/a> <http://example.org/p> _:one .
_:one <http://example.org/p> _:two .
_:two <http://example.org/p> _:one .
_:two <http://example.org/p> _:three .
_:two <http://example.org/p> <http://example.org/b> .
_:three <http://example.org/q> "end" .
<http://example.org/b> <http://example.org/p> _:four .
_:four <http://example.org/q> "not told of a" .
_:five <http://example.org/p> <http://example.org/a> .
<http://example.org/a> <http://example.org/p> _:inside <http://example.org/g> .
_:inside <http://example.org/q> "in a graph" <http://example.org/g> .
<http://example.org/a> <http://example.org/q> "twice" <http://example.org/g> .
<http://example.org/a> <http://example.org/q> "twice" <http://example.org/h> .
"""


def made(launches: int) -> Iterator[str]:
    """Yield triples of launches; of each a blank node, with another behind it."""
    for n in range(launches):
        yield f'<{EX}launch/{n}> <{EX}label> "launch {n}" .'
        yield f"<{EX}launch/{n}> <{EX}site> <{EX}site-{n % 7}x> ."
        yield f"<{EX}launch/{n}> <{EX}at> _:n{n} ."
        yield f"_:n{n} <{EX}near> _:m{n} ."
        yield f'_:m{n} <{EX}name> "near {n}" .'


def told(table: Table, text: str) -> list[tuple[str, str, str]]:
    found = table.ask(guard(text, "a query", PREFIXES), PREFIXES, EX)
    assert isinstance(found, Triples)
    return list(found)


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> Table:
    quads = ox.parse(CHAIN, ox.RdfFormat.N_QUADS)
    return table_of(quads, tmp_path_factory.mktemp("describe") / "table")


@pytest.mark.parametrize(
    ("query", "triples"),
    [
        ("DESCRIBE ex:a", 6),
        ("DESCRIBE ex:a ex:a", 6),
        ("DESCRIBE ex:b", 2),
        ("DESCRIBE ex:a ex:b ex:nowhere", 8),
        ("DESCRIBE ex:nowhere", 0),
        ("DESCRIBE ?x { ?x ex:q 'end' }", 1),
        ("DESCRIBE ?x { ?y ex:p ?x FILTER(isIRI(?x)) }", 8),
        ("DESCRIBE ?x ex:b { ?x ex:q 'nothing' }", 2),
        ("DESCRIBE ?none { ?x ex:p ?y }", 0),
        ("DESCRIBE ?x { VALUES ?x { ex:b UNDEF } }", 2),
        ("DESCRIBE ex:a FROM ex:g {}", 3),
        ("DESCRIBE ex:a FROM ex:g FROM ex:h {}", 3),
    ],
)
def test_what_is_told_of_terms(chain, query, triples):
    found = told(chain, query)
    assert len(found) == len(set(found)) == triples


def test_the_plan_of_a_describe_has_each_step(chain):
    plan = "\n".join(chain.plan(guard("DESCRIBE ex:a", "a query", PREFIXES), PREFIXES, EX))
    assert plan.count("SQL:") == 5


class Counting:
    """A cursor that counts what statements read of files, and what their joins hold in memory."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self.groups = 0
        self.held = 0

    def execute(self, sql: str) -> Any:
        if "FROM" not in sql or "count(*)" in sql:
            return self._cursor.execute(sql)
        plan = self._cursor.execute(f"EXPLAIN (ANALYZE, FORMAT json) {sql}").fetchall()[0][1]
        for step in json.loads(plan)["operator"]:
            self._add(step)
        return None

    def _add(self, step: dict[str, Any]) -> None:
        if step.get("extra_info", {}).get("Function") == "READ_PARQUET":
            self.groups += int(step["row_groups_scanned"])
        if step["type"] == "HASH_JOIN":
            self.held += int(step["children"][1]["intermediate_rows"])
        for each in step.get("children", ()):
            self._add(each)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Table:
    folder = tmp_path_factory.mktemp("describe") / "large"
    with patch.object(write, "ROW_GROUP", 2048):
        return table_of(
            ox.parse("\n".join(made(1500)), ox.RdfFormat.N_TRIPLES), folder, "true", connected()
        )


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("DESCRIBE <http://example.org/launch/77>", 1),
        (f"DESCRIBE {' '.join(f'<{EX}launch/{n}>' for n in range(10, 110, 10))}", 10),
        ("DESCRIBE ex:nowhere", 1),
        ("DESCRIBE ?x { ?x ex:label 'launch 77' }", 1),
    ],
)
def test_a_describe_holds_no_more_than_it_tells(large, query, terms):
    _, compiled = large.compiled(guard(query, "a query", PREFIXES), PREFIXES, EX)
    assert compiled.steps
    with large._connection.cursor() as cursor:
        counting: Any = Counting(cursor)
        compiled.steps.run(counting)
        counting.execute(compiled.sql)
    assert counting.held <= 80 * terms
    assert counting.groups <= 12 + 2 * terms
