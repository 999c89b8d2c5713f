"""Recursive shapes: violations are found at any distance; and deeply nested shapes."""

from __future__ import annotations

import random
from collections.abc import Callable

import duckdb
import pytest

from kg.errors import InputError
from kg.quads import QuadTable
from kg.validation import Result, validate
from kg.validation.nesting import DEEPEST, negated_recursion
from kg.validation.shapes import ShapesGraph

EX = "http://example.org/"
NAMED = "sh:property [ sh:path ex:name ; sh:minCount 1 ]"
# Recursive shapes: a node conforms if it has a name and all nodes that it knows conform.
RECURSIVE = {
    "node": f"{NAMED} ; sh:property [ sh:path ex:knows ; sh:node ex:S ]",
    "and": f"{NAMED} ; sh:property [ sh:path ex:knows ; sh:and ( ex:S [ sh:nodeKind sh:IRI ] ) ]",
    "or": f"{NAMED} ; sh:property [ sh:path ex:knows ; sh:or ( ex:S [ sh:nodeKind sh:Literal ] ) ]",
    "two shapes": f"{NAMED} ; sh:property [ sh:path ex:knows ; sh:node ex:T ]",
    "qualified": f"{NAMED} ; sh:property [ sh:path ( [ sh:zeroOrOnePath ex:none ] ex:knows ) ;"
    " sh:qualifiedValueShape [ sh:not ex:N ] ; sh:qualifiedMaxCount 0 ]",
}
OTHERS = (
    "ex:T a sh:NodeShape ; sh:node ex:S .\n"
    "ex:N a sh:NodeShape ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ;"
    " sh:property [ sh:path ex:knows ; sh:node ex:N ] .\n"
)

Run = Callable[[str, str], set[str]]


@pytest.fixture
def failing(
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    shapes: Callable[[str], ShapesGraph],
) -> Run:
    def run(rules: str, data: str) -> set[str]:
        found: list[Result] = []
        validate(connection, table(data), shapes(rules), sinks=[found.append])
        return {result.focus_node[len(EX) + 1 : -1] for result in found}

    return run


def graph(edges: set[tuple[int, int]], named: set[int]) -> str:
    text = "".join(f"ex:n{a} ex:knows ex:n{b} .\n" for a, b in sorted(edges))
    return text + "".join(f'ex:n{n} ex:name "n" .\n' for n in sorted(named))


def expected(edges: set[tuple[int, int]], named: set[int], targets: set[int]) -> set[str]:
    """A node fails if it has no name, or knows one that fails."""
    nodes = {node for edge in edges for node in edge} | targets
    bad = nodes - named
    while fresh := {a for a, b in edges if b in bad} - bad:
        bad |= fresh
    return {f"n{node}" for node in bad & targets}


@pytest.mark.parametrize("way", RECURSIVE)
@pytest.mark.parametrize("length", [1, 3, 4, 60])
def test_a_violation_at_the_end_of_a_chain_is_found(way: str, length: int, failing: Run) -> None:
    edges = {(n, n + 1) for n in range(length)}
    rules = f"ex:S a sh:NodeShape ; sh:targetNode ex:n0 ; {RECURSIVE[way]} .\n{OTHERS}"
    assert failing(rules, graph(edges, set(range(length)))) == {"n0"}
    assert failing(rules, graph(edges, set(range(length + 1)))) == set()


@pytest.mark.parametrize("seed", range(6))
def test_cycles_and_forks_are_judged_as_by_a_graph_search(seed: int, failing: Run) -> None:
    chance = random.Random(seed)
    size = 12
    edges = {(chance.randrange(size), chance.randrange(size)) for _ in range(size + seed)}
    named = {n for n in range(size) if chance.random() < 0.85}
    way = chance.choice(["node", "and", "or", "two shapes"])
    targets = ", ".join(f"ex:n{n}" for n in range(size))
    rules = f"ex:S a sh:NodeShape ; sh:targetNode {targets} ; {RECURSIVE[way]} .\n{OTHERS}"
    assert failing(rules, graph(edges, named)) == expected(edges, named, set(range(size)))


def test_a_graph_with_countless_paths_is_judged_node_by_node(failing: Run) -> None:
    """Each of 16 nodes knows all others: pySHACL alone would follow 16 factorial paths."""
    edges = {(a, b) for a in range(16) for b in range(16)}
    rules = f"ex:S a sh:NodeShape ; sh:targetNode ex:n0 ; {RECURSIVE['node']} .\n{OTHERS}"
    assert failing(rules, graph(edges, set(range(16)))) == set()
    assert failing(rules, graph(edges, set(range(15)))) == {"n0"}


def test_results_of_a_recursive_property_are_results(failing: Run) -> None:
    """If ``sh:property`` is recursive, each node on the path has its own results."""
    rules = (
        "ex:S a sh:NodeShape ; sh:targetNode ex:n0 ; sh:property ex:P .\n"
        "ex:P a sh:PropertyShape ; sh:path ex:knows ; sh:property ex:P ; sh:class ex:Good .\n"
    )
    data = "ex:n0 ex:knows ex:n1 . ex:n1 ex:knows ex:n2 . ex:n2 ex:knows ex:n3 ."
    assert failing(rules, data) == {"n0", "n1", "n2"}
    assert failing(rules, data + " ex:n1 a ex:Good . ex:n2 a ex:Good .") == {"n2"}


def test_recursion_through_a_negation_is_detected(read: Callable[[str], ShapesGraph]) -> None:
    inside = "ex:S a sh:NodeShape ; sh:property [ sh:path ex:knows ; sh:not ex:S ] ."
    assert (negated_recursion(read(inside)) or "").startswith("_:")
    beside = f"ex:S a sh:NodeShape ; sh:not ex:Q ; {RECURSIVE['node']} . ex:Q a sh:NodeShape ."
    assert negated_recursion(read(beside)) is None
    assert negated_recursion(read("ex:S sh:not ex:Q . ex:Q sh:node ex:R .")) is None


def nested(depth: int) -> str:
    return "ex:S sh:targetNode ex:a ; sh:not " + "[ sh:not " * depth + "ex:Q " + "]" * depth + " ."


def test_shapes_nested_deeper_than_supported_are_refused(
    failing: Run, shapes: Callable[[str], object]
) -> None:
    deep = DEEPEST - 2
    wrong = "ex:Q a sh:NodeShape ; sh:nodeKind sh:Literal ."
    assert failing(nested(deep) + wrong, "ex:a ex:p 1 .") == (set() if deep % 2 == 0 else {"a"})
    with pytest.raises(InputError, match=f"deep; kg supports {DEEPEST}") as at:
        shapes(nested(3_000) + wrong)
    assert at.value.location is not None
