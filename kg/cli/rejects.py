"""``--on-bad`` and ``--rejects``: how commands treat unreadable records and values."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from kg.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from kg.cli.context import Settings
    from kg.rejects import Rejects


class OnBad(StrEnum):
    """The treatment of an unreadable record or value."""

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


class BadRecords:
    """Treats the bad records of a command, as long as this context lasts.

    `finish` reports what was skipped, and writes the file of rejects. A command that does not reach
    it leaves the file as it was.

    Args:
        on_bad: As given.
        target: As given with ``--rejects``.

    Raises:
        UsageError: A file of rejects is given although nothing is skipped, or it is not a file.
    """

    def __init__(self, on_bad: OnBad, target: Path | None) -> None:
        self._on_bad = on_bad
        self._target = target
        self._stack = ExitStack()
        self._rejects: Rejects | None = None
        if target is not None and on_bad is OnBad.STOP:
            raise UsageError(
                "usage",
                "--rejects FILE goes with --on-bad skip",
                hint="Add --on-bad skip: without it, bad records stop the command.",
            )
        if str(target) == "-":
            raise UsageError("usage", "--rejects takes a file", hint="Write --rejects bad.csv.")

    def __enter__(self) -> Self:
        """Begin to skip, if the option says so.

        Raises:
            WorldError: The file of rejects cannot be written.
        """
        if self._on_bad is OnBad.SKIP:
            from kg.rejects import skipping

            self._rejects = self._stack.enter_context(skipping(self._target))
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the file of rejects as it was, if the command did not finish."""
        left = _Unfinished()
        with suppress(_Unfinished):
            self._stack.__exit__(_Unfinished, left, None)

    def check_target(self, others: Iterable[Path | str | None]) -> None:
        """Refuse to write rejects over files that the command reads or writes.

        Raises:
            UsageError: The file is one of those.
        """
        if self._rejects is not None:
            from kg.rejects import check_target

            check_target(Path(other) for other in others if other is not None)

    @property
    def rejects(self) -> Rejects | None:
        """What was skipped so far; None where bad records are errors."""
        return self._rejects

    def finish(self, shared: Settings, code: int) -> int:
        """Report what was skipped, put the file of rejects in place, and return the exit code.

        Args:
            shared: Writes messages.
            code: Exit code of the command, if nothing was skipped.

        Raises:
            WorldError: The file cannot be written.
        """
        found = self._rejects
        if found is None:
            return code
        self._stack.close()
        if not found.count:
            return code
        from kg.paths import show_path
        from kg.rejects import told

        where = "--rejects FILE writes all down"
        if self._target is not None:
            where = f"all are in {show_path(self._target)}"
        shared.say(f"skipped {told(found.records, found.values)}; {where}; first: {found.first}")
        return ExitCode.NO if code == ExitCode.DONE else code


class _Unfinished(Exception):
    """A command did not finish."""


def only_with_data(on_bad: OnBad, target: Path | None, data: Collection[object]) -> None:
    """Refuse the options if the command reads a build, in which nothing is bad.

    Raises:
        UsageError: They are given without RDF files.
    """
    if not data and (on_bad is not OnBad.STOP or target is not None):
        raise UsageError(
            "usage",
            "--on-bad and --rejects go with --data",
            hint="For a workspace, give them to kg build.",
        )
