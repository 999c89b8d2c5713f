"""The test cases of rml-io about sources.

Spec: https://kg-construct.github.io/rml-io/spec/docs/
"""

from __future__ import annotations

import pytest

from kg.errors import KgError
from tests.mapping.conformance import check, needs_suite, read_cases

CASES = {name: case for name, case in read_cases("rml-io").items() if name.startswith("RMLSTC")}

XML = "XML is not read yet"
COMPRESSED = "this compression is not read yet"
# Cases that fail, and why. One that passes fails the test until it is taken out.
GAPS = {
    "RMLSTC0001b": "JSON is read in UTF-8 only",
    "RMLSTC0002c": COMPRESSED,
    "RMLSTC0002d": COMPRESSED,
    "RMLSTC0002e": COMPRESSED,
    "RMLSTC0003": "the source is a SPARQL endpoint",
    "RMLSTC0004a": "an empty field of a CSV file is no value unless the source names other nulls",
    "RMLSTC0006a": "the source is a database server",
    "RMLSTC0007c": XML,
    "RMLSTC0007d": XML,
    "RMLSTC0009a": "expects an error because the names in a header are quoted, as RFC 4180 allows",
    **{f"RMLSTC0012{letter}": XML for letter in "abcde"},
}


@needs_suite
def test_every_case_is_there():
    assert len(CASES) == 32
    assert sum(case.fails for case in CASES.values()) == 3
    assert [name for name, case in CASES.items() if not case.folder.is_dir()] == []
    assert set(GAPS) <= set(CASES)


@needs_suite
@pytest.mark.parametrize("name", [name for name in CASES if name not in GAPS] or ["none"])
def test_case(name, monkeypatch):
    check(CASES[name], monkeypatch)


@needs_suite
@pytest.mark.parametrize("name", GAPS)
def test_gap(name, monkeypatch):
    """A known gap: told by an error of kg, or by other triples, but by no crash."""
    try:
        check(CASES[name], monkeypatch)
    except (KgError, AssertionError, pytest.fail.Exception):
        pytest.skip(GAPS[name])
    pytest.fail(f"{name} passes: take it out of GAPS")
