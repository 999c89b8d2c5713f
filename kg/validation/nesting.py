"""References between shapes: which shapes are recursive, and how deep the others nest.

Spec: https://www.w3.org/TR/shacl/#shapes-recursion
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg.validation.names import sh
from kg.validation.shapes import ShapesGraph, list_members

# Nested shapes are followed to this depth; Python's recursion ends at about 250.
DEEPEST: Final = 100

_VALUES: Final = tuple(map(sh, ("property", "node", "not", "qualifiedValueShape")))
_LISTS: Final = tuple(map(sh, ("and", "or", "xone")))
# Parameters by which a shape may fail because another one holds.
_NEGATING: Final = frozenset(map(sh, ("not", "xone", "qualifiedValueShape")))

Edges = Mapping[str, frozenset[str]]


def references(shapes: ShapesGraph) -> Edges:
    """Return each shape with the shapes that it refers to."""
    for index, edges in [*_last]:
        if index is shapes.index:
            return edges
    edges = {
        shape: frozenset(other for _, other in _referred(shapes, shape)) for shape in shapes.index
    }
    _last[:] = [(shapes.index, edges)]
    return edges


# The last shapes that were asked for: several checks of the same ones follow one another.
_last: Final[list[tuple[object, Edges]]] = []


def _referred(shapes: ShapesGraph, shape: str) -> Iterator[tuple[str, str]]:
    """Yield the shapes that a shape refers to, each with the parameter that does."""
    for parameter in _VALUES:
        for other in shapes.objects(shape, parameter):
            yield parameter, other
    for parameter in _LISTS:
        for head in shapes.objects(shape, parameter):
            for other in list_members(shapes, head):
                yield parameter, other


def recursive_shapes(shapes: ShapesGraph) -> frozenset[str]:
    """Return the shapes that refer to themselves, and those between two of them."""
    forward = references(shapes)
    inner = _without_ends(forward)
    return frozenset(_without_ends(_reversed(forward, inner)))


def negated_recursion(shapes: ShapesGraph) -> str | None:
    """Return a shape that refers to itself through a negation, or None.

    SHACL does not define such a shape, and no definition works: it may conform because it fails.
    """
    recursive = recursive_shapes(shapes)
    forward = references(shapes)
    for shape in sorted(recursive):
        for parameter, other in _referred(shapes, shape):
            if parameter in _NEGATING and other in recursive and _reaches(forward, other, shape):
                return shape
    return None


def check_depth(shapes: ShapesGraph) -> None:
    """Check how deep shapes are nested.

    Raises:
        InputError: They are nested deeper than `DEEPEST`.
    """
    recursive = recursive_shapes(shapes)
    forward = references(shapes)
    depths: dict[str, int] = {}
    for shape in forward:
        depth = 0 if shape in recursive else _depth(shape, forward, recursive, depths)
        if depth > DEEPEST:
            said = f"shapes are nested {depth:,} deep; kg supports {DEEPEST}"
            raise shapes.error(
                shape, said, "Give a shape on the way a name and targets of its own."
            )


def _depth(shape: str, forward: Edges, recursive: frozenset[str], known: dict[str, int]) -> int:
    """Return the depth of the shapes below one; recursive shapes do not count."""
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
    """Repeatedly remove the nodes without outgoing edges, and return the rest."""
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
    """Return the edges reversed; only those between the kept nodes, if any are named."""
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
