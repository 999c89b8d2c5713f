"""Records and values that cannot be read: where a run goes on without them, they are written down.

As long as `skipping` lasts, readers leave such a record or value out, and note it here. Outside of
it they raise an error. What is noted goes straight to a file, so that a million take no memory.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Final, TextIO, TypeVar, cast

from kg.errors import Location, UsageError
from kg.files import replacing, writing
from kg.logins import without_values
from kg.paths import real_path, show_path
from kg.temporary import temporary_folder
from kg.wording import counted

HEADER: Final = ("file", "record", "line", "column", "value", "reason")
# Characters of a value, or of a record, that are written down.
LONGEST_VALUE: Final = 10_000
# What is kept in memory for a report of the run, and characters of such a value.
MOST_LISTED: Final = 1_000
LONGEST_LISTED: Final = 200

Item = TypeVar("Item")

# Takes the place of a record or value, its text, and why it was left out.
Note = Callable[[Location, str, str], None]


class Rejects:
    """What was left out so far.

    Args:
        out: Where to write it, as CSV; None: it is only counted.
        target: The file that this becomes.

    Attributes:
        records: Number of records that were left out.
        values: Number of values that were left out of records that were read.
        first: What was left out first, with its place; empty where nothing was.
        listed: The first that were left out, with place, value and reason.
    """

    def __init__(self, out: TextIO | None = None, target: Path | None = None) -> None:
        self.target = target
        self.records = 0
        self.values = 0
        self.first = ""
        self.listed: list[tuple[Location, str, str]] = []
        self._seen: set[Hashable] = set()
        self._copies: dict[Path, Path] = {}
        self._stack = ExitStack()
        self._folder: Path | None = None
        self._writer = None if out is None else csv.writer(out, lineterminator="\n")
        if self._writer is not None:
            self._writer.writerow(HEADER)

    @property
    def count(self) -> int:
        """Number of records and values that were left out."""
        return self.records + self.values

    @contextmanager
    def noting(self, *key: Hashable, of_records: bool = True) -> Iterator[Note]:
        """Give a function that notes what is left out in one pass over something.

        A file may be read more than once; what is noted in a pass with the key of an earlier one
        is not counted again.

        Args:
            key: What is read, and how.
            of_records: Whether whole records are left out, or single values.
        """
        if key in self._seen:
            yield lambda place, value, reason: None  # noqa: ARG005  (it was noted before)
            return

        def note(place: Location, value: str, reason: str) -> None:
            if of_records:
                self.records += 1
            else:
                self.values += 1
            if not self.first:
                self.first = f"{place}: {reason}"
            if len(self.listed) < MOST_LISTED:
                self.listed.append((place, value[:LONGEST_LISTED], reason))
            self._write(place, value, reason)

        yield note
        self._seen.add(key)

    def copy_of(self, path: Path, make: Callable[[Path], bool]) -> Path:
        """Return a file that is read in the stead of another, made once.

        Args:
            path: The file.
            make: Writes a copy of it without what is bad; returns False if nothing is.

        Raises:
            OSError: The copy cannot be written.
        """
        key = real_path(path)
        if key not in self._copies:
            if self._folder is None:
                self._folder = self._stack.enter_context(temporary_folder("good"))
            copy = self._folder / f"{len(self._copies)}"
            self._copies[key] = copy if make(copy) else path
        return self._copies[key]

    def close(self) -> None:
        """Remove the copies."""
        self._stack.close()

    def _write(self, place: Location, value: str, reason: str) -> None:
        if self._writer is None:
            return
        if len(value) > LONGEST_VALUE:
            value = value[:LONGEST_VALUE] + "…"
        with writing("the file of rejects"):
            self._writer.writerow(
                (without_values(place.file), place.record, place.line, place.column, value, reason)
            )


_current: ContextVar[Rejects | None] = ContextVar("rejects", default=None)


def current() -> Rejects | None:
    """Return where to note what is left out; None where it is an error."""
    return _current.get()


def check_target(others: Iterable[Path]) -> None:
    """Refuse to write what is left out over a file that is read, or written too.

    Args:
        others: These files.

    Raises:
        UsageError: It would be.
    """
    rejects = _current.get()
    if rejects is None or rejects.target is None:
        return
    own = real_path(rejects.target)
    if any(real_path(other) == own for other in others):
        raise UsageError(
            "same-target",
            f"{show_path(rejects.target)} is read, or written as something else too",
            hint="Give --rejects another name.",
        )


@contextmanager
def skipping(target: Path | None = None) -> Iterator[Rejects]:
    """Leave out what cannot be read, as long as the context lasts.

    Args:
        target: A CSV file to write it to, which is replaced at the end unless there was an error;
            None: it is only counted.

    Raises:
        WorldError: The file cannot be written.
    """
    with ExitStack() as stack:
        out = None
        if target is not None:
            part = stack.enter_context(replacing(target))
            # A byte that is not of the encoding is written as \\xE9.
            out = part.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            stack.enter_context(out)
        rejects = Rejects(out, target)
        token = _current.set(rejects)
        try:
            yield rejects
        finally:
            _current.reset(token)
            rejects.close()


@contextmanager
def stopping() -> Iterator[None]:
    """Let bad records be errors again, as long as the context lasts."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


_END: Final = object()


def skipping_in(found: Iterator[Item]) -> Iterator[Item]:
    """Yield from an iterator that leaves out what cannot be read, whatever its reader does.

    Args:
        found: An iterator that has not begun to read.
    """
    context, stack = copy_context(), ExitStack()
    context.run(stack.enter_context, skipping())
    try:
        while (item := context.run(next, found, _END)) is not _END:
            yield cast(Item, item)
    finally:
        context.run(stack.close)


def told(records: int, values: int) -> str:
    """Return how many records and values were left out, as messages say it.

    >>> told(2, 1), told(0, 3)
    ('2 records and 1 value', '3 values')
    """
    parts = [counted(n, noun) for n, noun in ((records, "record"), (values, "value")) if n]
    return " and ".join(parts)
