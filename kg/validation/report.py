"""The standard validation report in Turtle, written as a stream.

Spec: https://www.w3.org/TR/shacl/#validation-report
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import IO, Final

from kg.files import replacing
from kg.terms import RDF_TYPE
from kg.validation.names import RDF_FIRST, SH, sh
from kg.validation.paths import Path, Predicate, to_turtle
from kg.validation.results import Result, Verdict
from kg.validation.shapes import ShapesGraph

_HEAD: Final = f"@prefix sh: <{SH}> .\n\n[] a sh:ValidationReport"
_STEP: Final = "    "


class TurtleReport:
    """Writes results as one ``sh:ValidationReport``.

    Source shapes that are blank nodes are described in the report.

    Args:
        out: Where the text goes.
        shapes: The shapes graph.
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph) -> None:
        self._out = out
        self._shapes = shapes
        self._described: dict[str, None] = {}
        self._count = 0
        out.write(_HEAD)

    def add(self, result: Result) -> None:
        """Write one result."""
        self._out.write(" ,\n" if self._count else " ;\n    sh:result\n")
        self._out.write("\n".join(self._lines(result, 2)))
        self._count += 1

    def close(self, _: Verdict | None = None, /) -> None:
        """End the report, with ``sh:conforms`` and the descriptions of unnamed shapes."""
        self._out.write(f" ;\n    sh:conforms {'false' if self._count else 'true'} .\n")
        pending = list(self._described)
        for node in pending:
            for inner in self._describe(node):
                if inner not in self._described:
                    self._described[inner] = None
                    pending.append(inner)

    def _lines(self, result: Result, depth: int) -> list[str]:
        pad, inner = _STEP * depth, _STEP * (depth + 1)
        fields = [
            f"sh:focusNode {result.focus_node}",
            f"sh:sourceConstraintComponent {_short(result.component)}",
            f"sh:sourceShape {self._known(result.source_shape)}",
            f"sh:resultSeverity {_short(result.severity)}",
        ]
        if result.path is not None:
            fields.append(f"sh:resultPath {_path(result.path)}")
        if result.value is not None:
            fields.append(f"sh:value {result.value}")
        if result.source_constraint is not None:
            fields.append(f"sh:sourceConstraint {self._known(result.source_constraint)}")
        fields += [f"sh:resultMessage {text}" for text in result.messages]
        for detail in result.details:
            fields.append("sh:detail " + "\n".join(self._lines(detail, depth + 1)).lstrip())
        return [f"{pad}[ a sh:ValidationResult ;", " ;\n".join(inner + f for f in fields) + " ]"]

    def _known(self, node: str) -> str:
        if node.startswith("_"):
            self._described.setdefault(node)
        return node

    def _describe(self, node: str) -> list[str]:
        """Write the triples of a blank node, and return the blank nodes that they mention."""
        mentioned: list[str] = []
        rows = []
        for predicate, objects in self._shapes.index.get(node, {}).items():
            verb = "a" if predicate == RDF_TYPE else _short(predicate)
            shown = [self._object(predicate, object_, mentioned) for object_ in objects]
            rows.append(f"{verb} {', '.join(shown)}")
        if rows:
            self._out.write(f"\n{node} " + " ;\n    ".join(rows) + " .\n")
        return mentioned

    def _object(self, predicate: str, term: str, mentioned: list[str]) -> str:
        if predicate == sh("path"):
            return _path(self._shapes.path(term))
        if self._shapes.value(term, RDF_FIRST) is not None:
            members = self._shapes.members(term)
            return f"( {' '.join(self._object('', member, mentioned) for member in members)} )"
        if term.startswith("_"):
            mentioned.append(term)
        return _short(term)


@contextmanager
def turtle_file(path: FilePath, shapes: ShapesGraph) -> Iterator[TurtleReport]:
    """Write a report to a file, which is replaced at the end.

    Raises:
        WorldError: The disk failed.
    """
    with replacing(path) as part, part.open("w", encoding="utf-8") as out:
        report = TurtleReport(out, shapes)
        yield report
        report.close()


def _short(term: str) -> str:
    local = term[1 + len(SH) : -1]
    return f"sh:{local}" if term.startswith(f"<{SH}") and local.isalnum() else term


def _path(path: Path) -> str:
    return path.iri if isinstance(path, Predicate) else to_turtle(path)
