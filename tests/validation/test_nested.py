"""Components that refer to other shapes: DuckDB's results, with details and reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest

from kg.quads import QuadTable
from kg.validation import Options, Result, validate
from kg.validation.judge import Asked, Judge
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve import answering
from kg.validation.sieve import run as sieve
from kg.validation.sieve.plan import NOTHING, union
from kg.validation.sieve.routes import LONGEST
from kg.validation.sieve.session import Session
from tests.validation.differential import difference
from tests.validation.random_cases import HEAD, RandomCase

Make = Callable[[str], QuadTable]
Shapes = Callable[[str], ShapesGraph]
EX = "<http://example.org/"

RULES = """
ex:Launch a sh:NodeShape ; sh:targetClass ex:Launch ;
    sh:property [ sh:path ex:by ; sh:node ex:Agency ] ;
    sh:property [ sh:path ex:range ; sh:or ( [ sh:datatype xsd:integer ] [ sh:in ( "none" ) ] ) ] ;
    sh:property [ sh:path ex:stage ; sh:qualifiedValueShape [ sh:class ex:Motor ] ;
        sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2 ] ;
    sh:not [ sh:property [ sh:path ex:failed ; sh:minCount 1 ] ] .
ex:Agency a sh:NodeShape ;
    sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:datatype xsd:string ] ;
    sh:property [ sh:path ex:seat ; sh:node [ sh:nodeKind sh:IRI ; sh:severity sh:Info ] ] .
"""
GOOD = """
ex:a a ex:Launch ; ex:by ex:u ; ex:range 5 ; ex:stage ex:m .
ex:u ex:name "U" ; ex:seat ex:c .
ex:m a ex:Motor .
"""
BAD = """
ex:b a ex:Launch ; ex:by ex:x, ex:y ; ex:range "far" ; ex:failed true .
ex:d a ex:Launch ; ex:by ex:x ; ex:stage ex:m .
ex:x ex:seat "here", ex:c .
ex:y ex:name "Y", "Z"@en .
"""


def run(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    shapes: ShapesGraph,
    reasons: int = 0,
) -> list[Result]:
    found: list[Result] = []
    validate(connection, table, shapes, sinks=[found.append], options=Options(reasons=reasons))
    return found


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the statements of DuckDB, and the batches and nodes of pySHACL."""
    counts: Counter[str] = Counter()
    statement, judge = Session.run, Judge.judge_parts

    def run(self: Session, sql: str, parameters: object = None) -> list[Any]:
        counts["statements"] += 1
        return statement(self, sql, parameters)

    def judge_parts(self: Judge, graph: Any, asked: Sequence[Asked]) -> Iterator[Result]:
        counts["batches"] += 1
        counts.update(f"{each.shape} {node}" for each in asked for node in each.nodes or ())
        return judge(self, graph, asked)

    with (
        mock.patch.object(Session, "run", run),
        mock.patch.object(Judge, "judge_parts", judge_parts),
    ):
        yield counts


def names(results: Sequence[Result]) -> list[tuple[str, str, str | None]]:
    return sorted(
        (
            result.focus_node.removeprefix(EX)[:-1],
            result.component.split("#")[1].removesuffix("ConstraintComponent>"),
            result.value and result.value.removeprefix(EX).removesuffix(">"),
        )
        for result in results
    )


def test_nested_results_need_no_pyshacl(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    with mock.patch("kg.validation.validating.Judge", side_effect=AssertionError):
        found = run(connection, table(GOOD + BAD), shapes(RULES))
    assert names(found) == [
        ("b", "Node", "x"),
        ("b", "Node", "y"),
        ("b", "Not", "b"),
        ("b", "Or", '"far"'),
        ("b", "QualifiedMinCount", None),
        ("d", "Node", "x"),
    ]
    (of_x,) = [result.details for result in found if result.focus_node == f"{EX}d>"]
    assert names(of_x) == [("x", "MinCount", None), ("x", "Node", '"here"')]
    inner = next(detail.details for detail in of_x if detail.details)
    assert [(r.severity.split("#")[1], r.value) for r in inner] == [("Info>", '"here"')]
    of_y = next(result.details for result in found if result.value == f"{EX}y>")
    assert names(of_y) == [("y", "Datatype", '"Z"@en')]


def test_each_branch_gives_its_reason(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    found = run(connection, table(GOOD + BAD), shapes(RULES), reasons=1)
    reasons = {r.component.split("#")[1]: r.reasons for r in found if r.reasons}
    assert reasons["OrConstraintComponent>"] == (
        'it fails [ sh:datatype xsd:integer ]: "far" is not a literal of datatype xsd:integer',
        'it fails [ sh:in ( "none" ) ]: "far" is not one of "none"',
    )
    assert [text.split(" the shape")[0] for text in reasons["NotConstraintComponent>"]] == [
        "it conforms to"
    ]
    assert sum(bool(r.reasons) for r in found if "#Node" in r.component) == 1


@pytest.mark.parametrize("reasons", [0, 2, 1000])
def test_nested_results_come_page_by_page(
    reasons: int, connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    more = "".join(f"ex:l{n:02} a ex:Launch ; ex:by ex:x ; ex:range {n}.5 . " for n in range(30))
    data, graph = table(GOOD + BAD + more), shapes(RULES)
    whole = run(connection, data, graph, reasons)
    with mock.patch.object(answering, "PAGE_WITHIN", 7):
        paged = run(connection, data, graph, reasons)
    assert len(whole) == 6 + 3 * 30
    assert [(r, r.reasons) for r in paged] == [(r, r.reasons) for r in whole]
    ors = [r for r in whole if "#Or" in r.component]
    assert sum(bool(r.reasons) for r in ors) == min(reasons, len(ors))


def test_few_triples_take_one_statement_for_several_constraints(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    data, graph = table(GOOD + BAD), shapes(RULES)
    found, work = [], []
    for number in (8, 2, 1):
        with mock.patch.object(sieve, "ANSWERS_AT_ONCE", number), counted() as counts:
            found.append([(r, r.reasons) for r in run(connection, data, graph, reasons=3)])
        work.append(counts["statements"])
    assert found[0] == found[1] == found[2]
    assert found[0]
    assert work[0] < work[2]


def test_more_results_take_no_more_statements(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    """The number of statements depends on the shapes, not on the data; clean data needs fewer."""
    graph = shapes(RULES)
    work = []
    for bad, size in ((False, 1), (False, 40), (True, 1), (True, 40)):
        by = "ex:x" if bad else "ex:u"
        more = "".join(
            f"ex:l{n} a ex:Launch ; ex:by {by} ; ex:range {n} ; ex:stage ex:m . "
            for n in range(size)
        )
        data = table(GOOD + (BAD if bad else "") + more)
        with counted() as counts:
            run(connection, data, graph, reasons=3)
        assert counts["batches"] == 0
        work.append(counts["statements"])
    assert work[0] == work[1]
    assert work[2] == work[3]
    assert work[0] <= 20
    assert work[2] <= 65


def test_shapes_that_meet_no_node_cost_no_statements(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    """If shapes refer to many classes, there is no statement for each class without instances."""
    other = "ex:S{n} a sh:NodeShape ; sh:targetClass ex:C{n} ; sh:property"
    other += " [ sh:path ex:p ; sh:minCount 1 ; sh:class ex:D{n} ; sh:node ex:Agency ] ;"
    other += ' sh:sparql [ sh:select "SELECT $this {{ $this <http://example.org/p> ?x }}" ] .'
    data = table(GOOD + BAD + "ex:Low rdfs:subClassOf ex:C7 . ex:low a ex:Low .")
    found, work = [], []
    for size in (30, 90):
        graph = shapes(RULES + "".join(other.format(n=n) for n in range(size)))
        with counted() as counts:
            found.append(names(run(connection, data, graph)))
        work.append(counts["statements"])
    assert work[0] == work[1]
    assert found[0] == found[1]
    assert [each for each in found[0] if each[0] == "low"] == [("low", "MinCount", None)]


def test_pyshacl_judges_each_node_in_doubt_once(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    doubtful = "ex:Agency sh:property [ sh:path ex:code ; sh:minLength 3 ] ."
    data = table(
        GOOD + BAD + 'ex:u ex:code "a\\"b" . ex:e a ex:Launch ; ex:by ex:u ; ex:stage ex:m .'
    )
    graph = shapes(RULES + doubtful)
    with counted() as counts:
        found = run(connection, data, graph)
    asked = {what: count for what, count in counts.items() if " " in what}
    assert [what.split(EX)[1] for what in asked] == ["a>", "e>"]
    assert set(asked.values()) == {1}
    assert ("d", "Node", "x") in names(found)


def test_a_negated_unique_lang_holds_where_tags_are_shared(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    rules = (
        "ex:S sh:targetSubjectsOf ex:p ; sh:not [ sh:property"
        " [ sh:path ex:p ; sh:uniqueLang true ] ] ."
    )
    data = table(
        'ex:one ex:p "a"@en, "b"@de . ex:two ex:p "a"@en, "b"@EN .'
        ' ex:three ex:p "a", "b" . ex:four ex:p "a"@en, "b"@de, "c"@de .'
    )
    found = run(connection, data, shapes(rules))
    assert sorted(each.focus_node for each in found) == [f"{EX}one>", f"{EX}three>"]


def test_no_queries_are_a_relation_without_rows(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(f"SELECT n FROM {union([])} ANTI JOIN {union([])} x USING (n)")
    assert rows.fetchall() == []
    assert connection.execute(f"SELECT n FROM {union([NOTHING, NOTHING])}").fetchall() == []


HUGE = 10**45


@pytest.mark.parametrize(
    ("constraint", "results"),
    [
        ("sh:minCount", 1),
        ("sh:maxCount", 0),
        ("sh:minLength", 2),
        ("sh:maxLength", 0),
        ("sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ; sh:qualifiedMinCount", 1),
        ("sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ; sh:qualifiedMaxCount", 0),
    ],
)
@pytest.mark.parametrize("path", ["ex:p", "[ sh:alternativePath ( ex:p ex:q ) ]"])
def test_bounds_are_of_any_size(
    connection: duckdb.DuckDBPyConnection,
    table: Make,
    shapes: Shapes,
    constraint: str,
    results: int,
    path: str,
) -> None:
    rules = f"ex:S sh:targetNode ex:a ; sh:property [ sh:path {path} ; {constraint} {HUGE} ] ."
    assert len(run(connection, table('ex:a ex:p "x", "y" .'), shapes(rules))) == results


@pytest.mark.parametrize("depth", [2, 5])
def test_no_query_takes_minutes_to_plan(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, depth: int
) -> None:
    """The query of shapes that refer to others twice grows by their depth; pySHACL takes over."""
    shapes = "ex:S0 sh:property [ sh:path ex:p ; sh:minLength 2 ] .\n"
    for level in range(1, depth + 1):
        other = f"[ sh:not ex:S{level - 1} ; sh:property [ sh:path ex:q ; sh:maxCount {level} ] ]"
        shapes += f"ex:S{level} sh:xone ( ex:S{level - 1} {other} ) .\n"
    shapes += f"ex:S{depth} sh:targetSubjectsOf ex:q .\n"
    data = "".join(
        f'ex:s{i} ex:p "{"x" * (i % 4)}" ; ex:q ex:s{(i + 1) % 8}, ex:s{i % 3} .\n'
        for i in range(8)
    )
    longest = 0
    statement = Session.run

    def noted(self: Session, sql: str, parameters: object = None) -> list[Any]:
        nonlocal longest
        longest = max(longest, len(sql))
        return statement(self, sql, parameters)

    with mock.patch.object(Session, "run", noted):
        assert difference(RandomCase(0, HEAD + data, HEAD + shapes), connection, tmp_path) is None
    assert longest < 2 * LONGEST
