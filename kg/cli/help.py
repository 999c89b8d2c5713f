"""``kg help``: the documentation, and the meaning of error codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kg.errors import ExitCode


def help_command(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]",
            show_default=False,
            help="A page, a command, or the code of an error.",
        ),
    ] = None,
) -> int:
    """Show a page of the documentation, or explain an error."""
    from kg.about import find_help, pages
    from kg.cli.main import COMMANDS

    if topic is None:
        sys.stdout.write(_topics())
    elif topic in COMMANDS and topic not in pages():
        return _options(topic)
    else:
        sys.stdout.write(find_help(topic))
        if topic in COMMANDS:
            sys.stdout.write(f"\n`kg {topic} --help` lists the options of the command.\n")
    return ExitCode.DONE


def _topics() -> str:
    from kg.about import pages

    width = max(map(len, pages()))
    lines = [f"  {name:{width}}  {purpose.replace('`', '')}" for name, purpose in pages().items()]
    return "\n".join(
        (
            "kg help PAGE shows a page of the documentation:",
            *lines,
            "kg help PAGE#SECTION shows a part of it: kg help mapping-reference#encodings",
            "kg help CODE explains an error by its word in brackets: kg help missing-column",
            "kg COMMAND --help lists the options of a command.",
            "",
        )
    )


def _options(name: str) -> int:
    from kg.cli.main import command_line

    result = typer.main.get_command(command_line((name,))).main(
        [name, "--help"], prog_name="kg", standalone_mode=False
    )
    return int(result) if isinstance(result, int) else ExitCode.DONE
