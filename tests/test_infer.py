"""What follows by RDFS, compared with rdflib's own closure of the same small graphs."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from kg.duck import engine
from kg.infer import SUBCLASS, SUBPROPERTY, infer_rdfs
from kg.quads import write_table
from kg.terms import RDF_TYPE
from tests.graph_copy import copy_workspace, run_kg

GRAPH = "http://example.org/inferred"


def _closure(triples: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Apply rdfs5, rdfs7, rdfs9 and rdfs11 until nothing is new; leave out ``x above x``."""
    found = set(triples)
    while True:
        made = set()
        for s, p, o in found:
            for low, predicate, high in found:
                if predicate == SUBPROPERTY and p == low:
                    made.add((s, high, o))
                if predicate == SUBCLASS and p == RDF_TYPE and o == low:
                    made.add((s, RDF_TYPE, high))
                if predicate == p in (SUBCLASS, SUBPROPERTY) and o == low and s != high:
                    made.add((s, p, high))
        if made <= found:
            return found - triples
        found |= made


def _infer(tmp_path, triples):
    values = ", ".join(f"('{s}', '{p}', '{o}', NULL)" for s, p, o in sorted(triples))
    with engine(tmp_path) as connection:
        select = f"SELECT * FROM (VALUES {values}) AS t(s, p, o, g)"
        table = write_table(connection, select, tmp_path / "quads.parquet")
        made, count = infer_rdfs(connection, table, GRAPH, tmp_path / "made.parquet")
        rows = connection.execute(f"SELECT s, p, o, g FROM {made.sql}").fetchall()
    new = {row[:3] for row in rows if row[3] == f"<{GRAPH}>"}
    assert count == len(new)
    assert {row[:3] for row in rows if row[3] is None} == triples
    return new, rows


def test_classes_and_properties(tmp_path):
    triples = {
        ("<a>", RDF_TYPE, "<Dog>"),
        ("<Dog>", SUBCLASS, "<Animal>"),
        ("<Animal>", SUBCLASS, "<Thing>"),
        ("<a>", "<hasPuppy>", "<b>"),
        ("<hasPuppy>", SUBPROPERTY, "<hasChild>"),
    }
    new, _ = _infer(tmp_path, triples)
    assert new == {
        ("<a>", RDF_TYPE, "<Animal>"),
        ("<a>", RDF_TYPE, "<Thing>"),
        ("<Dog>", SUBCLASS, "<Thing>"),
        ("<a>", "<hasChild>", "<b>"),
    }


def test_nothing_new_and_cycles(tmp_path):
    triples = {("<A>", SUBCLASS, "<B>"), ("<B>", SUBCLASS, "<A>"), ("<x>", RDF_TYPE, "<A>")}
    new, _ = _infer(tmp_path, triples)
    assert new == {("<x>", RDF_TYPE, "<B>")}


@pytest.mark.parametrize("seed", range(12))
def test_it_is_the_closure(tmp_path, seed):
    chance = random.Random(seed)
    classes = [f"<C{n}>" for n in range(6)]
    properties = [f"<p{n}>" for n in range(4)]
    nodes = [f"<n{n}>" for n in range(5)]
    triples = {(chance.choice(classes), SUBCLASS, chance.choice(classes)) for _ in range(6)}
    triples |= {(chance.choice(properties), SUBPROPERTY, chance.choice(properties)) for _ in "abc"}
    triples |= {(chance.choice(nodes), RDF_TYPE, chance.choice(classes)) for _ in range(5)}
    triples |= {
        (chance.choice(nodes), chance.choice(properties), chance.choice(nodes)) for _ in range(6)
    }
    triples = {t for t in triples if not (t[1] in (SUBCLASS, SUBPROPERTY) and t[0] == t[2])}
    new, rows = _infer(tmp_path, triples)
    assert new == _closure(triples)
    keys = [(s, p != RDF_TYPE, p, o) for s, p, o, _ in rows]
    assert all(a <= b for a, b in pairwise(keys))


def test_a_build_infers_and_exports_leave_it_out(tmp_path):
    root = copy_workspace(tmp_path / "ws")

    def kg(*words):
        done = run_kg(root, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    kg("build", "--infer", "rdfs", "--no-validate")
    count = "SELECT (COUNT(DISTINCT ?e) AS ?n) { ?e a ace:Event }"
    launches = "SELECT (COUNT(DISTINCT ?e) AS ?n) { ?e a nk:MissileLaunch }"
    events = int(kg("query", "-e", count, "--format", "csv").split()[1])
    assert events > int(kg("query", "-e", launches, "--format", "csv").split()[1]) == 421
    assert "graph/inferred" not in kg("export", "-o", "-", "--format", "nquads")
    assert "graph/inferred" in kg("export", "-o", "-", "--format", "nquads", "--with-inferred")
