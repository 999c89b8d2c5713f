"""What is around the records of JSON: how much of a document must be kept together to see it.

A reference may go up from its record (``^``), or ask for its key (``~``). Then documents are not
cut at the records, but at what holds all that the references see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg.errors import InputError
from kg.mapping.jsonpath import Asks, JsonPath, Step, Wildcard, no_iterator
from kg.mapping.plan import Origin
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Around:
    """What the references of a table see around its records.

    Attributes:
        steps: Where the records are in a document.
        columns: The paths that look around, by the numbers of their columns.
        of_keys: Whether the records are keys.
    """

    steps: tuple[Step, ...]
    columns: Mapping[int, JsonPath]
    of_keys: bool

    def depth(self, *, counts: bool = False) -> int:
        """Return how many steps lead to what holds all that is seen.

        Args:
            counts: Whether the index of an element is known from its place in the file.
        """
        needed = [self._depth(path, counts=counts) for path in self.columns.values()]
        return min([*needed, len(self.steps) - self.of_keys])

    def _depth(self, path: JsonPath, *, counts: bool) -> int:
        depth = len(self.steps) - path.up
        if path.asks is Asks.KEY and not path.steps:
            return depth if counts and self.is_counted(depth) else depth - 1
        return len(path.below(self.steps)) - len(path.head) if path.up else depth

    def is_counted(self, depth: int) -> bool:
        """Return whether all that some steps lead to may be elements of one array."""
        steps = self.steps[:depth]
        return steps.count(Wildcard.ALL) == 1 and steps[-1] is Wildcard.ALL


def around(
    iterator: JsonPath, paths: Sequence[JsonPath], origins: Sequence[Origin], source: Origin
) -> Around | None:
    """Return what references see around records; None where they see the records alone.

    Args:
        iterator: Where the records are.
        paths: The references of each column.
        origins: Where these are written.
        source: Where the iterator is written.

    Raises:
        InputError: A reference asks for what cannot be seen.
    """
    if iterator.up or iterator.asks is Asks.POSITION:
        raise no_iterator(iterator).at(source.location())
    columns = {number: path for number, path in enumerate(paths) if path.looks_around}
    of_keys = iterator.asks is Asks.KEY
    if not columns and not of_keys:
        return None
    if iterator.steps is None:
        raise _unseen(iterator, source if of_keys else origins[min(columns)])
    for number, path in enumerate(paths):
        if path.steps is None:
            raise _unseen(path, origins[number])
        if path.up > len(iterator.steps):
            raise InputError(
                "bad-jsonpath",
                f"{path.text!r} leads above the document: records are"
                f" {len(iterator.steps)} levels deep",
                location=origins[number].location(),
                hint=f"Each ^ goes up one level from the iterator {iterator.text}.",
            )
        if path.asks is Asks.KEY and not path.steps and path.up == len(iterator.steps):
            raise InputError(
                "bad-jsonpath",
                f"{path.text!r} asks for the key of the whole document, which has none",
                location=origins[number].location(),
                hint="A key is that of a member, as $.items.* leads to them.",
            )
    return Around(iterator.steps, columns, of_keys)


def _unseen(path: JsonPath, origin: Origin) -> InputError:
    return InputError(
        "bad-jsonpath",
        f"{path.text!r} has a filter, a slice or .., beside which kg does not look around records"
        " with ^, ~ or #",
        location=origin.location(),
        hint="Use keys, indices and [*], or a condition instead of the filter.",
    )
