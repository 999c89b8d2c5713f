"""Functions that each record names: which are found, what comes of other names, and the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import InputError, single_errors
from kg.findings.preview import _functions as functions_of
from kg.functions import with_functions
from kg.mapping.functions import GREL, NAMESPACES
from kg.rejects import skipping
from tests.mapping.running import read_plan, run_mapping, write_files, yarrrml

HEAD = """@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://example.org/> .
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
@prefix fno: <https://w3id.org/function/ontology#> .
@prefix fnml: <http://semweb.mmlab.be/ns/fnml#> . @prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix old: <http://semweb.mmlab.be/ns/rml#> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
"""
INPUT = 'rml:input [ rml:parameter grel:valueParam ; rml:inputValueMap [ rml:reference "x" ] ]'


def rml(function_map: str, more: str = "", inputs: str = INPUT) -> str:
    made = f"[ rml:functionExecution [ rml:functionMap [ {function_map} ] ; {inputs} ] {more} ]"
    return f"""{HEAD}<#m> a rml:TriplesMap ; rml:logicalSource [
    rml:referenceFormulation rml:CSV ; rml:source [ a rml:RelativePathSource ;
      rml:root rml:MappingDirectory ; rml:path "t.csv" ; rml:null "" ] ] ;
  rml:subjectMap [ rml:template "http://example.org/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap {made} ] ."""


def table(*rows: tuple[str, str]) -> dict[str, str]:
    lines = [f'{n},{name},"{x}"'.removesuffix('""') for n, (name, x) in enumerate(rows, 1)]
    return {"t.csv": "\n".join(["id,f,x", *lines, ""])}


def made(folder: Path, mapping: str, *rows: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the last part of each subject, and the object, in the order of subjects."""
    quads = run_mapping(folder, mapping, table(*rows)).quads
    return [(s[len("<http://example.org/") : -1], o) for s, _, o, _ in quads]


BY_REFERENCE = rml('rml:reference "f"')


def test_each_record_has_its_own(tmp_path):
    rows = [
        (f"{GREL}toUpperCase", "ann"),
        ("grel:string_length", "ann"),
        ("TRIM", " ann "),
        ("https://w3id.org/imec/idlab/function#slugify", "Ann B"),
        ("isBlank", ""),
        ("", "ann"),
        ("floor", "2.5"),
    ]
    assert made(tmp_path, BY_REFERENCE, *rows) == [
        ("1", '"ANN"'), ("2", '"3"'), ("3", '"ann"'), ("4", '"ann-b"'), ("5", '"true"'),
        ("7", '"2"'),
    ]  # fmt: skip


def test_what_others_name_changes_no_datatype(tmp_path):
    """It is a text, also where all functions that are named give numbers."""
    assert made(tmp_path, BY_REFERENCE, ("length", "ann")) == [("1", '"3"')]


@pytest.mark.parametrize("namespace", ["", *NAMESPACES])
def test_names_are_found_as_those_of_mappings_are(tmp_path, namespace):
    assert made(tmp_path, BY_REFERENCE, (f"{namespace}toUpperCase", "a")) == [("1", '"A"')]


def test_by_template_and_as_part_of_an_iri(tmp_path):
    mapping = rml(
        'rml:template "http://users.ugent.be/~bjdmeest/function/grel.ttl#to{f}Case"',
        "; rml:termType rml:IRI",
    )
    rows = [("Upper", "http://e/a"), ("Lower", "http://e/B")]
    assert made(tmp_path, mapping, *rows) == [("1", "<HTTP://E/A>"), ("2", "<http://e/b>")]


def test_executes_of_before(tmp_path):
    mapping = f"""{HEAD}<#m> old:logicalSource [
    old:source "t.csv" ; old:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ fnml:functionValue [
    rr:predicateObjectMap [ rr:predicate fno:executes ; rr:objectMap [ old:reference "f" ] ] ;
    rr:predicateObjectMap [ rr:predicate grel:valueParameter ;
      rr:objectMap [ old:reference "x" ] ] ] ] ] ."""
    rows = [(f"{GREL}toUpperCase", "a"), ("trim", " b ")]
    assert made(tmp_path, mapping, *rows) == [("1", '"A"'), ("2", '"b"')]


@pytest.mark.parametrize(
    ("name", "given"), [("$(f)", f"{GREL}toUpperCase"), ("grel:to$(f)", "UpperCase")]
)
def test_yarrrml(tmp_path, name, given):
    pair = f"{{p: ex:p, o: {{function: {name}, parameters: [[grel:valueParameter, $(x)]]}}}}"
    mapping = yarrrml("['t.csv~csv']", [pair])
    assert made(tmp_path, mapping, (given, "a")) == [("1", '"A"')]


def test_which_replace_knows_regular_expressions(tmp_path):
    inputs = INPUT + "".join(
        f' , [ rml:parameter grel:{name} ; rml:inputValue "{value}" ]'
        for name, value in (("param_find", "/[ab]/"), ("param_replace", "-"))
    )
    mapping = rml('rml:reference "f"', inputs=inputs)
    names = [f"{GREL}replace", "string_replace", f"{GREL}string_replace", "replace"]
    assert made(tmp_path, mapping, *((name, "a/[ab]/") for name in names)) == [
        ("1", '"-/[--]/"'), ("2", '"-/[--]/"'), ("3", '"-/[--]/"'), ("4", '"a-"'),
    ]  # fmt: skip


def test_a_bad_name_is_told_with_its_record(tmp_path):
    with pytest.raises(InputError) as caught:
        made(tmp_path, BY_REFERENCE, ("trim", "a"), ("grel:nothing", "b"), ("split", "c"))
    first, second = single_errors(caught.value)
    assert first.code == "unknown-function"
    assert str(first.location).endswith('t.csv:3 (record 2), column "f"')
    assert first.message == (
        "'grel:nothing' is not the name of a function that takes these parameters"
    )
    assert second.message.startswith("'split' is not")  # which gives several values


WITH_CONDITION = yarrrml(
    "['t.csv~csv']",
    [
        "{p: ex:p, o: {value: $(x), condition: {function: equal, parameters: [[value1,"
        " {function: $(f), parameters: [[valueParameter, $(x)]]}], [value2, $(x)]]}}}"
    ],
)


@pytest.mark.parametrize(
    ("mapping", "lost"),
    [
        (BY_REFERENCE, 2),
        (rml('rml:reference "f"', "; rml:termType rml:IRI"), 2),
        (WITH_CONDITION, 0),
    ],
)
def test_such_values_are_left_out_and_noted(tmp_path, mapping, lost):
    """Once, and they are not lost beside that; a record without a name, or without a value, is.

    What a condition leaves out is not lost.
    """
    rows = [("trim", "http://e/a"), ("no", "http://e/b"), ("", "http://e/c"), ("trim", "")]
    with skipping() as rejects:
        run = run_mapping(tmp_path, mapping, table(*rows))
    assert [o.strip('"<>') for _, _, o, _ in run.quads] == ["http://e/a"]
    assert [(str(place).rpartition("/")[2], value) for place, value, _ in rejects.listed] == [
        ('t.csv:3 (record 2), column "f"', "no")
    ]
    (count,) = run.made.counts
    assert sum(loss.records for loss in count.losses) == lost


OWN = "def shout(valueParam: str) -> str:\n    return valueParam.upper() + '!'\n" + (
    "def trim(valueParam: str) -> str:\n    raise ValueError('mine')\n"
)


class TestOfOnesOwn:
    def run(self, folder: Path, *names: str) -> list[tuple[str, str]]:
        write_files(folder, {"f.py": OWN})
        with with_functions([folder / "f.py"]):
            return made(folder, BY_REFERENCE, *((name, " a ") for name in names))

    def test_they_are_candidates_too(self, tmp_path):
        names = ["shout", "http://mine/f#shout", f"{GREL}trim", "TRIM"]
        with pytest.raises(InputError, match="'SHOUT' is not the name"):
            self.run(tmp_path, "SHOUT")  # a name of Python's is exact
        found = self.run(tmp_path, *names)
        assert found == [("1", '" A !"'), ("2", '" A !"'), ("3", '"a"'), ("4", '"a"')]

    def test_only_the_one_that_is_named_is_called(self, tmp_path):
        with pytest.raises(InputError, match="trim failed with ValueError: mine") as caught:
            self.run(tmp_path, "shout", "http://mine/trim")
        assert caught.value.code == "function-failed"


VIEW = f"""{HEAD}<#v> a rml:LogicalView ; rml:viewOn [
    rml:referenceFormulation rml:CSV ; rml:source [ a rml:RelativePathSource ;
      rml:root rml:MappingDirectory ; rml:path "t.csv" ] ] ;
  rml:field [ a rml:ExpressionField ; rml:fieldName "made" ;
    rml:functionExecution [ rml:functionMap [ rml:reference "f" ] ; {INPUT} ] ] .
<#m> a rml:TriplesMap ; rml:logicalSource <#v> ;
  rml:subjectMap [ rml:template "http://e/{{made}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:object "x" ] ."""


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        (VIEW, "unsupported-mapping"),
        (rml('rml:reference "f"', inputs=INPUT.replace("valueParam", "nothing")), "bad-function"),
        (rml('rml:reference "f"', inputs=f"""rml:input [ rml:parameter grel:valueParam ;
            rml:inputValueMap [ rml:functionExecution [ rml:functionMap [ rml:reference "f" ] ;
              {INPUT} ] ] ]"""), "unsupported-mapping"),
    ],
)  # fmt: skip
def test_refused_with_its_line(tmp_path, mapping, code):
    with pytest.raises(InputError) as caught:
        made(tmp_path, mapping, ("trim", "a"))
    assert caught.value.code == code
    assert caught.value.location.line is not None


def test_what_a_function_makes_nothing_of_is_told(tmp_path):
    rows = table(("floor", "2.5"), ("floor", "two"), ("trim", "two"))
    (count,) = run_mapping(tmp_path, BY_REFERENCE, rows).made.counts
    (loss,) = count.losses
    assert loss.records == 1
    assert loss.unfit.startswith("the function of the record makes nothing of 'floor and two', at")


def test_the_preview_tells_one_call(tmp_path):
    plan = read_plan(tmp_path, BY_REFERENCE)
    told = [each.message for each in functions_of(plan)]
    assert told == ["calls the function of the record, once"]
