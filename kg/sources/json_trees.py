"""JSONPath in full, by a library, record by record: filters, slices, unions and descendants.

Spec: https://www.rfc-editor.org/rfc/rfc9535
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from types import ModuleType
from typing import Any, Final

from kg.errors import InputError, LimitError, Location
from kg.extras import need
from kg.mapping.plan import LogicalSource
from kg.sources.json_numbers import marked
from kg.sources.reading import Host

# A value of a JSON document, as the standard library reads it.
Tree = Any
# Deepest nesting of a tree, far below Python's limit of recursion.
MOST_LEVELS: Final = 200
# Digits of a whole number that are left to a float.
_DIGITS: Final = 400
_NEXT: Final = re.compile(r"\s*")
# A key with the colon behind it, another text, or what opens or closes an object.
_TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*+")\s*:|"(?:[^"\\]|\\.)*+"|[{}]', re.DOTALL)
_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode


class _Number(float):
    """A number with a fraction or an exponent, which remembers its text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> _Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


def _whole(text: str) -> int | _Number:
    """Return a whole number; Python makes none of thousands of digits, so those have their text."""
    return int(text) if len(text) < _DIGITS else _Number(text)


def parse(text: bytes, place: Location) -> Tree:
    """Return the tree of a JSON text that is known to be valid.

    Raises:
        LimitError: It is nested too deep.
    """
    try:
        return json.loads(text, parse_float=_Number, parse_int=_whole, object_pairs_hook=_object)
    except RecursionError as error:
        raise too_deep(place) from error


def _object(members: list[tuple[str, Tree]]) -> dict[str, Tree]:
    """Return an object; of a doubled key the first value counts, as everywhere in kg."""
    made = dict(members)
    if len(made) != len(members):
        made = dict(reversed(members))
    return made


def doubled_key(text: str) -> tuple[str, int, int] | None:
    r"""Return a key that occurs twice in an object of a JSON text, which may break off.

    Returns:
        The key, and line and column of its second place, from 1; None if there is no such key.

    >>> doubled_key('{"a": 1} [{"b": 1,\n "b": 2}, {"')
    ('b', 2, 2)
    """
    found: list[bool] = []

    def look(members: list[tuple[str, Tree]]) -> None:
        if len(dict(members)) < len(members):
            found.append(True)

    decode = json.JSONDecoder(object_pairs_hook=look).raw_decode
    position = 0
    with suppress(ValueError, RecursionError):  # it breaks off, or a later step reports it
        while position < len(text) and not found:
            _, position = decode(text, _NEXT.match(text, position).end())  # type: ignore[union-attr]
    return _second_place(text) if found else None


def _second_place(text: str) -> tuple[str, int, int] | None:
    """Return the first key of a JSON text that its object had before, with its line and column."""
    objects: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            objects.append(set())
        elif token[0] == "}":
            objects = objects[:-1]
        elif token[1] is not None and objects:
            key = json.loads(token[1])
            if key in objects[-1]:
                line_start = text.rfind("\n", 0, token.start()) + 1
                line = text.count("\n", 0, token.start()) + 1
                return key, line, token.start() - line_start + 1
            objects[-1].add(key)
    return None


def too_deep(place: Location) -> LimitError:
    """Return the error for a tree that is nested too deep."""
    return LimitError(
        "nested-too-deep",
        f"the JSON is nested more than {MOST_LEVELS} deep, too deep for a filter, slice or"
        " descendant to be looked for",
        location=place,
        hint="Use keys, indices and [*].",
    )


def write(tree: Tree, place: Location, level: int = 0) -> str:
    """Return a tree as JSON on one line, with numbers that keep their text marked.

    Raises:
        InputError: It holds half of a character.
        LimitError: It is nested too deep.
    """
    if level > MOST_LEVELS:
        raise too_deep(place)
    if isinstance(tree, dict):
        members = [f"{_encoded(k)}:{write(v, place, level + 1)}" for k, v in tree.items()]
        return "{" + ",".join(members) + "}"
    if isinstance(tree, list):
        return "[" + ",".join([write(v, place, level + 1) for v in tree]) + "]"
    if isinstance(tree, _Number):
        return marked(tree.text)
    return _encoded(tree)


class Finder:
    """Finds the values of a JSONPath in trees.

    Args:
        path: The path as RFC 9535 writes it.
        written: The path as the mapping writes it.
        source: The logical source that uses it.
        host: Matches patterns.

    Raises:
        InputError: The path is not valid, or the library for it is not installed.
    """

    def __init__(
        self,
        path: str,
        written: str,
        source: LogicalSource,
        host: Host,
    ) -> None:
        self._find = _compiled(path, written, source, host)

    def find(self, tree: Tree, place: Location) -> Iterator[Tree]:
        """Yield the values of the path, in order.

        Raises:
            LimitError: The tree is nested too deep.
        """
        try:
            yield from (match.value for match in self._find(tree))
        except RecursionError as error:
            raise too_deep(place) from error

    def places(self, tree: Tree, place: Location) -> Iterator[tuple[str | int, ...]]:
        """Yield the keys and indices that lead to each value of the path, in order.

        Raises:
            LimitError: The tree is nested too deep.
        """
        try:
            yield from (match.parts for match in self._find(tree))
        except RecursionError as error:
            raise too_deep(place) from error


def _compiled(
    standard: str, written: str, source: LogicalSource, host: Host
) -> Callable[[Tree], Any]:
    library = need("jsonpath", "jsonpath", f"the path {written}")
    environment = library.JSONPathEnvironment(strict=True)
    use_linear_patterns(environment, library, host)
    if pattern := bad_pattern(standard, host):
        raise _no_path(written, f"{pattern!r} is no regular expression", source)
    try:
        return environment.compile(standard).finditer  # type: ignore[no-any-return]
    except (OverflowError, ValueError) as error:
        raise _no_path(written, "a number in it is too large", source) from error
    except library.JSONPathError as error:
        reason = str(error).strip().splitlines()[0].strip()
        raise _no_path(written, reason, source) from error
    except RecursionError as error:
        raise _no_path(written, "it is nested too deep", source) from error


def _no_path(written: str, reason: str, source: LogicalSource) -> InputError:
    return InputError(
        "bad-jsonpath",
        f"{written!r} is not a JSONPath: {reason}",
        location=source.origin.location(),
        hint="Filters look like $.items[?@.price < 10 && @.name == 'x'] (RFC 9535).",
    )


def looks_at_elements(tail: str) -> bool:
    """Return whether the end of a path starts with a filter on single elements.

    If so, it can get the elements one by one, instead of the whole array or object.

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


# --- The functions `match` and `search` of JSONPath, in time that grows with the text alone -------
# The JSONPath library uses Python's `re`, which can take for ever on patterns such as ``(a+)+b``.
# kg uses DuckDB's RE2 instead, which also knows ``\p{L}``. Python's `re` only matches patterns that
# cannot backtrack.
#
# Spec: https://www.rfc-editor.org/rfc/rfc9535#name-match-function-extension,
# https://www.rfc-editor.org/rfc/rfc9485


# A pattern for Python may have one of the first, and none of the second: classes and anchors differ
# between Python and RE2.
_CHOICES: Final = re.compile(r"[?*+{|]")
_OTHERWISE: Final = re.compile(r"\\[^.\-\\()\[\]{}|*+?/]|[\^$]|\(\?")
# Up to so many characters Python matches such a pattern fast.
_SHORT: Final = 500
_CALL: Final = re.compile(
    r"\b(?:match|search)\s*\([^'\"]*,\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")\s*\)"
)
# In a pattern: an escaped character, a class, or a dot, which matches no line end.
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\.", re.DOTALL)


def use_linear_patterns(
    environment: Any,  # noqa: ANN401  (of a library that may not be installed)
    library: ModuleType,
    host: Host,
) -> None:
    """Give an environment of the library the functions `match` and `search` of this module."""
    matcher = _Matcher(host)

    class Function(library.function_extensions.FilterFunction):  # type: ignore[misc, name-defined]
        arg_types = library.function_extensions.Match.arg_types
        return_type = library.function_extensions.Match.return_type

        def __init__(self, is_whole: bool) -> None:
            self.is_whole = is_whole

        def __call__(self, value: object, pattern: object) -> bool:
            if not isinstance(value, str) or not isinstance(pattern, str):
                return False
            return matcher.fits(value, pattern, is_whole=self.is_whole)

    environment.function_extensions["match"] = Function(is_whole=True)
    environment.function_extensions["search"] = Function(is_whole=False)


def bad_pattern(path: str, host: Host) -> str:
    """Return the first invalid pattern written in a path; empty if all are valid."""
    for pattern in _patterns(path):
        if host.matches(_dialect(pattern), "", is_whole=False) is None:
            return pattern
    return ""


def _patterns(path: str) -> Iterator[str]:
    for single, double in _CALL.findall(path):
        yield re.sub(r"\\(['\"\\/])", r"\1", single or double)


class _Matcher:
    """Matches texts with DuckDB or, for simple patterns, with Python."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def fits(self, value: str, pattern: str, *, is_whole: bool) -> bool:
        """Return whether a pattern matches a text, or a part of it; an invalid one never does."""
        plain = _plain(pattern)
        if plain is not None and len(value) <= _SHORT:
            return (plain.fullmatch if is_whole else plain.search)(value) is not None
        return self.host.matches(_dialect(pattern), value, is_whole=is_whole) is True


@lru_cache(maxsize=256)
def _plain(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern for Python; None if only DuckDB is sure to be fast and right."""
    if len(_CHOICES.findall(pattern)) > 1 or _OTHERWISE.search(pattern):
        return None
    try:
        return re.compile(_dialect(pattern))
    except re.error:
        return None


@lru_cache(maxsize=256)
def _dialect(pattern: str) -> str:
    r"""Return a pattern as RE2 and Python write it: their dot may match a line end.

    >>> _dialect(r"a.[.]\.")
    'a[^\\n\\r][.]\\.'
    """
    return _PIECE.sub(lambda piece: r"[^\n\r]" if piece[0] == "." else piece[0], pattern)
