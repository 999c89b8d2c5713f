"""The W3C test suite of SHACL: its cases, and the comparison of reports."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from kg.validation.names import RDF_TYPE, sh
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, read_shapes

SUITE = "http://www.w3.org/ns/shacl-test#"
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"

Fact = tuple[str | None, ...]


@dataclass(frozen=True)
class Case:
    """One ``sht:Validate`` entry; `expected` is None if it expects a failure."""

    name: str
    data: Path
    shapes: Path
    expected: Counter[Fact] | None


def suite_folder() -> Path | None:
    """Return the folder of the suite, or None if KG_CONFORMANCE is not set."""
    root = os.environ.get("KG_CONFORMANCE")
    return Path(root) / "shacl" / "tests" if root else None


def cases(folder: Path) -> list[Case]:
    """Return all cases in the files below a folder, sorted by name."""
    graphs = [(file, read_shapes([file])) for file in sorted(folder.rglob("*.ttl"))]
    return [
        _case(graph, entry, file.relative_to(folder).with_suffix(""))
        for file, graph in graphs
        for entry in graph.subjects(RDF_TYPE, f"<{SUITE}Validate>")
    ]


def _case(graph: ShapesGraph, entry: str, name: Path) -> Case:
    action = graph.value(entry, f"<{MANIFEST}action>")
    result = graph.value(entry, f"<{MANIFEST}result>")
    assert action is not None
    assert result is not None
    data, shapes = (graph.value(action, f"<{SUITE}{key}Graph>") for key in ("data", "shapes"))
    assert data is not None
    assert shapes is not None
    failure = result == f"<{SUITE}Failure>"
    return Case(str(name), _file(data), _file(shapes), None if failure else _facts(graph, result))


def _file(iri: str) -> Path:
    return Path(unquote(urlparse(iri[1:-1]).path))


def _facts(graph: ShapesGraph, report: str) -> Counter[Fact]:
    facts: Counter[Fact] = Counter()
    for result in graph.objects(report, sh("result")):
        path = graph.value(result, sh("resultPath"))
        facts[
            (
                _blind(graph.value(result, sh("focusNode"))),
                None if path is None else repr(graph.path(path)),
                _blind(graph.value(result, sh("value"))),
                graph.value(result, sh("resultSeverity")),
                graph.value(result, sh("sourceConstraintComponent")),
                _blind(graph.value(result, sh("sourceShape"))),
            )
        ] += 1
    return facts


def facts_of(results: list[Result]) -> Counter[Fact]:
    """Return the facts of results that the suite compares."""
    return Counter(
        (
            _blind(result.focus_node),
            None if result.path is None else repr(result.path),
            _blind(result.value),
            result.severity,
            result.component,
            _blind(result.source_shape),
        )
        for result in results
    )


def _blind(term: str | None) -> str | None:
    """Make all blank nodes equal: their labels have no meaning."""
    return "_:" if term is not None and term.startswith("_") else term
