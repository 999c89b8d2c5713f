"""Calls of functions that each record names.

Each function that takes the arguments of the call is a candidate, those of the user's own too; the
engine chooses among them by the name. What gives several values is none: how many values a term has
is a matter of the mapping. The parameters are those of the mapping.

Spec: https://kg-construct.github.io/rml-fnml/spec/docs/#dfn-function-map: a term map, whose IRI may
come from a reference or a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kg.errors import InputError
from kg.mapping import own_functions
from kg.mapping.calls import chosen_calls
from kg.mapping.chosen import Chosen
from kg.mapping.function_constants import text
from kg.mapping.function_table import BY_NAME, COMPOSED
from kg.mapping.functions import GREL, IDLAB, NAMESPACES, Argument, make_call
from kg.mapping.plan import Call, Expression, Function, Origin
from kg.notes import hearing

# Other names of the functions that are written with others.
_OTHERS: Final = ("string_escape", "string_unescape", "now", "type")


def choose_call(
    name: Expression,
    arguments: Sequence[Argument],
    origin: Origin,
    *,
    returned: str = "",
    folder: str = "",
) -> Call:
    """Return the call of a function that each record names.

    Args:
        name: What gives its name or IRI.
        arguments: As for `kg.mapping.functions.make_call`, like what follows.
        origin: Where the mapping says so.
        returned: Which of several values that it returns is wanted.
        folder: The folder that files of lookups are relative to.

    Raises:
        InputError: No function takes these arguments, or another such call stands inside.
    """
    given = (name, *(value for _, value in arguments))
    if any(True for each in given for _ in chosen_calls(each)):
        raise InputError(
            "unsupported-mapping",
            "a function that each record names stands inside of another",
            location=origin.location(),
            hint="Name one of them in the mapping, or work one out in a column of the source.",
        )

    def called(candidate: str) -> Call | None:
        try:
            # What is told of a candidate says nothing of the one that a record names.
            with hearing():
                made = make_call(candidate, arguments, origin, returned=returned, folder=folder)
        except InputError:
            return None
        return None if made.function.gives_list else made

    found: list[Expression] = [name]
    for candidate, condition in (*_own(name), *_public(name)):
        made = called(candidate)
        if made is not None:
            found += [condition, made]
    if len(found) == 1:
        shown = ", ".join(each for each, _ in arguments if each) or "no parameters"
        raise InputError(
            "bad-function",
            f"a record may name any function, but none takes {shown}",
            location=origin.location(),
            hint="`kg help functions` lists all, with what their parameters are called.",
        )
    return Call(Chosen(), tuple(found))


def _own(name: Expression) -> Iterator[tuple[str, Call]]:
    """Yield the functions of the user's own, each with the condition that a name means it."""
    public = _matches(name, f"(?:{_either(own_functions.PUBLIC)}).*")
    keys = own_functions.keys()
    for key in keys:
        yield key, Call(Function.EQUAL, (name, text(key)))
    for key in keys:
        ends = _matches(name, f".*[:/#]{re.escape(key)}")
        yield key, Call(Function.AND, (Call(Function.NOT, (public,)), ends))


def _public(name: Expression) -> Iterator[tuple[str, Call]]:
    """Yield the functions that kg has, the same with all their names together."""
    namespaces = f"(?:{_either(NAMESPACES)}|)"
    # These know regular expressions, which other names of the function do not.
    yield f"{GREL}replace", _matches(name, f"{re.escape(GREL)}(?i:replace)")
    yield f"{IDLAB}string_replace", _matches(name, f"{namespaces}(?i:string_replace)")
    same: dict[object, list[str]] = {}
    for each in (*BY_NAME, *(each.casefold() for each in COMPOSED), *_OTHERS):
        same.setdefault(BY_NAME.get(each, each), []).append(each)
    for names in same.values():
        yield f"{IDLAB}{names[0]}", _matches(name, f"{namespaces}(?i:{_either(names)})")


def _matches(name: Expression, pattern: str) -> Call:
    return Call(Function.MATCHES, (name, text(pattern)))


def _either(texts: Sequence[str]) -> str:
    return "|".join(map(re.escape, texts))
