"""Find the lines of RDF files that validation results are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from kg.errors import Location
from kg.lineage import Wanted
from kg.lineage.lines import LineTracer
from kg.validation.paths import Predicate
from kg.validation.results import Result

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
