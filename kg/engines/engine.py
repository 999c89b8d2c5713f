"""What each engine does: it runs a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from kg.engines.outcome import Outcome
from kg.mapping.plan import Plan
from kg.sources import Folders


class Engine(Protocol):
    """An engine, with what it needs for itself."""

    def run(
        self,
        plan: Plan,
        folders: Folders,
        target: Path,
        spool: Path | None = None,
        *,
        routed: bool = False,
    ) -> Outcome:
        """Run a plan and write its quads.

        Args:
            plan: The plan.
            folders: Where the sources are.
            target: The quad table to write.
            spool: Quads that go in beside those of the plan, from `kg.rdf.spool_rdf`.
            routed: Write the quads of each logical target of the plan into a table of its own,
                beside `target`; otherwise all are in one graph.

        Raises:
            InputError: The mapping does not fit the sources, or a value makes no valid term; the
                message names the first such records.
            LimitError: The memory limit was reached.
            WorldError: The disk failed.
        """
