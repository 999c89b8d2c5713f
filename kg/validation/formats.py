"""Report formats: a grouped table, JSON, SARIF 2.1; and the list of all formats."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import IO, Any, Final, Protocol
from urllib.parse import quote

from kg.about import tool_version
from kg.errors import Location
from kg.names import Namer
from kg.validation.messages import (
    component_name,
    group_message,
    message_text,
    rule_name,
    tell_counts,
)
from kg.validation.paths import to_sparql
from kg.validation.report import TurtleReport
from kg.validation.results import Result, Severity, Verdict
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_blank, is_literal, split_literal

# Sentences are wrapped at this width or more.
_NARROWEST: Final = 40
# Results of one group that the table shows.
_EXAMPLES: Final = 3
_SARIF_LEVELS: Final = {
    Severity.VIOLATION: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
SARIF_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


class Report(Protocol):
    """A writer of validation results."""

    def add(self, result: Result) -> None:
        """Take one result."""

    def close(self, verdict: Verdict | None = None, /) -> None:
        """Write the rest.

        Args:
            verdict: The verdict, if it is known.
        """


@dataclass
class _Group:
    first: Result
    count: int = 0
    examples: list[str] = field(default_factory=list)
    shown: int = 0


def group_title(shapes: ShapesGraph, namer: Namer, result: Result) -> str:
    """Return the title of a result's group: severity, shape, path, component."""
    title = [result.level.label, namer(shapes.owner(result.source_shape))]
    if result.path is not None:
        title.append(to_sparql(result.path, namer))
    title.append(f"({component_name(result.component)})")
    return "  ".join(title)


# Returns whether a group of results is accepted, from its title, file and number of results.
IsAccepted = Callable[[str, str, int], bool]


class TableReport:
    """Groups results by shape, message and file, most frequent first, with a few examples.

    Args:
        out: The output.
        shapes: The shapes graph.
        namer: Writes terms.
        width: Characters in a line, or None for no limit.
        is_accepted: Returns whether to leave a group out; by default none is.
        traced: How many results of a constraint have origins. If it has more results, their files
            are unknown and they form one group.
    """

    def __init__(
        self,
        out: IO[str],
        shapes: ShapesGraph,
        namer: Namer,
        width: int | None = None,
        is_accepted: IsAccepted | None = None,
        traced: int | None = None,
    ) -> None:
        self._traced = traced
        self._counts: Counter[Any] = Counter()
        self._is_accepted = is_accepted or (lambda _, __, ___: False)
        self._out = out
        self._shapes = shapes
        self._namer = namer
        self._width = width
        self._groups: dict[tuple[Any, ...], _Group] = {}

    def add(self, result: Result) -> None:
        """Count one result, and keep it if its group needs more examples."""
        self._counts[result.rule] += 1
        if self._traced is not None and self._counts[result.rule] > self._traced:
            return
        file = result.origins[0].file if result.origins else ""
        group = self._groups.setdefault((result.rule, file), _Group(result))
        group.count += 1
        if group.shown < _EXAMPLES:
            group.shown += 1
            group.examples.extend(self._example(result))

    def close(self, _: Verdict | None = None, /) -> None:
        """Write the groups and a summary."""
        counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
        shown = [
            group
            for group in self._merged()
            if not self._is_accepted(*self._named(group.first), group.count)
        ]
        if self._groups and not shown:
            return
        for group in sorted(shown, key=self._rank):
            counts[group.first.level] += group.count
            for line in self._lines(group):
                self._out.write(line + "\n")
            self._out.write("\n")
        self._out.write(tell_counts(counts) + "\n")

    def _merged(self) -> Iterator[_Group]:
        """Yield the groups, merged for constraints whose results do not all have origins."""
        merged: set[Any] = set()
        for (rule, _), group in self._groups.items():
            if self._traced is None or self._counts[rule] <= self._traced:
                yield group
            elif rule not in merged:
                merged.add(rule)
                group.count = self._counts[rule]
                yield group

    def _named(self, result: Result) -> tuple[str, str]:
        file = result.origins[0].file if result.origins else ""
        return group_title(self._shapes, self._namer, result), file

    def _rank(self, group: _Group) -> tuple[Any, ...]:
        return (-group.count, group.first.sort_key)

    def _lines(self, group: _Group) -> Iterator[str]:
        result = group.first
        yield self._cut(f"{group.count:,} × {group_title(self._shapes, self._namer, result)}")
        yield from self._wrapped(f"    {group_message(self._shapes, result)}")
        yield from group.examples
        if group.count > group.shown:
            yield f"      … and {group.count - group.shown:,} more"

    def _example(self, result: Result) -> Iterator[str]:
        shown = f"      {self._namer(result.focus_node)}"
        if result.value is not None and result.value != result.focus_node:
            shown += f"  {self._namer(result.value)}"
        yield self._cut(shown)
        yield from (self._cut(f"        {origin}") for origin in result.origins[:_EXAMPLES])
        for reason in result.reasons:
            yield from self._wrapped(f"        {reason}")

    def _wrapped(self, line: str) -> list[str]:
        """Wrap a sentence; unlike other lines it is not cut, because it says what to do."""
        if self._width is None:
            return [line]
        indent = line[: len(line) - len(line.lstrip())]
        return textwrap.wrap(
            line.strip(),
            max(self._width, _NARROWEST),  # less holds no words
            initial_indent=indent,
            subsequent_indent=f"{indent}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _cut(self, line: str) -> str:
        if self._width is None or len(line) <= self._width:
            return line
        return line[: self._width - 1] + "…"


class JsonReport:
    """Writes ``{"results": [...], "counts": {...}, "conforms": ...}``.

    Args:
        out: Where the text goes.
        shapes: The shapes graph.
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph) -> None:
        self._out = out
        self._shapes = shapes
        self._counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
        out.write('{"results": [')

    def add(self, result: Result) -> None:
        """Write one result."""
        self._out.write(",\n" if any(self._counts.values()) else "\n")
        self._counts[result.level] += 1
        self._out.write(json.dumps(self._record(result), ensure_ascii=False))

    def close(self, _: Verdict | None = None, /) -> None:
        """End the list, and write the counts."""
        counts = {severity.label: count for severity, count in self._counts.items() if count}
        end = {"counts": counts, "conforms": not counts}
        self._out.write("\n], " + json.dumps(end)[1:] + "\n")

    def _record(self, result: Result) -> dict[str, Any]:
        record: dict[str, Any] = {
            "severity": result.level.label,
            "focusNode": _json_term(result.focus_node),
            "path": None if result.path is None else to_sparql(result.path),
            "value": None if result.value is None else _json_term(result.value),
            "shape": self._shapes.owner(result.source_shape).strip("<>"),
            "sourceShape": _json_term(result.source_shape),
            "component": result.component.strip("<>"),
            "messages": [_json_term(message) for message in result.messages],
        }
        if result.source_constraint is not None:
            record["sourceConstraint"] = _json_term(result.source_constraint)
        if result.details:
            record["details"] = [self._record(detail) for detail in result.details]
        if result.reasons:
            record["reasons"] = list(result.reasons)
        if result.origins:
            record["origins"] = [_json_place(origin) for origin in result.origins]
        return record


class SarifReport:
    """Writes a SARIF 2.1.0 log with one run.

    Each constraint of a shape is a rule. The location of a result is its source records, or else
    its shape.

    Args:
        out: Where the text goes.
        shapes: The shapes graph.
        namer: Writes terms.

    Spec: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph, namer: Namer) -> None:
        self._out = out
        self._shapes = shapes
        self._namer = namer
        self._rules: dict[str, dict[str, Any]] = {}
        self._count = 0
        head = {"$schema": SARIF_SCHEMA, "version": "2.1.0"}
        out.write(json.dumps(head)[:-1] + ', "runs": [{"results": [')

    def add(self, result: Result) -> None:
        """Write one result."""
        self._out.write(",\n" if self._count else "\n")
        self._count += 1
        self._out.write(json.dumps(self._record(result), ensure_ascii=False))

    def close(self, _: Verdict | None = None, /) -> None:
        """Write the rules, and end the log."""
        driver = {"name": "kg", **_version(), "rules": list(self._rules.values())}
        run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}
        self._out.write("\n], " + json.dumps(run, ensure_ascii=False)[1:] + "]}\n")

    def _record(self, result: Result) -> dict[str, Any]:
        message = message_text(result)
        about = self._namer(result.focus_node)
        places = [sarif_place(place) for place in result.origins]
        shape = self._shapes.origins.get(result.source_shape)
        record: dict[str, Any] = {
            "ruleId": self._rule(result),
            "level": _SARIF_LEVELS[result.level],
            "message": {"text": "\n".join((f"{about}: {message}", *result.reasons))},
        }
        if not places and shape is not None:
            places = [sarif_place(shape)]
        elif shape is not None:
            record["relatedLocations"] = [sarif_place(shape) | {"message": {"text": "the shape"}}]
        for place in places or [{}]:
            place["logicalLocations"] = [{"fullyQualifiedName": about}]
        record["locations"] = places or [{"logicalLocations": [{"fullyQualifiedName": about}]}]
        return record

    def _rule(self, result: Result) -> str:
        name = rule_name(self._shapes, self._namer, result)
        if name not in self._rules:
            self._rules[name] = {
                "id": name,
                "shortDescription": {"text": group_message(self._shapes, result)},
                "defaultConfiguration": {"level": _SARIF_LEVELS[result.level]},
            }
        return name


# File endings and their formats.
ENDINGS: Final[Mapping[str, str]] = {
    ".txt": "table",
    ".ttl": "turtle",
    ".json": "json",
    ".sarif": "sarif",
    ".csv": "csv",
    ".xml": "junit",
    ".html": "html",
    ".htm": "html",
}


def open_report(
    form: str,
    out: IO[str],
    shapes: ShapesGraph,
    namer: Namer,
    width: int | None = None,
    is_accepted: IsAccepted | None = None,
    traced: int | None = None,
    fail_at: Severity = Severity.VIOLATION,
    title: str = "",
) -> Report:
    """Return the writer of a format: a value of `ENDINGS`, or ``github``; see `TableReport`."""
    # Imported here: one of them is wanted, and most builds want the table.
    match form:
        case "turtle":
            return TurtleReport(out, shapes)
        case "json":
            return JsonReport(out, shapes)
        case "sarif":
            return SarifReport(out, shapes, namer)
        case "csv":
            from kg.validation.reports.rows import CsvReport

            return CsvReport(out, shapes)
        case "github":
            from kg.validation.reports.github import GithubReport

            return GithubReport(out, shapes, namer)
        case "html":
            from kg.validation.reports.page import HtmlReport

            return HtmlReport(out, shapes, namer, title)
        case "junit":
            from kg.validation.reports.junit import JunitReport

            return JunitReport(out, shapes, namer, fail_at)
    return TableReport(out, shapes, namer, width, is_accepted, traced)


def _json_term(term: str) -> dict[str, str]:
    """Return a term in the form of SPARQL's JSON results.

    Spec: https://www.w3.org/TR/sparql11-results-json/#select-encode-terms
    """
    if is_literal(term):
        parts = split_literal(term)
        record = {"type": "literal", "value": parts.lexical}
        if parts.language:
            return record | {"xml:lang": parts.language}
        return record | ({"datatype": parts.datatype} if not term.endswith('"') else {})
    if is_blank(term):
        return {"type": "bnode", "value": term[2:]}
    return {"type": "uri", "value": term[1:-1]}


def _json_place(place: Location) -> dict[str, str | int]:
    fields: Mapping[str, str | int | None] = {
        "file": place.file,
        "line": place.line,
        "record": place.record,
        "column": place.column,
    }
    return {key: value for key, value in fields.items() if value is not None}


def sarif_place(place: Location) -> dict[str, Any]:
    """Return a place for SARIF: the property physicalLocation, with file and line."""
    path = FilePath(place.file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
        if place.column_number is not None:
            physical["region"]["startColumn"] = place.column_number
    return {"physicalLocation": physical}


def _version() -> dict[str, str]:
    version = tool_version()
    return {} if version == "unknown" else {"version": version}
