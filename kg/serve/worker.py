"""A worker: a process that answers one request after the other, from one build at a time.

It reads pickled requests from standard input and writes pickled replies to standard output, each
behind its length; both ends are of the same program. A request that takes too long is interrupted
where its engine can be, and the process goes on with what it holds. It ends when its parent has
gone, when a request goes on none the less, or when it takes too much memory.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import IO, Final, cast

from kg.errors import KgError
from kg.memory import resident, trim
from kg.queries.limits import time_error
from kg.serve.endpoint import answer, error_reply
from kg.serve.messages import Orders, Reply, Request, text_reply
from kg.serve.state import State
from kg.serve.views import page

LENGTH: Final = struct.Struct(">Q")
# Its first words: its time for requests does not count before.
READY: Final = Reply(100, "")
# Exit codes that tell the parent why.
TOO_LONG: Final = 76
TOO_LARGE: Final = 77
_LOOK: Final = 0.05
# Seconds in which an interrupted request has to end.
_GRACE: Final = 1.0


class Watch:
    """Stops requests at the limit of time; ends the process where that is not enough.

    It also ends the process at the limit of memory, and when nobody waits for its replies.

    Args:
        orders: The limits.
        interrupt: Interrupts what a thread asks; tells whether that can be interrupted.
    """

    def __init__(self, orders: Orders, interrupt: Callable[[int], bool]) -> None:
        self._orders = orders
        self._interrupt = interrupt
        self._thread = threading.get_ident()
        self._deadline: float | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._look, name="kg-limits", daemon=True).start()

    def begin(self) -> None:
        """Note that a request begins."""
        seconds = self._orders.seconds
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def end(self) -> None:
        """Note that it has been answered: what comes after it is not interrupted."""
        with self._lock:
            self._deadline = None

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK)
            memory = self._orders.memory
            if os.getppid() != self._orders.parent:
                os._exit(0)
            with self._lock:
                deadline, now = self._deadline, time.monotonic()
                if deadline is not None and now > deadline:
                    stops = self._interrupt(self._thread)
                    if now > deadline + (_GRACE if stops else 0):
                        os._exit(TOO_LONG)
            if memory is not None and resident() > memory:
                os._exit(TOO_LARGE)


def reply_of(state: State, request: Request) -> Reply:
    """Return the reply to a request for a page or to the endpoint.

    Raises:
        KgError: The request is wrong, or a limit was reached.
    """
    return page(state, request) if request.sparql is None else answer(state, request)


Answering = Callable[[State, Request], Reply]


class Worker:
    """Answers requests.

    Args:
        orders: What it was told.
        answering: What makes replies.
    """

    def __init__(self, orders: Orders, answering: Answering = reply_of) -> None:
        self._orders = orders
        self._answering = answering
        self._state: State | None = None

    def reply(self, request: Request) -> Reply:
        """Return the reply to a request; whatever goes wrong is a reply too."""
        try:
            return self._answering(self._open(request), request)
        except KgError as error:
            return error_reply(error)
        except KeyboardInterrupt:
            return error_reply(time_error(self._orders.seconds or 0))
        except RecursionError:
            return text_reply(400, "the request nests deeper than Python follows")
        except Exception:  # noqa: BLE001  (a fault of kg must not end the service)
            traceback.print_exc()
            return text_reply(500, "this is a fault of kg; the server's messages tell more")

    def interrupt(self, thread: int) -> bool:
        """Interrupt what a thread asks; see `kg.queries.engine.Engine.interrupt`."""
        return self._state is not None and self._state.interrupt(thread)

    def _open(self, request: Request) -> State:
        wanted = (request.build, request.questions)
        if self._state is None or (self._state.build.id, self._state.mark) != wanted:
            if self._state is not None:
                self._state.close()
                self._state = None
                trim()
            self._state = State(self._orders, *wanted)
        return self._state


def main(answering: Answering = reply_of) -> None:
    """Answer what comes over standard input until it ends.

    Args:
        answering: What makes replies.
    """
    source = sys.stdin.buffer
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no reply
    orders = cast(Orders, _read(source))
    worker = Worker(orders, answering)
    watch = Watch(orders, worker.interrupt)
    _write(out, READY)
    while (request := _read(source)) is not None:
        asked = cast(Request, request)
        if not asked.is_warming:
            watch.begin()
        reply = worker.reply(asked)
        watch.end()
        _write(out, reply)


def _write(out: IO[bytes], reply: Reply) -> None:
    data = pickle.dumps(reply)
    out.write(LENGTH.pack(len(data)) + data)
    out.flush()


def _read(source: IO[bytes]) -> object:
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return pickle.loads(source.read(LENGTH.unpack(head)[0]))  # the parent's own words


if __name__ == "__main__":
    main()
