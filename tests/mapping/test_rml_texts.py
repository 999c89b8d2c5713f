"""Texts where RML needs IRIs, and vocabularies of other tools: read, told, or refused by name."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.notes import hearing
from tests.mapping.running import run_mapping

NEW = "@prefix x: <http://w3id.org/rml/> . @prefix y: <http://w3id.org/rml/> .\n"
OLD = "@prefix x: <http://www.w3.org/ns/r2rml#> . @prefix y: <http://semweb.mmlab.be/ns/rml#> .\n"
DATA = "@prefix ex: <http://e/> . @prefix q: <http://semweb.mmlab.be/ns/ql#> .\n"
MAP = """<#m> y:logicalSource [ y:source "t.csv" ; y:referenceFormulation FORMULATION ] ;
  x:subjectMap [ SUBJECT ] ; x:predicateObjectMap [ PAIR ] .
"""
SUBJECT = 'x:template "http://e/{id}"'
PAIR = "x:predicate ex:p ; x:object ex:o"
PO = "<http://e/p>", "<http://e/o>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
S = "<http://e/1>"


def run(tmp_path, head, subject, pair):
    text = head + DATA + MAP.replace("SUBJECT", subject).replace("PAIR", pair)
    text = text.replace("FORMULATION", "x:CSV" if head is NEW else "q:CSV")
    # `run_mapping` knows RML by one of its usual prefixes.
    return run_mapping(tmp_path, f"# rml:\n{text}", {"t.csv": "id\n1\n"}).quads


@pytest.mark.parametrize("head", [NEW, OLD])
@pytest.mark.parametrize(
    ("subject", "pair", "expected"),
    [
        (
            f'{SUBJECT} ; x:class "http://e/C"',
            PAIR,
            {(S, *PO, None), (S, TYPE, "<http://e/C>", None)},
        ),
        (f'{SUBJECT} ; x:class "ex:C"', PAIR, {(S, *PO, None), (S, TYPE, "<http://e/C>", None)}),
        (f'{SUBJECT} ; x:graph "http://e/g"', PAIR, {(S, *PO, "<http://e/g>")}),
        (f'{SUBJECT} ; x:graphMap [ x:constant "http://e/g" ]', PAIR, {(S, *PO, "<http://e/g>")}),
        ('x:constant "http://e/s"', PAIR, {("<http://e/s>", *PO, None)}),
        ('x:constant "http://e/s" ; x:termType x:IRI', PAIR, {("<http://e/s>", *PO, None)}),
        (SUBJECT, 'x:predicate "http://e/p" ; x:object ex:o', {(S, *PO, None)}),
        (SUBJECT, 'x:predicateMap [ x:constant "http://e/p" ] ; x:object ex:o', {(S, *PO, None)}),
        (SUBJECT, f'{PAIR} ; x:graph "http://e/g"', {(S, *PO, "<http://e/g>")}),
        (
            SUBJECT,
            'x:predicate ex:p ; x:objectMap [ x:constant "http://e/o" ; x:termType x:IRI ]',
            {(S, *PO, None)},
        ),
        (
            SUBJECT,
            'x:predicate ex:p ; x:objectMap [ x:template "{id}" ; x:termType x:Literal ;'
            ' x:datatype "http://e/d" ]',
            {(S, "<http://e/p>", '"1"^^<http://e/d>', None)},
        ),
    ],
)
def test_a_text_where_an_iri_is_needed_is_one(tmp_path, head, subject, pair, expected):
    with hearing() as notes:
        assert set(run(tmp_path, head, subject, pair)) == expected
    (note,) = notes.values()
    assert note.count == 1
    assert note.text.startswith("1 × a text stands where an IRI is needed and is taken as one")


def test_it_is_told_once_for_a_file(tmp_path):
    subject = f'{SUBJECT} ; x:class "http://e/C", "http://e/D" ; x:graph "http://e/g"'
    with hearing() as notes:
        run(tmp_path, OLD, subject, PAIR)
    (note,) = notes.values()
    assert note.count == 3


@pytest.mark.parametrize(
    "pair",
    [
        'x:predicate ex:p ; x:object "http://e/o"',
        'x:predicate ex:p ; x:objectMap [ x:constant "http://e/o" ]',
        'x:predicate ex:p ; x:objectMap [ x:constant "http://e/o" ; x:termType x:Literal ]',
    ],
)
def test_an_object_that_may_be_a_text_stays_one(tmp_path, pair):
    with hearing() as notes:
        assert run(tmp_path, OLD, SUBJECT, pair) == [(S, "<http://e/p>", '"http://e/o"', None)]
    assert not notes


@pytest.mark.parametrize(
    ("subject", "pair", "message"),
    [
        (f'{SUBJECT} ; x:class "a text"', PAIR, "rml:class must be an IRI"),
        (f'{SUBJECT} ; x:class "C"@en', PAIR, "rml:class must be an IRI"),
        (f'{SUBJECT} ; x:graph "a text"', PAIR, "rml:graph must not be a Literal"),
        (SUBJECT, 'x:predicate "p" ; x:object ex:o', "rml:predicate must not be a Literal"),
        (
            SUBJECT,
            'x:predicate ex:p ; x:objectMap [ x:constant "a b" ; x:termType x:IRI ]',
            "but the constant is of the kind Literal",
        ),
    ],
)
def test_a_text_that_is_no_iri_is_refused(tmp_path, subject, pair, message):
    with pytest.raises(InputError, match=message):
        run(tmp_path, OLD, subject, pair)


def test_an_iri_that_is_to_be_a_literal(tmp_path):
    pair = "x:predicate ex:p ; x:objectMap [ x:constant ex:o ; x:termType x:Literal ]"
    with hearing() as notes:
        assert set(run(tmp_path, OLD, SUBJECT, pair)) == {(S, "<http://e/p>", '"http://e/o"', None)}
    assert "an IRI stands where rml:termType says Literal" in next(iter(notes.values())).text


CARML = """@prefix carml: <http://carml.taxonic.com/carml/> .
@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> . @prefix ex: <http://e/> .
<#m> rml:logicalSource [ rml:source [ SOURCE ] ; rml:referenceFormulation ql:XPath ;
    rml:iterator "/b:list/b:item" ] ;
  rr:subjectMap [ rr:template "http://e/{@id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ carml:multiReference "b:name" ] ] .
"""
NAMESPACE = (
    'carml:declaresNamespace [ carml:namespacePrefix "b" ; carml:namespaceName "http://b/" ] ;'
)
XML = '<list xmlns="http://b/"><item id="1"><name>Ann</name><name>Anna</name></item></list>'


def test_files_and_namespaces_of_carml(tmp_path):
    source = f'a carml:FileSource, carml:XmlDocument ; {NAMESPACE} carml:url "t.xml"'
    run = run_mapping(tmp_path, CARML.replace("SOURCE", source), {"t.xml": XML})
    assert run.triples == [(S, "<http://e/p>", '"Ann"'), (S, "<http://e/p>", '"Anna"')]


STREAMS = "@prefix rmls: <http://semweb.mmlab.be/ns/rmls#> .\n"


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("a carml:Stream", "stream.xml"),
        ('a carml:Stream ; carml:streamName "books"', "books.xml"),
        ('carml:streamName "a/{b}.xml"', "{b}.xml"),
        ('a rmls:KafkaStream ; rmls:broker "localhost:9092" ; rmls:topic "books"', "books.xml"),
        ('a rmls:TCPSocketStream ; rmls:hostName "localhost" ; rmls:port "5005"', "stream.xml"),
        ('a rmls:FileStream ; rmls:path "books.xml"', ""),
    ],
)
def test_a_file_is_read_in_the_stead_of_a_stream(tmp_path, source, file):
    text = STREAMS + CARML.replace("SOURCE", f"{NAMESPACE} {source}")
    with hearing() as notes:
        run = run_mapping(tmp_path, text, {file or "books.xml": XML})
    assert run.triples == [(S, "<http://e/p>", '"Ann"'), (S, "<http://e/p>", '"Anna"')]
    told = f"is not listened to: the file {file} is read in its stead"
    assert [note.text.endswith(told) for note in notes.values()] == [True] * bool(file)


def test_a_file_of_carml_needs_its_address(tmp_path):
    with pytest.raises(InputError, match=r"no rml:path"):
        run_mapping(tmp_path, CARML.replace("SOURCE", f"{NAMESPACE} a carml:FileSource"), {})


EXTENSIONS = "https://w3id.org/imec/rml/ns/extensions#"


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ('rmle:LogicalTargetMap [ x:template "t_{id}" ]', "dynamic targets"),
        ('rmle:logicalTargetMap [ x:template "t_{id}" ]', "dynamic targets"),
        ("y:logicalTarget rmle:ThisMapping", "dynamic targets"),
        ("rmle:other 1", "other of RMLMapper's extensions"),
        ("y:logicalTarget []", "has no rml:target"),
    ],
)
def test_extensions_of_rmlmapper_are_refused_by_name(tmp_path, subject, message):
    with pytest.raises(InputError, match=message):
        run(tmp_path, f"@prefix rmle: <{EXTENSIONS}> .\n{OLD}", f"{SUBJECT} ; {subject}", PAIR)
