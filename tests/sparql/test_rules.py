"""Rules beside the grammar, and within tokens: what is refused, and at which place."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.sparql.guard import guard, read_tree
from kg.sparql.scopes import visible
from kg.sparql.tree import Query

PREFIXES = {"ex": "http://example.org/"}
# What is refused, with ^ before the place, and what is said.
REFUSED = [
    # A variable gets a value once.
    ("{ ?s ?p ?o BIND(1 AS ^?o) }", "?o has a value already"),
    ("{ { ?s ?p ?o } BIND(1 AS ^?o) }", "?o has a value already"),
    ("{ OPTIONAL { ?s ?p ?o } BIND(1 AS ^?o) }", "?o has a value already"),
    ("{ { ?s ?p 1 } UNION { ?a ?p 1 } BIND(1 AS ^?a) }", "?a has a value already"),
    ("{ GRAPH ?g { } BIND(1 AS ^?g) }", "?g has a value already"),
    ("{ VALUES ?x { 1 } BIND(1 AS ^?x) }", "?x has a value already"),
    ("{ BIND(1 AS ?x) BIND(1 AS ^?x) }", "?x has a value already"),
    ("{ { SELECT ?s { ?s ?p ?o } } BIND(1 AS ^?s) }", "?s has a value already"),
    ("{ FILTER EXISTS { ?s ?p ?o BIND(1 AS ^?o) } }", "?o has a value already"),
    ("{ ?s ?p ?o LATERAL { BIND(1 AS ^?o) } }", "?o has a value already"),
    ("{ ?s ?p ?o LATERAL { VALUES ^?o { 1 } } }", "?o has a value already"),
    ("{ ?s ?p ?o LATERAL { SELECT ?o { VALUES ^?o { 1 } } } }", "?o has a value already"),
    ("SELECT (1 AS ^?x) { ?x ?p ?o }", "?x has a value already"),
    ("SELECT (1 AS ^?x) { } VALUES ?x { 1 }", "?x has a value already"),
    ("SELECT (1 AS ?x) (2 AS ^?x) { }", "?x has a value already"),
    ("SELECT (1 AS ^?s) { ?s ?p ?o } GROUP BY ?s", "?s has a value already"),
    ("SELECT ?x ^?x { }", "SELECT names ?x twice"),
    ("{ VALUES (?x ^?x) { } }", "VALUES names ?x twice"),
    # Grouping.
    ("SELECT ^* { ?s ?p ?o } GROUP BY ?s", "cannot stand beside GROUP BY"),
    ("SELECT ^* { ?s ?p ?o } ORDER BY COUNT(?s)", "cannot stand beside GROUP BY"),
    ("SELECT ^?s (COUNT(?o) AS ?n) { ?s ?p ?o }", "only if it is grouped"),
    ("SELECT (COUNT(?o) AS ?n) (^?n + 1 AS ?m) { ?s ?p ?o }", "only if it is grouped"),
    ("SELECT (STR(^?s) AS ?t) { ?s ?p ?o } GROUP BY STR(?s)", "only if it is grouped"),
    ("{ { SELECT ^?s { ?s ?p ?o } HAVING (COUNT(*) > 1) } }", "only if it is grouped"),
    # Aggregates.
    ("{ ?s ?p ?o FILTER(^COUNT(?o) > 1) }", "COUNT cannot stand in FILTER"),
    ("{ BIND(1 + ^SUM(?o) AS ?x) }", "SUM cannot stand in BIND"),
    ("SELECT (1 AS ?x) { } GROUP BY ^MAX(?o)", "MAX cannot stand in GROUP BY"),
    ("SELECT (SUM(^COUNT(?o)) AS ?x) { }", "COUNT cannot stand in another aggregate"),
    # Labels of blank nodes.
    ("{ _:a ?p 1 . { ^_:a ?p 1 } }", "_:a stands in two patterns"),
    ("{ _:a ?p 1 . OPTIONAL { } ^_:a ?p 1 }", "_:a stands in two patterns"),
    ("{ _:a ?p 1 . BIND(1 AS ?x) ^_:a ?p 1 }", "_:a stands in two patterns"),
    ("{ _:a ?p 1 FILTER EXISTS { ?x ?p [ ?q ^_:a ] } }", "_:a stands in two patterns"),
    # Arguments.
    ("{ FILTER(STRLEN(^)) }", "STRLEN takes 1 argument"),
    ("{ FILTER(STRLEN(1, ^2)) }", "STRLEN takes 1 argument"),
    ("{ FILTER(REGEX('a'^)) }", "REGEX takes 2 or 3 arguments"),
    ("{ FILTER(NOW(^1)) }", "NOW takes no argument"),
    ("{ FILTER(BOUND(^1)) }", "BOUND takes a variable"),
    ("{ FILTER(1 = 1 ^= 1) }", "a second comparison"),
    ("{ FILTER(1 IN (1) ^= 1) }", "a second comparison"),
    ("{ ?s ex:p/ex:q ?o ^~ ?r }", "nothing can be said of a path"),
    # Tokens.
    (r"{ ?s ?p 'a^\q' }", r"\q is no escape"),
    (r"{ ?s ?p 'a^\uD800' }", r"this \u means no character"),
    (r"{ ?s ?p 'a^\U00110000' }", r"this \U means no character"),
    ("{ ?s ?p 'a'^@toolonglanguage }", "@toolonglanguage is no language tag"),
    ("{ ?s ?p 'a'^@en--LTR }", "@en--LTR is no language tag"),
    ("{ ?s ?p ?a^\u2000 }", "U+2000 is no blank"),
    ("{ ?s ?p ?^\u00b7a }", "'\u00b7' cannot stand here"),
    ("{ ?s ?p ex:^\u203f }", "'\u203f' cannot stand here"),
    ("{ ?s ?p ^<http://example.org/%zz> }", "is not a valid IRI"),
    ("PREFIX b: <http://[::1]> ASK { ?s ?p ^b:a }", "b:a (<http://[::1]a>) is not a valid IRI"),
    ("BASE <http://b/> SELECT * { ?s ?p ^<%zz> }", "<%zz> is not a valid IRI"),
    ("SELECT * { } LIMIT ^99999999999999999999", "of at most 18 digits"),
    ("PREFIX ^a:b: <http://b/> SELECT * { }", "a prefix such as ex:"),
]  # fmt: skip
TAKEN = [
    "SELECT * { MINUS { ?s ?p ?o } BIND(1 AS ?o) }",
    "SELECT * { FILTER(?o) BIND(1 AS ?o) }",
    "SELECT * { { SELECT ?s { ?s ?p ?o } } BIND(1 AS ?o) }",
    "SELECT * { ?s ?p ?o FILTER EXISTS { BIND(1 AS ?o) } }",
    "SELECT * { ?s ?p ?o OPTIONAL { BIND(1 AS ?o) } }",
    "SELECT * { ?s ?p ?o LATERAL { SELECT ?x { BIND(1 AS ?o) } } }",
    "SELECT (1 AS ?s) { ?s ?p ?o } GROUP BY ?p",
    "SELECT (COUNT(?o) AS ?o) { ?s ?p ?o }",
    "SELECT ?s (EXISTS { ?s ?p ?x } AS ?e) { ?s ?p ?o } GROUP BY ?s ORDER BY ?o",
    "SELECT ?t (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY (STR(?s) AS ?t) VALUES ?t { 'a' }",
    "SELECT * { FILTER EXISTS { SELECT (COUNT(?x) AS ?n) { ?x ?y ?z } } }",
    "SELECT * { _:a ?p 1 FILTER(1 < 2) _:a ?q 2 ; ex:p* _:a }",
    "CONSTRUCT { _:a ?p ?o } { _:a ?p ?o }",
    "SELECT * { FILTER(!!?x && -?x - -1 = 1-1 && ?x NOT IN ()) }",
    "SELECT * { ?s ex:p +1 ; ex:p + 1, - 1 }",
    "SELECT * { ?s ?p 'a'@en--ltr , 'b'@i-klingon , 'c'@de-DE-1996 , ex:é.x\u00b7 }",
]


@pytest.mark.parametrize(("marked", "says"), REFUSED)
def test_what_breaks_a_rule_is_told_at_its_place(marked: str, says: str) -> None:
    if marked.startswith("{"):
        marked = f"SELECT * {marked}"
    at = marked.index("^") if marked.count("^") else 0
    text = marked.replace("^", "", 1)
    with pytest.raises(InputError) as caught:
        guard(text, "q.rq", PREFIXES, "http://example.org/")
    error = caught.value
    assert error.code == "bad-query"
    assert says in error.message
    assert error.hint
    assert error.location is not None
    assert (error.location.line, error.location.column_number) == (1, at + 1)


@pytest.mark.parametrize("text", TAKEN)
def test_what_keeps_to_the_rules_is_taken(text: str) -> None:
    guard(text, "q.rq", PREFIXES, "http://example.org/")


def test_a_text_with_a_broken_token_has_no_tree() -> None:
    assert read_tree(r"ASK { ?s ?p '\U00110000' }") is None
    assert read_tree(r"ASK { ?s ?p <a\U00110000> }") is None


def test_scopes_may_be_left_to_the_engine() -> None:
    guard("SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }", "q", {}, lax_scopes=True)


def test_a_relative_iri_is_no_mistake_where_its_base_is_not_known() -> None:
    guard("SELECT * { ?s ?p <a/b> }", "q", {})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT * { ?b ?a 1 OPTIONAL { ?c ?a ?b } MINUS { ?d ?a 1 } }", "b a c"),
        ("SELECT * { { SELECT ?x { ?x ?y ?z } } GRAPH ?g { } BIND(?n AS ?m) }", "x g m"),
        ("SELECT * { FILTER EXISTS { ?x ?y ?z } [] ?p _:a } VALUES ?v { }", "p v"),
        ("SELECT ?z (1 AS ?a) { ?x ?y ?z }", "z a"),
    ],
)
def test_the_columns_of_a_select(text: str, names: str) -> None:
    query = read_tree(text)
    assert isinstance(query, Query)
    assert visible(query) == names.split()
