"""Durations, days and times: sums, order and equality as the plain evaluator has them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.queries.engine import Rows
from kg.queries.table.durations import date_of, days_since
from kg.queries.table.functions import python_call, python_test
from kg.queries.table.ordering import python_order
from kg.sparql.guard import guard
from kg.terms import XSD, literal
from tests.query.tables import table_of
from tests.sparql.functions import FUNCTIONS
from tests.sparql.values import SparqlError, equals, less, order_key

EX = "http://example.org/"
FORMS = {
    "dayTimeDuration": ["P1D", "PT24H", "P30D", "-PT1.50S", "PT0S", "P31DT1M"],
    "yearMonthDuration": ["P1M", "P12M", "P1Y", "-P14M", "P0M"],
    "duration": ["P1M", "P30D", "P27D", "P1Y2M3DT4H5M6.7S", "-P1D", "P400Y"],
    "date": ["2020-01-31", "2020-02-29Z", "1999-12-31-05:00"],
    "dateTime": ["2020-03-31T00:00:00", "2020-01-31T23:59:59.50Z", "2019-02-28T24:00:00+01:00"],
    "integer": ["1"],
    "time": ["10:00:00", "23:59:59.50-01:00", "24:00:00", "00:00:00Z"],
    "dateTimeStamp": ["2020-03-31T00:00:00Z"],
    "gYear": ["2020", "2019Z"],
    "gYearMonth": ["2020-02", "2020-12"],
    "gMonth": ["--02"],
    "gMonthDay": ["--02-29", "--03-01"],
    "gDay": ["---31"],
}
TERMS = [literal(form, XSD + name) for name, forms in FORMS.items() for form in forms]
SPANS = [term for term in TERMS if "uration" in term]


def plainly(call: Callable[..., object], *operands: str) -> object:
    try:
        return call(*operands)
    except SparqlError:
        return None


@pytest.mark.parametrize("sign", "+-")
def test_sums_are_those_of_the_evaluator(sign: str) -> None:
    for pair in product(TERMS, repeat=2):
        assert python_call(sign, pair) == plainly(FUNCTIONS[sign], *pair), (sign, pair)
    for term in SPANS:
        assert python_call(f"{sign}1", [term]) == plainly(FUNCTIONS[sign], term), (sign, term)


def test_order_and_equality_are_those_of_the_evaluator() -> None:
    for pair in product(TERMS, repeat=2):
        assert python_test("=", *pair) == plainly(equals, *pair), pair
        assert python_test("<", *pair) == plainly(less, *pair), pair
        if python_test("<", *pair):
            assert str(python_order(pair[0])) < str(python_order(pair[1])), pair
            assert order_key(pair[0]) < order_key(pair[1]), pair


PARTS = ("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS", "TZ", "TIMEZONE")


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_those_of_the_evaluator(part: str) -> None:
    # The end of a day is another day's; it is refused where there is a day.
    for term in (each for each in TERMS if "T24" not in each):
        assert python_call(part, [term]) == plainly(FUNCTIONS[part], term), term


def test_a_day_is_found_by_its_number_again() -> None:
    for days in range(-800_000, 800_000, 97):
        assert days_since(*date_of(days)) == days
    assert date_of(days_since(2000, 2, 29)) == (2000, 2, 29)


def test_order_by_min_and_max_have_the_order_of_durations_of_all_datatypes(tmp_path) -> None:
    names = {"P1Y": "duration", "P2M": "yearMonthDuration", "P40D": "dayTimeDuration"}
    names |= {"P3M": "duration", "P13M": "yearMonthDuration", "P0M": "yearMonthDuration"}
    terms = [literal(form, XSD + name) for form, name in names.items()]
    data = "".join(f"<{EX}{n}> <{EX}span> {term} .\n" for n, term in enumerate(terms))
    table = table_of(ox.parse(data, ox.RdfFormat.N_QUADS), tmp_path / "table")

    def asked(text: str) -> list[str]:
        found = table.ask(guard(text, "a query", {"ex": EX}), {"ex": EX})
        assert isinstance(found, Rows)
        return [str(cell).split('"')[1] for row in found for cell in row]

    expected = ["P0M", "P40D", "P2M", "P3M", "P1Y", "P13M"]
    assert asked("SELECT ?x { ?s ex:span ?x } ORDER BY ?x") == expected
    assert sorted(names, key=lambda form: order_key(literal(form, XSD + names[form]))) == expected
    assert asked("SELECT (MIN(?x) AS ?a) (MAX(?x) AS ?b) { ?s ex:span ?x }") == ["P0M", "P13M"]


@pytest.mark.parametrize("form", [f"P{'9' * 5000}Y", f"PT{'9' * 500}.5S"])
def test_durations_of_too_many_digits_are_refused_in_plain_words(form: str, tmp_path) -> None:
    data = f"<{EX}a> <{EX}span> {literal(form, f'{XSD}duration')} .\n"
    table = table_of(ox.parse(data, ox.RdfFormat.N_QUADS), tmp_path / "table")
    text = 'SELECT (?x + "P1Y"^^<http://www.w3.org/2001/XMLSchema#duration> AS ?y) { ?s ?p ?x }'
    with pytest.raises(InputError, match="a duration has more digits than it reckons with"):
        list(table.ask(guard(text, "a query", {}), {}))


def test_durations_of_a_graph_are_sorted_and_compared(tmp_path) -> None:
    forms = FORMS["dayTimeDuration"]
    data = "".join(
        f"<{EX}{n}> <{EX}span> {literal(form, f'{XSD}dayTimeDuration')} ."
        f"\n<{EX}{n}> <{EX}day> {literal(f'2020-01-0{n + 1}', f'{XSD}date')} .\n"
        for n, form in enumerate(forms)
    )
    table = table_of(ox.parse(data, ox.RdfFormat.N_QUADS), tmp_path / "table")

    def asked(text: str) -> list[str]:
        prefixes = {"ex": EX, "xsd": XSD}
        found = table.ask(guard(text, "a query", prefixes), prefixes)
        assert isinstance(found, Rows)
        return [str(row[0]).removeprefix(f"<{EX}").split('"')[-2 if '"' in str(row[0]) else 0]
                .removesuffix(">") for row in found]  # fmt: skip

    assert asked("SELECT ?s { ?s ex:span ?x } ORDER BY ?x ?s") == ["3", "4", "0", "1", "2", "5"]
    assert asked("SELECT (MAX(?x) AS ?m) { ?s ex:span ?x }") == ["P31DT1M"]
    assert asked("SELECT (MIN(?x) AS ?m) { ?s ex:span ?x }") == ["-PT1.50S"]
    long = 'FILTER(?x > "PT36H"^^xsd:dayTimeDuration)'
    assert asked(f"SELECT ?s {{ ?s ex:span ?x {long} }} ORDER BY ?s") == ["2", "5"]
    assert asked("SELECT (?d + ?x AS ?y) { ex:2 ex:day ?d ; ex:span ?x }") == ["2020-02-02"]
    ends = asked("SELECT (MAX(?d + ?x) AS ?y) { ?s ex:day ?d ; ex:span ?x }")
    assert ends == ["2020-02-06"]
