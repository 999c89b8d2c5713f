"""How far a long step is: its share, and the time that is left, as a line for a terminal.

A step tells how many of its parts are behind it (`part`); how far the present one is, DuckDB tells
of its statement. Without a `Meter` in force nothing is noted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock, Thread
from typing import Final

# Gives the percentage of a running statement that is done; less than 0 if none is known.
Percentage = Callable[[], float]
# Seconds before a step counts as long, and between two looks at it.
_LONG: Final = 1.0
_PAUSE: Final = 0.5
# Shares, and seconds, below which nothing is foretold.
_LEAST_SHARE: Final = 0.03
_LEAST_SECONDS: Final = 2.0
_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


class Meter:
    """Knows the present step of a command.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._watched: list[Percentage] = []
        self._whole, self._whole_began = "", 0.0
        self.begin("")

    def begin(self, step: str) -> None:
        """Begin a step."""
        self._step, self._began, self._done, self._parts = step, self._clock(), 0.0, 0

    def part(self, done: float, parts: int, whole: str = "") -> None:
        """Say how many parts of the step are behind it, of how many that take about as long.

        Args:
            done: Parts that are behind it.
            parts: All parts.
            whole: What several steps are parts of, each of which was begun.
        """
        self._done, self._parts = done, parts
        if whole and whole == self._whole:
            self._began = self._whole_began
        else:
            self._whole, self._whole_began = whole, self._began

    @contextmanager
    def watching(self, percentage: Percentage) -> Iterator[None]:
        """Ask who runs statements, as long as the context lasts."""
        with self._lock:
            self._watched.append(percentage)
        try:
            yield
        finally:
            with self._lock:
                self._watched = [each for each in self._watched if each is not percentage]

    @property
    def seconds(self) -> float:
        """How long the step has taken."""
        return self._clock() - self._began

    def share(self) -> float | None:
        """Return how much of the step is done, from 0 to 1; None if that is not known."""
        if not self._parts:
            return None
        with self._lock:
            running = max((percentage() for percentage in self._watched), default=-1.0)
        return min(1.0, (self._done + max(0.0, running) / 100) / self._parts)

    def line(self) -> str:
        """Return the step with its share, and the time that is left."""
        share, seconds = self.share(), self.seconds
        if share is None:
            return f"{self._step}… {_shown(seconds)}" if seconds >= _LONG else f"{self._step}…"
        told = f"{self._step}… {share:.0%}"
        if share < _LEAST_SHARE or seconds < _LEAST_SECONDS:
            return told
        left = seconds * (1 - share) / share
        return f"{told}, about {_shown(left)} left" if left >= _LONG else told

    @contextmanager
    def shown(self, show: Callable[[str], None]) -> Iterator[None]:
        """Show the line anew every now and then once a step is long, as long as it lasts."""
        ended = Event()

        def look() -> None:
            while not ended.wait(_PAUSE):
                if self.seconds >= _LONG:
                    show(self.line())

        thread = Thread(target=look, name="progress", daemon=True)
        thread.start()
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            ended.set()
            thread.join()


def current() -> Meter | None:
    """Return the meter in force."""
    return _current.get()


def begin(step: str) -> None:
    """Tell the meter in force that another step of the command begins."""
    meter = _current.get()
    if meter is not None:
        meter.begin(step)


def part(done: float, parts: int, whole: str = "") -> None:
    """Tell the meter in force how many parts of the present step are behind it."""
    meter = _current.get()
    if meter is not None:
        meter.part(done, parts, whole)


def _shown(seconds: float) -> str:
    """Return a time as people say it.

    >>> _shown(3.4), _shown(75), _shown(7300)
    ('3 s', '1:15 min', '2:01 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60}:{whole % 60:02} min"
        if whole < 3600
        else (f"{whole // 3600}:{whole % 3600 // 60:02} h")
    )
