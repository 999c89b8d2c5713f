"""Limits of time and memory of a query, and a clean end when the user interrupts it.

A watchdog thread waits beside the engine. The table engine is interrupted when a limit is reached,
and the error is raised where it was asked. Oxigraph can be neither interrupted nor limited, but it
lets other threads run: the watchdog removes unfinished files, says so, and ends the process.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from kg.errors import ExitCode, LimitError
from kg.memory import resident
from kg.queries.limits import Limits, memory_error, time_error
from kg.temporary import remove_held

# Seconds between two checks of the memory; a query can allocate some 100 MB in that time.
_LOOK: Final = 0.02
# Seconds in which an interrupted query has to end, before the process is ended. It takes some tens
# of milliseconds; this is for a machine that is busy.
_GRACE: Final = 5.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def _nothing(_thread: int) -> bool:
    return False


@dataclass
class Guard:
    """The handle by which a running query talks to the watchdog.

    Attributes:
        leftovers: Files and folders to remove if the work is stopped.
        interrupt: Interrupts what a thread asks; tells whether that can be interrupted.
        error: The limit at which it was interrupted.
    """

    leftovers: list[Path] = field(default_factory=list)
    interrupt: Callable[[int], bool] = field(default=_nothing)
    error: LimitError | None = None
    _thread: int = field(default_factory=threading.get_ident)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: bool = False

    def folder(self) -> Path:
        """Make a folder for temporary files, which is removed at the end."""
        from kg.temporary import new_folder

        made = new_folder("query")
        self.leftovers.append(made)
        return made

    def finish(self) -> None:
        """Note that the work is done: from now on nothing is stopped or removed."""
        with self._lock:
            self._done = True

    def halt(self, error: LimitError) -> None:
        """Interrupt the work at a limit, or end the process where it goes on."""
        self.error, until = error, time.monotonic() + _GRACE
        if self.interrupt(self._thread):
            while time.monotonic() < until and not self._done:
                time.sleep(_LOOK)
                self.interrupt(self._thread)
        self.stop(error.report(), ExitCode.LIMIT)

    def stop(self, text: str, code: int) -> None:
        """End the process unless the work is done."""
        with self._lock:
            if self._done:
                return
            remove(self.leftovers)
            remove_held()
            with suppress(OSError):
                os.write(2, f"{text}\n".encode())
            os._exit(code)


def remove(paths: list[Path]) -> None:
    """Remove files and folders that may not be there."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


@contextmanager
def guarded(limits: Limits) -> Iterator[Guard]:
    """Run the body under a watchdog, which ends the process when a limit is reached.

    SIGINT and SIGTERM end the process too, at once, also while Oxigraph works. The guard's
    `leftovers` are removed at the end, however the body ends.
    """
    guard = Guard()
    started = time.monotonic()
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with _signals_to(write_end):
        watch = threading.Thread(
            target=_watch, args=(guard, limits, started, read_end), name="kg-limits", daemon=True
        )
        watch.start()
        try:
            yield guard
        except KeyboardInterrupt:
            if guard.error is None:
                raise
            raise guard.error from None
        finally:
            guard.finish()
            os.write(write_end, b"\0")
            watch.join()
            os.close(read_end)
            os.close(write_end)
            # Who made the folder knows the guard: it would hold the engine for ever.
            guard.interrupt = _nothing
            remove(guard.leftovers)


def _watch(guard: Guard, limits: Limits, started: float, read_end: int) -> None:
    while True:
        left = None
        if limits.seconds is not None:
            left = max(0.0, started + limits.seconds - time.monotonic())
        pause = left if limits.memory is None else min(_LOOK, _LOOK if left is None else left)
        ready, _, _ = select.select([read_end], [], [], pause)
        if ready:
            number = os.read(read_end, 1)[0]
            if number == 0:
                return
            text = "kg: interrupted" if number == signal.SIGINT else "kg: ended from outside"
            code = ExitCode.INTERRUPTED if number == signal.SIGINT else 128 + number
            guard.stop(text, code)
        elif limits.seconds is not None and time.monotonic() >= started + limits.seconds:
            guard.halt(time_error(limits.seconds))
            return
        elif limits.memory is not None and resident() > limits.memory:
            guard.halt(memory_error(limits.memory))
            return


@contextmanager
def _signals_to(write_end: int) -> Iterator[None]:
    """Write signals to a pipe, so that a thread learns of them while Oxigraph works."""
    if threading.current_thread() is not threading.main_thread() or os.name == "nt":
        yield
        return

    def note(_number: int, _frame: FrameType | None) -> None:
        """Leave it to the watchdog, which reads the signal's number from the pipe."""

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    pipe_before = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(pipe_before)
        for number, handler in before.items():
            signal.signal(number, handler)
