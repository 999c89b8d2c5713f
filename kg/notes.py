"""What readers of RDF files have to tell beside statements, each once for a file.

A note is not an error: by its specification JSON-LD drops keys that no context explains, and reads
numbers as floating-point ones. Who asks for strictness gets an error instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kg.errors import InputError, Location


@dataclass(slots=True)
class Note:
    """Something that happened, once or often, in one file.

    Attributes:
        message: What happened; ``{count}`` stands for how often.
        example: What it happened to first; empty if that says nothing.
        place: Where it happened first.
        loses: Whether something of the file is not in the graph.
        count: How often it happened.
    """

    message: str
    example: str
    place: Location
    loses: bool
    count: int = 1

    def __str__(self) -> str:
        """Return place and message."""
        return f"{self.place}: {self.text}"

    @property
    def text(self) -> str:
        """The message with its count, and the example behind it."""
        shown = f" (first {self.example[:80]!r})" if self.example else ""
        return self.message.format(count=f"{self.count:,}") + shown


_heard: ContextVar[dict[tuple[str, str], Note] | None] = ContextVar("heard", default=None)
_strict: ContextVar[bool] = ContextVar("strict", default=False)


@contextmanager
def hearing() -> Iterator[dict[tuple[str, str], Note]]:
    """Give the notes of what is read while the context lasts, by file and message."""
    found: dict[tuple[str, str], Note] = {}
    token = _heard.set(found)
    try:
        yield found
    finally:
        _heard.reset(token)


def heard() -> tuple[Note, ...]:
    """Return the notes so far of the context of `hearing` around this; none outside of one."""
    return tuple((_heard.get() or {}).values())


def tell(notes: Iterable[Note]) -> None:
    """Tell notes of another reading once more."""
    heard = _heard.get()
    if heard is None:
        return
    for note in notes:
        key = note.place.file, note.message
        if key not in heard or heard[key].count < note.count:
            heard[key] = note


@contextmanager
def strictly(strict: bool) -> Iterator[None]:
    """Make errors of notes on what is lost, as long as the context lasts."""
    token = _strict.set(strict or _strict.get())
    try:
        yield
    finally:
        _strict.reset(token)


class Notes:
    """The notes of one reading of a file. Who reads it again tells no more of it."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], Note] = {}

    def add(self, message: str, place: Location, example: str = "", *, loses: bool) -> None:
        """Tell something about a file; what was told of it already is counted.

        Args:
            message: What happened; ``{count}`` stands for how often.
            place: Where it happened.
            example: What it happened to.
            loses: Whether something of the file is not in the graph.

        Raises:
            InputError: Something is lost, and strictness was asked for.
        """
        key = place.file, message
        known = self._own.get(key)
        if known is None:
            known = self._own[key] = Note(message, example, place, loses)
            if loses and _strict.get():
                raise InputError(
                    "lossy-json-ld",
                    known.text,
                    location=place,
                    hint="Mend the file, or leave --strict out.",
                )
        else:
            known.count += 1
        heard = _heard.get()
        if heard is not None and (key not in heard or heard[key].count < known.count):
            heard[key] = known
