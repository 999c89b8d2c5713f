"""The shapes graph, read from files; each node has its file and line.

Terms are text in the form of the quad table, so that SQL can compare them. Nothing is fetched:
``owl:imports`` is not followed.

Spec: https://www.w3.org/TR/shacl/#shapes-graph
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Final

from kg.errors import InputError, Location
from kg.rdf import Quad, open_rdf, quads_with_lines
from kg.validation import paths
from kg.validation.names import (
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    RDF_TYPE,
    RDFS_ENTAILMENT,
    sh,
)
from kg.validation.terms import is_literal
from kg.validation.vocabulary import unknown_name
from kg.workspace import show_path

Triple = tuple[str, str, str]

_WRAPPERS: Final = (
    (sh("zeroOrMorePath"), paths.ZeroOrMore),
    (sh("oneOrMorePath"), paths.OneOrMore),
    (sh("zeroOrOnePath"), paths.ZeroOrOne),
)
_PATH_LISTS: Final = (RDF_FIRST, sh("alternativePath"))
_TARGETS: Final = tuple(
    map(sh, ("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf"))
)
_SHAPE_VALUES: Final = tuple(map(sh, ("property", "node", "not", "qualifiedValueShape")))
_SHAPE_LISTS: Final = tuple(map(sh, ("and", "or", "xone")))
# pySHACL gives up at this depth.
DEEPEST_PATH: Final = 10
# Most steps of a property path: DuckDB rejects longer SQL, or takes too long.
LONGEST_PATH: Final = 200


@dataclass(frozen=True)
class ShapesGraph:
    """The triples of a shapes graph, by subject and predicate.

    Attributes:
        index: Subject to predicate to objects, in the order of the files.
        origins: The place of each subject's first triple.
        prefixes: Prefixes that the files declare.
        unknown: Unknown names in SHACL's namespace, and the place of the first use of each.
        places: The place of the first triple with a subject and predicate.
        mentions: The place of the first triple with an object, literals left aside.
        notes: Notes for the user, one sentence each.
    """

    index: Mapping[str, Mapping[str, Sequence[str]]]
    origins: Mapping[str, Location] = field(default_factory=dict, compare=False)
    prefixes: Mapping[str, str] = field(default_factory=dict, compare=False)
    unknown: Mapping[str, Location] = field(default_factory=dict, compare=False)
    places: Mapping[tuple[str, str], Location] = field(default_factory=dict, compare=False)
    mentions: Mapping[str, Location] = field(default_factory=dict, compare=False)
    notes: Sequence[str] = field(default=(), compare=False)

    def triples(self) -> Iterator[Triple]:
        """Yield every triple once."""
        for subject, predicates in self.index.items():
            for predicate, objects in predicates.items():
                for object_ in objects:
                    yield subject, predicate, object_

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """Return the objects of a subject and predicate."""
        return self.index.get(subject, {}).get(predicate, ())

    def value(self, subject: str, predicate: str) -> str | None:
        """Return the first object of a subject and predicate, or None."""
        return next(iter(self.objects(subject, predicate)), None)

    def subjects(self, predicate: str, object_: str | None = None) -> Iterator[str]:
        """Yield the subjects that have a predicate (with that object)."""
        yield from self._subjects.get((predicate, object_), ())

    @cached_property
    def _subjects(self) -> Mapping[tuple[str, str | None], Sequence[str]]:
        """The subjects by predicate, and by predicate and object, in file order."""
        found: dict[tuple[str, str | None], list[str]] = {}
        for subject, predicates in self.index.items():
            for predicate, objects in predicates.items():
                for object_ in (None, *objects) if objects else ():
                    found.setdefault((predicate, object_), []).append(subject)
        return found

    def without(self, drop: Callable[[str, str, str], bool]) -> ShapesGraph:
        """Return the shapes graph without the triples for which `drop` is true."""
        index = {
            subject: {
                predicate: kept
                for predicate, objects in predicates.items()
                if (kept := [o for o in objects if not drop(subject, predicate, o)])
            }
            for subject, predicates in self.index.items()
        }
        return replace(self, index=index)

    def members(self, head: str) -> tuple[str, ...]:
        """Return the members of an RDF list.

        Raises:
            InputError: The list is not well-formed.
        """
        members, node = [], head
        seen = set()
        while node != RDF_NIL:
            first, rest = self.value(node, RDF_FIRST), self.value(node, RDF_REST)
            if first is None or rest is None or node in seen:
                raise self.error(head, "the list is not well-formed")
            seen.add(node)
            members.append(first)
            node = rest
        return tuple(members)

    def error(self, node: str, message: str, hint: str | None = None) -> InputError:
        """Return an error at a node of the shapes graph."""
        return InputError(
            "bad-shapes",
            f"{self.describe(node)}: {message}",
            location=self.place(node),
            hint=hint or "See `kg help validate` for what a shape may say.",
        )

    def place(self, node: str, predicate: str = "") -> Location | None:
        """Return the place of a node's predicate, or else of the node, or else of its mention."""
        return (
            self.places.get((node, predicate)) or self.origins.get(node) or self.mentions.get(node)
        )

    def describe(self, node: str) -> str:
        """Return a name for a node in a message."""
        return "this shape" if node.startswith("_") else node

    @cached_property
    def _referrers(self) -> Mapping[str, str]:
        """Maps a blank node to the first subject that refers to it."""
        found: dict[str, str] = {}
        for subject, _, object_ in self.triples():
            if object_.startswith("_"):
                found.setdefault(object_, subject)
        return found

    def owner(self, node: str) -> str:
        """Return the node itself if it has a name, or else the nearest named one around it."""
        seen = {node}
        while node.startswith("_") and node in self._referrers:
            node = self._referrers[node]
            if node in seen:
                break
            seen.add(node)
        return node

    @property
    def wants_rdfs(self) -> bool:
        """Whether the shapes require RDFS entailment.

        Spec: https://www.w3.org/TR/shacl/#shacl-rdfs
        """
        return any(True for _ in self.subjects(sh("entailment"), RDFS_ENTAILMENT))

    @cached_property
    def shapes(self) -> tuple[str, ...]:
        """All shapes, sorted.

        Spec: https://www.w3.org/TR/shacl/#shapes
        """
        found = set(self.subjects(RDF_TYPE, sh("NodeShape")))
        found.update(self.subjects(RDF_TYPE, sh("PropertyShape")))
        for predicate in (*_TARGETS, sh("property"), sh("node")):
            found.update(self.subjects(predicate))
        for _, predicate, object_ in self.triples():
            if predicate in _SHAPE_VALUES:
                found.add(object_)
            elif predicate in _SHAPE_LISTS:
                found.update(self.members(object_))
        return tuple(sorted(found))

    def path(self, node: str, depth: int = 0) -> paths.Path:
        """Return the property path that a node describes.

        Raises:
            InputError: The path is not well-formed.

        Spec: https://www.w3.org/TR/shacl/#property-paths
        """
        if node.startswith("<"):
            return paths.Predicate(node)
        if is_literal(node):
            raise self.error(node, "a property path cannot be a literal")
        if depth >= DEEPEST_PATH:
            raise self.error(node, "the property path nests too deep or loops")
        if self.value(node, RDF_FIRST) is not None:
            return paths.Sequence(self._paths(node, depth))
        inverse = self.value(node, sh("inversePath"))
        if inverse is not None:
            return paths.Inverse(self.path(inverse, depth + 1))
        alternatives = self.value(node, sh("alternativePath"))
        if alternatives is not None:
            return paths.Alternative(self._paths(alternatives, depth))
        for predicate, kind in _WRAPPERS:
            inner = self.value(node, predicate)
            if inner is not None:
                return kind(self.path(inner, depth + 1))
        raise self.error(node, "the property path is not well-formed")

    def _paths(self, head: str, depth: int) -> tuple[paths.Path, ...]:
        members = self.members(head)
        if len(members) < 2:
            raise self.error(head, "a list of paths needs at least two members")
        return tuple(self.path(member, depth + 1) for member in members)


def path_fault(shapes: ShapesGraph, path: str) -> str | None:
    """Return why a property path is too large, or None."""
    level, size = [path], 0
    for _ in range(DEEPEST_PATH + 2):
        if not level:
            return None
        size += len(level)
        if size > LONGEST_PATH:
            return f"the property path has more than {LONGEST_PATH} steps"
        level = [other for node in level for other in _path_parts(shapes, node)]
    return f"the property path nests deeper than {DEEPEST_PATH}, or in a circle"


def _path_parts(shapes: ShapesGraph, node: str) -> Iterator[str]:
    """Yield the parts of a complex path."""
    for predicate in (*_PATH_LISTS, *(predicate for predicate, _ in _WRAPPERS), sh("inversePath")):
        for value in shapes.objects(node, predicate):
            heads = [node] if predicate == RDF_FIRST else [value]
            is_list = predicate in _PATH_LISTS
            found = [m for h in heads for m in list_members(shapes, h)] if is_list else [value]
            yield from found


def list_members(shapes: ShapesGraph, head: str) -> Iterator[str]:
    """Yield the members of an RDF list, up to where it is malformed."""
    seen: set[str] = set()
    while head not in seen and head != RDF_NIL:
        seen.add(head)
        yield from shapes.objects(head, RDF_FIRST)
        head = shapes.value(head, RDF_REST) or RDF_NIL


def read_shapes(files: Iterable[FilePath]) -> ShapesGraph:
    """Read the files of a shapes graph; their triples are merged.

    Raises:
        InputError: A file is missing or is not valid RDF.
        WorldError: Reading failed.
    """
    index: dict[str, dict[str, list[str]]] = {}
    origins: dict[str, Location] = {}
    prefixes: dict[str, str] = {}
    unknown: dict[str, Location] = {}
    places: dict[tuple[str, str], Location] = {}
    mentions: dict[str, Location] = {}
    for number, path in enumerate(files):
        label, shown = _labeller(number), show_path(path)
        for quad, line in _read(path, prefixes):
            subject, predicate, object_ = (
                label(quad.subject),
                str(quad.predicate),
                label(quad.object),
            )
            place = Location(shown, line)
            origins.setdefault(subject, place)
            places.setdefault((subject, predicate), place)
            if not is_literal(object_):
                mentions.setdefault(object_, place)
            for name in filter(None, map(unknown_name, (predicate, object_))):
                unknown.setdefault(name, place)
            objects = index.setdefault(subject, {}).setdefault(predicate, [])
            if object_ not in objects:
                objects.append(object_)
    return ShapesGraph(index, origins, prefixes, unknown, places, mentions)


def _labeller(number: int) -> Callable[[object], str]:
    # Blank nodes of different files stay distinct, and have the same label in every run.
    labels: dict[str, str] = {}

    def label(term: object) -> str:
        text = str(term)
        if text.startswith("_:") and " " not in text:  # not a triple term
            return labels.setdefault(text, f"_:shapes{number}n{len(labels)}")
        return text

    return label


def _read(path: FilePath, prefixes: dict[str, str]) -> Iterator[tuple[Quad, int | None]]:
    """Yield the quads of a file with their lines, and note the prefixes that it declares."""
    yield from quads_with_lines(path)
    with open_rdf(path) as parser:
        deque(parser, maxlen=0)
        prefixes.update(parser.prefixes)
