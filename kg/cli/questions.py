"""``kg questions``: the competency questions of the workspace."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kg.cli.context import settings
from kg.errors import UsageError


def questions_command(
    context: typer.Context,
    form: Annotated[
        str, typer.Option("-f", "--format", metavar="FORMAT", help="table or json.")
    ] = "table",
) -> None:
    """List the questions of the workspace: name, title, parameters."""
    from kg.query.question import read_question

    if form not in ("table", "json"):
        raise UsageError("unknown-format", f"there is no format {form}", hint="Take table or json.")
    workspace = settings(context).workspace
    found = [read_question(path, workspace.prefixes) for path in workspace.question_files]
    if form == "json":
        import json

        json.dump([each.as_json() for each in found], sys.stdout, ensure_ascii=False, indent=2)
        print()
        return
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        print(f"{each.name:{width}}  {each.title or each.question}")
        for parameter in each.parameters:
            default = parameter.default or "must be given"
            note = f"  {parameter.explanation}" if parameter.explanation else ""
            print(f"{'':{width}}    --param {parameter.name}={default}  {parameter.type}{note}")
