"""Mistakes in queries: place, message, advice. The engine's wording is read in one place."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InputError
from kg.queries.syntax import check_query
from kg.sparql.guard import read_tree
from kg.sparql.lexer import Kind, tokens
from kg.sparql.parser import parse
from kg.sparql.walk import triple_patterns

PREFIXES = {"ex": "http://example.org/", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"}
# What the user wrote, with ^ before the place that is shown; what the message and the hint say.
SLIPS = [
    ("SELECT * { ?s a ex:A ^?s ex:b ?c }", "a dot is missing before ?s", "dot after each triple"),
    ("SELECT * {\n ?s a ex:A\n ^?s ex:b ?c }", "a dot is missing", "dot"),
    ("SELECT * { ?s a ex:A ; ?t ex:b ^?c . }", "the triple is over before ?c", "The ; before"),
    ("SELECT * { ?s ex:b ?a ; ex:t ex:b ^?c }", "the triple is over", "new subject write a dot"),
    ("SELECT * { ?s a ex:A , ?t ^ex:b ?c }", "the triple is over", "The , before"),
    ("SELECT * { ?s a ex:A . ex:b ?c ^. }", "the triple lacks an object", "write ; instead"),
    ("SELECT * { ?s ^}", "the triple lacks a property", "a subject, a property and an object"),
    ("SELECT * { ?s ^'a' ?o }", "cannot be a property", "an IRI or a variable"),
    ("SELECT * { ?s a ex:A^", "a { is still open", "Close it with }"),
    ("SELECT * { ?s ?p ?o FILTER(?o > 3^", "a ( is still open", "Close it with )"),
    ("SELECT * { ?s a ex:A }^}", "this } closes nothing", "Take it away"),
    ("SELECT * { ?s ^foo:a ?o }", "the prefix foo: is not known", "PREFIX foo: <…>"),
    ("SELECT * { ?s ^rdf:label ?o }", "the prefix rdf: is not known", "Did you mean rdfs:?"),
    ("SELECT * { ?s a ex:A } ^LIMT 3", "LIMT is no keyword", "Did you mean LIMIT?"),
    ("^SELCT * { ?s a ex:A }", "SELCT is no keyword", "Did you mean SELECT?"),
    ("SELECT * { ?s a ex:A ^FLITER(?s) }", "FLITER is no keyword", "Did you mean FILTER?"),
    ("SELECT * { ?s a ex:A . ^OPTINAL { } }", "OPTINAL is no keyword", "Did you mean OPTIONAL?"),
    ("SELECT * { ?s ?p ?o FILTER ^?o > 3 }", "without brackets", "FILTER(?x > 3)"),
    ("SELECT * WHERE ^?s ?p ?o", "does not start with {", "WHERE { … }"),
    ("SELECT ?s^, ?p { ?s ?p ?o }", "a comma between variables", "parted by blanks"),
    ("SELECT ^COUNT(?s) { ?s ?p ?o }", "without brackets", "(COUNT(?x) AS ?name)"),
    ("SELECT (COUNT(?s)^) { ?s ?p ?o }", "without a name", "AS"),
    ("SELECT ^?s (COUNT(?p) AS ?n) { ?s ?p ?o }", "only if it is grouped", "GROUP BY ?s"),
    ('SELECT * { ?s ?p ^"abc }', "has no closing quote", "two"),
    ("SELECT * { ?s ?p ^<http://a b> }", "starts no IRI", "without blanks"),
    ("SELECT * { ?s ^name ?o }", "name is neither", "ex:name"),
    ("SELECT * { ?s ^= ?o }", "a comparison", "FILTER"),
    ("SELECT * { ?s ?p ?o FILTER(?o =^= 3) }", "== is no operator", "Write ="),
    ("SELECT * { ?s ?p ?o FILTER(?o ^<> 3) }", "<> is no operator", "Write !="),
    ("SELECT * { ?s ?p ?o FILTER(?o > 3 ^AND ?o < 5) }", "AND is no operator", "Write &&"),
    ("SELECT * { ?s ?p ?o FILTER(^LOWER(?o) = 'a') }", "no function", "Did you mean LCASE?"),
    ("SELECT * { ?s ?p ?o FILTER(^XYZ(?o)) }", "no function", "The functions are STR"),
    ("SELECT * { ?s ?p ?o FILTER(STRLEN(?o > 3) ^}", "a ) is missing", "Close each ("),
    ("SELECT * { ?s ?p ?o BIND(?o + 1 ^?x) }", "BIND needs AS", "BIND(?x + 1 AS ?y)"),
    ("SELECT * { ?s ?p ?o BIND(1 AS ^?o) }", "?o has a value already", "a new name"),
    ("PREFIX ex: <http://e/> ^. SELECT * { }", "has no dot", "Take the dot away"),
    ("^@prefix ex: <http://e/> . SELECT * { }", "is Turtle", "PREFIX ex:"),
    ("PREFIX ex: ^http://e/ SELECT * { }", "an IRI in <>", "PREFIX ex: <"),
    ("PREFIX ^<http://e/> SELECT * { }", "a prefix such as ex:", "PREFIX ex: <"),
    ("^WHERE { ?s ?p ?o }", "the query form is missing", "SELECT *"),
    ("SELECT ?s { ?s ?p ?o } GROUP ^?s", "BY is missing behind GROUP", "GROUP BY ?x"),
    ("SELECT ?s { ?s ?p ?o } ORDER BY ?s DESC^", "DESC stands before", "DESC(?x)"),
    ("SELECT ?s { ?s ?p ?o } LIMIT 3 ^ORDER BY ?s", "ORDER cannot stand here", "The order is"),
    ("SELECT ?s { ?s ?p ?o ^LIMIT 3 }", "LIMIT inside the pattern", "closing brace"),
    ("SELECT ?s { ?s ?p ?o } LIMIT ^-1", "takes a whole number", "LIMIT 10"),
    ("SELECT * { VALUES (?a ?b) { (1^) } }", "expected an IRI, a literal or UNDEF", "VALUES"),
    ("SELECT * { VALUES ?a ^(1 2) }", "expected {", "VALUES ?x { 1 2 }"),
    ("SELECT * { ?s ?p ^“abc” }", "“ is no quote", '"text"'),
    ("SELECT * { ?s^\u00a0?p ?o }", "U+00A0 is no blank", "plain blank"),
    ("SELECT ?x (1 AS ^?x) { }", "?x has a value already", "new name"),
    ("SELECT * { ?s ?p ?o } ^\\", "cannot stand here", "grammar"),
    ("SELECT * { ?s ex:a/ ^?o }", "expected a property", "grammar"),
    # What SQL and other stores have.
    ("SELECT * { FILTER(?o ^LIKE 'a%') }", "LIKE is no operator", "CONTAINS"),
    ("SELECT * { FILTER(?o ^BETWEEN 1 AND 2) }", "BETWEEN is no operator", "?x >= 1 &&"),
    ("SELECT * { FILTER(?o ^IS NOT NULL) }", "IS is no operator", "BOUND(?x)"),
    ("SELECT * { FILTER(?o = ^NULL) }", "no NULL", "BOUND(?x)"),
    ("SELECT * { FILTER(NOT ^?o) }", "only before EXISTS and IN", "!(?x > 3)"),
    ("SELECT ^TOP 10 ?s { ?s ?p ?o }", "TOP is no word", "LIMIT 10"),
    ("SELECT * { ^LET (?y := 1) }", "LET is no word", "BIND(1 AS ?x)"),
    ("^EXPLAIN SELECT * { ?s ?p ?o }", "EXPLAIN is no word", "--explain"),
    ("SELECT (^CAST(?o AS ex:b) AS ?n) { }", "CAST is no function", "xsd:integer(?x)"),
    ("SELECT (^DATE(?o) AS ?n) { }", "DATE is no function", "xsd:date"),
    ("SELECT ?s { ?s ?p ?o } LIMIT 10^, 5", "LIMIT takes one number", "OFFSET 20"),
    ("SELECT ?s { ?s ?p ?o } ORDER BY ?s^, ?o", "a comma cannot stand", "ORDER BY ?a DESC(?b)"),
    ("SELECT ?s { ?s ?p ?o } GROUP BY ?s^, ?o", "a comma cannot stand", "GROUP BY ?a ?b"),
    ("SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING COUNT(*) ^> 1", "without brackets", "HAVING("),
    ("SELECT (GROUP_CONCAT(?s^, ',') AS ?x) { }", "separator has no name", "SEPARATOR="),
    ("SELECT (GROUP_CONCAT(?s; SEPARATOR ^',') AS ?x) { }", "separator has no", "SEPARATOR="),
    ("SELECT (COUNT(*) AS ^n) { }", "n is no variable", "AS ?n"),
    ("SELECT * { ?s ex:p ex:tag^/1 }", "ex:tag/ holds a /", "whole IRI"),
    ("SELECT * { ex:tag^/1 ex:p ?o }", "ex:tag/ holds a /", "whole IRI"),
    ("SELECT * { ?s ex:p^{2,3} ?o }", "no {n}", "each step"),
    ("SELECT * { FILTER(?o IN ^['a', 'b']) }", "round brackets", "IN (1, 2)"),
    ("SELECT * { ?s ?p ?o ^UNION ?s ex:q ?y }", "between two groups", "UNION { … }"),
    ("SELECT * { ?s ?p ?o OPTIONAL ^?s ex:q ?y }", "does not start with {", "OPTIONAL {"),
    ("SELECT * { ?s ?p ?o FILTER EXISTS ^?s ex:q ?y }", "does not start with {", "EXISTS {"),
    ("CONSTRUCT { ^GRAPH ex:g { ?s ?p ?o } } WHERE { ?s ?p ?o }", "in no graph", "Take GRAPH"),
    ("SELECT * { FILTER(?o > '2020-01-01'^^ex:date) }",
     "a datatype stands behind two ^", "^^ex:date"),
    ("SELECT (SUM(?o) AS ?n) (^?n / 2 AS ?m) { ?s ?p ?o }", "only if", "expression of ?n again"),
    ("SELECT (STR(^?o) AS ?n) { ?s ?p ?o } GROUP BY STR(?o)", "only if", "Name what is grouped"),
]  # fmt: skip


def check(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        check_query(text, "q.rq", PREFIXES, "http://example.org/")
    return caught.value


@pytest.mark.parametrize(("marked", "message", "hint"), SLIPS)
def test_usual_slips(marked: str, message: str, hint: str) -> None:
    at = marked.index("^")
    before = marked[:at]
    text = before + marked[at + 1 :]
    error = check(text)
    assert error.code == "bad-query"
    assert message in error.message
    assert hint in (error.hint or "")
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    assert error.location is not None
    assert (error.location.line, error.location.column_number) == (line, column)
    shown, caret = error.message.splitlines()[-2:]
    assert shown[4:] == text.splitlines()[line - 1]
    assert caret == " " * (column + 3) + "^"


def test_the_engine_tells_a_position_in_its_message() -> None:
    """If this fails, the engine words its errors anew: mend `_POSITION`."""
    with pytest.raises(SyntaxError, match=r"^error at 2:\d+: expected "):
        ox.Store().query("ASK {\n }}")


def test_what_the_engine_alone_refuses_is_told_in_its_words() -> None:
    error = check("SELECT * { ?s ?p TRUE }")
    assert error.message.startswith("not valid SPARQL")
    assert "The engine expected" in (error.hint or "")


@pytest.mark.parametrize("text", ["", "  \n", "# only a comment"])
def test_empty(text: str) -> None:
    assert check(text).code == "empty-query"


@pytest.mark.parametrize(
    ("text", "opening", "closing"),
    [
        ("SELECT * { @ }", "{", "}"),
        ("SELECT * { FILTER(@) }", "(", "1)"),
        ("SELECT * { FILTER(NOT EXISTS { @ }) }", "FILTER EXISTS {", "}"),
        ("SELECT * { ?s ?p @ }", "(", ")"),
        ("SELECT * { ?s ?p @ . }", "[ ?p ", "]"),
        ("ASK { FILTER(@) }", "STR(", ")"),
        ("SELECT * { { } @ }", "UNION { }", ""),
        ("SELECT * { FILTER(1 @) }", "|| 1", ""),
        ("SELECT * { FILTER(@ 1) }", "!", ""),
        ("SELECT * { @ }", "BIND(1 AS ?x)", ""),
        ("SELECT * { ?s a @ ?o }", "/a", ""),
    ],
)
def test_what_would_break_the_engine_is_refused(text: str, opening: str, closing: str) -> None:
    """The engine's stack would end the process."""
    error = check(text.replace("@", opening * 20_000 + closing * 20_000))
    assert error.code == "too-complex"
    assert len(str(error)) < 500


def test_long_lists_of_values_are_no_problem() -> None:
    for text in (
        f"SELECT * {{ VALUES ?x {{ {'-1 ' * 5000} }} }}",
        f"SELECT * {{ FILTER(?x IN ({', '.join('1' * 5000)})) }}",
        "SELECT * { " + "{" * 90 + "}" * 90 + " UNION { }" * 900 + "}",
    ):
        check_query(text, "q.rq", PREFIXES, "http://example.org/")


@pytest.mark.parametrize(
    "text",
    ["INSERT DATA { <a> <b> <c> }", "PREFIX a: <b> delete where { ?s ?p ?o }", "CLEAR ALL",
     "LOAD <http://example.org/>", "WITH <g> DELETE { } WHERE { }", "DROP GRAPH <g>"],
)  # fmt: skip
def test_updates_are_refused(text: str) -> None:
    error = check(text)
    assert error.code == "update-refused"
    assert "only reads" in error.message


def test_a_long_line_is_cut_around_the_caret() -> None:
    error = check("SELECT * { " + "?s ex:a ?o . " * 30 + "FLITER(1) " + "?s ex:a ?o . " * 30 + "}")
    shown, caret = error.message.splitlines()[-2:]
    assert len(shown) < 120
    assert shown[caret.index("^") :].startswith("FLITER")


def test_controls_of_a_terminal_are_not_shown() -> None:
    assert "\x1b" not in str(check("SELECT * { ?s ?p 'a\x1b[2J' ?x ?y }"))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT ?s (COUNT(DISTINCT *) AS ?n) FROM <a> FROM NAMED <b> WHERE { ?s ?p ?o }"
        " GROUP BY ?s (1 AS ?x) HAVING (COUNT(*) > 1) ORDER BY DESC(?s) ASC(?n) ?x LIMIT 1 OFFSET 2"
        " VALUES (?s ?x) { (UNDEF 1) }",
        "SELECT * { { SELECT ?s { ?s ?p ?o } LIMIT 1 } UNION { } MINUS { ?s ?p 1 } }",
        "SELECT * { ?s (ex:a|^ex:b)/!(ex:c|^a)* ?o ; ex:d [ ex:e (1 -2 'x'@en) ] , 1.5 ; ."
        " [] a ?c }",
        "SELECT * { GRAPH ?g { ?s ?p ?o FILTER NOT EXISTS { ?o ?p ?s } }"
        " BIND(IF(1 < 2, -1, +?o) AS ?x) FILTER(?x IN (1, 2) || ?o NOT IN () && !BOUND(?s))"
        " FILTER REGEX(?s, 'a') }",
        "CONSTRUCT { ?s ex:a [ ex:b ?o ] . } WHERE { ?s ?p ?o }",
        "CONSTRUCT WHERE { ?s ?p ?o }",
        "DESCRIBE ex:a ?x WHERE { ?x ?p ?o }",
        "BASE <http://e/> PREFIX : <x> ASK { :a :b <c> }",
        "SELECT (GROUP_CONCAT(DISTINCT ?s; SEPARATOR=', ') AS ?x) { ?s ?p ?o } HAVING (ex:f(?x))",
    ],
)  # fmt: skip
def test_valid_queries_have_no_mistake(text: str) -> None:
    parse(tokens(text))


@given(st.lists(st.sampled_from([token.text for token in tokens(
    "SELECT ASK CONSTRUCT * ( ) { } [ ] . ; , ?s ex:a a 1 'x' @en <http://e/> FILTER BIND AS"
    " OPTIONAL UNION GROUP BY ORDER LIMIT VALUES UNDEF = != COUNT STR NOT EXISTS IN / ^ ! + - GRAPH"
    " ^^ PREFIX"
)]), max_size=25))  # fmt: skip
def test_the_walk_agrees_with_the_engine(words: list[str]) -> None:
    """Whatever the engine takes has no mistake; whatever is refused is told with a place."""
    text = " ".join(words)
    found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
    error = None
    try:
        check_query(text, "q.rq", PREFIXES, "http://example.org/")
    except InputError as caught:
        error = caught
    if error is None:
        parse(found)
    else:
        assert error.location is not None
        assert error.hint


def test_triple_patterns() -> None:
    query = read_tree(
        "CONSTRUCT { ?s ex:no ?o } { ?s a ex:A ; ex:b/ex:c+ [ ex:d 1 ] , ?x"
        " GRAPH ex:g { ?y ^ex:e 'z'@en } }"
    )
    assert query is not None
    assert [str(pattern) for pattern in triple_patterns(query)] == [
        "?s a ex:A",
        "[] ex:d 1",
        "?s ex:b/ex:c+ []",
        "?s ex:b/ex:c+ ?x",
        'GRAPH ex:g { ?y ^ex:e "z"@en }',
    ]
    assert read_tree("SELECT * {") is None
