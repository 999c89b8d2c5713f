"""Why a source gives no records."""

from __future__ import annotations

import pytest

from kg.mapping.plan import Formulation
from tests.mapping.running import run_mapping

YARRRML = "namespaces: {d: 'http://d.org/'} beside the iterator in YARRRML"
RML = (
    "rml:referenceFormulation [ a rml:XPathReferenceFormulation ; rml:namespace"
    ' [ rml:namespacePrefix "d" ; rml:namespaceURL "http://d.org/" ] ] in RML'
)
SPACED = '<list xmlns="http://d.org/"><item id="1"><name>x</name></item></list>'
MAPPING = """
@prefix rml: <http://w3id.org/rml/> .
<#m> rml:logicalSource [ rml:source [ a rml:FilePath ; rml:path "a.xml" ] ;
    rml:iterator "/d:list/d:item" ; %s ] ;
  rml:subjectMap [ rml:template "http://example.org/{@id}" ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
    rml:objectMap [ rml:reference "d:name" ] ] .
"""


@pytest.mark.parametrize(
    ("iterator", "namespaces", "said"),
    [
        ("/list/item", (), ["is in the namespace http://d.org/;", YARRRML, RML, "/d:list/d:item"]),
        ("//item", (), [YARRRML, RML, "write //d:item, and d:name in references"]),
        ("/list/item[1]", (), [YARRRML, RML, "write //d:…"]),
        ("/list/item", (("d", "urn:x"),), ["{ns: 'http://d.org/'}", "/ns:list/ns:item"]),
        ("/list/item", (("q", "http://d.org/"),), ["whose prefix is q; write /q:list/q:item"]),
        ("/q:list/q:itm", (("q", "http://d.org/"),), []),
        ("/q:lst/q:item", (("q", "http://d.org/"),), ["the root element of ", "a.xml is list"]),
    ],
)
def test_namespaces_of_xml(read, iterator, namespaces, said):
    made = read(
        {"a.xml": SPACED}, "name", formulation=Formulation.XPATH, iterator=iterator,
        namespaces=namespaces,
    )  # fmt: skip
    assert made.rows == []
    for text in said:
        assert text in made.table.nothing
    if not said:
        assert made.table.nothing == ""


def test_the_advice_works(tmp_path):
    """What the message says to write gives the records, in both notations."""
    rml = RML.removesuffix(" in RML")
    assert run_mapping(tmp_path, MAPPING % rml, {"a.xml": SPACED}).objects() == ['"x"']
    yarrrml = """
sources:
  s:
    access: a.xml
    referenceFormulation: xpath
    iterator: /d:list/d:item
    namespaces: {d: 'http://d.org/'}
mappings:
  m: {sources: s, s: "ex:$(@id)", po: [[ex:p, '$(d:name)']]}
"""
    assert run_mapping(tmp_path, yarrrml, {"a.xml": SPACED}).objects() == ['"x"']


@pytest.mark.parametrize(
    ("document", "iterator", "said"),
    [
        ('{"items": [1]}', "$.itms[*]", "$ in {} has no itms; did you mean items?"),
        ('{"b": 1, "a": 2}', "$.zzz[*]", "$ in {} has no zzz; it has: b, a"),
        ('{"d": [{"a": 1}, {"b": 1}]}', "$.d[*].c[*]", '$."d"[*] in {} has no c; it has: a, b'),
        ('{"d": {"a": 1}}', "$.d[0]", '$."d" in {} is an object'),
        ('[{"a": 1}]', "$.a", "$ in {} is an array"),
        ('{"a": 7}', "$.a[*]", '$."a" in {} is a single value'),
        ('{"a": []}', "$.a[*]", ""),
        ('{"a": [{"b": 1}]}', "$.a[?@.b == 2]", ""),
    ],
)
def test_keys_of_json(read, document, iterator, said):
    made = read({"a.json": document}, "x", formulation=Formulation.JSON, iterator=iterator)
    assert made.rows == []
    assert made.table.nothing == said.format(made.table.parts[0].shown)


def test_other_sources_say_no_more(read):
    assert read({"a.csv": "x,y\n"}, "x").table.nothing == ""
    assert read({"a.csv": "x,y\n1,2\n"}, "x").table.nothing == ""


@pytest.mark.parametrize(
    ("document", "iterator", "reference", "told"),
    [
        ('[{"a": 1}]', "$", "a", "the iterator $ leads to an array"),
        ('[{"a": 1}]', "", "$.a", "write $[*] for its elements"),
        ('{"p": [{"a": 1}]}', "$.p", "a", "write $.p[*] for its elements"),
        ('{"p": [{"a": 1}]}', "$.p", "[0].a", ""),
        ('{"p": [{"a": 1}]}', "$.p[*]", "a", ""),
        ('{"p": {"a": 1}}', "$.p", "a", ""),
        ('{"p": []}', "$.q", "a", ""),
    ],
)
def test_a_record_that_is_an_array_is_told(read, document, iterator, reference, told):
    made = read({"a.json": document}, reference, formulation=Formulation.JSON, iterator=iterator)
    notes = " ".join(made.table.notes)
    assert told in notes if told else not notes
