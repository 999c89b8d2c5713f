"""Recursive shapes: a node conforms unless it provably does not (the greatest fixpoint).

pySHACL follows a recursive shape for a few steps, and then assumes that the rest conforms. Here
each pair of a shape and a node is judged once, assuming that the pairs it depends on conform. If
one of them fails, its dependents are judged again. This terminates for paths and cycles of any
length. Jena and TopBraid do the same; SHACL leaves recursion undefined.

Import this module lazily: importing pySHACL is slow.

Spec: https://www.w3.org/TR/shacl/#shapes-recursion
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from pyshacl.constraints.core.shape_based_constraints import PropertyConstraintComponent
from pyshacl.pytypes import RDFNode, SHACLExecutor
from pyshacl.shape import Shape
from rdflib import Graph, IdentifiedNode, Literal

# How deep results are nested for nodes that fail because other nodes do.
_DETAILS: Final = 3

Verdict = tuple[bool, list[Any]]
# A shape and a node to judge.
Key = tuple[IdentifiedNode, RDFNode]


class Recursion:
    """Judges the recursive shapes of one shapes graph.

    Args:
        shapes: These shapes; their `validate` is replaced.
    """

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self._shapes: dict[IdentifiedNode, Shape] = {shape.node: shape for shape in shapes}
        self._conforms: dict[Key, bool] = {}
        self._waiting: dict[Key, set[Key]] = {}
        self._queue: deque[Key] = deque()
        self._judged: Key | None = None
        self._told: list[Key] = []
        asked = _asked_here(self)
        for shape in self._shapes.values():
            shape.__class__ = asked

    def forget(self) -> None:
        """Forget all verdicts, before another graph is validated."""
        self._conforms.clear()
        self._waiting.clear()

    def validate(
        self,
        shape: Shape,
        executor: SHACLExecutor,
        graph: Graph,
        nodes: list[RDFNode],
        path: list[Any] | None,
    ) -> Verdict:
        """Return whether all nodes conform to a shape, and the results of those that do not."""
        if self._judged is not None:
            return self._assumed([(shape.node, node) for node in nodes])
        conforms, results = True, []
        in_property = bool(path) and isinstance(path[-1], PropertyConstraintComponent)  # type: ignore[index]
        for node in nodes:
            key = (shape.node, node)
            self._settle(key, executor, graph)
            if not self._conforms[key]:
                conforms = False
                results += self._results(key, executor, graph, in_property)
        return conforms, results

    def _assumed(self, keys: list[Key]) -> Verdict:
        """Return the verdict so far; pairs not yet judged are assumed to conform and queued."""
        assert self._judged is not None
        for key in keys:
            self._waiting.setdefault(key, set()).add(self._judged)
            if key not in self._conforms:
                self._conforms[key] = True
                self._queue.append(key)
        return all(self._conforms[key] for key in keys), []

    def _settle(self, key: Key, executor: SHACLExecutor, graph: Graph) -> None:
        if key in self._conforms:
            return
        self._conforms[key] = True
        self._queue.append(key)
        while self._queue:
            self._judged = self._queue.popleft()
            try:
                conforms, _ = self._by_pyshacl(self._judged, executor, graph)
            finally:
                judged, self._judged = self._judged, None
            if not conforms and self._conforms[judged]:
                self._conforms[judged] = False
                self._queue.extend(self._waiting.pop(judged, ()))

    def _results(
        self, key: Key, executor: SHACLExecutor, graph: Graph, in_property: bool
    ) -> list[Any]:
        """Return the results for a node that does not conform; a cycle is followed once."""
        if key in self._told or (len(self._told) > _DETAILS and not in_property):
            return []
        self._told.append(key)
        try:
            return self._by_pyshacl(key, executor, graph)[1]
        finally:
            self._told.pop()

    def _by_pyshacl(self, key: Key, executor: SHACLExecutor, graph: Graph) -> Verdict:
        found: Verdict = Shape.validate(
            self._shapes[key[0]], executor, graph, focus=[key[1]], _evaluation_path=[]
        )
        return found


def _asked_here(recursion: Recursion) -> type[Shape]:
    """Return a class of shapes that are validated by a Recursion."""

    class RecursiveShape(Shape):
        __slots__ = ()

        def validate(
            self,
            executor: SHACLExecutor,
            target_graph: Graph,
            focus: RDFNode | Iterable[RDFNode] | None = None,
            _evaluation_path: list[Any] | None = None,
        ) -> Verdict:
            if isinstance(focus, IdentifiedNode | Literal):
                nodes: list[RDFNode] = [focus]
            else:
                nodes = list(self.focus_nodes(target_graph) if focus is None else focus)  # type: ignore[no-untyped-call]
            return recursion.validate(self, executor, target_graph, nodes, _evaluation_path)

    return RecursiveShape
