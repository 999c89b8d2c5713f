"""``kg questions``: the competency questions of the workspace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings, show
from kg.errors import ExitCode, KgError, UsageError

if TYPE_CHECKING:
    from kg.queries.question import Parameter, Question
    from kg.workspace import Workspace


def questions_command(
    context: typer.Context,
    form: Annotated[
        str, typer.Option("-f", "--format", metavar="FORMAT", help="table or json.")
    ] = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Check headers and queries; say only what is wrong.")
    ] = False,
) -> int:
    """List the questions of the workspace: name, title, parameters."""
    from kg.queries.question import read_question

    shared = settings(context)
    if form not in ("table", "json"):
        raise UsageError("unknown-format", f"there is no format {form}", hint="Take table or json.")
    workspace = shared.workspace
    if not workspace.question_files:
        shared.say("kg: there are no questions yet; write queries/NAME.rq")
    if check:
        return _check(shared, workspace)
    found = [read_question(path, workspace.prefixes) for path in workspace.question_files]
    if form == "json":
        import json

        json.dump([each.as_json() for each in found], sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        _list(found)
    return ExitCode.DONE


def _list(found: list[Question]) -> None:
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        show(f"{each.name:{width}}  {each.title or each.question}".rstrip())
        for parameter in each.parameters:
            required = ", must be given" if parameter.default is None else ""
            note = f"; {parameter.explanation}" if parameter.explanation else ""
            setting = f"--param {_setting(parameter)}  {parameter.type}"
            show(f"{'':{width}}    {setting}{required}{note}")


def _setting(parameter: Parameter) -> str:
    """Return name and default as one word of a command line."""
    from shlex import quote

    if parameter.typed is None:
        return f"{parameter.name}=…"
    return f"{parameter.name}={quote(parameter.typed)}"


def _check(shared: Settings, workspace: Workspace) -> int:
    from kg.queries.question import read_question
    from kg.queries.run import check_question

    wrong = 0
    for path in workspace.question_files:
        try:
            check_question(read_question(path, workspace.prefixes), workspace)
        except KgError as error:
            wrong += 1
            print(error.report(), file=sys.stderr)
    right = len(workspace.question_files) - wrong
    if right and not wrong:
        shared.say(f"kg: {right} question{' is' if right == 1 else 's are'} right")
    return ExitCode.INPUT if wrong else ExitCode.DONE
