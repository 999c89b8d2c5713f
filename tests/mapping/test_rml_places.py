"""Properties of RML where they say nothing are told; a document's base is that of its terms."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.notes import hearing
from tests.mapping.running import run_mapping

RML = """@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://e/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @base <http://base/> .
<#m> rml:logicalSource <#s> ; rml:subjectMap [ rml:template "http://e/{id}" SUBJECT ] MAP ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ OBJECT ] PAIR ] .
<#s> rml:source "t.csv" ; rml:referenceFormulation rml:CSV .
<#n> rml:logicalSource <#s> ; rml:subject ex:n ; rml:class ex:N .
"""
VALUE = 'rml:reference "v"'
PAIR = (
    "rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap"
    ' [ rml:reference "v" ; rml:termType rml:IRI ] ]'
)


def mapped(folder, subject="", object_map=VALUE, pair="", of_map="", head=RML):
    text = head.replace("SUBJECT", subject).replace("OBJECT", object_map)
    text = text.replace("PAIR", pair).replace("MAP", of_map)
    with hearing() as notes:
        run = run_mapping(folder, text, {"t.csv": "id,v\n1,5\n"})
    told = [(note.place.line, note.text) for note in notes.values()]
    return [quad[:3] for quad in run.quads], told


@pytest.mark.parametrize(
    ("part", "line", "told"),
    [
        (
            {"pair": "; rml:datatype xsd:integer"},
            4,
            "rml:datatype says nothing at a predicate-object map; it belongs in the object map",
        ),
        (
            {"object_map": f"{VALUE} ; rml:class ex:C"},
            4,
            "rml:class says nothing at an object map; it belongs at a subject map",
        ),
        (
            {"object_map": f"{VALUE} ; rml:joinCondition [ rml:child 'v' ; rml:parent 'v' ]"},
            4,
            "rml:joinCondition says nothing without rml:parentTriplesMap; it belongs beside"
            " rml:parentTriplesMap",
        ),
        (
            {"object_map": "rml:parentTriplesMap <#n> ; rml:reference 'v'"},
            4,
            "rml:reference says nothing beside rml:parentTriplesMap",
        ),
        (
            {"subject": "; rml:predicate ex:q"},
            3,
            "rml:predicate says nothing at a subject map; it belongs at a predicate-object map",
        ),
        (
            {"of_map": "; rml:graph ex:g"},
            3,
            "rml:graph says nothing at a triples map; it belongs at a subject map or a"
            " predicate-object map",
        ),
        (
            {"of_map": "; rml:class ex:C"},
            3,
            "rml:class says nothing at a triples map; it belongs at a subject map",
        ),
    ],
)
def test_a_property_that_says_nothing_is_told(tmp_path, part, line, told):
    assert mapped(tmp_path, **part)[1] == [(line, f"1 × {told}")]


def test_a_pair_behind_the_full_stop_is_told(tmp_path):
    lost = f"{RML}[ rml:predicate ex:q ; rml:objectMap [ {VALUE} ] ] .\n"
    named = "<#pair> rml:predicate ex:r ; rml:object ex:o .\n"
    _, told = mapped(tmp_path, head=lost + named)
    text = "a predicate-object map is in no triples map, so it makes nothing"
    assert told == [(7, f"2 × {text}")]
    shared = RML.replace("SUBJECT ]", "SUBJECT ] ; rml:predicateObjectMap <#pair>")
    made, told = mapped(tmp_path, head=shared + named)
    assert ("<http://e/1>", "<http://e/r>", "<http://e/o>") in made
    assert told == []


def test_properties_at_their_places_are_not_told(tmp_path):
    triples, told = mapped(
        tmp_path,
        subject="; rml:class ex:C ; rml:graph ex:g ; rml:termType rml:IRI",
        object_map=f"{VALUE} ; rml:datatype xsd:integer",
        pair="; rml:graphMap [ rml:constant ex:h ]",
        of_map="; rml:baseIRI <http://other/>",
    )
    assert told == []
    assert (
        "<http://e/n>",
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>",
        "<http://e/N>",
    ) in (triples)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (RML, "<http://base/5>"),
        (RML.replace("<#m> ", "<#m> rml:baseIRI <http://own/> ; "), "<http://own/5>"),
    ],
)
def test_the_base_of_a_document_is_that_of_relative_terms(tmp_path, head, expected):
    made, _ = mapped(tmp_path, object_map=f"{VALUE} ; rml:termType rml:IRI", head=head)
    assert ("<http://e/1>", "<http://e/p>", expected) in made


def test_several_values_of_a_function_as_carml_writes_them(tmp_path):
    old = "@prefix c: <http://carml.taxonic.com/carml/> .\n"
    old += "@prefix r: <http://www.w3.org/ns/r2rml#> .\n"
    fno = "<https://w3id.org/function/ontology#executes>"
    grel = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
    call = f"""c:multiFunctionValue [ r:subjectMap [ r:template "functionExec" ] ;
      r:predicateObjectMap [ r:predicate {fno} ; r:object <{grel}toUpperCase> ] ,
      [ r:predicate <{grel}valueParameter> ; r:objectMap [ r:template "a{{v}}" ;
        r:termType r:Literal ] ] ]"""
    made, told = mapped(tmp_path, object_map=call, head=old + RML)
    assert ("<http://e/1>", "<http://e/p>", '"A5"') in made
    assert told == []


def test_the_last_of_several_bases_is_that_of_terms_of_records_which_is_told(tmp_path):
    text = "[] ex:said <x> .\n@base <http://last/> .\n[] ex:said <y> ."
    made = 'rml:template "{v}" ; rml:termType rml:IRI'
    triples, told = mapped(tmp_path, object_map=made, head=f"{RML}{text}")
    assert "<http://last/5>" in {triple[2] for triple in triples}
    assert told == [(9, "of several bases the last, <http://last/>, is that of terms of records")]


def test_the_triples_map_that_a_bad_value_is_told_of_is_one_that_it_is_bad_for(tmp_path):
    """What is good with a base may be bad without one."""
    made = 'rml:reference "v" ; rml:termType rml:IRI'
    of_map = "; rml:baseIRI <http://b/>"
    head = RML.replace("@base <http://base/> .", "").replace("<#", "<http://m/#")
    other = f"<http://m/#other> rml:logicalSource <http://m/#s> ; rml:subject ex:o ;\n{PAIR} ."
    with pytest.raises(InputError, match="is not an absolute IRI") as caught:
        mapped(tmp_path, object_map=made, of_map=of_map, head=f"{head}{other}")
    assert "other" in str(caught.value.hint)
