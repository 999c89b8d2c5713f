"""The coded copies that Spark makes are those of DuckDB, and give the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kg.datatypes import INTEGER_RANGES
from kg.duck import engine
from kg.engines.spark.copies import write_copies as write_on_spark
from kg.errors import UsageError
from kg.map_files import MappingFiles, map_files
from kg.map_spark import Cluster, map_on_spark
from kg.quads import write_table
from kg.queries import data_table
from kg.queries.dataset import open_files
from kg.sparql.guard import guard
from kg.table.write import (
    COPIES,
    ORDERS,
    PARTS,
    PREFIXES,
    TERMS,
    copy_parts,
    define_macros,
    read_copy,
    read_statistics,
    write_copies,
    write_statistics,
)
from kg.terms import RDF_TYPE, XSD
from tests.mapping import spark_session
from tests.mapping.running import PREFIXES as NAMES
from tests.mapping.running import write_files, yarrrml
from tests.query.test_table_ids import NODES, TYPED

LACKS = spark_session.missing()
NEEDS_SPARK = pytest.mark.skipif(bool(LACKS), reason=LACKS)
NUMBERS = (
    *("1e400", "-1e400", "1e-400", "NaN", "-INF", "INF", "+INF", "1.5E2", "3.4028236e38", "0.1"),
    *("16777217", "-0", "-00012.5000", "+7.", ".5", "5" * 21, "5" * 22, "1." + "3" * 15 + "0"),
    *("1." + "3" * 16, "0" * 40 + "1", "255", "256", "-129", "4294967296", "18446744073709551616"),
    *("1" * 39, "x", "", "1 ", "é"),
)
RANKED = (*INTEGER_RANGES, *(f"{XSD}{name}" for name in ("decimal", "float", "double")))
LITERALS = (
    *('"x"', '"x"@en', r'"a\"b"', r'"a\\"@de-AT', '"1"@en', '"é^^"', '"1^^<x>"', '""'),
    *(f'"{number}"^^<{iri}>' for number in NUMBERS for iri in RANKED),
)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session.session() as made:
        yield made


GRAPHS = ("NULL::VARCHAR", "nullif('<http://e/g/' || (n % 3) || '>', '<http://e/g/0>')")


@NEEDS_SPARK
@pytest.mark.parametrize(("parts", "graph"), [(1, GRAPHS[0]), (PARTS, GRAPHS[1])])
def test_they_have_the_rows_of_one_machine(spark, tmp_path, parts, graph):
    terms = [each for each in (*NODES, *TYPED, *LITERALS) if not each.startswith("<<")]
    subjects = [each for each in terms if not each.startswith('"')]
    rows = [(subjects[n * 7 % len(subjects)], term, n) for n, term in enumerate(terms)]
    one, many, quads = tmp_path / "one", tmp_path / "many", tmp_path / "quads"
    quads.mkdir()
    with engine() as connection:
        connection.execute("CREATE TABLE given (s VARCHAR, o VARCHAR, n INTEGER)")
        connection.executemany("INSERT INTO given VALUES (?, ?, ?)", rows)
        made = f"SELECT s, '{RDF_TYPE}' AS p, o, {graph} AS g FROM given"
        made += f" UNION ALL SELECT s, '{RDF_TYPE}', o, NULL FROM given WHERE n % 2 = 0"
        made += " UNION ALL SELECT s, '<http://e/p/1>', o, NULL FROM given"
        table = write_table(connection, made, quads / "0.parquet")
        expected = write_copies(connection, table.sql, one, parts)
        write_on_spark(spark, quads.as_uri(), many.as_uri(), parts)
        define_macros(connection)
        assert write_statistics(connection, many) == expected
        for name in (*ORDERS, TERMS, PREFIXES.removesuffix(".parquet")):
            found, wanted = (
                connection.execute(f"SELECT * FROM {read_copy(folder, name)}").fetchall()
                for folder in (many, one)
            )
            assert list(map(str, found)) == list(map(str, wanted)), name
        assert len(copy_parts(many, "spo")) == (PARTS if parts > 1 else 1)


ASKED = (
    "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o",
    "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "SELECT (SUM(?v) AS ?sum) (MAX(?v) AS ?most) WHERE { ?s ex:v ?v FILTER(?v > 2) }",
    "SELECT ?s WHERE { ?s a ex:T ; ex:name ?n FILTER(STRSTARTS(?n, 'a')) } ORDER BY ?s",
    "ASK { ex:5 ex:of ex:4 }",
)


@NEEDS_SPARK
@pytest.mark.usefixtures("spark")
def test_a_folder_with_copies_is_asked_as_it_is(tmp_path, monkeypatch):
    rows = (f"{n},{n * 1.5},name {'ab'[n % 2]},{n - 1},g{n % 2}" for n in range(90))
    write_files(tmp_path, {"a.csv": "\n".join(["id,v,name,of,g", *rows, ""])})
    pairs = [
        "[a, ex:T]",
        "[ex:v, $(v), xsd:decimal]",
        "[ex:name, $(name)]",
        "[ex:of, ex:$(of)~iri]",
    ]
    mapping = yarrrml("[['a.csv~csv']]", pairs, extra=["graphs: ex:$(g)"])
    write_files(tmp_path, {"m.yml": mapping})
    monkeypatch.chdir(tmp_path)
    files = MappingFiles([Path("m.yml")], prefixes=NAMES)
    map_files(files, "one.nq")
    map_on_spark(files, "many", Cluster(), copies=True)
    assert read_statistics(Path("many") / COPIES).quads == 90 * 4
    expected = open_files([Path("one.nq")], [], "table")
    monkeypatch.delattr(data_table, "write_copies")
    found = open_files([Path("many")], [], "table")
    for query in ASKED:
        asked = guard(query, "a test", NAMES)
        one, many = (each.ask(asked, NAMES) for each in (expected, found))
        assert (one == many) if isinstance(one, bool) else ([*one] == [*many])


def test_no_copies_are_made_of_lines_or_elsewhere(tmp_path):
    files = MappingFiles([tmp_path / "m.yml"])
    for target, form in (("graph", "nquads"), ("s3a://bucket/graph", "parquet")):
        with pytest.raises(UsageError, match="coded copies are of a folder of Parquet"):
            map_on_spark(files, target, Cluster(), form, copies=True)
