"""The compiled SQL against the plain evaluator, on plans and sources made at random."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kg.engines.duckdb.run import STREAM_FROM
from kg.errors import InputError
from kg.mapping.plan import Plan
from kg.terms import RDF_TYPE
from tests.mapping.conformance import canonical
from tests.mapping.evaluator import Evaluation, evaluate
from tests.mapping.random_plans import plans
from tests.mapping.running import Quad, Run, run_plan

EXAMPLES = int(os.environ.get("KG_EXAMPLES", "30"))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def check(plan: Plan, expected: Evaluation, *, gathers: bool = False, **options: object) -> None:
    """Assert that a plan gives what is expected; that it is refused only where it must be."""
    try:
        run = run_plan(plan, **options)
    except InputError as caught:
        error = caught
    else:
        check_run(run, expected, gathers=gathers)
        return
    place = error.location
    if place is None or place.record is None:
        # The plan itself is refused, before any value is looked at.
        assert error.code == "bad-iri", error
        assume(False)
    assert error.code in ("bad-iri", "bad-language-tag"), error
    assert (Path(place.file).name, place.record) in expected.bad, error


def check_run(run: Run, expected: Evaluation, *, gathers: bool = False) -> None:
    assert not expected.needed, "a value that makes no term was passed over"
    if gathers:
        # How blank nodes inside of lists are called is not told.
        assert _canonical(run.quads) == _canonical(expected.quads)
    else:
        assert sorted(map(str, set(run.quads) ^ expected.quads)) == []
    check_order(run)
    for count in run.made.counts:
        assert count.records == expected.records[count.triples_map]
        lost = {loss.what: loss.records for loss in count.losses}
        assert lost.get("subject", 0) == expected.without_subject[count.triples_map]


def _canonical(quads: Iterable[Quad]) -> set[ox.Quad]:
    lines = [" ".join(term for term in quad if term) + " .\n" for quad in quads]
    return canonical("".join(lines).encode())


@contextmanager
def as_if_wide(wide: bool) -> Iterator[None]:
    """Do as for thousands of references and large files: in pieces, and few blocks told apart."""
    with ExitStack() as stack:
        if wide:
            for name, number in (
                ("kg.engines.duckdb.loading._width", lambda _: 2),
                ("kg.engines.duckdb.run.MOST_RULES_AT_ONCE", 0),
                ("kg.engines.duckdb.counting.MOST_COUNTS_AT_ONCE", 2),
                ("kg.engines.duckdb.batches.MOST_TOGETHER", 3),
                ("kg.engines.duckdb.order.MOST_BLOCKS", 1),
                ("kg.engines.duckdb.json_sql._SMALL", -1),
            ):
                stack.enter_context(patch(name, number))
        yield


def check_order(run: Run) -> None:
    """Assert the order of the quad table, and that no row stands twice."""
    keys = [
        (s.encode(), p != RDF_TYPE, p.encode(), o.encode(), (g or "").encode())
        for s, p, o, g in run.quads
    ]
    assert keys == sorted(set(keys))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_sql_means_what_the_plan_means(folder, data):
    plan = data.draw(plans(folder))
    # In one sort, or written block by block as it is for many records.
    stream_from, threads = data.draw(st.sampled_from([(STREAM_FROM, 1), (0, 2)]))
    with as_if_wide(data.draw(st.booleans())):
        check(plan, evaluate(plan), threads=threads, stream_from=stream_from)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_sql_gathers_what_the_plan_gathers(folder, data):
    plan = data.draw(plans(folder, gathers=True))
    stream_from, threads = data.draw(st.sampled_from([(STREAM_FROM, 1), (0, 2)]))
    with as_if_wide(data.draw(st.booleans())):
        check(plan, evaluate(plan), gathers=True, threads=threads, stream_from=stream_from)
