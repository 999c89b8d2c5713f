"""Trace validation results to their source records: file, line, record and column.

The triple at fault is traced; for a missing triple, the record and the column that should have
given it. If neither is found, the records of the focus node are returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Final

import duckdb

from kg.errors import Location
from kg.lineage import Lineage, Wanted, workspace_lineage
from kg.mapping.plan import Plan
from kg.temporary import new_folder, remove_folder
from kg.validation import paths
from kg.validation.names import sh
from kg.validation.paths import Path
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.workspace import Workspace

# Most origins of a result.
_MOST: Final = 5
# Components that compare with another property, with their parameters.
_PAIRS: Final = {
    sh(f"{name[0].upper()}{name[1:]}ConstraintComponent"): sh(name)
    for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals")
}
_BRANCHING: Final = frozenset(
    sh(f"{name}ConstraintComponent") for name in ("And", "Or", "Xone", "Not", "Node")
)

Places = Mapping[Wanted, Sequence[Location]]


class Origins:
    """Traces results on a workspace's graph to its sources, as they are now.

    Args:
        connection: From `kg.duck.engine`; source tables are loaded into it when needed.
        workspace: The workspace.
        shapes: The shapes graph.
        spill: Folder for intermediate files, and for those that a build has made of the sources;
            by default a new temporary folder.
        plan: The workspace's mappings, if already read.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        workspace: Workspace,
        shapes: ShapesGraph,
        spill: FilePath | None = None,
        plan: Plan | None = None,
    ) -> None:
        self._connection = connection
        self._shapes = shapes
        self._workspace = workspace
        self._lineage: Lineage | None = None
        self._spill = spill
        self._plan = plan
        self._folder: FilePath | None = None

    def close(self) -> None:
        """Remove the temporary folder, if one was made."""
        if self._folder is not None:
            remove_folder(self._folder)

    @property
    def read(self) -> tuple[FilePath, ...]:
        """The source files read so far; what they hold is what origins depend on."""
        return () if self._lineage is None else self._lineage.read

    def locate(self, results: Sequence[Result]) -> list[Result]:
        """Return the results with their origins.

        Raises:
            InputError: A mapping, source or RDF file is missing or invalid.
        """
        near = {result: tuple(self._wanted(result)) for result in results}
        places = self._trace(
            wanted
            for result, found in near.items()
            for wanted in found or (Wanted(result.focus_node),)
        )
        lost = [r for r, found in near.items() if found and not any(map(places.get, found))]
        whole = places | self._trace(Wanted(result.focus_node) for result in lost)
        return [
            replace(result, origins=_origins(result, near[result], places, whole))
            for result in results
        ]

    def _trace(self, wanted: Iterable[Wanted]) -> dict[Wanted, list[Location]]:
        found: dict[Wanted, list[Location]] = {}
        for trace in self._open().trace(dict.fromkeys(wanted)):
            known = found.setdefault(trace.wanted, [])
            if trace.location not in known:
                known.append(trace.location)
        return found

    def _wanted(self, result: Result) -> Iterator[Wanted]:
        """Yield the triples that a result is about, as far as its path and shape determine them."""
        if result.path is None:
            for predicate in self._looked_at(result):
                yield Wanted(result.focus_node, predicate)
            return
        for predicate, inverse in _first_steps(result.path, inverse=False):
            if inverse:
                if result.value is not None:
                    yield Wanted(result.value, predicate, result.focus_node)
            elif result.value is not None and isinstance(result.path, paths.Predicate):
                yield Wanted(result.focus_node, predicate, result.value)
            else:
                yield Wanted(result.focus_node, predicate)
        for predicate in self._shapes.objects(
            result.source_shape, _PAIRS.get(result.component, "")
        ):
            yield Wanted(result.focus_node, predicate)

    def _looked_at(self, result: Result) -> Iterator[str]:
        """Yield the properties that the branches of a node shape refer to."""
        if result.component not in _BRANCHING:
            return
        pending, seen = [result.source_shape], {result.source_shape}
        for shape in pending:
            path = self._shapes.value(shape, sh("path"))
            if path is not None:
                steps = _first_steps(self._shapes.path(path), inverse=False)
                yield from (predicate for predicate, inverse in steps if not inverse)
                continue
            for other in self._inner(shape):
                if other not in seen:
                    seen.add(other)
                    pending.append(other)

    def _inner(self, shape: str) -> Iterator[str]:
        for parameter in ("property", "node", "not"):
            yield from self._shapes.objects(shape, sh(parameter))
        for parameter in ("and", "or", "xone"):
            for head in self._shapes.objects(shape, sh(parameter)):
                yield from self._shapes.members(head)

    def _open(self) -> Lineage:
        if self._lineage is None:
            if self._spill is None:
                self._folder = self._spill = new_folder("trace")
            self._lineage = workspace_lineage(
                self._connection, self._workspace, self._spill, self._plan
            )
        return self._lineage


def _first_steps(path: Path, inverse: bool) -> Iterator[tuple[str, bool]]:
    """Yield the predicates that a path may begin with, and whether each is inverted."""
    match path:
        case paths.Predicate(iri):
            yield iri, inverse
        case paths.Inverse(inner):
            yield from _first_steps(inner, not inverse)
        case paths.Sequence(parts):
            yield from _first_steps(parts[0], inverse)
        case paths.Alternative(parts):
            for part in parts:
                yield from _first_steps(part, inverse)
        case paths.ZeroOrMore(inner) | paths.OneOrMore(inner) | paths.ZeroOrOne(inner):
            yield from _first_steps(inner, inverse)


def _origins(
    result: Result, wanted: Sequence[Wanted], places: Places, whole: Places
) -> tuple[Location, ...]:
    found = dict.fromkeys(place for each in wanted for place in places.get(each, ()))
    if not found:
        records = whole.get(Wanted(result.focus_node), ())
        found = dict.fromkeys(replace(place, column=None) for place in records)
    return tuple(found)[:_MOST]
