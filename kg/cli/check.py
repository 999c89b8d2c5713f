"""``kg check``: findings about the workspace, without building it."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.streams import shown
from kg.errors import ExitCode
from kg.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.findings import Finding
    from kg.workspace import Workspace


class CheckFormat(StrEnum):
    """The formats of findings."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class FailLevel(StrEnum):
    """The mildest finding that makes the command fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def check_command(
    context: typer.Context,
    form: Annotated[
        CheckFormat, typer.Option("-f", "--format", help="How to write the findings.")
    ] = CheckFormat.TABLE,
    fail_on: Annotated[
        FailLevel, typer.Option(help="Exit with 1 if there is a finding of this level or worse.")
    ] = FailLevel.WARNING,
    everything: Annotated[
        bool, typer.Option("--all", help="Also findings that are accepted.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write all findings to accepted.toml, as intended.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Fix misspelt names if the right name is certain.")
    ] = False,
    functions: FunctionsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
) -> int:
    """Report what is doubtful about the workspace; builds nothing.

    Files, mappings, vocabulary, shapes and questions are compared with each other, and the graph of
    the current build with the vocabulary.
    """
    limit(memory, timeout, threads)
    use_functions(context, functions)
    from kg.findings import Level, read_accepted
    from kg.findings import accept as accept_all
    from kg.findings.report import FORMATS

    shared = settings(context)
    workspace = shared.workspace
    found = _findings(shared, workspace, memory, threads)
    known = read_accepted(workspace.root, workspace.accepted)
    if fix:
        found = _fixed(shared, workspace, found)
    if accept:
        added = accept_all(workspace.root, found, known)
        shared.say(f"{counted(len(found), 'finding')} accepted, {added:,} of them new")
        return ExitCode.DONE
    new = found if everything else known.new(found)
    out = shown() if form is CheckFormat.TABLE else sys.stdout
    out.write(FORMATS[form.value](new))
    _conclude(shared, found, new)
    least = Level[fail_on.name]
    return ExitCode.NO if any(each.level >= least for each in new) else ExitCode.DONE


def _findings(
    shared: Settings, workspace: Workspace, memory: str | None, threads: int | None
) -> list[Finding]:
    """Return the findings about files, and about the build in force if there is one."""
    from kg.findings.check import check

    found, is_built = check(workspace, memory=memory, threads=threads)
    if not is_built:
        shared.say("the workspace has not been built yet, so only its files are checked")
    return found


def _fixed(shared: Settings, workspace: Workspace, found: list[Finding]) -> list[Finding]:
    """Apply the fixes that are certain, report them, and return the other findings."""
    from kg.findings.fixes import apply_fixes
    from kg.paths import show_path

    made = apply_fixes(found, workspace.root)
    for each in made:
        shared.say(f"{show_path(each.file)}:{each.line}: {each.old} is now {each.new}")
    return [each for each in found if each.fix not in made]


def _conclude(shared: Settings, found: Sequence[Finding], new: Sequence[Finding]) -> None:
    accepted = len(found) - len(new)
    if not new:
        said = f"nothing doubtful ({counted(accepted, 'finding')} accepted)" if accepted else ""
        shared.say(said or "nothing doubtful")
        return
    mended = sum(each.fix is not None for each in new)
    hints = [f"`kg check --fix` mends {mended:,}"] if mended else []
    hints.append("`kg check --accept` accepts those that are intended")
    shared.say(f"{counted(len(new), 'finding')}; {', '.join(hints)}")
