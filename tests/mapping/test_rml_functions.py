"""Functions in RML documents: RML-FNML, the function values of before, conditions.

Spec: https://kg-construct.github.io/rml-fnml/spec/docs/
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping

HEAD = """\
@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://example.org/> .
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
@prefix idlab-fn: <https://w3id.org/imec/idlab/function#> .
@prefix fno: <https://w3id.org/function/ontology#> .
@prefix fnml: <http://semweb.mmlab.be/ns/fnml#> . @prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix old: <http://semweb.mmlab.be/ns/rml#> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
"""
FILES = {"t.csv": "id,name,age\n1,Ann,30\n2,Bob,4\n3,,50\n"}
SOURCE = """rml:logicalSource [ rml:referenceFormulation rml:CSV ; rml:source [
    a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "t.csv" ; rml:null "" ] ]"""
OLD = 'old:logicalSource [ old:source "t.csv" ; old:referenceFormulation ql:CSV ]'
UPPER = """rml:functionExecution [ rml:function grel:toUpperCase ;
    rml:input [ rml:parameter grel:valueParam ; rml:inputValueMap [ rml:reference "name" ] ] ]"""


def document(object_map: str, *more: str, subject: str = "") -> str:
    return f"""{HEAD}<#m> a rml:TriplesMap ; {SOURCE} ;
  rml:subjectMap [ rml:template "http://example.org/{{id}}" {subject} ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ {object_map} ] ] .
{chr(10).join(more)}"""


def objects(folder: Path, mapping: str) -> list[str]:
    return run_mapping(folder, mapping, FILES).objects()


def call(function: str, *inputs: str) -> str:
    """Return an execution; each input is a parameter and what it is given."""
    given = "".join(f" ; rml:input [ rml:parameter {each} ]" for each in inputs)
    return f"rml:functionExecution [ rml:function {function}{given} ]"


NAME = '; rml:inputValueMap [ rml:reference "name" ]'


@pytest.mark.parametrize(
    ("object_map", "made"),
    [
        (UPPER, ['"ANN"', '"BOB"']),
        (f"{UPPER} ; rml:return grel:stringOut", ['"ANN"', '"BOB"']),
        (f"{UPPER} ; rml:returnMap [ rml:constant grel:stringOut ]", ['"ANN"', '"BOB"']),
        (f'{UPPER} ; rml:language "en"', ['"ANN"@en', '"BOB"@en']),
        (f"{UPPER} ; rml:termType rml:IRI", ["<http://b/ANN>", "<http://b/BOB>"]),
        (
            "rml:functionExecution [ rml:functionMap [ rml:constant grel:toUpperCase ] ;"
            f" rml:input [ rml:parameterMap [ rml:constant grel:valueParam ] {NAME} ] ]",
            ['"ANN"', '"BOB"'],
        ),
        (
            call(
                "grel:string_replace",
                f"grel:valueParam {NAME}",
                'grel:param_find ; rml:inputValue "n"',
                'grel:param_replace ; rml:inputValueMap [ rml:template "-{age}" ]',
            ),
            ['"A-30-30"', '"Bob"'],
        ),
        (
            call("grel:toUpperCase", f"grel:valueParam ; rml:inputValueMap [ {UPPER} ]").replace(
                "toUpperCase", "toLowerCase", 1
            ),
            ['"ann"', '"bob"'],
        ),
        (
            call("grel:toUpperCase", 'grel:valueParam ; rml:inputValueMap [ rml:constant "x" ]'),
            ['"X"'] * 3,
        ),
    ],
)
def test_executions(tmp_path, object_map, made):
    mapping = document(object_map, '<#m> rml:baseIRI "http://b/" .')
    assert objects(tmp_path, mapping) == made


def test_names_of_a_repeated_parameter_may_be_numbered(tmp_path):
    inputs = (f'grel:valueParam{n} ; rml:inputValue "{n}"' for n in (1, 2, 3))
    assert objects(tmp_path, document(call("grel:string_concat", *inputs))) == ['"123"'] * 3


def whole(head: str, *pairs: str) -> str:
    made = "".join(f" ; rml:predicateObjectMap [ {pair} ]" for pair in pairs)
    return f"{HEAD}<#m> a rml:TriplesMap ; {SOURCE} ; rml:subjectMap [ {head} ]{made} ."


URL = "rml:functionExecution [ rml:function idlab-fn:toUpperCaseURL ; rml:input [" + (
    ' rml:parameter idlab-fn:str ; rml:inputValueMap [ rml:reference "name" ] ] ]'
)
ID = 'rml:template "http://example.org/{id}"'


@pytest.mark.parametrize(
    ("mapping", "quad"),
    [
        (whole(URL, 'rml:predicate ex:p ; rml:object "x"'),
         ("<http://ANN>", "<http://example.org/p>", '"x"', None)),
        (whole(ID, f'rml:predicateMap [ {URL} ] ; rml:object "x"'),
         ("<http://example.org/1>", "<http://ANN>", '"x"', None)),
        (whole(ID, f"rml:predicate ex:p ; rml:objectMap [ {URL} ; rml:termType rml:IRI ]"),
         ("<http://example.org/1>", "<http://example.org/p>", "<http://ANN>", None)),
        (whole(f"{ID} ; rml:graphMap [ {URL} ]", 'rml:predicate ex:p ; rml:object "x"'),
         ("<http://example.org/1>", "<http://example.org/p>", '"x"', "<http://ANN>")),
        (whole(ID, f'rml:predicate ex:p ; rml:object "x" ; rml:graphMap [ {URL} ]'),
         ("<http://example.org/1>", "<http://example.org/p>", '"x"', "<http://ANN>")),
        (whole(ID, 'rml:predicate ex:p ; rml:objectMap [ rml:reference "id" ;'
                   f" rml:datatypeMap [ {URL} ] ]"),
         ("<http://example.org/1>", "<http://example.org/p>", '"1"^^<http://ANN>', None)),
        (whole(ID, 'rml:predicate ex:p ; rml:objectMap [ rml:reference "id" ;'
                   f" rml:languageMap [ {UPPER} ] ]"),
         ("<http://example.org/1>", "<http://example.org/p>", '"1"@ann', None)),
        (whole(ID, f"rml:predicate ex:p ; rml:objectMap [ {UPPER} ; rml:termType rml:BlankNode ]"),
         None),
    ],
)  # fmt: skip
def test_in_each_place_of_a_statement(tmp_path, mapping, quad):
    quads = run_mapping(tmp_path, mapping, FILES).quads
    assert len(quads) == 2  # the third record has no name
    if quad is not None:
        assert quad in quads
    else:
        assert {s for s, *_ in quads} == {"<http://example.org/1>", "<http://example.org/2>"}
        assert len({o for _, _, o, _ in quads}) == 2
        assert all(o.startswith("_:") for _, _, o, _ in quads)


def test_in_joins(tmp_path):
    mapping = f"""{HEAD}<#m> {SOURCE} ; rml:subjectMap [ {ID} ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ rml:parentTriplesMap <#n> ;
    rml:joinCondition [ rml:childMap [ {UPPER} ] ; rml:parent "k" ] ] ] .
<#n> rml:logicalSource [ rml:referenceFormulation rml:CSV ; rml:source [
    a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "p.csv" ] ] ;
  rml:subjectMap [ rml:template "http://example.org/{{k}}" ] ."""
    made = run_mapping(tmp_path, mapping, {**FILES, "p.csv": "k\nANN\nBob\n"})
    assert made.objects() == ["<http://example.org/ANN>"]


def test_a_condition_of_an_input(tmp_path):
    """An input is an expression map, which may have a condition; without a value none is given."""
    equal = call(
        "idlab-fn:equal",
        f"grel:valueParameter {NAME}",
        'grel:valueParameter2 ; rml:inputValue "Ann"',
    )
    given = f'[ rml:reference "name" ; rml:condition [ {equal} ] ]'
    upper = call("grel:toUpperCase", f"grel:valueParam ; rml:inputValueMap {given}")
    assert objects(tmp_path, document(upper)) == ['"ANN"']


def test_one_execution_of_several_maps(tmp_path):
    execution = UPPER.partition("[")[2].rpartition("]")[0]
    mapping = document("rml:functionExecution <#f>", f"<#f> {execution} .")
    assert objects(tmp_path, mapping) == ['"ANN"', '"BOB"']


@pytest.mark.parametrize("place", ["subject", "object"])
def test_conditions(tmp_path, place):
    condition = "; rml:condition [ " + call(
        "idlab-fn:notEqual",
        f"grel:valueParameter {NAME}",
        'grel:valueParameter2 ; rml:inputValue "Ann"',
    )
    condition += " ]"
    reference = 'rml:reference "name"'
    if place == "subject":
        mapping = document(reference, subject=condition)
    else:
        mapping = document(f"{reference} {condition}")
    made = run_mapping(tmp_path, mapping, FILES)
    assert made.objects() == ['"Bob"']
    lost = {(loss.what, loss.records) for count in made.made.counts for loss in count.losses}
    # A condition leaves the record without a name out; it is not lost.
    assert lost == set()


_NOT_EQUAL = call(
    "idlab-fn:notEqual",
    f"grel:valueParameter {NAME}",
    'grel:valueParameter2 ; rml:inputValue "Ann"',
)
NOT_ANN = f"rml:condition [ {_NOT_EQUAL} ]"


@pytest.mark.parametrize(
    ("inner", "made"),
    [
        (f'rml:languageMap [ rml:constant "en" ; {NOT_ANN} ]', ['"Bob"@en']),
        (f'rml:languageMap [ rml:reference "name" ; {NOT_ANN} ]', ['"Bob"@bob']),
        (f"rml:datatypeMap [ rml:constant ex:t ; {NOT_ANN} ]", ['"Bob"^^<http://example.org/t>']),
        (
            f'rml:datatypeMap [ rml:template "http://e/{{age}}" ; {NOT_ANN} ]',
            ['"Bob"^^<http://e/4>'],
        ),
        (f'rml:languageMap [ rml:constant "en" ; {NOT_ANN} ] ; {NOT_ANN}', ['"Bob"@en']),
    ],
)
def test_conditions_of_languages_and_datatypes(tmp_path, inner, made):
    """Without its language or datatype there is no literal."""
    run = run_mapping(tmp_path, document(f'rml:reference "name" ; {inner}'), FILES)
    assert run.objects() == made
    assert [loss for count in run.made.counts for loss in count.losses] == []


def test_conditions_of_keys_of_joins(tmp_path):
    mapping = f"""{HEAD}<#m> {SOURCE} ; rml:subjectMap [ {ID} ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ rml:parentTriplesMap <#n> ;
    rml:joinCondition [ rml:childMap [ rml:reference "name" ; {NOT_ANN} ] ; rml:parent "name" ]
  ] ] .
<#n> {SOURCE} ; rml:subjectMap [ {ID} ] ."""
    assert run_mapping(tmp_path, mapping, FILES).objects() == ["<http://example.org/2>"]


def old_value(*pairs: str) -> str:
    given = " , ".join(f"[ rr:predicate {p} ; {o} ]" for p, _, o in map(_parts, pairs))
    return f"fnml:functionValue [ {OLD} ; rr:predicateObjectMap {given} ]"


def _parts(pair: str) -> tuple[str, str, str]:
    return pair.partition(" ")


@pytest.mark.parametrize(
    "value",
    [
        old_value(
            "fno:executes rr:object grel:toUpperCase",
            'grel:valueParameter rr:objectMap [ old:reference "name" ]',
        ),
        old_value(
            "fno:executes rr:objectMap [ rr:constant grel:toUpperCase ]",
            'grel:valueParameter rr:objectMap [ rr:template "{name}" ]',
        ),
        # A draft of RML-FNML.
        "fnml:execution [ a fnml:Execution ; fnml:function grel:toUpperCase ; fnml:input ["
        ' fnml:parameter grel:valueParam ; fnml:valueMap [ old:reference "name" ] ] ] ;'
        " fnml:return grel:stringOut",
        "fnml:execution [ fnml:functionMap [ rr:constant grel:toUpperCase ] ; fnml:input ["
        " fnml:parameterMap [ rr:constant grel:valueParam ] ;"
        ' fnml:valueMap [ old:reference "name" ] ] ] ;'
        " fnml:outputMap [ a fnml:ReturnMap ; rr:constant grel:stringOut ]",
    ],
)
def test_function_values_of_before(tmp_path, value):
    mapping = f"""{HEAD}<#m> a rr:TriplesMap ; {OLD} ;
  rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ {value} ] ] ."""
    assert objects(tmp_path, mapping) == ['"ANN"', '"BOB"']


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ('fno:executes grel:toUpperCase ; grel:valueParameter "a"', ['"A"'] * 3),
        (
            'fno:executes grel:toUpperCase ; grel:valueParameter "a" ;'
            ' <http://www.w3.org/2000/01/rdf-schema#label> "loud"',
            ['"A"'] * 3,
        ),
        (
            "a fno:Execution ; fno:executes grel:toUpperCase ;"
            ' grel:valueParameter [ old:reference "name" ]',
            ['"ANN"', '"BOB"'],
        ),
        (
            'fno:executes grel:array_join ; grel:p_array_a "x" , [ old:reference "id" ] ;'
            ' grel:p_string_sep "-"',
            ['"x-1"', '"x-2"', '"x-3"'],
        ),
    ],
)
def test_a_function_value_without_maps(tmp_path, value, made):
    mapping = f"""{HEAD}<#m> {OLD} ; rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
      rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [
        fnml:functionValue [ {value} ] ] ] ."""
    assert sorted(objects(tmp_path, mapping)) == sorted(made)


def test_an_array_has_several_object_maps(tmp_path):
    value = old_value(
        "fno:executes rr:object grel:array_join",
        'grel:p_array_a rr:objectMap [ old:reference "id" ] , [ old:reference "name" ]',
        'grel:p_string_sep rr:object "-"',
    )
    mapping = f"""{HEAD}<#m> a rr:TriplesMap ; {OLD} ;
  rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ {value} ] ] ."""
    assert objects(tmp_path, mapping) == ['"1-Ann"', '"2-Bob"', '"3"']


def equal_of(child: str, parent: str) -> str:
    return old_value(
        "fno:executes rr:object idlab-fn:equal",
        f"grel:valueParameter rr:objectMap [ {child} ]",
        f"grel:valueParameter2 rr:objectMap [ {parent} ]",
    )


OF_PARENT = 'old:parentTermMap [ old:reference "%s" ]'


@pytest.mark.parametrize(
    ("condition", "made"),
    [
        (equal_of('old:reference "id"', OF_PARENT % "id"), ["1 1", "2 2"]),
        (equal_of(OF_PARENT % "id", 'old:reference "id"'), ["1 1", "2 2"]),
        (equal_of('rr:constant "2"', OF_PARENT % "id"), ["1 2", "2 2", "3 2"]),
        (
            equal_of(
                old_value(
                    "fno:executes rr:object grel:toLowerCase",
                    'grel:valueParameter rr:objectMap [ old:reference "name" ]',
                ),
                OF_PARENT % "low",
            ),
            ["1 1"],
        ),
        (
            old_value(
                "fno:executes rr:object <grel:boolean_and>",
                *(
                    f"<grel:param_rep_b> rr:objectMap [ {each} ]"
                    for each in (
                        equal_of('old:reference "id"', OF_PARENT % "id"),
                        equal_of('old:reference "age"', OF_PARENT % "age"),
                    )
                ),
            ),
            ["2 2"],
        ),
    ],
)
def test_joins_by_a_function_of_before(tmp_path, condition, made):
    """As yarrrml-parser writes them, where a side is more than a reference."""
    mapping = f"""{HEAD}<#m> {OLD} ; rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rr:parentTriplesMap <#n> ;
    rr:joinCondition [ {condition} ] ] ] .
<#n> {OLD.replace("t.csv", "u.csv")} ;
  rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ."""
    rows = "id,low,age\n1,ann,31\n2,x,4\n"
    found = run_mapping(tmp_path, mapping, {**FILES, "u.csv": rows})
    short = [
        f"{s.rpartition('/')[2][:-1]} {o.rpartition('/')[2][:-1]}" for s, _, o in found.triples
    ]
    assert short == made


def test_other_joins_by_a_function_are_refused(tmp_path):
    condition = equal_of('old:reference "id"', 'old:reference "id"')
    mapping = f"""{HEAD}<#m> {OLD} ; rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rr:parentTriplesMap <#m> ;
    rr:joinCondition [ {condition} ] ] ] ."""
    with pytest.raises(InputError, match="a value of one record equals one of the other"):
        run_mapping(tmp_path, mapping, FILES)


def test_what_a_condition_of_before_leaves_out_is_not_lost(tmp_path):
    """As yarrrml-parser writes conditions; a value that is missing is lost all the same."""
    equal = old_value(
        "fno:executes rr:object idlab-fn:equal",
        'grel:valueParameter rr:objectMap [ old:reference "name" ]',
        'grel:valueParameter2 rr:objectMap [ rr:constant "Bob" ]',
    )
    value = old_value(
        "fno:executes rr:object idlab-fn:trueCondition",
        f"idlab-fn:strBoolean rr:objectMap [ {equal} ]",
        'idlab-fn:str rr:objectMap [ old:reference "name" ]',
    )
    mapping = f"""{HEAD}<#m> a rr:TriplesMap ; {OLD} ;
  rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ {value} ] ] ."""
    made = run_mapping(tmp_path, mapping, FILES)
    assert made.objects() == ['"Bob"']
    assert [loss for count in made.made.counts for loss in count.losses] == []


@pytest.mark.parametrize(
    ("object_map", "code", "said"),
    [
        (call("ex:mine"), "unknown-function", "http://example.org/mine is no function"),
        (call("grel:toUpperCase"), "bad-function", "needs one argument, not 0"),
        (call("grel:toUpperCase", f"ex:other {NAME}"), "bad-function", "http://example.org/other"),
        (call("grel:toUpperCase", "grel:valueParam"), "bad-mapping", "rml:inputValueMap"),
        (
            call("grel:toUpperCase", f'grel:valueParam {NAME} ; rml:inputValue "x"'),
            "bad-mapping",
            "one rml:inputValueMap or rml:inputValue",
        ),
        ("rml:functionExecution [ ]", "bad-mapping", "rml:function is missing"),
        (
            "rml:functionExecution [ rml:function grel:toUpperCase ; rml:input ["
            f' rml:parameterMap [ rml:reference "name" ] {NAME} ] ]',
            "bad-mapping",
            "rml:parameterMap must be constant",
        ),
        (f"{UPPER} ; rml:return ex:nothing", "bad-mapping", "nothing that a function returns"),
        ("rml:functionExecution <#f>", "bad-mapping", "inside of itself"),
        (f'{UPPER} ; rml:reference "name"', "bad-mapping", ""),
    ],
)
def test_faults_name_the_line(tmp_path, object_map, code, said):
    loop = "<#f> rml:function grel:toUpperCase ; rml:input [ rml:parameter grel:valueParam ;"
    loop += " rml:inputValueMap [ rml:functionExecution <#f> ] ] ."
    with pytest.raises(InputError) as caught:
        objects(tmp_path, document(object_map, loop if "<#f>" in object_map else ""))
    error = caught.value
    assert error.code == code
    assert said in error.message
    assert error.location is not None
    assert error.location.file.endswith("mapping.ttl")
    assert error.location.line is not None
    assert error.location.line >= HEAD.count("\n") + 4
