"""Property paths, which lead from a focus node to its value nodes.

Spec: https://www.w3.org/TR/shacl/#property-paths
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from kg.records import Family
from kg.validation.names import sh


class Step(metaclass=Family):
    """A property path, or a part of one."""


class Predicate(Step):
    """One predicate; `iri` is a term of the quad table."""

    iri: str


class Inverse(Step):
    """The path walked from its end to its start."""

    path: Path


class Sequence(Step):
    """One path after the other; at least two."""

    paths: tuple[Path, ...]


class Alternative(Step):
    """Any of the paths; at least two."""

    paths: tuple[Path, ...]


class ZeroOrMore(Step):
    """The path any number of times, the start itself included."""

    path: Path


class OneOrMore(Step):
    """The path at least once."""

    path: Path


class ZeroOrOne(Step):
    """The path once, or the start itself."""

    path: Path


Path = Predicate | Inverse | Sequence | Alternative | ZeroOrMore | OneOrMore | ZeroOrOne


def to_sparql(path: Path, name: Callable[[str], str] = str) -> str:
    """Return the path in the syntax of SPARQL.

    Args:
        path: The path.
        name: Writes an IRI, for instance as a prefixed name.

    >>> to_sparql(Sequence((Predicate("<a>"), ZeroOrMore(Inverse(Predicate("<b>"))))))
    '<a>/(^<b>)*'
    """
    if isinstance(path, Predicate):
        return name(path.iri)
    if isinstance(path, Inverse):
        return "^" + _inner(path.path, name, _Binding.REPEAT)
    if isinstance(path, Sequence):
        return "/".join(_inner(part, name, _Binding.INVERSE) for part in path.paths)
    if isinstance(path, Alternative):
        return "|".join(_inner(part, name, _Binding.SEQUENCE) for part in path.paths)
    sign = {ZeroOrMore: "*", OneOrMore: "+", ZeroOrOne: "?"}[type(path)]
    return _inner(path.path, name, _Binding.PREDICATE) + sign


class _Binding(IntEnum):
    """How tightly a path binds in SPARQL."""

    ALTERNATIVE = 0
    SEQUENCE = 1
    INVERSE = 2
    REPEAT = 3
    PREDICATE = 4

    @classmethod
    def of(cls, path: Path) -> _Binding:
        kinds = {
            Alternative: cls.ALTERNATIVE,
            Sequence: cls.SEQUENCE,
            Inverse: cls.INVERSE,
            Predicate: cls.PREDICATE,
        }
        return kinds.get(type(path), cls.REPEAT)


def _inner(path: Path, name: Callable[[str], str], least: _Binding) -> str:
    text = to_sparql(path, name)
    return text if _Binding.of(path) >= least else f"({text})"


def to_turtle(path: Path) -> str:
    """Return the path as the value of ``sh:path`` or ``sh:resultPath`` in Turtle.

    >>> to_turtle(Inverse(Predicate("<a>")))
    '[ <http://www.w3.org/ns/shacl#inversePath> <a> ]'
    """
    if isinstance(path, Predicate):
        return path.iri
    if isinstance(path, Sequence):
        return f"( {' '.join(map(to_turtle, path.paths))} )"
    if isinstance(path, Alternative):
        members = " ".join(map(to_turtle, path.paths))
        return f"[ {sh('alternativePath')} ( {members} ) ]"
    kind = {
        Inverse: "inversePath",
        ZeroOrMore: "zeroOrMorePath",
        OneOrMore: "oneOrMorePath",
        ZeroOrOne: "zeroOrOnePath",
    }[type(path)]
    return f"[ {sh(kind)} {to_turtle(path.path)} ]"
