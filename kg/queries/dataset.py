"""What a query is asked of: the index of a build, or RDF files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kg.errors import InputError
from kg.queries.engine import Engine
from kg.queries.oxigraph import Oxigraph
from kg.store import is_small, load_files, open_index
from kg.workspace import Build, show_path


def open_build(build: Build, folder: Callable[[], Path] | None = None) -> Engine:
    """Open the index of a build.

    Args:
        build: The build.
        folder: Makes a folder for what does not fit into memory; by default memory is used.

    Raises:
        InputError: The build has no index.
        WorldError: The index cannot be read.
    """
    return Oxigraph(open_index(build), f"build {build.id}", folder)


def open_table(build: Build, memory: str | None = None, threads: int | None = None) -> Engine:
    """Open the coded copies of a build.

    Args:
        build: The build.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads of SQL.

    Raises:
        InputError: The build has no copies, or is damaged.
    """
    # Imported here: whoever asks Oxigraph loads no DuckDB.
    from kg.builds import check_table
    from kg.queries.table.engine import Table

    if not build.table.is_dir():
        raise InputError(
            "no-table",
            "the current build has no coded copies, which the table engine asks",
            hint="Run `kg build --table`, or ask with --engine oxigraph.",
        )
    check_table(build)
    return Table.of_folder(build.table, f"build {build.id}", memory, threads)


def open_files(
    default: Sequence[Path],
    named: Sequence[tuple[str, Path]],
    folder: Callable[[], Path] | None = None,
) -> Engine:
    """Load RDF files.

    Args:
        default: Files that enter the default graph.
        named: Graph IRI and file, for files that enter a named graph.
        folder: Makes a folder for the store if the files are large; by default memory is used.

    Raises:
        InputError: A file is missing or is not valid RDF.
        WorldError: The disk failed.
    """
    files = [*default, *(path for _, path in named)]
    place = None if folder is None or is_small(files) else folder() / "store"
    store = load_files(default, named, place)
    return Oxigraph(store, ", ".join(show_path(path) for path in files), folder)


def prefixes_of(files: Iterable[Path]) -> dict[str, str]:
    """Return the prefixes that RDF files declare at their heads; of two, the first file's.

    Raises:
        InputError: A file is missing, or is not valid RDF at its head.
    """
    found: dict[str, str] = {}
    for path in files:
        found = {**_prefixes_of(path), **found}
    return found


def _prefixes_of(path: Path) -> dict[str, str]:
    """Return the prefixes that are at the head of an RDF file."""
    # Imported here: whoever asks an index parses no files.
    from kg.rdf import open_rdf

    with open_rdf(path) as parser:
        next(parser, None)
        return dict(parser.prefixes)
