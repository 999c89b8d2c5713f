r"""Templates and calls of functions as YARRRML writes them in one line.

A template holds references ``$(name)``; the backslash takes the meaning away from ``$ ( ) \`` and
from the colon of a prefix. Parentheses inside a reference need no backslash where they are paired,
as in ``$(name/text())``.

Spec: https://rml.io/yarrrml/spec/#template, https://rml.io/yarrrml/spec/#functions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from kg.mapping.plan import Constant, Expression, Reference, Template, TermType
from kg.records import dataclass

_SPECIAL: Final = "$()\\:"
_BEGINNING: Final = re.compile(r"[$\\]")
# How deep calls of functions may be nested.
MOST_NESTED: Final = 40
# name(...) over the whole text
_CALL: Final = re.compile(r"\s*(?P<name>[^\s()$\"'=,]+)\s*\((?P<inside>.*)\)\s*", re.DOTALL)
_NAMED: Final = re.compile(r"\s*(?P<name>[^\s()$\"'=,]+)\s*=", re.DOTALL)


class TemplateError(ValueError):
    """A text is not a template or no call; the message says why."""


def parse_template(text: str, external: Mapping[str, str] | None = None) -> Expression:
    r"""Return what a text with ``$(references)`` stands for.

    Args:
        text: The text.
        external: Values of external references, which are written ``$(_name)``.

    Raises:
        TemplateError: A reference is empty, or is not closed.

    >>> parse_template("$(id)")
    Reference(name='id')
    >>> parse_template("a/$(id)-$(_year)", {"year": "2022"})
    Template(parts=('a/', Reference(name='id'), '-2022'))
    >>> parse_template(r"$(\_year)", {"year": "2022"})
    Reference(name='_year')
    """
    parts: list[str | Reference] = [""]
    for piece in _pieces(text, external or {}):
        if isinstance(piece, str) and isinstance(parts[-1], str):
            parts[-1] += piece
        else:
            parts.append(piece)
    found = tuple(part for part in parts if part != "")
    if len(found) == 1 and isinstance(found[0], Reference):
        return found[0]
    if any(isinstance(part, Reference) for part in found):
        return Template(found)
    return Constant("".join(map(str, found)), TermType.LITERAL)


def escaped(plain: str) -> str:
    """Return a text such that a template of it stands for the text itself."""
    return re.sub(r"([$()\\])", r"\\\1", plain)


def _pieces(text: str, external: Mapping[str, str]) -> Iterator[str | Reference]:
    position = 0
    while position < len(text):
        if text[position] == "\\" and text[position + 1 : position + 2] in (*_SPECIAL,):
            yield text[position + 1]
            position += 2
        elif text.startswith("$(", position):
            end = _closing(text, position + 2)
            inside = text[position + 2 : end]
            if inside.startswith("_") and inside[1:] in external:
                yield external[inside[1:]]
            elif not inside:
                raise TemplateError(f"{text!r} has a reference without a name")
            else:
                yield Reference(re.sub(r"\\(.)", r"\1", inside))
            position = end + 1
        else:
            end = _plain_end(text, position + 1)
            yield text[position:end]
            position = end


def _plain_end(text: str, start: int) -> int:
    """Return where the next character stands that may begin a reference or an escape."""
    found = _BEGINNING.search(text, start)
    return len(text) if found is None else found.start()


def _closing(text: str, start: int) -> int:
    """Return where the parenthesis that closes a reference stands."""
    first, depth, position = -1, 1, start
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == "(":
            depth += 1
        elif text[position] == ")":
            first = position if first < 0 else first
            depth -= 1
            if not depth:
                return position
        position += 1
    if first < 0:
        raise TemplateError(f"{text!r} has a reference that is not closed")
    return first  # the name holds an opening parenthesis: the first that closes ends it


@dataclass(frozen=True, slots=True)
class CallText:
    """A call of a function as it is written in one line.

    Attributes:
        name: The function.
        arguments: Names of parameters, where they are given, and values: a text, or a call.
    """

    name: str
    arguments: tuple[tuple[str | None, str | CallText], ...]


def parse_call(text: str) -> CallText | None:
    r"""Return the call that a text is, or None where it is the name of a function alone.

    Values are templates, calls, or texts in quotes, which may hold commas and parentheses.

    Raises:
        TemplateError: A parenthesis or a quote is not closed.

    >>> parse_call("ex:lower(ex:input = $(name))")
    CallText(name='ex:lower', arguments=(('ex:input', '$(name)'),))
    >>> parse_call("f(g($(a)), ', ')").arguments[0][1].name
    'g'
    """
    if deepest(text) > MOST_NESTED:
        raise TemplateError(f"calls are nested more than {MOST_NESTED} deep")
    match = _CALL.fullmatch(text)
    if not match:
        if "(" in text:
            raise TemplateError(f"{text!r} is no call: a parenthesis is not closed")
        return None
    arguments = [_argument(part) for part in _split(match["inside"])]
    return CallText(match["name"], tuple(arguments))


def deepest(text: str) -> int:
    """Return how deep parentheses are nested, those in quotes counted too."""
    depth = found = 0
    for mark in text:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        found = max(found, depth)
    return found


def _argument(text: str) -> tuple[str | None, str | CallText]:
    named = _NAMED.match(text)
    name = named["name"] if named else None
    value = (text[named.end() :] if named else text).strip()
    quoted = re.fullmatch(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", value, re.DOTALL)
    if quoted:
        inside = quoted[1] if quoted[1] is not None else quoted[2]
        # What is in quotes is a text, not a prefixed name: the colon loses its meaning.
        plain = re.sub(r"\\([\"'])", r"\1", inside)
        return name, re.sub(r"(?<!\\):", r"\\:", plain, count=1)
    if _CALL.fullmatch(value):
        return name, parse_call(value) or value
    return name, value


def _split(text: str) -> Iterator[str]:
    """Yield the arguments of a call: what commas part outside of parentheses and quotes."""
    start = position = 0
    while position < len(text):
        position = _skip(text, position)
        if text[position : position + 1] == ",":
            yield text[start:position]
            start = position + 1
        position += 1
    if text[start:].strip() or start:
        yield text[start:]


def _skip(text: str, position: int) -> int:
    """Return the position, or that of the last character of what is quoted or in parentheses."""
    mark = text[position]
    before = text[:position].rstrip()
    if mark == "\\":
        return position + 1
    if mark in "\"'" and (not before or before[-1] in "=,("):
        return _end(text, position, lambda at: text[at] == mark, "a quote")
    if mark != "(":
        return position
    depth = 0

    def closed(at: int) -> bool:
        nonlocal depth
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        return depth < 0

    return _end(text, position, closed, "a parenthesis")


def _end(text: str, start: int, closed: Callable[[int], bool], what: str) -> int:
    position = start + 1
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif closed(position):
            return position
        position += 1
    raise TemplateError(f"{text!r} has {what} that is not closed")
