"""Choose how each shape is validated: by DuckDB first, by pySHACL only, or on the whole graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from kg.records import dataclass
from kg.validation import model
from kg.validation.model import Shape
from kg.validation.sieve.compiler import Compiler
from kg.validation.sieve.plan import Doubt, NeedsQueryError, NotCompilableError, Part, Suspects

_NONE: Final = Suspects((), ())
# Characters of a query that DuckDB plans in some two seconds; six times as many take minutes.
# Shapes that lie within each other several times over, under negation, reach that.
LONGEST: Final = 500_000


class Way(Enum):
    """How a shape is validated."""

    SIEVE = "sieve"
    JUDGE = "judge"
    WHOLE = "whole graph"


@dataclass(frozen=True, slots=True)
class Route:
    """How a shape with targets is validated.

    Attributes:
        shape: The shape.
        way: Its way.
        targets: Table (n) of its focus nodes.
        suspects: How its results are found, unless it needs the whole graph.
        reason: Why it does not go through the sieve, or None.
    """

    shape: Shape
    way: Way
    targets: str
    suspects: Suspects
    reason: str | None = None


def choose_routes(shapes: Mapping[str, Shape], compiler: Compiler) -> list[Route]:
    """Return the route of every active shape that has targets, sorted by shape."""
    return [
        route_of(shapes, shapes[node], compiler)
        for node in sorted(shapes)
        if shapes[node].targets and not shapes[node].deactivated
    ]


def unaffected(shape: Shape, targets: str) -> Route:
    """Return the route of a shape that has nothing to judge; `targets` is a table without rows."""
    return Route(shape, Way.SIEVE, targets, _NONE)


def route_of(
    shapes: Mapping[str, Shape], shape: Shape, compiler: Compiler, nodes: str | None = None
) -> Route:
    """Return the route of a shape.

    Args:
        shapes: All shapes, by node.
        shape: A shape with targets.
        compiler: Compiles it.
        nodes: Table (n) of the focus nodes to judge; None for all.
    """
    targets = nodes or compiler.targets(shape)
    unbounded = reads_unbounded(shapes, shape)
    if unbounded is not None:
        return Route(shape, Way.WHOLE, targets, _NONE, unbounded)
    try:
        found = compiler.suspects(shape, targets)
        if _longest(found.parts) > LONGEST:
            raise NotCompilableError("its shapes within shapes make a query that is too long")
        return Route(shape, Way.SIEVE, targets, found)
    except NeedsQueryError as error:
        return Route(shape, Way.WHOLE, targets, _NONE, str(error))
    except NotCompilableError as error:
        way = Way.WHOLE if has_query(shapes, shape) else Way.JUDGE
        if way is Way.WHOLE:
            return Route(shape, way, targets, _NONE, str(error))
        all_of_them = Doubt(shape, None, (f"SELECT n FROM {targets}",))
        suspects = Suspects((Part((), (), (all_of_them,)),), ())
        return Route(shape, way, targets, suspects, str(error))


def _longest(parts: Sequence[Part]) -> int:
    """Return the length of the longest query of parts and their branches, in characters."""
    found = 0
    for part in parts:
        texts = [*(step.sql for step in part.steps), *(answer.rows for answer in part.answers)]
        texts += [text for doubt in part.doubts for text in doubt.nodes]
        branches = [branch for answer in part.answers for branch in answer.branches]
        texts += [step.sql for branch in branches for step in branch.steps]
        found = max(found, 0, *map(len, texts), *(_longest(branch.parts) for branch in branches))
    return found


def reads_unbounded(shapes: Mapping[str, Shape], shape: Shape) -> str | None:
    """Return why it is unknown which triples pySHACL reads for a shape, or None.

    Reasons are a shape that is missing, unreadable or has custom components, and a query that
    decides whether nodes conform.
    """
    pending = [(shape.node, True)]
    seen = set(pending)
    while pending:
        node, direct = pending.pop()
        found = shapes.get(node)
        if found is None:
            return "a shape is missing"
        if found.unreadable is not None:
            return found.unreadable
        for constraint in found.constraints:
            match constraint:
                case model.Custom():
                    return "a custom constraint component"
                case model.Sparql() if not direct:
                    return "a SPARQL query decides whether nodes conform"
            for other in referenced(constraint):
                item = (other, direct and isinstance(constraint, model.Property))
                if item not in seen:
                    seen.add(item)
                    pending.append(item)
    return None


def has_query(shapes: Mapping[str, Shape], shape: Shape) -> bool:
    """Return whether a shape, or one that it refers to, has a query."""
    pending, seen = [shape], {shape.node}
    while pending:
        for constraint in pending.pop().constraints:
            if isinstance(constraint, model.Sparql):
                return True
            fresh = [node for node in referenced(constraint) if node not in seen]
            seen.update(fresh)
            pending += [shapes[node] for node in fresh if node in shapes]
    return False


def referenced(constraint: model.Constraint) -> tuple[str, ...]:
    """Return the shapes that a constraint refers to."""
    match constraint:
        case model.Not(shape) | model.Node(shape) | model.Property(shape):
            return (shape,)
        case model.And(shapes) | model.Or(shapes) | model.Xone(shapes):
            return shapes
        case model.Qualified(shape, siblings):
            return (shape, *siblings)
    return ()
