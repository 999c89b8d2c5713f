"""Limits of time and memory that hold whatever the work does: one process works, one watches.

Some libraries hold Python's lock while they work, so no thread beside them can stop them. A
process can: `supervise` forks, the child goes on with the work, and the parent watches it. When a
limit is reached, the parent kills the child, removes the temporary files, says so, and leaves with
exit code 4. Signals to the parent are passed on, and the child's exit code becomes the parent's.

Only the ``kg`` command asks for it; a program that imports kg keeps its one process.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from kg.errors import ExitCode, KgError, LimitError
from kg.records import dataclass
from kg.temporary import new_folder, remove_folder

# The share of the memory limit at which the work is stopped. DuckDB keeps to the limit but for
# a few percent; what goes over it is something that DuckDB does not know of.
TOLERANCE: Final = 1.12
# Bytes a second that a process can take at most, and seconds between two looks at its memory.
_FASTEST: Final = 8 * 10**9
_SHORTEST: Final = 0.005
_LONGEST: Final = 0.1
# Seconds between two looks where another program is asked (systems without /proc).
_SLOW_LOOK: Final = 0.25
# Seconds that the work has to end after a signal, before it is killed.
_GRACE: Final = 5.0
# What the child is sent for a signal that the parent receives. A terminal sends its signals to
# both processes, so the child would learn of them twice.
_PASSED_ON: Final = {signal.SIGINT: signal.SIGUSR1, signal.SIGTERM: signal.SIGUSR2}
_CRASHES: Final = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may take.

    Attributes:
        seconds: Of wall-clock time; None for no limit.
        memory: Bytes of the process; None for no limit.
        advice: What to do where time is up, one sentence or two.
    """

    seconds: float | None = None
    memory: int | None = None
    advice: str = "Give more time with --timeout, or less to do."


class Ended(BaseException):
    """Raised in the watching process when the work has ended; carries its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


# Whether this process is the kg command, which may fork.
_allowed: list[bool] = []
# Whether this process has watched another.
_watched: list[bool] = []
# Where the child writes which files to remove if it is killed.
_notes: list[int] = []


def allow() -> None:
    """Say that this process is a command of its own, so that `supervise` may fork it."""
    _allowed.append(True)


def has_watched() -> bool:
    """Return whether this process has watched another, and has nothing else to do."""
    return bool(_watched)


def leftover(path: Path) -> None:
    """Have a file or folder removed if the process is killed at a limit.

    Args:
        path: What is half written; it may not be there yet.
    """
    _note(b"+", path)


def keep(path: Path) -> None:
    """Take back `leftover`: the file or folder is complete."""
    _note(b"-", path)


def _note(sign: bytes, path: Path) -> None:
    if _notes:
        with suppress(OSError):  # nobody watches any more
            os.write(_notes[-1], sign + os.fsencode(path.absolute()) + b"\0")


def supervise(limits: Limits) -> None:
    """Go on in a child process that this one watches; do nothing where that is not allowed.

    Returns in the child only.

    Args:
        limits: What the work may take.

    Raises:
        Ended: In the watching process: the work has ended.
    """
    if not _allowed or not hasattr(os, "fork"):
        return
    _allowed.clear()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()  # or both processes would write what it holds
    folder = new_folder("run")
    notes = os.pipe()
    with _signals() as received:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            os.close(notes[0])
            _notes.append(notes[1])
            _be_child(parent, folder)
            return
        os.close(notes[1])
        _watched.append(True)
        watch = _Watch(child, limits, folder, notes[0], received)
        try:
            code = watch.run()
        finally:
            os.close(notes[0])
    raise Ended(code)


# --- the child ------------------------------------------------------------------------------


def _be_child(parent: int, folder: Path) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in _PASSED_ON:
        signal.signal(number, _left_to_parent)
    signal.signal(signal.SIGUSR1, _interrupt)
    signal.signal(signal.SIGUSR2, _interrupt)
    end_with_parent(parent)
    # All temporary files are below one folder, so that the parent can remove them.
    import tempfile

    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent is gone; on Linux only.

    Args:
        parent: The parent's process id, to notice if it is gone already.
    """
    if sys.platform != "linux":
        return
    import ctypes

    set_death_signal = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
    ctypes.CDLL(None).prctl(set_death_signal, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGKILL)


def _left_to_parent(number: int, frame: FrameType | None) -> None:
    """Do nothing: the parent passes the signal on."""
    del number, frame


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


# --- the parent -----------------------------------------------------------------------------


@contextmanager
def _signals() -> Iterator[int]:
    """Have signals written to a pipe, whose other end is given; all is as before at the end."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    os.set_blocking(read_end, False)
    numbers = (*_PASSED_ON, signal.SIGCHLD)
    before = {number: signal.signal(number, _left_to_parent) for number in numbers}
    wakeup_before = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    watching = os.getpid()
    try:
        yield read_end
    finally:
        os.close(read_end)
        os.close(write_end)
        if os.getpid() == watching:
            signal.set_wakeup_fd(wakeup_before)
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass
class _Watch:
    """The watching process's side.

    Attributes:
        child: Process id of the work.
        limits: What it may take.
        folder: Its temporary files.
        notes: Where it tells what to remove if it is killed.
        received: Where this process's signals are read from.
    """

    child: int
    limits: Limits
    folder: Path
    notes: int
    received: int
    leftovers: dict[Path, None] = field(default_factory=dict)
    signalled: int = 0
    grace_ends: float | None = None
    _rest: bytes = b""
    _gone: bool = False

    def run(self) -> int:
        """Watch until the child has ended, and return the exit code."""
        started = time.monotonic()
        deadline = None if self.limits.seconds is None else started + self.limits.seconds
        memory = None
        if self.limits.memory is not None:
            memory = _Memory(self.child, int(self.limits.memory * TOLERANCE))
        sources = [self.notes, self.received]
        while True:
            ends = [end for end in (deadline, self.grace_ends) if end is not None]
            pause = max(0.0, min(ends) - time.monotonic()) if ends else None
            if memory is not None:
                pause = memory.pause if pause is None else min(pause, memory.pause)
            ready, _, _ = select.select(sources, [], [], pause)
            if self.notes in ready and not self._read_notes():
                sources.remove(self.notes)
            if self.received in ready:
                self._pass_on(os.read(self.received, 64))
            ended, status = os.waitpid(self.child, os.WNOHANG)
            if ended:
                return self._ended(os.waitstatus_to_exitcode(status))
            now = time.monotonic()
            if self.grace_ends is not None and now >= self.grace_ends:
                self._kill()
                return self._say_signal()
            if deadline is not None and now >= deadline and self.grace_ends is None:
                return self._stop(_time_error(self.limits.seconds or 0, self.limits.advice))
            if memory is not None and memory.exceeded():
                return self._stop(_memory_error(self.limits.memory or 0))

    def _read_notes(self) -> bool:
        """Read what the child tells; False if it tells no more."""
        read = os.read(self.notes, 65536)
        *complete, self._rest = (self._rest + read).split(b"\0")
        for note in complete:
            path = Path(os.fsdecode(note[1:]))
            if note[:1] == b"+":
                self.leftovers[path] = None
            else:
                self.leftovers.pop(path, None)
        return bool(read)

    def _pass_on(self, numbers: bytes) -> None:
        for number in numbers:
            if number not in _PASSED_ON:
                continue
            if self.signalled:  # the user insists
                self.grace_ends = time.monotonic()
                continue
            self.signalled = number
            self.grace_ends = time.monotonic() + _GRACE
            with suppress(ProcessLookupError):
                os.kill(self.child, _PASSED_ON[signal.Signals(number)])

    def _ended(self, code: int) -> int:
        if code >= 0:
            if not self.signalled or code != ExitCode.INTERRUPTED:
                remove_folder(self.folder)
                return code
            self._clean()  # the signal may have struck while the work removed what it had made
            return 128 + self.signalled
        self._clean()
        if self.signalled and -code in (signal.SIGUSR1, signal.SIGUSR2):
            return self._say_signal()  # before the child was ready for it
        if -code in _CRASHES:
            return _say(_crash_error(signal.Signals(-code)))
        if -code == signal.SIGKILL:
            _write("kg: killed from outside, perhaps by the system for lack of memory")
        return 128 - code

    def _stop(self, error: KgError) -> int:
        self._kill()
        return _say(error)

    def _kill(self) -> None:
        """Kill the child and what it has started, and remove what they leave behind."""
        # Stopped first, so that it starts no other process while its children are looked for.
        for kill in (signal.SIGSTOP, signal.SIGKILL):
            below = _descendants(self.child) if kill == signal.SIGKILL else []
            for process in (self.child, *below):
                with suppress(ProcessLookupError):
                    os.kill(process, kill)
        os.waitpid(self.child, 0)
        self._clean()

    def _clean(self) -> None:
        while not self._gone and select.select([self.notes], [], [], 0)[0]:
            self._gone = not self._read_notes()
        for path in self.leftovers:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()
        remove_folder(self.folder)

    def _say_signal(self) -> int:
        _write("kg: interrupted")
        return 128 + self.signalled


class _Memory:
    """The memory of a process, compared with a limit."""

    def __init__(self, process: int, limit: int) -> None:
        self._process = process
        self._limit = limit
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._file: int | None = None
        with suppress(OSError):
            self._file = os.open(f"/proc/{process}/statm", os.O_RDONLY)
        self.pause = _SHORTEST

    def exceeded(self) -> bool:
        """Look, choose when to look again, and tell whether the process takes too much."""
        held = self._resident()
        room = max(0, self._limit - held) / _FASTEST
        self.pause = min(_LONGEST, max(_SHORTEST, room))
        if self._file is None:
            self.pause = _SLOW_LOOK
        return held > self._limit

    def _resident(self) -> int:
        try:
            if self._file is not None:
                return int(os.pread(self._file, 256, 0).split()[1]) * self._page
            return _asked_of_ps(self._process)
        except (OSError, IndexError, ValueError):  # it has just ended
            return 0


def _asked_of_ps(process: int) -> int:
    """Return the resident bytes of a process as ps tells them, where there is no /proc."""
    import subprocess

    command = ["ps", "-o", "rss=", "-p", str(process)]
    return int(subprocess.run(command, capture_output=True, check=False).stdout) * 1024


def _descendants(process: int) -> list[int]:
    """Return the processes below one, as ps tells them."""
    import subprocess

    try:
        command = ["ps", "-A", "-o", "pid=,ppid="]
        told = subprocess.run(command, capture_output=True, check=False).stdout.split()
    except OSError:  # there is no ps
        return []
    pairs = list(zip(map(int, told[::2]), map(int, told[1::2]), strict=True))
    found, seen = [process], 0
    while seen < len(found):
        found += [pid for pid, parent in pairs if parent == found[seen]]
        seen += 1
    return found[1:]


def _time_error(seconds: float, advice: str) -> LimitError:
    return LimitError(
        "timeout",
        f"stopped after {seconds:g} s; no target was replaced",
        hint=advice,
    )


def _memory_error(memory: int) -> LimitError:
    return LimitError(
        "out-of-memory",
        f"stopped at {memory / 1e6:,.0f} MB of memory; no target was replaced",
        hint="Give more with --memory, or fewer --threads. See `kg help limits`.",
    )


def _crash_error(number: signal.Signals) -> LimitError:
    return LimitError(
        "crashed",
        f"a library crashed ({number.name}), as it does on input that is nested too deeply or"
        " asks for too much memory; no target was replaced",
        hint="Look for what is unusual in the input; if nothing is, report it as a fault of kg.",
    )


def _say(error: KgError) -> int:
    _write(error.report())
    return error.exit_code


def _write(text: str) -> None:
    # What a progress display has left on the line goes away.
    clear = "\r\x1b[K" if os.isatty(2) and os.environ.get("TERM") != "dumb" else ""
    with suppress(OSError):
        os.write(2, f"{clear}{text}\n".encode())
