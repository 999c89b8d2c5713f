"""The W3C test suite of SHACL, run through kg's validation.

KG_CONFORMANCE names its folder; without it the tests are skipped.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import duckdb
import pytest

from kg.errors import InputError
from kg.validation import Result, validate
from kg.validation.check import shape_errors
from kg.validation.loading import load_files
from kg.validation.shapes import read_shapes
from kg.validation.unsupported import unsupported
from tests.validation.w3c import Case, cases, facts_of, suite_folder

# Cases in the suite, and those that kg passes.
CASES = {"core": 98, "sparql": 23}
PASSED = {"core": 98, "sparql": 22}
# Cases that kg does not pass, and why.
NOT_PASSED = {
    "sparql/pre-binding/shapesGraph-001": (
        "pySHACL gives a query no access to the shapes graph ($shapesGraph)"
    ),
}
# Shapes that the SHACL of SHACL refuses, although the suite validates with them.
ILL_FORMED = {"core/path/path-strange-002": "a path that is both a sequence and an inverse"}


@cache
def suite() -> tuple[Case, ...]:
    folder = suite_folder()
    if folder is None:
        return ()
    assert folder.is_dir(), f"KG_CONFORMANCE names no test suite: {folder} is missing"
    return tuple(cases(folder))


def passes(case: Case, connection: duckdb.DuckDBPyConnection) -> bool:
    found: list[Result] = []
    try:
        shapes = read_shapes([case.shapes])
        if any(each.error.code == "unsupported-shacl" for each in unsupported(shapes)):
            return case.expected is None
        with load_files(connection, [case.data]) as table:
            validate(connection, table, shapes, sinks=[found.append])
    except InputError:
        return case.expected is None
    return facts_of(found) == case.expected


@pytest.mark.skipif(suite_folder() is None, reason="KG_CONFORMANCE is not set")
def test_all_cases_pass_but_the_known_ones(connection: duckdb.DuckDBPyConnection) -> None:
    collected = Counter(case.name.split("/")[0] for case in suite())
    assert collected == CASES
    failed = [case.name for case in suite() if not passes(case, connection)]
    assert set(failed) == set(NOT_PASSED)
    assert collected - Counter(name.split("/")[0] for name in failed) == PASSED


@pytest.mark.skipif(suite_folder() is None, reason="KG_CONFORMANCE is not set")
def test_the_shapes_of_the_suite_are_well_formed() -> None:
    refused = set()
    for case in suite():
        if any(shape_errors(read_shapes([case.shapes]))):
            refused.add(case.name)
    assert refused == set(ILL_FORMED)
