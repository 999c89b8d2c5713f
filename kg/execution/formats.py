"""Reports of runs as JSON, SARIF 2.1 and RDF."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Final

from kg.errors import UsageError
from kg.execution.model import Run, document, entries, entry_record
from kg.execution.rer import as_turtle
from kg.findings.report import as_sarif
from kg.validation.formats import sarif_place


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
