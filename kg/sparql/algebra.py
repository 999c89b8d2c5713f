"""The algebra of SPARQL queries: what a query means, apart from how it is written.

The operators are those of the specification, by its names. Terms are N-Triples text. Blank nodes
of a pattern are variables here, with names that no text can have: a solution does not show them.
Operators have two operands where the specification has two, so that many patterns beside each
other make a deep tree; `fold` goes through it without recursion.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from kg.records import Family
from kg.sparql.tree import Variable
from kg.sparql.words import Form

_T = TypeVar("_T")


class Part(metaclass=Family):
    """A part of a query in algebra."""


class Constant(Part):
    """An IRI or a literal, as N-Triples writes it."""

    term: str


class NewBlank(Part):
    """A blank node of a template: a new one for each solution."""

    label: str


class TripleTerm(Part):
    """A triple as a term; it may hold variables."""

    subject: Term
    predicate: Term
    object: Term


class Triple(NamedTuple):
    """A triple pattern, or a triple of a template."""

    subject: Term
    predicate: Term
    object: Term


# -- property paths ------------------------------------------------------------------------------


class Link(Part):
    """``link(iri)``: one property."""

    iri: str


class Inv(Part):
    """``inv(path)``: from the end to the start."""

    path: PathExpression


class Seq(Part):
    """``seq(path, path)``: one after the other; two or more."""

    paths: tuple[PathExpression, ...]


class Alt(Part):
    """``alt(path, path)``: any of them; two or more."""

    paths: tuple[PathExpression, ...]


class ZeroOrMorePath(Part):
    """Any number of times."""

    path: PathExpression


class OneOrMorePath(Part):
    """At least once."""

    path: PathExpression


class ZeroOrOnePath(Part):
    """Once, or not at all."""

    path: PathExpression


class NPS(Part):
    """A negated property set: any property but these."""

    iris: tuple[str, ...]


# -- expressions ---------------------------------------------------------------------------------


class Function(Part):
    """An operator or a function with its operands.

    Attributes:
        name: ``&&``, ``=``, ``+``, ``IN`` and so on, a name in capitals, or an IRI in ``< >``.
            A sign before one operand is ``+`` or ``-`` with one operand.
        operands: Two for operators but ``||`` and ``&&``, which have all of a chain.
    """

    name: str
    operands: tuple[Expression, ...]


class Exists(Part):
    """``exists(pattern)``."""

    pattern: Operator


# -- graph patterns ------------------------------------------------------------------------------


class BGP(Part):
    """A basic graph pattern; without triples it has one solution, the empty one."""

    triples: tuple[Triple, ...] = ()


class Path(Part):
    """A property path between two terms."""

    subject: Term
    path: PathExpression
    object: Term


class Join(Part):
    """``Join(left, right)``."""

    left: Operator
    right: Operator


class LeftJoin(Part):
    """``LeftJoin(left, right, condition)``."""

    left: Operator
    right: Operator
    condition: Expression


class Filter(Part):
    """``Filter(condition, pattern)``."""

    condition: Expression
    pattern: Operator


class Union(Part):
    """``Union(left, right)``."""

    left: Operator
    right: Operator


class Minus(Part):
    """``Minus(left, right)``."""

    left: Operator
    right: Operator


class Lateral(Part):
    """For each solution of `left`, those of `right` with its values put in: not in SPARQL."""

    left: Operator
    right: Operator


class Extend(Part):
    """``Extend(pattern, variable, expression)``."""

    pattern: Operator
    variable: Variable
    expression: Expression


class Graph(Part):
    """``Graph(name, pattern)``."""

    name: Term
    pattern: Operator


class Service(Part):
    """A pattern for another server, which kg asks nothing."""

    name: Term
    pattern: Operator
    silent: bool


class Values(Part):
    """Solutions that are given; None in a row is not a value."""

    variables: tuple[Variable, ...]
    rows: tuple[tuple[Constant | TripleTerm | None, ...], ...]


class ToMultiset(Part):
    """``ToMultiset(query)``: the solutions of a query within a group."""

    query: Operator


# -- grouping and solution modifiers -------------------------------------------------------------


class Group(Part):
    """``Group(keys, pattern)``: without keys all solutions are one group, even if there are none.

    Keys that are variables keep their values, where the specification samples them again.
    """

    keys: tuple[Expression, ...]
    pattern: Operator


class Aggregation(Part):
    """``Aggregation(expression, function, scalars, group)``, without its group.

    Attributes:
        function: ``COUNT`` and so on.
        expression: None for ``COUNT(*)``.
        distinct: Whether each value counts once.
        separator: Of ``GROUP_CONCAT``.
    """

    function: str
    expression: Expression | None
    distinct: bool = False
    separator: str = " "


class AggregateJoin(Part):
    """``AggregateJoin(aggregations)``: a solution for each group, with a variable for each."""

    aggregations: tuple[tuple[Variable, Aggregation], ...]
    group: Group


class OrderBy(Part):
    """``OrderBy(pattern, keys)``; each key with whether it descends."""

    pattern: Operator
    keys: tuple[tuple[Expression, bool], ...]


class Project(Part):
    """``Project(pattern, variables)``."""

    pattern: Operator
    variables: tuple[Variable, ...]


class Distinct(Part):
    """``Distinct(pattern)``."""

    pattern: Operator


class Reduced(Part):
    """``Reduced(pattern)``."""

    pattern: Operator


class Slice(Part):
    """``Slice(pattern, start, length)``; length is None if there is no limit."""

    pattern: Operator
    start: int
    length: int | None


class Query(Part):
    """A query in algebra.

    Attributes:
        form: The query form.
        pattern: What gives the solutions; None for a DESCRIBE without pattern.
        template: The triples of a CONSTRUCT.
        targets: What a DESCRIBE describes.
        default_graphs: IRIs of FROM, as N-Triples writes them.
        named_graphs: Those of FROM NAMED.
        base: What the function IRI resolves relative IRIs against.
    """

    form: Form
    pattern: Operator | None
    template: tuple[Triple, ...] = ()
    targets: tuple[Term, ...] = ()
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    base: str | None = None


Term: TypeAlias = Variable | Constant | NewBlank | TripleTerm
PathExpression: TypeAlias = (
    Link | Inv | Seq | Alt | ZeroOrMorePath | OneOrMorePath | ZeroOrOnePath | NPS
)
Expression: TypeAlias = Variable | Constant | TripleTerm | Function | Exists
Operator: TypeAlias = (
    BGP | Path | Join | LeftJoin | Filter | Union | Minus | Lateral | Extend | Graph | Service
    | Values | ToMultiset | Group | AggregateJoin | OrderBy | Project | Distinct | Reduced | Slice
)  # fmt: skip
UNIT: Final = BGP()
TRUE: Final = Constant('"true"^^<http://www.w3.org/2001/XMLSchema#boolean>')

OPERANDS: Final = ("left", "right", "pattern", "query", "group")


def operands(node: Operator) -> Iterator[Operator]:
    """Yield the operators that an operator works on; those in its expressions are none of them."""
    for each in fields(node):
        if each.name in OPERANDS:
            yield getattr(node, each.name)


def fold(node: Operator, combine: Callable[[Any, list[_T]], _T]) -> _T:
    """Return what comes of an operator, from the leaves up and without recursion.

    Args:
        node: The operator.
        combine: Returns what comes of an operator, given what came of each of its operands.
    """
    waiting: list[tuple[Operator, bool]] = [(node, False)]
    done: list[_T] = []
    while waiting:
        each, ready = waiting.pop()
        inner = list(operands(each))
        if ready or not inner:
            start = len(done) - len(inner)
            done[start:] = [combine(each, done[start:])]
        else:
            waiting.append((each, True))
            waiting += [(operand, False) for operand in reversed(inner)]
    return done[0]
