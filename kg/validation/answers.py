"""Validation results from rows that DuckDB found, in the form of pySHACL's results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from kg.names import Namer
from kg.terms import literal
from kg.validation import model
from kg.validation.messages import standard_message, tell_branch, tell_results
from kg.validation.model import component_of
from kg.validation.names import sh
from kg.validation.paths import Path, Predicate
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.answering import Told

# Placeholder for the value in a sentence that many results share.
_VALUE = "\x00"


class Teller:
    """Turns rows into validation results.

    Args:
        shapes: The shapes graph.
        reasons: How many results of each constraint get reasons for every branch.
        reasoned: Results that have got reasons, by source shape and component; updated here.
    """

    def __init__(
        self, shapes: ShapesGraph, reasons: int, reasoned: Counter[tuple[str, str]]
    ) -> None:
        self._shapes = shapes
        self._reasons = reasons
        self._reasoned = reasoned
        self._namer = Namer(shapes.prefixes)
        self._known: dict[tuple[str, str, str | None], tuple[Result, str | None]] = {}

    def results(self, told: Told) -> Iterator[Result]:
        """Yield a result as often as it counts, with its reasons."""
        yield from [self._reasoned_out(told, self._result(told))] * told.times

    def _result(self, told: Told) -> Result:
        answer = told.answer
        component = component_of(answer.constraint)
        key = (answer.shape.node, component, told.predicate)
        if key not in self._known:
            path = answer.shape.path if told.predicate is None else Predicate(told.predicate)
            self._known[key] = self._first(answer.shape.node, component, path)
        like, sentence = self._known[key]
        messages = like.messages
        if sentence is not None:
            shown = "the node" if told.value is None else self._namer(told.value)
            messages = (literal(sentence.replace(_VALUE, shown)),)
        details: tuple[Result, ...] = ()
        if isinstance(answer.constraint, model.Node):
            details = self._sorted(inner for _, found in told.branches for inner in found)
        return Result(
            told.focus,
            like.path,
            told.value,
            like.source_shape,
            component,
            like.severity,
            messages,
            details=details,
        )

    def _sorted(self, told: Iterable[Told]) -> tuple[Result, ...]:
        found = (result for each in told for result in [self._result(each)] * each.times)
        return tuple(sorted(found, key=lambda result: result.sort_key))

    def _reasoned_out(self, told: Told, result: Result) -> Result:
        """Add for each branch of a logical constraint why it failed, or that it held."""
        key = (result.source_shape, result.component)
        if not told.branches or self._reasoned[key] >= self._reasons:
            return result
        self._reasoned[key] += 1
        if result.details:
            return replace(result, reasons=(tell_results(self._shapes, result.details),))
        reasons = (
            tell_branch(self._shapes, shape, self._sorted(found)) for shape, found in told.branches
        )
        return replace(result, reasons=tuple(reasons))

    def _first(self, shape: str, component: str, path: Path | None) -> tuple[Result, str | None]:
        """Return the common part of a constraint's results; and a sentence if it has no message."""
        messages = tuple(sorted(set(self._shapes.objects(shape, sh("message")))))
        severity = self._shapes.value(shape, sh("severity")) or sh("Violation")
        like = Result("", path, None, shape, component, severity, messages)
        return like, None if messages else standard_message(self._shapes, like, _VALUE)
