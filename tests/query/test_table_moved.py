"""Days and times with a duration added, in SQL: the sum, how it compares, and its order."""

from __future__ import annotations

import itertools
import random

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
DAYS = (
    *("2020-01-31", "2020-02-29", "2021-03-31", "1970-01-01", "0001-01-01", "9999-12-31"),
    *("1999-12-31", "1582-10-10", "0044-03-15", "2020-02-01"),
)
CLOCKS = ("00:00:00Z", "00:00:00", "23:59:59Z", "12:30:01")
DURATIONS = {
    "duration": ("P1M", "-P1M", "P1Y2M3DT4H5M6S", "P0M", "-P13MT1S", "PT0.5S", "P1", "P9000Y"),
    "dayTimeDuration": ("P1D", "-P1D", "PT23H", "-PT1S", "PT86400S", "P400D", "-PT36H", "PT0.25S"),
    "yearMonthDuration": ("P1M", "-P1Y", "P14M", "P200000Y"),
}
DATES = [literal(day, f"{XSD}date") for day in DAYS]
TIMES = [literal(f"{d}T{c}", f"{XSD}dateTime") for d, c in zip(DAYS, CLOCKS * 3, strict=False)]
ADDED = [literal(text, f"{XSD}{name}") for name, texts in DURATIONS.items() for text in texts]
# Days with a zone, and what is no day, are left to Python.
ODD = [literal(text, f"{XSD}date") for text in ("2020-01-31Z", "2020-02-30", "-0044-03-15")]
SIGNS = ("<", "<=", ">", ">=", "=")


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Table:
    terms = {"day": DATES, "time": TIMES, "any": [*DATES, *TIMES, *ODD, literal("x")]}
    lines = [
        f"<{EX}{name}{n}> <{EX}{name}> {term} ."
        for name, those in terms.items()
        for n, term in enumerate(those)
    ]
    quads = ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES)
    return table_of(quads, tmp_path_factory.mktemp("moved") / "table")


def ask(table: Table, text: str) -> list[tuple[str | None, ...]]:
    found = table.ask(guard(text, "a query", PREFIXES), PREFIXES)
    assert isinstance(found, Rows)
    return [tuple(row) for row in found]


@pytest.mark.parametrize("name", ["day", "time", "any"])
def test_sums_are_those_of_python(table, name):
    for added in ADDED:
        sums = f"(?a + {added} AS ?v) ({added} + ?a AS ?w) (?a - {added} AS ?x)"
        for a, *found in ask(table, f"SELECT ?a {sums} {{ ?s ex:{name} ?a }}"):
            more, less = (python_call(sign, [a, added]) for sign in "+-")
            assert found == [more, more, less], (a, added)


def test_computed_days_compare_as_in_python(table):
    rng = random.Random(5)
    listed = [*DATES, *ODD, TIMES[0], literal("x"), literal("7", f"{XSD}integer")]
    for added, other in itertools.product(rng.sample(ADDED, 4), rng.sample(listed, 5)):
        both = f"BIND(?a + {added} AS ?b) BIND(COALESCE({other}) AS ?c)"
        tests = " ".join(
            f"(?b {sign} {right} AS ?v{n}{m})"
            for n, sign in enumerate(SIGNS)
            for m, right in enumerate(("?z", other, "?c"))
        )
        text = f"SELECT ?b ?z {tests} {{ ?s ex:day ?a . ?t ex:any ?z {both} }}"
        for b, z, *found in ask(table, text):
            expected = [truth(sign, b, right) for sign in SIGNS for right in (z, other, other)]
            assert found == expected, (b, z, other)


def truth(sign: str, left: str | None, right: str | None) -> str | None:
    value = python_test(sign, left, right)
    return None if value is None else literal(str(value).lower(), f"{XSD}boolean")


def test_computed_days_are_sorted_as_in_python(table):
    for added in ('"P1D"^^xsd:dayTimeDuration', '"-P1M"^^xsd:yearMonthDuration'):
        query = (
            f"SELECT ?b {{ ?s ex:any ?a FILTER(DATATYPE(?a) = xsd:date) BIND(?a + {added} AS ?b)"
        )
        rows = [b for (b,) in ask(table, f"{query} FILTER(BOUND(?b)) }} ORDER BY ?b")]
        assert len(rows) == len(DATES) + 2
        keys = [python_order(b) or "" for b in rows]
        assert keys == sorted(keys)
