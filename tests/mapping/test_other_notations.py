"""Mappings in notations that kg does not read are refused by name, with the way on."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings

D2RQ = "@prefix d: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .\n"
CASES = {
    "a.sms": (
        "MAPPING <urn:m>\nFROM SQL {\n SELECT 1\n}\nTO { ?s a :X . }\n",
        "a mapping of Stardog",
        "R2RML",
    ),
    "a.obda": (
        "[PrefixDeclaration]\n:\thttp://e/\n\n[MappingDeclaration] @collection [[\n]]\n",
        "a mapping of Ontop",
        "ontop mapping to-r2rml -i a.obda -o a.ttl",
    ),
    "a.shexml": ("PREFIX : <http://e/>\nSOURCE films <a.xml>\n", "ShExML", "RML"),
    "a.sparql": (
        "SELECT * { SERVICE <x-sparql-anything:a.json> { ?s ?p ?o } }",
        "a query of SPARQL Anything or SPARQL-Generate",
        "YARRRML",
    ),
    "a b.jsonld": (
        '{"@id": "http://e/m", "http://w3id.org/rml/logicalSource": {}}',
        "JSON-LD",
        "kg export --data ",
    ),
    "m.ttl": ('<?xml version="1.0"?>\n<rdf:RDF/>', "RDF/XML", " -o m.rml.ttl"),
    "d.ttl": (f"{D2RQ}<#c> a d:ClassMap ; d:dataStorage <#b> .", "a mapping of D2RQ", "R2RML"),
    "k.ttl": (
        '[] <http://isi.edu/integration/karma/dev#sourceName> "a.xml" .',
        "a model of Karma",
        "logical source of the file",
    ),
    "o.properties": ("jdbc.url = jdbc:h2:mem\n", "what Ontop knows of a database", "KG_DATABASE"),
    "x.ttl": (
        "<#m> <http://i3s.unice.fr/ns/xr2rml#logicalSource> [] .",
        "xR2RML",
        "rml:logicalSource",
    ),
    "n.ttl": (
        "<#m> <http://carml.taxonic.com/carml/experimental/nestedMapping> [] .",
        "nestedMapping of CARML's experiments",
        "iterator of its own",
    ),
    "c.properties": (
        "verbose = true\nmappingfile = ./maps/m.ttl\n",
        "a configuration of another program",
        "kg map maps/m.ttl",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_another_notation_is_refused_by_name(tmp_path, name):
    text, what, hint = CASES[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_mappings([path], {})
    assert caught.value.code in ("unknown-format", "unsupported-mapping")
    assert what in caught.value.message
    assert hint in str(caught.value.hint)


def test_rml_in_turtle_of_any_name_is_read(tmp_path):
    path = tmp_path / "m.txt"
    path.write_text(
        '[] <http://w3id.org/rml/logicalSource> [ <http://w3id.org/rml/source> "t.csv" ;'
        " <http://w3id.org/rml/referenceFormulation> <http://w3id.org/rml/CSV> ] ;"
        " <http://w3id.org/rml/subject> <http://e/s> .",
        encoding="utf-8",
    )
    assert len(read_mappings([path], {}).triples_maps) == 1
