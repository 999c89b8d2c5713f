"""The table where results are many: only those that it shows need places."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from kg.errors import Location
from kg.names import Namer
from kg.validation.formats import TableReport
from kg.validation.names import sh
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.validate import Options, _located

MADE = [
    Result(f"<n{n:02}>", None, None, shape, sh("InConstraintComponent"), sh("Violation"), ())
    for n in range(20)
    for shape in ("<few>", "<many>")
    if shape == "<many>" or n < 4
]


def traced(most: int | None) -> tuple[list[Result], int]:
    """Return results as they are led back, by turns to two files, and how many were asked for."""
    asked: list[Result] = []

    def locate(found: list[Result]) -> list[Result]:
        asked.extend(found)
        return [replace(r, origins=(Location(f"f{int(r.focus_node[2:4]) % 2}"),)) for r in found]

    options = Options(locate=locate, located=6, traced=most)  # type: ignore[arg-type]
    return list(_located(MADE, options)), len(asked)


def test_the_first_results_of_each_constraint_are_led_back() -> None:
    results, asked = traced(5)
    assert [replace(r, origins=()) for r in results] == MADE
    assert asked == 4 + 5 == sum(bool(r.origins) for r in results)
    assert [r.focus_node for r in results if r.origins and r.source_shape == "<many>"] == [
        f"<n{n:02}>" for n in range(5)
    ]
    assert traced(None)[1] == 24


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
