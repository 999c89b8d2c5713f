"""What is around the records of a tree: ``^``, ``~`` and ``#`` in documents inside of values.

`kg.sources.json_around` has the same for the records of files, of which not all is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kg.errors import InputError, Location
from kg.mapping.jsonpath import Asks, Step, Wildcard, parse_jsonpath, until_wildcard
from kg.mapping.plan import LogicalSource
from kg.records import dataclass
from kg.sources import json_trees
from kg.sources.reading import Host

_NOWHERE: Final = Location("")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document.

    Attributes:
        value: The value.
        key: The key or index that it has in what it is in; None for the whole document.
        above: What it is in.
    """

    value: json_trees.Tree
    key: str | int | None = None
    above: Node | None = None


class NodeFinder:
    """Finds nodes by a path from a node.

    Args:
        path: A JSONPath, as the mapping writes it.
        source: The logical source that uses it.
        host: Matches patterns.
        is_reference: Whether one value counts as a list of one for ``[*]``, as in all references.

    Raises:
        InputError: The path is not valid, or the library for it is not installed.
    """

    def __init__(
        self, path: str, source: LogicalSource, host: Host, *, is_reference: bool = True
    ) -> None:
        self._path = parse_jsonpath(path)
        self._is_reference = is_reference
        self._library: json_trees.Finder | None = None
        if self._path.steps is None:
            self._library = json_trees.Finder(self._path.standard, path, source, host)

    def nodes(self, node: Node) -> Iterator[Node]:
        """Yield what the path leads to, in order; a key as a node of its own.

        Raises:
            InputError: The path leads above the document.
            LimitError: The tree is nested too deep.
        """
        found = self._below(self._start(node))
        if self._path.asks is Asks.KEY:
            found = (Node(self._key(each), each.key, each.above) for each in found)
        yield from found

    def values(self, node: Node, position: int) -> Iterator[json_trees.Tree]:
        """Yield the values that the path leads to; the position of the record if it asks for that.

        Raises:
            InputError: The path leads above the document.
            LimitError: The tree is nested too deep.
        """
        if self._path.asks is Asks.POSITION:
            yield position
        else:
            yield from (each.value for each in self.nodes(node))

    def _start(self, node: Node) -> Node:
        for _ in range(self._path.up):
            if node.above is None:
                raise self._error("leads above the document in the value")
            node = node.above
        if self._path.up and isinstance((*self._path.head, 0)[0], str):
            # No array has a key, so that it is looked for in what the array is in.
            while isinstance(node.value, list) and node.above is not None:
                node = node.above
        return node

    def _below(self, start: Node) -> Iterator[Node]:
        steps = self._path.steps
        if self._library is None and steps is not None:
            if self._path.asks is Asks.KEY and steps and steps[-1] is Wildcard.ALL:
                # One value has no keys, whatever it counts as.
                owners = _walked(start, steps[:-1], is_lenient=self._is_reference)
                yield from (child for owner in owners for child in _children(owner))
            else:
                yield from _walked(start, steps, is_lenient=self._is_reference)
        elif self._library is not None:
            for parts in self._library.places(start.value, _NOWHERE):
                node = start
                for part in parts:
                    node = Node(node.value[part], part, node)
                yield node

    def _key(self, node: Node) -> str | int:
        if node.key is None:
            raise self._error("asks for the key of the whole document, which has none")
        return node.key

    def _error(self, what: str) -> InputError:
        return InputError(
            "bad-jsonpath",
            f"{self._path.text!r} {what}",
            hint="Each ^ goes up one level from the record of the field.",
        )


def _walked(node: Node, steps: Sequence[Step], *, is_lenient: bool) -> Iterator[Node]:
    """Yield what keys, indices and wildcards lead to; `kg.engines.duckdb.json_sql` does the same.

    Args:
        node: Where they start.
        steps: The steps.
        is_lenient: Whether one value counts as a list of one.
    """
    head, rest = until_wildcard(steps)
    found = _down(node, head)
    if found is None or not rest:
        if found is not None:
            yield found
        return
    after = rest[1:]
    key = until_wildcard(after)[0]
    below = list(_children(found))
    if is_lenient and not isinstance(found.value, list):
        if isinstance(found.value, dict) and key:
            if not any(_down(child, key) is not None for child in below):
                below = [found]
        elif not isinstance(found.value, dict) and not key and found.value is not None:
            below = [found]
    for child in below:
        yield from _walked(child, after, is_lenient=is_lenient)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node.value, list):
        yield from (Node(value, key, node) for key, value in enumerate(node.value))
    elif isinstance(node.value, dict):
        yield from (Node(value, key, node) for key, value in node.value.items())


def _down(node: Node, steps: Sequence[Step]) -> Node | None:
    """Return what keys and indices lead to, if it is there."""
    for step in steps:
        value = node.value
        if isinstance(step, str) and isinstance(value, dict) and step in value:
            node = Node(value[step], step, node)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            node = Node(value[step], step % len(value), node)
        else:
            return None
    return node
