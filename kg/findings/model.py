"""A finding: something doubtful, with its place and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from kg.errors import InputError, LimitError, Location
from kg.logins import without_values
from kg.records import dataclass


class Level(IntEnum):
    """How doubtful a finding is."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The level in lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of one line of a file that certainly fixes a finding.

    Attributes:
        file: The file.
        line: The line, from 1.
        old: A text that occurs once in the line.
        new: What to write in its place.
    """

    file: Path
    line: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something doubtful.

    Attributes:
        code: Its kind: a heading of ``docs/findings.md``.
        about: Its subject: with the code, it is the same in each run, even if its place changes.
        message: The doubtful thing, in one sentence without a full stop.
        place: Its place, if known.
        hint: The next step for the user.
        count: Number of things that it is about, such as records.
        level: How doubtful it is.
        fix: The change that fixes it, if that is certain.
    """

    code: str
    about: str
    message: str
    place: Location | None = None
    hint: str = ""
    count: int = 1
    level: Level = Level.WARNING
    fix: Fix | None = None

    def lines(self) -> list[str]:
        """Return the finding as a person reads it: place and message, then the advice."""
        place = f"{self.place}: " if self.place else ""
        lines = [f"{place}{self.message} [{self.code}]"]
        return [*lines, f"  {self.hint}"] if self.hint else lines


def of_error(error: InputError | LimitError, file: str = "") -> Finding:
    """Return the finding for a file that is wrong by itself.

    Args:
        error: The fault.
        file: The file, if the error names none.
    """
    place = error.location or (Location(file) if file else None)
    about = file or (place.file if place else error.message)
    return Finding(error.code, about, error.message, place, error.hint or "", level=Level.ERROR)


def cleaned(finding: Finding) -> Finding:
    """Return a finding without the values of variables.

    A value may be a word or a mark of a format, so nothing is taken out of what is written.
    """
    return replace(
        finding,
        about=without_values(finding.about),
        message=without_values(finding.message),
        hint=without_values(finding.hint),
        place=None if finding.place is None else cleaned_place(finding.place),
    )


def cleaned_place(place: Location) -> Location:
    """Return a place without the values of variables, as `cleaned` does."""
    column = without_values(place.column) if place.column else place.column
    return replace(place, file=without_values(place.file), column=column)


def unread_names(
    about: str, kind: str, listed: str, count: int, file: str, line: int | None = None
) -> Finding:
    """Return the finding for columns or keys of a file that no mapping reads.

    Args:
        about: The file, and the part of it that has them.
        kind: What they are, in the singular.
        listed: Their names.
        count: How many there are.
        file: The file, as messages show it.
        line: The line that names them.
    """
    one = count == 1
    return Finding(
        "unread-column",
        f"{about}: {listed}",
        f"no mapping reads the {kind if one else f'{kind}s'} {listed}",
        Location(file, line),
        f"Map {'it' if one else 'them'}, or accept that"
        f" {'it stays' if one else 'they stay'} out with `kg check --accept`.",
        count,
        Level.INFO,
    )


_PLACE: Final = ("file", "line", "column_number", "record", "column")


def as_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON holds it."""
    place = finding.place
    found: dict[str, Any] = {
        "finding": finding.code,
        "level": finding.level.label,
        "about": finding.about,
        "message": finding.message,
        "advice": finding.hint,
        "count": finding.count,
    }
    if place is not None:
        found["place"] = place_record(place)
    if finding.fix is not None:
        found["fix"] = {"line": finding.fix.line, "old": finding.fix.old, "new": finding.fix.new}
    return found


def place_record(place: Location) -> dict[str, Any]:
    """Return a place as JSON holds it."""
    values = {name: getattr(place, name) for name in _PLACE}
    return {name: value for name, value in values.items() if value is not None}


def from_record(record: dict[str, Any]) -> Finding:
    """Return the finding of a record of `as_record`, without its fix.

    Raises:
        KeyError: The record lacks a key.
    """
    place = record.get("place")
    return Finding(
        record["finding"],
        record["about"],
        record["message"],
        None if place is None else Location(**place),
        record["advice"],
        record["count"],
        Level[record["level"].upper()],
    )
