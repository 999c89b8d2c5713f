"""Reports of runs as JSON, SARIF 2.1 and RDF."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from kg.errors import Location, UsageError
from kg.execution.model import Entry, Run, document, entries, entry_record
from kg.findings.model import Level
from kg.findings.report import as_sarif
from kg.terms import is_iri, literal
from kg.validation.formats import sarif_place

# --- A report as RDF: the vocabulary of the RML Execution Report (RER), as Turtle -----------------
# The vocabulary is that of J. Duchateau, D. Van Assche and C. Debruyne, "Beyond Exit Code 1: A
# Vocabulary for Execution Report of RML Processors" (KGCW 2026). Places in files are those of its
# vocabulary for pointers. What it has no term for, such as lost records, is a ``rer:Warning`` or
# ``rer:Information`` whose code is its ``dcterms:identifier``.
#
# Spec: https://w3id.org/dre/rer, https://w3id.org/dre/ptr


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


def as_json(run: Run) -> str:
    """Return a report as one JSON object."""
    found = document(run) | {"findings": [entry_record(each) for each in entries(run)]}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def as_sarif_log(run: Run) -> str:
    """Return a report as a SARIF log: its findings, and the rest as properties of the run.

    Spec: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, 3.14 and 3.20
    """
    told = entries(run)
    log: dict[str, Any] = json.loads(as_sarif([each.finding for each in told]))
    for each, result in zip(told, log["runs"][0]["results"], strict=True):
        if each.mapping is not None:
            result["relatedLocations"] = [sarif_place(each.mapping)]
    found = document(run)
    invocation: dict[str, Any] = {
        "executionSuccessful": found["success"],
        "startTimeUtc": found["started"],
    }
    if "ended" in found:
        invocation["endTimeUtc"] = found["ended"]
    log["runs"][0]["invocations"] = [invocation]
    log["runs"][0]["properties"] = found
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


FORMATS: Final[Mapping[str, Callable[[Run], str]]] = {
    "json": as_json,
    "sarif": as_sarif_log,
    "rer": as_turtle,
}
_ENDINGS: Final = {".json": "json", ".sarif": "sarif", ".ttl": "rer"}
# What the start of a report has, in each format.
_MARKS: Final = ('"report": "kg map"', "sarif-schema-2.1.0", "RML Execution Report")
# Characters of a file that are searched for such a mark.
_START: Final = 400


def format_of(target: str, name: str | None) -> str:
    """Return the name of the format of a report.

    Args:
        target: Its file, or ``-``.
        name: As the user gave it; None: the ending of the file says it.

    Raises:
        UsageError: There is no such format, or the ending says none.
    """
    if name is not None:
        if name not in FORMATS:
            raise UsageError(
                "unknown-format",
                f"--report-format has no format {name!r}",
                hint=f"Formats: {', '.join(FORMATS)}.",
            )
        return name
    path = PurePath(target)
    found = "sarif" if path.name.endswith(".sarif.json") else _ENDINGS.get(path.suffix.lower())
    if found is None:
        raise UsageError(
            "format-needed",
            f"cannot tell the format of the report from the name {target}",
            hint=f"Add --report-format: {', '.join(FORMATS)}; or end the name in .json, .sarif"
            " or .ttl.",
        )
    return found


def is_report(start: str) -> bool:
    """Return whether a text starts as a report does."""
    return any(mark in start[:_START] for mark in _MARKS)
