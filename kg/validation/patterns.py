"""Collect the triple patterns and comparisons that every solution of a query satisfies.

These are the patterns of the outermost group and the comparisons in its filters. The predicates
that occur anywhere in the query are collected as well. A query with unsupported syntax gives None.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Final

from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.names import Names
from kg.sparql.walk import find, outermost
from kg.terms import XSD, is_iri, literal
from kg.validation.paths import Alternative, Inverse, Path, Predicate, Sequence

THIS: Final = "?this"
SIGNS: Final = frozenset({"<", "<=", ">", ">=", "=", "!="})
# Replaces literals in patterns: Oxigraph may hold them in another lexical form.
_SOME_LITERAL: Final = '""'
_BOOLEAN: Final = f"{XSD}boolean"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern or path pattern.

    Attributes:
        subject: A variable (``?name``), or a term.
        path: From the subject to the object; None if unknown.
        object: A variable, or a term; all literals are the same here.
    """

    subject: str
    path: Path | None
    object: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two variables or terms."""

    left: str
    sign: str
    right: str


@dataclass(slots=True)
class Patterns:
    """Patterns, comparisons and predicates of a query.

    Attributes:
        needed: Patterns that every solution matches.
        comparisons: Comparisons that hold in every solution.
        predicates: All predicates in the query, as terms.
        any_predicate: Whether the query may read triples with other predicates.
    """

    needed: list[Pattern] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    predicates: set[str] = field(default_factory=set)
    any_predicate: bool = False


def read_patterns(query: tree.Query) -> Patterns | None:
    """Return the patterns of a query, or None if it has unsupported syntax.

    Args:
        query: A query that has passed `kg.validation.sparql.prepare`.
    """
    try:
        return _PatternReader(query).read()
    except _UnreadError:
        return None


class _UnreadError(Exception):
    """The query has unsupported syntax."""


class _PatternReader:
    def __init__(self, query: tree.Query) -> None:
        self._query = query
        self._names = Names(query, {})
        self._found = Patterns()
        self._unnamed = 0

    def read(self) -> Patterns:
        body = self._query.body
        items = body.items or () if isinstance(body, tree.Select) else ()
        for outside in (*items, body.modifiers):
            if any(find(outside, tree.Exists)):
                raise _UnreadError
        self._group(body.where, needed=True)
        return self._found

    def _group(self, group: tree.Group | tree.Select | None, needed: bool) -> None:
        """Read a group.

        Args:
            group: The group; subqueries are not supported.
            needed: Whether every solution of the query must match the group.
        """
        if not isinstance(group, tree.Group):
            raise _UnreadError
        for each in group.elements:
            match each:
                case tree.Triples():
                    self._triples(each, needed)
                case tree.Group():
                    self._group(each, needed=False)
                case tree.Optional(inner):
                    self._group(inner, needed=False)
                case tree.Union(groups):
                    for alternative in groups:
                        self._group(alternative, needed=False)
                case tree.Filter(condition):
                    if needed:
                        self._found.comparisons += self._comparisons(condition)
                    self._inner_groups(condition)
                case tree.Bind(expression):
                    self._inner_groups(expression)
                case _:
                    raise _UnreadError

    def _inner_groups(self, expression: tree.Expression) -> None:
        for each in outermost(expression, tree.Exists):
            self._group(each.group, needed=False)

    def _comparisons(self, condition: tree.Expression) -> Iterator[Comparison]:
        """Yield the comparisons that hold if an expression does."""
        if not isinstance(condition, tree.Operation):
            return
        sign, right = condition.rest[0]
        if sign == "&&":
            for part in (condition.first, *(operand for _, operand in condition.rest)):
                yield from self._comparisons(part)
        elif sign in SIGNS:
            sides = self._operand(condition.first), self._operand(right)
            if sides[0] is not None and sides[1] is not None:
                yield Comparison(sides[0], sign, sides[1])

    def _operand(self, node: tree.Expression) -> str | None:
        """Return an operand that is a variable or term; else None."""
        if isinstance(node, tree.Variable):
            return f"?{node.name}"
        if isinstance(node, tree.Iri | tree.Name):
            return self._iri(node)
        if not isinstance(node, tree.Literal) or node.language is not None:
            return None
        datatype = None if node.datatype is None else self._iri(node.datatype)[1:-1]
        return None if datatype == _BOOLEAN else literal(node.lexical, datatype)

    def _triples(self, node: tree.Triples, needed: bool) -> None:
        subject = self._node(node.subject)
        if not node.properties:
            raise _UnreadError
        for said in node.properties:
            path = self._verb(said.verb)
            for each in said.objects:
                pattern = Pattern(subject, path, self._node(each))
                if needed:
                    self._found.needed.append(pattern)

    def _node(self, node: tree.GraphNode | tree.Annotated) -> str:
        match node:
            case tree.Variable(name):
                return f"?{name}"
            case tree.Blank(label):
                return f"?_:{label}"
            case tree.BlankNodePropertyList(()):
                self._unnamed += 1
                return f"?[{self._unnamed}]"
            case tree.Iri() | tree.Name():
                return self._iri(node)
            case tree.Literal():
                return _SOME_LITERAL
        raise _UnreadError

    def _verb(self, verb: tree.Verb) -> Path | None:
        if isinstance(verb, tree.Variable):
            self._found.any_predicate = True
            return None
        return self._path(verb)

    def _path(self, path: tree.Path) -> Path | None:
        """Return a path; None if it is repeated."""
        match path:
            case tree.PathSequence(parts):
                return self._parts(parts, Sequence)
            case tree.PathAlternative(parts):
                return self._parts(parts, Alternative)
            case tree.PathInverse(inner):
                found = self._path(inner)
                return None if found is None else _inverted(found)
            case tree.PathRepeat(inner):
                self._path(inner)
                return None
            case tree.Iri() | tree.Name():
                iri = self._iri(path)
                self._found.predicates.add(iri)
                return Predicate(iri)
        raise _UnreadError

    def _parts(
        self, parts: tuple[tree.Path, ...], whole: Callable[[tuple[Path, ...]], Path]
    ) -> Path | None:
        read = [self._path(each) for each in parts]
        told = tuple(each for each in read if each is not None)
        return whole(told) if len(told) == len(read) else None

    def _iri(self, node: tree.Iri | tree.Name) -> str:
        iri = self._names.iri(node)
        if iri is None or not is_iri(iri):
            raise _UnreadError
        return f"<{iri}>"


def _inverted(path: Path) -> Path:
    """Return the inverse of a path, with the inversions at its predicates.

    In SPARQL an inverted sequence reverses its order; in pySHACL and PathCompiler it does not.
    """
    match path:
        case Sequence(parts):
            return Sequence(tuple(_inverted(part) for part in reversed(parts)))
        case Alternative(parts):
            return Alternative(tuple(_inverted(part) for part in parts))
        case Inverse(inner):
            return inner
    return Inverse(path)
