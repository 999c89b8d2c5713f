"""JSONPath in full: filters, slices, unions and descendants, by a library, record by record.

Spec: https://www.rfc-editor.org/rfc/rfc9535
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from kg.errors import InputError, LimitError, Location
from kg.mapping.plan import LogicalSource
from kg.sources.extras import need
from kg.sources.json_numbers import marked

# A value of a JSON document, as the standard library has it.
Tree = Any
_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode


class _Number(float):
    """A number with a fraction or an exponent, which remembers its text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> _Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


def parse(text: bytes, place: Location) -> Tree:
    """Return the tree of a JSON text that is known to be valid.

    Raises:
        LimitError: It is nested too deep.
    """
    try:
        return json.loads(text, parse_float=_Number)
    except RecursionError as error:
        raise LimitError(
            "nested-too-deep",
            "the JSON is nested too deep for a filter, slice or descendant to be looked for",
            location=place,
            hint="Use keys, indices and [*].",
        ) from error


def write(tree: Tree) -> str:
    """Return a tree as JSON on one line, with numbers that keep their text marked."""
    if isinstance(tree, dict):
        return "{" + ",".join(f"{_encoded(k)}:{write(v)}" for k, v in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(write, tree)) + "]"
    if isinstance(tree, _Number):
        return marked(tree.text)
    return _encoded(tree)


class Finder:
    """Finds the values of a JSONPath in trees.

    Args:
        path: As RFC 9535 writes it.
        written: As the mapping writes it.
        source: Where it is used.

    Raises:
        InputError: The path is not valid, or the library for it is not installed.
    """

    def __init__(self, path: str, written: str, source: LogicalSource) -> None:
        self._find = _compiled(path, written, source)

    def find(self, tree: Tree) -> Iterator[Tree]:
        """Yield the values that the path leads to, in order."""
        yield from (match.value for match in self._find(tree))


def _compiled(standard: str, written: str, source: LogicalSource) -> Callable[[Tree], Any]:
    library = need("jsonpath", "jsonpath", f"the path {written}")
    try:
        return library.JSONPathEnvironment(strict=True).compile(standard).finditer  # type: ignore[no-any-return]
    except library.JSONPathError as error:
        reason = str(error).strip().splitlines()[0].strip()
        raise InputError(
            "bad-jsonpath",
            f"{written!r} is not a JSONPath: {reason}",
            location=source.origin.location(),
            hint="Filters look like $.items[?@.price < 10 && @.name == 'x'] (RFC 9535).",
        ) from error


def looks_at_elements(tail: str) -> bool:
    """Tell whether the end of a path starts with a filter that looks at each element alone.

    Then elements can be given to it one by one, instead of the array or object that holds them.

    >>> looks_at_elements("[?@.a == 'x, y'].b"), looks_at_elements("[?@.a == $.b]")
    (True, False)
    """
    if not tail.startswith("[?") or "$" in tail:
        return False
    depth, quote, position = 0, "", 0
    while position < len(tail):
        mark = tail[position]
        if quote:
            position += mark == "\\"
            quote = "" if mark == quote else quote
        elif mark in "'\"":
            quote = mark
        elif mark in "[(":
            depth += 1
        elif mark in "])":
            depth -= 1
            if not depth:
                return True
        elif mark == "," and depth == 1:
            return False
        position += 1
    return False
