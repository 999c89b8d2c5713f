"""Read shapes and their constraints from the shapes graph.

Parameters are read as pySHACL does. If pySHACL would reject one while validating, the shape is
*unreadable* here, and all its focus nodes go to pySHACL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from kg.datatypes import INTEGER_RANGES
from kg.errors import InputError
from kg.terms import XSD
from kg.validation.model import (
    And,
    Class,
    Closed,
    Constraint,
    Custom,
    Datatype,
    HasValue,
    In,
    LanguageIn,
    MaxCount,
    MaxLength,
    MinCount,
    MinLength,
    Node,
    NodeKind,
    Not,
    Or,
    Pair,
    Pattern,
    Property,
    Qualified,
    Range,
    Shape,
    Sparql,
    Targets,
    UniqueLang,
    Xone,
)
from kg.validation.names import OWL_CLASS, RDF_TYPE, RDFS_CLASS, RDFS_SUBCLASS, sh
from kg.validation.paths import Path, Predicate
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, is_true, split_literal

# Datatypes of a count: all integer types but the negative ones.
_INTEGERS: Final = frozenset(
    datatype for datatype, (_, most) in INTEGER_RANGES.items() if most is None or most > 0
)


class UnreadableError(Exception):
    """pySHACL would reject a parameter; the text says which."""


_NODE_KINDS: Final = {
    sh("IRI"): frozenset("<"),
    sh("BlankNode"): frozenset("_"),
    sh("Literal"): frozenset('"'),
    sh("BlankNodeOrIRI"): frozenset("<_"),
    sh("BlankNodeOrLiteral"): frozenset('_"'),
    sh("IRIOrLiteral"): frozenset('<"'),
}
_SIGNS: Final = {
    "minExclusive": ">",
    "minInclusive": ">=",
    "maxExclusive": "<",
    "maxInclusive": "<=",
}


def read_model(shapes: ShapesGraph) -> dict[str, Shape]:
    """Return all shapes of a shapes graph, by node."""
    custom = _custom_components(shapes)
    return {node: _ShapeReader(shapes, node, custom).shape() for node in shapes.shapes}


class _ShapeReader:
    """Reads one shape."""

    def __init__(
        self, shapes: ShapesGraph, node: str, custom: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._shapes = shapes
        self._node = node
        self._custom = custom

    def shape(self) -> Shape:
        unreadable = None
        path: Path | None = None
        constraints: tuple[Constraint, ...] = ()
        try:
            path = self._path()
            constraints = tuple(self._constraints(path))
        except UnreadableError as error:
            unreadable = str(error)
        except InputError as error:
            unreadable = error.message
        return Shape(
            self._node, path, self._targets(), self._deactivated(), constraints, unreadable
        )

    def _targets(self) -> Targets:
        classes = list(self._values("targetClass"))
        if self._is_class():
            classes.append(self._node)
        return Targets(
            tuple(dict.fromkeys(classes)),
            tuple(self._values("targetNode")),
            tuple(self._values("targetSubjectsOf")),
            tuple(self._values("targetObjectsOf")),
        )

    def _is_class(self) -> bool:
        """Return whether the shape is also a class, and so its own target.

        Spec: https://www.w3.org/TR/shacl/#implicit-targetClass
        """
        kinds = {RDFS_CLASS, OWL_CLASS, *self._shapes.subjects(RDFS_SUBCLASS, RDFS_CLASS)}
        return any(kind in kinds for kind in self._shapes.objects(self._node, RDF_TYPE))

    def _deactivated(self) -> bool:
        return any(map(is_true, self._values("deactivated")))

    def _path(self) -> Path | None:
        found = self._shapes.objects(self._node, sh("path"))
        if len(found) > 1:
            raise UnreadableError("more than one sh:path")
        return self._shapes.path(found[0]) if found else None

    def _constraints(self, path: Path | None) -> Iterator[Constraint]:
        for value in self._values("deactivated"):
            if not is_literal(value) or split_literal(value).datatype != XSD + "boolean":
                raise UnreadableError("sh:deactivated is not a boolean")
        for name, main in _COMPANIONS.items():
            if self._values(name) and not self._values(main):
                raise UnreadableError(f"sh:{name} without sh:{main}")
        for name, read in _PARAMETERS.items():
            if self._values(name):
                yield from read(self, name, path)
        for component, mandatory in self._custom.items():
            if all(self._shapes.objects(self._node, parameter) for parameter in mandatory):
                yield Custom(component)

    def _values(self, name: str) -> tuple[str, ...]:
        return tuple(self._shapes.objects(self._node, sh(name)))

    def one(self, name: str) -> str:
        """Return the only value of a parameter."""
        values = self._values(name)
        if len(values) != 1:
            raise UnreadableError(f"sh:{name} does not have exactly one value")
        return values[0]

    def number(self, name: str, datatypes: frozenset[str] = _INTEGERS) -> int:
        """Return the only value of a parameter, a natural number."""
        value = self.one(name)
        if is_literal(value):
            parts = split_literal(value)
            if parts.datatype in datatypes and parts.lexical.isascii() and parts.lexical.isdigit():
                return int(parts.lexical)
        raise UnreadableError(f"sh:{name} is not a natural number")

    def classes(self, name: str, _: Path | None) -> Iterator[Constraint]:
        yield from map(Class, self._values(name))

    def datatype(self, name: str, _: Path | None) -> Iterator[Constraint]:
        yield Datatype(self.one(name).strip("<>"))

    def node_kind(self, name: str, _: Path | None) -> Iterator[Constraint]:
        yield NodeKind(_NODE_KINDS.get(self.one(name), frozenset()))

    def count(self, name: str, path: Path | None) -> Iterator[Constraint]:
        if path is None:
            raise UnreadableError(f"sh:{name} on a node shape")
        number = self.number(name, frozenset({XSD + "integer"}))
        yield MinCount(number) if name == "minCount" else MaxCount(number)

    def ranges(self, name: str, _: Path | None) -> Iterator[Constraint]:
        for value in self._values(name):
            if not is_literal(value):
                raise UnreadableError(f"sh:{name} is not a literal")
            yield Range(_SIGNS[name], value)

    def length(self, name: str, _: Path | None) -> Iterator[Constraint]:
        number = self.number(name)
        yield MinLength(number) if name == "minLength" else MaxLength(number)

    def patterns(self, name: str, _: Path | None) -> Iterator[Constraint]:
        flags = self._values("flags")
        if len(flags) > 1:
            raise UnreadableError("more than one sh:flags")
        given = split_literal(flags[0]).lexical.lower() if flags and is_literal(flags[0]) else ""
        for value in self._values(name):
            if not is_literal(value):
                raise UnreadableError("sh:pattern is not a literal")
            yield Pattern(split_literal(value).lexical, given)

    def languages(self, name: str, _: Path | None) -> Iterator[Constraint]:
        members = self._shapes.members(self.one(name))
        if not all(map(is_literal, members)):
            raise UnreadableError("sh:languageIn lists something other than strings")
        yield LanguageIn(tuple(split_literal(member).lexical.lower() for member in members))

    def unique_lang(self, name: str, path: Path | None) -> Iterator[Constraint]:
        value = self.one(name)
        if path is None or not is_literal(value):
            raise UnreadableError("sh:uniqueLang is not a boolean of a property shape")
        if split_literal(value).datatype != XSD + "boolean":
            raise UnreadableError("sh:uniqueLang is not a boolean")
        if is_true(value):
            yield UniqueLang()

    def pairs(self, name: str, path: Path | None) -> Iterator[Constraint]:
        for value in self._values(name):
            if not value.startswith("<") or (path is None and name.startswith("less")):
                raise UnreadableError(f"sh:{name} is not a property, or not on a property shape")
            yield Pair(name, value)

    def references(self, name: str, _: Path | None) -> Iterator[Constraint]:
        kind: Callable[[str], Constraint] = {"not": Not, "node": Node, "property": Property}[name]
        yield from map(kind, self._values(name))

    def lists(self, name: str, _: Path | None) -> Iterator[Constraint]:
        kind: Callable[[tuple[str, ...]], Constraint] = {"and": And, "or": Or, "xone": Xone}[name]
        for head in self._values(name):
            members = self._shapes.members(head)
            if not members:
                raise UnreadableError(f"sh:{name} has an empty list")
            yield kind(members)

    def qualified(self, name: str, path: Path | None) -> Iterator[Constraint]:
        if path is None:
            return  # ignored on a node shape, with a warning
        bounds = {}
        for bound in ("qualifiedMinCount", "qualifiedMaxCount"):
            if self._values(bound):
                bounds[bound] = self.number(bound)
        if not bounds:
            raise UnreadableError("sh:qualifiedValueShape without a count")
        disjoint = any(map(is_true, self._values("qualifiedValueShapesDisjoint")))
        for shape in self._values(name):
            siblings = tuple(self._siblings(shape)) if disjoint else ()
            for bound, number in bounds.items():
                least = bound == "qualifiedMinCount"
                yield Qualified(
                    shape, siblings, number if least else None, None if least else number
                )

    def _siblings(self, shape: str) -> Iterator[str]:
        """Yield the sibling shapes, whose values do not count.

        Spec: https://www.w3.org/TR/shacl/#dfn-sibling-shapes
        """
        for parent in self._shapes.subjects(sh("property"), self._node):
            for property_shape in self._shapes.objects(parent, sh("property")):
                for other in self._shapes.objects(property_shape, sh("qualifiedValueShape")):
                    if other != shape:
                        yield other

    def closed(self, name: str, _: Path | None) -> Iterator[Constraint]:
        value = self.one(name)
        if not is_literal(value):
            raise UnreadableError("sh:closed is not a boolean")
        if not is_true(value):
            return
        allowed: dict[str, None] = {}
        for head in self._values("ignoredProperties"):
            allowed.update(dict.fromkeys(self._shapes.members(head)))
        for shape in self._values("property"):
            path = self._shapes.path(self._shapes.value(shape, sh("path")) or '""')
            if isinstance(path, Predicate):
                allowed[path.iri] = None
        yield Closed(tuple(sorted(allowed)))

    def has_value(self, name: str, _: Path | None) -> Iterator[Constraint]:
        yield from map(HasValue, self._values(name))

    def members(self, name: str, _: Path | None) -> Iterator[Constraint]:
        yield In(self._shapes.members(self.one(name)))

    def sparql(self, name: str, _: Path | None) -> Iterator[Constraint]:
        for node in self._values(name):
            if not any(map(is_true, self._shapes.objects(node, sh("deactivated")))):
                yield Sparql(node)


# Parameters that need another one.
_COMPANIONS: Final = {
    "ignoredProperties": "closed",
    "qualifiedMinCount": "qualifiedValueShape",
    "qualifiedMaxCount": "qualifiedValueShape",
    "qualifiedValueShapesDisjoint": "qualifiedValueShape",
}
_Read = Callable[[_ShapeReader, str, Path | None], Iterator[Constraint]]
_PARAMETERS: Final[Mapping[str, _Read]] = {
    "class": _ShapeReader.classes,
    "datatype": _ShapeReader.datatype,
    "nodeKind": _ShapeReader.node_kind,
    "minCount": _ShapeReader.count,
    "maxCount": _ShapeReader.count,
    "minExclusive": _ShapeReader.ranges,
    "minInclusive": _ShapeReader.ranges,
    "maxExclusive": _ShapeReader.ranges,
    "maxInclusive": _ShapeReader.ranges,
    "minLength": _ShapeReader.length,
    "maxLength": _ShapeReader.length,
    "pattern": _ShapeReader.patterns,
    "languageIn": _ShapeReader.languages,
    "uniqueLang": _ShapeReader.unique_lang,
    "equals": _ShapeReader.pairs,
    "disjoint": _ShapeReader.pairs,
    "lessThan": _ShapeReader.pairs,
    "lessThanOrEquals": _ShapeReader.pairs,
    "not": _ShapeReader.references,
    "node": _ShapeReader.references,
    "property": _ShapeReader.references,
    "and": _ShapeReader.lists,
    "or": _ShapeReader.lists,
    "xone": _ShapeReader.lists,
    "qualifiedValueShape": _ShapeReader.qualified,
    "closed": _ShapeReader.closed,
    "hasValue": _ShapeReader.has_value,
    "in": _ShapeReader.members,
    "sparql": _ShapeReader.sparql,
}


def _custom_components(shapes: ShapesGraph) -> dict[str, tuple[str, ...]]:
    """Return the custom constraint components with their mandatory parameters.

    Spec: https://www.w3.org/TR/shacl/#sparql-constraint-components
    """
    kinds = {sh("ConstraintComponent"), *shapes.subjects(RDFS_SUBCLASS, sh("ConstraintComponent"))}
    found = {}
    for kind in sorted(kinds):
        for component in shapes.subjects(RDF_TYPE, kind):
            parameters = shapes.objects(component, sh("parameter"))
            found[component] = tuple(
                path
                for parameter in parameters
                if not is_true(shapes.value(parameter, sh("optional")) or '""')
                for path in shapes.objects(parameter, sh("path"))
            )
    return found
