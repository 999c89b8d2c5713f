"""The SPARQL index: the only place that opens a ``pyoxigraph.Store``.

The index answers queries and nothing else. It rewrites lexical forms (``01`` becomes ``1``),
so counts and exports come from the quad table.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from kg.errors import InputError, WorldError
from kg.workspace import Build, show_path


def open_index(build: Build) -> ox.Store:
    """Open the SPARQL index of a build for reading; many may be open at once.

    Raises:
        InputError: The build has no index (``kg build --no-index``).
        WorldError: The index cannot be read.
    """
    if not build.store.is_dir():
        raise InputError(
            "no-index",
            "the current build has no SPARQL index",
            hint="Run `kg build` without --no-index.",
        )
    try:
        return ox.Store.read_only(str(build.store))
    except OSError as error:
        raise WorldError("index-unreadable", f"cannot open the SPARQL index: {error}") from error


def write_index(nquads: list[Path], target: Path) -> int:
    """Load N-Quads files into a new index on disk, and return the number of quads it holds.

    The index merges terms that differ only in lexical form, so the number may be smaller than
    that of the files' lines.

    Raises:
        WorldError: The disk failed.
    """
    try:
        store = ox.Store(str(target))
        for path in nquads:
            store.bulk_load(path=str(path), format=ox.RdfFormat.N_QUADS)
        store.flush()
        count = len(store)
    except OSError as error:
        raise WorldError(
            "index-unwritable", f"cannot write the SPARQL index {show_path(target)}: {error}"
        ) from error
    del store
    return count
