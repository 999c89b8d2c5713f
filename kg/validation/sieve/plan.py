"""What the compiler of shapes works with and gives: sides, steps, places of queries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kg.validation.model import Constraint, Shape
from kg.validation.sieve.values import Test


class Side(Enum):
    """Which side of the truth a query is on."""

    MAYBE = "maybe"
    SURELY = "surely"

    @property
    def other(self) -> Side:
        """The side that a negation asks for."""
        return Side.SURELY if self is Side.MAYBE else Side.MAYBE

    def of(self, test: Test) -> str:
        """Return a test's condition on this side."""
        return test.maybe_bad if self is Side.MAYBE else test.surely_bad


class NotCompilableError(Exception):
    """A shape has something that SQL cannot tell; the text says what."""


class NeedsQueryError(NotCompilableError):
    """Whether a node conforms hangs on a SPARQL query."""


@dataclass(frozen=True, slots=True)
class Step:
    """A temporary table to make.

    Attributes:
        name: Its name.
        sql: The query for its rows.
        about: The component or part of a shape that it serves.
    """

    name: str
    sql: str
    about: str


@dataclass(frozen=True, slots=True)
class QuerySite:
    """A place where a ``sh:sparql`` constraint gives results of its own.

    Attributes:
        shape: The shape that has the constraint.
        constraint: The value of ``sh:sparql``.
        domain: Table (n) of the focus nodes.
        weights: Table (n, w): how often each focus node is validated there; None for once.
    """

    shape: Shape
    constraint: str
    domain: str
    weights: str | None


@dataclass(frozen=True, slots=True)
class Suspects:
    """How the suspects of a shape are found.

    Attributes:
        queries: Each gives some of them, in a column n.
        sites: Where queries of the shapes' own give results beside them.
    """

    queries: tuple[Step, ...]
    sites: tuple[QuerySite, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """The focus nodes of a shape: a table (n).

    Attributes:
        table: Its name.
        direct: Whether results for these nodes are results of the validation, rather than
            reasons for another shape to fail.
        weights: As in `QuerySite`.
    """

    table: str
    direct: bool = False
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class Tests(Constraint):
    """Constraints that look at one value at a time, told together."""

    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """The value nodes of a shape on a domain: a table of pairs (n, v)."""

    shape: Shape
    domain: Domain
    pairs: str
    is_focus: bool
