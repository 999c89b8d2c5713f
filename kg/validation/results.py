"""What a validation finds: results, and the verdict over them.

Terms are text in the form of the quad table.

Spec: https://www.w3.org/TR/shacl/#validation-report
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path as FilePath
from typing import Final

from kg.errors import Location
from kg.validation.names import sh
from kg.validation.paths import Path


class Severity(IntEnum):
    """How bad a result is; a severity of one's own counts as a violation.

    Spec: https://www.w3.org/TR/shacl/#severity
    """

    INFO = 1
    WARNING = 2
    VIOLATION = 3

    @property
    def label(self) -> str:
        """The name as a user writes it: ``violation``."""
        return self.name.lower()


_SEVERITIES: Final = {sh("Info"): Severity.INFO, sh("Warning"): Severity.WARNING}


def severity_of(term: str) -> Severity:
    """Return what the value of ``sh:severity`` stands for."""
    return _SEVERITIES.get(term, Severity.VIOLATION)


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result.

    Attributes:
        focus_node: The node that was validated.
        path: Where the values lie from there, or None.
        value: The value at fault, or None where none is (a missing one has none).
        source_shape: The shape that demands it.
        component: The constraint component, such as ``sh:MinCountConstraintComponent``.
        severity: The value of ``sh:resultSeverity``.
        messages: Literals, sorted.
        source_constraint: The value of ``sh:sparql`` that was broken, or None.
        details: Results of the inner shape, where ``sh:node`` failed.
        reasons: Why each branch of a logical constraint failed, one sentence each.
        origins: The records that the offending triple came from; for a missing one the records
            and columns that would have made it.
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
        """How bad it is."""
        return severity_of(self.severity)

    @property
    def rule(self) -> tuple[str, str | None, str, Path | None, str]:
        """What results of the same constraint share."""
        # The path of a closed shape's result is that of the property that is not allowed.
        return (
            self.source_shape,
            self.source_constraint,
            self.component,
            self.path,
            self.severity,
        )

    @property
    def sort_key(self) -> tuple[str, str, str, str, str, tuple[str, ...]]:
        """What puts results in the same order in every run."""
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
    """Which way a shape takes.

    Attributes:
        shape: The shape.
        way: ``sieve``, ``judge`` (every focus node goes to pySHACL) or ``whole graph``.
        reason: Why it did not take the sieve, or None.
        focus_nodes: Number of its focus nodes.
        queries: Its SPARQL constraints, each with why it ran node by node in pySHACL, or None
            where it ran once on the index.
    """

    shape: str
    way: str
    reason: str | None
    focus_nodes: int
    queries: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a validation came to.

    Attributes:
        counts: Number of results of each severity; severities without results are left out.
        report: The standard report in Turtle, where one was asked for.
        cut: Whether results were left out because of a maximum number.
        judged: Shape with targets to the number of nodes that pySHACL was asked about for it;
            shapes that it was not asked for, or on the whole graph, are left out.
        applied: Number of shapes with targets; without any, nothing was checked.
        notes: What was not checked although it seems to, one sentence each.
        met: Shape with targets to the number of its focus nodes.
    """

    counts: Mapping[Severity, int]
    report: FilePath | None = None
    cut: bool = False
    judged: Mapping[str, int] = field(default_factory=dict)
    applied: int = 0
    notes: tuple[str, ...] = ()
    met: Mapping[str, int] = field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        """The value of ``sh:conforms``: whether there is no result, of whatever severity.

        Spec: https://www.w3.org/TR/shacl/#conforms
        """
        return not self.counts

    def fails(self, at: Severity) -> bool:
        """Return whether there is a result at least as bad as `at`."""
        return any(severity >= at for severity in self.counts)
