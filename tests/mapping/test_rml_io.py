"""The test cases of rml-io about sources.

Spec: https://kg-construct.github.io/rml-io/spec/docs/
"""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from kg.errors import InputError
from kg.mapping.natural import Datatypes
from kg.notes import hearing
from tests.mapping.conformance import check, needs_suite, read_cases
from tests.mapping.running import run_mapping

CASES = {name: case for name, case in read_cases("rml-io").items() if name.startswith("RMLSTC")}

# Results of a query as CSV have no datatypes, and the RDF file has plain texts; the case expects
# that integers are known by how they look.
GUESSED = ("RMLSTC0003",)
# The case says that an error is expected, since the names in a header are quoted; but RFC 4180
# allows that, and the case has the output of a processor that reads it, which is what kg gives.
READ = ("RMLSTC0009a",)


@pytest.fixture(autouse=True)
def friends(tmp_path, monkeypatch):
    """The database that RMLSTC0006a wants, by the variables that its mapping names."""
    path = tmp_path / "friends.db"
    if "RMLSTC0006a" in CASES:
        with (CASES["RMLSTC0006a"].folder / "Friends.csv").open(encoding="utf-8") as lines:
            rows = [tuple(row.values()) for row in csv.DictReader(lines)]
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE Friends (id INTEGER, name TEXT, age INTEGER)")
            database.executemany("INSERT INTO Friends VALUES (?, ?, ?)", rows)
    monkeypatch.setenv("CONNECTIONDSN", f"jdbc:sqlite:{path}")
    monkeypatch.setenv("USERNAME", "")
    monkeypatch.setenv("PASSWORD", "")


@needs_suite
def test_every_case_is_there():
    assert len(CASES) == 32
    assert sum(case.fails for case in CASES.values()) == 3
    assert [name for name, case in CASES.items() if not case.folder.is_dir()] == []
    assert {*GUESSED, *READ} <= set(CASES)


@needs_suite
@pytest.mark.parametrize("name", CASES or ["none"])
def test_case(name, monkeypatch):
    case, datatypes = CASES[name], Datatypes.NATURAL
    if name in GUESSED:
        datatypes = Datatypes.GUESS
    if name in READ:
        assert case.fails
        case = replace(case, fails=False, output=case.folder / "output.nq")
    check(case, monkeypatch, datatypes)


# --- ways to say where a source is ----------------------------------------------------------

ACCESS = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix td: <https://www.w3.org/2019/wot/td#> .
@prefix hctl: <https://www.w3.org/2019/wot/hypermedia#> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
<#m> a rml:TriplesMap ;
  rml:logicalSource [ rml:source [ ACCESS ] REST ] ;
  rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
    rml:objectMap [ rml:reference "v" ] ] .
"""
CSV = "; rml:referenceFormulation rml:CSV"
ROWS = {"t.csv": "id,v\n1,x\n2,NULL\n3,\n"}
DIALECT = 'csvw:dialect [ csvw:null "NULL" ]'


def mapped(folder, access, rest=CSV, files=None):
    mapping = ACCESS.replace("ACCESS", access).replace("REST", rest)
    return run_mapping(folder, mapping, files or ROWS)


@pytest.mark.parametrize(
    ("access", "rest", "expected"),
    [
        ('csvw:url "file://./t.csv"', CSV, ['"NULL"', '"x"']),
        ('csvw:url "file://t.csv"', CSV, ['"NULL"', '"x"']),
        ('csvw:url "t.csv"', "", ['"NULL"', '"x"']),
        (f'csvw:url "t.csv" ; {DIALECT}', CSV, ['""', '"x"']),
        (f'csvw:url "t.csv" ; {DIALECT} ; rml:null "x"', CSV, ['""', '"NULL"']),
        ("dcat:downloadURL <file://./t.csv>", CSV, ['""', '"NULL"', '"x"']),
        ("void:dataDump <file:t.csv>", CSV, ['""', '"NULL"', '"x"']),
        (
            'td:hasPropertyAffordance [ td:hasForm [ hctl:hasTarget "file://./t.csv" ] ]',
            CSV,
            ['""', '"NULL"', '"x"'],
        ),
        (
            'a td:PropertyAffordance ; td:hasForm [ hctl:hasTarget "file://./t.csv" ]',
            CSV,
            ['""', '"NULL"', '"x"'],
        ),
    ],
)
def test_descriptions_of_files(tmp_path, access, rest, expected):
    assert mapped(tmp_path, access, rest).objects() == expected


NAMED = """@prefix rml: <http://w3id.org/rml/> . @base <http://base/> .
<#m> rml:logicalSource [ rml:source SOURCE ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://e/{id}" ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
    rml:objectMap [ rml:reference "v" ] ] .
"""


@pytest.mark.parametrize("source", ["<t.csv>", "<http://base/t.csv>", "<file:t.csv>"])
def test_an_iri_as_the_name_of_a_file(tmp_path, source):
    with hearing() as notes:
        made = run_mapping(tmp_path, NAMED.replace("SOURCE", source), ROWS)
    assert sorted(o for *_, o in made.triples) == ['"NULL"', '"x"']
    assert [note.text[:29] for note in notes.values()] == ["1 × an IRI stands where the n"]


def test_an_iri_that_names_no_file(tmp_path):
    with pytest.raises(InputError, match=r"nothing is said of the source urn:x:t\.csv"):
        run_mapping(tmp_path, NAMED.replace("SOURCE", "<urn:x:t.csv>"), ROWS)


@pytest.mark.parametrize("form", ["", "rml:referenceFormulation rml:SQL2008Query ; "])
def test_a_query_of_a_source_of_which_nothing_is_said(tmp_path, monkeypatch, form):
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS id, 'x' AS v")
    monkeypatch.setenv("KG_DATABASE", f"sqlite:{tmp_path / 'a.db'}")
    access = f'<urn:source:s> ; {form}rml:query "SELECT * FROM t"'
    text = NAMED.replace("SOURCE ; rml:referenceFormulation rml:CSV", access)
    with hearing() as notes:
        made = run_mapping(tmp_path, text, {})
    assert [o for *_, o in made.triples] == ['"x"']
    (note,) = notes.values()
    assert note.text.startswith("nothing is said of the source urn:source:s: the database of KG")


def test_the_copy_of_an_address_is_read_and_that_is_told(tmp_path):
    access = "dcat:downloadURL <https://example.org/files/t.csv?v=1>"
    with hearing() as notes:
        assert mapped(tmp_path, access).objects() == ['""', '"NULL"', '"x"']
    (note,) = notes.values()
    assert note.text.startswith("https://example.org/files/t.csv?v=1 is not fetched: the file")
    assert note.place.line == 9


def test_an_address_without_a_copy(tmp_path):
    with pytest.raises(InputError) as caught:
        mapped(tmp_path, "dcat:downloadURL <https://example.org/files/other.csv>")
    assert caught.value.code == "missing-file"
    assert "is an address: kg fetches nothing" in caught.value.message
    assert "--sources" in str(caught.value.hint)


def test_an_endpoint_is_not_asked(tmp_path):
    with pytest.raises(InputError) as caught:
        mapped(tmp_path, "a sd:Service ; sd:endpoint <http://example.org/sparql>")
    assert "http://example.org/sparql is a SPARQL endpoint" in caught.value.message
    assert "kg query --endpoint" in str(caught.value.hint)
