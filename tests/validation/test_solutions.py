"""Focus nodes for which a query surely has no solution are left out, and no others.

Run by hand over more seeds: ``python -m tests.validation.test_solutions 0 3000``.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from kg.duck import engine
from kg.quads import QuadTable
from kg.validation import Result, validate
from kg.validation.paths import Inverse
from kg.validation.patterns import Comparison
from kg.validation.queries import QueryRunner
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve import run, solutions
from kg.validation.sparql import Query
from tests.validation.differential import Fact, by_judge, facts, load
from tests.validation.random_cases import HEAD, LITERALS, NODES, PREDICATES, RandomCase

# The last ones found faults: literals as focus nodes, and paths of several steps.
SEEDS = (*range(100 if os.environ.get("KG_LONG") else 30), 176, 179, 222, 1179, 2591)
# Seeds at which a mutant is noticed; a mutant that these miss is tried on all others.
NOTICING = (6, 12, 13, 26, 81, 176)
# Comparable values, some of them equal in several forms, and values that are not comparable.
NUMBERS = ["1", "2", '"02"^^xsd:integer', "1.0", "1.5", "-3", '"2"^^xsd:int', "1e0", '"1"']
TEXTS = ['"a"', '"b"', '"ab"', '"a"@en', '"1"', '"a\\\\b"', "ex:n1"]
DATES = [f'"{day}"^^xsd:date' for day in ("2020-01-01", "2021-01-01", "2021-01-01Z", "2020-02-30")]
TIMES = [f'"2020-01-01T{time}"^^xsd:dateTime' for time in ("10:00:00", "11:00:00", "11:00:00Z")]
POOLS = [NUMBERS, NUMBERS, TEXTS, DATES + TIMES, LITERALS]
SIGNS = ["<", "<=", ">", ">=", "=", "!="]


def random_comparison(seed: int) -> RandomCase:
    """Return a case whose query has connected patterns and compares their values."""
    rng = random.Random(f"comparisons {seed}")
    pool = rng.choice(POOLS)
    values = rng.sample(pool, min(4, len(pool)))
    known = ["$this"]
    patterns = []
    for name in rng.sample(["?x", "?y", "?z"], rng.choice([1, 1, 2, 2, 3])):
        path = rng.choice(PREDICATES)
        if rng.random() < 0.3:
            path = rng.choice([f"{path}/ex:r", f"^({path}/ex:q)", f"({path}|^ex:q)", f"^{path}"])
        patterns.append(f"{rng.choice(['$this', '$this', *known])} {path} {name} .")
        known.append(name)
    if rng.random() < 0.1:
        patterns.append(f"$this ex:p {rng.choice([*NODES, *values])} .")
    checks = []
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        others = [*known, *values, *values, rng.choice(NODES)]
        checks.append(f"{rng.choice(known[1:])} {rng.choice(SIGNS)} {rng.choice(others)}")
    filters = f"FILTER ({' && '.join(checks)})" if checks else ""
    rng.shuffle(patterns)
    select = f"SELECT $this ?x WHERE {{ {' '.join(patterns)} {filters} }}".replace("\\", "\\\\")
    target = rng.choice(["sh:targetObjectsOf", "sh:targetSubjectsOf", "sh:targetSubjectsOf"])
    shape = f'ex:S {target} ex:p ; sh:sparql [ sh:select """{select}""" ] .'
    return RandomCase(seed, HEAD + _data(rng, values), HEAD + shape)


def _data(rng: random.Random, values: list[str]) -> str:
    subjects = [*NODES[:4], "_:b0"]
    lines = []
    for subject in subjects:
        for predicate in PREDICATES:
            for _ in range(rng.choice([0, 1, 1, 2])):
                end = rng.choice([*values, *values, *values, *subjects])
                lines.append(f"{subject} {predicate} {end} .")
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def always_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "NARROWED", 0)


def found(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, shapes: ShapesGraph
) -> Counter[Fact]:
    results: list[Result] = []
    validate(connection, table, shapes, sinks=[results.append])
    return facts(results)


def differs(
    seed: int, connection: duckdb.DuckDBPyConnection, folder: Path, asked: Counter[str]
) -> bool:
    """Return whether leaving nodes out loses results; count the nodes that are queried."""
    table, shapes = load(random_comparison(seed), connection, folder)
    outcome = []
    for narrowed in (0, 10**9):
        run.NARROWED = narrowed  # type: ignore[misc]
        solve = QueryRunner.solutions

        def counted(
            self: QueryRunner,
            query: Query,
            nodes: list[str],
            kind: str = "narrowed" if narrowed == 0 else "all",
            solve: Callable[..., Iterator[dict[str, str]]] = solve,
        ) -> Iterator[dict[str, str]]:
            asked[kind] += len(nodes)
            return solve(self, query, nodes)

        QueryRunner.solutions = counted  # type: ignore[method-assign, assignment]
        try:
            outcome.append(found(connection, table, shapes))
        finally:
            QueryRunner.solutions = solve  # type: ignore[method-assign]
    return outcome[0] != outcome[1]


def test_no_result_is_lost(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    asked: Counter[str] = Counter()
    assert [seed for seed in SEEDS if differs(seed, connection, tmp_path, asked)] == []
    assert 0 < asked["narrowed"] < 0.7 * asked["all"], "little is left out: this shows nothing"


MUTANTS: dict[str, tuple[str, Callable[..., object]]] = {
    "no comparison holds": ("comparison_sql", lambda *_: "SELECT NULL::VARCHAR AS n WHERE false"),
    "signs are turned": (
        "comparison_sql",
        lambda paths, domain, chains, c, made=solutions.comparison_sql: made(
            paths, domain, chains, Comparison(c.right, c.sign, c.left)
        ),
    ),
    "or equal is forgotten": (
        "less_than",
        lambda a, b, sign, made=solutions.less_than: made(a, b, sign.rstrip("=") or "="),
    ),
    "unequal is equal": (
        "less_than",
        lambda a, b, sign, made=solutions.less_than: made(a, b, sign.replace("<>", "=")),
    ),
    "equal is unequal": (
        "less_than",
        lambda a, b, sign, made=solutions.less_than: made(a, b, "<>" if sign == "=" else sign),
    ),
    "chains lose their first step": (
        "paths_to_variables",
        lambda patterns, made=solutions.paths_to_variables: {
            name: chain[-1:] for name, chain in made(patterns).items()
        },
    ),
    "paths are turned": (
        "paths_to_variables",
        lambda patterns, made=solutions.paths_to_variables: {
            name: tuple(Inverse(path) for path in chain) for name, chain in made(patterns).items()
        },
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_mutant_loses_results(
    name: str,
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attribute, mutant = MUTANTS[name]
    monkeypatch.setattr(solutions, attribute, mutant)
    asked: Counter[str] = Counter()
    assert any(differs(seed, connection, tmp_path, asked) for seed in (*NOTICING, *SEEDS))


def main(first: int, last: int) -> int:
    """Try the seeds from `first` up to but not including `last`; print those that differ."""
    asked: Counter[str] = Counter()
    with engine(threads=1) as connection, tempfile.TemporaryDirectory() as folder:
        lost = [s for s in range(first, last) if differs(s, connection, Path(folder), asked)]
    print(f"{last - first} cases, {len(lost)} differ: {lost[:20]}; asked about {dict(asked)}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))


SITES = {
    "an object that is given": "SELECT $this { $this ex:p ex:n1 }",
    "values that are not equal": "SELECT $this { $this ex:q ?x ; ex:r ?y . FILTER(?x != ?y) }",
    "values that are equal": "SELECT $this { $this ex:q ?x ; ex:r ?y . FILTER(?x = ?y) }",
}


@pytest.mark.parametrize("name", SITES)
def test_nodes_with_solutions_are_asked(
    name: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Each query has solutions for some of the nodes, which pySHACL finds too."""
    data = (
        "ex:a ex:p ex:n1 ; ex:q 1 ; ex:r 2 . ex:b ex:p ex:n1, ex:n2 ; ex:q 1 ; ex:r 1 .\n"
        "ex:c ex:p ex:n2 ; ex:q 2 ; ex:r 3 . ex:d ex:p ex:n2 ; ex:q 3 ; ex:r 3 .\n"
    )
    shape = f'ex:S sh:targetSubjectsOf ex:p ; sh:sparql [ sh:select """{SITES[name]}""" ] .'
    table, shapes = load(RandomCase(0, HEAD + data, HEAD + shape), connection, tmp_path)
    expected = by_judge(connection, table, shapes)
    assert isinstance(expected, Counter)
    assert 0 < sum(expected.values()) < 4
    assert found(connection, table, shapes) == expected


def test_a_query_of_a_value_counts_for_each_node_that_leads_to_it(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    data = "ex:a ex:p ex:v . ex:b ex:p ex:v . ex:c ex:p ex:w . ex:v ex:q ex:x . ex:w ex:q ex:x .\n"
    select = "SELECT $this ?value { $this ex:q ?value }"
    shape = (
        "ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ;"
        f' sh:property [ sh:path ex:q ; sh:sparql [ sh:select """{select}""" ] ] ] .'
    )
    table, shapes = load(RandomCase(0, HEAD + data, HEAD + shape), connection, tmp_path)
    expected = by_judge(connection, table, shapes)
    assert isinstance(expected, Counter)
    assert sorted(expected.values()) == [1, 2]
    assert found(connection, table, shapes) == expected
