"""Comparisons that never hold, and expressions that never have a value, and no others."""

import pytest

from kg.findings.questions import dates_as_texts, empty_expressions, slipped_variables
from kg.queries.question import parse_question
from kg.sparql.guard import read_tree

BEFORE = "SELECT ?x { ?x ns:day ?day . "

PARAMETER = '# param day: {kind}\nSELECT ?x {{ VALUES ?day {{ "2020-01-01" }} ?x ns:day ?day }}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('FILTER (?day = "2020-01-01")', 1),
        ('FILTER ("2020-01-01" >= ?day)', 1),
        ('FILTER ("2020-01-01" < "2020-01-02")', 2),
        ('FILTER (?day IN ("2020-01-01", "2020-01-02"))', 2),
        ('FILTER (?day not in ("2020-01-01"^^xsd:date))', 0),
        ('FILTER (STR(?day) IN ("2020-01-01"))', 0),
        ('FILTER (STR(?day) = "2020-01-01")', 0),
        ('FILTER (?day = "2020-01-01"^^xsd:date)', 0),
        ('FILTER (CONTAINS(STR(?day), "2020-01-01"))', 0),
        ('VALUES ?day { "2020-01-01" "2020-01-02"@en }', 2),
        ('VALUES (?day) { ("2020-01-01") }', 1),
        ('VALUES (?y ?day) { (1 "2020-01-01"^^xsd:date) ("2020-01-01" 2) }', 1),
        ('VALUES ?text { "2020-01-01" } FILTER (STR(?day) = ?text)', 0),
        ('VALUES ?text { "2020-01-01" } FILTER (?day = xsd:date(?text))', 0),
        ('VALUES ?text { "2020-01-01" } BIND (STRDT(?text, xsd:date) AS ?day)', 0),
        ('VALUES ?day { "2020" "on 2020-01-01" }', 0),
        ("VALUES", 0),
        ("VALUES { ", 0),
    ],
)
def test_dates_as_texts(text, told):
    question = parse_question(f"{BEFORE}{text} }}", "-e", {"ns": "http://e/"})
    assert len(list(dates_as_texts(question))) == told


def test_a_parameter_that_is_said_to_be_a_text_may_be_one():
    said, unsaid = PARAMETER.format(kind="xsd:string"), PARAMETER.partition("\n")[2].format()
    assert list(dates_as_texts(parse_question(said, "-e"))) == []
    assert len(list(dates_as_texts(parse_question(unsaid, "-e")))) == 1


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('xsd:integer("99999999999999999999")', "integers have 64 bits"),
        ('xsd:integer("-9223372036854775808")', ""),
        ('xsd:integer("-9223372036854775809")', "integers have 64 bits"),
        ('xsd:integer("+00000000000000000000000001")', ""),
        (f'xsd:integer("{"9" * 5000}")', "integers have 64 bits"),
        (f'xsd:integer("-{"0" * 5000}1")', ""),
        ('xsd:integer("x")', "the text is not of xsd:integer"),
        ('xsd:date("2021-02-29")', "the text is not of xsd:date"),
        ('xsd:date("2020-02-29")', ""),
        ('xsd:decimal(" 1.5 ")', ""),
        ('xsd:string("x")', ""),
        ("xsd:integer(?x)", ""),
        ('ns:fun("x")', ""),
        ("STRLEN(5)", "it takes a text"),
        ('STRLEN("5")', ""),
        ("ucase(1.5)", "it takes a text"),
        ('YEAR("2020-01-01")', "it takes a date"),
        ('YEAR("2020-01-01T00:00:00"^^xsd:dateTime)', ""),
        ("SUBSTR(?x, 5)", ""),
        ("ABS(5)", ""),
    ],
)
def test_expressions_without_a_value(expression, told):
    prefixes = {"ns": "http://e/", "xsd": "http://www.w3.org/2001/XMLSchema#"}
    text = f"SELECT ?x (({expression}) AS ?y) {{ ?x ns:p ?z }}"
    found = list(empty_expressions(parse_question(text, "-e", prefixes), prefixes))
    assert [told in each.message for each in found] == ([True] if told else [])


def test_a_question_is_parsed_once_for_all_that_look_at_it():
    prefixes = {"ns": "http://e/"}
    question = parse_question(f"{BEFORE} ?x ns:once ?once }}", "-e", prefixes)
    before = read_tree.cache_info().misses
    for _ in range(3):
        list(dates_as_texts(question))
        list(empty_expressions(question, prefixes))
    assert read_tree.cache_info().misses - before <= 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT ?a { ?a ns:p ?b }", []),
        ("SELECT ?a ?c { ?a ns:p ?b }", ["c"]),
        ("SELECT ?a { ?a ns:p ?b FILTER(?c > 1) }", ["c"]),
        ("SELECT (IF(?b > 1, ?b, ?unbound) AS ?x) { ?a ns:p ?b }", []),
        ("SELECT ?a { ?a ns:p ?b FILTER(!BOUND(?c)) }", []),
        ("SELECT ?x (COUNT(?a) AS ?n) { ?a ns:p ?b BIND(STR(?b) AS ?x) } GROUP BY ?x", []),
        ("SELECT ?x { ?a ns:p ?b } GROUP BY (STR(?b) AS ?x) ORDER BY ?x", []),
        ("SELECT ?x { VALUES ?x { 1 } FILTER EXISTS { ?a ns:p ?x } }", []),
        ("SELECT ?g { GRAPH ?g { ?a ns:p ?b } }", []),
        ("SELECT ?label ?label2 { ?a ns:p ?label . ?a ns:q ?label2 }", []),
        ("SELECT ?peak { ?peak ns:p ?peaks }", []),
        ("SELECT (COUNT(*) AS ?launches) ?n { ?launch ns:p ?n }", []),
        ("SELECT (COUNT(*) AS ?mountian) ?n { ?mountain a ns:M ; ns:p ?n }", []),
        ("SELECT ?n { ?mountain ns:p ?n . ?mountian ns:q ?m }", ["mountian"]),
        ("SELECT ?n { { SELECT ?n { ?a ns:p ?n } } FILTER(?n > 1) }", []),
        ("CONSTRUCT { ?a ns:p ?b } WHERE { ?a ns:q ?b }", []),
        ("CONSTRUCT { ?a ns:p ?bb } WHERE { ?a ns:q ?b }", ["bb"]),
        ("CONSTRUCT WHERE { ?a ns:q ?b }", []),
        ("ASK { ?a ns:p ?b FILTER(?bb = 1) }", ["bb"]),
        ("SELECT", []),
    ],
)
def test_variables_that_are_slips(text, told):
    found = slipped_variables(parse_question(text, "-e", {"ns": "http://e/"}))
    assert [each.about.partition("?")[2] for each in found] == told
