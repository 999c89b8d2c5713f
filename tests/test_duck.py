"""The engine's memory limit."""

import threading
import time
from pathlib import Path

import pytest

from kg.duck import SMALLEST_LIMIT, engine, interruptible, reserve, reserved
from kg.sizes import parse_size

MIB = 2**20


def test_rows_go_in_by_one_statement():
    """DuckDB takes about a millisecond for a statement, and `executemany` one for each row."""
    root = Path(__file__).resolve().parents[1] / "kg"
    slow = [path.name for path in root.rglob("*.py") if ".executemany(" in path.read_text("utf-8")]
    assert slow == []


def limit(connection) -> int:
    (text,) = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    return parse_size(text)


def test_what_a_library_takes_is_reserved_once(tmp_path):
    with engine(tmp_path, "400MB") as connection:
        before = limit(connection)
        for _ in range(2):
            reserve(connection, "lxml", 32 * MIB)
            assert abs(before - 32 * MIB - limit(connection)) < MIB
        reserve(connection, "other", 16 * MIB)
        assert abs(before - 48 * MIB - limit(connection)) < MIB


def test_the_engine_keeps_what_it_needs(tmp_path):
    with engine(tmp_path, "200MB") as connection:
        reserve(connection, "lxml", 500 * MIB)
        assert abs(limit(connection) - SMALLEST_LIMIT) < MIB


def test_what_is_held_for_a_while_is_given_back(tmp_path):
    with engine(tmp_path, "400MB") as connection:
        before = limit(connection)
        with reserved(connection, 32 * MIB):
            assert abs(before - 32 * MIB - limit(connection)) < MIB
        assert abs(before - limit(connection)) < MIB


@pytest.mark.parametrize("delay", [0, 0.3])
def test_ctrl_c_while_the_query_is_being_started_ends_it(monkeypatch, delay):
    query = "SELECT count(*) FROM range(100000) a, range(100000) b WHERE a.range * b.range = 7"
    start = threading.Thread.start

    def interrupted(self):
        start(self)
        time.sleep(delay)
        raise KeyboardInterrupt

    with engine(threads=1) as connection:

        def act():
            time.sleep(0.1)  # so that a first interruption comes before the query
            connection.execute(query).fetchall()

        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            interruptible(connection, act)
        time.sleep(0.2)
        # The connection is free, as what closes it needs.
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
