"""Write findings for people and tools: text, JSON, SARIF 2.1, annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kg.about import tool_version
from kg.findings.model import Finding, Level, as_record
from kg.validation.annotations import AnnotationLevel, annotation
from kg.validation.formats import SARIF_SCHEMA, sarif_place

_SARIF_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
_GITHUB_LEVELS: Final[Mapping[Level, AnnotationLevel]] = {
    Level.ERROR: "error",
    Level.WARNING: "warning",
    Level.INFO: "notice",
}


def as_text(findings: Sequence[Finding]) -> str:
    """Return findings as lines for people, the worst first."""
    ordered = sorted(findings, key=lambda each: -each.level)
    return "".join(f"{line}\n" for each in ordered for line in each.lines())


def as_json(findings: Sequence[Finding]) -> str:
    """Return findings as a JSON array."""
    return json.dumps([as_record(each) for each in findings], ensure_ascii=False, indent=2) + "\n"


def as_sarif(findings: Sequence[Finding]) -> str:
    """Return findings as a SARIF log.

    Spec: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    rules = [{"id": code} for code in sorted({each.code for each in findings})]
    version = tool_version()
    told = {} if version == "unknown" else {"version": version}
    run = {
        "tool": {"driver": {"name": "kg", **told, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif(each) for each in findings],
    }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _sarif(finding: Finding) -> dict[str, Any]:
    text = f"{finding.message}. {finding.hint}".rstrip()
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding.about}]}
    if finding.place is not None:
        location |= sarif_place(finding.place)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": text},
        "locations": [location],
    }
    if finding.fix is not None and finding.place is not None:
        change = {
            "artifactLocation": location["physicalLocation"]["artifactLocation"],
            "replacements": [
                {
                    "deletedRegion": {
                        "startLine": finding.fix.line,
                        "snippet": {"text": finding.fix.old},
                    },
                    "insertedContent": {"text": finding.fix.new},
                }
            ],
        }
        result["fixes"] = [{"artifactChanges": [change]}]
    return result


def as_github(findings: Sequence[Finding]) -> str:
    """Return findings as workflow commands, which GitHub shows beside the lines of a change."""
    return "".join(
        annotation(
            _GITHUB_LEVELS[each.level],
            each.place,
            each.code,
            f"{each.message}. {each.hint}".rstrip(),
        )
        + "\n"
        for each in findings
    )


FORMATS: Final[Mapping[str, Callable[[Sequence[Finding]], str]]] = {
    "table": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
