"""Work that goes on in a thread of its own while the caller does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Aside(Generic[Result]):
    """Work that is done beside other work, from now on.

    Args:
        work: Does it; in the end somebody waits for it.
        name: What the thread is called.
    """

    def __init__(self, work: Callable[[], Result], name: str) -> None:
        self._work = work
        self._outcome: list[Result] = []
        self._failure: list[BaseException] = []
        # Not Thread.join: once a signal breaks into that, it takes the thread for ended.
        self._ended = threading.Event()
        threading.Thread(target=self._run, name=name).start()

    def _run(self) -> None:
        try:
            self._outcome.append(self._work())
        except BaseException as error:  # noqa: BLE001  (raised again in the thread that waits)
            self._failure.append(error)
        finally:
            self._ended.set()

    def wait(self) -> Result:
        """Wait for the end, and return what the work gave.

        Raises:
            BaseException: What the work raised.
        """
        self._ended.wait()
        if self._failure:
            raise self._failure[0]
        return self._outcome[0]
