"""After a small difference, judging what it affects gives the verdict and results of judging all.

``KG_EXAMPLES=500`` tries so many random cases of each kind; a failure names the case and the edits.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from kg.duck import sql_text
from kg.errors import InputError
from kg.quads import QuadTable, write_table
from kg.validation import Result, Verdict, load_shapes, validate
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.answering import Answering
from kg.validation.sieve.renewal import Before, Renewal
from kg.validation.validating import DEFAULTS
from tests.validation.conftest import PREFIXES
from tests.validation.differential import load
from tests.validation.random_cases import (
    RandomCase,
    nested_case,
    random_case,
    random_query_case,
    small_case,
)

SEEDS = int(os.environ.get("KG_EXAMPLES", "2"))
EDITS = 2
MAKERS = (random_case, small_case, nested_case, random_query_case)
Row = tuple[str, str, str]
# What one validation gave: all results in order, and the verdict; or the code of its error.
Outcome = tuple[list[Result], Verdict] | str


def judged(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shapes: ShapesGraph,
    before: Before | None = None,
) -> Outcome:
    found: list[Result] = []
    options = replace(DEFAULTS, before=before)
    try:
        verdict = validate(connection, table, shapes, sinks=[found.append], options=options)
    except InputError as error:
        return error.code
    return found, verdict


def written(connection: duckdb.DuckDBPyConnection, rows: list[Row], path: Path) -> QuadTable:
    values = ", ".join(f"({', '.join(map(sql_text, row))}, NULL::VARCHAR)" for row in rows)
    return write_table(connection, f"SELECT * FROM (VALUES {values}) AS t(s, p, o, g)", path)


def edited(rows: list[Row], chance: random.Random) -> list[Row]:
    """Take some rows out, and put some in that are made of the parts of others."""
    kept = chance.sample(rows, len(rows) - chance.choice([0, 1, 1, 2]))
    for _ in range(chance.choice([0, 1, 1, 2])):
        (s, _, _), (_, p, o) = chance.choice(rows), chance.choice(rows)
        kept.append((s, p, o))
    return sorted(set(kept))


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_outcome_is_that_of_judging_all(
    seed: int,
    make: Callable[[int], RandomCase],
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    chance = random.Random(f"renewal {seed}")
    table, shapes = load(make(seed), connection, tmp_path)
    outcome = judged(connection, table, shapes)
    rows = connection.execute(f"SELECT s, p, o FROM {table.sql}").fetchall()
    for number in range(EDITS):
        if isinstance(outcome, str):
            return  # a build that ends so leaves nothing behind
        rows = edited(rows, chance)
        new = written(connection, rows, tmp_path / f"{number}.parquet")
        results, verdict = outcome
        before = Before(table, new, results, verdict.sieved, verdict.met, verdict.judged)
        found = judged(connection, new, shapes, before)
        outcome = judged(connection, new, shapes)
        assert found == outcome, (make, seed, rows)
        table = new


SHAPES = f"""{PREFIXES}
ex:A a sh:NodeShape ; sh:targetClass ex:Person ; sh:property [ sh:path ex:name ; sh:minCount 1 ] .
ex:B a sh:NodeShape ; sh:targetSubjectsOf ex:lives ;
  sh:property [ sh:path ( ex:lives ex:name ) ; sh:minCount 1 ] .
ex:C a sh:NodeShape ; sh:targetClass ex:Town ;
  sh:property [ sh:path [ sh:inversePath ex:lives ] ; sh:minCount 1 ] .
ex:D a sh:NodeShape ; sh:targetObjectsOf ex:knows ; sh:closed true ;
  sh:property [ sh:path ex:knows ] .
ex:E a sh:NodeShape ; sh:targetNode ex:root ;
  sh:property [ sh:path [ sh:zeroOrMorePath ex:in ] ; sh:nodeKind sh:IRI ] .
"""
DATA = "ex:Child rdfs:subClassOf ex:Person . ex:x a ex:Town ; ex:name 'X' . ex:y a ex:Town .\n" + (
    "".join(
        f"ex:p{n} a ex:{'Child' if n % 2 else 'Person'} ; ex:name 'N{n}' ; ex:lives ex:x .\n"
        for n in range(8)
    )
    + "ex:root ex:in ex:r1 . ex:r1 ex:in ex:r2 . ex:p0 ex:knows ex:p1 .\n"
)
# What is said anew or no more, and how many nodes are judged again.
CHANGES = [
    ("ex:p1 ex:name 'N1' .", ["ex:A 1", "ex:D 1"]),
    ("ex:p2 ex:name 'N2' .", ["ex:A 1"]),
    ("ex:p2 ex:name 'More' .", ["ex:A 1"]),
    ("ex:x ex:name 'X' .", ["ex:B 8"]),
    ("ex:p3 ex:lives ex:y .", ["ex:B 1", "ex:C 1"]),
    ("ex:p9 a ex:Child .", ["ex:A 1"]),
    ("ex:p4 a ex:Person .", []),
    ("ex:p4 a ex:Other .", []),
    ("ex:p1 ex:knows ex:p5 .", ["ex:D 2"]),
    ("ex:r2 ex:in 'text' .", ["ex:E 1"]),
    ("ex:r8 ex:in ex:r9 .", []),
    ("ex:p4 ex:unread 1 .", []),
    # Of which all is judged again:
    ("ex:Child rdfs:subClassOf ex:Person .", ["ex:A 4", "ex:B 8", "ex:C 2", "ex:D 1", "ex:E 1"]),
]


@pytest.mark.parametrize(("said", "expected"), CHANGES)
def test_only_affected_nodes_are_judged(said, expected, connection, table, tmp_path, monkeypatch):
    file = tmp_path / "shapes.ttl"
    file.write_text(SHAPES, encoding="utf-8")
    shapes, first = load_shapes([file]), table(DATA)
    known = connection.execute(f"SELECT s, p, o FROM {first.sql}").fetchall()
    one = table(said)
    (row,) = connection.execute(f"SELECT s, p, o FROM {one.sql}").fetchall()
    rows = [each for each in known if each != row] if row in known else [*known, row]
    old, new = (
        written(connection, each, tmp_path / name)
        for each, name in ((known, "old.parquet"), (rows, "new.parquet"))
    )
    outcome, whole = judged(connection, old, shapes), judged(connection, new, shapes)
    assert not isinstance(outcome, str)
    results, verdict = outcome
    counts: list[str] = []
    told = Answering.told

    def counted(self, route):
        count = self._session.count(route.targets)
        if count:
            counts.append(f"ex:{route.shape.node[-2]} {count}")
        return told(self, route)

    monkeypatch.setattr(Answering, "told", counted)
    before = Before(old, new, results, verdict.sieved, verdict.met, verdict.judged)
    assert judged(connection, new, shapes, before) == whole
    assert counts == expected


def test_where_much_has_changed_all_is_judged(connection, table, tmp_path, monkeypatch):
    file = tmp_path / "shapes.ttl"
    file.write_text(SHAPES, encoding="utf-8")
    shapes, first = load_shapes([file]), table(DATA)
    rows = connection.execute(f"SELECT s, p, o FROM {first.sql}").fetchall()
    old, new = (
        written(connection, rows[: len(rows) - n], tmp_path / f"{n}.parquet") for n in range(2)
    )
    results, verdict = judged(connection, old, shapes)
    before = Before(old, new, results, verdict.sieved, verdict.met, verdict.judged)
    found: list[object] = []
    routes = Renewal.routes

    def noted(self):
        found.append(routes(self))
        return found[-1]

    monkeypatch.setattr(Renewal, "routes", noted)
    whole = judged(connection, new, shapes)
    assert judged(connection, new, shapes, before) == whole
    assert found.pop() is not None
    monkeypatch.setattr("kg.validation.sieve.renewal._FEW", 0)
    monkeypatch.setattr("kg.validation.sieve.renewal._SHARE", 0)
    assert judged(connection, new, shapes, before) == whole
    assert found == [None]
