"""Days with times in the table engine: SQL compares, sorts and takes apart as Python does."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from kg.queries.engine import Rows
from kg.queries.table.engine import Table
from kg.queries.table.functions import python_call, python_test
from kg.queries.table.ordering import python_order
from kg.sparql.guard import guard
from kg.terms import XSD, literal
from tests.query.tables import table_of

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
# Those of the first line are in ids; the last lines are left to Python, or are no days.
FORMS = (
    *("2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-01-01T14:00:00", "2019-12-31T09:59:59Z"),
    *("2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.000001", "2020-01-01T01:00:00+01:00"),
    *("2019-12-31T10:00:00-14:00", "2020-01-01T05:30:00.25+05:30", "1969-12-31T23:59:59.999999Z"),
    *("2020-01-01T00:00:00.000", "0001-01-01T00:00:00.5", "1582-10-10T01:02:03.25Z"),
    *("2019-12-31T24:00:00Z", "2020-01-01T00:00:00.0000000Z", "-0044-03-15T12:00:00Z"),
    *("2020-02-30T00:00:00.5Z", "2020-01-01T00:00:00.5+14:30", "2020-01-01"),
    *("2020-01-01T00:00:00.0000001Z", "2020-01-01T00:00:00.0000001"),
)
USUAL = 13
TERMS = [literal(form, f"{XSD}dateTime") for form in FORMS]
ORDER = [*TERMS, literal("x"), literal("1", f"{XSD}integer"), literal("2020-01-01", f"{XSD}date")]


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Table:
    lines = [f"<{EX}s{n}> <{EX}t> {term} ." for n, term in enumerate(ORDER)]
    lines += [f"<{EX}i{n}> <{EX}inline> {term} ." for n, term in enumerate(TERMS[:4])]
    lines += [f"<{EX}u{n}> <{EX}usual> {term} ." for n, term in enumerate(TERMS[:USUAL])]
    quads = ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES)
    return table_of(quads, tmp_path_factory.mktemp("instants") / "table")


def ask(table: Table, text: str) -> list[tuple[str | None, ...]]:
    found = table.ask(guard(text, "a query", PREFIXES), PREFIXES)
    assert isinstance(found, Rows)
    return [tuple(row) for row in found]


def truth(value: bool | None) -> str | None:
    return None if value is None else literal(str(value).lower(), f"{XSD}boolean")


SIGNS = ("<", "<=", ">", ">=", "=")
ALL = " ".join(f"(?a {sign} ?b AS ?v{n})" for n, sign in enumerate(SIGNS))
# What stands on both sides: what ids hold, what the table of terms holds, what is computed.
SIDES = (
    "?s ex:t ?a . ?z ex:t ?b",
    "?s ex:inline ?a . ?z ex:inline ?b",
    "?s ex:inline ?a . ?z ex:t ?b",
    "?s ex:t ?x BIND(STRDT(STR(?x), DATATYPE(?x)) AS ?a) ?z ex:t ?b",
)


@pytest.mark.parametrize("pattern", SIDES)
def test_instants_compare_in_sql_as_in_python(table, pattern):
    rows = ask(table, f"SELECT ?a ?b {ALL} {{ {pattern} FILTER(DATATYPE(?b) = xsd:dateTime) }}")
    assert len(rows) >= len(TERMS[:4]) ** 2
    for a, b, *found in rows:
        expected = [truth(python_test(sign, a, b)) for sign in SIGNS]
        assert found == expected, (a, b)


def test_instants_compare_with_those_of_the_query(table):
    for term in TERMS:
        known = " ".join(f"(?a {sign} {term} AS ?v{n})" for n, sign in enumerate(SIGNS))
        for a, *found in ask(table, f"SELECT ?a {known} {{ ?s ex:t ?a }}"):
            assert found == [truth(python_test(sign, a, term)) for sign in SIGNS], (a, term)


def test_usual_instants_are_compared_without_a_call_of_python(table, monkeypatch):
    monkeypatch.setattr("kg.queries.table.functions.compare", None)
    rows = ask(table, f"SELECT ?a ?b {ALL} {{ ?s ex:usual ?a . ?z ex:usual ?b }}")
    assert len(rows) == USUAL**2
    for term in TERMS[:USUAL]:
        known = " ".join(f"({term} {sign} ?a AS ?v{n})" for n, sign in enumerate(SIGNS))
        assert len(ask(table, f"SELECT ?a {known} {{ ?s ex:usual ?a }}")) == USUAL


def test_usual_instants_are_sorted_by_sql_as_by_python(table):
    query = "SELECT ?a { ?s ex:t ?a FILTER(DATATYPE(?a) = xsd:dateTime) } ORDER BY ?a ?s"
    rows = [a for (a,) in ask(table, query)]
    keys = [python_order(a) for a in rows if a]
    assert len(rows) == len(TERMS)
    usual = [key for key in keys if key and key[:2] == "01"]
    assert usual == sorted(usual)
    assert len(usual) >= 12


@pytest.mark.parametrize("part", ["YEAR", "MONTH", "DAY", "HOURS", "MINUTES"])
def test_parts_are_those_of_python(table, part):
    for a, found in ask(
        table, f"SELECT ?a ({part}(?a) AS ?v) {{ ?s ex:t ?a FILTER(?s != ex:s13) }}"
    ):
        assert found == python_call(part, [a]), a


def test_what_ids_hold_is_not_asked_of_python(table):
    """Python takes fifty times as long."""
    for text in ("?a > ?b", "?a = ?b", "?a >= '2020-01-01T00:00:00Z'^^xsd:dateTime"):
        query = f"SELECT ?a {{ ?s ex:inline ?a . ?r ex:inline ?b FILTER({text}) }}"
        tree = guard(query, "a query", PREFIXES)
        _, compiled = table.compiled(tree, PREFIXES)
        assert "python_test" not in compiled.sql
