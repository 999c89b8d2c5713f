"""``kg questions``: the competency questions of the workspace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings, show
from kg.errors import ExitCode, KgError, UsageError
from kg.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.queries.question import Parameter, Question
    from kg.workspace import Workspace


def questions_command(
    context: typer.Context,
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|WORD]",
            show_default=False,
            help="A question to show in full, or a word that questions hold.",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("-f", "--format", metavar="FORMAT", help="table or json.")
    ] = "table",
    check: Annotated[
        bool, typer.Option("--check", help="Check headers and queries; say only what is wrong.")
    ] = False,
) -> int:
    """List the questions of the workspace, or show one.

    With the name of a question: its sentence, columns, and parameters as one types them. With
    another word: those that hold it. Exit code 1 if there is none.
    """
    from kg.queries.question import read_question

    shared = settings(context)
    if form not in ("table", "json"):
        raise UsageError("unknown-format", f"there is no format {form}", hint="Take table or json.")
    workspace = shared.workspace
    if not workspace.question_files:
        shared.say("kg: there are no questions yet; write queries/NAME.rq")
    if check:
        return _check(shared, workspace)
    known = [read_question(path, workspace.prefixes) for path in workspace.question_files]
    found = known if word is None else _with(known, word)
    if form == "json":
        import json

        json.dump([each.as_json() for each in found], sys.stdout, ensure_ascii=False, indent=2)
        print()
    elif word is not None and [each.name for each in found] == [word]:
        _show(found[0])
    else:
        _list(found)
    if word is None or found:
        return ExitCode.DONE
    near = nearest(word, [each.name for each in known])
    hint = f"; did you mean {near}?" if near else ""
    shared.say(f"kg: no question is called {word} or holds it{hint}")
    return ExitCode.NO


def _with(known: Sequence[Question], word: str) -> list[Question]:
    """Return the question of a name; else those whose names and sentences hold a word."""
    named = [each for each in known if each.name == word]
    small = word.lower()
    return named or [each for each in known if small in _told(each).lower()]


def _told(each: Question) -> str:
    parameters = " ".join(f"{p.name} {p.explanation}" for p in each.parameters)
    return " ".join((each.name, each.title, each.question, parameters, *each.columns))


def _show(each: Question) -> None:
    """Show one question: what it asks and gives, and how to ask it."""
    show(each.title or each.name)
    if each.question:
        show(f"  {each.question}")
    if each.columns:
        show(f"columns: {', '.join(each.columns)}")
    for parameter in each.parameters:
        note = f": {parameter.explanation}" if parameter.explanation else ""
        required = "" if parameter.typed is not None else " (must be given)"
        show(f"{parameter.name}  {parameter.type}{note}{required}")
    show(f"file: {each.source}")
    settings = [f"--param {_setting(parameter, fills=True)}" for parameter in each.parameters]
    show(" ".join(["ask it: kg query", each.name, *settings]))


def _list(found: list[Question]) -> None:
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        show(f"{each.name:{width}}  {each.title or each.question}".rstrip())
        for parameter in each.parameters:
            required = ", must be given" if parameter.default is None else ""
            note = f"; {parameter.explanation}" if parameter.explanation else ""
            setting = f"--param {_setting(parameter)}  {parameter.type}"
            show(f"{'':{width}}    {setting}{required}{note}")


def _setting(parameter: Parameter, *, fills: bool = False) -> str:
    """Return name and default as one word of a command line.

    Args:
        parameter: The parameter.
        fills: Whether one without a default gets a value that could be right.
    """
    from shlex import quote

    if parameter.typed is None:
        value = quote(parameter.type.example) if fills else "…"
        return f"{parameter.name}={value}"
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
