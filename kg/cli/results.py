"""What builds, traces and pushes did, as JSON on standard output, for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.errors import Location, UsageError

if TYPE_CHECKING:
    from kg.building import BuildResult
    from kg.graph import Trace
    from kg.push import Pushed
    from kg.workspace import Build

FormOption = Annotated[
    str, typer.Option("-f", "--format", metavar="FORMAT", help="text, or json for programs.")
]


def wants_json(form: str) -> bool:
    """Return whether ``--format`` asks for JSON.

    Raises:
        UsageError: There is no such format.
    """
    if form not in ("text", "json"):
        raise UsageError("unknown-format", f"there is no format {form}", hint="Take text or json.")
    return form == "json"


def print_json(value: object) -> None:
    """Write a value to standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def of_place(place: Location | None) -> dict[str, Any] | None:
    """Return a place as JSON holds it, what is unknown left out."""
    if place is None:
        return None
    named = {
        "file": place.file,
        "line": place.line,
        "record": place.record,
        "column": place.column,
    }
    return {name: value for name, value in named.items() if value is not None}


def of_build(result: BuildResult) -> dict[str, Any]:
    """Return what a build did."""
    from kg.findings.model import as_record

    counts = {} if result.verdict is None else result.verdict.counts
    return {
        "build": result.build.id,
        "in_force": result.in_force,
        "changed": True,
        "quads": result.quads,
        "triples": result.triples,
        "inferred": result.inferred,
        "graphs": {name or "": triples for name, triples in result.graphs},
        "records": sum(count.records for count in result.counts),
        "skipped_records": result.skipped_records,
        "skipped_values": result.skipped_values,
        "validated": result.verdict is not None,
        "results": {severity.name.lower(): number for severity, number in counts.items()},
        "losses": [
            {
                "triples_map": count.triples_map,
                "what": loss.what,
                "references": list(loss.references),
                "records": loss.records,
                "place": of_place(loss.place),
            }
            for count in result.lossy
            for loss in count.losses
        ],
        "findings": [as_record(each) for each in result.findings],
        "seconds": {name: round(each, 3) for name, each in result.seconds.items()},
    }


def of_unchanged(build: Build) -> dict[str, Any]:
    """Return what a build says that found nothing to do."""
    return {"build": build.id, "in_force": True, "changed": False}


def of_traces(traces: Iterable[Trace]) -> list[dict[str, Any]]:
    """Return the records behind triples; terms are as N-Triples writes them."""
    return [
        {
            "subject": each.wanted.subject,
            "predicate": each.predicate,
            "object": each.object,
            "triples_map": each.triples_map or None,
            **(of_place(each.location) or {}),
        }
        for each in traces
    ]


def of_push(done: Pushed, url: str) -> dict[str, Any]:
    """Return what was sent to a store."""
    return {
        "url": url,
        "triples": sum(each.triples for each in done.graphs),
        "retries": done.retried,
        "checked": done.checked,
        "changed": done.changed and {"removed": done.changed.removed, "added": done.changed.added},
        "graphs": [
            {"name": each.name, "triples": each.triples, "merged": each.merged}
            for each in done.graphs
        ],
    }
