"""A report as RDF: the vocabulary of the RML Execution Report (RER), as Turtle.

The vocabulary is that of J. Duchateau, D. Van Assche and C. Debruyne, "Beyond Exit Code 1: A
Vocabulary for Execution Report of RML Processors" (KGCW 2026). Places in files are those of its
vocabulary for pointers. What it has no term for, such as lost records, is a ``rer:Warning`` or
``rer:Information`` whose code is its ``dcterms:identifier``.

Spec: https://w3id.org/dre/rer, https://w3id.org/dre/ptr
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kg.errors import Location
from kg.execution.model import Entry, Run, document, entries
from kg.findings.model import Level
from kg.terms import is_iri, literal

_HEAD: Final = """\
# RML Execution Report of kg
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix ptr: <https://w3id.org/dre/ptr#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rer: <https://w3id.org/dre/rer#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
_LEVELS: Final = {Level.ERROR: "Error", Level.WARNING: "Warning", Level.INFO: "Information"}
# Classes of errors by the codes of kg. The rest are execution errors.
_CLASSES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("bad-csv", "bad-json", "bad-xml", "bad-yaml"), "UnparseableDataError"),
    **dict.fromkeys(("bad-encoding", "bad-workbook", "bad-parquet"), "UnparseableDataError"),
    **dict.fromkeys(("missing-file", "unreadable-file", "outside-folder"), "SourceAccessError"),
    **dict.fromkeys(("database-unreachable", "bad-database"), "SourceAccessError"),
    **dict.fromkeys(("missing-table", "missing-sheet", "bad-query"), "LogicalSourceError"),
    "missing-column": "ReferenceFormulationExecutionError",
    "not-a-value": "DataError",
    "bad-iri": "InvalidIRI",
    "bad-language-tag": "InvalidLanguageTagError",
    "ill-typed-literal": "IllTypedLiteralError",
    "bad-rdf": "RDFMappingSyntaxError",
    "bad-mapping": "OutOfSpec",
    "unsupported-mapping": "UnsupportedMapping",
    "unknown-function": "UnsupportedFunction",
    **dict.fromkeys(("bad-jsonpath", "bad-xpath"), "ReferenceFormulationSyntaxError"),
}

# A node: its predicates with their objects, each written as Turtle writes it, or a node.
_Node = list[tuple[str, Any]]


def as_turtle(run: Run) -> str:
    """Return a report as Turtle."""
    found = document(run)
    report: _Node = [
        ("a", "rer:RmlExecutionReport"),
        ("rer:processorName", literal("kg")),
        ("rer:processorVersion", literal(found["tool"]["version"])),
        ("dcterms:created", f'"{found["started"]}"^^xsd:dateTime'),
        ("rer:isSuccess", _truth(found["success"])),
        ("rer:isComplete", _truth(found["complete"])),
        ("rer:hasExecutionPlan", _plan(found)),
        ("rer:hasStatistics", _statistics(run, found)),
    ]
    for order, entry in enumerate(entries(run), 1):
        link = "rer:hasError" if entry.finding.level is Level.ERROR else "rer:hasLog"
        report.append((link, _log(entry, order)))
    return _HEAD + _written(report) + " .\n"


def _plan(found: Mapping[str, Any]) -> _Node:
    return [
        ("a", "rer:ExecutionPlan"),
        ("rer:numberOfTriplesMap", str(len(found["triplesMaps"]))),
    ]


def _statistics(run: Run, found: Mapping[str, Any]) -> _Node:
    node: _Node = [
        ("a", "rer:Statistics"),
        ("rer:generatedStatements", str(run.statements)),
    ]
    for each in found["triplesMaps"]:
        name = each["name"]
        part: _Node = [("a", "rer:GeneratedStatementPerTriplesMap")]
        if is_iri(name):
            part.append(("rer:triplesMap", f"<{name}>"))
        part += [
            ("rdfs:label", literal(name)),
            ("rer:generatedStatements", str(each.get("statements", 0))),
        ]
        node.append(("rer:generatedStatementsPerTriplesMap", part))
    return node


def _log(entry: Entry, order: int) -> _Node:
    finding = entry.finding
    kind = _LEVELS[finding.level]
    if finding.level is Level.ERROR:
        kind = _CLASSES.get(finding.code, "ExecutionError")
    node: _Node = [
        ("a", f"rer:{kind}"),
        ("rer:order", str(order)),
        ("dcterms:identifier", literal(finding.code)),
        ("rer:message", literal(finding.message)),
    ]
    if finding.hint:
        node.append(("rer:potentialSolution", literal(finding.hint)))
    if finding.place is not None and finding.place.file:
        node += _place(finding.place)
    if entry.mapping is not None and entry.mapping != finding.place:
        node.append(("rer:mappingStatement", _pointer(entry.mapping)))
    return node


def _place(place: Location) -> Iterator[tuple[str, Any]]:
    if place.record is not None:
        yield "rer:iterationIndex", str(place.record)
    if place.column is not None:
        yield "rer:reference", literal(place.column)
    # The vocabulary has one link to what is wrong in the mapping, and none to a place in the data.
    yield ("rer:suggestedContext" if place.record else "rer:mappingStatement"), _pointer(place)


def _pointer(place: Location) -> _Node:
    pointer: _Node = [("a", "ptr:TextFilePointer"), ("ptr:path", literal(place.file))]
    if place.line is not None:
        point: _Node = [("a", "ptr:Point"), ("ptr:line", str(place.line))]
        if place.column_number is not None:
            point.append(("ptr:column", str(place.column_number)))
        pointer.append(("ptr:range", [("a", "ptr:Range"), ("ptr:start", point)]))
    return pointer


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _written(node: _Node, depth: int = 0) -> str:
    inner = "  " * (depth + 1)
    parts = [
        f"{predicate} {_written(value, depth + 1) if isinstance(value, list) else value}"
        for predicate, value in node
    ]
    joined = f" ;\n{inner}".join(parts)
    return f"[\n{inner}{joined}\n{'  ' * depth}]"
