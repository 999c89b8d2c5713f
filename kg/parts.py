"""Quads of a build by the sources that they come from, so that those of the others are kept.

Triples maps that share no source, and do not refer to one another, make a part of a plan. The quads
of all parts are kept in one file of ``.kg/parts``, each with the number of its part. Next time only
the parts of changed sources run, all at once, and a merge sorts their quads and the kept ones
together. The rows, and so the bytes of the table, are those of one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import duckdb

from kg.duck import read_parquet, spare
from kg.engines.duckdb import DuckDB
from kg.engines.outcome import MapCount
from kg.kept import Kept, Mapped, Part
from kg.mapping.plan import LogicalSource, Plan, RefObjectMap, TermMap, TriplesMap
from kg.mapping.walk import plan_sources
from kg.notes import hearing, strictly, tell
from kg.quads import QuadTable, copy_plain, spooled, write_table
from kg.rdf import SPOOL_MEMORY, spool_rdf
from kg.rows import map_rows
from kg.sources import Folders
from kg.temporary import remove_folder
from kg.workspace import Workspace

# Stands for what gathers terms.
_GATHERS: Final = object()
# Most bytes of all sources: the quads of larger ones are made in order, without a sort, and
# sorting them again takes longer than making them.
MOST_BYTES: Final = 32 * 2**20
# Most bytes for which a build that runs all rules keeps their quads by part: it takes longer then,
# by less than what the next build gains.
MOST_AT_ONCE: Final = 4 * 2**20


class Made(Protocol):
    """What another engine tells of a run."""

    @property
    def counts(self) -> tuple[MapCount, ...]:
        """What each triples map read and lost."""


class Elsewhere(Protocol):
    """An engine that runs a plan in other processes, and writes a folder of Parquet."""

    def run(self, plan: Plan, folders: Folders, target: Path) -> Made:
        """Run a plan; see `kg.engines.spark.run.Spark`."""


def map_all(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    plan: Plan,
    folders: Folders,
    kept: Kept,
    rules: str | None,
    strict: bool,
    rows: str | None = None,
    *,
    sources: Mapping[LogicalSource, Sequence[Path]],
    again: bool,
    elsewhere: Elsewhere | None = None,
) -> Mapped:
    """Read RDF files and sources of a workspace, and write their quads.

    Args:
        connection: From `kg.duck.engine`.
        workspace: The workspace.
        plan: Its mappings.
        folders: Where the sources are, and where files may be made.
        kept: What the build before has kept.
        rules: The key of the rules, if it is known for sure.
        strict: Whether RDF files may lose nothing.
        rows: The key of the rules and of all files but the sources, if what is mapped is the whole
            quad table.
        sources: The files of each source.
        again: Whether that build ran the same rules.
        elsewhere: What runs the plan in the stead of DuckDB.

    Raises:
        InputError: A file or a value is wrong.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    spool, target = folders.spill / "rdf.parquet", folders.spill / "quads.parquet"
    with hearing() as notes:
        graphs = workspace.graph_files()
        rdf = kept.key([path for path, _ in graphs], [graph for _, graph in graphs], strict)
        if not kept.rdf(rdf, spool):
            with spare(connection, SPOOL_MEMORY) as memory, strictly(strict):
                spool_rdf(graphs, spool, memory=memory)
            kept.keep_rdf(rdf, spool, notes.values())
        found = None
        files = [path for each in sources.values() for path in each]
        if elsewhere is not None and plan.triples_maps:
            found = run_elsewhere(connection, elsewhere, plan, folders, target, spool, files)
        elif rows is not None and again and not notes:
            found = map_rows(connection, plan, folders, spool, kept, rows)
        most = MOST_BYTES if again and not _is_most(kept.changed(files), files) else MOST_AT_ONCE
        if found is None and rules is not None and _is_small(files, most):
            found = run_parts(connection, plan, folders, spool, kept, rules, sources)
        if found is None:
            found = run_whole(connection, plan, folders, target, spool)
    tell(notes.values())
    return replace(found, notes=tuple(notes.values()))


def parts_of(plan: Plan) -> list[Plan]:
    """Return plans of the triples maps that share sources or refer to one another."""
    leaders: dict[object, object] = {}

    def leader(mark: object) -> object:
        while leaders.setdefault(mark, mark) != mark:
            mark = leaders[mark]
        return mark

    for each in plan.triples_maps:
        for mark in _marks(plan, each):
            leaders[leader(mark)] = leader(each.name)
    found: dict[object, list[TriplesMap]] = {}
    for each in plan.triples_maps:
        found.setdefault(leader(each.name), []).append(each)
    return [replace(plan, triples_maps=tuple(maps)) for maps in found.values()]


def _marks(plan: Plan, triples_map: TriplesMap) -> Iterator[object]:
    yield from plan_sources(replace(plan, triples_maps=(triples_map,)))
    for each in triples_map.maps:
        if isinstance(each, RefObjectMap):
            yield each.parent
        elif isinstance(each, TermMap) and each.gather is not None:
            yield _GATHERS  # collections of the same name are one, whoever gathers them


def run_parts(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    folders: Folders,
    spool: Path,
    kept: Kept,
    causes: str,
    sources: Mapping[LogicalSource, Sequence[Path]],
) -> Mapped | None:
    """Run the parts of a plan whose quads are not kept, and merge the quads of all.

    Args:
        connection: From `kg.duck.engine`.
        plan: The plan.
        folders: Where its sources are.
        spool: What `kg.rdf.spool_rdf` wrote.
        kept: What the build before has kept.
        causes: What the quads depend on besides the files of sources.
        sources: The files of each source.

    Returns:
        The quads; None if the plan must be run at once.
    """
    wanted: dict[str, tuple[Plan, list[Path]]] = {}
    for each in parts_of(plan):
        names = [made.name for made in each.triples_maps]
        files = [path for source in plan_sources(each) for path in sources[source]]
        key = kept.key(files, causes, names)
        if key is None:
            return None
        wanted[key] = each, files
    if len(wanted) < 2:
        return None  # nothing could be taken over
    path, known = kept.parts() or (None, {})
    parts = {key: part for key, part in known.items() if key in wanted}
    selects = [_rows(path, parts.values())] if path and parts else []
    missing = {key: each for key, each in wanted.items() if key not in parts}
    others: tuple[Path, ...] = ()
    if missing:
        free = max((part.number for part in parts.values()), default=-1) + 1
        table = spool.with_name("parts.parquet")
        with hearing() as notes:
            made, others = _run_some(connection, plan, missing, free, folders, table)
        tell(notes.values())
        if selects:
            selects.append(_rows(table, made.values()))
            table = spool.with_name("merged.parquet")
            copy_plain(connection, " UNION ALL ".join(selects), table)
        parts |= made
        # Of which part they are is not known.
        path = table if notes or others else kept.keep_parts(table, parts)
    assert path is not None
    rows = f"SELECT s, p, o, g FROM ({_rows(path, parts.values())}) UNION ALL {spooled(spool)}"
    counts = {count.triples_map: count for part in parts.values() for count in part.counts}
    return Mapped(
        write_table(connection, rows, spool.with_name("quads.parquet")),
        tuple(counts[each.name] for each in plan.triples_maps),
        (*(file for part in parts.values() for file in part.files), *others),
    )


def _rows(path: Path, parts: Iterable[Part]) -> str:
    numbers = ", ".join(str(part.number) for part in parts)
    return f"SELECT part, s, p, o, g FROM {read_parquet(path)} WHERE part IN ({numbers})"


def _run_some(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    parts: Mapping[str, tuple[Plan, list[Path]]],
    first: int,
    folders: Folders,
    table: Path,
) -> tuple[dict[str, Part], tuple[Path, ...]]:
    """Run some parts of a plan at once, and write their quads, numbered from the first.

    Returns:
        The parts, and files that were read though they are no sources of theirs.
    """
    names = {
        made.name: number
        for number, (each, _) in enumerate(parts.values(), first)
        for made in each.triples_maps
    }
    maps = tuple(each for each in plan.triples_maps if each.name in names)
    some = plan if maps == plan.triples_maps else replace(plan, triples_maps=maps)
    found = DuckDB(connection).run_parts(some, folders, table, names)
    read = dict.fromkeys(path for entry in found.loaded for path in entry.files)
    made: dict[str, Part] = {}
    for number, (key, (_, files)) in enumerate(parts.items(), first):
        counts = tuple(count for count in found.counts if names[count.triples_map] == number)
        own = tuple(path for path in files if path in read)
        made[key] = Part(number, counts, own)
    known = {path for part in made.values() for path in part.files}
    return made, tuple(path for path in read if path not in known)


def run_whole(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    folders: Folders,
    target: Path,
    spool: Path | None = None,
) -> Mapped:
    """Run a plan at once; see `kg.engines.engine.Engine`."""
    found = DuckDB(connection).run(plan, folders, target, spool)
    files = tuple(path for entry in found.loaded for path in entry.files)
    return Mapped(found.table, found.counts, files)


def run_elsewhere(
    connection: duckdb.DuckDBPyConnection,
    engine: Elsewhere,
    plan: Plan,
    folders: Folders,
    target: Path,
    spool: Path,
    files: Iterable[Path],
) -> Mapped:
    """Run a plan by another engine, and merge its quads with those of RDF files.

    Args:
        connection: From `kg.duck.engine`.
        engine: The engine.
        plan: The plan.
        folders: Where its sources are.
        target: The file to write.
        spool: What `kg.rdf.spool_rdf` wrote.
        files: The files of the sources.
    """
    folder = spool.with_name("mapped")
    made = engine.run(plan, folders, folder)
    rows = f"SELECT s, p, o, g FROM {QuadTable(folder).sql} UNION ALL {spooled(spool)}"
    table = write_table(connection, rows, target)
    remove_folder(folder)
    return Mapped(table, made.counts, tuple(dict.fromkeys(files)))


def _is_most(changed: Iterable[Path], files: Iterable[Path]) -> bool:
    """Return whether some files have more bytes than the others."""
    with suppress(OSError):
        sizes = [sum(path.stat().st_size for path in each) for each in (changed, files)]
        return sizes[0] * 2 > sizes[1]
    return True


def _is_small(files: Iterable[Path], most: int) -> bool:
    """Return whether the sources together have at most so many bytes."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in files) <= most
    return False
