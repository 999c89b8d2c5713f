"""The table engine within limits: it is interrupted, and the process goes on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import pytest

from kg.cli.output import opened
from kg.cli.watchdog import Guard, guarded
from kg.errors import LimitError
from kg.queries.engine import Answer
from kg.queries.limited import limited
from kg.queries.limits import Limits
from kg.queries.table.engine import Table
from kg.sparql.guard import guard
from kg.temporary import new_folder, new_part
from tests.query.tables import table_of

EX = "http://example.org/"
NODES = 1500
# Each would go on for hours.
RUNAWAY = {
    "cross": "SELECT (COUNT(*) AS ?n) { ?a ex:p ?b . ?c ex:p ?d . ?e ex:p ?f . ?g ex:p ?h }",
    "rows": "SELECT * { ?a ex:p ?b . ?c ex:p ?d . ?e ex:p ?f . ?g ex:p ?h }",
    "closure": "SELECT (COUNT(*) AS ?n) { ?a ex:p+ ?b . ?c ex:p+ ?d . ?e ex:p+ ?f }",
    "regex": "SELECT (COUNT(*) AS ?n) { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f"
    " FILTER(REGEX(CONCAT(?b, ?d, ?f), '^zz')) }",
    "concat": "SELECT (GROUP_CONCAT(CONCAT(?b, ?d, ?f)) AS ?n)"
    " { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f }",
    "order": "SELECT * { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f } ORDER BY DESC(?f) ?d ?b",
    "group": "SELECT ?b ?d ?f (COUNT(*) AS ?n) { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f }"
    " GROUP BY ?b ?d ?f",
    "distinct": "SELECT DISTINCT ?a ?c ?e { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f }",
    "minus": "SELECT (COUNT(*) AS ?n) { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f"
    " MINUS { ?a ex:q ?b } FILTER(STRLEN(?b) + STRLEN(?d) = STRLEN(?f) * 3) }",
    "sums": "SELECT (SUM(STRLEN(?b) * STRLEN(?d) - STRLEN(?f)) AS ?n)"
    " { ?a ex:n ?b . ?c ex:n ?d . ?e ex:n ?f }",
}
# All with `start.py test --long`.
WAYS = RUNAWAY if "KG_EXAMPLES" in os.environ else ("cross", "order", "concat")


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    lines = "".join(
        f'<{EX}{n}> <{EX}p> <{EX}{(n * 7 + 1) % NODES}> .\n<{EX}{n}> <{EX}n> "name {n}" .\n'
        for n in range(NODES)
    )
    with TemporaryDirectory() as folder:
        quads = ox.parse(lines, ox.RdfFormat.N_QUADS)
        yield table_of(quads, Path(folder) / "table")


def read(ask: Callable[[], Answer], table: Table) -> None:
    answer = limited(ask, Limits(seconds=0.2), table.interrupt)
    for _ in () if isinstance(answer, bool) else answer:
        pass


@pytest.mark.parametrize("name", WAYS)
def test_a_query_that_runs_away_is_interrupted(name: str, table: Table) -> None:
    query = guard(RUNAWAY[name], "a query", {"ex": EX})
    began = time.monotonic()
    with pytest.raises(LimitError, match="stopped after"):
        read(lambda: table.ask(query, {"ex": EX}), table)
    # A busy machine is no failure, and a query that goes on is one.
    while table._running and time.monotonic() - began < 60:
        time.sleep(0.01)
    assert not table._running
    assert table.count(p=f"<{EX}p>") == NODES


def test_the_watchdog_of_the_command_interrupts_and_ends_nothing(table: Table, tmp_path) -> None:
    query = guard(RUNAWAY["order"], "a query", {"ex": EX})
    with pytest.raises(LimitError, match="stopped after"):
        write(lambda: table.ask(query, {"ex": EX}), table, tmp_path / "o.csv")
    assert not list(tmp_path.iterdir())


def write(ask: Callable[[], Answer], table: Table, target: Path) -> None:
    with guarded(Limits(seconds=0.2)) as watch, opened(target, watch) as out:
        # Where nothing can be interrupted, it ends the process, which here is that of the tests.
        watch.interrupt = lambda thread: table.interrupt(thread) or True
        found = ask()
        assert not isinstance(found, bool)
        out.write(str(list(found)).encode())


class Ended(Exception):
    """The process would have ended."""


def test_nothing_temporary_is_left_where_the_process_is_ended(tmp_path, monkeypatch) -> None:
    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr("kg.cli.watchdog.os._exit", end)
    spill = new_folder("spill", tmp_path)
    part = new_part(tmp_path / "target.csv")
    (tmp_path / "kg-spill-0-other").mkdir()
    stopped = threading.Event()

    def write() -> None:  # as a thread of DuckDB does until the process is gone
        for number in range(200):
            with suppress(OSError):
                (spill / f"{number}.tmp").write_bytes(b"x")
        stopped.set()

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(Ended):
        Guard().stop("kg: ended", 4)
    stopped.wait()
    writer.join()
    assert not part.exists()
    assert not spill.exists()
    assert (tmp_path / "kg-spill-0-other").exists(), "that of another process"
