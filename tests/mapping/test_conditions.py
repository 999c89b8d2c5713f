"""Conditions and functions: what they choose and make, how their faults are told."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.duck import engine
from kg.engines.duckdb.function_sql import _TEXTS, call_sql, list_sql, truth_sql
from kg.errors import InputError, single_errors
from kg.lineage import Lineage, Wanted
from kg.mapping.function_table import TABLE
from kg.mapping.functions import make_call
from kg.mapping.plan import Call, Constant, Expression, Function, Origin, Reference, TermType
from kg.mapping.templates import TemplateError, parse_call, parse_template
from kg.notes import hearing
from kg.sources import Folders
from tests.mapping.running import read_plan, run_mapping, write_files, yarrrml

ROWS = "id,a,b\n1,x,x\n2,x,y\n3,,y\n4,10,9\n5,true,\n"


def text(value: str) -> Constant:
    return Constant(value, TermType.LITERAL)


def subjects(folder, condition: str, rows: str = ROWS, **more: str) -> list[str]:
    """The identifiers of the records that a condition on the mapping chooses."""
    mapping = yarrrml("[[t.csv~csv]]", ["[ex:p, x]"], extra=[f"condition: {condition}"], **more)
    made = run_mapping(folder, mapping, {"t.csv": rows})
    return sorted(s.removeprefix("<http://example.org/").removesuffix(">") for s, *_ in made.quads)


def values(folder, function: str, rows: str, **more: str) -> list[str]:
    """The objects that a function makes, without quotes."""
    pair = f"{{p: ex:p, o: {{function: '{function}'{more.get('type', '')}}}}}"
    made = run_mapping(folder, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
    return made.objects()


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "chosen"),
        [
            ("equal($(a), $(b))", "1"),
            ("notEqual($(a), $(b))", "2 4"),
            ("equal($(a), x)", "1 2"),
            ("equal(str1=$(a), str1=x)", "1 2"),
            ("'idlab-fn:stringContainsOtherString(\"x,10\", $(a), \",\")'", "1 2 4"),
            ("'idlab-fn:stringContainsOtherString(\"true,x,y\", \"x,y\", \",\")'", ""),
            ("isNull($(a))", "3"),
            ("isNotNull($(b))", "1 2 3 4"),
            ("isSet($(b))", "1 2 3 4"),
            ("not(isNull($(a)))", "1 2 4 5"),
            ("not(equal($(a), x))", "4 5"),
            ("greaterThan($(a), $(b))", "4"),
            ("lessThan($(a), $(b))", "2"),
            ("lessThanOrEqual($(a), $(b))", "1 2"),
            ("greaterThanOrEqual($(a), $(b))", "1 4"),
            ("startsWith($(a), t)", "5"),
            ("endsWith($(a), e)", "5"),
            ("contains($(a), ru)", "5"),
            ("'matches($(a), \"[a-z]\")'", "1 2"),
            ("and(equal($(a), x), equal($(b), y))", "2"),
            ("or(equal($(a), 10), equal($(b), x))", "1 4"),
            ("or(isNull($(a)), isNull($(b)))", "3 5"),
            ("if($(a), true)", "5"),
            ("equal(toUpperCase($(a)), X)", "1 2"),
            ("['equal($(a), x)', 'equal($(b), y)']", "2"),
            ("{function: equal, parameters: [[str1, $(a)], [str2, $(b)]]}", "1"),
            ("{function: notEqual, parameters: [[str2, $(a)], [str1, y]]}", "1 2 4 5"),
            ("{function: equal, parameters: {str1: $(a), str2: $(b)}}", "1"),
            ("{function: equal, parameters: [{str1: $(a)}, {str2: $(b)}]}", "1"),
            ("{function: equal, parameters: [{parameter: str1, value: $(a)}, [str2, x]]}", "1 2"),
            ("{fn: idlab-fn:equal, pms: [[grel:valueParameter, $(a)],"
             " [grel:valueParameter2, x]]}", "1 2"),
            ("{f: grel:boolean_not, parameters: [{parameter: grel:bool_b,"
             " value: {function: idlab-fn:isNull, parameters: [[idlab-fn:str, $(b)]]}}]}",
             "1 2 3 4"),
        ],
    )  # fmt: skip
    def test_of_a_mapping(self, tmp_path, condition, chosen):
        assert subjects(tmp_path, condition) == chosen.split()

    def test_of_constant_subject(self, tmp_path):
        assert subjects(tmp_path, "equal($(a), nothing)", subject="ex:one") == []
        assert subjects(tmp_path, "equal($(a), x)", subject="ex:one") == ["one"]

    def test_of_blank_subject(self, tmp_path):
        mapping = yarrrml(
            "[[t.csv~csv]]", ["[ex:p, $(id)]"], "", ["condition: equal($(a), x)"]
        ).replace("    s: \n", "")
        made = run_mapping(tmp_path, mapping, {"t.csv": ROWS})
        assert made.objects() == ['"1"', '"2"']

    def test_of_pairs_and_objects(self, tmp_path):
        pairs = [
            "{p: ex:p, o: [$(id), $(b)], condition: 'equal($(a), x)'}",
            "{p: ex:q, o: {value: $(id), condition: 'equal($(b), y)'}}",
            "{p: ex:r, o: [{value: $(id), condition: 'equal($(b), y)'}, $(b)],"
            " condition: 'equal($(a), x)'}",
        ]
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", pairs), {"t.csv": ROWS})
        assert made.objects("ex:p") == ['"1"', '"2"', '"x"', '"y"']
        assert made.objects("ex:q") == ['"2"', '"3"']
        assert made.objects("ex:r") == ['"2"', '"x"', '"y"']

    def test_of_several_values(self, tmp_path):
        records = [
            {"id": 1, "tags": ["a", "b"]},
            {"id": 2, "tags": []},
            {"id": 3},
            {"id": 4, "tags": ["c"]},
        ]
        files = {"t.json": json.dumps(records)}

        def run(condition: str) -> tuple[list[str], list[str]]:
            pairs = ["[ex:q, x]", f"{{p: ex:p, o: '$(tags[*])', condition: '{condition}'}}"]
            extra = [f"condition: '{condition}'"]
            chosen = yarrrml("[['t.json~json', '$[*]']]", ["[ex:q, x]"], extra=extra)
            made = run_mapping(tmp_path, chosen, files)
            objects = run_mapping(
                tmp_path, yarrrml("[['t.json~json', '$[*]']]", pairs), files
            ).objects()
            return [s[-2] for s, *_ in made.quads], objects

        # A record counts if one of its values does; a condition on an object chooses values.
        assert run("notEqual($(tags[*]), a)") == (["1", "4"], ['"b"', '"c"'])
        assert run("isNull($(tags[*]))") == (["2", "3"], [])
        assert run("isNotNull($(tags[*]))") == (["1", "4"], ['"a"', '"b"', '"c"'])
        assert run("equal($(id), 4)") == (["4"], ['"c"'])

    def test_bad_values_count_where_it_holds(self, tmp_path):
        rows = "id,iri,ok\n1,http://e/1,yes\n2,no iri,no\n"
        pair = "{p: ex:p, o: {value: $(iri), type: iri, condition: 'equal($(ok), yes)'}}"
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
        assert made.objects() == ["<http://e/1>"]
        bad = rows.replace(",no\n", ",yes\n") + "3,not one,no\n"
        with pytest.raises(InputError) as caught:
            run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": bad})
        assert caught.value.location.record == 2
        assert len(single_errors(caught.value)) == 1

    def test_what_it_leaves_out_is_no_loss(self, tmp_path):
        rows = "id,a,b\n1,x,1\n2,x,\n3,y,\n,x,2\n,y,2\n"
        pairs = ["[ex:p, $(b)]", "{p: ex:q, o: $(b), condition: 'equal($(id), 1)'}"]
        mapping = yarrrml("[[t.csv~csv]]", pairs, extra=["condition: 'equal($(a), x)'"])
        (count,) = run_mapping(tmp_path, mapping, {"t.csv": rows}).made.counts
        assert count.records == 5
        lost = {loss.what: (loss.references, loss.records) for loss in count.losses}
        assert lost == {"subject": (("id",), 1), "http://example.org/p": (("b",), 1)}

    @pytest.mark.parametrize(
        ("condition", "message", "hint"),
        [
            ("toUpperCase($(a))", "true or false", "equal($(a), $(b))"),
            ("nothing($(a))", "nothing is no function that kg knows", "kg help functions"),
            ("toUperCase($(a))", "toUperCase is no function", "Did you mean toUpperCase?"),
            ("ex:equal($(a), b)", "ex:equal is no function", "equal, without its prefix"),
            ("equal($(a))", "equal needs 2 arguments, not 1", "valueParameter2"),
            ("equal($(a), b, c)", "equal takes 2 arguments", ""),
            ("equal(one=$(a), str2=b)", "equal has no parameter one", "valueParameter"),
            ("equal(str1=$(a), str1=b, str1=c)", "parameter 1 twice", ""),
            ("equal(str2=$(a), str2=b)", "parameter 2 twice", ""),
            ("'matches($(a), \"(?=x)\")'", "cannot run", "Lookaround"),
            ("'matches($(a), \"(\")'", "no regular expression", ""),
            ("matches($(a), $(b))", "must be a constant", ""),
            ("equal($(a), b", "not closed", ""),
            ("equal", "'equal' is no call of a function", "equal($(a), $(b))"),
            ("{parameters: []}", "a function is needed", ""),
            ("{function: 'equal($(a), b)', parameters: [[str1, x]]}", "already", ""),
        ],
    )  # fmt: skip
    def test_faults_name_the_line(self, tmp_path, condition, message, hint):
        with pytest.raises(InputError) as caught:
            subjects(tmp_path, condition)
        assert message in caught.value.message
        assert hint in (caught.value.hint or "")
        assert str(caught.value.location).endswith("mapping.yml:5")


class TestFunctions:
    @pytest.mark.parametrize(
        ("function", "given", "made"),
        [
            ("toLowerCase($(v))", "ÀB", "àb"),
            ("grel:toUpperCase(valueParameter = $(v))", "àb c", "ÀB C"),
            ("toTitleCase($(v))", "the OLD man", "The Old Man"),
            ("grel:string_trim($(v))", "  x\t", "x"),
            ("replace($(v), a, b)", "banana", "bbnbnb"),
            ('replaceRegex($(v), "[0-9]+", "<\\\\0>")', "a12b3", "a<12>b<3>"),
            ("concat($(v), -, $(id))", "x", "x-1"),
            ("idlab-fn:concat(str=$(v), otherStr=$(id), delimiter=/)", "x", "x/1"),
            ("substring($(v), 1)", "abcd", "bcd"),
            ("substring($(v), 1, 3)", "abcd", "bc"),
            ("substring($(v), -2)", "abcd", "cd"),
            ("substring($(v), 0, -1)", "abcd", "abc"),
            ("toString($(v))", "x", "x"),
            ('toDate($(v), "dd/MM/yyyy")', "07/03/2022", "2022-03-07"),
            ('grel:date_toDate($(v), "%d.%m.%y")', "7.3.22", "2022-03-07"),
            ('normalizeDateTime($(v), "d MMM yyyy HH:mm")', "7 Mar 2022 14:05",
             "2022-03-07T14:05:00"),
            ("urlEncode($(v))", "a b/é", "a%20b%2F%C3%A9"),
            ("grel:escape($(v), url)", "a&b", "a%26b"),
            ("md5($(v))", "a", "0cc175b9c0f1b6a831c399e269772661"),
            ("sha1($(v))", "a", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
            ("sha256($(v))", "a",
             "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
            ("coalesce($(empty), $(v))", "x", "x"),
            ("if(equal($(v), x), yes, no)", "x", "yes"),
            ("grel:controls_if(bool_b=equal($(v), x), any_true=yes, any_false=no)", "y", "no"),
            ("idlab-fn:trueCondition(strBoolean=equal($(v), x), str=$(id))", "x", "1"),
            ("idlab-fn:decide(str=$(v), expectedStr=x, result=found)", "x", "found"),
            ("toUpperCase(replace($(v), \" \", -))", "a b", "A-B"),
        ],
    )  # fmt: skip
    def test_values(self, tmp_path, function, given, made):
        pair = f"{{p: ex:p, o: {{function: {json.dumps(function)}}}}}"
        mapping = yarrrml("[[t.csv~csv]]", [pair])
        rows = f'id,empty,v\n1,,"{given}"\n'
        assert run_mapping(tmp_path, mapping, {"t.csv": rows}).objects() == [f'"{made}"']

    def test_split(self, tmp_path):
        rows = "id,v\n1,a;b;;c\n2,\n3,d\n"
        assert values(tmp_path, 'split($(v), ";")', rows) == ['""', '"a"', '"b"', '"c"', '"d"']
        assert values(tmp_path, 'toUpperCase(split($(v), ";"))', rows)[1] == '"A"'
        nested = 'split(replace(split($(v), ";"), a, "x y"), " ")'
        assert values(tmp_path, nested, rows) == ['""', '"b"', '"c"', '"d"', '"x"', '"y"']

    @pytest.mark.parametrize(
        ("separator", "expected", "told"),
        [
            (r"\|", ["a.b", "c"], "and is taken as '|'"),
            (r"\.", ["a", "b|c"], "and is taken as '.'"),
            (r"\s*\|", ["a.b|c"], "is a text, not a regular expression"),
            ("|", ["a.b", "c"], ""),
        ],
    )
    def test_a_separator_quoted_for_a_regular_expression(self, tmp_path, separator, expected, told):
        grel = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
        parameters = f"[[<{grel}p_string_sep>, '{separator}'], [<{grel}valueParameter>, $(a)]]"
        parameters = parameters.replace("<", "'").replace(">", "'")
        pair = f"{{p: ex:p, o: {{function: '{grel}string_split', parameters: {parameters}}}}}"
        with hearing() as notes:
            made = run_mapping(
                tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": "id,a\n1,a.b|c\n"}
            )
        assert made.objects() == [f'"{value}"' for value in expected]
        assert [note.text.endswith(told) for note in notes.values()] == [True] * bool(told)

    def test_split_of_several_values(self, tmp_path):
        files = {"t.json": json.dumps([{"id": 1, "v": ["a b", "c"]}, {"id": 2, "v": []}])}
        pair = "{p: ex:p, o: {function: 'split($(v[*]), \" \")', datatype: xsd:token}}"
        made = run_mapping(tmp_path, yarrrml("[['t.json~json', '$[*]']]", [pair]), files)
        assert [o[:3] for o in made.objects()] == ['"a"', '"b"', '"c"']

    def test_split_makes_subjects(self, tmp_path):
        rows = "id,v\n1,a;b\n2,b\n"
        mapping = yarrrml("[[t.csv~csv]]", ["[ex:p, $(id)]"]).replace(
            "s: ex:$(id)", 's: {function: \'concat("http://e/", split($(v), ";"))\'}'
        )
        made = run_mapping(tmp_path, mapping, {"t.csv": rows})
        assert [(s, o) for s, _, o, _ in made.quads] == [
            ("<http://e/a>", '"1"'),
            ("<http://e/b>", '"1"'),
            ("<http://e/b>", '"2"'),
        ]

    def test_everywhere(self, tmp_path):
        mapping = """\
        prefixes: {grel: 'http://users.ugent.be/~bjdmeest/function/grel.ttl#'}
        mappings:
          m:
            sources: [[t.csv~csv]]
            s:
              function: grel:toLowerCase
              parameters: [[grel:valueParameter, 'http://e/$(id)']]
            g:
              function: concat
              parameters: [{parameter: str1, value: 'http://g/'}, {pm: str2, v: $(v)}]
            po:
              - p: {function: 'concat("http://p/", $(v))'}
                o:
                  - value: {function: toUpperCase, parameters: [[str, $(v)]]}
                    datatype: ex:up
                  - {function: toUpperCase($(v)), language: en}
                  - {function: 'concat("http://o/", $(v))', type: iri}
              - p: a
                o: {function: 'concat("http://c/", $(v))'}
        """
        found = run_mapping(tmp_path, mapping, {"t.csv": "id,v\nA,b\n"}).quads
        g = "<http://g/b>"
        assert set(found) == {
            ("<http://e/a>", "<http://p/b>", '"B"^^<http://example.org/up>', g),
            ("<http://e/a>", "<http://p/b>", '"B"@en', g),
            ("<http://e/a>", "<http://p/b>", "<http://o/b>", g),
            (
                "<http://e/a>",
                "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>",
                "<http://c/b>",
                g,
            ),
        }

    def test_bad_iri_of_a_function_is_told(self, tmp_path):
        pair = "{p: ex:p, o: {function: toLowerCase($(v)), type: iri}}"
        with pytest.raises(InputError) as caught:
            run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": "id,v\n1,A B\n"})
        assert (caught.value.location.record, caught.value.location.column) == (1, "v")
        assert "'a b'" in caught.value.message

    def test_what_is_no_date_is_a_loss(self, tmp_path):
        pair = "{p: ex:p, o: {function: 'toDate($(v), \"dd/MM/yyyy\")'}}"
        rows = "id,v\n1,31/01/2022\n2,31/02/2022\n3,\n"
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
        assert made.objects() == ['"2022-01-31"']
        unfit, missing = made.made.counts[0].losses
        assert (unfit.references, unfit.records) == (missing.references, missing.records)
        assert (missing.references, missing.records, missing.unfit) == (("v",), 1, "")
        assert "'31/02/2022' does not fit the pattern of toDate, at" in unfit.unfit
        assert 't.csv:3 (record 2), column "v"' in unfit.unfit

    @pytest.mark.parametrize(
        ("function", "given", "losses"),
        [
            ('split($(v), ";")', "", [(2, "", False)]),
            (
                'toDate(split($(v), ";"), "yyyy")',
                "2020;soon",
                [(1, "'soon' does not fit the pattern of toDate", True), (1, "", False)],
            ),
            (
                'toDate(split($(v), ";"), "yyyy")',
                "later;soon",
                [(1, "'later' does not fit the pattern of toDate", False), (1, "", False)],
            ),
            (
                'coalesce(toDate($(v), "yyyy"), toDate($(v), "dd.MM.yyyy"))',
                "1.2.2020",
                [(1, "", 0)],
            ),
            (
                'coalesce(toDate($(v), "yyyy"), toDate($(v), "MM/yyyy"))',
                "x",
                [(1, "'x' does not fit the pattern of toDate", False), (1, "", False)],
            ),
        ],
    )
    @pytest.mark.parametrize("condition", ["", ", condition: 'isNotNull($(id))'"])
    def test_what_a_function_makes_nothing_of_is_lost_once(
        self, tmp_path, function, given, losses, condition
    ):
        pair = f"{{p: ex:p, o: {{function: {json.dumps(function)}{condition}}}}}"
        rows = f"id,v\n1,{given}\n2,\n"
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
        found = made.made.counts[0].losses
        assert [
            (each.records, each.unfit.partition(", at ")[0], each.is_partial) for each in found
        ] == [(number, reason, bool(part)) for number, reason, part in losses]
        told = ["t.csv:2 (record 1)" in each.unfit for each in found]
        assert told == [bool(reason) for _, reason, _ in losses]

    @pytest.mark.parametrize(
        ("function", "message"),
        [
            ("toDate($(v), 'dd/qq')", "'qq' in 'dd/qq'"),
            ("toDate($(v), '%d %Q')", "no pattern of dates"),
            ("substring($(v), one)", "whole numbers"),
            ("split($(v), '')", "not empty"),
            ("escape($(v), rot13)", "needs a mode"),
            ("math_rond($(v))", "math_rond is no function"),
            ("dbpediaSpotlight($(v), x)", "kg fetches nothing"),
            ("matches($(v), 'a{1,1001}')", "repeats something more than 1,000 times"),
            (r"replaceRegex($(v), 'a', '\\1')", "cannot take the place of what fits 'a'"),
            (r"replaceRegex($(v), '(a)', '\\1\\')", "cannot take the place of what fits '(a)'"),
            ("toTimeZone($(v), localtime)", "'localtime' is no time zone"),
            ("matches($(v), '((a{1,999}){1,999})')", "matches fails: invalid repetition size"),
        ],
    )
    def test_faults(self, tmp_path, function, message):
        pair = f"{{p: ex:p, o: {{function: {json.dumps(function)}}}}}"
        with pytest.raises(InputError) as caught:
            run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": "id,v\n1,a\n"})
        assert message in caught.value.message
        assert str(caught.value.location).endswith("mapping.yml:6")

    def test_what_the_engine_refuses_is_told_with_its_record(self, tmp_path, monkeypatch):
        monkeypatch.setitem(_TEXTS, Function.URL_DECODE, lambda value: f"url_decode({value})")
        pair = "{p: ex:p, o: {function: 'toUpperCase(urlDecode($(v)))'}}"
        rows = "id,v\n1,a\n2,b\n3,%ff\n4,%fe\n5,c\n"
        with pytest.raises(InputError, match="urlDecode fails: Failed to decode") as caught:
            run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
        place = caught.value.location
        assert place is not None
        assert (caught.value.code, place.record, place.line, place.column) == (
            "function-failed", 3, 4, "v"
        )  # fmt: skip

    def test_the_name_of_a_day_is_a_text(self, tmp_path):
        pair = "{p: ex:p, o: {function: 'datePart($(v), weekday)'}}"
        mapping = yarrrml("[[t.csv~csv]]", [pair])
        assert run_mapping(tmp_path, mapping, {"t.csv": "id,v\n1,2024-03-01\n"}).objects() == [
            '"Friday"'
        ]

    def test_a_replacement_of_a_record_may_be_none(self, tmp_path):
        pair = "{p: ex:p, o: {function: \"replaceRegex('x', '(x)', $(v))\"}}"
        rows = "id,v\n1,\\d\n2,\\2\n3,<\\1>\n"
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
        assert made.objects() == ['"<x>"']
        assert [each.records for each in made.made.counts[0].losses] == [2]


# What functions need in their second and later places, where that must be a constant.
CONSTANTS: dict[Function, list[str]] = {
    **{key: ["1"] for key in (Function.SUBSTRING, Function.ARRAY_GET, Function.ARRAY_SLICE)},
    Function.SPLIT_LENGTHS: ["1"],
    **{key: ["%Y"] for key in (Function.TO_DATE, Function.TO_DATE_TIME, Function.FORMAT_DATE)},
    **{key: ["2", "day"] for key in (Function.DATE_INC, Function.DATE_DIFF)},
    Function.DATE_PART: ["year"],
    Function.IN_ZONE: ["+02:00"],
    Function.LOOKUP: ["t.csv", "0", "1"],
}


def arguments_of(function: Function) -> list[Constant]:
    """The arguments of a call behind its first."""
    required = TABLE[function].signature.required
    return [text(each) for each in CONSTANTS.get(function, ["x"] * (required - 1))]


class TestSet:
    """The closed set itself."""

    def test_each_is_in_the_table(self):
        assert set(TABLE) == set(Function) - {Function.LIST}

    @pytest.mark.parametrize("function", TABLE)
    def test_each_is_found_by_name_and_compiles(self, database, function):
        first = [text("x")] if TABLE[function].signature.required else []
        arguments = [(None, each) for each in (*first, *arguments_of(function))]
        call = make_call(function.value, arguments, Origin("m", 1))
        assert call.function.value == function.value
        if function is Function.LOOKUP:  # it needs a table
            return
        row = database.execute(
            f"SELECT {_printed(call)} FROM (SELECT 0 AS file, 1 AS record)"
        ).fetchone()
        assert row is not None
        assert row[0] is None or isinstance(row[0], list if function.gives_list else str)

    @pytest.mark.parametrize("function", TABLE)
    def test_nothing_comes_of_nothing(self, database, function):
        signature = TABLE[function].signature
        is_apart = function is Function.LOOKUP or signature.listed or not signature.required
        if function.takes_null or is_apart:
            return
        call = Call(function, (Reference("n"), *arguments_of(function)))
        if function is Function.RANDOM_NUMBER:
            call = Call(function, (*call.arguments, text("1")))
        rows = "(SELECT NULL::VARCHAR AS n, 0 AS file, 1 AS record)"
        assert database.execute(f"SELECT {_printed(call)} FROM {rows}").fetchone() == (None,)

    @given(st.text(max_size=6), st.text(max_size=6))
    def test_order_of_texts_is_that_of_code_points(self, database, first, second):
        for x in (first, second):
            if "\0" in x or any("\ud800" <= c <= "\udfff" for c in x) or _number(x):
                return
        call = Call(Function.LESS, (text(first), text(second)))
        row = database.execute(f"SELECT {truth_sql(call, _quoted)}").fetchone()
        assert row == (first < second,)

    @given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**9), 10**9))
    def test_order_of_numbers(self, database, first, second):
        call = Call(Function.GREATER, (text(repr(first)), text(str(second))))
        assert database.execute(f"SELECT {truth_sql(call, _quoted)}").fetchone() == (
            first > second,
        )

    def test_number_and_text_have_no_order(self, database):
        for function in (Function.LESS, Function.GREATER_OR_EQUAL):
            call = Call(function, (text("10"), text("n/a")))
            assert database.execute(f"SELECT {truth_sql(call, _quoted)}").fetchone() == (None,)


def _number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _printed(call: Call) -> str:
    if call.function.gives_list:
        return list_sql(call, _quoted)
    return call_sql(call, _quoted)


def _quoted(expression: Expression) -> str:
    if isinstance(expression, Constant):
        return "'" + expression.value.replace("'", "''") + "'"
    if isinstance(expression, Reference):
        return expression.name
    assert isinstance(expression, Call)
    if expression.function is Function.LIST:
        return f"[{', '.join(map(_quoted, expression.arguments))}]::VARCHAR[]"
    return call_sql(expression, _quoted)


class TestTemplates:
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    def test_escaped_text_stands_for_itself(self, value):
        from kg.mapping.templates import escaped

        made = parse_template(escaped(value))
        assert made == text(value.replace("\\:", ":")) or "\\:" in escaped(value)

    @pytest.mark.parametrize("name", ["a", "a b", "name/text()", "f(x)[?(@.y)]", "é"])
    def test_paired_parentheses(self, name):
        assert parse_template(f"$({name})") == Reference(name)

    @pytest.mark.parametrize("wrong", ["$()", "$(a", "x$(a\\)"])
    def test_refused(self, wrong):
        with pytest.raises(TemplateError):
            parse_template(wrong)

    def test_calls(self):
        call = parse_call("f(a = $(x), g(b), 'c, d', \"it's\")")
        assert call is not None
        assert [name for name, _ in call.arguments] == ["a", None, None, None]
        assert call.arguments[2][1] == "c, d"
        assert call.arguments[3][1] == "it's"
        assert parse_call("f") is None


@pytest.mark.parametrize(
    ("condition", "made"),
    [
        ("{function: equal, parameters: [[str1, x, s], [str2, $(w), o]]}", ["1 7", "2 7"]),
        ("{function: equal, parameters: [[str2, $(w), o], [str1, y]]}", ["1 8", "2 8"]),
        (
            "{function: grel:boolean_and, parameters: ["
            "[param_rep_b, {function: equal, parameters: [[str1, $(v), s], [str2, $(w), o]]}],"
            "[param_rep_b, {function: equal, parameters: [[str1, $(k), s], [str2, $(k), o]]}]]}",
            ["1 7"],
        ),
    ],
)
def test_joins_with_constants_and_of_several_conditions(tmp_path, condition, made):
    mapping = f"""\
    mappings:
      a:
        sources: [[a.csv~csv]]
        s: http://e/$(id)
        po: [{{p: ex:p, o: {{mapping: c, condition: {condition}}}}}]
      c:
        sources: [[c.csv~csv]]
        s: http://e/$(k)
    """
    files = {"a.csv": "id,v,k\n1,x,7\n2,x,8\n", "c.csv": "k,w\n7,x\n8,y\n"}
    found = run_mapping(tmp_path, mapping, files).triples
    assert [f"{s[-2]} {o[-2]}" for s, _, o in found] == made


class TestLineage:
    """What conditions leave out is not led back to."""

    MAPPING = """\
    mappings:
      a:
        sources: [[a.csv~csv]]
        s: http://e/a/$(id)
        condition: notEqual($(id), 3)
        po:
          - [ex:p, $(v)]
          - p: ex:same
            o: {mapping: b, condition: 'equal($(v), x)'}
          - p: ex:join
            o:
              mapping: c
              condition:
                - {function: equal, parameters: [[str1, $(v), s], [str2, $(w), o]]}
                - notEqual($(id), 2)
      b:
        sources: [[a.csv~csv]]
        s: http://e/b/$(id)
      c:
        sources: [[c.csv~csv]]
        s: http://e/c/$(k)
    """
    FILES: ClassVar = {"a.csv": "id,v\n1,x\n2,x\n3,x\n4,y\n", "c.csv": "k,w\n7,x\n8,y\n"}

    def test_quads(self, tmp_path):
        found = run_mapping(tmp_path, self.MAPPING, self.FILES)
        assert found.objects("ex:p") == ['"x"', '"x"', '"y"']
        assert found.objects("ex:same") == ["<http://e/b/1>", "<http://e/b/2>"]
        assert found.objects("ex:join") == ["<http://e/c/7>", "<http://e/c/8>"]

    @pytest.mark.parametrize(
        ("subject", "predicate", "objects"),
        [
            ("1", "same", {"<http://e/b/1>"}),
            ("4", "same", {None}),
            ("1", "join", {"<http://e/c/7>"}),
            ("2", "join", set()),
            ("3", "p", set()),
        ],
    )
    def test_trace(self, tmp_path, subject, predicate, objects):
        write_files(tmp_path, self.FILES)
        plan = read_plan(tmp_path, self.MAPPING)
        wanted = Wanted(f"<http://e/a/{subject}>", f"<http://example.org/{predicate}>")
        with engine(tmp_path / "spill") as connection:
            lineage = Lineage(connection, plan, Folders(None, tmp_path))
            traces = list(lineage.trace([wanted]))
        assert {trace.object for trace in traces} == objects
        assert all(trace.location.record == int(subject) for trace in traces)


class TestLosses:
    """How many records gave no subject or no object, and why."""

    FILES: ClassVar = {
        "a.csv": "id,v,w\n1,x,1\n2,,1\n3,zz,1\n4,y,9\n5,x,\n,x,1\n",
        "b.csv": "k,v,w\nK,x,1\n,y,9\n",
    }

    def losses(self, folder, mapping: str, files=None) -> dict[tuple[str, str], tuple]:
        made = run_mapping(folder, mapping, files or self.FILES).made
        found = made.counts[0].losses
        return {
            (loss.what.removeprefix("http://example.org/"), loss.parent.rpartition("#")[2]): (
                loss.references,
                loss.records,
            )
            for loss in found
        }

    @staticmethod
    def joined(condition: str, source: str = "[[a.csv~csv]]", more: str = "") -> str:
        return (
            f"mappings:\n  a:\n    sources: {source}\n    s: http://e/$(id)\n    po:\n"
            f"      - p: ex:p\n        o: {{mapping: b, condition: {condition}}}\n"
            f"  b:\n    sources: [[b.csv~csv]]\n    s: http://e/$(k)\n{more}"
        )

    def test_joins(self, tmp_path):
        found = self.losses(tmp_path, self.joined("'equal($(v), $(v))'"))
        assert found == {
            ("subject", ""): (("id",), 1),
            ("p", ""): (("v",), 1),
            # zz is nowhere; the record with y makes no subject.
            ("p", "b"): (("v",), 2),
        }

    def test_join_of_two_values(self, tmp_path):
        condition = "['equal($(v), $(v))', 'equal($(w), $(w))']"
        found = self.losses(tmp_path, self.joined(condition))
        assert found == {
            ("subject", ""): (("id",), 1),
            ("p", ""): (("v", "w"), 2),
            ("p", "b"): (("v", "w"), 2),
        }

    def test_join_with_a_condition(self, tmp_path):
        condition = "['equal($(v), $(v))', 'equal($(w), 9)']"
        found = self.losses(tmp_path, self.joined(condition))
        assert found == {("subject", ""): (("id",), 1), ("p", "b"): (("v",), 1)}

    def test_join_of_several_values(self, tmp_path):
        records = [
            {"id": 1, "v": ["x", "zz"]},
            {"id": 2, "v": ["zz", "y"]},
            {"id": 3, "v": []},
            {"id": 4, "v": ["x"]},
        ]
        mapping = self.joined("'equal($(v[*]), $(v))'", "[['a.json~json', '$[*]']]")
        found = self.losses(tmp_path, mapping, {**self.FILES, "a.json": json.dumps(records)})
        assert found == {("p", ""): (("v[*]",), 1), ("p", "b"): (("v[*]",), 1)}

    def test_nothing_is_lost(self, tmp_path):
        files = {"a.csv": "id,v,w\n1,x,1\n", "b.csv": "k,v,w\nK,x,1\n"}
        assert self.losses(tmp_path, self.joined("'equal($(v), $(v))'"), files) == {}


def test_a_record_that_a_condition_leaves_out_is_not_blamed(tmp_path):
    mapping = """prefixes: {ex: 'http://example.org/'}
mappings:
  m:
    sources: [[c.csv~csv]]
    s: ex:$(id)
    condition: 'notEqual($(id), "3")'
    po: [[ex:u, $(u)~iri], [ex:v, $(v)~iri]]
"""
    rows = "id,u,v\n1,http://ok/,bad iri\n3,left out,http://fine/\n"
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"c.csv": rows})
    assert "'bad iri'" in raised.value.message
    assert raised.value.location is not None
    assert raised.value.location.column == "v"


def test_capitals_are_those_of_unicode(tmp_path):
    po = ["""{p: ex:p, o: {function: 'toUpperCase($(a))'}}"""]
    found = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", po), {"t.csv": "id,a\n1,straße\n"})
    assert found.objects() == ['"STRASSE"']
