"""R2RML documents: tables and queries of a database that the environment names.

Spec: https://www.w3.org/TR/r2rml/
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kg.errors import InputError
from tests.mapping.running import Run, run_mapping

ROWS = """
CREATE TABLE EMP (empno INTEGER PRIMARY KEY, ename TEXT, deptno INTEGER, "Full Name" TEXT);
INSERT INTO EMP VALUES (1, 'SMITH', 10, 'A Smith'), (2, 'JONES', 20, NULL);
CREATE TABLE DEPT (deptno INTEGER, dname TEXT);
INSERT INTO DEPT VALUES (10, 'SERVERS');
"""
HEAD = "@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix ex: <http://example.org/> .\n"
EMPLOYEES = """<#emp> rr:logicalTable [ rr:tableName "EMP" ] ;
  rr:subjectMap [ rr:template "http://example.org/emp/{empno}" MORE ] ;
  rr:predicateObjectMap """
DEPARTMENTS = """
<#dept> a rr:TriplesMap ; rr:logicalTable <#view> ;
  rr:subjectMap [ rr:template "http://example.org/dept/{deptno}" ] .
<#view> a rr:R2RMLView ; rr:sqlVersion rr:SQL2008 ;
  rr:sqlQuery "SELECT deptno, upper(dname) AS name FROM DEPT;" .
"""


@pytest.fixture
def database(tmp_path, monkeypatch) -> Path:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.executescript(ROWS)
    connection.close()
    monkeypatch.setenv("KG_DATABASE", f"sqlite:///{tmp_path}/a.db")
    return tmp_path


def run(folder: Path, objects: str, subject: str = "", more: str = "") -> Run:
    employees = EMPLOYEES.replace("MORE", subject)
    return run_mapping(folder, f"{HEAD}{employees}[ rr:predicate ex:p ; {objects} ] .{more}", {})


@pytest.mark.parametrize(
    ("object_map", "made"),
    [
        ('rr:column "ename"', ['"JONES"', '"SMITH"']),
        (
            'rr:column "ename" ; rr:inverseExpression "{ename} = upper({ename})"',
            ['"JONES"', '"SMITH"'],
        ),
        (r'rr:column "\"Full Name\""', ['"A Smith"']),
        (r'rr:template "{empno}: {\"Full Name\"}" ; rr:termType rr:Literal', ['"1: A Smith"']),
        ('rr:template "http://x/{Full Name}"', ["<http://x/A%20Smith>"]),
        ('rr:column "ename" ; rr:language "en"', ['"JONES"@en', '"SMITH"@en']),
        (
            'rr:column "empno" ; rr:datatype ex:n',
            [f'"{n}"^^<http://example.org/n>' for n in (1, 2)],
        ),
        (
            'rr:column "empno"',
            [f'"{n}"^^<http://www.w3.org/2001/XMLSchema#integer>' for n in (1, 2)],
        ),
        ("rr:constant ex:c", ["<http://example.org/c>"] * 2),
        (
            'rr:parentTriplesMap <#dept> ; rr:joinCondition [ rr:child "deptno" ;'
            ' rr:parent "deptno" ]',
            ["<http://example.org/dept/10>"],
        ),
    ],
)
def test_objects(database, object_map, made):
    assert run(database, f"rr:objectMap [ {object_map} ]", more=DEPARTMENTS).objects() == made


def test_columns_of_a_query(database):
    more = DEPARTMENTS.replace(
        'deptno}" ] .',
        'deptno}" ] ;\n'
        '  rr:predicateObjectMap [ rr:predicate ex:q ; rr:objectMap [ rr:column "name" ] ] .',
    )
    made = run(database, "rr:object ex:o", more=more)
    assert made.objects("ex:q") == ['"SERVERS"']
    assert made.objects("ex:p") == ["<http://example.org/o>"] * 2


@pytest.mark.parametrize(
    ("of_subject", "of_object", "graphs"),
    [
        ("", "", {None}),
        ("; rr:graph rr:defaultGraph", "", {None}),
        ("; rr:graph ex:g, rr:defaultGraph", "", {"<http://example.org/g>", None}),
        ("; rr:graph ex:g", "; rr:graph rr:defaultGraph", {"<http://example.org/g>", None}),
        ("", "; rr:graphMap [ rr:constant rr:defaultGraph ]", {None}),
        (
            '; rr:graphMap [ rr:template "http://x/{deptno}" ]',
            "",
            {"<http://x/10>", "<http://x/20>"},
        ),
    ],
)
def test_graphs(database, of_subject, of_object, graphs):
    made = run(database, f'rr:objectMap [ rr:column "ename" ] {of_object}', of_subject)
    assert {graph for *_, graph in made.quads} == graphs
    assert made.objects() == sorted(
        ['"JONES"', '"SMITH"'] * (1 if "template" in of_subject else len(graphs))
    )


def test_classes_go_into_the_graphs_of_the_subject(database):
    made = run(database, "rr:object ex:o ; rr:graph ex:h", "; rr:class ex:C ; rr:graph ex:g")
    typed = {graph for _, p, _, graph in made.quads if p.endswith("#type>")}
    assert typed == {"<http://example.org/g>"}


@pytest.mark.parametrize(
    ("object_map", "code", "said", "line"),
    [
        ('rr:column "enam"', "missing-column", "'enam'", 4),
        ('rr:template "{ename"', "bad-mapping", "{ename", 4),
        ("", "bad-mapping", "object map", 4),
    ],
)
def test_faults(database, object_map, code, said, line):
    with pytest.raises(InputError) as caught:
        run(database, f"rr:objectMap [ {object_map} ]")
    error = caught.value
    assert error.code == code
    assert said in error.message
    assert error.location is not None
    assert error.location.file.endswith("mapping.ttl")
    assert error.location.line == line
    assert error.hint or "rr" in error.message or object_map == ""


def test_a_plain_path_is_an_sqlite_file(database, monkeypatch):
    monkeypatch.setenv("KG_DATABASE", "a.db")
    assert run(database, 'rr:objectMap [ rr:column "ename" ]').quads


def test_a_database_needs_no_reference_formulation(database):
    """Mappings of before say by the source what it is."""
    text = f"""{HEAD}
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
<#db> a d2rq:Database ; d2rq:jdbcDSN "jdbc:sqlite:a.db" .
<#emp> rml:logicalSource [ rml:source <#db> ; rml:query "SELECT * FROM EMP" ] ;
  rr:subjectMap [ rr:template "http://example.org/emp/{{empno}}" ; rr:class ex:Emp ] .
"""
    assert len(run_mapping(database, text, {}).quads) == 2
