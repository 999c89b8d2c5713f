"""Questions about the calls of functions in an expression.

What a function takes as a list is gathered whole, and is a matter of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.mapping.function_set import ARITHMETIC, DATED
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Function,
    Lookup,
    OwnFunction,
    Reference,
    references,
)


def scattered(expression: Expression) -> tuple[Reference, ...]:
    """Return the references whose values are taken one by one; lists are gathered whole."""
    if not isinstance(expression, Call):
        return references(expression)
    if expression.function is Function.LIST:
        return ()
    found = (each for argument in expression.arguments for each in scattered(argument))
    return tuple(dict.fromkeys(found))


def list_calls(expression: Expression) -> Iterator[Call]:
    """Yield the calls whose values are taken one by one, the inner before the outer."""
    if isinstance(expression, Call) and expression.function is not Function.LIST:
        for argument in expression.arguments:
            yield from list_calls(argument)
        if expression.function.gives_list:
            yield expression


def gathered(expression: Expression) -> Iterator[Call]:
    """Yield the lists that functions in an expression take whole, without those inside of them."""
    if isinstance(expression, Call):
        if expression.function is Function.LIST:
            yield expression
            return
        for argument in expression.arguments:
            yield from gathered(argument)


def lookups(expression: Expression) -> Iterator[Call]:
    """Yield the calls in an expression that look values up, the inner before the outer."""
    if isinstance(expression, Call) and expression.function is not Function.LIST:
        for argument in expression.arguments:
            yield from lookups(argument)
        if isinstance(expression.function, Lookup):
            yield expression


def asked(*found: Expression) -> tuple[Expression, ...]:
    """Return the texts that are asked for truth, in conditions and in expressions, each once."""
    return tuple(dict.fromkeys(each for part in found for each in _asked(part)))


def _asked(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Call) and expression.function is not Function.LIST:
        if expression.function is Function.IF:
            yield from _texts(expression.arguments[0])
        elif expression.function in _JOINING:
            yield from (text for each in expression.arguments for text in _texts(each))
        for argument in expression.arguments:
            yield from _asked(argument)


def _texts(condition: Expression) -> Iterator[Expression]:
    is_boolean = isinstance(condition, Call) and condition.function.is_boolean
    if not is_boolean and not isinstance(condition, Constant):
        yield condition


_JOINING: Final = (Function.AND, Function.OR, Function.NOT, Function.XOR)


def picky(expression: Expression) -> Iterator[Call]:
    """Yield the calls that may make nothing of a value: it is no date, has no parts, is unknown."""
    if isinstance(expression, Call) and expression.function is not Function.LIST:
        for argument in expression.arguments:
            yield from picky(argument)
        function = expression.function
        is_own = isinstance(function, Lookup | OwnFunction) and not function.gives_list
        is_picky = is_own or function in _PICKY or _parts(expression)
        if references(expression) and is_picky:
            yield expression


def _parts(call: Call) -> bool:
    """Return whether a call takes one text apart; lists that are gathered may well be empty."""
    lists = [each for argument in call.arguments for each in gathered(argument)]
    return call.function.gives_list and not lists


_PICKY: Final = DATED | ARITHMETIC
