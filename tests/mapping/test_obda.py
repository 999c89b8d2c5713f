"""Mappings of Ontop are read as the R2RML that they stand for."""

from __future__ import annotations

import sqlite3

import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.notes import hearing
from tests.mapping.running import run_mapping

HEAD = """[PrefixDeclaration]
:		http://v/
ex:		http://e/

[MappingDeclaration] @collection [[
"""
TARGET = """mappingId	one thing
target		TARGET
source		SELECT id, name, age, page
			FROM person WHERE name <> 'a"b\\c'

; a comment
]]
"""


def made(folder, monkeypatch, target: str) -> set[str]:
    with sqlite3.connect(folder / "a.db") as database:
        database.execute("CREATE TABLE person (id INTEGER, name TEXT, age INTEGER, page TEXT)")
        database.execute("INSERT INTO person VALUES (1, 'A b', 30, 'http://pg/1')")
    monkeypatch.setenv("KG_DATABASE", f"sqlite:{folder / 'a.db'}")
    text = HEAD + TARGET.replace("TARGET", target)
    run = run_mapping(folder, f"# rml:\n{text}", {})
    return {" ".join(filter(None, quad)) for quad in run.quads}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            ":p={id}/x a :Person ; rdfs:label {name}@en , {name} .",
            {
                "<http://v/p=1/x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://v/Person>",
                '<http://v/p=1/x> <http://www.w3.org/2000/01/rdf-schema#label> "A b"@en',
                '<http://v/p=1/x> <http://www.w3.org/2000/01/rdf-schema#label> "A b"',
            },
        ),
        (
            ":{id} :age {age}^^xsd:string ; :page <{page}> .",
            {'<http://v/1> <http://v/age> "30"', "<http://v/1> <http://v/page> <http://pg/1>"},
        ),
        (
            ':{id} :both "{name} is {age}"^^ex:d , "x"@de ; :n 5 , true ; .',
            {
                '<http://v/1> <http://v/both> "A b is 30"^^<http://e/d>',
                '<http://v/1> <http://v/both> "x"@de',
                '<http://v/1> <http://v/n> "5"^^<http://www.w3.org/2001/XMLSchema#integer>',
                '<http://v/1> <http://v/n> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>',
            },
        ),
        (
            'GRAPH ex:g { :c/{id} :of ex:{id} . } <http://x/{id}> <http://q/{name}> {"id"}.',
            {
                "<http://v/c/1> <http://v/of> <http://e/1> <http://e/g>",
                '<http://x/1> <http://q/A%20b> "1"^^<http://www.w3.org/2001/XMLSchema#integer>',
            },
        ),
    ],
)
def test_a_target_makes_what_it_says(tmp_path, monkeypatch, target, expected):
    assert made(tmp_path, monkeypatch, target) == expected


def test_blank_nodes_are_one_for_each_label(tmp_path, monkeypatch):
    found = made(tmp_path, monkeypatch, "_:b{id} :n 5 . :x :of _:b{id} .")
    (subject,) = (line.split()[0] for line in found if "<http://v/n>" in line)
    assert subject.startswith("_:")
    assert f"<http://v/x> <http://v/of> {subject}" in found


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{id} a :Person .", "'{id}' is no IRI, and a subject is one"),
        (":{id} foo:p 1 .", "'foo:p' has no prefix that is declared"),
        (":{id} :p", "a term is missing before 'the end'"),
        (":{id} :p { .", "a term is missing before '{'"),
        (':{id} :p "open .', "cannot be read from '\"open .'"),
        (":{id} :p {a}^^foo:x .", "'foo:x' has no prefix"),
    ],
)
def test_a_target_that_cannot_be_read(tmp_path, target, message):
    path = tmp_path / "m.obda"
    path.write_text(HEAD + "\n\n" + TARGET.replace("TARGET", target), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_mappings([path], {})
    assert message in caught.value.message
    assert caught.value.location is not None
    assert (caught.value.code, caught.value.location.line) == ("bad-mapping", 8)


def test_the_connection_of_a_mapping_is_told(tmp_path):
    path = tmp_path / "m.obda"
    source = "[SourceDeclaration]\nsourceUri\tx\npassword\tsecret\n\n[Map"
    text = (HEAD + TARGET.replace("TARGET", ":{id} :p {name} .")).replace("[Map", source)
    path.write_text(text, encoding="utf-8")
    with hearing() as notes:
        plan = read_mappings([path], {})
    (note,) = notes.values()
    assert note.text.startswith("the connection that the mapping declares is not used")
    assert (note.place.line, len(plan.triples_maps)) == (5, 1)
    assert ("ex", "http://e/") in plan.prefixes
