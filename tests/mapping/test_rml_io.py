"""The test cases of rml-io about sources.

Spec: https://kg-construct.github.io/rml-io/spec/docs/
"""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing

import pytest

from kg.errors import KgError
from tests.mapping.conformance import check, needs_suite, read_cases

CASES = {name: case for name, case in read_cases("rml-io").items() if name.startswith("RMLSTC")}

# Cases that fail, and why. One that passes fails the test until it is taken out.
GAPS = {
    "RMLSTC0003": "expects integers where the RDF file has plain texts, which a query keeps",
    "RMLSTC0009a": "expects an error because the names in a header are quoted, as RFC 4180 allows",
}


@pytest.fixture(autouse=True)
def friends(tmp_path, monkeypatch):
    """The database that RMLSTC0006a wants, by the variables that its mapping names."""
    path = tmp_path / "friends.db"
    if "RMLSTC0006a" in CASES:
        with (CASES["RMLSTC0006a"].folder / "Friends.csv").open(encoding="utf-8") as lines:
            rows = [tuple(row.values()) for row in csv.DictReader(lines)]
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE Friends (id INTEGER, name TEXT, age INTEGER)")
            database.executemany("INSERT INTO Friends VALUES (?, ?, ?)", rows)
    monkeypatch.setenv("CONNECTIONDSN", f"jdbc:sqlite:{path}")
    monkeypatch.setenv("USERNAME", "")
    monkeypatch.setenv("PASSWORD", "")


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
