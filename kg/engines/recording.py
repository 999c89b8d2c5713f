"""What a run read and made, recorded for a report of it; nothing is, and it costs nothing, without.

As long as `recording` lasts, engines note the sources that they read, and count the statements of
each triples map. What is noted grows with the mapping, not with the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from pathlib import Path

from kg.engines.loaded import LoadedTable
from kg.engines.outcome import MapCount
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """What a triples map made, before equal statements become one.

    Attributes:
        table: Name of the table of its records.
        subjects: Number of records that gave a subject.
        statements: Number of statements, by predicate in the form of `kg.terms`. Of very many
            predicates the rest are under an empty text.
    """

    table: str
    subjects: int
    statements: Mapping[str, int]


@dataclass(slots=True)
class Recording:
    """What is known of a run so far.

    Attributes:
        tables: The sources that were read.
        counts: The counts of each triples map that were made.
        made: What each triples map made, by its name.
        before: Is told which files the run reads and writes, before it does.
        target: The file that the recording becomes; None: none.
    """

    tables: list[LoadedTable] = field(default_factory=list)
    counts: list[MapCount] = field(default_factory=list)
    made: dict[str, Made] = field(default_factory=dict)
    before: Callable[[Iterable[Path]], None] | None = None
    target: Path | None = None

    def restart(self) -> None:
        """Forget what was noted: the run begins anew."""
        self.tables.clear()
        self.counts.clear()
        self.made.clear()


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


def current() -> Recording | None:
    """Return where to note what is read and made; None where nobody wants to know."""
    return _current.get()


@contextmanager
def recording() -> Iterator[Recording]:
    """Record what runs within the context do."""
    made = Recording()
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)
