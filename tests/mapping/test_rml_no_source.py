"""Triples maps without a logical source: where all is constant, they make their statements once.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-triples-map
"""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.notes import hearing
from tests.mapping.running import PREFIXES, run_plan, write_files

HEAD = """
@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://example.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
"""
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PAIR = "rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ %s ] ]"
CALL = """rml:functionExecution [ rml:function grel:toUpperCase ; rml:input [
  rml:parameter grel:valueParameter ; rml:inputValueMap [ %s ] ] ] ; rml:return grel:stringOut"""


def made(folder, text, **others):
    files = {"m.ttl": HEAD + text, **{f"{n}.ttl": HEAD + t for n, t in others.items()}}
    write_files(folder, {**files, "a.csv": "id\n1\n2\n"})
    return run_plan(read_mappings([folder / name for name in files], PREFIXES)).triples


@pytest.mark.parametrize(
    ("objects", "object_"),
    [
        ('rml:constant "a" ; rml:languageMap [ rml:constant "fr" ]', '"a"@fr'),
        ('rml:template "a\\\\{b\\\\}" ; rml:termType rml:Literal', '"a{b}"'),
        (CALL % 'rml:constant "a"', '"A"'),
        ("rml:gather ( ) ; rml:gatherAs rdf:List ; rml:allowEmptyListAndContainer true", None),
    ],
)
def test_constants_need_no_source(tmp_path, objects, object_):
    text = f"<#m> a rml:TriplesMap ; rml:subject ex:s ; {PAIR % objects} ."
    if object_ is None:
        text = text.replace("( )", '( [ rml:constant "x" ] )')
        assert len(made(tmp_path, text)) == 3  # the statement, rdf:first and rdf:rest
    else:
        assert made(tmp_path, text) == [
            ("<http://example.org/s>", "<http://example.org/p>", object_)
        ]


def test_a_blank_node_is_made_once(tmp_path):
    pair = PAIR % 'rml:constant "a"'
    text = f"<#m> a rml:TriplesMap ; rml:subjectMap [ rml:termType rml:BlankNode ] ; {pair} ."
    ((subject, _, object_),) = made(tmp_path, text)
    assert subject.startswith("_:")
    assert object_ == '"a"'


def test_classes_and_gathered_subjects_are_enough(tmp_path):
    text = """<#m> a rml:TriplesMap ; rml:subjectMap [ rml:constant ex:s ; rml:class ex:C ] .
<#n> a rml:TriplesMap ; rml:subjectMap [ rml:constant ex:all ;
  rml:gather ( [ rml:constant "x" ] ) ; rml:gatherAs rdf:Bag ] ."""
    assert made(tmp_path, text) == [
        ("<http://example.org/all>", f"<{RDF}type>", f"<{RDF}Bag>"),
        ("<http://example.org/all>", f"<{RDF}_1>", '"x"'),
        ("<http://example.org/s>", f"<{RDF}type>", "<http://example.org/C>"),
    ]


SOURCE = 'rml:logicalSource [ rml:source "a.csv" ; rml:referenceFormulation rml:CSV ]'


@pytest.mark.parametrize(
    "objects",
    [
        'rml:reference "id"',
        'rml:template "{id}"',
        'rml:template "\\\\\\\\{id}"',  # a backslash, then a reference
        CALL % 'rml:reference "id"',
        'rml:constant "a" ; rml:languageMap [ rml:reference "id" ]',
        'rml:gather ( [ rml:reference "id" ] ) ; rml:gatherAs rdf:List',
        "rml:parentTriplesMap <#m>",
    ],
)
def test_what_is_taken_from_records_needs_one(tmp_path, objects):
    text = f"<#m> a rml:TriplesMap ; rml:subject ex:s ; {PAIR % objects} ."
    with pytest.raises(InputError, match="m has no logical source"):
        made(tmp_path, text)
    # Beside complete ones, such a part is told and passed over, as before.
    whole = f"<#k> {SOURCE} ; rml:subjectMap [ rml:template 'http://e/{{id}}' ; rml:class ex:C ] ."
    with hearing() as notes:
        assert len(made(tmp_path, text, other=whole)) == 2
    assert any("has no logical source, so it makes nothing" in n.text for n in notes.values())


def test_constants_stand_beside_maps_with_sources_and_are_completed_by_other_files(tmp_path):
    constant = f"<#m> a rml:TriplesMap ; rml:subject ex:s ; {PAIR % 'rml:constant 1'} ."
    whole = f"<#k> {SOURCE} ; rml:subjectMap [ rml:template 'http://e/{{id}}' ; rml:class ex:C ] ."
    with hearing() as notes:
        assert len(made(tmp_path, constant + whole)) == 3
    assert not notes
    # A source in another file makes it one statement for all of its records.
    assert len(made(tmp_path, constant, other=f"<#m> {SOURCE} .")) == 1
