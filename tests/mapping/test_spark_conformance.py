"""The test cases of rml-core and rml-lv on Spark: what DuckDB gives, or refused by name before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from kg.engines.spark.refusals import check_plan, check_rules
from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.flatten import flatten
from kg.mapping.plan import Plan
from tests.mapping import spark_session
from tests.mapping.conformance import Case, needs_suite, read_cases
from tests.mapping.running import run_plan
from tests.mapping.spark_session import outcome, run_spark

CORE = read_cases("rml-core")
VIEWS = read_cases("rml-lv")
REASON = spark_session.missing() or (
    "" if os.environ.get("KG_LONG") else "takes minutes: python3 start.py test --long --spark"
)


def plan_of(case: Case, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Return the plan of a case that Spark takes; else raise what it is refused with."""
    monkeypatch.chdir(case.folder)
    plan = read_mappings([case.folder / "mapping.ttl"], {}, case.base)
    check_plan(plan)
    check_rules(flatten(plan, routed=True))
    return plan


def refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the code of the error that a case is refused with before a job starts; or nothing."""
    try:
        plan_of(case, monkeypatch)
    except InputError as error:
        return error.code
    return ""


@needs_suite
def test_how_many_are_run(monkeypatch):
    core = [refused(case, monkeypatch) for case in CORE.values()]
    views = [refused(case, monkeypatch) for case in VIEWS.values()]
    assert (core.count(""), core.count("not-on-spark"), len(core)) == (64, 0, 76)
    # The mapping itself is wrong in seven; two have values that are read as documents.
    assert (views.count(""), views.count("not-on-spark"), len(views)) == (19, 2, 28)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session.session() as made:
        yield made


@needs_suite
@pytest.mark.skipif(bool(REASON), reason=REASON)
@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("name", [*CORE, *VIEWS] or ["none"])
def test_case(name, monkeypatch):
    case = (CORE | VIEWS)[name]
    if refused(case, monkeypatch):
        return
    plan = plan_of(case, monkeypatch)
    expected, found = outcome(run_plan, plan), outcome(run_spark, plan)
    if isinstance(expected, InputError):
        assert isinstance(found, InputError)
        assert found.code == expected.code
        return
    assert not isinstance(found, InputError), found
    quads, made = found
    assert quads == expected.quads
    assert [c.losses for c in made.counts] == [c.losses for c in expected.made.counts]
