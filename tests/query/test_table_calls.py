"""Operators and functions of the table engine, all in one query for each table of them."""

from __future__ import annotations

import duckdb
import pyoxigraph as ox
import pytest

from kg.queries.engine import Rows
from kg.sparql.guard import guard
from kg.sparql.translate import translate
from kg.terms import XSD
from tests.query.tables import exact_answer, table_of
from tests.sparql.evaluator import Dataset, evaluate

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
VALUES = {
    "i": "7",
    "neg": "-1",
    "zero": "0",
    "d": "2.50",
    "dneg": "-2.5",
    "dzero": "0.0",
    "e": "1e0",
    "nan": '"NaN"^^xsd:double',
    "t": '"abc"',
    "none": '""',
    "en": '"abc"@en',
    "fr": '"abc"@fr',
    "yes": "true",
    "no": "false",
    "when": '"2020-05-06T07:08:09Z"^^xsd:dateTime',
    "there": '"2020-05-06T07:08:09.5-05:30"^^xsd:dateTime',
    "local": '"2020-05-06T07:08:09"^^xsd:dateTime',
    "day": '"2020-05-06"^^xsd:date',
    "clock": '"10:00:00.5Z"^^xsd:time',
    "year": '"2020"^^xsd:gYear',
    "odd": '"x"^^ex:type',
    "node": "ex:a",
    "u": "UNDEF",
}
# What an expression gives: the text of its value, empty for none.
GIVES = {
    # Logic, with errors.
    "?yes && ?no": "false", "?yes && ?u": "", "?no && ?u": "false", "?yes || ?u": "true",
    "?no || ?u": "", "!?yes": "false", "!?u": "", "!?node": "",
    "IF(?u, 1, 2)": "", "IF(?yes, 1, 2)": "1", "IF(?no, 1, 2)": "2", "IF(?yes, 1, ?u)": "1",
    "COALESCE(?u, 1/0, 3)": "3", "BOUND(?u)": "false", "BOUND(?i)": "true",
    "?i IN (1, 7)": "true", "?i IN (1, ?u)": "", "?i IN (7, ?u)": "true", "?i NOT IN (1)": "true",
    "?i IN ()": "false", "?u IN ()": "",
    # Truth.
    "!?i": "false", "!?neg": "false", "!?zero": "true", "!?d": "false", "!?dneg": "false",
    "!?dzero": "true", "!?e": "false", "!?nan": "true", "!?t": "false", "!?none": "true",
    "!STRLEN(?none)": "true", "!STR(?none)": "true", "!STR(?t)": "false", "!?when": "",
    "!(?i - 8)": "false", "!(?i - 7)": "true",
    # Comparison.
    "?i = 7.0": "true", "?i = 7e0": "true", "?i != 7.0": "false", "?t = 'abd'": "false",
    "?t = ?en": "false", "?en = ?fr": "false", "?en = ?en": "true", "?t = ?i": "false",
    "?odd = 'x'": "", "?odd = ?odd": "true", "?node = ex:a": "true", "?node = 'a'": "false",
    "?nan = ?nan": "false", "?nan != ?nan": "true", "?nan < 1": "false", "?nan >= ?nan": "false",
    "?e = ?i": "false", "?e <= 1": "true", "?i > ?d": "true", "?i < 'a'": "", "?t < 'abd'": "true",
    "?t < ?en": "", "?en < ?fr": "", "?no < ?yes": "true", "?node < ex:b": "", "?u = 1": "",
    "?i < ?there": "", "?yes > ?when": "", "?i >= '2020-05-06T07:08:09.5Z'^^xsd:dateTime": "",
    "?when = ?local": "", "?when < ?local": "", "?when >= ?when": "true", "?when < ?there": "true",
    "?there > '2020-05-06T12:38:09Z'^^xsd:dateTime": "true", "?day = ?when": "false",
    "?when < '2020-05-08T00:00:00'^^xsd:dateTime": "true", "?day < '2020-05-07'^^xsd:date": "true",
    "'2020-05-06T07:08:09+00:00'^^xsd:dateTime = ?when": "true",
    "sameTerm(?d, 2.5)": "false", "sameTerm(?i, 7)": "true", "sameTerm(?t, ?en)": "false",
    # Numbers.
    "?i + ?d": "9.5", "?i - ?d": "4.5", "?d - ?i": "-4.5", "?i * ?d": "17.5", "?i / ?d": "2.8",
    "-?i": "-7", "-?d": "-2.5", "+?d": "2.5", "?i + ?u": "", "?i + ?t": "", "?neg / 3":
    "-0.333333333333333333", "?neg / -3": "0.333333333333333333", "?i / 0": "", "?e / 0": "INF",
    "ABS(?neg)": "1", "ABS(?dneg)": "2.5", "CEIL(?d)": "3", "FLOOR(?d)": "2", "FLOOR(?dneg)": "-3",
    "ROUND(?d)": "3", "ROUND(?dneg)": "-2", "ROUND(2.5e0)": "3", "ROUND(0.5e0)": "1",
    "isNumeric(?d)": "true", "isNumeric(?t)": "false", "isNumeric(?u)": "", "?i + ?e": "8",
    # Strings.
    "STR(?node)": f"{EX}a", "STR(?d)": "2.50", "LANG(?en)": "en", "LANG(?t)": "", "LANG(?node)": "",
    "DATATYPE(?d)": f"{XSD}decimal", "DATATYPE(?t)": f"{XSD}string", "DATATYPE(?node)": "",
    "STRLEN(?t)": "3", "STRLEN(?i)": "", "CONTAINS(?t, 'b')": "true", "CONTAINS(?t, 'x')": "false",
    "CONTAINS(?en, 'b')": "true", "CONTAINS(?t, 'b'@en)": "", "CONTAINS(?en, 'b'@en)": "true",
    "CONTAINS(?fr, 'b'@en)": "", "STRSTARTS(?t, 'ab')": "true", "STRENDS(?t, 'bc')": "true",
    "STRBEFORE(?t, 'b')": "a", "STRAFTER(?t, 'b')": "c", "STRAFTER(?t, 'x')": "",
    "STRBEFORE(?fr, 'b'@en)": "", "LANG(STRBEFORE(?en, 'b'))": "en",
    "LANG(STRBEFORE(?en, 'x'))": "", "SUBSTR(?t, 2)": "bc", "SUBSTR(?t, 1, 1)": "a",
    "SUBSTR(?t, 0, 2)": "a", "SUBSTR(?t, 1.5)": "bc",
    "SUBSTR(?t, 1, 1.5)": "ab", "CONCAT(?t, ?t)": "abcabc", "LANG(CONCAT(?en, ?en))": "en",
    "LANG(CONCAT(?en, ?fr))": "", "LANG(CONCAT(?en, ?t))": "", "UCASE(?t)": "ABC",
    "LANGMATCHES('en-GB', 'en')": "true", "LANGMATCHES('english', 'en')": "false",
    "LANGMATCHES('en', '*')": "true", "LANGMATCHES('', '*')": "false", "ENCODE_FOR_URI('a b')":
    "a%20b", "isIRI(?node)": "true", "IRI(?en)": "", "isIRI(?t)": "false",
    "isIRI(?u)": "", "isLiteral(?i)": "true",
    "isLiteral(?u)": "", "isBlank(?node)": "false", "isBlank(BNODE())": "true",
    "STRLANG(?t, 'de')": "abc", "STRLANG(?t, 'd e')": "", "STRDT(?t, ex:x)": "abc",
    "UCASE('straße')": "STRASSE", "LCASE('ÀÉ')": "àé", "UCASE(?i)": "", "LANG(UCASE(?en))": "en",
    "STRBEFORE('日本😀x', '😀')": "日本", "STRAFTER('日本😀xy', '😀x')": "y",
    "SUBSTR('日本😀x', 3, 1)": "😀", "SUBSTR(?t, -1, 3)": "a", "SUBSTR(?t, 3, 5)": "c",
    "SUBSTR(?t, 2, -1)": "", "SUBSTR(?t, 5)": "", "LANG(SUBSTR(?en, 2))": "en",
    "SUBSTR(?t, ?neg)": "abc", "SUBSTR(?i, 1)": "",
    "LANG(STRAFTER(?en, ''))": "en", "LANG(STRAFTER(?en, 'x'))": "", "STRAFTER(?t, '')": "abc",
    "STRAFTER(?fr, 'b'@en)": "", "STRAFTER(?en, 'b'@en)": "c", "CONCAT()": "", "CONCAT(?t, ?i)": "",
    "CONCAT(?t, ?u)": "", "CONCAT(?en, ?t, 'd')": "abcabcd", "LANGMATCHES(?en, '*')": "",
    "LANGMATCHES('en', '')": "false", "LANGMATCHES('EN', 'en')": "true",
    "LANGMATCHES('en', ?en)": "",
    "LANGMATCHES(LANG(?fr), 'en')": "false", "LANGMATCHES(LANG(?t), '*')": "false",
    "LANGMATCHES(?i, 'en')": "", "SUBSTR(?t, 2.5e0)": "c",
    # Products.
    "?d * ?d": "6.25", "?i * ?neg": "-7", "?dneg * ?i": "-17.5", "?dzero * ?d": "0", "?i * ?u": "",
    "?i * ?t": "", "?d * ?e": "2.5", "?e * ?e": "1", "?d * 2 + 1": "6", "?d * 2 > 4": "true",
    "STRLEN(?t) * 2": "6", "DATATYPE(?i * ?d)": f"{XSD}decimal", "DATATYPE(?i * ?i)":
    f"{XSD}integer", "99999999999999999 * 99999999999999999": "9999999999999999800000000000000001",
    "0.000000000000001 * 0.000000000000001": "0.000000000000000000000000000001",
    "-0.5 * 0.5": "-0.25", "(-0.5 * 0.5) + 0.25 = 0": "true", "1.10 * 10": "11",
    # Days and times.
    "xsd:date(?when)": "2020-05-06Z", "xsd:date(?local)": "2020-05-06", "xsd:date(?day)":
    "2020-05-06", "xsd:date('2020-05-06T01:02:03.5+14:00'^^xsd:dateTime)": "2020-05-06+14:00",
    "YEAR(?when)": "2020", "MONTH(?there)": "5", "DAY(?local)": "6", "HOURS(?there)": "7",
    "MINUTES(?when)": "8", "SECONDS(?there)": "9.5", "TZ(?there)": "-05:30", "TZ(?local)": "",
    "TIMEZONE(?there)": "-PT5H30M", "TIMEZONE(?when)": "PT0S", "TIMEZONE(?local)": "",
    "YEAR(?day)": "2020", "MONTH(?day)": "5", "DAY(?day)": "6", "HOURS(?day)": "",
    "MINUTES(?day)": "", "SECONDS(?day)": "", "TZ(?day)": "", "TIMEZONE(?day)": "",
    "YEAR('-0044-03-15Z'^^xsd:date)": "-44", "YEAR('2020-02-30'^^xsd:date)": "", "YEAR(?t)": "",
    "?day - '2020-05-01'^^xsd:date": "P5D", "'2020-05-01'^^xsd:date - ?day": "-P5D",
    "?day - ?day": "PT0S", "?day - '2020-05-01Z'^^xsd:date": "", "?day - ?when": "", "?day - 1": "",
    "?when - '2020-05-05T00:08:10Z'^^xsd:dateTime": "P1DT6H59M59S",
    "'2020-05-06T07:00:00Z'^^xsd:dateTime - ?when": "-PT8M9S",
    "?when - '2020-05-06T07:08:08.75Z'^^xsd:dateTime": "PT0.25S", "?when - ?local": "",
    "?there - ?when": "PT5H30M0.5S", "?local - '2020-05-04T07:08:09'^^xsd:dateTime": "P2D",
    "DATATYPE(?day - ?day)": f"{XSD}dayTimeDuration",
    "?clock < '11:00:00+01:00'^^xsd:time": "false", "?clock = '11:00:00.50+01:00'^^xsd:time":
    "true", "?clock < '10:00:00'^^xsd:time": "", "?clock - '09:00:00Z'^^xsd:time": "PT1H0.5S",
    "?clock + 'PT15H'^^xsd:dayTimeDuration": "01:00:00.5Z", "HOURS(?clock)": "10",
    "SECONDS(?clock)": "0.5", "TZ(?clock)": "Z", "YEAR(?clock)": "", "YEAR(?year)": "2020",
    "MONTH(?year)": "", "?year < '2021'^^xsd:gYear": "true", "?year = 2020": "false",
    "?year < 2021": "", "?year - '2019'^^xsd:gYear": "", "HOURS('24:00:00'^^xsd:time)": "0",
    # Casts.
    "xsd:integer(' 7 ')": "7", "xsd:integer('\u00a07')": "", "xsd:integer(?d)": "2",
    "xsd:integer('x')": "", "xsd:decimal('2.50')": "2.5", "xsd:string(?d)": "2.5",
    "xsd:string(9007199254740993)": "9007199254740993", "xsd:string(-0.50)": "-0.5",
    "xsd:decimal(xsd:string(9007199254740993))": "9007199254740993",
    "xsd:string('9007199254740993'^^xsd:long)": "9007199254740993",
    "xsd:string(1e7)": "1.0E7", "xsd:boolean(?zero)": "false", "xsd:boolean('1')": "true",
    "xsd:boolean(?nan)": "false", "xsd:double(?i)": "7", "xsd:integer(?nan)": "",
    "xsd:date(?there)": "2020-05-06-05:30", "xsd:dateTime(?day)": "2020-05-06T00:00:00",
    "xsd:integer(?yes)": "1", "xsd:integer(?en)": "",
}  # fmt: skip
TOTALS = {
    "COUNT(*)": "4", "COUNT(?x)": "3", "COUNT(DISTINCT ?x)": "2", "COUNT(DISTINCT *)": "3",
    "SUM(?k)": "5", "SUM(DISTINCT ?k)": "3", "AVG(?k)": "1.25", "AVG(DISTINCT ?k)": "1.5",
    "MIN(?k)": "1", "MAX(?k)": "2", "SUM(?x)": "", "MIN(?x)": "", "SUM(?m)": "6.5",
    "SUM(DISTINCT ?m)": "5.5", "AVG(?m)": "1.625", "MAX(?m)": "2.5", "MIN(STR(?m))": "1",
    "SUM(?m + 1e0)": "10.5", "SUM(?m / 0e0)": "INF",
    "SUM(xsd:float(?k) / 10)": "0.5", "SUM(DISTINCT xsd:float(?k))": "3",
    "DATATYPE(SUM(xsd:float(?k)))": f"{XSD}float", "AVG(xsd:float(?k) / 10)": "0.125",
    "DATATYPE(AVG(xsd:float(?k)))": f"{XSD}float", "SUM(xsd:float('1e39'))": "INF",
    "DATATYPE(SUM(IF(?k = 1, xsd:float(?k), 1.5)))": f"{XSD}float",
    "DATATYPE(SUM(IF(?k = 1, xsd:float(?k), 1.5e0)))": f"{XSD}double",
    "DATATYPE(SUM(?k))": f"{XSD}integer", "DATATYPE(SUM(?m))": f"{XSD}decimal",
    "DATATYPE(AVG(?k))": f"{XSD}decimal", "DATATYPE(SUM(?m + 1e0))": f"{XSD}double",
    "SUM(?m * 'NaN'^^xsd:double)": "NaN", "GROUP_CONCAT(?x)": "", "SUM(?m / 2)": "3.25",
    "GROUP_CONCAT(DISTINCT STR(?k); SEPARATOR='-')": "1-2",
    "GROUP_CONCAT(STR(?k); SEPARATOR='-')": "1-1-1-2", "GROUP_CONCAT(STR(?m))": "1 1 2.0 2.5",
}  # fmt: skip
EMPTY = {
    "COUNT(*)": "0", "COUNT(?x)": "0", "SUM(?x)": "0", "AVG(?x)": "0", "MIN(?x)": "", "MAX(?x)": "",
    "GROUP_CONCAT(?x)": "", "SAMPLE(?x)": "", "SUM(?x / 2)": "0", "AVG(STR(?x))": "0",
}  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    data = f"<{EX}a> <{EX}p> <{EX}b> <{EX}g> .\n<{EX}a> <{EX}q> <{EX}b> <{EX}h> ."
    connection = duckdb.connect(config={"threads": 1})
    quads = ox.parse(data, ox.RdfFormat.N_QUADS)
    return table_of(quads, tmp_path_factory.mktemp("calls") / "table", connection=connection)


def given(table, expressions, pattern):
    """Return what expressions give, whose answer has one row."""
    items = " ".join(f"({each} AS ?v{n})" for n, each in enumerate(expressions))
    found = table.ask(guard(f"SELECT {items} {{ {pattern} }}", "a query", PREFIXES), PREFIXES)
    assert isinstance(found, Rows)
    (row,) = found
    texts = ["" if t is None else t.split('"')[1] if '"' in t else t[1:-1] for t in row]
    return dict(zip(expressions, texts, strict=True))


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("computed", [False, True])
def test_expressions_give_what_the_specification_says(table, part, computed):
    names = " ".join(f"?{name}" for name in VALUES)
    pattern = f"VALUES ({names}) {{ ({' '.join(VALUES.values())}) }}"
    chosen = dict(list(GIVES.items())[part::4])
    if computed:  # terms that are text, and no ids
        chosen = {each.replace("?", "?c_"): gives for each, gives in chosen.items()}
        copy = "BIND(IF(BOUND(?{0}), ?{0}, ?{0}) AS ?c_{0})"
        pattern += " ".join(copy.format(name) for name in VALUES if f"?c_{name}" in str(chosen))
    assert given(table, list(chosen), pattern) == chosen


def test_totals_give_what_the_specification_says(table):
    rows = "VALUES (?x ?k ?m) { ('a' 1 1) ('a' 1 1) (ex:b 2 2.5) (UNDEF 1 2.0) }"
    assert given(table, list(TOTALS), rows) == TOTALS
    assert given(table, list(EMPTY), "?x ex:none ?y") == EMPTY
    assert given(table, ["AVG(?k)"], "VALUES ?k { 1 } FILTER(?k > 5)") == {"AVG(?k)": "0"}


def test_a_path_without_a_step_leads_to_values_of_kinds_that_the_graph_lacks(table):
    gives = {
        "isNumeric(?i)": "true",
        "?i < 6": "true",
        "MONTH(?w)": "5",
        "!?y": "false",
        "STR(?t)": "none",
    }
    ends = "?i ex:p* 5 . ?w ex:p? '2020-05-06T07:08:09'^^xsd:dateTime . true ex:p* ?y . 'none' "
    assert given(table, list(gives), f"{ends} ex:p* ?t") == gives


def test_each_graph_has_a_group(table):
    text = "SELECT ?g ?n ?s { GRAPH ?g { SELECT (COUNT(*) AS ?n) (MIN(?o) AS ?s) { ?x ex:p ?o } } }"
    rows = table.ask(guard(text, "a query", PREFIXES), PREFIXES)
    found = {row[0]: (row[1].split('"')[1], row[2]) for row in rows}
    assert found == {f"<{EX}g>": ("1", f"<{EX}b>"), f"<{EX}h>": ("0", None)}
    text = "SELECT ?g ?n { GRAPH ?g { SELECT (AVG(?o) AS ?n) { ?x ex:p ?o } } }"
    found = dict(table.ask(guard(text, "a query", PREFIXES), PREFIXES))
    assert found == {f"<{EX}g>": None, f"<{EX}h>": f'"0"^^<{PREFIXES["xsd"]}integer>'}
    text = "SELECT ?g { GRAPH ?g { SELECT ?x { ?x ?p ?o } LIMIT 1 } }"
    assert len(list(table.ask(guard(text, "a query", PREFIXES), PREFIXES))) == 2
    text = "SELECT ?g { GRAPH ?g { SELECT ?x { ?x ?p ?o } OFFSET 1 } }"
    assert list(table.ask(guard(text, "a query", PREFIXES), PREFIXES)) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "GRAPH ?z { ?s ex:q ?y } OPTIONAL { ?u ex:q ?z }",
        "GRAPH ex:h { ?s ex:q ?y } OPTIONAL { ?s ex:p ?x }",
        "GRAPH ?w { ?s ex:q ?y } OPTIONAL { ?s ex:p ?x }",
        "GRAPH ?z { ?s ex:q ?y } MINUS { ?s ex:q ?y }",
        "{ GRAPH ?z { ?s ex:q ?y } } UNION { ?s ex:p ?y }",
        "GRAPH ?z { ?s ex:q ?y } FILTER EXISTS { ?u ex:p ?x }",
        "SELECT ?s { GRAPH ?z { ?s ?p ?y } } ORDER BY ?y LIMIT 3",
        "SELECT (COUNT(*) AS ?n) { GRAPH ?z { ?s ex:q ?y } }",
        "SELECT (COUNT(*) AS ?n) { GRAPH ex:none { ?s ex:q ?y } }",
    ],
)
def test_what_another_graph_is_asked_has_solutions_in_each_graph_around_it(table, pattern):
    triples = [(f"<{EX}a>", f"<{EX}{name}>", f"<{EX}b>") for name in "pq"]
    data = Dataset(named={f"<{EX}g>": {triples[0]}, f"<{EX}h>": {triples[1]}})
    query = guard(f"SELECT * {{ GRAPH ?w {{ {pattern} }} }}", "a query", PREFIXES)
    expected = exact_answer(evaluate(translate(query.tree, PREFIXES, EX), data))
    assert exact_answer(table.ask(query, PREFIXES)) == expected
