"""``--on-bad`` and ``--rejects``: what is done with records and values that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from kg.cli.context import Settings
    from kg.rejects import Rejects


class OnBad(StrEnum):
    """What is done at a record or a value that cannot be read."""

    STOP = "stop"
    SKIP = "skip"


OnBadOption = Annotated[
    OnBad,
    typer.Option(
        "--on-bad",
        help="Bad records and values: stop with an error, or skip them, count them and exit with"
        " 1.",
    ),
]
RejectsOption = Annotated[
    Path | None,
    typer.Option(
        "--rejects", metavar="FILE", help="With --on-bad skip: CSV file of what was skipped."
    ),
]


class Skipped:
    """What a command skipped, if it skips anything.

    Args:
        rejects: What was noted; None where bad records stop the command.
        target: The file that it is written to.
    """

    def __init__(self, rejects: Rejects | None, target: Path | None) -> None:
        self._rejects = rejects
        self._target = target

    def say(self, shared: Settings) -> None:
        """Tell in one line how much was skipped."""
        from kg.paths import show_path
        from kg.rejects import told

        found = self._rejects
        if found is None or not found.count:
            return
        where = "--rejects FILE writes all down"
        if self._target is not None:
            where = f"all are in {show_path(self._target)}"
        shared.say(f"skipped {told(found.records, found.values)}; {where}; first: {found.first}")

    def code(self, code: int) -> int:
        """Return the exit code of a command that would end with `code`."""
        if code == ExitCode.DONE and self._rejects is not None and self._rejects.count:
            return ExitCode.NO
        return code


def check_rejects(on_bad: OnBad, target: Path | None) -> None:
    """Refuse ``--rejects`` where nothing is skipped.

    Raises:
        UsageError: It is given without ``--on-bad skip``, or names no file.
    """
    if target is None:
        return
    if on_bad is OnBad.STOP:
        raise UsageError(
            "usage",
            "--rejects FILE goes with --on-bad skip",
            hint="Add --on-bad skip: without it, bad records stop the command.",
        )
    if str(target) == "-":
        raise UsageError("usage", "--rejects takes a file", hint="Write --rejects rejects.csv.")


@contextmanager
def bad_records(on_bad: OnBad, target: Path | None) -> Iterator[Skipped]:
    """Skip bad records as long as the context lasts, if that is wanted.

    Args:
        on_bad: As given.
        target: As given; the file is in place at the end of the context.

    Raises:
        UsageError: As for `check_rejects`.
        WorldError: The file of rejects cannot be written.
    """
    check_rejects(on_bad, target)
    if on_bad is OnBad.STOP:
        yield Skipped(None, None)
        return
    from kg.rejects import skipping

    with skipping(target) as rejects:
        yield Skipped(rejects, target)
