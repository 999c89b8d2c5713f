"""Limits that are kept without ending the process: the answer comes from a thread that waits.

An engine works in a thread of its own, which hands over rows in batches; the caller waits for them
no longer than it may, and then raises an error. The table engine is interrupted then. Oxigraph
cannot be: its thread ends at its next row, and so it does when nobody holds the answer any more. A
query of it that finds no row for long goes on until it does: a program that must have its processor
back runs such queries in processes that it can end, as ``kg query`` does.
"""

from __future__ import annotations

import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar, cast

from kg.errors import KgError
from kg.memory import resident
from kg.queries.engine import Answer, Row, Rows, Triple, Triples
from kg.queries.limits import Limits, memory_error, rows_error, time_error

_T = TypeVar("_T")
# Rows that are handed over together, batches that wait, and seconds between two looks.
_BATCH: Final = 200
_WAITING: Final = 4
_LOOK: Final = 0.02
# Looks in which an engine that is interrupted has come to an end: four seconds.
_TRIES: Final = 200


def limited(
    ask: Callable[[], Answer], limits: Limits, interrupt: Callable[[int], bool] = lambda _: False
) -> Answer:
    """Ask within limits; reading the answer keeps to them too.

    Args:
        ask: Asks the engine.
        limits: What the query may take. Time counts from here to the last row that is read.
        interrupt: Interrupts what a thread asks, if that can be interrupted.

    Raises:
        LimitError: A limit was reached; also while the answer is read.
    """
    if limits.seconds is None and limits.memory is None:
        return _counted(ask(), limits.rows)
    return _counted(_Worker(ask, limits, interrupt).answer(), limits.rows)


def _counted(answer: Answer, most: int | None) -> Answer:
    if most is None or isinstance(answer, bool):
        return answer
    if isinstance(answer, Rows):
        return Rows(answer.columns, at_most(answer, most))
    return Triples(at_most(answer, most))


def at_most(items: Iterable[_T], most: int | None) -> Iterator[_T]:
    """Yield items.

    Raises:
        LimitError: There are more than so many.
    """
    for number, item in enumerate(items):
        if number == most:
            raise rows_error(number)
        yield item


class _Worker:
    """An engine at work in a thread, and the side that waits for it.

    Args:
        ask: Asks the engine.
        limits: What the query may take.
        interrupt: Interrupts what a thread asks.
    """

    def __init__(
        self, ask: Callable[[], Answer], limits: Limits, interrupt: Callable[[int], bool]
    ) -> None:
        self._ask = ask
        self._interrupt = interrupt
        self._limits = limits
        self._deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        self._handed: queue.Queue[object] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="kg-query", daemon=True)

    def answer(self) -> Answer:
        """Return the answer, whose rows are waited for as they are read."""
        self._thread.start()
        first = self._next()
        if isinstance(first, bool):
            return first
        items = self._items()
        # A generator that has not begun runs no `finally` when it is given up.
        weakref.finalize(items, self._stopped.set).atexit = False
        if isinstance(first, tuple):  # the columns
            return Rows(first, cast(Iterator[Row], items))
        return Triples(cast(Iterator[Triple], items))

    def _items(self) -> Iterator[object]:
        try:
            while batch := self._next():
                assert isinstance(batch, list)
                yield from batch
        finally:
            self._stopped.set()

    def _next(self) -> object:
        """Return what is handed over next.

        Raises:
            LimitError: A limit was reached.
            Exception: What the engine raised.
        """
        while True:
            try:
                found = self._handed.get(timeout=_LOOK)
            except queue.Empty:
                self._check()
                if not self._thread.is_alive() and self._handed.empty():
                    raise RuntimeError(
                        "the thread of a query has ended without an answer"
                    ) from None
                continue
            if isinstance(found, Exception):
                raise found
            self._check()
            return found

    def _is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _check(self) -> None:
        error: KgError | None = None
        if self._is_over():
            error = time_error(self._limits.seconds or 0)
        elif self._limits.memory is not None and resident() > self._limits.memory:
            error = memory_error(self._limits.memory)
        if error is not None:
            self._stopped.set()
            threading.Thread(target=self._end, name="kg-query-end", daemon=True).start()
            raise error

    def _end(self) -> None:
        """Interrupt the engine, also where its thread only begins to ask."""
        for _ in range(_TRIES):
            if not self._thread.is_alive():
                return
            self._interrupt(self._thread.ident or 0)
            self._thread.join(_LOOK)

    # --- the thread -------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            answer = self._ask()
            if isinstance(answer, bool):
                self._hand(answer)
                return
            self._hand(answer.columns if isinstance(answer, Rows) else None)
            source = iter(answer)
            while batch := list(islice(source, _BATCH)):
                if not self._hand(batch):
                    return
            self._hand([])
        except KeyboardInterrupt:  # what an engine raises that was interrupted
            self._stopped.set()
        except Exception as error:  # noqa: BLE001  (the side that waits raises it)
            self._hand(error)

    def _hand(self, what: object) -> bool:
        """Hand something over; return false if nobody may have it any more."""
        while not (self._stopped.is_set() or self._is_over()):
            try:
                self._handed.put(what, timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False
