"""Results that SQL found, told as the judge tells its own."""

from __future__ import annotations

from kg.names import Namer
from kg.terms import literal
from kg.validation.messages import standard_message
from kg.validation.model import component_of
from kg.validation.names import sh
from kg.validation.paths import Path, Predicate
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.plan import Answer

# Stands for the value in a sentence that is made once for many values.
_VALUE = "\x00"


class Teller:
    """Makes results of rows.

    Args:
        shapes: The shapes graph.
    """

    def __init__(self, shapes: ShapesGraph) -> None:
        self._shapes = shapes
        self._namer = Namer(shapes.prefixes)
        self._known: dict[tuple[str, str, str | None], tuple[Result, str | None]] = {}

    def result(
        self, answer: Answer, focus: str, value: str | None, predicate: str | None
    ) -> Result:
        """Return the result of a row of an answer.

        Args:
            answer: What is broken.
            focus: The focus node.
            value: The value at fault, or None.
            predicate: The property that a closed shape does not allow, or None.
        """
        component = component_of(answer.constraint)
        key = (answer.shape.node, component, predicate)
        if key not in self._known:
            path = answer.shape.path if predicate is None else Predicate(predicate)
            self._known[key] = self._first(answer.shape.node, component, path)
        like, sentence = self._known[key]
        messages = like.messages
        if sentence is not None:
            shown = "the node" if value is None else self._namer(value)
            messages = (literal(sentence.replace(_VALUE, shown)),)
        return Result(
            focus,
            like.path,
            value,
            like.source_shape,
            component,
            like.severity,
            messages,
        )

    def _first(self, shape: str, component: str, path: Path | None) -> tuple[Result, str | None]:
        """Return what results of a constraint share, and the sentence where it has no message."""
        messages = tuple(sorted(set(self._shapes.objects(shape, sh("message")))))
        severity = self._shapes.value(shape, sh("severity")) or sh("Violation")
        like = Result("", path, None, shape, component, severity, messages)
        return like, None if messages else standard_message(self._shapes, like, _VALUE)
