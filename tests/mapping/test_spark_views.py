"""Logical views on Spark give the rows that they give on DuckDB.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kg.engines.spark.refusals import check_plan, check_rules
from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.flatten import flatten
from kg.mapping.plan import Plan
from tests.mapping import spark_session
from tests.mapping.running import run_plan, write_files
from tests.mapping.spark_session import outcome, run_spark
from tests.mapping.test_views import HEAD, ITEM, NAME, SAME, YEAR, YEARS, join, text, view

LACKS = spark_session.missing()
NEEDS_SPARK = pytest.mark.skipif(bool(LACKS), reason=LACKS)
PEOPLE = """{"p": [
 {"n": "ann", "tags": ["x", "y"], "i": [{"t": "pen", "w": 1.50, "q": [1, 2]}, {"t": "ink"}]},
 {"n": "cid", "tags": "z", "i": {"t": "cap"}}, {"n": "bob", "i": []}]}"""
TABLE = "n,year\nann,1995\nbob,1999\neve,\n"
TAGS = '[ rml:fieldName "g" ; rml:reference "$.tags[*]" ]'
# Where an iterator finds an object, its members are the records.
ONE = ITEM.replace("$.i[*]", "$.i")
MAPPING = (
    HEAD
    + YEARS
    + view("ex:json", NAME, ITEM, more=join("leftJoin", SAME, YEAR))
    + text("{n} {i.t} {i.#} {i.w} {i.q} {i.q.#} {year} {year.#}")
    + view("ex:v", NAME, '[ rml:fieldName "x" ; rml:reference "i.t" ]').replace("ex:v ", "ex:u ", 1)
    + text("{n} {x} {#}").replace("ex:t ", "ex:t2 ").replace("ex:v ", "ex:u ")
    + view("ex:json", NAME, TAGS, ONE).replace("ex:v ", "ex:o ", 1)
    + text("{i.t}").replace("ex:t ", "ex:t3 ").replace("ex:v ", "ex:o ")
    + view(
        "ex:csv",
        NAME,
        more=join("innerJoin", SAME, '[ rml:fieldName "x" ; rml:reference "g" ]', "ex:o"),
    ).replace("ex:v ", "ex:w ", 1)
    + text("{x} {x.#}").replace("ex:t ", "ex:t4 ").replace("ex:v ", "ex:w ")
    + "ex:t5 rml:logicalSource ex:w ; rml:subjectMap [ rml:termType rml:BlankNode ;"
    " rml:class ex:Row ] .\n"
)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session.session() as made:
        yield made


def plan_of(folder: Path, mapping: str, monkeypatch: pytest.MonkeyPatch) -> Plan:
    write_files(folder, {"p.json": PEOPLE, "t.csv": TABLE, "m.ttl": mapping})
    monkeypatch.chdir(folder)
    return read_mappings([Path("m.ttl")], {})


@NEEDS_SPARK
@pytest.mark.usefixtures("spark")
def test_rows_and_losses_are_those_of_one_machine(tmp_path, monkeypatch):
    plan = plan_of(tmp_path, MAPPING, monkeypatch)
    expected = run_plan(plan)
    quads, made = run_spark(plan)
    assert quads == expected.quads
    for one, other in zip(made.counts, expected.made.counts, strict=True):
        assert (one.triples_map, one.records) == (other.triples_map, other.records)
        assert one.losses == other.losses


@NEEDS_SPARK
@pytest.mark.usefixtures("spark")
def test_a_value_that_is_none_is_told_alike(tmp_path, monkeypatch):
    field = ITEM.replace('rml:reference "w"', 'rml:reference "$.q"')
    mapping = HEAD + view("ex:json", NAME, field) + text("{n} {i.w}")
    plan = plan_of(tmp_path, mapping, monkeypatch)
    expected, found = outcome(run_plan, plan), outcome(run_spark, plan)
    assert isinstance(expected, InputError)
    assert isinstance(found, InputError)
    # Spark does not know the lines of a document.
    assert str(found) == re.sub(r":\d+ (?=\(record)", " ", str(expected))


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        (
            view(
                "ex:csv",
                NAME,
                '[ rml:fieldName "d" ; rml:reference "year" ; rml:field [ rml:fieldName "r" ;'
                ' rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" ;'
                ' rml:field [ rml:fieldName "k" ; rml:reference "k" ] ] ]',
            )
            + text("{d.r.k}"),
            "the field d of",
        ),
        (view("ex:json", NAME, ITEM.replace('"$.t"', '"$[-1]"')) + text("{i.t}"), "'$[-1]'"),
    ],
)
def test_what_spark_does_not_have_is_named(tmp_path, monkeypatch, mapping, named):
    plan = plan_of(tmp_path, HEAD + mapping, monkeypatch)
    check_plan(plan)
    with pytest.raises(InputError) as caught:
        check_rules(flatten(plan, routed=True))
    assert caught.value.code == "not-on-spark"
    assert named in caught.value.message
    assert caught.value.location is not None
