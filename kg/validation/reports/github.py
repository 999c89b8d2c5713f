"""Results as GitHub annotations: the first ten of each severity, and the number of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Final

from kg.names import Namer
from kg.validation.annotations import MOST_SHOWN, AnnotationLevel, annotation
from kg.validation.messages import message_text, rule_name, tell_counts
from kg.validation.results import Result, Severity, Verdict
from kg.validation.shapes import ShapesGraph
from kg.wording import counted

_LEVELS: Final[Mapping[Severity, AnnotationLevel]] = {
    Severity.VIOLATION: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


class GithubReport:
    """Writes workflow commands, each at the source record of a result, or else at its shape.

    GitHub shows ten annotations of each level for a step, and drops the others. So ten results of
    each severity are written, with the first result of each constraint before second ones.

    Args:
        out: Where the text goes.
        shapes: The shapes graph.
        namer: Writes terms.
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph, namer: Namer) -> None:
        self._out = out
        self._shapes = shapes
        self._namer = namer
        self._counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
        self._kept: dict[Severity, list[tuple[Any, str]]] = {level: [] for level in self._counts}

    def add(self, result: Result) -> None:
        """Count one result, and keep it if there is room."""
        self._counts[result.level] += 1
        kept = self._kept[result.level]
        if len(kept) >= MOST_SHOWN:
            rules = [rule for rule, _ in kept]
            again = [number for number, rule in enumerate(rules) if rule in rules[:number]]
            if result.rule in rules or not again:
                return
            del kept[again[-1]]
        kept.append((result.rule, self._annotation(result)))

    def close(self, _: Verdict | None = None, /) -> None:
        """Write the annotations, and as plain lines how many results there are."""
        for level, kept in self._kept.items():
            self._out.writelines(f"{line}\n" for _, line in kept)
            if more := self._counts[level] - len(kept):
                self._out.write(
                    f"{counted(more, f'more {level.label}')}: GitHub shows {MOST_SHOWN} in a step;"
                    " `kg validate -o results.csv` writes all\n"
                )
        self._out.write(tell_counts(self._counts) + "\n")

    def _annotation(self, result: Result) -> str:
        text = f"{self._namer(result.focus_node)}: {message_text(result)}"
        place = self._shapes.origins.get(result.source_shape)
        if result.origins:
            place = result.origins[0]
            text = "\n".join((text, *map(str, result.origins)))
        title = rule_name(self._shapes, self._namer, result)
        text = "\n".join((text, *result.reasons))
        return annotation(_LEVELS[result.level], place, title, text)
