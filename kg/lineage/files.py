"""From triples back to the lines of RDF files that entered the graph unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import Location
from kg.lineage.asked import Trace, Wanted
from kg.rdf import quads_about
from kg.workspace import show_path

# Quads of a file that are kept for the next question.
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
            for quad, line in self._quads(path, frozenset(by_subject)):
                for wanted in by_subject.get(str(quad.subject), ()):
                    p, o = str(quad.predicate), str(quad.object)
                    if wanted.predicate in (None, p) and wanted.object in (None, o):
                        yield Trace(wanted, Location(show_path(path), line), p, o, "")

    def _quads(self, path: Path, subjects: frozenset[str]) -> Iterator[tuple[ox.Quad, int | None]]:
        """Yield the quads of a file about subjects, and keep them for the next question."""
        known = self._read.pop(path, None)
        if known is not None and subjects <= known.subjects:
            self._read[path] = known
            yield from known.quads
            return
        kept: list[tuple[ox.Quad, int | None]] = []
        for found in quads_about(path, subjects):
            if len(kept) <= _KEPT:
                kept.append(found)
            yield found
        if len(kept) <= _KEPT:
            self._read[path] = _Read(subjects, kept)


@dataclass(frozen=True, slots=True)
class _Read:
    """The quads that a file has about some subjects, with their lines."""

    subjects: frozenset[str]
    quads: Sequence[tuple[ox.Quad, int | None]]
