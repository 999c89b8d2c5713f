"""Databases: SQLite and PostgreSQL for real; what URLs mean for others."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from kg.cli.main import main
from kg.errors import InputError, KgError, WorldError
from kg.mapping.plan import Database, Formulation, LogicalSource
from kg.peek import peek
from kg.sources.databases import _of_mysql, _url
from kg.sources.lexical import time_of_day
from kg.sources.rows import typed
from kg.sources.statements import check_statement
from tests.mapping.running import read_plan, run_mapping, run_plan
from tests.sources import postgres

sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
XSD = "http://www.w3.org/2001/XMLSchema#"

MAPPING = """
mappings:
  m:
    sources: [s]
    s: ex:$(id)
    po: [[ex:p, $(v)]]
sources:
  s: %s
"""


def mapped(**source):
    return MAPPING % json.dumps(source)


def make(path, *statements):
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


def sqlite(tmp_path, source, *statements):
    make(tmp_path / "a.db", *statements)
    return run_mapping(tmp_path, mapped(access="a.db", type="sqlite", **source), {})


ROWS = (
    'CREATE TABLE T (id INTEGER PRIMARY KEY, v, "odd name" TEXT)',
    "INSERT INTO T VALUES (1, 'x', 'o'), (2, 7, 'p'), (3, 1.5, NULL), (4, NULL, '')",
    "INSERT INTO T VALUES (5, x'00ff', '')",
    'CREATE VIEW W AS SELECT id, "odd name" AS v FROM T',
)
VALUES = [f'"00FF"^^<{XSD}hexBinary>', f'"1.5E0"^^<{XSD}double>', f'"7"^^<{XSD}integer>', '"x"']


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"table": "T"}, VALUES),
        ({"table": "t"}, VALUES),
        ({"iterator": "T"}, VALUES),
        ({"table": "W"}, ['""', '""', '"o"', '"p"']),
        ({"query": "SELECT id, v FROM T WHERE id < 3"}, [f'"7"^^<{XSD}integer>', '"x"']),
        (
            {
                "query": 'SELECT id, "odd name" AS v FROM T',
                "queryFormulation": "sql2008",
                "referenceFormulation": "csv",
            },
            ['""', '""', '"o"', '"p"'],
        ),
        ({"table": "T", "nulls": ["x", "7"]}, VALUES[:2]),
    ],
)
def test_sqlite(tmp_path, source, expected):
    run = sqlite(tmp_path, source, *ROWS)
    assert run.objects() == expected
    assert [path.name for path in run.made.loaded[0].files] == ["a.db"]


def test_short_form(tmp_path):
    make(tmp_path / "a.db", *ROWS)
    mapping = "mappings: {m: {sources: [['a.db~sqlite', W]], s: 'ex:$(id)', po: [[ex:p, $(v)]]}}"
    assert run_mapping(tmp_path, mapping, {}).objects() == ['""', '""', '"o"', '"p"']


RML = """
@prefix rml: <http://w3id.org/rml/> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
<#m> rml:logicalSource [
    rml:source [ a d2rq:Database ; d2rq:jdbcDSN "%s" ; d2rq:username "$DB_USER" ;
      d2rq:password "$DB_PASSWORD" ] ;
    rml:referenceFormulation rml:%s ; rml:iterator "%s" ] ;
  rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
  rml:predicateObjectMap [
    rml:predicate <http://example.org/p> ; rml:objectMap [ rml:reference "v" ] ] .
"""


@pytest.mark.parametrize(
    ("formulation", "iterator"),
    [
        ("SQL2008Table", "W"),
        ("SQL2008Query", "SELECT id, v FROM W;"),
        ("SQLTable", "w"),
        ("SQLQuery", "SELECT * FROM w"),
    ],
)
def test_rml(tmp_path, monkeypatch, formulation, iterator):
    make(tmp_path / "a.db", *ROWS)
    monkeypatch.setenv("DB_USER", "")
    monkeypatch.setenv("DB_PASSWORD", "")
    run = run_mapping(tmp_path, RML % ("jdbc:sqlite:a.db", formulation, iterator), {})
    assert run.objects() == ['""', '""', '"o"', '"p"']


@pytest.mark.parametrize("table", ['rr:tableName "W"', 'rr:sqlQuery "SELECT * FROM W"'])
def test_r2rml(tmp_path, monkeypatch, table):
    """R2RML says nothing of the database: the environment does."""
    make(tmp_path / "a.db", *ROWS)
    monkeypatch.setenv("KG_DATABASE", f"sqlite:///{tmp_path}/a.db")
    mapping = f"""
        @prefix rr: <http://www.w3.org/ns/r2rml#> .
        <#m> rr:logicalTable [ {table} ] ;
          rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
          rr:predicateObjectMap [ rr:predicate <http://example.org/p> ;
            rr:objectMap [ rr:column "v" ] ] .
    """
    assert run_mapping(tmp_path, mapping, {}).objects() == ['""', '""', '"o"', '"p"']


@pytest.mark.parametrize(
    ("source", "code", "said", "hint"),
    [
        ({"table": "U"}, "missing-table", "no table 'U'", "It has: T, W."),
        ({"table": "TT"}, "missing-table", "'TT'", "Did you mean 'T'?"),
        ({"query": "SELEC"}, "bad-query", "syntax error", "shell"),
        ({"query": "SELECT nope FROM T"}, "bad-query", "no such column: nope", "shell"),
        ({"query": "SELECT id FROM T"}, "missing-column", "'v'", "It has: id."),
        ({"query": "SELECT id, v AS vv FROM T"}, "missing-column", "'v'", "Did you mean 'vv'?"),
        ({"query": "SELECT id, v, v FROM T"}, "duplicate-column", "'v' twice", "AS"),
        ({"query": "DELETE FROM T"}, "bad-query", "readonly", "shell"),
        ({"query": "CREATE TABLE n (id)"}, "bad-query", "readonly", "shell"),
        ({"query": "VACUUM INTO 'b.db'"}, "bad-query", "readonly", "shell"),
        ({"query": "ATTACH 'b.db' AS b"}, "bad-query", "readonly", "shell"),
        ({"query": "ATTACH 'file:b.db?mode=rwc' AS b"}, "bad-query", "readonly", "shell"),
        ({"query": "PRAGMA journal_mode = WAL"}, "bad-query", "readonly", "shell"),
        ({"query": "PRAGMA wal_checkpoint"}, "bad-query", "readonly", "shell"),
        ({"query": "PRAGMA query_only = 0"}, "bad-query", "readonly", "shell"),
        ({"query": "CREATE TEMP TABLE n (id)"}, "bad-query", "readonly", "shell"),
        ({"query": "SELECT load_extension('x') AS id"}, "bad-query", "readonly", "shell"),
        ({"query": "SELECT 1 AS id; DELETE FROM T"}, "bad-query", "one statement", "shell"),
        ({"query": "SELECT 1 AS id, hex(zeroblob(40000000)) AS v"}, "bad-query", "too big", ""),
    ],
)
def test_refused(tmp_path, source, code, said, hint):
    with pytest.raises(InputError) as raised:
        sqlite(tmp_path, source, *ROWS)
    error = raised.value
    assert error.code == code
    assert said in error.message
    assert hint in (error.hint or "")
    assert error.location is not None
    assert error.location.file.endswith("mapping.yml")
    # The reference that nothing is found for, or else the source.
    assert error.location.line == (6 if code == "missing-column" else 8)


def test_nothing_is_written_beside_a_file(tmp_path):
    """Also where its changes are logged: a log would be made to read them."""
    make(tmp_path / "a.db", "PRAGMA journal_mode = WAL", "CREATE TABLE T (id, v)")
    make(tmp_path / "a.db", "INSERT INTO T VALUES (1, 'x')")
    for query in ("SELECT * FROM T", "VACUUM INTO 'b.db'", "ATTACH 'b.db' AS b"):
        before = (tmp_path / "a.db").read_bytes()
        with suppress(InputError):
            run_mapping(tmp_path, mapped(access="a.db", type="sqlite", query=query), {})
        assert (tmp_path / "a.db").read_bytes() == before
        assert {p.name for p in tmp_path.iterdir()} <= {"a.db", "mapping.yml", "spill"}


def test_what_another_program_has_written_is_read(tmp_path):
    """Its changes may still be in the log alone."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE T (id, v)")
        other.execute("INSERT INTO T VALUES (1, 'x')")
        other.commit()
        mapping = mapped(access="a.db", type="sqlite", table="T")
        assert run_mapping(tmp_path, mapping, {}).objects() == ['"x"']


@pytest.mark.parametrize(
    ("made", "query"),
    [
        ("CREATE VIRTUAL TABLE F USING fts5(v)", "SELECT 1 AS id, v FROM F WHERE F MATCH 'a'"),
        ("CREATE TABLE F (v)", "SELECT 1 AS id, e.value AS v FROM json_each('[\"a\"]') e, F"),
        ("CREATE TABLE F (v)", "SELECT 1 AS id, 'a' AS v FROM pragma_table_info('F')"),
        ("CREATE TABLE F (v)", "WITH n AS MATERIALIZED (SELECT v FROM F) SELECT 1 AS id, v FROM n"),
        ("CREATE TABLE F (v)", "SELECT 1 AS id, max(v) OVER (ORDER BY v) AS v FROM F;"),
    ],
)
def test_all_that_reads_is_allowed(tmp_path, made, query):
    run = sqlite(tmp_path, {"query": query}, made, "INSERT INTO F VALUES ('a')")
    assert run.objects() == ['"a"']


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_query_without_end(tmp_path, signal_number):
    """No row comes from it, so that Python would never be asked."""
    make(tmp_path / "a.db", *ROWS)
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT max(i) AS id FROM n"
    mapping = mapped(access="a.db", type="sqlite", query=query)
    (tmp_path / "m.yml").write_text(f"prefixes: {{ex: http://example.org/}}{mapping}")
    command = [sys.executable, "-m", "kg", "map", "m.yml", "-o", "out.nt"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as child:
        end = time.monotonic() + 60
        while not _is_at_work(child.pid):
            assert child.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        child.send_signal(signal_number)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 128 + signal_number
    assert said.decode().startswith("kg: interrupted")
    assert not (tmp_path / "out.nt").exists()


def _is_at_work(process: int) -> bool:
    """Whether a process, or the one that works for it, has the database open."""
    try:
        own = Path(f"/proc/{process}")
        if any(p.resolve().name == "a.db" for p in (own / "fd").iterdir()):
            return True
        children = (own / "task" / str(process) / "children").read_text().split()
    except OSError:
        return False
    return any(_is_at_work(int(child)) for child in children)


def test_other_databases_are_refused(tmp_path):
    """Nothing says that they are only read."""
    for url in ("duckdb:///a.duckdb", "firebird://h/d"):
        mapping = (RML % (url, "SQLQuery", "SELECT 1")).replace("$DB_", "")
        with pytest.raises(InputError) as raised:
            run_mapping(tmp_path, mapping, {})
        assert raised.value.code == "bad-database"


@pytest.mark.parametrize(
    ("backend", "query", "said"),
    [
        ("postgresql", "DELETE FROM t", "it starts with 'DELETE'"),
        ("postgresql", "/* SELECT */ COPY t TO '/tmp/x'", "it starts with 'COPY'"),
        ("postgresql", "SELECT 1; DELETE FROM t", "several statements"),
        ("postgresql", "SELECT E'\\'; DELETE FROM t; --'", None),
        ("postgresql", "SELECT '\\'; DELETE FROM t; --'", "several statements"),
        ("postgresql", "SELECT $a$;$$;$a$, $$;$$, ';', \"a;b\" -- ;", None),
        ("postgresql", "((SELECT 1));", None),
        ("postgresql", "  -- first\n with a as (select 1) select * from a", None),
        ("mysql", "SELECT '\\'; DELETE FROM t; --'", None),
        ("mysql", "SELECT 1 # ; x\n; DROP TABLE t", "several statements"),
        ("mysql", "SELECT * FROM t INTO OUTFILE '/tmp/x'", "'OUTFILE'"),
        ("mysql", "SELECT * FROM t /*!50000 INTO DUMPFILE '/tmp/x' */", "'/*!'"),
        ("mysql", "SET SESSION TRANSACTION READ WRITE", "it starts with 'SET'"),
        ("mysql", "CALL f()", "it starts with 'CALL'"),
        ("mysql", "SELECT `a;b` FROM t", None),
        ("mysql", "", "it is empty"),
    ],
)
def test_statements_for_servers(backend, query, said):
    source = LogicalSource("the database", Formulation.SQL)
    if said is None:
        check_statement(query, backend, source)
        return
    with pytest.raises(InputError) as raised:
        check_statement(query, backend, source)
    assert said in raised.value.message


def test_times_of_mysql():
    """The driver gives the type TIME as elapsed times; up to a day they are times."""
    values = [timedelta(hours=9, microseconds=5), timedelta(hours=30), -timedelta(seconds=1)]
    assert [typed(time_of_day(v)) for v in values] == [
        ("09:00:00.000005", "t"),
        ("P1DT6H", "P"),
        ("-PT1S", "P"),
    ]
    assert list(of_mysql(("id", 3, None, 11), ("v", 11, None, 10))) == [1]


def of_mysql(*described):
    return _of_mysql(SimpleNamespace(cursor=SimpleNamespace(description=described)))


@pytest.mark.parametrize(
    ("kind", "length", "value", "expected"),
    [
        (1, 1, 0, ("false", "b")),
        (1, 1, 1, ("true", "b")),
        (1, 1, None, (None, None)),
        (1, 1, 7, ("7", "i")),
        (16, 1, b"\1", ("true", "b")),
    ],
)
def test_booleans_of_mysql(kind, length, value, expected):
    """BOOLEAN is TINYINT(1) there, as is BIT(1) where it is used for one."""
    forms = of_mysql(("id", 3, None, 11), ("v", kind, None, length))
    assert typed(forms[1](value)) == expected


@pytest.mark.parametrize(("kind", "length"), [(1, 4), (2, 1), (16, 8), (253, 1), (1, None)])
def test_numbers_of_mysql_stay_numbers(kind, length):
    assert not of_mysql(("v", kind, None, length))


@pytest.mark.parametrize("name", ["StudentId", "studentid", "STUDENTID"])
@pytest.mark.parametrize("made", ["studentid", "STUDENTID", "StudentID"])
def test_a_column_is_found_whatever_its_case(tmp_path, name, made):
    mapping = mapped(access="a.db", type="sqlite", query=f"SELECT 1 AS id, 2 AS {made}")
    statement = "CREATE TABLE t (id)"
    make(tmp_path / "a.db", statement)
    run = run_mapping(tmp_path, mapping.replace("$(v)", f"$({name})"), {})
    assert [o for _, _, o in run.triples] == ['"2"^^<http://www.w3.org/2001/XMLSchema#integer>']


def test_a_name_in_quotes_is_exact(tmp_path):
    make(tmp_path / "a.db", "CREATE TABLE t (id)")
    mapping = mapped(access="a.db", type="sqlite", query="SELECT 1 AS id, 2 AS StudentId")
    for name in ('"StudentId"', "`StudentId`"):
        run = run_mapping(tmp_path, mapping.replace("$(v)", f"$({name})"), {})
        assert len(run.triples) == 1
    for name in ('"studentid"', "`STUDENTID`"):
        with pytest.raises(InputError) as raised:
            run_mapping(tmp_path, mapping.replace("$(v)", f"$({name})"), {})
        assert raised.value.code == "missing-column"
        assert "StudentId" in str(raised.value.hint)


def test_of_two_columns_that_differ_in_case_only_the_one_as_written_is_taken(tmp_path):
    make(tmp_path / "a.db", "CREATE TABLE t (id)")
    query = "SELECT 1 AS id, 'a' AS Name, 'b' AS NAME"
    mapping = mapped(access="a.db", type="sqlite", query=query)
    run = run_mapping(tmp_path, mapping.replace("$(v)", "$(NAME)"), {})
    assert [o for _, _, o in run.triples] == ['"b"']
    with pytest.raises(InputError, match="refers to 'name'"):
        run_mapping(tmp_path, mapping.replace("$(v)", "$(name)"), {})


def test_no_database(tmp_path):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapped(access="a.db", type="sqlite", table="T"), {"a.db": "x" * 5000})
    assert raised.value.code == "bad-query"
    assert "not a database" in raised.value.message
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapped(access="b.db", type="sqlite", table="T"), {})
    assert raised.value.code == "missing-file"


def test_many_rows_in_order(tmp_path):
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
    query = f"{rows} SELECT i AS id, 30000 - i AS v FROM n"
    run = sqlite(tmp_path, {"query": query}, "CREATE TABLE t (id)")
    assert len(run.objects()) == 30000


def test_bad_value_names_the_record(tmp_path):
    make(tmp_path / "a.db", "CREATE TABLE T (id, v)", "INSERT INTO T VALUES (1, 'http://a/')")
    make(tmp_path / "a.db", "INSERT INTO T VALUES (2, 'no iri')")
    mapping = mapped(access="a.db", type="sqlite", table="T").replace("$(v)", "$(v)~iri")
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {})
    assert raised.value.location is not None
    assert raised.value.location.file.endswith("a.db")
    assert (raised.value.location.record, raised.value.location.column) == (2, "v")


# --- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("", "sqlite:a.db"),
        ("b.db", "sqlite:b.db"),
        ("sqlite:///a.db", "sqlite:a.db"),
        ("sqlite:////x/a.db", "sqlite:/x/a.db"),
        ("jdbc:sqlite:/x/a.db", "sqlite:/x/a.db"),
        ("postgresql://h:5/d", "postgresql+psycopg://h:5/d"),
        ("jdbc:postgresql://h/d?user=u&password=p%40", "postgresql+psycopg://u:p%40@h/d"),
        ("jdbc:mysql://h/d?useSSL=false", "mysql+pymysql://h/d"),
        ("jdbc:mariadb://h/d", "mysql+pymysql://h/d"),
        ("mysql+mysqldb://h/d", "mysql+mysqldb://h/d"),
        ("$DSN", "postgresql+psycopg://h/d"),
        ("postgresql://${HOST}/d", "postgresql+psycopg://elsewhere/d"),
    ],
)
def test_urls(monkeypatch, written, url):
    monkeypatch.setenv("DSN", "jdbc:postgresql://h/d")
    monkeypatch.setenv("HOST", "elsewhere")
    source = LogicalSource("a.db", Formulation.SQL, database=Database(written))
    assert _url(source) == url


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("$NOT_THERE", "missing-variable"),
        ("${NOT_THERE}/x", "missing-variable"),
    ],
)
def test_bad_urls(url, code):
    with pytest.raises(InputError) as raised:
        _url(LogicalSource("a.db", Formulation.SQL, database=Database(url)))
    assert raised.value.code == code


def test_dialect_that_is_not_known(tmp_path):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, RML % ("nosuch://h/d", "SQLTable", "t"), {})
    assert raised.value.code == "missing-variable"
    mapping = (RML % ("nosuch://h/d", "SQLTable", "t")).replace("$DB_", "")
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {})
    assert raised.value.code == "bad-database"


def test_servers_lie_outside_a_workspace(tmp_path):
    mapping = mapped(access="h/d", type="postgresql", table="t")
    with pytest.raises(InputError) as raised:
        run_plan(read_plan(tmp_path, mapping), inside=tmp_path)
    assert raised.value.code == "outside-workspace"


# --- PostgreSQL -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port():
    pytest.importorskip("psycopg", reason="the extra sql is not installed")
    reason = postgres.reason_to_skip()
    if reason:
        pytest.skip(reason)
    with postgres.server() as number:
        yield number


@pytest.fixture(scope="module")
def execute(port):
    import psycopg

    with psycopg.connect(
        host="127.0.0.1", port=port, user="tester", password=postgres.PASSWORD, dbname="postgres",
        autocommit=True,
    ) as connection:  # fmt: skip
        yield connection.execute


def posted(tmp_path, monkeypatch, port, **source):
    monkeypatch.setenv("DB_PASSWORD", postgres.PASSWORD)
    mapping = mapped(
        access=f"127.0.0.1:{port}/postgres",
        type="postgresql",
        credentials={"username": "tester", "password": "$DB_PASSWORD"},
        **source,
    )
    return run_mapping(tmp_path, mapping, {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'x'::text", '"x"'),
        ("''", '""'),
        ("'ab'::char(4)", '"ab  "'),
        ("7::smallint", f'"7"^^<{XSD}integer>'),
        ("9223372036854775807::bigint", f'"9223372036854775807"^^<{XSD}integer>'),
        ("1.50::numeric(9,2)", f'"1.50"^^<{XSD}decimal>'),
        ("0.0000001::numeric", f'"0.0000001"^^<{XSD}decimal>'),
        ("12345678901234567890.123456789::numeric",
         f'"12345678901234567890.123456789"^^<{XSD}decimal>'),
        ("'NaN'::numeric", f'"NaN"^^<{XSD}double>'),
        ("0.1::real", f'"1.0E-1"^^<{XSD}double>'),
        ("1e300::float8", f'"1.0E300"^^<{XSD}double>'),
        ("'-Infinity'::float8", f'"-INF"^^<{XSD}double>'),
        ("true", f'"true"^^<{XSD}boolean>'),
        ("date '2022-11-18'", f'"2022-11-18"^^<{XSD}date>'),
        ("time '10:00:01.5'", f'"10:00:01.500000"^^<{XSD}time>'),
        ("timestamp '2022-11-18 10:00'", f'"2022-11-18T10:00:00"^^<{XSD}dateTime>'),
        ("timestamptz '2022-11-18 10:00+02'", f'"2022-11-18T08:00:00Z"^^<{XSD}dateTime>'),
        ("date '0044-03-15 BC'", f'"-0043-03-15"^^<{XSD}date>'),
        ("date '12022-01-02'", f'"12022-01-02"^^<{XSD}date>'),
        ("timestamptz '12022-01-02 10:00+01'", f'"12022-01-02T09:00:00Z"^^<{XSD}dateTime>'),
        ("time '24:00'", f'"24:00:00"^^<{XSD}time>'),
        ("timetz '10:00+02'", f'"10:00:00+02:00"^^<{XSD}time>'),
        ("interval '1 month'", f'"P1M"^^<{XSD}duration>'),
        ("interval '-1 year -2 days 3.5 seconds ago'",
         f'"P1Y1DT23H59M56.5S"^^<{XSD}duration>'),
        ("interval '0'", f'"PT0S"^^<{XSD}duration>'),
        ("interval '90 minutes'", f'"PT1H30M"^^<{XSD}duration>'),
        ("'\\x00ab'::bytea", f'"00AB"^^<{XSD}hexBinary>'),
        ("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
         '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"'),
        ("'10.0.0.1'::inet", '"10.0.0.1"'),
        ("'[1,3)'::int4range::text", '"[1,3)"'),
    ],
)  # fmt: skip
def test_natural_datatypes(tmp_path, monkeypatch, port, value, expected):
    """https://www.w3.org/TR/r2rml/#natural-mapping"""
    run = posted(tmp_path, monkeypatch, port, query=f"SELECT 1 AS id, {value} AS v")
    assert run.objects() == [expected]
    assert run.made.loaded[0].files == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ARRAY[1,2]", "an array"),
        ("'{\"a\": 1}'::jsonb", "an object"),
        ("date 'infinity'", "infinity"),
        ("timestamptz '-infinity'", "-infinity"),
        ("interval '1 month -1 day'", "P1M-1D"),
    ],
)
def test_what_is_no_value(tmp_path, monkeypatch, port, value, shown):
    query = f"SELECT 1 AS id, NULL AS v UNION ALL SELECT 2, {value}"
    with pytest.raises(InputError) as raised:
        posted(tmp_path, monkeypatch, port, query=query)
    error = raised.value
    assert error.code == "not-a-value"
    assert f"the value is {shown}," in error.message
    assert error.location is not None
    assert (error.location.record, error.location.column) == (2, "v")
    assert error.hint == "Take it apart in the query, or cast it to a text."


@pytest.mark.parametrize("table", ["Friends", "friends", "public.Friends", "lower", "LOWER"])
def test_tables(tmp_path, monkeypatch, port, execute, table):
    execute('CREATE TABLE IF NOT EXISTS "Friends" (id int, v text)')
    execute('TRUNCATE "Friends"')
    execute("INSERT INTO \"Friends\" VALUES (1, 'upper')")
    execute("CREATE TABLE IF NOT EXISTS lower (id int, v text)")
    execute("TRUNCATE lower")
    execute("INSERT INTO lower VALUES (1, 'lower')")
    run = posted(tmp_path, monkeypatch, port, table=table)
    assert run.objects() == ['"upper"' if "riends" in table else '"lower"']


def test_views_that_are_kept_are_tables(tmp_path, monkeypatch, port, execute):
    execute("CREATE MATERIALIZED VIEW IF NOT EXISTS seen AS SELECT 1 AS id, 'm' AS v")
    assert posted(tmp_path, monkeypatch, port, table="seen").objects() == ['"m"']


@pytest.mark.parametrize(
    "table", ['"my.own"."T.1"', '"my.own".t.1', "my.own.T.1", '"My.Own"."T.1"']
)
def test_names_with_dots(tmp_path, monkeypatch, port, execute, table):
    execute('CREATE SCHEMA IF NOT EXISTS "my.own"')
    execute('CREATE TABLE IF NOT EXISTS "my.own"."T.1" (id int, v text)')
    execute('TRUNCATE "my.own"."T.1"')
    execute('INSERT INTO "my.own"."T.1" VALUES (1, \'x\')')
    if table != '"my.own"."T.1"':
        with pytest.raises(InputError) as raised:
            posted(tmp_path, monkeypatch, port, table=table)
        assert raised.value.hint == "Did you mean 'my.own.T.1'?"
        return
    assert posted(tmp_path, monkeypatch, port, table=table).objects() == ['"x"']


def test_tables_of_all_schemas_are_suggested(tmp_path, monkeypatch, port, execute):
    execute("CREATE SCHEMA IF NOT EXISTS other")
    execute("CREATE TABLE IF NOT EXISTS other.planets (id int, v text)")
    for wanted in ("planets", "planet", "other.planetz"):
        with pytest.raises(InputError) as raised:
            posted(tmp_path, monkeypatch, port, table=wanted)
        assert raised.value.hint == "Did you mean 'other.planets'?"


def test_two_tables_that_a_name_could_mean(tmp_path, monkeypatch, port, execute):
    execute('CREATE TABLE IF NOT EXISTS "Aa" (id int, v text)')
    execute('CREATE TABLE IF NOT EXISTS "aA" (id int, v text)')
    assert posted(tmp_path, monkeypatch, port, table="Aa").objects() == []
    with pytest.raises(InputError) as raised:
        posted(tmp_path, monkeypatch, port, table="aa")
    assert raised.value.code == "missing-table"


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO kept VALUES (1) RETURNING id, v",
        "WITH n AS (INSERT INTO kept VALUES (1) RETURNING id, v) SELECT * FROM n",
        "SELECT setval('counter', 5) AS id, 'x' AS v",
        "SELECT 1 AS id, 'x' AS v; COMMIT; INSERT INTO kept VALUES (1); SELECT 1 AS id, 2 AS v",
        "SELECT 1 AS id, 'x' AS v INTO made",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_nothing_is_written(tmp_path, monkeypatch, port, execute, query):
    execute("CREATE TABLE IF NOT EXISTS kept (id int, v text)")
    execute("CREATE SEQUENCE IF NOT EXISTS counter")
    with pytest.raises(InputError) as raised:
        posted(tmp_path, monkeypatch, port, query=query)
    assert raised.value.code == "bad-query"
    assert execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert execute("SELECT last_value FROM counter").fetchone() == (1,)


def test_percent_signs_are_plain(tmp_path, monkeypatch, port):
    query = "SELECT 1 AS id, 'a%sb' AS v WHERE 'x' LIKE '%'"
    assert posted(tmp_path, monkeypatch, port, query=query).objects() == ['"a%sb"']


def test_no_message_shows_a_password(tmp_path, monkeypatch, port):
    monkeypatch.setenv("DB_USER", "tester")
    monkeypatch.setenv("DB_PASSWORD", "wrong-" + postgres.PASSWORD)
    for url in (
        f"jdbc:postgresql://127.0.0.1:{port}/postgres",
        f"postgresql://tester:other-pass@127.0.0.1:{port}/none",
        "postgresql://tester:other-pass@127.0.0.1:1/none",
    ):
        with pytest.raises(KgError) as raised:
            run_mapping(tmp_path, RML % (url, "SQLTable", "t"), {})
        error = raised.value
        assert isinstance(error, WorldError)
        assert error.code == "database-unreachable"
        told = f"{error} {error.__cause__!r} {error.__context__!r}"
        assert postgres.PASSWORD not in str(error)
        assert "other-pass" not in str(error)
        assert error.__cause__ is None
        assert "mapping.ttl" in told


# --- declared types of SQLite ---------------------------------------------------------------


def declared(tmp_path, kind, *values):
    """Map a column of a declared type; return its objects and what was said of it."""
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
    run = sqlite(
        tmp_path,
        {"table": "T"},
        f"CREATE TABLE T (id INTEGER PRIMARY KEY, v {kind})",
        f"INSERT INTO T VALUES {rows}",
    )
    return run.objects(), [note for count in run.made.counts for note in count.notes]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("BOOLEAN", "1", ("true", "boolean")),
        ("bool", "0", ("false", "boolean")),
        ("BOOLEAN", "'t'", ("true", "boolean")),
        ("DATE", "'2020-01-31'", ("2020-01-31", "date")),
        ("date", "'2020-01-31 00:00:00'", ("2020-01-31", "date")),
        ("DATE", "'2020-01-31 09:30:00'", ("2020-01-31T09:30:00", "dateTime")),
        ("TIMESTAMP", "'2020-01-31 09:30:00.000000'", ("2020-01-31T09:30:00", "dateTime")),
        ("DATETIME", "'2020-01-31 09:30'", ("2020-01-31T09:30:00", "dateTime")),
        ("TIMESTAMP(6)", "'2020-01-31T09:30:00.25Z'", ("2020-01-31T09:30:00.25Z", "dateTime")),
        ("DATETIME", "'2020-01-31'", ("2020-01-31T00:00:00", "dateTime")),
        ("TIME", "'09:30'", ("09:30:00", "time")),
        ("DECIMAL(10,2)", "1.50", ("1.5", "decimal")),
        ("DECIMAL(10, 2)", "12", ("12", "decimal")),
        ("NUMERIC", "1e-7", ("0.0000001", "decimal")),
        ("REAL", "2", ("2.0E0", "double")),
        ("DOUBLE PRECISION", "80.25", ("8.025E1", "double")),
        ("INTEGER", "7", ("7", "integer")),
        ("BLOB", "x'00ff'", ("00FF", "hexBinary")),
    ],
)
def test_declared_types(tmp_path, kind, value, expected):
    text, datatype = expected
    assert declared(tmp_path, kind, value, "NULL") == ([f'"{text}"^^<{XSD}{datatype}>'], [])


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("DATE", "'soon'", '"soon"'),
        ("DATE", "'2020-02-30'", '"2020-02-30"'),
        ("DATE", "1580463000", f'"1580463000"^^<{XSD}integer>'),
        ("BOOLEAN", "2", f'"2"^^<{XSD}integer>'),
        ("TIME", "'25:00'", '"25:00"'),
        ("DECIMAL(4)", "'n/a'", '"n/a"'),
    ],
)
def test_a_value_that_is_not_of_the_declared_type_is_told_once(tmp_path, kind, value, expected):
    objects, notes = declared(tmp_path, kind, value, value)
    assert objects == [expected, expected]
    (note,) = notes
    assert note.startswith(f"column v is declared {kind}, and 2 values do not fit that type")
    assert value.strip("'") in note


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, d AS v FROM T",
        "SELECT id, d AS v FROM T; ",
        "SELECT id, d AS v FROM T -- all",
        "WITH x AS (SELECT * FROM T) SELECT d AS v, id FROM x",
        "SELECT max(id) AS n, id, d AS v FROM T GROUP BY id",
        "SELECT * FROM V",
        "SELECT d AS v, id FROM T UNION ALL SELECT d, id FROM T",
    ],
)
def test_a_query_keeps_declared_types(tmp_path, query):
    run = sqlite(
        tmp_path,
        {"query": query},
        "CREATE TABLE T (id INTEGER PRIMARY KEY, d DATE)",
        "INSERT INTO T VALUES (1, '2020-01-31')",
        "CREATE VIEW V AS SELECT id, d AS v FROM T",
    )
    assert set(run.objects()) == {f'"2020-01-31"^^<{XSD}date>'}


def test_what_a_query_computes_has_no_declared_type(tmp_path):
    query = "SELECT id, coalesce(d, 'never') AS v FROM T"
    run = sqlite(
        tmp_path,
        {"query": query},
        "CREATE TABLE T (id INTEGER PRIMARY KEY, d DATE)",
        "INSERT INTO T VALUES (1, '2020-01-31'), (2, NULL)",
    )
    assert run.objects() == ['"2020-01-31"', '"never"']


def test_describing_a_query_writes_nothing(tmp_path):
    make(tmp_path / "a.db", *ROWS)
    before = (tmp_path / "a.db").read_bytes()
    run_mapping(tmp_path, mapped(access="a.db", type="sqlite", table="T"), {})
    assert (tmp_path / "a.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("a.db")] == ["a.db"]


def test_tables_of_a_server_are_looked_at(tmp_path, monkeypatch, capfd, port, execute):
    execute("CREATE TABLE makers (id integer PRIMARY KEY, name text, tags text[])")
    execute("CREATE TABLE phones (nr integer PRIMARY KEY, maker_id integer, price numeric(6, 2))")
    execute("INSERT INTO makers VALUES (1, 'Ann', '{a}'), (2, 'Bob', NULL)")
    execute("INSERT INTO phones VALUES (10, 1, 9.5), (11, 2, 3), (12, 2, NULL)")
    monkeypatch.chdir(tmp_path)
    address = f"postgresql://tester:{quote(postgres.PASSWORD)}@127.0.0.1:{port}/postgres"
    with peek([f"{address}#phones"]) as found:
        (phones,) = found.tables
    assert (phones.format_name, phones.rows, phones.source.path) == (
        "PostgreSQL", 3, f"postgresql://***@127.0.0.1:{port}/postgres"
    )  # fmt: skip
    assert [each.kind.value for each in phones.columns] == ["integer", "integer", "decimal"]
    assert main(["peek", f"{address}#phone"]) == 2
    assert "Did you mean 'phones'?" in capfd.readouterr().err

    tables = [f"{address}#makers", f"{address}#phones"]
    assert main(["init", "w", "--from", *tables]) == 0
    said = capfd.readouterr()
    assert "kg build --allow-outside" in said.err
    assert "export KG_DB_USER and KG_DB_PASSWORD," in said.err
    assert (
        "nested columns are left out: tags" in (tmp_path / "w/data/tables.yarrrml.yml").read_text()
    )
    made = [path.read_text() for path in (tmp_path / "w").rglob("*") if path.is_file()]
    assert not any(postgres.PASSWORD in text or quote(postgres.PASSWORD) in text for text in made)
    assert postgres.PASSWORD not in said.out + said.err
    monkeypatch.setenv("KG_DB_USER", "tester")
    monkeypatch.setenv("KG_DB_PASSWORD", postgres.PASSWORD)
    assert main(["-C", "w", "build", "--allow-outside"]) == 0
    capfd.readouterr()
    assert main(["-C", "w", "-q", "query", "-e", "SELECT ?n { ?p ns:maker/rdfs:label ?n }"]) == 0
    assert sorted(capfd.readouterr().out.split()) == ["Ann", "Bob", "Bob", "n"]
    named = f"postgresql://$SHOP_USER:$KG_DB_PASSWORD@127.0.0.1:{port}/postgres#makers"
    monkeypatch.setenv("SHOP_USER", "tester")
    assert main(["init", "v", "--from", named]) == 0
    assert "export SHOP_USER and KG_DB_PASSWORD," in capfd.readouterr().err


def test_a_server_that_is_not_there(capfd):
    pytest.importorskip("psycopg", reason="the extra sql is not installed")
    assert main(["peek", "postgresql://me:s3cret@127.0.0.1:1/db"]) == 3
    said = capfd.readouterr()
    assert "cannot be reached" in said.err
    assert "s3cret" not in said.out + said.err


def test_parameters_of_an_address_are_not_written_down(tmp_path, capfd):
    address = "postgresql://127.0.0.1:1/db?password=s3cret"
    assert main(["init", str(tmp_path / "w"), "--from", address]) == 2
    assert "s3cret" not in capfd.readouterr().err
    assert not (tmp_path / "w").exists()
