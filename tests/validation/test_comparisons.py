"""Values compare as in SPARQL, in the sieve and in pySHACL, for every comparing component."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.quads import QuadTable
from kg.validation import Result, validate
from kg.validation.compare import compare
from kg.validation.judge import Judge, to_graph
from kg.validation.shapes import ShapesGraph
from tests.validation.comparisons import COMPONENTS, PAIRS, conforms

EX = "http://example.org/"
REVERSED = {"<": ">", ">": "<", "=": "=", "": ""}
ALL = (*PAIRS, *((b, a, REVERSED[order]) for a, b, order in PAIRS if a != b))
# A bound is a literal.
BOUNDED = {name for name in COMPONENTS if name.startswith("m")}


PAIRED = [name for name in COMPONENTS if name not in BOUNDED]
Case = tuple[str, str, str, str]


def shapes_text(negated: bool = False, every: bool = True) -> tuple[str, dict[str, Case]]:
    """Return shapes that ask of each pair, and the cases by the shapes' names with the nodes.

    Args:
        negated: Ask whether the comparison fails.
        every: Ask of each bound by all components; otherwise, in turn, by one.
    """
    text, cases = "", {}
    for component in PAIRED:
        inner = f"sh:path ex:p ; sh:{component} ex:q"
        asked = f"sh:not [ {inner} ]" if negated else f"sh:property [ {inner} ]"
        text += f"ex:{component} sh:targetSubjectsOf ex:p ; {asked} .\n"
        for number, (value, other, order) in enumerate(ALL):
            cases[f"{component} n{number}"] = (component, value, other, order)
    bounds = dict.fromkeys(o for _, o, _ in ALL if not o.startswith(("ex:", "_:")))
    for turn, bound in enumerate(bounds):
        for component in sorted(BOUNDED) if every else [sorted(BOUNDED)[turn % 4]]:
            inner = f"sh:{component} {bound}"
            asked = f"sh:not [ {inner} ]" if negated else inner
            nodes = [n for n, (_, other, _) in enumerate(ALL) if other == bound]
            shape = f"{component}{turn}"
            text += f"ex:{shape} sh:targetNode {', '.join(f'ex:n{n}' for n in nodes)} ;"
            text += f" sh:property [ sh:path ex:p ; {asked} ] .\n"
            cases |= {f"{shape} n{n}": (component, *ALL[n]) for n in nodes}
    return text, cases


def data_text() -> str:
    return "".join(
        f"ex:n{number} ex:p {value} ; ex:q {other} .\n"
        for number, (value, other, _) in enumerate(ALL)
    )


def told_wrongly(
    results: Iterable[Result], shapes: ShapesGraph, cases: dict[str, Case], negated: bool
) -> list[Case]:
    found = {
        f"{shapes.owner(r.source_shape)[1:-1]} {r.focus_node[1:-1]}".replace(EX, "")
        for r in results
    }
    return [
        case
        for name, case in cases.items()
        if (name not in found) is not (conforms(case[0], case[3]) is not negated)
    ]


@pytest.mark.parametrize("negated", [False, True])
def test_every_pair_compares_as_in_the_table(
    negated: bool,
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    read: Callable[[str], ShapesGraph],
) -> None:
    """One run over all pairs: no blank node and no incomparable value aborts it."""
    found: list[Result] = []
    text, cases = shapes_text(negated, every=False)
    shapes = read(text)
    validate(connection, table(data_text()), shapes, sinks=[found.append])
    assert told_wrongly(found, shapes, cases, negated) == []


def test_pyshacl_alone_agrees(
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    read: Callable[[str], ShapesGraph],
) -> None:
    rows = connection.execute(f"SELECT DISTINCT s, p, o FROM {table(data_text()).sql}").fetchall()
    text, cases = shapes_text()
    shapes = read(text)
    found = Judge(shapes).judge(to_graph(rows))
    assert told_wrongly(found, shapes, cases, negated=False) == []


def test_each_pair_that_fails_is_a_result(
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    shapes: Callable[[str], ShapesGraph],
) -> None:
    found: list[Result] = []
    validate(
        connection,
        table("ex:a ex:p 1, 5, _:b ; ex:q 3, 4 ."),
        shapes("ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:lessThan ex:q ] ."),
        sinks=[found.append],
    )
    values = Counter("blank" if (r.value or "")[:1] == "_" else r.value for r in found)
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    assert values == {f'"5"{integer}': 2, "blank": 2}


NUMBERS = st.integers(-(10**20), 10**20)
FORMS = st.sampled_from(["integer", "decimal", "double", "float"])


@given(NUMBERS, NUMBERS, FORMS, FORMS)
def test_swapped_terms_have_the_opposite_order(
    first: int, second: int, kind: str, other: str
) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    a, b = f'"{first}"^^<{xsd}{kind}>', f'"{second}"^^<{xsd}{other}>'
    order = compare(a, b)
    assert order is not None
    assert compare(b, a) == -order
    if {kind, other} <= {"integer", "decimal"}:
        assert order == (first > second) - (first < second)
