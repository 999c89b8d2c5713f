"""Mappings on Spark give what they give on DuckDB: quads in order, losses, bad values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kg.engines.spark.refusals import check_plan, check_rules
from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.flatten import flatten
from kg.mapping.plan import Plan
from tests.mapping import spark_session
from tests.mapping.running import read_plan, run_plan, write_files, yarrrml
from tests.mapping.spark_session import run_spark

NEEDS_SPARK = pytest.mark.skipif(bool(spark_session.missing()), reason=spark_session.missing())

PEOPLE = """id,name,age,town,lang,page
1,"Ann ""x"", é",3,a b,en,http://example.org/a
2,Bob\\,x,c,de-AT,urn:uuid:1
3,,7,a b,en,http://example.org/é?x=1
1,"Ann ""x"", é",3,a b,en,http://example.org/a
4,"",1.5,😀/~*+,en,urn:x:y
"""
TOWNS = r"""{"id": "a b", "size": 1.50, "tags": ["x", "y\"z\t"], "open": true, "in": {"land": "A"}}
{"id": "c", "size": 12345678901234567890123, "tags": [1, 2.5e3, null], "open": null}
{"id": "a b", "size": -0.0, "tags": {"k": "v\u0001\u007f"}, "in": {"land": "B"}}
{"id": "d", "size": 1e400, "tags": "one", "open": "false"}
"""
MAPPING = """mappings:
  person:
    sources: [['people.csv~csv']]
    s: ex:person/$(id)
    g: ex:graph/$(lang)
    po:
      - [a, ex:Person]
      - [ex:name, $(name), $(lang)~lang]
      - [ex:age, $(age), xsd:integer]
      - [ex:label, '"$(name)" \\ $(age)']
      - [ex:page, $(page)~iri]
      - [ex:$(lang), $(town)]
      - p: ex:town
        o:
          mapping: town
          condition: {function: equal, parameters: [[str1, $(town)], [str2, $(id)]]}
      - p: ex:land
        o:
          mapping: land
          condition: {function: equal, parameters: [[str1, $(town)], [str2, $(id)]]}
  town:
    sources: [['towns.jsonl~jsonpath', '$']]
    s: ex:town/$(id)
    po:
      - [a, ex:Town]
      - [ex:size, $(size)]
      - [ex:tag, '$(tags[*])']
      - [ex:open, $(open)]
      - [ex:text, 'size $(size)']
  land:
    sources: [['towns.jsonl~jsonpath', '$']]
    s: ex:land/$(in.land)
    po:
      - [ex:has, 'ex:town/$(id)~iri']
  row:
    sources: [['rows.parquet~parquet']]
    s: ex:row/$(n)
    po:
      - [ex:when, $(t)]
      - [ex:day, $(d)]
      - [ex:sum, $(x)]
      - [ex:price, $(p)]
      - [ex:raw, $(b)]
      - [ex:of, 'ex:x/$(x)~iri']
"""


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session.session() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, {"people.csv": PEOPLE, "towns.jsonl": TOWNS})
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i AS n, TIMESTAMP '2020-02-29 01:02:03.5' + to_days(i::INTEGER) AS t,"
            " DATE '2020-02-28' + i::INTEGER AS d, [1.5, 1e20, 1e-7, 100000, 0][i + 1]::DOUBLE"
            " AS x, (i / 4)::DECIMAL(9, 2) AS p, 'ab'::BLOB AS b FROM range(5) AS r(i))"
            f" TO '{tmp_path / 'rows.parquet'}'"
        )
    return tmp_path


@NEEDS_SPARK
@pytest.mark.usefixtures("spark")
class TestRun:
    def test_quads_and_losses_are_those_of_one_machine(self, folder):
        plan = read_plan(folder, MAPPING)
        expected = run_plan(plan)
        quads, made = run_spark(plan)
        assert quads == expected.quads
        assert made.statements == len(quads)
        for one, other in zip(made.counts, expected.made.counts, strict=True):
            assert (one.triples_map, one.records) == (other.triples_map, other.records)
            assert one.losses == other.losses
            assert [str(each) for each in one.ill_typed] == [str(each) for each in other.ill_typed]

    @pytest.mark.parametrize(
        ("files", "pair"),
        [
            ({"a.csv": "id,v\n1,http://e.org/a\n2,no iri\n"}, "[ex:p, $(v)~iri]"),
            ({"a.csv": "id,v\n1,a\n2,b,c\n"}, "[ex:p, $(v)]"),
            ({"a.csv": 'id,v\n1,"a\nb"\n2,c"d\n3,"x\n'}, "[ex:p, $(v)]"),
            ({"a.csv": b"id,v\n1,\xff\n"}, "[ex:p, $(v)]"),
        ],
    )
    def test_bad_values_are_named_with_file_and_record(self, tmp_path, files, pair):
        write_files(tmp_path, files)
        plan = read_plan(tmp_path, yarrrml("[['a.csv~csv']]", [pair]))
        with pytest.raises(InputError) as on_one:
            run_plan(plan)
        with pytest.raises(InputError) as on_many:
            run_spark(plan)
        assert on_many.value.code == on_one.value.code
        if on_one.value.code == "bad-iri":
            assert str(on_many.value) == str(on_one.value)


_PAIR = "[ex:p, $(v)]"


def refuse(plan: Plan) -> None:
    check_plan(plan)
    check_rules(flatten(plan, routed=True))


class TestRefusals:
    @pytest.mark.parametrize(
        ("source", "pair", "named"),
        [
            ("[['a.xml~xpath', '/a']]", _PAIR, "XML"),
            ("[['a.xlsx~excel']]", _PAIR, "workbooks"),
            ("[['a.yaml~yaml', '$']]", _PAIR, "YAML"),
            ("[['a.json~jsonpath', '$[?@.a]']]", _PAIR, "'$[?@.a]'"),
            (
                "{access: a.csv, referenceFormulation: csv, encoding: latin-1}",
                "[ex:p, $(v)]",
                "latin-1",
            ),
        ],
    )
    def test_what_spark_cannot_read_is_named(self, tmp_path, source, pair, named):
        plan = read_plan(tmp_path, yarrrml(source, [pair]))
        with pytest.raises(InputError) as caught:
            refuse(plan)
        assert caught.value.code == "not-on-spark"
        assert named in caught.value.message
        assert caught.value.location is not None

    def test_a_triples_map_of_constants_has_no_file_that_spark_reads(self, tmp_path):
        path = tmp_path / "m.rml.ttl"
        path.write_text(
            "@prefix rml: <http://w3id.org/rml/> .\n<#m> rml:subjectMap ["
            " rml:constant <http://e/s> ; rml:class <http://e/C> ] ; a rml:TriplesMap ."
        )
        with pytest.raises(InputError, match="a triples map without a source cannot be had"):
            refuse(read_mappings([path], {}))
