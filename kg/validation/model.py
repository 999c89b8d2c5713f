"""Dataclasses for shapes and their constraints.

Spec: https://www.w3.org/TR/shacl/#shapes
"""

from __future__ import annotations

from typing import Final

from kg.records import Family, dataclass
from kg.validation.names import sh
from kg.validation.paths import Path


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a shape.

    Spec: https://www.w3.org/TR/shacl/#targets
    """

    classes: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    subjects_of: tuple[str, ...] = ()
    objects_of: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is any target."""
        return any((self.classes, self.nodes, self.subjects_of, self.objects_of))


class Constraint(metaclass=Family):
    """One constraint of a shape."""


class Class(Constraint):
    """Each value is an instance of a class."""

    iri: str


class Datatype(Constraint):
    """Each value is a well-formed literal of a datatype (an IRI without brackets)."""

    iri: str


class NodeKind(Constraint):
    """Each value is of one of the kinds ``<``, ``_`` and ``"``, the first letters of terms."""

    starts: frozenset[str]


class MinCount(Constraint):
    """There are at least so many values."""

    least: int


class MaxCount(Constraint):
    """There are at most so many values."""

    most: int


class Range(Constraint):
    """``value sign literal`` holds for each value; `sign` is ``>``, ``>=``, ``<`` or ``<=``."""

    sign: str
    bound: str


class MinLength(Constraint):
    """The text of each value has at least so many characters."""

    least: int


class MaxLength(Constraint):
    """The text of each value has at most so many characters."""

    most: int


class Pattern(Constraint):
    """The text of each value matches a regular expression."""

    pattern: str
    flags: str


class LanguageIn(Constraint):
    """Each value has one of the languages, in lower case."""

    languages: tuple[str, ...]


class UniqueLang(Constraint):
    """No two values share a language."""


class Pair(Constraint):
    """The values relate to those of another property of the focus node.

    Attributes:
        kind: ``equals``, ``disjoint``, ``lessThan`` or ``lessThanOrEquals``.
        predicate: The other property.
    """

    kind: str
    predicate: str


class Not(Constraint):
    """No value conforms to a shape."""

    shape: str


class And(Constraint):
    """Each value conforms to every shape."""

    shapes: tuple[str, ...]


class Or(Constraint):
    """Each value conforms to at least one shape."""

    shapes: tuple[str, ...]


class Xone(Constraint):
    """Each value conforms to exactly one shape; a shape may be listed twice."""

    shapes: tuple[str, ...]


class Node(Constraint):
    """Each value conforms to a node shape."""

    shape: str


class Property(Constraint):
    """Each value is validated against a property shape; its results are reported."""

    shape: str


class Qualified(Constraint):
    """At least or at most so many values conform to a shape and to none of its siblings."""

    shape: str
    siblings: tuple[str, ...]
    least: int | None
    most: int | None


class Closed(Constraint):
    """Each value has only the listed properties."""

    allowed: tuple[str, ...]


class HasValue(Constraint):
    """A term is among the values."""

    term: str


class In(Constraint):
    """Each value is one of the terms."""

    terms: tuple[str, ...]


class Sparql(Constraint):
    """A query finds the violations; `node` is the value of ``sh:sparql``."""

    node: str


class Custom(Constraint):
    """A custom SPARQL-based constraint component."""

    iri: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape.

    Attributes:
        node: Its node in the shapes graph.
        path: The path to its values; None for a node shape, whose value is the focus node.
        targets: Its targets.
        deactivated: Whether it is deactivated.
        constraints: Its constraints.
        unreadable: Why it is left to pySHACL as a whole, or None.
    """

    node: str
    path: Path | None
    targets: Targets
    deactivated: bool
    constraints: tuple[Constraint, ...]
    unreadable: str | None = None


_SIGNS: Final = {
    ">": "minExclusive",
    ">=": "minInclusive",
    "<": "maxExclusive",
    "<=": "maxInclusive",
}


def parameter_of(constraint: Constraint) -> str:
    """Return the main parameter of a constraint's component, in SHACL's namespace.

    >>> parameter_of(MinCount(1)), parameter_of(Range("<", '"a"')), parameter_of(Pair("equals", ""))
    ('minCount', 'maxExclusive', 'equals')
    """
    match constraint:
        case Range(sign):
            return _SIGNS[sign]
        case Pair(kind):
            return kind
        case Qualified():
            return "qualifiedValueShape"
    name = type(constraint).__name__
    return name[0].lower() + name[1:]


def component_of(constraint: Constraint) -> str:
    """Return a constraint's component, such as ``sh:MinCountConstraintComponent``."""
    name = parameter_of(constraint)
    if isinstance(constraint, Qualified):
        name = "qualifiedMaxCount" if constraint.least is None else "qualifiedMinCount"
    return sh(f"{name[0].upper()}{name[1:]}ConstraintComponent")
