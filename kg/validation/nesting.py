"""How shapes refer to each other: which are recursive, and how deep the others nest.

Spec: https://www.w3.org/TR/shacl/#shapes-recursion
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg.validation.names import sh
from kg.validation.shapes import ShapesGraph, list_members

# Shapes that refer to each other so deep are followed; Python ends at about 250.
DEEPEST: Final = 100

_VALUES: Final = tuple(map(sh, ("property", "node", "not", "qualifiedValueShape")))
_LISTS: Final = tuple(map(sh, ("and", "or", "xone")))
# Parameters by which a shape may fail because another one does not.
_NEGATING: Final = frozenset(map(sh, ("not", "xone", "qualifiedValueShape")))

Edges = Mapping[str, frozenset[str]]


def references(shapes: ShapesGraph) -> Edges:
    """Return each shape with those that it refers to."""
    return {
        shape: frozenset(other for _, other in _referred(shapes, shape)) for shape in shapes.index
    }


def _referred(shapes: ShapesGraph, shape: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a shape that name others, each with one of those."""
    for parameter in _VALUES:
        for other in shapes.objects(shape, parameter):
            yield parameter, other
    for parameter in _LISTS:
        for head in shapes.objects(shape, parameter):
            for other in list_members(shapes, head):
                yield parameter, other


def recursive_shapes(shapes: ShapesGraph) -> frozenset[str]:
    """Return the shapes that refer to themselves, and those between two such."""
    forward = references(shapes)
    inner = _without_ends(forward)
    return frozenset(_without_ends(_reversed(forward, inner)))


def negated_recursion(shapes: ShapesGraph) -> str | None:
    """Return a shape that refers to itself by way of a negation, or None.

    SHACL gives such a shape no meaning, and none can be found: it may conform because it fails.
    """
    recursive = recursive_shapes(shapes)
    forward = references(shapes)
    for shape in sorted(recursive):
        for parameter, other in _referred(shapes, shape):
            if parameter in _NEGATING and other in recursive and _reaches(forward, other, shape):
                return shape
    return None


def check_depth(shapes: ShapesGraph) -> None:
    """Refuse shapes that refer to each other too deep.

    Raises:
        InputError: They do.
    """
    recursive = recursive_shapes(shapes)
    forward = references(shapes)
    depths: dict[str, int] = {}
    for shape in forward:
        depth = 0 if shape in recursive else _depth(shape, forward, recursive, depths)
        if depth > DEEPEST:
            said = f"{depth:,} shapes stand in each other; kg follows {DEEPEST}"
            raise shapes.error(
                shape, said, "Give a shape on the way a name and targets of its own."
            )


def _depth(shape: str, forward: Edges, recursive: frozenset[str], known: dict[str, int]) -> int:
    """Return how deep shapes nest below one; recursive ones begin anew."""
    pending = [shape]
    while pending:
        node = pending[-1]
        others = [o for o in forward.get(node, ()) if o not in recursive]
        unknown = [other for other in others if other not in known]
        if unknown:
            pending += unknown
            continue
        known[node] = 1 + max((known[other] for other in others), default=0)
        pending.pop()
    return known[shape]


def _without_ends(edges: Edges) -> set[str]:
    """Return the nodes that are left after those from which nothing leads are taken, repeatedly."""
    back = _reversed(edges, None)
    left = {node: sum(1 for other in others if other in edges) for node, others in edges.items()}
    pending = [node for node, count in left.items() if not count]
    while pending:
        node = pending.pop()
        del left[node]
        for other in back.get(node, ()):
            if other in left:
                left[other] -= 1
                if not left[other]:
                    pending.append(other)
    return set(left)


def _reversed(edges: Edges, kept: Iterable[str] | None) -> dict[str, frozenset[str]]:
    """Return the edges the other way round; between the nodes that are kept, if some are named."""
    nodes = set(edges if kept is None else kept)
    found: dict[str, set[str]] = {node: set() for node in nodes}
    for node in nodes:
        for other in edges[node]:
            if other in found:
                found[other].add(node)
    return {node: frozenset(others) for node, others in found.items()}


def _reaches(edges: Edges, start: str, end: str) -> bool:
    pending, seen = [start], {start}
    while pending:
        node = pending.pop()
        if node == end:
            return True
        fresh = edges.get(node, frozenset()) - seen
        seen |= fresh
        pending += fresh
    return False
