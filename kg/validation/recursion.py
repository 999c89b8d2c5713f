"""Recursive shapes: a node conforms unless something says that it does not.

pySHACL follows a recursive shape a few steps deep, and then takes what is left to conform. Here
every pair of a shape and a node is judged once, as if those that it hangs on did conform; where
one of them turns out not to, what hangs on it is judged again. That ends, however long the ways
and cycles of the data are. It is the reading of Jena and TopBraid; SHACL leaves it open.

Import this module where it is used: pySHACL takes long to import.

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

# Results within results that are told of nodes which fail because others do.
_DETAILS: Final = 3

Verdict = tuple[bool, list[Any]]
# A shape and a node that is judged by it.
Key = tuple[IdentifiedNode, RDFNode]


class Recursion:
    """Judges the recursive shapes of one shapes graph.

    Args:
        shapes: These shapes; from now on they are asked here.
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
        """Begin with another graph."""
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
        """Return whether nodes conform to a shape, and the results of those that do not."""
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
        """Return what is known until now; what is not will be judged."""
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
        """Return the results for a node that does not conform; of a cycle, those of one turn."""
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
    """Return the class of shapes that ask a recursion."""

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
