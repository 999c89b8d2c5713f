"""The table of many results: only those that it shows are traced."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from kg.errors import Location
from kg.names import Namer
from kg.validation.formats import TableReport
from kg.validation.names import sh
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.validating import Options, located_results

MADE = [
    Result(f"<n{n:02}>", None, None, shape, sh("InConstraintComponent"), sh("Violation"), ())
    for n in range(20)
    for shape in ("<few>", "<many>")
    if shape == "<many>" or n < 4
]


def traced(most: int | None) -> tuple[list[Result], int]:
    """Return the traced results, alternating between two files, and how many were traced."""
    asked: list[Result] = []

    def locate(found: list[Result]) -> list[Result]:
        asked.extend(found)
        return [replace(r, origins=(Location(f"f{int(r.focus_node[2:4]) % 2}"),)) for r in found]

    options = Options(locate=locate, located=6, traced=most)  # type: ignore[arg-type]
    return list(located_results(MADE, options)), len(asked)


def test_the_first_results_of_each_constraint_are_traced() -> None:
    results, asked = traced(5)
    assert [replace(r, origins=()) for r in results] == MADE
    assert asked == 4 + 5 == sum(bool(r.origins) for r in results)
    assert [r.focus_node for r in results if r.origins and r.source_shape == "<many>"] == [
        f"<n{n:02}>" for n in range(5)
    ]
    assert traced(None)[1] == 24


def test_few_results_among_many_are_traced_together() -> None:
    """Of two constraints, one has only its first few results traced, the other has all."""
    calls: list[int] = []

    def locate(found: list[Result]) -> list[Result]:
        calls.append(len(found))
        return found

    many = [replace(MADE[1], focus_node=f"<m{n}>") for n in range(60)]
    mixed = [result for each in zip(many, [MADE[0]] * 60, strict=True) for result in each]
    rare = [replace(MADE[0], source_shape=f"<rare{n}>") for n in range(3)]
    given = [*many, rare[0], *many, rare[1], *mixed, rare[2]]
    options = Options(locate=locate, located=20, traced=5)  # type: ignore[arg-type]
    assert list(located_results(given, options)) == given
    assert calls == [6, 6, 1]


def test_results_without_places_are_counted_in_one_group() -> None:
    out = StringIO()
    table = TableReport(out, ShapesGraph({}), Namer({}), traced=5)
    for result in traced(5)[0]:
        table.add(result)
    table.close()
    heads = [line for line in out.getvalue().splitlines() if "×" in line]
    assert heads == [
        "20 × violation  <many>  (In)",
        "2 × violation  <few>  (In)",
        "2 × violation  <few>  (In)",
    ]
    assert "… and 17 more" in out.getvalue()
    assert out.getvalue().endswith("24 violations\n")
