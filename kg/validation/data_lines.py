"""Find the lines of RDF files that validation results are about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from pathlib import Path as FilePath

from kg.errors import Location
from kg.lineage.asked import Trace, Wanted
from kg.rdf import quads_about, quads_with_lines
from kg.validation.paths import Predicate
from kg.validation.results import Result
from kg.workspace import show_path

# --- Find the lines of triples in RDF files that are validated without a workspace ----------------
# Each file is read again for many triples at once, and only their lines are kept. Blank nodes have
# other labels in the graph than in their file, so their lines are not found.


Row = tuple[str, str, str, int | None]


class LineTracer:
    """Finds the lines of triples, and of subjects, in RDF files.

    Args:
        files: The files, as given to `kg.rdf.spool_rdf`.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def trace(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the line of each triple or node.

        For a node (no predicate), it is the line on which its first triple as subject ends, or
        else its first triple as object.
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
        """Yield the traces found in a file, and remove them from `pending`."""
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
        quads = quads_with_lines(path) if as_objects else quads_about(path, nodes)
        for quad, line in quads:
            yield str(quad.subject), str(quad.predicate), str(quad.object), line


def _is(wanted: Wanted, predicate: str, object_: str, as_objects: bool) -> bool:
    return as_objects or (
        wanted.predicate in (None, predicate) and wanted.object in (None, object_)
    )


# Results held in memory to share one more reading of the files.
AT_ONCE = 20_000


class DataLines:
    """Finds the lines of each result: that of its triple, and that of the focus node.

    Args:
        files: The validated RDF files.
    """

    def __init__(self, files: Sequence[FilePath]) -> None:
        self._tracer = LineTracer(files)

    def locate(self, results: Sequence[Result]) -> list[Result]:
        """Return the results with their lines as origins.

        Raises:
            InputError: A file no longer exists.
        """
        asked = [wanted for result in results for wanted in _wanted(result)]
        places: dict[Wanted, Location] = {
            trace.wanted: trace.location for trace in self._tracer.trace(asked)
        }
        return [
            replace(
                result,
                origins=tuple(dict.fromkeys(places[w] for w in _wanted(result) if w in places)),
            )
            for result in results
        ]


def _wanted(result: Result) -> list[Wanted]:
    node = Wanted(result.focus_node)
    if result.value is None or not isinstance(result.path, Predicate):
        return [node]
    return [Wanted(result.focus_node, result.path.iri, result.value), node]
