"""What a report of a run says, as JSON holds it, and the findings that it lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kg.about import tool_version
from kg.engines.loaded import LoadedTable
from kg.engines.outcome import LossCount, MapCount
from kg.engines.recording import Recording
from kg.errors import InputError, KgError, Location, single_errors
from kg.findings.model import (
    Finding,
    Level,
    as_record,
    cleaned,
    cleaned_place,
    of_error,
    place_record,
)
from kg.findings.records import ill_typed, losses, shared_subjects
from kg.logins import without_values
from kg.notes import Note
from kg.records import dataclass
from kg.rejects import Rejects

# Parts of a statement, as losses name them; a predicate is named by its IRI.
_PARTS: Final = ("subject", "predicate", "graph")


@dataclass(slots=True)
class Run:
    """A run of mappings, as far as it got.

    Attributes:
        mappings: The mapping files, as given.
        recording: What the engine noted.
        prefixes: Prefix to namespace, to name things.
        started: When it began.
        ended: When it ended; None while it runs.
        outputs: Each file that was written, ``-`` for standard output, with its statements.
        rejects: What was left out; None where bad records are errors.
        error: What ended it early.
        notes: What was told of the mappings and of files of RDF.
    """

    mappings: tuple[str, ...]
    recording: Recording
    prefixes: Mapping[str, str] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    outputs: tuple[tuple[str, int], ...] = ()
    rejects: Rejects | None = None
    error: BaseException | None = None
    notes: tuple[Note, ...] = ()

    @property
    def state(self) -> str:
        """``running``, ``failed`` or ``done``."""
        if self.ended is None:
            return "running"
        return "done" if self.error is None else "failed"

    @property
    def is_complete(self) -> bool:
        """Whether all that the sources hold was read, and all of it was written."""
        return self.state == "done" and (self.rejects is None or not self.rejects.count)

    @property
    def statements(self) -> int:
        """Number of statements in all files that were written."""
        return sum(number for _, number in self.outputs)


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding, and where the mapping asks for what it is about.

    Attributes:
        finding: The finding; its place is the one in the data, where there is one.
        mapping: The place in the mapping; None where it is the finding's own, or not known.
    """

    finding: Finding
    mapping: Location | None = None


def entries(run: Run) -> list[Entry]:
    """Return what is wrong or doubtful: errors, refused records, losses, notes."""
    counts, here = run.recording.counts, Path()
    plain = [
        *_errors(run.error),
        *_refused(run.rejects),
        *ill_typed(counts, here),
        *shared_subjects(counts, run.prefixes, here),
        *(_remark(note) for note in run.notes),
        *_notes(counts),
    ]
    found = [*map(Entry, plain), *_losses(counts, run.prefixes)]
    return [
        Entry(cleaned(each.finding), None if each.mapping is None else cleaned_place(each.mapping))
        for each in found
    ]


def document(run: Run) -> dict[str, Any]:
    """Return the report as JSON holds it, without its findings and the values of variables."""
    tables = {entry.table.name: entry for entry in run.recording.tables}
    numbers = {name: number for number, name in enumerate(tables)}
    found: dict[str, Any] = {
        "report": "kg map",
        "tool": {"name": "kg", "version": tool_version()},
        "state": run.state,
        "success": run.state == "done",
        "complete": run.is_complete,
        "started": _time(run.started),
    }
    if run.ended is not None:
        found["ended"] = _time(run.ended)
        found["seconds"] = round((run.ended - run.started).total_seconds(), 3)
    found["mappings"] = _cleaned(run.mappings)
    found["outputs"] = [{"file": without_values(file), "statements": n} for file, n in run.outputs]
    found["sources"] = [_source(entry) for entry in tables.values()]
    found["triplesMaps"] = [_map(run, count, numbers) for count in run.recording.counts]
    if run.rejects is not None:
        found["refused"] = {
            "records": run.rejects.records,
            "values": run.rejects.values,
            "listed": [
                {
                    "place": _place(place),
                    "value": without_values(value),
                    "reason": without_values(reason),
                }
                for place, value, reason in run.rejects.listed
            ],
        }
    return found


def cause(loss: LossCount) -> str:
    """Return the kind of reason of a loss."""
    if loss.unfit:
        return "value-does-not-fit"
    return "no-such-parent" if loss.parent else "no-value"


def why(loss: LossCount) -> str:
    """Return the reason of a loss in words."""
    if loss.unfit:
        return loss.unfit
    word = " and " if loss.parent else " or "
    listed = word.join(loss.references)
    if loss.parent:
        return f"no {loss.parent} has its {listed or 'constants'}"
    return f"no value in {listed}" if listed else "its constants give no value"


def _cleaned(texts: Iterable[str]) -> list[str]:
    return [without_values(text) for text in texts]


def _place(place: Location) -> dict[str, Any]:
    return place_record(cleaned_place(place))


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _source(entry: LoadedTable) -> dict[str, Any]:
    source = entry.table.source
    found: dict[str, Any] = {
        "files": _cleaned(part.shown for part in entry.parts),
        "formulation": source.formulation.value,
        "records": entry.records,
        "references": _cleaned(column.reference for column in entry.table.columns),
        "mapping": _place(source.origin.location()),
    }
    if source.iterator:
        found["iterator"] = without_values(source.iterator)
    return found


def _map(run: Run, count: MapCount, numbers: Mapping[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": without_values(count.triples_map), "records": count.records}
    if count.origin is not None:
        found["mapping"] = _place(count.origin)
    made = run.recording.made.get(count.triples_map)
    if made is not None:
        found["source"] = numbers.get(made.table)
        found["subjects"] = made.subjects
        found["statements"] = sum(made.statements.values())
        found["predicates"] = [
            {
                "predicate": without_values(term[1:-1]) if term else "others",
                "statements": number,
            }
            for term, number in made.statements.items()
        ]
    found["lost"] = [_loss(loss) for loss in count.losses]
    return found


def _loss(loss: LossCount) -> dict[str, Any]:
    found: dict[str, Any] = {
        "what": loss.what if loss.what in _PARTS else without_values(loss.what),
        "cause": cause(loss),
        "records": loss.records,
        "partly": loss.is_partial,
        "references": _cleaned(loss.references),
        "reason": without_values(why(loss)),
    }
    if loss.parent:
        found["parent"] = without_values(loss.parent)
    if loss.place is not None:
        found["first"] = _place(loss.place)
    if loss.origin is not None:
        found["mapping"] = _place(loss.origin)
    return found


def _errors(error: BaseException | None) -> Iterator[Finding]:
    if isinstance(error, InputError):
        yield from (of_error(each) for each in single_errors(error))
    elif isinstance(error, KgError):
        yield Finding(
            error.code,
            error.message,
            error.message,
            error.location,
            error.hint or "",
            level=Level.ERROR,
        )
    elif error is not None:
        kind = "interrupted" if isinstance(error, KeyboardInterrupt | SystemExit) else "crashed"
        text = "the run was interrupted" if kind == "interrupted" else f"kg failed: {error!r}"
        yield Finding(kind, kind, text, level=Level.ERROR)


def _refused(rejects: Rejects | None) -> Iterator[Finding]:
    for place, _, reason in rejects.listed if rejects is not None else ():
        yield Finding("refused", f"{place}", reason, place, level=Level.WARNING)


def _losses(counts: Sequence[MapCount], prefixes: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the losses as `kg check` tells them, with their reasons and places."""
    found = losses(counts, prefixes, Path())
    for each, loss in zip(found, (loss for c in counts for loss in c.losses), strict=True):
        message = f"{each.message}: {why(loss)}"
        yield Entry(replace(each, message=message, place=loss.place or loss.origin), loss.origin)


def _remark(note: Note) -> Finding:
    return Finding("remark", note.text, note.text, note.place, count=note.count, level=Level.INFO)


def _notes(counts: Sequence[MapCount]) -> Iterator[Finding]:
    for count in counts:
        place = count.origin
        for note in count.notes:
            text = f"{count.triples_map}: {note}"
            yield Finding("remark", text, text, place, level=Level.INFO)
        if not count.records:
            text = f"{count.triples_map}: no records" + (f": {count.nothing}" * bool(count.nothing))
            hint = "Check its source and its iterator."
            yield Finding("no-records", count.triples_map, text, place, hint)


def entry_record(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON holds it."""
    found = as_record(entry.finding)
    if entry.mapping is not None:
        found["mapping"] = place_record(entry.mapping)
    return found
