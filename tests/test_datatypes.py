"""What is in the lexical space of a datatype; `datatypes_sql` asks DuckDB the same."""

from __future__ import annotations

import duckdb
import pytest

from kg.datatypes import LEXICAL_SPACES, is_lexical_form
from kg.engines.duckdb import patterns
from kg.engines.sql.datatypes import no_such_day
from kg.terms import XSD, split_literal
from tests.datatypes import INVALID, VALID


def test_all_datatypes_are_tried():
    names = {iri.removeprefix(XSD) for iri in LEXICAL_SPACES if iri.startswith(XSD)}
    assert names <= VALID.keys()
    assert names == INVALID.keys()


@pytest.mark.parametrize(("forms", "is_in"), [(VALID, True), (INVALID, False)])
def test_lexical_forms(forms, is_in):
    told_wrongly = [
        (name, text)
        for name, texts in forms.items()
        for text in texts
        if is_lexical_form(split_literal(f'"{text}"').lexical, XSD + name) is not is_in
    ]
    assert told_wrongly == []


def test_a_number_may_be_longer_than_python_reads():
    assert is_lexical_form("0" * 9000 + "7", f"{XSD}byte")
    assert not is_lexical_form("9" * 9000, f"{XSD}byte")
    assert is_lexical_form("9" * 9000, f"{XSD}nonNegativeInteger")


def test_leap_days_are_those_of_the_calendar():
    years = [*range(0, 2402), 9996, 9999, 10000, 10100, 11600, 123456]
    texts = [f"{sign}{year:04}-02-29" for sign in ("", "-") for year in years]
    wrong = no_such_day(patterns, "text")
    query = f"SELECT list(text) FROM (SELECT unnest($texts) AS text) WHERE {wrong}"
    with duckdb.connect() as connection:
        found = connection.execute(query, {"texts": texts}).fetchone()
    assert found == ([text for text in texts if not is_lexical_form(text, f"{XSD}date")],)


def test_other_datatypes_take_any_text():
    assert is_lexical_form("any\nthing", "http://example.org/unit")
