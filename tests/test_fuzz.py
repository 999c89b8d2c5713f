"""A few cases of the fuzzing, and all that ever failed.

``python -m tests.fuzzing SECONDS`` tries more; ``python3 start.py test --long`` does for an hour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import fuzz
from tests.fuzzing.__main__ import fuzz as fuzz_commands
from tests.fuzzing.cases import Case
from tests.fuzzing.samples import KINDS
from tests.fuzzing.server import Server

# Numbers that once failed, kept for good.
FAILED: dict[str, tuple[int, ...]] = {"parameter": (24, 105, 2603)}
# The same for the command, with what was wrong. A number makes the same case only as long as
# the samples and their damages stay as they are: what was mended has a test of its own, too.
FAILED_COMMANDS: dict[tuple[str, int], str] = {
    ("parquet", 100): "an error of DuckDB's without a class of its own was an internal error",
    ("xlsx", 110): "a workbook without sheets was an internal error",
    ("json", 10110): "UTF-16 without a byte order mark was an internal error",
    ("rdf.jsonld", 10017): "a file's prefix that stands for no IRI kept the file from being asked",
}
HOURS = float(os.environ.get("KG_FUZZ_HOURS", "0"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as made:
        yield made


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_some_numbers(name):
    for seed in (*range(20), *FAILED.get(name, ())):
        fuzz.run(name, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_on_a_damaged_file(server, kind):
    case = Case(kind, 1, server)
    case.run()
    assert case.runs


@pytest.mark.parametrize(("kind", "number"), FAILED_COMMANDS)
def test_what_once_failed(server, kind, number):
    Case(kind, number, server).run()


@pytest.mark.skipif(not HOURS, reason="takes as long as KG_FUZZ_HOURS says")
def test_the_command_for_hours():
    assert fuzz_commands(HOURS * 3600, list(KINDS), 1_000, None) == 0
