"""Validation results, and the verdict of a validation.

Terms are text in the form of the quad table.

Spec: https://www.w3.org/TR/shacl/#validation-report
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import IntEnum
from pathlib import Path as FilePath
from typing import Final

from kg.errors import Location
from kg.records import dataclass
from kg.validation.names import sh
from kg.validation.paths import Path


class Severity(IntEnum):
    """Severity of a result; a custom severity counts as a violation.

    Spec: https://www.w3.org/TR/shacl/#severity
    """

    INFO = 1
    WARNING = 2
    VIOLATION = 3

    @property
    def label(self) -> str:
        """The name in lower case: ``violation``."""
        return self.name.lower()


_SEVERITIES: Final = {sh("Info"): Severity.INFO, sh("Warning"): Severity.WARNING}


def severity_of(term: str) -> Severity:
    """Return the severity for a value of ``sh:severity``."""
    return _SEVERITIES.get(term, Severity.VIOLATION)


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result.

    Attributes:
        focus_node: The node that was validated.
        path: The path from there to the values, or None.
        value: The value at fault, or None (for instance if a value is missing).
        source_shape: The shape with the constraint.
        component: The constraint component, such as ``sh:MinCountConstraintComponent``.
        severity: The value of ``sh:resultSeverity``.
        messages: Literals, sorted.
        source_constraint: The value of ``sh:sparql`` of the violated constraint, or None.
        details: Results of the inner shape, if ``sh:node`` failed.
        reasons: Why each branch of a logical constraint failed, one sentence each.
        origins: Source records of the triple at fault; for a missing triple, the records and
            columns that should have given it.
    """

    focus_node: str
    path: Path | None
    value: str | None
    source_shape: str
    component: str
    severity: str
    messages: tuple[str, ...]
    source_constraint: str | None = None
    details: tuple[Result, ...] = ()
    reasons: tuple[str, ...] = field(default=(), compare=False)
    origins: tuple[Location, ...] = field(default=(), compare=False)

    @property
    def level(self) -> Severity:
        """The severity."""
        return severity_of(self.severity)

    @property
    def rule(self) -> tuple[str, str | None, str, Path | None, str]:
        """The key of the constraint: equal for all of its results."""
        # For sh:closed, the path differs from result to result: the property that is not allowed.
        return (
            self.source_shape,
            self.source_constraint,
            self.component,
            self.path,
            self.severity,
        )

    @property
    def sort_key(self) -> tuple[str, str, str, str, str, tuple[str, ...]]:
        """The key by which results are sorted, the same in every run."""
        return (
            self.focus_node,
            self.source_shape,
            self.component,
            repr(self.path),
            self.value or "",
            self.messages,
        )


Sink = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class ShapeWay:
    """How a shape is validated.

    Attributes:
        shape: The shape.
        way: ``sieve`` (DuckDB finds suspects), ``judge`` (pySHACL gets every focus node) or
            ``whole graph``.
        reason: Why it is not ``sieve``, or None.
        focus_nodes: Number of its focus nodes.
        queries: Its SPARQL constraints, each with the reason why it ran node by node in pySHACL;
            None if it ran once on Oxigraph.
    """

    shape: str
    way: str
    reason: str | None
    focus_nodes: int
    queries: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a validation.

    Attributes:
        counts: Number of results of each severity; severities without results are left out.
        report: File of the standard report in Turtle, if there is one.
        cut: Whether the maximum number of results was reached.
        judged: Shape with targets to the number of nodes that pySHACL judged for it; shapes that
            it did not judge, or judged on the whole graph, are left out.
        applied: Number of shapes with targets; if zero, nothing was checked.
        notes: What was not checked although it seems so, one sentence each.
        met: Shape with targets to the number of its focus nodes.
        sieved: Shapes, each with how many of the first results DuckDB found for it, in order.
    """

    counts: Mapping[Severity, int]
    report: FilePath | None = None
    cut: bool = False
    judged: Mapping[str, int] = field(default_factory=dict)
    applied: int = 0
    notes: tuple[str, ...] = ()
    met: Mapping[str, int] = field(default_factory=dict)
    sieved: tuple[tuple[str, int], ...] = ()

    @property
    def conforms(self) -> bool:
        """The value of ``sh:conforms``: whether there are no results of any severity.

        Spec: https://www.w3.org/TR/shacl/#conforms
        """
        return not self.counts

    def fails(self, at: Severity) -> bool:
        """Return whether there is a result at least as bad as `at`."""
        return any(severity >= at for severity in self.counts)
