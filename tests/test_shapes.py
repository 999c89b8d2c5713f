"""Each shape of the shipped graph catches the slip that it is there for, and names the record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import SH, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from tests.graph_copy import ROOT, built_workspace, run_kg
from tests.shape_slips import MAPPING_SLIP, SLIPS, Slip, slipped_workspace

BASE = "https://w3id.org/ace-kg/id/"
SHAPES = "https://w3id.org/ace-kg/shapes#"


def report(workspace: Path) -> list[tuple[str, str, str]]:
    """Return focus node after the base, severity and message of each result, sorted."""
    text = run_kg(workspace, "validate", "--format", "turtle").stdout
    graph = Graph().parse(data=text, format="turtle")

    def value(result: Node, path: Node) -> str:
        return str(graph.value(result, path))

    return sorted(
        (
            value(result, SH.focusNode).removeprefix(BASE),
            value(result, SH.resultSeverity).rsplit("#", 1)[-1],
            value(result, SH.resultMessage),
        )
        for result in graph.objects(None, SH.result)  # not the details of another result
    )


EXPECTED_WARNINGS = [
    (
        "document/aims3",
        "Warning",
        "No day of publication: what the document forecasts is tested from 'not_before' on.",
    )
]


def test_the_shipped_graph_has_only_the_expected_warnings():
    assert report(built_workspace()) == EXPECTED_WARNINGS


def test_every_shape_has_a_slip():
    text = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "shapes").glob("*.ttl"))
    shapes = re.findall(r"^aces:(\w+) a sh:NodeShape", text, re.M)
    assert sorted(shapes) == sorted({slip.shape for slip in (*SLIPS, MAPPING_SLIP)})


def test_the_questions_that_verdicts_may_name_are_those_that_exist():
    graph = Graph().parse(ROOT / "shapes" / "korea.ttl")
    (listed,) = graph.objects(graph.value(URIRef(SHAPES + "TestQueryShape"), SH.property), SH["in"])
    names = {str(name) for name in Collection(graph, listed)}
    files = {path.stem for path in (ROOT / "queries").glob("*.rq")}
    assert names == {name for name in files if not name.startswith("check-")}


@pytest.fixture(scope="module")
def slipped() -> list[tuple[str, str, str]]:
    return report(slipped_workspace())


@pytest.mark.parametrize("slip", [*SLIPS, MAPPING_SLIP], ids=lambda slip: slip.shape)
def test_slip_is_named(slip: Slip, slipped: list[tuple[str, str, str]]):
    messages = [
        m for focus, severity, m in slipped if focus == slip.focus and severity == "Violation"
    ]
    expected = [s.message for s in (*SLIPS, MAPPING_SLIP) if s.focus == slip.focus]
    assert any(slip.message in message for message in messages)
    strangers = [
        m for m in messages if not any(part in m for part in (*expected, MAPPING_SLIP.message))
    ]
    assert strangers == [], "the slip trips its own shape only"


def test_nothing_else_is_found(slipped: list[tuple[str, str, str]]):
    focuses = {slip.focus for slip in (*SLIPS, MAPPING_SLIP)}
    sources = {focus for focus, _, _ in slipped if focus.startswith("source/")}
    extra = {
        focus
        for focus, severity, _ in slipped
        if severity == "Violation" and focus not in focuses | sources
    }
    assert extra == set(), [each for each in slipped if each[0] in extra]
