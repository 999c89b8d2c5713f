"""The content of a workspace's files, and the faults of those that cannot be read.

A bad file does not hide findings about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from kg.errors import InputError, single_errors
from kg.findings.model import Finding, of_error
from kg.findings.vocabulary import Vocabulary, read_vocabulary
from kg.mapping.documents import read_mappings
from kg.mapping.flatten import flatten
from kg.mapping.plan import Plan, RefObjectMap, TriplesMap
from kg.paths import show_path
from kg.validation.check import checked
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.workspace import Workspace

Read = TypeVar("Read")
_FOLDERS: Final = frozenset({"data", "ontology", "shapes"})


@dataclass(frozen=True)
class Material:
    """The readable files of a workspace.

    Attributes:
        plan: The valid mappings.
        vocabulary: The terms that the ontology declares.
        shapes: The shapes.
        faults: The faults of files and mappings that are left out.
        whole: The folders that were read completely: ``data`` for the mappings, ``ontology``,
            ``shapes``. Of the others, kg cannot say that something is missing.
    """

    plan: Plan
    vocabulary: Vocabulary
    shapes: ShapesGraph
    faults: tuple[Finding, ...] = ()
    whole: frozenset[str] = _FOLDERS


def read_material(
    workspace: Workspace, plan: Plan | None = None, shapes: ShapesGraph | None = None
) -> Material:
    """Read mappings, ontology and shapes of a workspace.

    Args:
        workspace: The workspace.
        plan: Its mappings as a build compiled them, which also checks the shapes. If None, both
            are checked here.
        shapes: Its shapes as a build has read them. If None, they are read here.

    Raises:
        InputError: The base of the workspace is not an IRI.
        WorldError: A file cannot be read.
    """
    faults: dict[str, list[Finding]] = {}
    base = workspace.base
    vocabulary, faults["ontology"] = _readable(
        workspace.ontology_files, lambda files: read_vocabulary(files, base)
    )
    if shapes is None:
        read, faults["shapes"] = _readable(workspace.shape_files, read_shapes)
    else:
        read = shapes
    misused: list[Finding] = []
    if plan is None:
        plan, faults["data"] = _mappings(workspace)
        misused = _misused(read)
    return Material(
        plan,
        vocabulary,
        read,
        (*(fault for found in faults.values() for fault in found), *misused),
        _FOLDERS - {name for name, found in faults.items() if found},
    )


def _misused(shapes: ShapesGraph) -> list[Finding]:
    """Return the faults of shapes in valid RDF, for which ``kg build`` refuses them."""
    try:
        checked(shapes)
    except InputError as error:
        return [of_error(each) for each in single_errors(error)]
    return []


def _readable(
    files: Sequence[Path], read: Callable[[Sequence[Path]], Read]
) -> tuple[Read, list[Finding]]:
    """Return what the files say that can be read, and the faults of the others."""
    try:
        return read(files), []
    except InputError:
        good, wrong = [], []
        for path in files:
            try:
                read([path])
            except InputError as error:
                wrong += [of_error(each, show_path(path)) for each in single_errors(error)]
            else:
                good.append(path)
        return read(good), wrong


def _mappings(workspace: Workspace) -> tuple[Plan, list[Finding]]:
    """Return the mappings that are valid by themselves, and the faults of the others."""
    errors: list[InputError] = []
    plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base, errors)
    plan, more = compiled(plan)
    errors += more
    unique = {error.report(): error for error in errors}
    return plan, [of_error(error) for error in unique.values()]


def compiled(plan: Plan) -> tuple[Plan, list[InputError]]:
    """Return the triples maps of a plan whose rules can be found, and the errors of the others."""
    try:
        flatten(plan)
    except InputError:
        return _apart(plan)
    return plan, []


def _apart(plan: Plan) -> tuple[Plan, list[InputError]]:
    by_name = {each.name: each for each in plan.triples_maps}
    kept, errors = [], []
    for triples_map in plan.triples_maps:
        try:
            flatten(replace(plan, triples_maps=tuple(_with_parents(triples_map, by_name))))
        except InputError as error:
            errors.append(error)
        else:
            kept.append(triples_map)
    return replace(plan, triples_maps=tuple(kept)), errors


def _with_parents(triples_map: TriplesMap, by_name: dict[str, TriplesMap]) -> Iterator[TriplesMap]:
    """Yield a triples map and those that it refers to, at any distance."""
    seen = {triples_map.name: triples_map}
    waiting = [triples_map]
    while waiting:
        each = waiting.pop()
        yield each
        for object_map in each.maps:
            if not isinstance(object_map, RefObjectMap):
                continue
            parent = by_name.get(object_map.parent)
            if parent is not None and parent.name not in seen:
                seen[parent.name] = parent
                waiting.append(parent)
