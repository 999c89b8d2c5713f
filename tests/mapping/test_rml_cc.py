"""The test cases of rml-cc: collections and containers.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

import pytest

from tests.mapping.conformance import check, needs_suite, read_cases

CASES = read_cases("rml-cc", base="http://example.com/base/")


@needs_suite
def test_every_case_is_there():
    assert len(CASES) == 24
    assert sum(case.fails for case in CASES.values()) == 0
    assert [name for name, case in CASES.items() if not case.folder.is_dir()] == []


@needs_suite
@pytest.mark.parametrize("name", CASES or ["none"])
def test_case(name, monkeypatch):
    check(CASES[name], monkeypatch)
