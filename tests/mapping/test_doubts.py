"""What is told of values and texts that are probably not what was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.datatypes import LEXICAL_SPACES
from kg.errors import InputError, LimitError
from kg.mapping.functions import GREL
from kg.terms import XSD
from tests.mapping.running import EX, Run, read_plan, run_mapping, run_plan, yarrrml

XSD_PREFIX = "prefixes: {xsd: http://www.w3.org/2001/XMLSchema#}\n"
CSV = "[[t.csv~csv]]"


def run(folder: Path, po: list[str], rows: str, **more: object) -> Run:
    return run_mapping(folder, XSD_PREFIX + yarrrml(CSV, po, **more), {"t.csv": rows})


def notes(made: Run) -> list[str]:
    counts = made.made.counts
    return [str(note) for count in counts for note in (*count.notes, *count.ill_typed)]


class TestIllTyped:
    @pytest.mark.parametrize(
        ("datatype", "good", "bad"),
        [
            ("boolean", "true", "True"),
            ("integer", "-7", "1.0"),
            ("decimal", "1.50", "1E2"),
            ("double", "1E2", "1,5"),
            ("date", "2020-02-29", "2020-01-31T00:00:00"),
            ("date", "2020-02-29", "2021-02-29"),
            ("dateTime", "2020-01-31T00:00:00Z", "2020-01-31"),
            ("time", "12:30:00", "12:30"),
            ("gYear", "2020", "20"),
            ("gMonthDay", "--02-28", "--02-30"),
            ("byte", "127", "128"),
            ("unsignedInt", "1", "-1"),
            ("nonNegativeInteger", "0", "-1"),
            ("duration", "P1D", "1 day"),
            ("hexBinary", "0aFF", "abc"),
            ("language", "en-GB", "en_GB"),
        ],
    )
    def test_the_first_is_told_with_its_place(self, tmp_path, datatype, good, bad):
        rows = f'id,v\n1,{good}\n2,"{bad}"\n3,\n4,"{bad}"\n'
        made = run(tmp_path, [f"[ex:p, $(v), xsd:{datatype}]"], rows)
        assert len(made.objects()) == 3  # they are in the graph all the same
        (note,) = notes(made)
        assert note.startswith(f"2 values are not of xsd:{datatype}, the first '{bad}' at ")
        mended = '; the function replace(…, ",", ".") mends the comma' if bad == "1,5" else ""
        assert note.endswith(f't.csv:3 (record 2), column "v"{mended}')

    @pytest.mark.parametrize("datatype", ["string", "anyURI", "token", "normalizedString"])
    def test_any_text_will_do(self, tmp_path, datatype):
        assert notes(run(tmp_path, [f"[ex:p, $(v), xsd:{datatype}]"], "id,v\n1,a b\n")) == []

    @pytest.mark.parametrize("text", ["NA", "n/a", "NULL", "-", '""'])
    def test_what_means_no_value_leads_to_nulls(self, tmp_path, text):
        made = run(tmp_path, ["[ex:p, $(v), xsd:integer]"], f"id,v\n1,{text}\n")
        shown = "" if text == '""' else text
        assert notes(made)[0].endswith(f"say so in the source: nulls: ['{shown}']")

    def test_what_is_left_out_is_not_told(self, tmp_path):
        """By a condition, or for lack of a subject."""
        condition = "condition: {function: 'notEqual($(v), NA)'}"
        po = [f"{{p: ex:p, o: {{value: $(v), datatype: xsd:integer, {condition}}}}}"]
        assert notes(run(tmp_path, po, "id,v\n1,NA\n2,5\n")) == []
        assert notes(run(tmp_path, ["[ex:p, $(v), xsd:integer]"], "id,v\n,NA\n2,5\n")) == []
        made = run(tmp_path, ["[ex:p, $(v), xsd:integer]"], "id,v\n1,NA\n2,5\n", extra=[condition])
        assert notes(made) == []

    def test_values_of_lists_and_functions(self, tmp_path):
        source = "[[t.json~jsonpath, '$[*]']]"
        po = ["[ex:p, '$(v[*])', xsd:integer]", "[ex:q, $(n), xsd:decimal]"]
        text = '[{"id": 1, "v": ["1", "x", "y"], "n": 1E2}, {"id": 2, "v": [2], "n": 2.5}]'
        made = run_mapping(tmp_path, XSD_PREFIX + yarrrml(source, po), {"t.json": text})
        first, second = notes(made)
        assert first.startswith("2 values are not of xsd:integer, the first 'x' at ")
        assert second.startswith("1 value is not of xsd:decimal, the first '1E2' at ")
        call = "{p: ex:p, o: {function: 'replace($(v), x, y)', datatype: xsd:integer}}"
        assert "the first 'yy'" in notes(run(tmp_path, [call], "id,v\n1,xx\n2,3\n"))[0]

    def test_all_patterns_are_asked(self, tmp_path):
        """No datatype with a lexical space makes a query that fails."""
        names = [iri[len(XSD) :] for iri in LEXICAL_SPACES if iri.startswith(XSD)]
        made = run(tmp_path, [f"[ex:{n}, $(v), xsd:{n}]" for n in names], "id,v\n1,(\n")
        told = {note.split(",")[0].rpartition("xsd:")[2] for note in notes(made)}
        assert told == {*names} - {"token", "normalizedString"}

    def test_what_mappings_share_is_told_once(self, tmp_path):
        mapping = XSD_PREFIX + yarrrml(CSV, ["[ex:p, $(v), xsd:integer]"], "[ex:$(id), ex:b$(id)]")
        made = run_mapping(tmp_path, mapping, {"t.csv": "id,v\n1,x\n"})
        assert len(made.made.counts) == 2
        assert len(notes(made)) == 1


class TestDatatypes:
    @pytest.mark.parametrize(
        ("name", "hint"),
        [("intger", "xsd:integer"), ("datetime", "xsd:dateTime"), ("Int", "xsd:int")],
    )
    def test_unknown_names(self, tmp_path, name, hint):
        with pytest.raises(InputError, match=f"xsd:{name} is no datatype") as caught:
            run(tmp_path, [f"[ex:p, $(v), xsd:{name}]"], "id,v\n1,2\n")
        assert caught.value.code == "unknown-datatype"
        assert caught.value.hint == f"Did you mean {hint}?"
        assert caught.value.location.line == 7

    def test_unknown_name_of_a_constant(self, tmp_path):
        mapping = f"""@prefix rml: <http://w3id.org/rml/> . @prefix xsd: <{XSD}> .
            <#m> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:path "t.csv" ] ;
                    rml:referenceFormulation rml:CSV ] ;
                rml:subjectMap [ rml:template "{EX}{{id}}" ] ;
                rml:predicateObjectMap [ rml:predicate <{EX}p> ; rml:object "1"^^xsd:intger ] ."""
        with pytest.raises(InputError, match="xsd:intger is no datatype"):
            run_mapping(tmp_path, mapping, {"t.csv": "id\n1\n"})

    def test_datatypes_of_others_are_left_alone(self, tmp_path):
        assert run(tmp_path, ["[ex:p, $(v), ex:mine]"], "id,v\n1,2\n").objects() == [
            f'"2"^^<{EX}mine>'
        ]


class TestNothingSaid:
    MAPPING = """\
prefixes: {ex: http://example.org/}
mappings:
  silent:
    sources: [[t.csv~csv]]
    s: ex:s$(id)
"""
    CHILD = """\
  child:
    sources: [[t.csv~csv]]
    s: ex:c$(id)
    po:
      - p: ex:p
        o:
          mapping: silent
          condition: {function: equal, parameters: [[str1, $(id)], [str2, $(id)]]}
"""

    def test_a_triples_map_that_makes_no_triple(self, tmp_path):
        (note,) = notes(run_mapping(tmp_path, self.MAPPING, {"t.csv": "id\n1\n"}))
        assert note.startswith("line ")
        assert "it makes no triple; add predicates and objects (po)" in note

    def test_one_whose_subjects_are_objects_of_another(self, tmp_path):
        made = run_mapping(tmp_path, self.MAPPING + self.CHILD, {"t.csv": "id\n1\n"})
        assert notes(made) == []
        assert len(made.objects()) == 1


class TestTexts:
    @pytest.mark.parametrize("written", ["http://e/X", "https://e/$(id)"])
    def test_a_text_that_looks_like_an_iri(self, tmp_path, written):
        made = run(tmp_path, [f"[ex:p, '{written}']"], "id\n1\n")
        assert made.objects() == [f'"{written.replace("$(id)", "1")}"']
        (note,) = notes(made)
        assert note.startswith(f"line 7: '{written}' ")
        assert "write ~iri behind it for IRIs, ~literal for texts" in note

    @pytest.mark.parametrize(
        "pair",
        [
            "[ex:p, 'http://e/X~iri']",
            "[ex:p, 'http://e/X~literal']",
            "[ex:p, http://e/X, xsd:anyURI]",
            "[ex:p, http://e/X, en~lang]",
            "[ex:p, 'see http://e/X for more']",
            "[ex:p, 'http://e/ X']",
            "{p: ex:p, o: {value: http://e/X, type: literal}}",
            "{p: ex:p, o: {value: http://e/X, datatype: xsd:anyURI}}",
        ],
    )
    def test_no_doubt(self, tmp_path, pair):
        assert notes(run(tmp_path, [pair], "id\n1\n")) == []

    @pytest.mark.parametrize("pair", ["[a, Peak]", "[Peak, x]", "{p: ex:p, o: Peak~iri}"])
    def test_a_name_without_a_prefix(self, tmp_path, pair):
        mapping = "base: http://base/\n" + yarrrml(CSV, [pair, pair])
        (note,) = notes(run_mapping(tmp_path, mapping, {"t.csv": "id\n1\n"}))[:1]
        assert note == "line 7: 'Peak' has no prefix, so it is <http://base/Peak>"

    def test_braces(self, tmp_path):
        (note,) = notes(run(tmp_path, ["[ex:p, '{id}']"], "id\n1\n"))
        assert note == "line 7: '{id}' is a text; a reference is written $(id)"

    def test_a_language_is_no_object(self, tmp_path):
        with pytest.raises(InputError, match="~lang stands behind a language") as caught:
            run(tmp_path, ["[ex:p, $(v)~lang]"], "id,v\n1,A\n")
        assert "[predicate, $(v), en~lang]" in caught.value.hint

    @pytest.mark.parametrize("mark", ["iri", "IRI", "Iri"])
    def test_marks_in_any_case(self, tmp_path, mark):
        assert run(tmp_path, [f"[ex:p, 'http://e/X~{mark}']"], "id\n1\n").objects() == [
            "<http://e/X>"
        ]


def lists(*sizes: int) -> dict[str, str]:
    record = {"id": 1} | {f"v{n}": [*range(size)] for n, size in enumerate(sizes)}
    return {"t.json": json.dumps([{"id": 0}, record])}


class TestCombinations:
    SOURCE = "[[t.json~jsonpath, '$[*]']]"

    def template(self, number: int) -> str:
        return "-".join(f"$(v{n}[*])" for n in range(number))

    def test_pairs_are_told_once(self, tmp_path):
        mapping = yarrrml(self.SOURCE, [f"[ex:p, '{self.template(2)}']"])
        made = run_mapping(tmp_path, mapping, lists(2, 3))
        assert len(made.objects()) == 6
        (note,) = notes(made)
        assert note.startswith(
            "a template pairs each value of v0[*] with each of v1[*], in 1 record;"
        )

    @pytest.mark.parametrize("sizes", [(1, 3), (1, 1), (0, 5)])
    def test_no_pairs(self, tmp_path, sizes):
        mapping = yarrrml(self.SOURCE, [f"[ex:p, '{self.template(2)}']"])
        assert notes(run_mapping(tmp_path, mapping, lists(*sizes))) == []

    @pytest.mark.parametrize(
        "pair",
        [
            "[ex:p, '{0}']",
            "['ex:{0}', x]",
            "{{p: ex:p, o: {{value: 'ex:{0}', type: iri}}}}",
            "{{p: ex:p, o: x, g: 'ex:{0}'}}",
            "['ex:$(v0[*])$(v1[*])$(v2[*])', '$(v3[*])$(v4[*])']",
        ],
    )
    def test_too_many(self, tmp_path, pair):
        mapping = yarrrml(self.SOURCE, [pair.format(self.template(5))])
        with pytest.raises(LimitError, match="make 777,600,000 combinations") as caught:
            run_mapping(tmp_path, mapping, lists(60, 60, 60, 60, 60))
        assert caught.value.code == "too-many-combinations"
        assert caught.value.location.record == 2

    def test_too_many_in_a_subject(self, tmp_path):
        mapping = yarrrml(self.SOURCE, ["[ex:p, x]"], f"'ex:{self.template(5)}'")
        with pytest.raises(LimitError, match="777,600,000"):
            run_mapping(tmp_path, mapping, lists(60, 60, 60, 60, 60))


class TestOneForMany:
    """Programs write a list of one as the one; `[*]` takes both."""

    @pytest.mark.parametrize("kind", ["jsonpath", "yaml"])
    @pytest.mark.parametrize(
        ("reference", "record", "expected"),
        [
            ("tags[*]", {"tags": ["a", "b"]}, ["a", "b"]),
            ("tags[*]", {"tags": "a"}, ["a"]),
            ("tags[*]", {"tags": False}, ["false"]),
            ("tags[*]", {"tags": None}, []),
            ("tags[*]", {}, []),
            ("tags[*]", {"tags": {"x": "a", "y": "b"}}, ["a", "b"]),  # as RFC 9535 has it
            ("grants[*].id", {"grants": [{"id": "a"}, {"id": "b"}]}, ["a", "b"]),
            ("grants[*].id", {"grants": {"id": "a", "title": "b"}}, ["a"]),
            ("grants[*].id", {"grants": {"x": {"id": "a"}, "id": "b"}}, ["a"]),
            ("grants[*].id", {"grants": "a"}, []),
            ("grants[*].of.id", {"grants": {"of": {"id": "a"}}}, ["a"]),
            ("grants[*].by[*]", {"grants": {"by": "a"}}, ["a"]),
            (
                "grants[*].by[*].id",
                {"grants": [{"by": {"id": "a"}}, {"by": [{"id": "b"}]}]},
                ["a", "b"],
            ),
        ],
    )
    def test_references(self, tmp_path, kind, reference, record, expected):
        suffix = {"jsonpath": "json"}.get(kind, kind)
        mapping = yarrrml(f"[[t.{suffix}~{kind}, '$[*]']]", [f"[ex:p, '$({reference})', ex:t]"])
        made = run_mapping(tmp_path, mapping, {f"t.{suffix}": json.dumps([{"id": 1} | record])})
        assert made.objects() == [f'"{text}"^^<{EX}t>' for text in expected]

    def test_joins(self, tmp_path):
        mapping = """mappings:
          paper:
            sources: [[t.json~jsonpath, '$.papers[*]']]
            s: ex:$(id)
            po: [{p: ex:p, o: {mapping: grant, condition: {function: equal, parameters:
                  [[str1, $(grant)], [str2, '$(codes[*].code)']]}}}]
          grant:
            sources: [[t.json~jsonpath, '$.grants[*]']]
            s: ex:grant/$(id)
        """
        document = {
            "papers": [{"id": 1, "grant": "x"}, {"id": 2, "grant": "y"}],
            "grants": [{"id": 7, "codes": {"code": "x"}}, {"id": 8, "codes": [{"code": "y"}]}],
        }
        made = run_mapping(tmp_path, mapping, {"t.json": json.dumps(document)})
        assert made.objects() == [f"<{EX}grant/7>", f"<{EX}grant/8>"]


class TestNestedFunctions:
    @pytest.mark.parametrize("function", ["urlEncode(", "toUpperCase(", "not(equal(x, "])
    def test_a_query_grows_with_the_depth(self, tmp_path, function):
        close = ")" * function.count("(") * 12
        po = [f'{{p: ex:p, o: {{function: "{function * 12}$(v){close}"}}}}']
        assert len(run(tmp_path, po, "id,v\n1,x\n").objects()) == 1

    def test_order_of_orders(self, tmp_path):
        call = "lessThan(" * 8 + "$(v)" + ", b)" * 8
        po = [f'{{p: ex:p, o: {{function: "{call}"}}}}']
        assert len(run(tmp_path, po, "id,v\n1,x\n").objects()) == 1

    @pytest.mark.parametrize("depth", [41, 5000])
    def test_too_deep(self, tmp_path, depth):
        po = [f'{{p: ex:p, o: {{function: "{"trim(" * depth}$(v){")" * depth}"}}}}']
        with pytest.raises(InputError, match="nested more than 40 deep"):
            run(tmp_path, po, "id,v\n1,x\n")

    @pytest.mark.parametrize(
        ("depth", "inputs", "message"), [(60, 1, "40 deep"), (20, 2, "more than 1,000")]
    )
    def test_too_deep_in_rml(self, tmp_path, depth, inputs, message):
        """Also where executions are shared, so that few stand for very many."""
        concat, name = f"rml:function <{GREL}string_concat>", f"<{GREL}valueParameter>"
        given = f"[ rml:parameter {name} ; rml:inputValueMap [ rml:functionExecution <#fNEXT> ] ]"
        executions = "".join(
            f"<#f{n}> {concat} ;"
            + "".join(f" rml:input {given.replace('NEXT', str(n + 1))} ;" for _ in range(inputs))
            + " .\n"
            for n in range(depth)
        )
        executions += f"<#f{depth}> {concat} ; rml:input [ rml:parameter {name} ;"
        executions += ' rml:inputValueMap [ rml:constant "x" ] ] .'
        mapping = f"""@prefix rml: <http://w3id.org/rml/> .
            <#m> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:path "t.csv" ] ;
                    rml:referenceFormulation rml:CSV ] ;
                rml:subjectMap [ rml:template "{EX}{{id}}" ] ;
                rml:predicateObjectMap [ rml:predicate <{EX}p> ;
                    rml:objectMap [ rml:functionExecution <#f0> ] ] .
            {executions}"""
        with pytest.raises(InputError, match=message):
            read_plan(tmp_path, mapping)


@pytest.mark.parametrize(
    ("datatype", "expected"),
    [
        ("dateTime", ["2020-01-31T00:00:00", "2020-01-31T12:30:00"]),
        ("date", ["2020-01-31", "2020-01-31"]),
    ],
)
def test_dates_and_times_become_one_another(tmp_path, datatype, expected):
    """Where the source knows which is which."""
    import duckdb

    path = tmp_path / "t.parquet"
    duckdb.sql(
        "SELECT 1 AS id, DATE '2020-01-31' AS d, TIMESTAMP '2020-01-31 12:30:00' AS t"
    ).write_parquet(str(path))
    po = [f"[ex:p, $(d), xsd:{datatype}]", f"[ex:q, $(t), xsd:{datatype}]"]
    plan = read_plan(tmp_path, XSD_PREFIX + yarrrml("[[t.parquet~parquet]]", po))
    made = run_plan(plan)
    found = [o for p in "pq" for o in made.objects(f"ex:{p}")]
    assert found == [f'"{text}"^^<{XSD}{datatype}>' for text in expected]
    assert notes(made) == []
