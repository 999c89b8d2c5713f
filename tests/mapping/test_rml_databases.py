"""Databases in RML documents: how mappings of several tools name them, their tables and queries."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from kg.errors import InputError
from kg.mapping.plan import Database, LogicalSource
from tests.mapping.reading import read_rml
from tests.mapping.running import run_mapping

HEAD = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix n: <http://w3id.org/rml/> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
<#DB> a d2rq:Database ; d2rq:jdbcDSN "jdbc:sqlite:a.db" ; d2rq:jdbcDriver "org.sqlite.JDBC" ;
  d2rq:username "" ; d2rq:password "" .
"""
MAP = """<#m> rml:logicalSource [ %s ] ; rr:subjectMap [ rr:template "http://e/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate <http://e/p> ; rr:objectMap [ rml:reference "name" ] ] .
"""
TABLE = "CREATE TABLE student (id INTEGER, name TEXT)"
QUERY = "SELECT id, name FROM student WHERE id < 9"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute(TABLE)
        database.execute("INSERT INTO student VALUES (1, 'Ann')")
    monkeypatch.setenv("KG_DATABASE", f"sqlite:///{tmp_path}/a.db")
    return tmp_path


ASKS = [
    'rr:tableName "student"',
    'rr:tableName "student" ; rr:sqlVersion rr:SQL2008',
    'n:tableName "student"',
    'rml:tableName "STUDENT" ; rml:referenceFormulation ql:CSV',
    f'rml:query "{QUERY}"',
    f'rml:query "{QUERY};" ; rml:referenceFormulation ql:CSV',
    f'n:query "{QUERY}" ; n:referenceFormulation n:CSV',
    f'rr:sqlQuery "{QUERY}" ; rr:sqlVersion rr:SQL2008 ; rml:referenceFormulation ql:CSV',
    f'rml:query "{QUERY}" ; rml:referenceFormulation n:SQL2008Query',
    f'rml:query "{QUERY}" ; rml:iterator "passed over" ; rml:referenceFormulation ql:CSV',
    f'n:iterator "{QUERY}" ; n:referenceFormulation n:SQL2008Query',
    f'n:iterator " -- all\\n ({QUERY})" ; n:referenceFormulation n:SQL2008Query',
    'n:iterator "student" ; n:referenceFormulation n:SQL2008Table',
    f'rml:iterator "{QUERY}" ; rml:referenceFormulation ql:CSV',
    'rml:iterator "student" ; rml:referenceFormulation rr:SQL2008',
]


def test_a_file_that_is_written_as_a_database_is_one(tmp_path):
    """As yarrrml-parser writes a file with ``type: localfile``."""
    text = """@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix ex: <http://example.org/> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
@prefix fnml: <http://semweb.mmlab.be/ns/fnml#> .
@prefix fno: <https://w3id.org/function/ontology#> .
<#d> a d2rq:Database ; d2rq:jdbcDSN "a.csv" ; d2rq:jdbcDriver "undefined" .
<#m> rml:logicalSource [ rml:source <#d> ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.org/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ fnml:functionValue [
    rr:predicateObjectMap [ rr:predicate fno:executes ; rr:object <grel:toUpperCase> ] ,
      [ rr:predicate <grel:valueParameter> ; rr:objectMap [ rml:reference "v" ] ] ] ] ] ."""
    made = run_mapping(tmp_path, text, {"a.csv": "id,v\n1,x\n2,\n"})
    assert made.objects() == ['"X"']  # an empty field is none, as where a file is named


@pytest.mark.parametrize("asks", ASKS)
@pytest.mark.parametrize("source", ["rml:source <#DB> ;", 'rml:source "a.db" ;', ""])
def test_a_table_or_query_is_read_however_it_is_written(folder, source, asks):
    if source and "<#DB>" not in source and "iterator" in asks and "ql:CSV" in asks:
        pytest.skip("a file of that name with rows may be CSV")
    if not source and "iterator" in asks and "ql:CSV" in asks:
        pytest.skip("without a source, references of CSV name no database")
    if "-- all" in asks:
        asks = asks.replace(f"({QUERY})", QUERY)
    run = run_mapping(folder, HEAD + MAP % f"{source} {asks}", {})
    assert run.triples == [("<http://e/1>", "<http://e/p>", '"Ann"')]


def source_of(database: str) -> LogicalSource:
    text = (
        HEAD
        + f"<#D2> a d2rq:Database {database} .\n"
        + MAP % ('rml:source <#D2> ; rr:tableName "t"')
    )
    return read_rml(text, "m.ttl").triples_maps[0].source


@pytest.mark.parametrize(
    ("address", "driver", "expected"),
    [
        ("jdbc:mysql://h:3306/d", "com.mysql.cj.jdbc.Driver", "jdbc:mysql://h:3306/d"),
        ("h:3306/d", "com.mysql.jdbc.Driver", "mysql://h:3306/d"),
        ("//h/d", "org.postgresql.Driver", "postgresql://h/d"),
        ("h/d", "com.microsoft.sqlserver.jdbc.SQLServerDriver", "mssql://h/d"),
        ("h:1521/d", "oracle.jdbc.driver.OracleDriver", "oracle://h:1521/d"),
        ("a.db", "org.sqlite.JDBC", "sqlite:a.db"),
        ("a.db", "", "a.db"),
        ("${DSN}", "org.postgresql.Driver", "${DSN}"),
    ],
)
def test_the_driver_says_the_kind_of_an_address_without_one(address, driver, expected):
    names = f'; d2rq:jdbcDSN "{address}" ; d2rq:username "u" ; d2rq:password "p"'
    found = source_of(names + (f' ; d2rq:jdbcDriver "{driver}"' if driver else ""))
    assert found.database is not None
    assert found.database.url == expected
    assert (found.database.username, found.database.password) == ("u", "p")
    assert found.iterator == "t"


def test_a_file_beside_its_driver_is_read(folder):
    text = (
        HEAD.replace("jdbc:sqlite:a.db", "a.db") + MAP % 'rml:source <#DB> ; rr:tableName "student"'
    )
    assert len(run_mapping(folder, text, {}).triples) == 1


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("rml:source <#DB>", "bad-mapping", "needs a query, or a table"),
        ("rml:source <#DB> ; rml:referenceFormulation ql:CSV", "bad-mapping", "needs a query"),
        (
            'rml:source <#DB> ; rr:tableName "t" ; rml:query "SELECT 1"',
            "bad-mapping",
            "a query or a table, not both",
        ),
        (
            'rml:source <#DB> ; rr:tableName "t" ; rml:referenceFormulation ql:JSONPath',
            "unsupported-mapping",
            "records of a database are rows",
        ),
        (
            'rml:source [ a d2rq:Database ; d2rq:odbcDSN "x" ] ; rr:tableName "t"',
            "unsupported-mapping",
            "ODBC",
        ),
        ('rml:source [ a d2rq:Database ] ; rr:tableName "t"', "bad-mapping", "has no address"),
        ("rml:referenceFormulation ql:CSV", "bad-mapping", "has no rml:source"),
        (
            "rml:query \"SELECT * FROM 'student.csv'\" ; rml:referenceFormulation ql:CSV",
            "unsupported-mapping",
            "SQL over files",
        ),
        (
            "rml:query \"SELECT id FROM read_csv_auto('s.csv') s\"",
            "unsupported-mapping",
            "SQL over files",
        ),
    ],
)
def test_refused_by_name(source, code, message):
    with pytest.raises(InputError) as caught:
        read_rml(HEAD + MAP % source, "m.ttl")
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.line is not None


def test_the_database_that_the_environment_names():
    text = HEAD + 'n:logicalSource [ n:iterator "t" ; n:referenceFormulation n:SQL2008Table ]'.join(
        ("<#m> ", ' ; rr:subjectMap [ rr:template "http://e/{id}" ] .')
    )
    found = read_rml(text, "m.ttl").triples_maps[0].source
    assert found.database == Database("$KG_DATABASE")
    assert found.iterator == "t"
