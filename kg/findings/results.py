"""Validation results as findings, so that intended ones can be accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kg.errors import Location
from kg.findings.model import Finding, Level
from kg.names import Namer
from kg.paths import path_within
from kg.validation import Severity
from kg.validation.formats import group_title
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph

CODE: Final = "validation-result"
_LEVELS: Final = {
    Severity.VIOLATION: Level.ERROR,
    Severity.WARNING: Level.WARNING,
    Severity.INFO: Level.INFO,
}


def about_group(title: str, file: str, root: Path) -> str:
    """Return the name of a group of results: the same wherever the command runs."""
    return f"{title}  {path_within(file, root)}" if file else title


@dataclass
class _Group:
    level: Level
    place: Location | None
    count: int = 0


@dataclass
class Results:
    """Counts results by constraint and file.

    Attributes:
        shapes: The shapes graph.
        namer: Writes terms.
        root: The folder of the workspace.
    """

    shapes: ShapesGraph
    namer: Namer
    root: Path
    _groups: dict[str, _Group] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Count one result."""
        first = result.origins[0] if result.origins else None
        title = group_title(self.shapes, self.namer, result)
        name = about_group(title, first.file if first else "", self.root)
        group = self._groups.setdefault(name, _Group(_LEVELS[result.level], first))
        group.count += 1

    def findings(self) -> list[Finding]:
        """Return a finding for each group."""
        return [
            Finding(
                CODE,
                name,
                f"{group.count:,} × {name}",
                group.place,
                "`kg validate` shows what is wrong.",
                group.count,
                group.level,
            )
            for name, group in self._groups.items()
        ]
