"""Findings of the mapping: records that share a subject, and lost records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from kg.engines.outcome import LossCount, MapCount
from kg.findings.accepted import LOST_RECORDS, Accepted
from kg.findings.model import Finding, Level
from kg.names import Namer
from kg.paths import path_within
from kg.wording import counted

_NONE = "Not one record gives it: check how the names in brackets are spelt in the data."


def shared_subjects(
    counts: Sequence[MapCount], prefixes: Mapping[str, str], root: Path
) -> Iterator[Finding]:
    """Yield a finding for each triples map in which several records made one subject.

    Args:
        counts: The counts of the mapping.
        prefixes: Prefix to namespace, to name things.
        root: The folder of the workspace.
    """
    told: set[tuple[str, int | None, tuple[str, ...]]] = set()
    for count in counts:
        shared = count.shared
        # Triples maps over the same records share their keys: only the first is reported.
        if shared is None or (mark := (shared.place.file, shared.place.record, shared.key)) in told:
            continue
        told.add(mark)
        more = shared.records - shared.subjects
        key = ", ".join(shared.key)
        named = Namer(prefixes)(shared.subject)
        yield Finding(
            "shared-key",
            _name(count, root),
            f"{count.triples_map}: {shared.records:,} records made {shared.subjects:,} things,"
            f" since several have the same {key}; the first is {named}",
            shared.place,
            f"If each record is a thing of its own, add a column to the key that tells them apart:"
            f" {key} does not.",
            more,
        )


def ill_typed(counts: Sequence[MapCount], root: Path) -> Iterator[Finding]:
    """Yield a finding for each reference with values that are not of their datatype."""
    for count in counts:
        for each in count.ill_typed:
            advice = f"{each.advice[:1].upper()}{each.advice[1:]}." if each.advice else ""
            yield Finding(
                "ill-typed-value",
                f"{_name(count, root)}: {each.datatype} ({', '.join(each.references)})",
                f"{count.triples_map}: {each.what}",
                each.place,
                advice or "Mend the value, or the datatype in the mapping.",
                each.count,
            )


def losses(
    counts: Sequence[MapCount], prefixes: Mapping[str, str], root: Path
) -> Iterator[Finding]:
    """Yield a finding for each reason for which records of a triples map gave nothing."""
    for count in counts:
        for loss in count.losses:
            about = about_loss(count, loss, prefixes, root)
            none = loss.records == count.records > 1
            what, records = about.partition(": ")[2], counted(count.records, "record")
            yield Finding(
                LOST_RECORDS,
                about,
                f"{count.triples_map}: {loss.records:,} of {records} gave {what}",
                hint=(f"Did you mean {loss.meant}? " if loss.meant else "")
                + (_NONE if none else ""),
                count=loss.records,
                level=Level.WARNING if none else Level.INFO,
            )


def about_loss(count: MapCount, loss: LossCount, prefixes: Mapping[str, str], root: Path) -> str:
    """Return the name of a loss: the same in each run, for any number of records."""
    what = loss.what if ":" not in loss.what else _namer(tuple(prefixes.items())).iri(loss.what)
    why = ", ".join(loss.references)
    return f"{_name(count, root)}: no {what} ({f'{loss.parent}: ' if loss.parent else ''}{why})"


@lru_cache(maxsize=4)
def _namer(prefixes: tuple[tuple[str, str], ...]) -> Namer:
    return Namer(dict(prefixes))


def _name(count: MapCount, root: Path) -> str:
    file, mark, name = count.triples_map.rpartition("#")
    return f"{_within(str(Path.cwd()), file, root)}{mark}{name}" if mark else name


@lru_cache(maxsize=256)
def _within(here: str, file: str, root: Path) -> str:
    """Return `path_within`, which depends on the current folder; few files have many losses."""
    del here
    return path_within(file, root)


def without_accepted(
    counts: Sequence[MapCount], accepted: Accepted, prefixes: Mapping[str, str], root: Path
) -> tuple[MapCount, ...]:
    """Return the counts without accepted losses, and without losses that findings report."""
    return tuple(
        replace(
            count,
            ill_typed=(),
            losses=tuple(
                loss
                for loss in count.losses
                if not accepted.covers(
                    LOST_RECORDS, about_loss(count, loss, prefixes, root), loss.records
                )
            ),
        )
        for count in counts
    )
