"""Prints the table of docs/stores.md after the tests."""

import re
from collections import Counter

import pytest

from tests.publish.stores.differences import DIFFERENCES
from tests.publish.stores.servers import STORES, version


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    equal: Counter[tuple[str, str, str]] = Counter()
    asked: Counter[tuple[str, str, str]] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            found = re.search(
                r"test_(counts|questions)_are_equal\[(\w+)-(\w+)-?(.*)\]", report.nodeid
            )
            if found and report.when == "call":
                what, store, way, name = found.groups()
                asked[store, way, what] += 1
                differs = name in DIFFERENCES[store]
                equal[store, way, what] += outcome == "passed" and not differs
    if not asked:
        return
    terminalreporter.write_line("")
    terminalreporter.write_line(
        "| store | bulk load: counts | push: counts | bulk load: questions | push: questions |"
    )
    terminalreporter.write_line("| --- | --- | --- | --- | --- |")
    keys = [(way, what) for what in ("counts", "questions") for way in ("bulk", "push")]
    for store in STORES:
        cells = [cell(equal[store, *key], asked[store, *key], key[1]) for key in keys]
        terminalreporter.write_line(f"| {version(store)} | {' | '.join(cells)} |")


def cell(equal: int, asked: int, what: str) -> str:
    if not asked:
        return "not tried"
    if what == "counts":
        return "equal" if equal == asked else "differ"
    return f"{equal} of {asked} equal"
