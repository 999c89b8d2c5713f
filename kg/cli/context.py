"""Shared by all commands: the global options, the workspace, and messages to the user.

Results go to standard output; messages for people go to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kg.cli.log import note
from kg.cli.streams import CLEAR, shown
from kg.logins import without_values

if TYPE_CHECKING:
    import typer

    from kg.workspace import Workspace


@dataclass
class Settings:
    """The options before the command.

    Attributes:
        folder: Where the search for ``kg.toml`` starts.
        quiet: Say nothing but errors and results.
        verbose: Say more about what is done.
        debug: Show Python's traceback with an error.
    """

    folder: Path
    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace that the folder is in; InputError if there is none."""
        from kg.workspace import find_workspace

        return find_workspace(self.folder)

    @property
    def workspace_around(self) -> Workspace | None:
        """The workspace that the folder is in; None if there is none."""
        from kg.workspace import workspace_around

        return workspace_around(self.folder)

    def allow_outside(self, allowed: bool) -> None:
        """Let links and sources lead out of the workspace, if that is allowed."""
        if allowed:
            from dataclasses import replace

            self.workspace = replace(self.workspace, allow_outside=True)

    def say(self, text: str) -> None:
        """Write a message to standard error, unless ``--quiet``, and to the log if there is one."""
        note(text)
        if not self.quiet:
            sys.stdout.flush()  # messages about a result come after it
            print(without_values(text), file=sys.stderr)

    def detail(self, text: str) -> None:
        """Write a message to standard error, with ``--verbose`` only, and to the log."""
        note(text)
        if self.verbose:
            sys.stdout.flush()
            print(without_values(text), file=sys.stderr)

    @property
    def width(self) -> int | None:
        """Columns of the terminal that messages go to; None if it is not a terminal."""
        if not sys.stderr.isatty():
            return None
        import shutil

        return shutil.get_terminal_size().columns

    @contextmanager
    def status(self) -> Iterator[Callable[[str], None]]:
        """Give a function that shows the current step, on a line that is cleared at the end."""
        if not self.shows_progress:
            yield lambda step: note(f"step: {step}")
            return

        from kg.progress import Meter

        meter = Meter()

        def draws(line: str) -> None:
            print(f"{CLEAR}{line}", end="", file=sys.stderr, flush=True)

        def shows(step: str) -> None:
            note(f"step: {step}")
            meter.begin(step)
            draws(meter.line())

        try:
            with meter.shown(draws):
                yield shows
        finally:
            print(CLEAR, end="", file=sys.stderr, flush=True)

    @property
    def shows_progress(self) -> bool:
        """Whether a progress display may be drawn: on a terminal, and not ``--quiet``."""
        return not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def show(text: str) -> None:
    """Write a line for people on standard output."""
    print(without_values(text), file=shown())


def settings(context: typer.Context) -> Settings:
    """Return the settings that the callback of the root command made."""
    found = context.find_object(Settings)
    assert found is not None
    return found
