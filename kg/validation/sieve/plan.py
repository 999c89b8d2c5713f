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
    # What lies between them: for the judge.
    DOUBT = "doubt"

    @property
    def other(self) -> Side:
        """The side that a negation asks for; what is in doubt stays so."""
        return {Side.MAYBE: Side.SURELY, Side.SURELY: Side.MAYBE}.get(self, self)

    def of(self, test: Test) -> str:
        """Return a test's condition on this side."""
        if self is Side.DOUBT:
            return f"({test.maybe_bad}) AND ({test.surely_bad}) IS NOT TRUE"
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
        weights: Query (r, n, w) in brackets: how often each focus node is validated there, once
            for each root that leads to it; None for once, without roots. The roots of results
            within results are the nodes that they are told of.
    """

    shape: Shape
    constraint: str
    domain: str
    weights: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Results that SQL gives.

    Attributes:
        shape: The shape that gives them.
        constraint: The one of its constraints that is broken.
        rows: Query (n, v, p) with a row for each result: its focus node; its value, or NULL; the
            property that a closed shape does not allow, or NULL.
        branches: The shapes that its values were to conform to, where results tell why they do not.
    """

    shape: Shape
    constraint: Constraint
    rows: str
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Nodes that the judge is asked about.

    Attributes:
        shape: The shape, with those constraints alone that it is asked about.
        parameters: Their parameters in SHACL's namespace; None for the shape as a whole.
        nodes: Queries (n) for the nodes.
    """

    shape: Shape
    parameters: tuple[str, ...] | None
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of some nodes, and about how many of them SQL is certain.

    Attributes:
        steps: Tables to make first; if the first has no rows, nothing more is asked.
        answers: Results by SQL.
        doubts: What the judge is asked.
        weights: As in `QuerySite`.
    """

    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    doubts: tuple[Doubt, ...]
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A shape that values were to conform to, and how its results for them are found.

    Attributes:
        shape: Its node.
        domain: Name of the table (n) of the values, to be made first.
        steps: Tables to make next.
        parts: What is asked of the values; each is the root of its results.
    """

    shape: str
    domain: str
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Suspects:
    """How the results of a shape are found.

    Attributes:
        parts: What is asked of its focus nodes, and of the nodes of its property shapes.
        sites: Where queries of the shapes' own give results beside them.
    """

    parts: tuple[Part, ...]
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
