"""Logical views against a plain evaluator, on views and sources made at random.

Each row of a view is written as one text of some of its keys, and each of these with its natural
datatype; so what is compared are rows, and not only values.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Formulation,
    Function,
    JoinCondition,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.mapping.views import (
    ExpressionField,
    Field,
    IterableField,
    LogicalView,
    ViewJoin,
    view_keys,
)
from tests.mapping.running import EX, run_plan
from tests.mapping.view_evaluator import natural, view_rows

EXAMPLES = int(os.environ.get("KG_EXAMPLES", "15"))
WORDS = ["1", "2", "a", "b", "é 'x'"]
NOTHING = "∅"
Draw = Any


def scalar(draw: Draw) -> Any:
    return draw(st.sampled_from([*WORDS, 1, 2, 1.5, True, None]))


def listed(draw: Draw, make: Any, most: int = 2) -> list[Any]:
    return [make(draw) for _ in range(draw(st.integers(0, most)))]


def item(draw: Draw) -> Any:
    made: dict[str, Any] = {"t": scalar(draw), "n": scalar(draw)}
    if draw(st.booleans()):
        made["p"] = listed(draw, lambda d: {"q": scalar(d)})
    if draw(st.booleans()):
        made["tags"] = listed(draw, scalar)
    return made


def record(draw: Draw) -> Any:
    made: dict[str, Any] = {"id": draw(st.sampled_from(WORDS)), "v": scalar(draw)}
    if draw(st.booleans()):
        made["tags"] = listed(draw, scalar)
    if draw(st.booleans()):
        made["items"] = listed(draw, item)
    if draw(st.booleans()):
        made["one"] = {"t": scalar(draw)}
    if draw(st.booleans()):
        made["rows"] = "a,b\n" + "".join(f"{n},x{n}\n" for n in range(draw(st.integers(0, 2))))
    return made


def write(draw: Draw, folder: Path) -> None:
    """Write the sources: nested JSON with tables in it, and a table with JSON in it."""
    (folder / "r.json").write_text(json.dumps({"r": listed(draw, record, 3)}), encoding="utf-8")
    lines = ["id,label,doc"]
    for _ in range(draw(st.integers(0, 3))):
        doc = draw(st.sampled_from(["", json.dumps(listed(draw, item))]))
        quoted = doc.replace('"', '""')
        name, label = draw(st.sampled_from(WORDS)), draw(st.sampled_from([*WORDS, ""]))
        lines.append(f'{name},{label},"{quoted}"')
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def some(draw: Draw, fields: list[Field]) -> tuple[Field, ...]:
    return tuple(each for each in fields if draw(st.integers(0, 2))) or (fields[0],)


def value(name: str, path: str) -> ExpressionField:
    return ExpressionField(name, Reference(path))


def items(draw: Draw, name: str, iterator: str) -> IterableField:
    inner: list[Field] = [
        value("t", "$.t"),
        value("n", "n"),
        value("tag", "$.tags[*]"),
        ExpressionField("both", Template((Reference("$.t"), "-", Reference("$.n")))),
        IterableField("p", "$.p[*]", Formulation.JSON, (value("q", "$.q"),)),
    ]
    return IterableField(name, iterator, Formulation.JSON, some(draw, inner))


def json_view(draw: Draw, folder: Path) -> LogicalView:
    source = LogicalSource("r.json", Formulation.JSON, "$.r[*]", folder=str(folder))
    rows = IterableField("row", "", Formulation.CSV, (value("a", "a"), value("b", "b")))
    fields: list[Field] = [
        value("id", "$.id"),
        value("v", "v"),
        value("tag", "$.tags[*]"),
        items(draw, "item", "$.items[*]"),
        IterableField("one", "$.one", Formulation.JSON, (value("t", "t"),)),
        ExpressionField("rows", Reference("$.rows"), (rows,)),
        ExpressionField("it", Constant("k", TermType.LITERAL)),
    ]
    return LogicalView("j", source, (fields[0], *some(draw, fields[1:])))


def csv_view(draw: Draw, folder: Path) -> LogicalView:
    source = LogicalSource("t.csv", Formulation.CSV, folder=str(folder))
    docs = items(draw, "item", "$[*]")
    fields: list[Field] = [
        value("id", "id"),
        value("label", "label"),
        ExpressionField("doc", Reference("doc"), (docs,)),
    ]
    return LogicalView("c", source, (fields[0], *some(draw, fields[1:])))


def joined(draw: Draw, child: LogicalView, parent: LogicalView, prefix: str) -> LogicalView:
    keys = [key for key in view_keys(parent) if key != "doc"]
    names = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique=True))
    fields = tuple(
        ExpressionField(
            f"{prefix}{n}",
            draw(st.sampled_from([Reference(key), Template(("x", Reference(key)))])),
        )
        for n, key in enumerate(names)
    )
    own = draw(st.sampled_from([key for key in view_keys(child) if key in ("id", "v", "#")]))
    condition = JoinCondition(Reference(own), Reference(draw(st.sampled_from(["id", "#"]))))
    join = ViewJoin(parent, (condition,), fields, draw(st.booleans()))
    joins = sorted((*child.joins, join), key=lambda each: not each.is_inner)
    return LogicalView(child.name, child.on, child.fields, tuple(joins))


def over(draw: Draw, view: LogicalView) -> LogicalView:
    keys = draw(st.lists(st.sampled_from(view_keys(view)), min_size=1, max_size=3, unique=True))
    fields = (value("id", "id"), *(value(f"o{n}", key) for n, key in enumerate(keys)))
    return LogicalView("o", view, fields)


@st.composite
def views(draw: Draw, folder: Path) -> LogicalView:
    write(draw, folder)
    found = [json_view(draw, folder), csv_view(draw, folder)]
    if draw(st.booleans()):
        found.reverse()
    view = found[0]
    for number in range(draw(st.integers(0, 2))):
        parent = draw(st.sampled_from([found[1], over(draw, found[1]), found[0]]))
        view = joined(draw, view, parent, f"j{number}")
    return over(draw, view) if draw(st.integers(0, 3)) == 0 else view


def plan_of(view: LogicalView, keys: list[str], *, counted: bool) -> Plan:
    """Return a plan that writes each row as a text, and each value as it is."""
    parts: list[Expression] = []
    for key in keys:
        parts += [Constant("|", TermType.LITERAL)] if parts else []
        parts.append(Call(Function.COALESCE, (Reference(key), Constant(NOTHING, TermType.LITERAL))))
    row = parts[0] if len(parts) == 1 else Call(Function.CONCAT, tuple(parts))

    def pair(name: str, expression: Expression) -> PredicateObjectMap:
        predicate = TermMap(Constant(EX + name, TermType.IRI), TermType.IRI)
        return PredicateObjectMap((predicate,), (TermMap(expression, TermType.LITERAL),))

    subject = TermMap(Constant(EX + "s", TermType.IRI), TermType.IRI)
    if counted:
        subject = TermMap(None, TermType.BLANK_NODE)
    pairs = (pair("row", row), *(pair(f"k{n}", Reference(key)) for n, key in enumerate(keys)))
    return Plan((TriplesMap("m", view, subject, pairs),))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_rows_are_those_of_the_evaluator(folder, data):
    view = data.draw(views(folder))
    all_keys = st.sampled_from(view_keys(view))
    keys = data.draw(st.lists(all_keys, min_size=1, max_size=4, unique=True))
    counted = data.draw(st.booleans())
    expected = view_rows(view)
    quads = run_plan(plan_of(view, keys, counted=counted)).quads
    texts = {
        str(ox.Literal("|".join(NOTHING if row[k] is None else row[k].text for k in keys)))
        for row in expected
    }
    assert {o for _, p, o, _ in quads if p == f"<{EX}row>"} == texts
    for number, key in enumerate(keys):
        found = {o for _, p, o, _ in quads if p == f"<{EX}k{number}>"}
        assert found == {natural(row[key]) for row in expected if row[key] is not None}, key
    if counted:
        assert len({s for s, *_ in quads}) == len(expected)
