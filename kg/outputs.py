"""Outputs that would replace an input: they are refused before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from kg.errors import InputError, Location
from kg.paths import is_inside, kind_of, real_path, show_path
from kg.workspace import ACCEPTED_NAME, Workspace


def refuse_input(
    output: Path | str | None,
    inputs: Iterable[Path],
    workspace: Workspace | None = None,
    *,
    read_as: str = "an input",
    place: Location | None = None,
) -> None:
    """Refuse to write over a file that is read.

    Args:
        output: The file; None or ``-`` is standard output.
        inputs: Files that are read.
        workspace: A workspace whose files are inputs too, those of its builds included.
        read_as: What the file is to who reads it, for the message.
        place: What names the output, if that is a file.

    Raises:
        InputError: The output is one of the files.
    """
    if output is None or str(output) == "-":
        return
    path = Path(output)
    try:
        kind = kind_of(path)
    except InputError:  # what cannot be looked at is no input; who writes it says why it cannot
        return
    if kind != "a file":
        return
    read = {real_path(each) for each in inputs}
    if workspace is not None:
        read.update(map(real_path, _all_files(workspace)))
    is_state = workspace is not None and is_inside(path, [workspace.state])
    if is_state or real_path(path) in read:
        raise InputError(
            "same-target",
            f"{show_path(path)} is {read_as}, and would be written over",
            location=place,
            hint="Give the output another name.",
        )


def files_of(workspace: Workspace) -> Iterator[Path]:
    """Yield the files that users write for a workspace; not the sources that its mappings name."""
    yield from (workspace.config_file, workspace.root / ACCEPTED_NAME)
    yield from workspace.ontology_files
    yield from workspace.shape_files
    yield from workspace.question_files
    yield from workspace.mapping_files
    yield from workspace.data_rdf_files


def _all_files(workspace: Workspace) -> Iterator[Path]:
    yield from files_of(workspace)
    # Files that the mappings read, wherever they lie.
    try:
        sources = workspace.current_build().info().get("sources", ())
    except InputError:  # what has no build that can be read has not noted what it read
        return
    yield from (workspace.root / source["path"] for source in sources)
