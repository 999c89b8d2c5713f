"""RDF files given on the command line, standard input included."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from kg.errors import UsageError, WorldError

STANDARD_INPUT: Final = Path("-")
DataFormatOption = Annotated[
    str | None,
    typer.Option(
        "--data-format",
        metavar="FORMAT",
        help="Format of --data: turtle, trig, ntriples, nquads, jsonld, rdfxml.",
    ),
]


def _give_contexts(context: typer.Context, texts: list[str] | None) -> list[str] | None:
    """Use the files of ``--context`` in place of their addresses while the command runs."""
    if texts:
        from kg.graph import contexts_from

        context.with_resource(contexts_from(texts))
    return texts


ContextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="URL=FILE",
        callback=_give_contexts,
        help="A file for a context that JSON-LD names by address; may be repeated.",
    ),
]


@contextmanager
def given_data(files: Sequence[Path], form: str | None) -> Iterator[list[Path]]:
    """Give readable files for those of ``--data``, as long as the context lasts.

    Standard input is written to a temporary file, since it is read more than once.

    Args:
        files: As given; ``-`` is standard input.
        form: Name of their format, whatever their names.

    Raises:
        UsageError: There is no such format, or standard input is named twice.
        WorldError: The disk failed.
    """
    if not files:
        if form is not None:
            raise UsageError(
                "usage", "--data-format goes with --data", hint="Name a file with --data."
            )
        yield []
        return
    from kg.graph import read_as

    if files.count(STANDARD_INPUT) > 1:
        raise UsageError("usage", "--data - is given twice", hint="Standard input is read once.")
    with ExitStack() as stack:
        read = [_spooled(stack) if file == STANDARD_INPUT else file for file in files]
        stack.enter_context(read_as(read, form))
        yield read


def _spooled(stack: ExitStack) -> Path:
    from kg.paths import standing_in
    from kg.temporary import temporary_folder

    path = stack.enter_context(temporary_folder("input")) / "input"
    try:
        with path.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out)
    except OSError as error:
        raise WorldError(
            "disk",
            f"standard input cannot be kept: {error.strerror or error}",
            hint="Check the room on the disk, or name another folder in TMPDIR.",
        ) from error
    stack.enter_context(standing_in(path, "standard input"))
    return path
