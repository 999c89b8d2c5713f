"""Data types of the compiler of shapes: sides, steps, parts, sites of queries."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from kg.records import dataclass
from kg.validation.model import Constraint, Shape
from kg.validation.sieve.values import Test


class Side(Enum):
    """Whether a query gives too many, too few, or the nodes in doubt."""

    MAYBE = "maybe"
    SURELY = "surely"
    # The difference of the two, which pySHACL judges.
    DOUBT = "doubt"

    @property
    def other(self) -> Side:
        """The side to compile below a negation; doubt stays doubt."""
        return {Side.MAYBE: Side.SURELY, Side.SURELY: Side.MAYBE}.get(self, self)

    def of(self, test: Test) -> str:
        """Return a test's condition on this side."""
        if self is Side.DOUBT:
            return f"({test.maybe_bad}) AND ({test.surely_bad}) IS NOT TRUE"
        return test.maybe_bad if self is Side.MAYBE else test.surely_bad


# A query for no nodes.
NOTHING: Final = "SELECT NULL::VARCHAR AS n WHERE false"


def union(queries: Sequence[str]) -> str:
    """Return the union of queries (n), in brackets; no queries give no rows."""
    return "(" + " UNION ALL ".join(f"({query})" for query in queries or [NOTHING]) + ")"


class NotCompilableError(Exception):
    """A shape cannot be compiled to SQL; the text says why."""


class NeedsQueryError(NotCompilableError):
    """Whether a node conforms depends on a SPARQL query."""


@dataclass(frozen=True, slots=True)
class Step:
    """A temporary table to make.

    Attributes:
        name: Its name.
        sql: The query for its rows.
        about: The component or part of a shape that it is for.
    """

    name: str
    sql: str
    about: str


@dataclass(frozen=True, slots=True)
class QuerySite:
    """A use of a ``sh:sparql`` constraint whose results are reported.

    Attributes:
        shape: The shape that has the constraint.
        constraint: The value of ``sh:sparql``.
        domain: Table (n) of the focus nodes.
        weights: Query (r, n, w) in brackets: how often (w) each focus node (n) is validated for
            each root (r); None for once, without roots. The root of nested results is the node
            that the outer result is about.
    """

    shape: Shape
    constraint: str
    domain: str
    weights: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Results that DuckDB finds.

    Attributes:
        shape: The shape.
        constraint: Its constraint that is violated.
        rows: Query (n, v, p) with a row for each result: its focus node; its value, or NULL; the
            property that a closed shape does not allow, or NULL.
        branches: The shapes that its values should conform to, if results say why they do not.
    """

    shape: Shape
    constraint: Constraint
    rows: str
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Nodes that pySHACL judges.

    Attributes:
        shape: The shape, with only the constraints to judge.
        parameters: Their parameters in SHACL's namespace; None for the shape as a whole.
        nodes: Queries (n) for the nodes.
    """

    shape: Shape
    parameters: tuple[str, ...] | None
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Queries for some focus nodes: certain results, and nodes in doubt.

    Attributes:
        steps: Tables to make first; if the first has no rows, the rest is skipped.
        answers: Results that DuckDB finds.
        doubts: Nodes that pySHACL judges.
        weights: As in `QuerySite`.
    """

    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    doubts: tuple[Doubt, ...]
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A shape that values should conform to, and how its results for them are found.

    Attributes:
        shape: Its node.
        domain: Name of the table (n) of the values, to be made first.
        steps: Tables to make next.
        parts: The queries for the values; each value is the root of its results.
    """

    shape: str
    domain: str
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Suspects:
    """How the results of a shape are found.

    Attributes:
        parts: The queries for its focus nodes, and for those of its property shapes.
        sites: The ``sh:sparql`` constraints whose results are reported.
    """

    parts: tuple[Part, ...]
    sites: tuple[QuerySite, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """The focus nodes of a shape: a table (n).

    Attributes:
        table: Its name.
        direct: Whether results for these nodes are reported, rather than only making another shape
            fail.
        weights: As in `QuerySite`.
    """

    table: str
    direct: bool = False
    weights: str | None = None


class Tests(Constraint):
    """Constraints on single values, checked together."""

    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """The value nodes of a shape on a domain: a table of pairs (n, v)."""

    shape: Shape
    domain: Domain
    pairs: str
    is_focus: bool
