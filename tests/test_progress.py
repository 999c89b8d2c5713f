"""How far a long step is: shares, times, and the line of a terminal."""

from __future__ import annotations

import io
import sys
import threading
import time
from pathlib import Path

from kg import progress
from kg.cli.context import Settings
from kg.duck import engine
from kg.progress import Meter


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_share_and_time_left() -> None:
    clock = _Clock()
    meter = Meter(clock)
    meter.begin("map")
    assert meter.line() == "map…"
    clock.now = 5
    assert meter.line() == "map… 5 s"
    meter.part(1, 4)
    assert meter.line() == "map… 25%, about 15 s left"
    with meter.watching(lambda: 40.0), meter.watching(lambda: -1.0):
        assert meter.line() == "map… 35%, about 9 s left"
    clock.now = 600
    assert meter.line() == "map… 25%, about 30:00 min left"
    meter.begin("index")
    clock.now = 601
    assert meter.line() == "index… 1 s"
    meter.part(0, 2)
    assert meter.line() == "index… 0%"
    meter.part(3, 2)
    assert meter.share() == 1


def test_steps_that_are_parts_of_one_share_their_time() -> None:
    clock = _Clock()
    meter = Meter(clock)
    for number in range(4):
        meter.begin(f"shape {number + 1}")
        meter.part(number, 4, "shapes")
        clock.now += 10
    assert meter.line() == "shape 4… 75%, about 13 s left"
    meter.begin("index")
    assert meter.line() == "index…"


def test_statements_tell_how_far_they_are() -> None:
    seen: list[float | None] = []
    ended = threading.Event()
    meter = Meter()
    token = progress._current.set(meter)
    try:
        with engine() as connection:
            progress.part(0, 1)
            watcher = threading.Thread(target=_watch, args=(meter, seen, ended))
            watcher.start()
            connection.execute("SELECT max(hash(a.range)) FROM range(3_000_000) a").fetchall()
            ended.set()
            watcher.join()
        assert seen
        assert all(share is not None and 0 <= share <= 1 for share in seen)
        assert not meter._watched
        assert meter.share() == 0
    finally:
        progress._current.reset(token)


def _watch(meter: Meter, seen: list[float | None], ended: threading.Event) -> None:
    while not ended.wait(0.005):
        seen.append(meter.share())
    seen.append(meter.share())


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_is_drawn_on_terminals_alone(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("kg.progress._LONG", 0)
    monkeypatch.setattr("kg.progress._PAUSE", 0.001)
    for stream, quiet, drawn in (
        (_Terminal(), False, True),
        (_Terminal(), True, False),
        (io.StringIO(), False, False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        with Settings(Path(), quiet=quiet).status() as status:
            status("map")
            progress.part(1, 2)
            deadline = time.monotonic() + (10 if drawn else 0)
            while "map… 50%" not in stream.getvalue() and time.monotonic() < deadline:
                time.sleep(0.001)
        assert ("map… 50%" in stream.getvalue()) is drawn
        assert progress.current() is None
