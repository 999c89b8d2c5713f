"""What a query is asked of: the index of a build, or RDF files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kg.queries.choice import AUTO, OXIGRAPH, Chosen, check_name, read_kinds
from kg.queries.engine import Engine
from kg.queries.oxigraph import Oxigraph
from kg.sizes import is_large
from kg.store import is_small, load_files, load_lines, open_index, read_index
from kg.workspace import Build, show_path

Tell = Callable[[str], None]


def open_build(
    build: Build,
    name: str = AUTO,
    folder: Callable[[], Path] | None = None,
    *,
    memory: str | None = None,
    threads: int | None = None,
    tell: Tell = lambda _: None,
) -> Engine:
    """Open what answers queries about a build.

    Args:
        build: The build.
        name: The engine: ``auto``, ``table`` or ``oxigraph``.
        folder: Makes a folder for what does not fit into memory; by default memory is used.
        memory: Peak memory of the process, such as ``1GB``, for what SQL does.
        threads: Worker threads of SQL.
        tell: Is told what is made first, and takes a while.

    Raises:
        UsageError: There is no such engine.
        InputError: The build is damaged.
        WorldError: An index cannot be read, or nothing can be written to make one.
        LimitError: The memory is too small to make one.
    """
    check_name(name)
    both = open_both(build, folder, memory=memory, threads=threads, tell=tell)
    return both if name == AUTO else both.engine(name)


def open_both(
    build: Build,
    folder: Callable[[], Path] | None = None,
    *,
    memory: str | None = None,
    threads: int | None = None,
    tell: Tell = lambda _: None,
) -> Chosen:
    """Return both engines of a build, opened when they are wanted; as for `open_build`."""
    label = f"build {build.id}"

    def open_oxigraph() -> Engine:
        if build.store.is_dir():
            return Oxigraph(open_index(build), label, folder)
        from kg.queries.later import made_index

        return Oxigraph(read_index(made_index(build, folder, memory, tell)), label, folder)

    def open_table() -> Engine:
        # Imported here: whoever asks Oxigraph loads no DuckDB.
        from kg.builds import check_table
        from kg.queries.table.engine import Table

        place = build.table
        if place.is_dir():
            check_table(build)
        else:
            from kg.queries.later import made_table

            place = made_table(build, folder, memory, tell)
        return Table.of_folder(place, label, memory, threads)

    info = build.info()
    return Chosen(
        label, open_oxigraph, open_table, lambda: read_kinds(info), is_large(info["quads"])
    )


def open_files(
    default: Sequence[Path],
    named: Sequence[tuple[str, Path]],
    name: str = AUTO,
    folder: Callable[[], Path] | None = None,
    *,
    memory: str | None = None,
) -> Engine:
    """Open what answers queries about RDF files.

    Args:
        default: Files that enter the default graph.
        named: Graph IRI and file, for files that enter a named graph.
        name: The engine: ``auto``, ``table`` or ``oxigraph``.
        folder: Makes a folder for what large files become; by default Oxigraph uses memory.
        memory: Peak memory of the process, such as ``1GB``, for what SQL does.

    Raises:
        UsageError: There is no such engine.
        InputError: A file is missing or is not valid RDF.
        WorldError: The disk failed.
    """
    check_name(name)
    files = [*default, *(path for _, path in named)]
    label, small = ", ".join(show_path(path) for path in files), is_small(files)

    def open_oxigraph() -> Engine:
        place = None if folder is None or small else folder() / "store"
        return Oxigraph(load_files(default, named, place), label, folder)

    if name == OXIGRAPH or (name == AUTO and small):
        return open_oxigraph()
    from kg.queries.data_table import DataTable

    table = DataTable(default, named, folder, memory, None)
    if name == AUTO:
        return Chosen(label, open_oxigraph, lambda: table.asked(label), table.facts, large=True)
    return table.asked(label)


def open_lines(lines: Path, label: str) -> Engine:
    """Load a file of N-Triples of kg's own making into memory.

    Args:
        lines: The file.
        label: What messages call the dataset.

    Raises:
        WorldError: The disk failed.
    """
    return Oxigraph(load_lines(lines), label)


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
