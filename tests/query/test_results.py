"""Answers in Python: read again and again, within limits, as tables with types."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import kg
from kg.errors import InputError, LimitError
from kg.graph import Graph, open_graph
from kg.queries import Solutions, Statements, results
from kg.queries.engine import Rows
from kg.queries.frames import typed_columns
from kg.queries.limited import limited
from kg.queries.limits import Limits
from kg.terms import XSD, literal

NUMBERS = "SELECT ?n { VALUES ?n { 1 2 3 4 5 } } ORDER BY ?n"
GRAPH = "CONSTRUCT WHERE { ?s ex:count ?n }"


@pytest.fixture
def graph(workspace: Path) -> Iterator[Graph]:
    with open_graph(workspace) as opened:
        yield opened


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often an engine is asked."""
    asked: list[int] = []
    ask = results.limited

    def counted(*arguments: Any) -> Any:
        asked.append(1)
        return ask(*arguments)

    monkeypatch.setattr(results, "limited", counted)
    return asked


@pytest.mark.parametrize("kept", [10_000, 5, 4, 0])
def test_rows_are_read_as_often_as_one_likes(
    kept: int, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "KEPT", kept)
    asked = counting(monkeypatch)
    found = graph.ask(NUMBERS)
    assert isinstance(found, Solutions)
    assert repr(found) == "Solutions(n)"
    for _ in range(2):
        assert [row.value("n") for row in found] == [1, 2, 3, 4, 5]
    assert next(iter(found)).value("n") == 1
    assert len(found) == 5
    assert repr(found) == "Solutions(n, 5 rows)"
    assert len(asked) == (1 if kept >= 5 else 3), "what is kept is not asked for again"


def test_length_comes_first_and_breaking_off_loses_nothing(graph: Graph) -> None:
    found = graph.ask(NUMBERS)
    assert isinstance(found, Solutions)
    assert found
    assert next(iter(found)).value("n") == 1
    assert len(found) == 5
    nothing = graph.ask("SELECT ?x { ?x ex:count 99 }")
    assert isinstance(nothing, Solutions)
    assert not nothing
    assert len(nothing) == 0
    assert list(nothing) == []


@pytest.mark.parametrize("query", [NUMBERS, GRAPH, "SELECT ?x { ?x ex:count 99 }"])
def test_whether_there_is_something_asks_no_second_time(
    query: str, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = counting(monkeypatch)
    found = graph.ask(query)
    assert not isinstance(found, bool)
    assert bool(found) is bool(found) is ("99" not in query)
    assert bool(list(found)) is bool(found)
    assert len(list(found)) == len(found)
    assert len(asked) == 1


def test_empty_cells_of_failing_expressions_are_told(graph: Graph) -> None:
    text = "SELECT (GROUP_CONCAT(?n) AS ?all) { VALUES ?n { 1 2 } }"
    found = graph.ask(text, engine="oxigraph")
    assert isinstance(found, Solutions)
    assert found
    with pytest.warns(UserWarning, match=r"\?all is empty in 1 row: .*STR"):
        assert len(found) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(found)) == 1, "it is told once"


def test_what_a_broken_off_reading_saw_is_not_counted_twice(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "KEPT", 0)
    found = graph.ask("SELECT (?n + 'x' AS ?m) { VALUES ?n { 1 2 3 } }")
    assert isinstance(found, Solutions)
    assert len(next(iter(found))) == 0
    with pytest.warns(UserWarning, match="is empty") as told:
        assert len(list(found)) == 3
    assert [str(each.message).partition(":")[0] for each in told] == ["?m is empty in 3 rows"]


def test_triples_are_read_again_too(graph: Graph) -> None:
    found = graph.ask(GRAPH)
    assert isinstance(found, Statements)
    assert repr(found) == "Statements()"
    assert len(list(found)) == len(list(found)) == len(found) == 2
    assert {triple.object.value for triple in found} == {1, 12}
    assert repr(found) == "Statements(2 triples)"
    assert '<th scope="col">predicate</th>' in found._repr_html_()


def test_a_notebook_shows_the_first_rows_escaped(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "SHOWN", 2)
    found = graph.ask("SELECT ?t { VALUES ?t { '<script>' '&' 'c' } }")
    assert isinstance(found, Solutions)
    page = found._repr_html_()
    assert "<td>&lt;script&gt;</td>" in page
    assert "<script>" not in page
    assert page.count("<tr>") == 3
    assert "the first 2 rows, more" in page
    assert len(found) == 3
    assert "the first 2 rows, 3 in all" in found._repr_html_()
    few = graph.ask(NUMBERS.replace("3 4 5", ""))
    assert isinstance(few, Solutions)
    assert "the first" not in few._repr_html_()


# --- limits ---------------------------------------------------------------------------------

MANY = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r"
# Known only when all triples are found.
NEVER = "FILTER(CONCAT(STR(?a), STR(?p)) = 'x')"
LONG = f"SELECT ?a {{ {MANY} {NEVER} }}"


@pytest.mark.parametrize("query", [LONG, f"ASK {{ {MANY} {NEVER} }}"])
def test_a_time_limit_is_an_error_and_not_the_end(query: str, graph: Graph) -> None:
    with pytest.raises(LimitError) as caught:
        list(graph.ask(query, limits=Limits(seconds=0.05)))  # type: ignore[arg-type]
    assert caught.value.code == "timeout"
    assert graph.ask("ASK { ?s ?p ?o }", limits=Limits(seconds=60)) is True


def test_a_memory_limit_is_an_error(graph: Graph) -> None:
    with pytest.raises(LimitError) as caught:
        list(graph.ask(LONG, limits=Limits(memory=1)))  # type: ignore[arg-type]
    assert caught.value.code == "out-of-memory"


@pytest.mark.parametrize("limits", [Limits(rows=4), Limits(rows=4, seconds=60)])
def test_a_limit_of_rows_is_an_error(limits: Limits, graph: Graph) -> None:
    found = graph.ask(NUMBERS, limits=limits)
    assert isinstance(found, Solutions)
    rows = iter(found)
    assert [next(rows).value("n") for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(LimitError, match="more than 4 rows"):
        next(rows)
    with pytest.raises(LimitError, match="more than 1 row"):
        len(graph.ask(GRAPH, limits=Limits(rows=1)))  # type: ignore[arg-type]


@pytest.mark.parametrize("query", [NUMBERS, GRAPH])
def test_limits_that_are_kept_change_nothing(query: str, graph: Graph) -> None:
    limits = Limits(seconds=60, memory=10**12, rows=1000)
    assert list(graph.ask(query, limits=limits)) == list(graph.ask(query))  # type: ignore[arg-type]


def test_errors_of_the_engine_come_through(graph: Graph) -> None:
    with pytest.raises(InputError, match="cannot be answered"):
        graph.ask("SELECT (<urn:f>(1) AS ?x) {}", limits=Limits(seconds=60))


def test_the_thread_ends_when_nobody_waits() -> None:
    made: list[int] = []

    def rows() -> Iterator[tuple[str]]:
        for number in range(10**9):
            made.append(number)
            yield (literal(str(number)),)

    others = set(threading.enumerate())
    answer = limited(lambda: Rows(["n"], rows()), Limits(seconds=60))
    assert isinstance(answer, Rows)
    assert next(iter(answer)) == ('"0"',)
    del answer
    until_ended(others)
    assert len(made) < 10_000, "no more is read ahead than a few batches"


def until_ended(others: set[threading.Thread]) -> None:
    deadline = time.monotonic() + 30
    while set(threading.enumerate()) - others:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def endless() -> Rows:
    return Rows(["n"], (('"a"',) for _ in iter(int, 1)))


def test_the_thread_of_an_answer_that_is_never_read_ends() -> None:
    others = set(threading.enumerate())
    answer = limited(endless, Limits(seconds=600))
    del answer
    until_ended(others)


def test_the_thread_of_an_answer_that_waits_ends_in_time() -> None:
    others = set(threading.enumerate())
    answer = limited(endless, Limits(seconds=0.2))
    until_ended(others)
    with pytest.raises(LimitError):
        list(answer)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows_before", [0, 1, 1000])
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_any_kind_surfaces_as_itself(rows_before: int) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield from [('"a"',)] * rows_before
        raise ZeroDivisionError("of the engine")

    def ask() -> Rows:
        return Rows(["n"], rows() if rows_before else iter([1 // 0]))  # type: ignore[list-item]

    with pytest.raises(ZeroDivisionError):
        list(limited(ask, Limits(seconds=60)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values", [{"seconds": -1}, {"seconds": float("nan")}, {"memory": -5}, {"rows": -1}]
)
def test_limits_that_no_answer_can_keep_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"the limit of {next(iter(values))}"):
        Limits(**values)


# --- tables ---------------------------------------------------------------------------------


def xsd(name: str, *texts: str | None) -> list[str | None]:
    return [None if text is None else literal(text, XSD + name) for text in texts]


def column(terms: list[str | None]) -> tuple[str, list[Any], int]:
    (made,) = typed_columns(["c"], [(term,) for term in terms])
    return made.kind, list(made.values), made.scale


@pytest.mark.parametrize(
    ("terms", "kind", "values", "scale"),
    [
        (xsd("integer", "1", None, "-7"), "integer", [1, None, -7], 0),
        (xsd("unsignedByte", "255") + xsd("long", "1"), "integer", [255, 1], 0),
        (xsd("integer", str(2**63 - 1)), "integer", [2**63 - 1], 0),
        (xsd("integer", str(2**63), "1"), "decimal", [Decimal(2**63), Decimal(1)], 0),
        (xsd("integer", "9" * 39), "text", ["9" * 39], 0),
        (xsd("decimal", "1.50", "2"), "decimal", [Decimal("1.50"), Decimal(2)], 2),
        (xsd("decimal", "0.001") + xsd("integer", "12"), "decimal", [Decimal("0.001"), 12], 3),
        (xsd("decimal", "1." + "1" * 38), "text", ["1." + "1" * 38], 0),
        (xsd("double", "1e3", "INF"), "double", [1000.0, float("inf")], 0),
        (xsd("float", "1.5"), "double", [1.5], 0),
        (xsd("double", "1") + xsd("integer", "1"), "text", ["1", "1"], 0),
        (xsd("boolean", "true", "0", None), "boolean", [True, False, None], 0),
        (xsd("date", "2022-11-18"), "date", [date(2022, 11, 18)], 0),
        (xsd("date", "2022-11-18Z"), "text", ["2022-11-18Z"], 0),
        (xsd("date", "-0044-03-15"), "text", ["-0044-03-15"], 0),
        (xsd("dateTime", "2022-11-18T01:02:03.5"), "time",
         [datetime(2022, 11, 18, 1, 2, 3, 500_000)], 0),
        (xsd("dateTime", "2022-11-18T01:02:03+01:00", None), "instant",
         [datetime(2022, 11, 18, 0, 2, 3, tzinfo=UTC), None], 0),
        (xsd("dateTime", "2022-11-18T01:02:03", "2022-11-18T01:02:03Z"), "text",
         ["2022-11-18T01:02:03", "2022-11-18T01:02:03Z"], 0),
        (xsd("dateTime", "2022-11-18T01:02:03.1234567Z"), "text",
         ["2022-11-18T01:02:03.1234567Z"], 0),
        (xsd("dateTime", "2022-11-18T01:02:03.1234560Z"), "instant",
         [datetime(2022, 11, 18, 1, 2, 3, 123456, tzinfo=UTC)], 0),
        (xsd("dateTime", "2022-11-18T24:00:00") , "text", ["2022-11-18T24:00:00"], 0),
        (xsd("integer", "1_000"), "text", ["1_000"], 0),
        (xsd("gYear", "2022"), "text", ["2022"], 0),
        (['"a"@en', "<http://e/a>", "_:b", '"c\\n"', None], "text",
         ["a", "http://e/a", "_:b", "c\n", None], 0),
        (['<<( <urn:s> <urn:p> "o" )>>'], "text", ['<<( <urn:s> <urn:p> "o" )>>'], 0),
        ([None, None], "text", [None, None], 0),
        ([], "text", [], 0),
    ],
)  # fmt: skip
def test_types_of_columns(
    terms: list[str | None], kind: str, values: list[Any], scale: int
) -> None:
    assert column(terms) == (kind, values, scale)


TYPED = """SELECT ?z ?i ?d ?f ?b ?day ?at ?local ?text ?mixed { VALUES (?z ?i ?d ?f ?b ?day ?at ?local ?text ?mixed) {
 (<urn:a> 1 1.50 1e0 true "2022-11-18"^^xsd:date "2022-11-18T01:02:03Z"^^xsd:dateTime "2022-11-18T01:02:03"^^xsd:dateTime "a"@en 1)
 (<urn:b> 2 2 2e0 false "2022-11-19"^^xsd:date "2022-11-18T01:02:04Z"^^xsd:dateTime "2022-11-18T01:02:04"^^xsd:dateTime "b" "x")
 (UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF) } }"""  # noqa: E501
ORDER = ["z", "i", "d", "f", "b", "day", "at", "local", "text", "mixed"]
FIRST = [
    "urn:a", 1, Decimal("1.5"), 1.0, True, date(2022, 11, 18),
    datetime(2022, 11, 18, 1, 2, 3, tzinfo=UTC), datetime(2022, 11, 18, 1, 2, 3), "a", "1",
]  # fmt: skip


def typed(graph: Graph) -> Solutions:
    found = graph.ask(TYPED)
    assert isinstance(found, Solutions)
    return found


def test_arrow(graph: Graph) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = typed(graph).to_arrow()
    assert table.column_names == ORDER
    assert [str(field.type) for field in table.schema] == [
        "string", "int64", "decimal128(38, 1)", "double", "bool", "date32[day]",
        "timestamp[us, tz=UTC]", "timestamp[us]", "string", "string",
    ]  # fmt: skip
    first, _, last = table.to_pylist()
    assert list(first.values()) == FIRST
    assert set(last.values()) == {None}
    assert isinstance(table, pyarrow.Table)


def test_polars(graph: Graph) -> None:
    polars = pytest.importorskip("polars")
    frame = typed(graph).to_polars()
    assert frame.columns == ORDER
    assert frame.dtypes == [
        polars.String, polars.Int64, polars.Decimal(38, 1), polars.Float64, polars.Boolean,
        polars.Date, polars.Datetime("us", "UTC"), polars.Datetime("us"), polars.String,
        polars.String,
    ]  # fmt: skip
    assert list(frame.row(0)) == FIRST
    assert set(frame.row(2)) == {None}


def test_pandas(graph: Graph) -> None:
    pandas = pytest.importorskip("pandas")
    frame = typed(graph).to_pandas()
    assert list(frame.columns) == ORDER
    assert [str(kind) for kind in frame.dtypes][1:8] == [
        "Int64", "object", "Float64", "boolean", "datetime64[s]", "datetime64[us, UTC]",
        "datetime64[us]",
    ]  # fmt: skip
    first = list(frame.iloc[0])
    first[5] = first[5].date()
    assert first == FIRST
    assert frame.iloc[2].isna().all()
    empty = graph.ask("SELECT ?a ?b { ?a ex:none ?b }")
    assert isinstance(empty, Solutions)
    assert list(empty.to_pandas().columns) == ["a", "b"]
    assert isinstance(frame, pandas.DataFrame)


@pytest.mark.parametrize(
    ("package", "method"),
    [("pyarrow", "to_arrow"), ("pandas", "to_pandas"), ("polars", "to_polars")],
)
def test_a_library_that_is_missing(
    package: str, method: str, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError) as caught:
        getattr(typed(graph), method)()
    assert caught.value.code == "missing-extra"
    assert caught.value.hint == f"Install it with: pip install {package}"


def test_a_question_from_a_graph_is_the_one_of_kg_query(graph: Graph, workspace: Path) -> None:
    by_name = graph.ask("since", {"since": date(2000, 1, 1)})
    (question,) = graph.questions()
    assert list(by_name) == list(graph.ask(question, {"since": date(2000, 1, 1)}))  # type: ignore[arg-type]
    assert list(graph.ask(workspace / "queries" / "since.rq")) == list(  # type: ignore[arg-type]
        kg.query("since", workspace=workspace)  # type: ignore[arg-type]
    )
