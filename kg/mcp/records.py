"""Where the things of an answer come from: files, lines and records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from kg.errors import KgError
from kg.lineage import Trace, Wanted
from kg.paths import real_path
from kg.serve.state import State
from kg.terms import is_named

# Things that are traced for one answer, and places told for one thing.
_THINGS: Final = 100
_PLACES: Final = 5

Record = dict[str, Any]


def records_of(state: State, terms: Iterable[str | None]) -> tuple[dict[str, list[Record]], str]:
    """Return the source records of the IRIs among some terms, and a remark if some are left out.

    Args:
        state: The build.
        terms: Terms; what is no IRI is passed over.
    """
    things = dict.fromkeys(term for term in terms if term is not None and is_named(term))
    asked = list(islice(things, _THINGS))
    if not asked:
        return {}, ""
    try:
        traces = state.graph.tracer.trace_all([Wanted(term) for term in asked])
    except KgError as error:
        return {}, f"the source records cannot be told: {error.message}"
    left = len(things) - len(asked)
    remark = f"source records are told of the first {_THINGS} things only" if left else ""
    return _by_thing(state, traces), remark


def _by_thing(state: State, traces: Iterable[Trace]) -> dict[str, list[Record]]:
    """Return thing to its places; columns of one record are told together."""
    found: dict[str, dict[str, Record]] = {}
    for trace in traces:
        place = trace.location
        thing = found.setdefault(trace.wanted.subject[1:-1], {})
        record = thing.setdefault(str(place.within(None)), _record(state, trace))
        if place.column is not None and place.column not in record.get("columns", ()):
            record.setdefault("columns", []).append(place.column)
    return {iri: list(islice(places.values(), _PLACES)) for iri, places in found.items()}


def _record(state: State, trace: Trace) -> Record:
    place = trace.location
    told = {"file": _in_workspace(state, place.file), "line": place.line, "record": place.record}
    return {name: value for name, value in told.items() if value is not None}


def _in_workspace(state: State, file: str) -> str:
    """Return the name of a file as it is in the workspace: where that lies is nobody's business."""
    path, root = real_path(Path(file)), real_path(state.workspace.root)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def lines(records: Mapping[str, list[Record]], state: State) -> list[str]:
    """Return records as lines of Markdown."""
    told = []
    for iri, places in records.items():
        shown = []
        for place in places:
            text = str(place["file"])
            text += f":{place['line']}" if "line" in place else ""
            text += f" (record {place['record']})" if "record" in place else ""
            shown.append(text)
        told.append(f"- {state.namer(f'<{iri}>')}: {'; '.join(shown)}")
    return told
