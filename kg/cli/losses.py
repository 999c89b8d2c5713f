"""Report the records that gave no subject or no object: how many, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.names import Namer
from kg.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.cli.context import Settings
    from kg.map_files import LossCount, MapCount

# Most triples maps, and reasons for one of them, in a short summary.
MOST_MAPS: Final = 5
MOST_REASONS: Final = 3
# Most files without records that a short summary names.
MOST_FILES: Final = 8


def say_losses(
    shared: Settings,
    counts: Sequence[MapCount],
    prefixes: Mapping[str, str],
    *,
    strict: bool,
    guide: str = "",
) -> None:
    """Report for each triples map how many records were read and lost.

    The short report has a line for each of the first with losses, missing subjects first;
    with ``--verbose`` or ``--strict`` it has all.

    Args:
        shared: Writes messages.
        counts: The counts of the mapping.
        prefixes: Prefix to namespace, to name predicates.
        strict: Whether losses make the command fail.
        guide: What to read where most sources are empty, as in a new workspace.
    """
    if shared.verbose or strict:
        for count in counts:
            shared.say(f"{count.triples_map}: {counted(count.records, 'record')}")
            for loss in count.losses:
                shared.say(f"  {loss.records:,} gave {_what(loss, prefixes)}: {_why(loss)}")
        _say_notes(shared, counts)
        return
    _say_notes(shared, counts, guide, most=MOST_MAPS)
    lossy = sorted((count for count in counts if count.losses), key=_has_all_subjects)
    for count in lossy[:MOST_MAPS]:
        records = counted(count.records, "record")
        shared.say(f"{count.triples_map}: {records}; {_short(count, prefixes)}")
    if len(lossy) > MOST_MAPS:
        more = counted(len(lossy) - MOST_MAPS, "more triples map")
        shared.say(f"and {more} with records that gave no subject or no object")
    if lossy:
        shared.say("--verbose lists all that was lost, --strict makes it a failure")


def _say_notes(
    shared: Settings, counts: Sequence[MapCount], guide: str = "", most: int | None = None
) -> None:
    """Report notes about sources, and sources without records: in one line if there are many."""
    empty = [count for count in counts if count.empty]
    in_one = most is not None and len(empty) > most
    for count in counts:
        for note in (*count.notes, *count.ill_typed):
            shared.say(f"{count.triples_map}: {note}")
        if not count.records and not (in_one and count.empty):
            why = f": {count.nothing}" if count.nothing else ""
            shared.say(f"{count.triples_map}: no records; check its source and its iterator{why}")
    if in_one:
        shared.say(_empty(empty, len(counts), guide))


def _empty(counts: Sequence[MapCount], of: int, guide: str) -> str:
    """Return what to do about sources that hold no records yet."""
    files = sorted({file for count in counts for file in count.empty})
    named = ", ".join(files[:MOST_FILES])
    if len(files) > MOST_FILES:
        named += f" and {counted(len(files) - MOST_FILES, 'more file')}"
    begin = f"{guide} says how to begin; " if guide and 2 * len(counts) > of else ""
    return (
        f"{len(counts)} of {of} triples maps have no records yet, from {named}:"
        f" {begin}--verbose lists them"
    )


def _has_all_subjects(count: MapCount) -> bool:
    return all(loss.what != "subject" for loss in count.losses)


def _short(count: MapCount, prefixes: Mapping[str, str]) -> str:
    """Return the reasons for one triples map: subjects first, then by number of records."""
    losses = sorted(count.losses, key=lambda loss: (loss.what != "subject", -loss.records))
    shown = [
        f"{loss.records:,} gave {_what(loss, prefixes)} ({_why(loss)})"
        for loss in losses[:MOST_REASONS]
    ]
    if len(losses) > MOST_REASONS:
        shown.append(f"and {counted(len(losses) - MOST_REASONS, 'more reason')}")
    return ", ".join(shown)


def _what(loss: LossCount, prefixes: Mapping[str, str]) -> str:
    number = "not every" if loss.is_partial else "no"
    if loss.what in ("subject", "predicate", "graph", "target"):
        return f"{number} {loss.what}"
    return f"{number} {Namer(prefixes).iri(loss.what)}"


def _why(loss: LossCount) -> str:
    if loss.unfit:
        return loss.unfit
    if loss.parent and not loss.references:
        return f"{loss.parent} has no record with a subject"
    if loss.parent:
        return f"no {loss.parent} has its {_listed(loss, 'and')}"
    guess = f"; did you mean {loss.meant}?" if loss.meant else ""
    return f"no value in {_listed(loss, 'or')}{guess}"


def _listed(loss: LossCount, word: str) -> str:
    return f" {word} ".join(loss.references)
