"""The option that gives mappings functions of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

FunctionsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--functions",
        metavar="FILE",
        help="Python file with functions that mappings call. It is run: name only what you trust.",
    ),
]


def use_functions(context: typer.Context, files: Sequence[Path] | None) -> None:
    """Let mappings call the functions of Python files, which are run, until the command ends.

    Raises:
        InputError: A file is missing, fails, or has no function that mappings can call.
    """
    if files:
        from kg.functions import with_functions

        context.with_resource(with_functions(files))
