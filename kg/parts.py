"""Quads of a build by the sources that they come from, so that those of the others are kept.

Triples maps that share no source, and do not refer to one another, make a group. Where only the
facts have changed since the last build, each group is run by itself, and its quads are kept in
``.kg/parts``: next time only the groups of changed sources run, and a merge sorts all together.
The rows, and so the bytes of the table, are those of one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import beside, spare
from kg.engines.duckdb import DuckDB
from kg.kept import Kept, Mapped
from kg.mapping.plan import Plan, RefObjectMap, TriplesMap
from kg.mapping.walk import plan_sources
from kg.notes import hearing, strictly, tell
from kg.quads import spooled, write_table
from kg.rdf import SPOOL_MEMORY, spool_rdf
from kg.sources import Folders
from kg.sources.inputs import input_files
from kg.workspace import Workspace

# Most bytes of all sources: the quads of larger ones are made in order, without a sort, and
# sorting them again takes longer than making them.
MOST_BYTES: Final = 32 * 2**20
# Most groups: each is a run of its own, and the first such build runs them all. With the twenty
# groups of the shipped graph that took half as long again as running all rules at once.
_MOST_GROUPS: Final = 8


def map_all(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    plan: Plan,
    folders: Folders,
    kept: Kept,
    rules: str | None,
    strict: bool,
) -> Mapped:
    """Read RDF files and sources of a workspace, and write their quads.

    Args:
        connection: From `kg.duck.engine`.
        workspace: The workspace.
        plan: Its mappings.
        folders: Where the sources are, and where files may be made.
        kept: What the build before has kept.
        rules: The key of the rules, if that build ran the same; else None.
        strict: Whether RDF files may lose nothing.

    Raises:
        InputError: A file or a value is wrong.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    spool, target = folders.spill / "rdf.parquet", folders.spill / "quads.parquet"
    with hearing() as notes:
        with spare(connection, SPOOL_MEMORY) as memory, strictly(strict):
            spool_rdf(workspace.graph_files(), spool, memory=memory)
        if rules is not None and _is_small(input_files(plan, folders)):
            found = run_parts(connection, plan, folders, spool, kept, rules)
        else:
            found = run_whole(connection, plan, folders, target, spool)
    tell(notes.values())
    return replace(found, notes=tuple(notes.values()))


def groups_of(plan: Plan) -> list[Plan]:
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


def run_parts(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    folders: Folders,
    spool: Path,
    kept: Kept,
    causes: str,
) -> Mapped:
    """Run the groups of a plan whose quads are not kept, and merge the quads of all.

    Args:
        connection: From `kg.duck.engine`.
        plan: The plan.
        folders: Where its sources are.
        spool: What `kg.rdf.spool_rdf` wrote.
        kept: What the build before has kept.
        causes: What the quads depend on besides the files of sources.
    """
    target, groups = spool.with_name("quads.parquet"), groups_of(plan)
    keys = [
        kept.key(input_files(group, folders), causes, [each.name for each in group.triples_maps])
        for group in groups
    ]
    if not 1 < len(groups) <= _MOST_GROUPS or None in keys:
        return run_whole(connection, plan, folders, target, spool)
    parts: list[Mapped] = []
    for number, (group, key) in enumerate(zip(groups, filter(None, keys), strict=True)):
        part = kept.part(key)
        if part is None:
            with beside(connection, spool.parent) as own, hearing() as notes:
                made = run_whole(own, group, folders, spool.with_name(f"part{number}.parquet"))
            part = kept.keep_part(key, replace(made, notes=tuple(notes.values())))
        tell(part.notes)
        parts.append(part)
    selects = [f"SELECT s, p, o, g FROM {part.table.sql}" for part in parts]
    table = write_table(connection, " UNION ALL ".join((*selects, spooled(spool))), target)
    counts = {count.triples_map: count for part in parts for count in part.counts}
    return Mapped(
        table,
        tuple(counts[each.name] for each in plan.triples_maps),
        tuple(file for part in parts for file in part.files),
    )


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


def _is_small(files: Iterable[Path]) -> bool:
    """Return whether the sources are so small that groups of them are run one by one."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in files) <= MOST_BYTES
    return False
