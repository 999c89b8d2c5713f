"""The text of a constraint's query is read once, and the answers are those of rdflib's graph."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from rdflib import Graph

from kg.validation import read_once
from kg.validation.judge import Judge, to_graph
from kg.validation.shapes import read_shapes
from tests.validation.differential import by_judge, load
from tests.validation.random_cases import random_query_case

NODES = 7
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://e/> .
ex:Shape a sh:NodeShape ; sh:targetSubjectsOf ex:p ;
    sh:sparql [ sh:select "SELECT $this ?value WHERE { $this <http://e/p> ?value }" ] .
"""


def test_a_query_is_read_once_for_all_nodes(tmp_path: Path) -> None:
    path = tmp_path / "shapes.ttl"
    path.write_text(SHAPES)
    graph = to_graph((f"<http://e/{i}>", "<http://e/p>", f'"{i}"') for i in range(NODES))
    read_once._read.cache_clear()
    with mock.patch.object(read_once, "prepareQuery", wraps=read_once.prepareQuery) as reading:
        found = list(Judge(read_shapes([path])).judge(graph))
    assert {(r.focus_node, r.value) for r in found} == {
        (f"<http://e/{i}>", f'"{i}"') for i in range(NODES)
    }
    assert reading.call_count == 1


def test_prefixes_are_part_of_what_is_read() -> None:
    answers = []
    for namespace in ("http://e/", "http://other/"):
        graph = to_graph([("<http://e/a>", "<http://e/p>", '"1"')])
        graph.bind("ex", namespace)
        answers.append(len(list(graph.query("SELECT ?s { ?s ex:p ?o }"))))
    assert answers == [1, 0]


@pytest.mark.parametrize("seed", range(int(os.environ.get("KG_EXAMPLES", "6"))))
def test_answers_are_those_of_a_graph_that_reads_each_time(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    table, shapes = load(random_query_case(seed), connection, tmp_path)
    got = by_judge(connection, table, shapes)
    with mock.patch.object(read_once.ReadOnceGraph, "query", Graph.query):
        assert by_judge(connection, table, shapes) == got
