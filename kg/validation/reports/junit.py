"""Results as test reports in JUnit's XML, which GitLab, Jenkins and others show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import IO, Final

from kg.names import Namer
from kg.validation.messages import component_name, expectation, message_text
from kg.validation.paths import to_sparql
from kg.validation.reports.piles import Piles
from kg.validation.results import Result, Severity, Verdict
from kg.validation.shapes import ShapesGraph
from kg.wording import counted, printable, visible

# Characters forbidden in XML that are not control characters.
# Spec: https://www.w3.org/TR/xml/#charsets
_FORBIDDEN: Final = {0xFFFE: "\\uFFFE", 0xFFFF: "\\uFFFF"}
_CONFORMS: Final = "all focus nodes conform"


@dataclass
class _Suite:
    tests: int = 0
    failures: int = 0
    skipped: int = 0


class JunitReport:
    """Writes a test suite for each shape, and a test case for each of its results.

    A result at least as bad as `fail_at` is a failure, others are skipped tests. A shape without
    results has one test case, which passes. Jenkins shows only the first failure of a test case,
    so each test case has one result.

    Args:
        out: Where the text goes.
        shapes: The shapes graph.
        namer: Writes terms.
        fail_at: The mildest severity that is a failure.
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph, namer: Namer, fail_at: Severity) -> None:
        self._out = out
        self._shapes = shapes
        self._namer = namer
        self._fail_at = fail_at
        self._suites: dict[str, _Suite] = {}
        self._cases = Piles()

    def add(self, result: Result) -> None:
        """Take one result."""
        shape = self._shapes.owner(result.source_shape)
        suite = self._suites.setdefault(shape, _Suite())
        fails = result.level >= self._fail_at
        suite.tests += 1
        suite.failures += fails
        suite.skipped += not fails
        self._cases.add(shape, self._case(shape, result, "failure" if fails else "skipped"))

    def close(self, verdict: Verdict | None = None, /) -> None:
        """Write the suites: those with results first."""
        met = verdict.met if verdict else {}
        for shape in met:
            self._suites.setdefault(shape, _Suite())
        suites = self._suites.values()
        self._out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        tests = sum(suite.tests or 1 for suite in suites)
        failures = sum(suite.failures for suite in suites)
        head = {"name": "kg validate", "tests": tests, "failures": failures, "errors": 0}
        self._out.write(f"<testsuites{_attributes(head)}>\n")
        for shape, suite in self._suites.items():
            self._write(shape, suite, met.get(shape))
        self._out.write("</testsuites>\n")

    def _write(self, shape: str, suite: _Suite, nodes: int | None) -> None:
        name = self._namer(shape)
        head: dict[str, object] = {
            "name": name,
            "tests": suite.tests or 1,
            "failures": suite.failures,
            "errors": 0,
            "skipped": suite.skipped,
        }
        if shape in self._shapes.origins:
            head["file"] = self._shapes.origins[shape].file
        self._out.write(f"  <testsuite{_attributes(head)}>\n")
        self._out.writelines(self._cases.read(shape))
        if not suite.tests:
            case = _attributes({"classname": name, "name": _CONFORMS})
            told = "" if nodes is None else f"{counted(nodes, 'focus node')}\n"
            self._out.write(f"    <testcase{case}><system-out>{told}</system-out></testcase>\n")
        self._out.write("  </testsuite>\n")

    def _case(self, shape: str, result: Result, kind: str) -> str:
        names = [self._namer(result.focus_node)]
        if result.path is not None:
            names.append(to_sparql(result.path, self._namer))
        names.append(f"({component_name(result.component)})")
        if result.value is not None and result.value != result.focus_node:
            names.append(self._namer(result.value))
        case = _attributes({"classname": self._namer(shape), "name": " ".join(names)})
        message = message_text(result)
        about = _attributes(
            {
                "type": component_name(result.component),
                "message": f"{result.level.label}: {message}",
            }
        )
        text = _text("\n".join(self._lines(names, message, result)))
        return f"    <testcase{case}>\n      <{kind}{about}>{text}</{kind}>\n    </testcase>\n"

    def _lines(self, names: list[str], message: str, result: Result) -> list[str]:
        expected = expectation(self._shapes, result)
        place = self._shapes.origins.get(result.source_shape)
        return [
            f"{result.level.label}: {message}",
            *([f"expected: {expected}"] if expected else []),
            f"focus node: {names[0]}",
            *(f"source: {origin}" for origin in result.origins),
            *([f"shape: {place}"] if place else []),
            *result.reasons,
        ]


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(
        f' {name}="{escape(printable(str(value)).translate(_FORBIDDEN))}"'
        for name, value in values.items()
    )


def _text(text: str) -> str:
    return escape(visible(text).translate(_FORBIDDEN), quote=False)
