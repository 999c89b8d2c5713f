"""A date as a text is told where it is compared with a date, and nowhere else."""

import pytest

from kg.findings.questions import dates_as_texts
from kg.query.question import parse_question

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
