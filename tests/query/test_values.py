"""Typed values of parameters."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.queries.values import IRI, STRING, ValueType, bad_value, parse_type, sparql_term
from kg.sparql.lexer import Kind, tokens
from kg.terms import XSD

PREFIXES = {"xsd": XSD, "ex": "http://example.org/"}


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("xsd:date", ["2022-11-18", "2024-02-29", "0001-01-01", "-0044-03-15", "2022-01-01Z"],
         ["2022-02-29", "2022-13-01", "18.11.2022", "2022-11-18T00:00:00", "", "22-01-01"]),
        ("xsd:dateTime", ["2022-11-18T01:02:03Z", "2022-11-18T24:00:00", "2022-11-18T01:02:03.5"],
         ["2022-11-18", "2022-11-18T25:00:00", "2022-11-18 01:02:03"]),
        ("xsd:integer", ["7", "-7", "+7", "007", "9" * 5000], ["7.0", "seven", "", "1e3", "١"]),
        ("xsd:nonNegativeInteger", ["0", "7"], ["-1"]),
        ("xsd:byte", ["-128", "127"], ["128"]),
        ("xsd:decimal", ["1.5", ".5", "1.", "-3"], ["1e3", "1,5", "INF"]),
        ("xsd:double", ["1e3", "INF", "NaN", "-1.5"], ["1e", "inf", "one"]),
        ("xsd:boolean", ["true", "false", "1", "0"], ["yes", "TRUE", ""]),
        ("xsd:gYear", ["2022", "-0044"], ["22", "2022-01"]),
        ("xsd:duration", ["P1Y2M", "PT5S", "-P1D"], ["P", "1Y", "PT"]),
        ("xsd:time", ["10:15:00"], ["10:15", "24:00:01"]),
        ("xsd:string", ["", "any\nthing"], []),
        ("ex:unit", ["any thing"], []),
        ("iri", ["http://example.org/a", "<http://example.org/a>", "ex:a", "urn:x:y"],
         ["a b", "ex a", "", "<a>", "no/scheme"]),
        ("@en", ["text"], []),
    ],
)  # fmt: skip
def test_types(kind: str, right: list[str], wrong: list[str]) -> None:
    wanted = parse_type(kind, PREFIXES)
    assert wanted is not None
    for value in right:
        assert sparql_term(value, wanted, PREFIXES) is not None, value
    for value in wrong:
        assert sparql_term(value, wanted, PREFIXES) is None, value
    assert sparql_term(wanted.example, wanted, PREFIXES) is not None
    assert wanted.example in str(bad_value("p", "x", wanted))


@pytest.mark.parametrize("kind", ["xsd:dat", "date", "nope:x", "@", "", "<rel>"])
def test_unknown_types(kind: str) -> None:
    assert parse_type(kind, PREFIXES) is None


@pytest.mark.parametrize("name", ["integer", "date", "decimal", "boolean", "string", "dateTime"])
def test_a_type_reads_as_it_is_written(name: str) -> None:
    wanted = ValueType(XSD + name)
    assert parse_type(str(wanted), PREFIXES) == wanted


def terms_of(term: str) -> object:
    rows = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ {term} }} }}")
    assert isinstance(rows, ox.QuerySolutions)
    (row,) = rows
    return row[0]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@example("\\\x1f")
def test_a_text_is_one_token_and_keeps_its_value(value: str) -> None:
    term = sparql_term(value, STRING, {})
    assert term is not None
    assert [token.kind for token in tokens(term)] == [Kind.STRING]
    assert terms_of(term) == ox.Literal(value)


@given(st.text(alphabet="\\uU0123\"'\n}{<>ab", max_size=12))
def test_a_text_holds_no_escape_of_code_points_of_its_own(value: str) -> None:
    """An engine may replace these before it reads tokens; the value must survive that."""
    term = sparql_term(value, STRING, {})
    assert term is not None
    eager = term.encode().decode()
    for escape, char in (("\\u0075", "u"), ("\\u0055", "U")):
        eager = eager.replace(escape, char)
    assert "\\u0075" not in eager
    assert terms_of(term) == ox.Literal(value)


@given(st.text())
def test_any_iri_is_one_token_or_refused(value: str) -> None:
    term = sparql_term(value, IRI, {})
    if term is not None:
        assert [token.kind for token in tokens(term)] == [Kind.IRI]


def test_surrogates_are_refused() -> None:
    assert sparql_term("\ud800", STRING, {}) is None
    assert sparql_term("http://e/\ud800", IRI, {}) is None
    assert sparql_term("\udfff", ValueType(language="en"), {}) is None
