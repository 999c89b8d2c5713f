"""The test cases of rml-lv, all of them.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

import pytest

from tests.mapping.conformance import check, needs_suite, read_cases

CASES = read_cases("rml-lv")


@needs_suite
def test_every_case_is_there():
    assert len(CASES) == 28
    assert sum(case.fails for case in CASES.values()) == 7
    assert [name for name, case in CASES.items() if not case.folder.is_dir()] == []


@needs_suite
@pytest.mark.parametrize("name", CASES or ["none"])
def test_case(name, monkeypatch):
    check(CASES[name], monkeypatch)
