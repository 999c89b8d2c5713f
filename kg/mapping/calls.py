"""Questions about the calls of functions in an expression.

What a function takes as a list is gathered whole, and is a matter of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.mapping.function_set import ARITHMETIC, DATED
from kg.mapping.plan import (
    Call,
    Chosen,
    Constant,
    Expression,
    Function,
    Lookup,
    OwnFunction,
    Reference,
    references,
)
from kg.terms import XSD

# Kinds of constants, whose datatype the mapping writes.
_CONSTANTS: Final = {
    f"{XSD}integer": "i",
    f"{XSD}double": "d",
    f"{XSD}boolean": "b",
    f"{XSD}decimal": "n",
    f"{XSD}date": "D",
    f"{XSD}dateTime": "T",
}


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


def natural_kind(expression: Expression) -> str | None:
    """Return what a call gives, as in `kg.mapping.function_set`; None: a text, or not a call."""
    if not isinstance(expression, Call):
        return None
    function = expression.function
    if function in (Function.IF, Function.COALESCE):
        chosen = expression.arguments[function is Function.IF :]
        kinds = {natural_kind(each) for each in chosen}
        return kinds.pop() if len(kinds) == 1 else None
    return function.kind


def kind_of(expression: Expression) -> str | None:
    """Return the kind of a constant, by the datatype that the mapping writes, or of a call."""
    if isinstance(expression, Constant):
        return _CONSTANTS.get(expression.datatype or "")
    return natural_kind(expression)


def chosen_calls(expression: Expression) -> Iterator[Call]:
    """Yield the calls in an expression whose function each record names."""
    if isinstance(expression, Call):
        if isinstance(expression.function, Chosen):
            yield expression
        for argument in expression.arguments:
            yield from chosen_calls(argument)


def candidates(call: Call) -> tuple[Expression, ...]:
    """Return the calls of the functions that a record may name."""
    return call.arguments[2::2]


def conditions(call: Call) -> tuple[Expression, ...]:
    """Return for each of these the condition that the name means it."""
    return call.arguments[1::2]


def is_named(call: Call) -> Call:
    """Return the condition that a record names one of them, or none at all."""
    return Call(Function.OR, (Call(Function.IS_NULL, call.arguments[:1]), *conditions(call)))


def shown_arguments(call: Call) -> tuple[Expression, ...]:
    """Return the arguments of a call that records make, as messages show them."""
    found = call.arguments
    if isinstance(call.function, Chosen):
        found = (found[0], *scattered(Call(call.function, candidates(call))))
    return tuple(each for each in dict.fromkeys(found) if references(each))


def asked(*found: Expression) -> tuple[Expression, ...]:
    """Return the texts that are asked for truth, in conditions and in expressions, each once."""
    return tuple(dict.fromkeys(each for part in found for each in _asked(part)))


def _asked(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Call) and not _is_closed(expression):
        if expression.function is Function.IF:
            yield from _texts(expression.arguments[0])
        elif expression.function in _JOINING:
            yield from (text for each in expression.arguments for text in _texts(each))
        for argument in expression.arguments:
            yield from _asked(argument)


def _is_closed(call: Call) -> bool:
    """Return whether what stands inside of a call says nothing of what a record gives."""
    return call.function is Function.LIST or isinstance(call.function, Chosen)


def _texts(condition: Expression) -> Iterator[Expression]:
    is_boolean = isinstance(condition, Call) and condition.function.is_boolean
    if not is_boolean and not isinstance(condition, Constant):
        yield condition


_JOINING: Final = (Function.AND, Function.OR, Function.NOT, Function.XOR)


def picky(expression: Expression) -> Iterator[Call]:
    """Yield the calls that may make nothing of a value: it is no date, has no parts, is unknown."""
    if isinstance(expression, Call) and expression.function is not Function.LIST:
        for argument in () if _is_closed(expression) else expression.arguments:
            yield from picky(argument)
        function = expression.function
        is_own = isinstance(function, Lookup | OwnFunction | Chosen) and not function.gives_list
        is_picky = is_own or function in _PICKY or _parts(expression)
        if references(expression) and is_picky:
            yield expression


def _parts(call: Call) -> bool:
    """Return whether a call takes one text apart; lists that are gathered may well be empty."""
    lists = [each for argument in call.arguments for each in gathered(argument)]
    return call.function.gives_list and not lists


_PICKY: Final = DATED | ARITHMETIC
