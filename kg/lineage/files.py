"""Trace triples to the lines of RDF files that entered the graph unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kg.errors import Location
from kg.lineage.asked import Trace, Wanted
from kg.rdf import quads_about
from kg.records import dataclass
from kg.workspace import show_path

# A triple, and the line that it ends on if the format has lines.
_Line = tuple[tuple[str, str, str], int | None]
# Triples of a file that are kept for the next question.
_KEPT: Final = 20_000


class FileTracer:
    """Traces triples of RDF files, by reading the files again.

    Args:
        files: The files.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._read: dict[Path, _Read] = {}

    def trace(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the lines behind triples, file by file."""
        by_subject: dict[str, list[Wanted]] = {}
        for wanted in asked:
            by_subject.setdefault(wanted.subject, []).append(wanted)
        for path in self._files:
            for (s, p, o), line in self._triples(path, frozenset(by_subject)):
                for wanted in by_subject.get(s, ()):
                    if wanted.predicate in (None, p) and wanted.object in (None, o):
                        yield Trace(wanted, Location(show_path(path), line), p, o, "")

    def _triples(self, path: Path, subjects: frozenset[str]) -> Iterator[_Line]:
        """Yield the triples of a file about subjects, and keep them for the next question."""
        known = self._read.pop(path, None)
        if known is not None and subjects <= known.subjects:
            self._read[path] = known
            yield from known.triples
            return
        kept: list[_Line] = []
        for quad, line in quads_about(path, subjects):
            found = (str(quad.subject), str(quad.predicate), str(quad.object)), line
            if len(kept) <= _KEPT:
                kept.append(found)
            yield found
        if len(kept) <= _KEPT:
            self._read[path] = _Read(subjects, kept)


@dataclass(frozen=True, slots=True)
class _Read:
    """The triples that a file has about some subjects, with their lines."""

    subjects: frozenset[str]
    triples: Sequence[_Line]
