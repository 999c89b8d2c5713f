"""The quads after some rows of tables have changed, made out of those of the build before.

What a large build has read of text files is kept in ``.kg/rows``, if each record is a line. The
next build compares these copies with the files. Where lines differ, the rules run for their
subjects alone (`kg.engines.duckdb.again`), and only the parts of the quad table that have these are
written. Whatever this cannot be said of is mapped as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any, Final

import duckdb

from kg.duck import translated
from kg.engines import recording
from kg.engines.duckdb.again import ANEW, SUBJECTS, Again, Changed, NotAgainError
from kg.errors import KgError
from kg.files import replacing, writing
from kg.kept import Kept, Mapped
from kg.mapping.plan import Formulation, LogicalSource, Plan
from kg.mapping.walk import own_files, plan_lookups, plan_sources
from kg.notes import hearing
from kg.paths import is_file, is_folder, is_link, names_in
from kg.quads import change_parts, rows_of
from kg.rejects import current
from kg.sources import Folders
from kg.sources.csv_files import column_names
from kg.sources.files import SourceFile
from kg.sources.inputs import files_of, input_files
from kg.sources.line_changes import BLOCK, LineChanges, count_lines, line_changes

_STEP: Final = "rows"
_OLD: Final = "kg_before"
_ENDING: Final = ".rows"
# Most bytes of the files of which copies are kept.
MOST_BYTES: Final = 2**31


def map_rows(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    folders: Folders,
    spool: Path,
    kept: Kept,
    causes: str,
    block: int = BLOCK,
) -> Mapped | None:
    """Make the quad table of a large graph out of the one before, where only rows have changed.

    Args:
        connection: From `kg.duck.engine`.
        plan: The plan.
        folders: Where its sources are.
        spool: What `kg.rdf.spool_rdf` wrote.
        kept: What the build before has kept.
        causes: What the quads depend on besides the files of sources.
        block: How many bytes of files are compared at once.

    Returns:
        The table; None if the plan must be run as a whole, which also tells what is wrong.
    """
    known, mapped, before = kept.find(_STEP, causes), kept.last("graph"), kept.quads()
    if known is None or mapped is None or before is None or mapped["notes"] or not _is_usual(plan):
        return None
    try:
        with hearing() as notes, translated(), connection.cursor() as own:
            changed = _changed(plan, folders, kept, known, block)
            if changed is None:
                return None
            again = Again(own, plan, changed, folders)
            counts = again.count({each.triples_map: each for each in mapped["counts"]})
            rows_of(own, before, SUBJECTS, _OLD)
            again.make(spool, _OLD)
            table = None
            if not notes:
                table = change_parts(own, before, kept.target, SUBJECTS, _OLD, ANEW)
    except (NotAgainError, KgError, duckdb.Error):
        return None
    if table is None:
        return None
    files = tuple(map(Path, mapped["files"]))
    return Mapped(table, tuple(counts[each.name] for each in plan.triples_maps), files)


def _is_usual(plan: Plan) -> bool:
    """Return whether a run of a plan tells nothing of single records, and calls nothing unknown."""
    observed = current() is not None or recording.current() is not None
    return not observed and not own_files(plan) and plan.most_records is None


def _changed(
    plan: Plan, folders: Folders, kept: Kept, known: Mapping[str, Any], block: int
) -> dict[LogicalSource, Changed] | None:
    """Return what has changed of each source; None if that is not known by lines."""
    now = {str(path): kept.digest(path) for path in input_files(plan, folders)}
    if now.keys() != known.keys():
        return None
    differ = {name for name, digest in now.items() if digest != known[name]["sha256"]}
    looked_up = {each.source for each in plan_lookups(plan)}
    found: dict[LogicalSource, Changed] = {}
    for number, source in enumerate(plan_sources(plan)):
        files = [file for file in files_of(source, folders) if str(file.path) in differ]
        if not files:
            continue
        if source in looked_up or not _is_by_lines(source):
            return None
        changes = [_change(file, source, kept, known[str(file.path)], block) for file in files]
        whole = [each for each in changes if each is not None]
        if len(whole) < len(changes):
            return None
        found[source] = _written(source, whole, folders.spill, f"rows{number}")
    return found or None


def _change(
    file: SourceFile, source: LogicalSource, kept: Kept, known: Mapping[str, Any], block: int
) -> LineChanges | None:
    """Return how the lines of a file have changed, if the copy of what it was is whole."""
    old = kept.rows / f"{known['sha256']}{_ENDING}"
    if not known["lines"] or is_link(kept.rows) or not is_file(old) or file.member:
        return None
    found = line_changes(old, file.path, column_names(file, source)[1], block)
    return found if found is not None and found.sha256 == known["sha256"] else None


def _written(
    source: LogicalSource, changes: Sequence[LineChanges], folder: Path, name: str
) -> Changed:
    """Write the lines that went and those that came to files of their own."""
    sides: dict[str, list[str]] = {"gone": [], "come": []}
    for number, change in enumerate(changes):
        for side, lines in (("gone", change.gone), ("come", change.come)):
            sides[side].append(f"{name}-{side}{number}.csv")
            change.write(lines, folder / sides[side][-1])
    gone, come = (
        replace(source, path=names[0], more=tuple(names[1:]), folder=str(folder))
        for names in sides.values()
    )
    lost, new = sum(len(c.gone) for c in changes), sum(len(c.come) for c in changes)
    return Changed(gone, come, lost, new)


def _is_by_lines(source: LogicalSource) -> bool:
    """Return whether each record of a source may be a line of its file."""
    return (
        source.formulation is Formulation.CSV
        and source.dialect.header
        and not source.dialect.comment
        and not source.compression
        and source.encoding.lower() in ("utf-8", "utf8")
    )


def keep_rows(kept: Kept, plan: Plan, mapped: Mapped, causes: str | None) -> None:
    """Keep copies of the sources of a large build, of those whose records are lines.

    Args:
        kept: What the build that is made keeps.
        plan: Its plan.
        mapped: What running the plan gave.
        causes: What the quads depend on besides the files of sources; None: it is not known.
    """
    if causes is None or is_link(kept.rows) or not is_folder(kept.target):
        return
    folders = Folders(None, kept.rows)
    with suppress(KgError, OSError):
        files = {str(path): kept.digest(path) for path in input_files(plan, folders)}
        if None in files.values():
            return
        lines = {str(path) for path in _by_lines(plan, folders, mapped)}
        if sum(Path(name).stat().st_size for name in lines) > MOST_BYTES:
            lines.clear()
        for name in lines:
            _copy(Path(name), kept.rows / f"{files[name]}{_ENDING}")
        told = {name: {"sha256": files[name], "lines": name in lines} for name in files}
        kept.keep(_STEP, causes, told)
        wanted = {f"{files[name]}{_ENDING}" for name in lines}
        for name in names_in(kept.rows):
            if name.endswith(_ENDING) and name not in wanted:
                (kept.rows / name).unlink()


def _by_lines(plan: Plan, folders: Folders, mapped: Mapped) -> set[Path]:
    """Return the files whose records are one line each: there are as many of both."""
    records = {count.triples_map: count.records for count in mapped.counts}
    of_source = {each.source: records[each.name] for each in plan.triples_maps}
    good, bad = set[Path](), set[Path]()
    for source in plan_sources(plan):
        files = files_of(source, folders)
        is_good = source in of_source and _is_by_lines(source) and not any(f.member for f in files)
        if is_good:
            counts = [count_lines(file.path) for file in files]
            heads = sum(column_names(file, source)[1] for file in files)
            whole = [count for count in counts if count is not None]
            is_good = whole == counts and sum(whole) - heads == of_source[source]
        (good if is_good else bad).update(file.path for file in files)
    return good - bad


def _copy(source: Path, target: Path) -> None:
    """Keep a copy of a source, for its owner alone, unless it is there."""
    if is_file(target):
        return
    with writing(target):
        target.parent.mkdir(exist_ok=True)
    with replacing(target) as part:
        part.touch()
        part.chmod(0o600)
        copyfile(source, part)
