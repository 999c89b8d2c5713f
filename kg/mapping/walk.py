"""Walks over all parts of a plan, however deep they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from kg.mapping.plan import (
    Call,
    Chosen,
    Expression,
    LogicalSource,
    LogicalTarget,
    Lookup,
    Origin,
    OwnFunction,
    Plan,
    RefObjectMap,
    TermMap,
    TriplesMap,
)
from kg.mapping.views import sources_of
from kg.paths import real_path

_Part = TypeVar("_Part")
_KINDS: Final[dict[type, tuple[str, ...]]] = {}
# What most parts of a plan are, and what has no parts.
_WITHIN_NONE: Final = frozenset({str, Origin, bool, type(None), LogicalSource})
# The calls of triples maps that were searched, by identity: a run asks often for those of one plan,
# and of its parts. What is held so is forgotten from so many triples maps on.
_known: Final[dict[int, tuple[TriplesMap, tuple[Call, ...]]]] = {}
_MOST_KNOWN: Final = 5_000
_LEAVES: Final = (Chosen, LogicalSource, LogicalTarget, Lookup, Origin, OwnFunction, type)


def plan_calls(plan: Plan) -> Sequence[Call]:
    """Return the calls of functions in a plan, the outer before the inner."""
    return tuple(call for each in plan.triples_maps for call in _calls_of(each))


def _calls_of(triples_map: TriplesMap) -> tuple[Call, ...]:
    known = _known.get(id(triples_map))
    if known is not None and known[0] is triples_map:
        return known[1]
    found: list[Call] = []
    _find_calls(triples_map, found)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[id(triples_map)] = triples_map, tuple(found)
    return tuple(found)


def placed_calls(plan: Plan) -> Iterator[tuple[Call, Origin]]:
    """Yield the calls of a plan, the outer before the inner, with where their term stands."""
    for made in (made for triples_map in plan.triples_maps for made in triples_map.maps):
        yield from ((call, made.origin) for each in _parts(made) for call in _calls(each))


def _parts(term: TermMap | RefObjectMap) -> Iterator[Expression]:
    if isinstance(term, RefObjectMap):
        yield from (side for join in term.joins for side in (join.child, join.parent))
        yield from (term.condition,) if term.condition is not None else ()
        return
    yield from (each for each in (term.expression, term.condition) if each is not None)
    for inner in (term.language, term.datatype):
        if inner is not None:
            yield from _parts(inner)


def _calls(expression: Expression) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
        is_open = isinstance(expression.function, Chosen)
        # Of the functions that a record may name, none is called for certain.
        for argument in expression.arguments[: 1 if is_open else None]:
            yield from _calls(argument)


def plan_sources(plan: Plan) -> tuple[LogicalSource, ...]:
    """Return the sources of a plan, each once; last the tables that values are looked up in."""
    found = dict.fromkeys(s for each in plan.triples_maps for s in sources_of(each.source))
    found |= dict.fromkeys(each.source for each in plan_lookups(plan))
    return tuple(found)


def plan_lookups(plan: Plan) -> tuple[Lookup, ...]:
    """Return the lookups of a plan, each once."""
    functions = (call.function for call in plan_calls(plan))
    return tuple(dict.fromkeys(each for each in functions if isinstance(each, Lookup)))


def own_files(plan: Plan) -> tuple[Path, ...]:
    """Return the Python files of the functions of the user's own that a plan calls."""
    functions = (call.function for call in plan_calls(plan))
    own = (each.file for each in functions if isinstance(each, OwnFunction))
    return tuple(real_path(Path(file)) for file in dict.fromkeys(own))


def loosened(part: _Part) -> _Part:
    """Return a part of a plan in which names of no function make nothing, and are no error."""
    found: list[Call] = []
    _find_calls(part, found)
    if not any(isinstance(call.function, Chosen) for call in found):
        return part
    made: _Part = changed(part, _without_error)
    return made


def _without_error(part: Any) -> Any:  # noqa: ANN401 (any part of a plan)
    return replace(part, skips=True) if isinstance(part, Chosen) else part


def with_sources(plan: Plan, known: Mapping[LogicalSource, LogicalSource]) -> Plan:
    """Return a plan whose sources are others."""

    def other(value: Any) -> Any:  # noqa: ANN401 (any part of a plan)
        if isinstance(value, LogicalSource):
            return known.get(value, value)
        if isinstance(value, Lookup):
            return replace(value, source=known.get(value.source, value.source))
        return value

    if all(source is found for source, found in known.items()):
        return plan
    maps = tuple(changed(each, other) for each in plan.triples_maps)
    return replace(plan, triples_maps=maps)


def changed(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """Return a part of a plan with parts of it changed.

    Args:
        value: The part.
        change: Returns what a part becomes; the parts of what it changes are left alone.
    """
    made = change(value)
    if made is not value or isinstance(value, _LEAVES):
        return made
    if isinstance(value, tuple):
        return tuple(changed(each, change) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: changed(getattr(value, each.name), change) for each in fields(value)}
        return replace(value, **parts)
    return value


def _find_calls(value: Any, found: list[Call]) -> None:  # noqa: ANN401
    kind = type(value)
    if kind is Call:
        found.append(value)
    parts = value if kind is tuple else [getattr(value, name) for name in _names(kind)]
    for part in parts:
        if type(part) not in _WITHIN_NONE:
            _find_calls(part, found)


def _names(kind: type) -> tuple[str, ...]:
    """Return the names of the parts that a kind of part has; a plan has many of few kinds."""
    found = _KINDS.get(kind)
    if found is None:
        is_whole = not is_dataclass(kind) or issubclass(kind, _LEAVES)
        found = () if is_whole else tuple(field.name for field in fields(kind))
        _KINDS[kind] = found
    return found
