"""What a user may choose about a validation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.records import dataclass

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.validation import Options, ShapeWay, Sink


@dataclass(frozen=True, slots=True)
class Checks:
    """What a user may choose about a validation.

    Attributes:
        infer: Add first what follows by RDFS; shapes can ask for it by ``sh:entailment`` too.
        sinks: Each is called with every result, as it is found.
        report: Where the standard report goes, in Turtle.
        origins: Whether results are led back to the records that they came from.
        max_results: Stop after so many results.
        reasons: How many results of each constraint tell why every branch of it failed.
        traced: How many results of each constraint are led back; None for all.
        explain: Called with the way that each shape takes.
        progress: Called with the name of each step.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
    """

    infer: bool = False
    sinks: Sequence[Sink] = ()
    report: str | Path | None = None
    origins: bool = True
    max_results: int | None = None
    reasons: int = sys.maxsize
    traced: int | None = None
    explain: Callable[[ShapeWay], None] | None = None
    progress: Callable[[str], None] | None = None
    memory: str | None = None
    threads: int | None = None

    @property
    def report_file(self) -> Path | None:
        """The file of the standard report."""
        return None if self.report is None else Path(self.report)

    @property
    def options(self) -> Options:
        """These choices as the validation takes them."""
        from kg.validation import Options

        return Options(
            infer=self.infer,
            max_results=self.max_results,
            reasons=self.reasons,
            traced=self.traced,
            explain=self.explain,
            progress=self.progress or (lambda _: None),
        )
