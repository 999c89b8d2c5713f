"""From triples to the lines of RDF files that are validated as they are.

Each file is read once more for a number of triples that are asked for together, and nothing of it
is kept but the lines of these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from kg.errors import Location
from kg.lineage.asked import Trace, Wanted
from kg.paths import open_file
from kg.rdf import quads_about, quads_with_lines
from kg.workspace import show_path

# Blank nodes of a file that are told apart; of a file with more, none is found again.
_MOST_BLANK: Final = 500_000

Row = tuple[str, str, str, int | None]


class LineTracer:
    """Finds the lines of triples, and of subjects, in RDF files.

    Args:
        files: The files, as they were given to `kg.rdf.spool_rdf`.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._digests: dict[Path, str] = {}

    def trace(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the first line of each triple or subject; for a subject that is none, as an object.

        Without a predicate, the line is that on which the first triple of the subject ends.
        """
        pending = dict.fromkeys(asked)
        for path in self._files:
            yield from self._in_file(path, pending, as_objects=False)
        alone = {wanted: None for wanted in pending if wanted.predicate is None}
        for path in self._files if alone else ():
            yield from self._in_file(path, alone, as_objects=True)

    def _in_file(
        self, path: Path, pending: dict[Wanted, None], as_objects: bool
    ) -> Iterator[Trace]:
        """Yield what is found in a file, and take it from what is pending."""
        by_node: dict[str, list[Wanted]] = {}
        for wanted in pending:
            by_node.setdefault(wanted.subject, []).append(wanted)
        for s, p, o, line in self._rows(path, by_node, as_objects):
            found = by_node.get(o if as_objects else s)
            if not found:
                continue
            for wanted in [each for each in found if _is(each, p, o, as_objects)]:
                found.remove(wanted)
                del pending[wanted]
                yield Trace(wanted, Location(show_path(path), line), p, o, "")
            if not found:
                del by_node[o if as_objects else s]
                if not by_node:
                    return

    def _rows(self, path: Path, nodes: Collection[str], as_objects: bool) -> Iterator[Row]:
        label = f"_:f{self._digest(path)}b" if any(n.startswith("_:f") for n in nodes) else None
        if label is not None and any(node.startswith(label) for node in nodes):
            yield from _labelled(path, label)
            return
        quads = quads_with_lines(path) if as_objects else quads_about(path, nodes)
        for quad, line in quads:
            yield str(quad.subject), str(quad.predicate), str(quad.object), line

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            with open_file(path) as source:
                self._digests[path] = hashlib.file_digest(source, "sha256").hexdigest()[:12]
        return self._digests[path]


def _is(wanted: Wanted, predicate: str, object_: str, as_objects: bool) -> bool:
    return as_objects or (
        wanted.predicate in (None, predicate) and wanted.object in (None, object_)
    )


def _labelled(path: Path, label: str) -> Iterator[Row]:
    """Yield the triples of a file with its blank nodes called as `kg.rdf.spool_rdf` calls them."""
    numbers: dict[str, str] = {}

    def named(term: object) -> str:
        text = str(term)
        return numbers.setdefault(text, f"{label}{len(numbers)}") if text[:2] == "_:" else text

    for quad, line in quads_with_lines(path):
        if len(numbers) > _MOST_BLANK:
            return
        s, o = named(quad.subject), named(quad.object)
        named(quad.graph_name)
        yield s, str(quad.predicate), o, line
