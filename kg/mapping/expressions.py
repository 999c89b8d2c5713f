"""Questions about expressions of a plan that need no SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Function,
    Template,
    TermMap,
    TermType,
)

# Functions that may give nothing although all values are there.
_PARTIAL: Final = frozenset({Function.TO_DATE, Function.TO_DATE_TIME, Function.SPLIT})


def constant_datatype(term_map: TermMap) -> str | None:
    """Return the datatype of a term map's literals, if it is the same for all."""
    if term_map.term_type is not TermType.LITERAL or term_map.datatype is None:
        return None
    expression = term_map.datatype.expression
    if term_map.datatype.condition is not None or not isinstance(expression, Constant):
        return None
    return expression.value


def date_calls(expression: Expression) -> Iterator[Call]:
    """Yield the calls in an expression that read dates by a pattern, the inner before the outer."""
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from date_calls(argument)
        if expression.function in (Function.TO_DATE, Function.TO_DATE_TIME):
            yield expression


def expressions_of(term_map: TermMap) -> tuple[Expression, ...]:
    """Return the expressions of a term map, of its language, datatype and condition too."""
    inner = [term_map, *(t for t in (term_map.language, term_map.datatype) if t is not None)]
    found = [part.expression for part in inner] + [term_map.condition]
    return tuple(expression for expression in found if expression is not None)


def is_strict(expression: Expression) -> bool:
    """Tell whether an expression gives a value exactly where all its references do."""
    if not isinstance(expression, Call):
        return True
    function = expression.function
    if function.is_boolean or function.takes_null or function in _PARTIAL:
        return False
    return all(map(is_strict, expression.arguments))


def splits(expression: Expression) -> Iterator[Call]:
    """Yield the calls of ``split`` in an expression, the inner before the outer."""
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from splits(argument)
        if expression.function is Function.SPLIT:
            yield expression


def template_text(template: Template) -> str:
    """Return a template as YARRRML writes it."""
    return "".join(part if isinstance(part, str) else f"$({part.name})" for part in template.parts)
