"""What has no value for want of numbers is told; what may have one is not."""

import pytest

from kg.queries.kinds import Facts
from kg.queries.meets import Asked
from kg.queries.valueless import never_remarks, valueless_remarks
from kg.sparql.guard import guard

PREFIXES = {"ex": "http://example.org/"}
KINDS = {
    "day": "D",
    "name": "sl",
    "size": "i",
    "mixed": "is",
    "flag": "b",
    "link": "r",
    "time": "u",
}
FACTS = Facts({f"http://example.org/{name}": frozenset(kinds) for name, kinds in KINDS.items()})


def said(text: str) -> list[str]:
    query = guard(text, "a query", PREFIXES)
    asked = Asked(query, PREFIXES, None, FACTS, lambda: None)
    return [*valueless_remarks(asked), *never_remarks(asked)]


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (
            "SELECT (SUM(?x) AS ?n) { ?s ex:day ?x }",
            "SUM(?x) has no value: it takes numbers, not days",
        ),
        (
            "SELECT (AVG( DISTINCT ?x ) AS ?n) { ?s ex:name ?x }",
            "AVG( DISTINCT ?x ) has no value: it takes numbers, not texts or texts with a language",
        ),
        (
            "SELECT (?x * 2 AS ?n) { ?s ex:link ?x }",
            "?x * 2 has no value: it takes numbers, not nodes",
        ),
        (
            "SELECT ?s { ?s ex:size ?y ; ex:flag ?x FILTER(?y + ?x > 1) }",
            "?y + ?x has no value: it takes numbers, not truth values",
        ),
    ],
)
def test_totals_and_sums_of_what_is_no_number_are_told(text: str, remark: str) -> None:
    assert said(text) == [remark]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (SUM(?x) AS ?n) { ?s ex:size ?x }",
        "SELECT (SUM(?x) AS ?n) { ?s ex:mixed ?x }",
        "SELECT (SUM(?x) AS ?n) { ?s ex:unknown ?x }",
        "SELECT (SUM(STRLEN(?x)) AS ?n) { ?s ex:name ?x }",
        "SELECT (?x - ?y AS ?n) { ?s ex:day ?x , ?y }",
        "SELECT (?x + ?y AS ?n) { ?s ex:day ?x ; ex:time ?y }",
        "SELECT (MAX(?x) AS ?n) { ?s ex:name ?x }",
        "SELECT (COUNT(?x) AS ?n) { ?s ex:day ?x }",
        "SELECT ?s { ?s ex:size ?x FILTER(?x > 100) }",
        "SELECT ?s { ?s ex:size ?x FILTER(?x != 'a') }",
        "SELECT ?s { ?s ex:mixed ?x FILTER(?x > 'a' || ?x < 3) }",
        "SELECT ?s { ?s ex:time ?x FILTER(?x > 'a') }",
        "SELECT ?s { ?s ex:name ?x FILTER(?x = 'a') }",
        "SELECT ?s { ?s ex:link ?x FILTER(?x = ex:a) }",
        "SELECT ?s { ?s ex:unknown ?x FILTER(?x = 'a') }",
    ],
)
def test_what_may_have_a_value_is_not_told(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (
            "SELECT ?s { ?s ex:size ?x FILTER(?x > '100') }",
            "?x > '100' never holds: numbers are not compared with texts",
        ),
        (
            "SELECT ?s { ?s ex:day ?x FILTER('2020' <= ?x && ?s = ?s) }",
            "'2020' <= ?x never holds: texts are not compared with days",
        ),
        (
            "SELECT ?s { ?s ex:day ?x ; ex:size ?y FILTER(?x = ?y) }",
            "?x = ?y never holds: days are not compared with numbers",
        ),
    ],
)
def test_comparisons_that_never_hold_are_told(text: str, remark: str) -> None:
    assert said(text) == [remark]
