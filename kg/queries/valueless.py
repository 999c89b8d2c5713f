"""Totals, sums and comparisons of a query that have no value, as the graph has none that fit.

SPARQL makes of such an error an empty cell or a row that is missing. What kinds of values a
variable may have is known beforehand, so that the reason can be told with the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.queries import kinds
from kg.queries.meets import Asked
from kg.sparql import tree
from kg.sparql.walk import find

_NUMBERS: Final = frozenset({kinds.WHOLE, kinds.LONG, kinds.DECIMAL, kinds.HUGE, kinds.DOUBLE})
_NAMES: Final = {
    kinds.NODE: "nodes",
    kinds.TEXT: "texts",
    kinds.TAGGED: "texts with a language",
    kinds.TRUTH: "truth values",
    kinds.DAY: "days",
    kinds.MOMENT: "times",
    kinds.TIME: "times of day, years or the like",
    kinds.SPAN: "durations",
    kinds.OTHER: "values of other datatypes",
}
_TIMES: Final = frozenset({kinds.DAY, kinds.MOMENT, kinds.TIME, kinds.SPAN})


def valueless_remarks(asked: Asked) -> Iterator[str]:
    """Yield what to tell of totals, and of what is reckoned, that never have a value."""
    for each in asked.aggregates("SUM", "AVG"):
        found = _never(asked, each.argument)
        if found:
            yield f"{_shown(asked, each)} has no value: it takes numbers, not {found}"
    for node, _ in asked.reckonings():
        operands = _operands(node)
        # Days and times have differences, and durations may be added to them.
        if any(asked.values.of(each).kinds & _TIMES for each in operands):
            continue
        found = next(filter(None, (_never(asked, each) for each in operands)), "")
        if found:
            yield f"{_shown(asked, node)} has no value: it takes numbers, not {found}"


# What is compared with each other. Of other kinds it is not known.
_COMPARED: Final[tuple[frozenset[str], ...]] = (
    _NUMBERS,
    frozenset({kinds.TEXT, kinds.TAGGED}),
    *(frozenset({kind}) for kind in (kinds.TRUTH, kinds.DAY, kinds.MOMENT, kinds.SPAN)),
)
_SIGNS: Final = frozenset({"=", "<", ">", "<=", ">="})


def never_remarks(asked: Asked) -> Iterator[str]:
    """Yield what to tell of comparisons that never hold, such as those of numbers with texts."""
    for each in find(asked.query.tree, tree.Operation):
        sign, right = each.rest[0]
        if sign not in _SIGNS:
            continue
        found = [asked.values.of(side).kinds - {kinds.RESPELLED} for side in (each.first, right)]
        groups = [[group for group in _COMPARED if group & side] for side in found]
        known = [bool(side) and side <= frozenset().union(*_COMPARED) for side in found]
        if all(known) and not any(group in groups[1] for group in groups[0]):
            one, other = map(_told, found)
            yield f"{_shown(asked, each)} never holds: {one} are not compared with {other}"


def _told(found: frozenset[str]) -> str:
    names = ["numbers"] if found & _NUMBERS else []
    return " or ".join([*names, *(_NAMES[kind] for kind in _NAMES if kind in found)])


def _operands(node: tree.Node) -> list[object]:
    if isinstance(node, tree.Unary):
        return [node.operand]
    assert isinstance(node, tree.Operation)
    return [node.first, *(operand for _, operand in node.rest)]


def _never(asked: Asked, expression: object) -> str:
    """Return what an expression is that is never a number; an empty text for others."""
    found = asked.values.of(expression).kinds - {kinds.RESPELLED}
    if not found or found & _NUMBERS:
        return ""
    return _told(found)


def _shown(asked: Asked, node: tree.Node) -> str:
    return " ".join(asked.query.text[slice(*node.span)].split())
