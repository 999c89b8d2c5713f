"""Mappings on Spark give what they give on DuckDB: quads in order, losses, bad values."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from kg.engines.spark import output
from kg.engines.spark.functions_sql import _TEXTS
from kg.engines.spark.hadoop import check_allowed
from kg.engines.spark.refusals import check_plan, check_rules
from kg.engines.spark.run import Spark
from kg.engines.spark.session import explained
from kg.errors import InputError, LimitError, UsageError, WorldError
from kg.map_spark import Cluster
from kg.mapping.documents import read_mappings
from kg.mapping.flatten import flatten
from kg.mapping.plan import Function, Plan
from kg.mapping.walk import plan_sources
from kg.rejects import skipping
from kg.sources import Folders
from tests.mapping import spark_session
from tests.mapping.evaluator import evaluate
from tests.mapping.random_plans import plans
from tests.mapping.running import read_plan, run_plan, write_files, yarrrml
from tests.mapping.spark_session import collect_spark, outcome, run_spark

EXAMPLES = int(os.environ.get("KG_EXAMPLES", "30"))
LACKS = spark_session.missing()
NEEDS_SPARK = pytest.mark.skipif(bool(LACKS), reason=LACKS)
# The others are a small test that is always run: 45 seconds of the processor.
TAKES_LONG = pytest.mark.skipif(not os.environ.get("KG_LONG"), reason="takes minutes: --long")

PEOPLE = """id,name,age,town,lang,page
1,"Ann ""x"", é",3,a b,en,http://example.org/a
2,Bob\\,x,c,de-AT,urn:uuid:1
3,,7,a b,en,http://example.org/é?x=1
1,"Ann ""x"", é",3,a b,en,http://example.org/a
4,"",1.5,😀/~*+,en,urn:x:y
"""
TOWNS = r"""{"id": "a b", "size": 1.50, "tags": ["x", "y\"z\t"], "open": true, "in": {"land": "A"}}
{"id": "c", "size": 12345678901234567890123, "tags": [1, 2.5e3, null], "open": null}
{"id": "a b", "size": -0.0, "tags": {"k": "v\u0001\b\u007f\ufffe\uffff"}, "in": {"land": "B"}}
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

    @TAKES_LONG
    @pytest.mark.parametrize("iterator", ["$", "$.rows[*]", "$.rows[*].in", "$.rows.*.more[*].in"])
    def test_wildcards_find_what_they_find_on_one_machine(self, tmp_path, iterator):
        """What no member of an object has, it may have itself; null is an element as well."""
        values = [{"z": ["b"], "n": 3}, [{"z": "c"}, {"n": None}], {"k": {"z": 1, "n": 4}, "n": 2}]
        records = [{"id": n, "part": each} for n, each in enumerate((*values, None, "d"))]
        rows = [{"in": each, "more": [{"in": each}, {"in": None}]} for each in records]
        top = {**records[0], "rows": [*records, *rows, {"in": None}]}
        write_files(tmp_path, {"a.json": json.dumps(top)})
        names = ("part[*].z[*]", "part[*].n", "part[*].z[0]", "rows[*].id", "rows[*].in.part[*].n")
        pairs = [f"[ex:p{number}, '$({name})']" for number, name in enumerate(names)]
        plan = read_plan(tmp_path, yarrrml(f"[['a.json~jsonpath', '{iterator}']]", pairs, "ex:s"))
        expected = run_plan(plan)
        quads, made = run_spark(plan)
        assert quads == expected.quads
        assert [c.records for c in made.counts] == [c.records for c in expected.made.counts]

    def test_what_is_left_out_is_noted(self, tmp_path):
        lines = ["id,v", "1,http://e.org/a", "2,no iri", "3,x,y", "4,http://e.org/b", ""]
        write_files(tmp_path, {"a.csv": "\n".join(lines)})
        plan = read_plan(tmp_path, yarrrml("[['a.csv~csv']]", ["[ex:p, $(v)~iri]"]))
        with skipping(None) as on_one:
            expected = run_plan(plan)
        with skipping(None) as on_many:
            quads, _ = run_spark(plan)
        assert quads == expected.quads
        assert (on_many.records, on_many.values) == (on_one.records, on_one.values) == (1, 1)
        assert {place for place, *_ in on_many.listed} == {place for place, *_ in on_one.listed}

    def test_ranges_of_subjects_follow_one_another(self, tmp_path, monkeypatch):
        monkeypatch.setattr(output, "QUADS_OF_RANGE", 10)
        rows = "".join(f"{n * 7 % 23},{n},{n % 3 or ''}\n" for n in range(40))
        others = "".join(f"{n},{n % 2}\n" for n in range(0, 40, 3))
        write_files(tmp_path, {"a.csv": f"id,v,w\n{rows}", "b.csv": f"\nid,w\n{others}"})
        pairs = ["[ex:p, $(v)]", "[a, ex:T]", "[ex:b, $(w)]"]
        mapping = yarrrml("[['a.csv~csv']]", pairs)
        mapping += "  n: {sources: [['b.csv~csv']], s: 'ex:$(id)', po: [[ex:b, $(w)], [a, ex:T]]}\n"
        plan = read_plan(tmp_path, mapping)
        quads, made = run_spark(plan)
        assert quads == run_plan(plan).quads
        assert made.statements == len(quads)

    def test_the_plan_of_spark_is_shown_and_has_no_python(self, folder):
        pairs = ["[a, ex:Person]", "[ex:label, '\"$(name)\" $(age)']", "[ex:page, $(page)~iri]"]
        plan = read_plan(folder, yarrrml("[['people.csv~csv']]", pairs))
        shown = Spark().explain(plan, Folders(None, folder))
        assert "SELECT s0 AS s, u0 AS u FROM (SELECT " in shown
        assert "== Physical Plan ==" in shown
        assert "EvalPython" not in shown

    @TAKES_LONG
    def test_addresses_of_hadoop_are_read_where_that_is_allowed(self, tmp_path):
        write_files(tmp_path, {"a.csv": "id,v\n1,x\n", "b.csv": "v,id\ny,2\n"})
        near = read_plan(tmp_path, yarrrml("[['*.csv~csv']]", ["[ex:p, $(v)]"]))
        far = read_plan(tmp_path, yarrrml(f"[['{tmp_path.as_uri()}/*.csv~csv']]", ["[ex:p, $(v)]"]))
        assert run_spark(far)[0] == run_plan(near).quads
        with pytest.raises(InputError) as caught:
            check_allowed(plan_sources(far), allowed=False)
        assert caught.value.code == "outside-folder"

    @TAKES_LONG
    @pytest.mark.parametrize("end", ["", "\n"])
    def test_controls_in_fields_are_kept(self, tmp_path, end):
        fields = ["\x01", '"\x01"', "a\x02b", '"\x03\x04"', '""', f'"a{end}\x03b"']
        rows = [f"{n},{field}" for n, field in enumerate(fields)]
        write_files(tmp_path, {"a.csv": "\n".join(["id,v", *rows, '6,"x"'])})
        plan = read_plan(tmp_path, yarrrml("[['a.csv~csv']]", ["[ex:p, $(v)]"]))
        assert run_spark(plan)[0] == run_plan(plan).quads

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


CALLS = (
    *("toLowerCase($(v))", "toUpperCase($(v))", "trim($(v))", "chomp($(v), $(w))"),
    *("indexOf($(v), $(w))", "urlProtocol($(v))", "urlDomain($(v))", "urlPath($(v))"),
    *('array_join($(v), "-")', "array_length($(v))", "replace($(v), $(w), a)", "length($(v))"),
    *("concat($(v), $(w))", "substring($(v), 1, -1)", "split($(v), a)", "equal($(v), $(w))"),
    *("notEqual($(v), $(w))", "contains($(v), $(w))", "stringContainsOtherString($(v), $(w), b)"),
)
TEXTS = (
    *("abc", "ABC", "ΣΑΣ", "İx", "straße", "ǅ", "ŉ", "ᾳ", "ﬁ", "", "http://e.org/a/b", " a "),
    *("http://e.org/a\nb", "ftp://x", "x//y", "aXa", "😀a😀", "a,b"),
)


@NEEDS_SPARK
class TestFunctions:
    def test_they_give_what_they_give_on_one_machine(self, spark, tmp_path):  # noqa: ARG002
        pairs = [(v, w) for v in TEXTS for w in ("", "a", "b", "X", "😀")]
        rows = [f'{number},"{v}",{w}' for number, (v, w) in enumerate(pairs)]
        write_files(tmp_path, {"a.csv": "\n".join(["id,v,w", *rows])})
        made = [f"{{p: ex:p{n}, o: {{function: '{call}'}}}}" for n, call in enumerate(CALLS)]
        plan = read_plan(tmp_path, yarrrml("[['a.csv~csv']]", made))
        expected = run_plan(plan)
        quads, written = run_spark(plan)
        assert quads == expected.quads
        assert [c.losses for c in written.counts] == [c.losses for c in expected.made.counts]

    @TAKES_LONG
    def test_every_letter_has_the_same_case(self, spark):
        lower, upper = (_TEXTS[function]("c") for function in (Function.LOWER, Function.UPPER))
        surrogates = "BETWEEN 55296 AND 57343"
        with duckdb.connect() as connection:
            expected = connection.execute(
                "SELECT i, lower(c), upper(replace(c, 'ß', 'SS')) FROM (SELECT i,"
                f" chr(CASE WHEN i {surrogates} THEN 0 ELSE i::INTEGER END) AS c"
                f" FROM range(128, 1114112) AS r(i) WHERE i NOT {surrogates})"
                " WHERE lower(c) <> c OR upper(replace(c, 'ß', 'SS')) <> c"
            ).fetchall()
        found = spark.sql(
            f"SELECT * FROM (SELECT id, c, {lower} AS l, {upper} AS u FROM (SELECT id,"
            " decode(unhex(lpad(hex(id), 8, '0')), 'UTF-32') AS c FROM range(128, 1114112)"
            f" WHERE id NOT {surrogates})) WHERE l <> c OR u <> c ORDER BY id"
        ).collect()
        assert [(i, low, up) for i, _, low, up in found] == expected


_UNDER = "{function: equal, parameters: [[str1, $(w)], [str2, y]]}"


@NEEDS_SPARK
@TAKES_LONG
@pytest.mark.usefixtures("spark")
class TestBadTerms:
    """A bad value is an error where it is all that a statement lacks."""

    @pytest.mark.parametrize(
        ("row", "subject", "pair", "graph"),
        [
            (",no iri,", "ex:$(id)", "[ex:p, $(v)~iri]", ""),
            ("1,no iri,", "ex:$(id)", "[ex:$(w), $(v)~iri]", ""),
            ("1,no iri,", "ex:$(id)", "[ex:p, $(v)~iri]", "ex:$(w)"),
            ("1,no iri,x", f"{{value: ex:$(id), condition: {_UNDER}}}", "[ex:p, $(v)~iri]", ""),
            (",no tag,x", "ex:$(id)", "[ex:p, $(w), $(v)~lang]", ""),
            ("1,no tag,", "ex:$(id)", "[ex:p, $(w), $(v)~lang]", ""),
            ("1,no iri,", "ex:$(id)", "[ex:p, $(w), $(v)]", ""),
            ("1,no iri,", "ex:$(id)", "[$(v)~iri, $(w)]", ""),
            ("1,no iri,", "ex:$(id)", "[ex:p, $(w)]", "$(v)~iri"),
            ("1,no iri,x", "ex:$(id)", "{p: $(v)~iri, o: {mapping: t, condition: C}}", ""),
        ],
    )
    def test_what_no_statement_needs_is_no_error(self, tmp_path, row, subject, pair, graph):
        plan = self.plan(tmp_path, row, subject, pair, graph)
        expected = run_plan(plan)
        quads, made = run_spark(plan)
        assert quads == expected.quads
        assert [c.losses for c in made.counts] == [c.losses for c in expected.made.counts]
        with skipping(None) as left:
            assert run_spark(plan)[0] == expected.quads
        assert left.values == 0

    @pytest.mark.parametrize(
        ("row", "subject", "pair", "graph"),
        [
            ("no iri,,", "$(id)", "[ex:p, $(v)]", ""),
            ("1,no iri,x", "ex:$(id)", "[ex:$(w), $(v)~iri]", ""),
            ("1,no iri,y", f"{{value: ex:$(id), condition: {_UNDER}}}", "[ex:p, $(v)~iri]", ""),
            ("1,no tag,x", "ex:$(id)", "[ex:p, $(w), $(v)~lang]", ""),
            ("1,no iri,x", "ex:$(id)", "[ex:p, $(w), $(v)]", ""),
            ("1,no iri,x", "ex:$(id)", "[$(v)~iri, $(w)]", ""),
            ("1,no iri,x", "ex:$(id)", "[ex:p, $(w)]", "$(v)~iri"),
            ("1,no iri,1", "ex:$(id)", "{p: $(v)~iri, o: {mapping: t, condition: C}}", ""),
            ("1,no iri,1", "ex:$(id)", "{p: ex:p, o: {mapping: u, condition: C}}", ""),
        ],
    )
    def test_what_a_statement_needs_is_one(self, tmp_path, row, subject, pair, graph):
        plan = self.plan(tmp_path, row, subject, pair, graph)
        with pytest.raises(InputError) as on_one:
            run_plan(plan)
        with pytest.raises(InputError) as on_many:
            run_spark(plan)
        assert str(on_many.value) == str(on_one.value)

    @pytest.mark.parametrize("pairs", [["[ex:p, $(u)]"], ["[ex:p, $(id)]"]])
    def test_one_of_several_subjects_is_one_without_a_statement(self, tmp_path, pairs):
        write_files(tmp_path, {"a.json": '{"s": ["http://e/s", "no iri"], "id": "x"}'})
        plan = read_plan(tmp_path, yarrrml("[['a.json~jsonpath', '$']]", pairs, "$(s[*])"))
        expected, found = outcome(run_plan, plan), outcome(run_spark, plan)
        assert isinstance(expected, InputError)
        assert _without_lines(found) == _without_lines(expected)
        with skipping(None) as left:
            assert len(run_spark(plan)[0]) == pairs[0].count("id")
        assert left.values == 1

    def test_a_value_of_several_terms_is_told_once(self, tmp_path):
        write_files(tmp_path, {"a.csv": "id,v\n1,no iri\n2,http://e/ a\n"})
        pairs = ["[ex:p, $(v)~iri]", "[ex:q, $(v)~iri]", "[$(v)~iri, x]"]
        mapping = yarrrml("[['a.csv~csv']]", pairs)
        plan = read_plan(tmp_path, mapping + mapping.partition("\n")[2].replace(" m:", " n:"))
        with pytest.raises(InputError) as on_one:
            run_plan(plan)
        with pytest.raises(InputError) as on_many:
            run_spark(plan)
        assert str(on_many.value) == str(on_one.value)

    def test_a_triples_map_is_told_for_which_a_value_is_bad(self, tmp_path):
        """What is good with a base may be bad without one."""
        made = 'rml:objectMap [ rml:reference "v" ; rml:termType rml:IRI ]'
        pair = f"rml:predicateObjectMap [ rml:predicate ex:p ; {made} ]"
        source = 'rml:logicalSource [ rml:source "a.csv" ; rml:referenceFormulation rml:CSV ]'
        maps = [
            f"ex:{name} {source} ; rml:subjectMap [ rml:constant ex:s ] ; {pair} {more} ."
            for name, more in (("first", "; rml:baseIRI <http://b/>"), ("second", ""))
        ]
        head = "@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://e/> ."
        write_files(tmp_path, {"a.csv": "id,v\n1,x\n2,http://e/y\n"})
        plan = read_plan(tmp_path, "\n".join((head, *maps)))
        expected, found = outcome(run_plan, plan), outcome(run_spark, plan)
        assert "second" in str(expected.hint)
        assert str(found) == str(expected)

    def plan(self, folder: Path, row: str, subject: str, pair: str, graph: str) -> Plan:
        write_files(folder, {"a.csv": f"id,v,w\n{row}\n", "b.csv": "w,u\n1,no iri\n"})
        joined = "{function: equal, parameters: [[str1, $(w)], [str2, $(w)]]}"
        mapping = yarrrml(
            "[['a.csv~csv']]",
            [pair.replace("condition: C", f"condition: {joined}")],
            subject,
            [f"graphs: {graph}"] if graph else [],
        )
        mapping += "  t: {sources: [['b.csv~csv']], s: 'ex:t/$(w)'}\n"
        if "mapping: u" in pair:
            mapping += "  u: {sources: [['a.csv~csv']], s: $(v)~iri}\n"
        return read_plan(folder, mapping)


@NEEDS_SPARK
@TAKES_LONG
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Each try takes seconds, so that a smaller plan is not looked for.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(data=st.data())
def test_random_plans_mean_the_same(spark, data):  # noqa: ARG001 (it is there)
    with tempfile.TemporaryDirectory() as name:
        plan = data.draw(plans(Path(name)))
        assume(not isinstance(outcome(refuse, plan), InputError))
        expected, found = outcome(run_plan, plan), outcome(collect_spark, plan)
        if isinstance(expected, InputError):
            _check_left_out(plan)
        if isinstance(found, InputError):
            assert isinstance(expected, InputError), found
            assert _without_lines(found) == _without_lines(expected)
            return
        quads, counts = found
        if isinstance(expected, InputError):
            # On one machine a bad value that no statement needs may stop a run as well.
            meant = evaluate(plan)
            assert not meant.needed, expected
            assert set(quads) == meant.quads
            return
        assert quads == expected.quads
        for one, other in zip(counts, expected.made.counts, strict=True):
            assert (one.records, one.losses) == (other.records, other.losses)


def _check_left_out(plan: Plan) -> None:
    """Check that the two engines leave out the same, and make the same of the rest."""
    with skipping(None) as on_one:
        expected = outcome(run_plan, plan)
    with skipping(None) as on_many:
        found = outcome(collect_spark, plan)
    if isinstance(expected, InputError):
        assert _without_lines(found) == _without_lines(expected)
        return
    assert not isinstance(found, InputError), found
    quads, counts = found
    assert quads == expected.quads
    assert [each.losses for each in counts] == [each.losses for each in expected.made.counts]
    assert (on_many.records, on_many.values) == (on_one.records, on_one.values)
    many, one = (
        {(place.file, place.record, place.column, *told) for place, *told in left.listed}
        for left in (on_many, on_one)
    )
    assert many == one


def _without_lines(error: InputError) -> str:
    """Return what is told but for lines, which Spark does not know where quotes hold line ends."""
    return re.sub(r":\d+ (?=\(record)", " ", str(error))


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (
            "An error occurred while calling o1.parquet.\n: org.apache.spark.SparkException: Job"
            " aborted.\n\tat org.apache.X.y(X.scala:1)\nCaused by: java.lang.OutOfMemoryError:"
            " Java heap space\n\tat java.base/z",
            LimitError,
            "an executor had too little memory: OutOfMemoryError: Java heap space",
        ),
        (
            "Caused by: java.io.IOException: No space left on device\n\tat java.base/z",
            WorldError,
            "a disk of the cluster is full: IOException: No space left on device",
        ),
        (
            "[PATH_NOT_FOUND] Path does not exist: file:/a.csv. SQLSTATE: 42K03",
            InputError,
            "a file is not there",
        ),
        (
            "org.apache.spark.SparkException: All masters are unresponsive! Giving up.",
            WorldError,
            "the cluster cannot be reached",
        ),
        (
            "java.lang.IllegalStateException: odd\n\tat a.b",
            WorldError,
            "IllegalStateException: odd",
        ),
    ],
)
def test_a_failed_job_is_told_in_a_line(said, kind, told):
    error = explained(said)
    assert isinstance(error, kind)
    assert told in error.message
    assert "\n" not in error.message


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


@pytest.mark.parametrize(
    ("memory", "heap"), [("2GB", "1478m"), ("1.5GiB", "1106m"), ("8g", "7200m")]
)
def test_the_heap_is_what_is_left_of_the_memory(memory, heap):
    assert Cluster(memory=memory).engine.settings == {"spark.driver.memory": heap}


@pytest.mark.parametrize(
    ("memory", "told"), [("900MB", "Spark does not run in 900MB"), ("lots", "is not a size")]
)
def test_too_little_memory_for_java_is_told_before_it_starts(memory, told):
    with pytest.raises(UsageError, match=told):
        _ = Cluster(memory=memory).engine
