"""Runs a plan: reads each source once, makes the quads, writes the quad table.

Nothing that grows with the data is held in Python: DuckDB does the work and spills to disk.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from kg import progress
from kg.duck import memory_limit, sql_name, translated
from kg.engines import recording
from kg.engines.duckdb import dialect
from kg.engines.duckdb.bad_values import ListsFound, note_terms, term_error
from kg.engines.duckdb.batches import Batch, rule_batches, together
from kg.engines.duckdb.blocks import Codes, write_coded, write_marked, write_parts
from kg.engines.duckdb.call_errors import REFUSALS, call_error
from kg.engines.duckdb.compile import compile_plan
from kg.engines.duckdb.counting import Counted, count_all, has_distinct, record_made
from kg.engines.duckdb.late_sql import LateTerms
from kg.engines.duckdb.loading import drop_table
from kg.engines.duckdb.named_functions import NamesFound, find_names
from kg.engines.duckdb.named_targets import by_name, merged
from kg.engines.duckdb.prepare import Prepared, prepare
from kg.engines.duckdb.program import Program, RuleSql, Stream
from kg.engines.duckdb.view_loading import load_any
from kg.engines.duckdb.view_sql import explained_view
from kg.engines.loaded import LoadedTable
from kg.engines.outcome import Outcome
from kg.logins import without_login
from kg.mapping.plan import LogicalTarget, Plan
from kg.mapping.walk import own_files
from kg.quads import QuadTable, spooled
from kg.records import dataclass
from kg.rejects import Rejects, current
from kg.sources import Folders

# Above this number of distinct predicates or graphs, finding a number costs more than it saves.
MOST_CODES: Final = 512
# Quads from which on it pays to write blocks of subjects one by one, without sorting quads.
STREAM_FROM: Final = 500_000
# Rules that one query may hold; planning more of them takes longer than they do. Where there are
# few quads, fewer: their buffers are most of what the process takes.
MOST_RULES_AT_ONCE: Final = 200
_MOST_OF_FEW: Final = 20
_FEW_QUADS: Final = 50_000
# What a quad takes while it is sorted, in bytes; measured on timetables and on this graph.
BYTES_PER_QUAD: Final = 110
# Of the memory limit; the sort spills, but the engine's estimates of its own needs are rough.
SHARE_OF_MEMORY: Final = 0.4


@dataclass(frozen=True, slots=True)
class DuckDB:
    """Runs plans; see `kg.engines.engine.Engine`.

    Attributes:
        connection: From `kg.duck.engine`; used for this alone.
        stream_from: Number of quads from which on blocks of subjects are written one by one.
    """

    connection: duckdb.DuckDBPyConnection
    stream_from: int = STREAM_FROM

    def run(
        self,
        plan: Plan,
        folders: Folders,
        target: Path,
        spool: Path | None = None,
        *,
        routed: bool = False,
    ) -> Outcome:
        """Run a plan and write its quads: into a folder of files, if there are many."""
        with _hushed(plan):
            return self._run(plan, folders, _Run(self, folders, target, spool), routed=routed)

    def run_parts(
        self, plan: Plan, folders: Folders, target: Path, parts: Mapping[str, int]
    ) -> Outcome:
        """Run a plan, and write its quads with the number of a part of the plan for each.

        They are in any order, and may be there several times: columns part, s, p, o, g.

        Args:
            plan: The plan; nothing in it gathers terms of several parts.
            folders: Where its sources are.
            target: The file to write.
            parts: The number of the part that a triples map belongs to, by its name.
        """
        with _hushed(plan):
            return self._run(plan, folders, _Run(self, folders, target, None, parts))

    def _run(self, plan: Plan, folders: Folders, run: _Run, *, routed: bool = False) -> Outcome:
        spool = run.spool
        terms = _spool_terms(self.connection, spool) if spool else ([], [])
        prepared = prepare(self.connection, plan, folders)
        rejects = current()
        skips = False
        while True:
            program = compile_plan(plan, *terms, routed=routed, skips=skips)
            try:
                return _with(run.of(program, rejects if skips else None), prepared)
            except (ListsFound, NamesFound) as found:
                run.drop()
                plan = found.applied(plan)
            except REFUSALS as error:
                if skips:
                    raise
                own = prepared.error(self.connection, run.loaded)
                if own is not None:
                    raise own from error
                if rejects is None or dialect.BAD_VALUE not in str(error):
                    told = term_error(self.connection, program.checks, run.loaded)
                    told = told or call_error(self.connection, plan, run.loaded)
                    raise told or error from error
                # Once more, without the bad values: who has none does not pay for leaving them out.
                run.clear()
                skips = True


def _hushed(plan: Plan) -> AbstractContextManager[object]:
    """Keep what functions of the user's own print apart from what is written."""
    return redirect_stdout(sys.stderr) if own_files(plan) else nullcontext()


def _with(made: Outcome, prepared: Prepared) -> Outcome:
    lookups = prepared.lookups
    return replace(made, loaded=(*made.loaded, *lookups)) if lookups else made


class _Run:
    """Runs a program; once more, if values are to be left out.

    Attributes:
        loaded: The source tables that were read.
    """

    def __init__(
        self,
        engine: DuckDB,
        folders: Folders,
        target: Path,
        spool: Path | None,
        parts: Mapping[str, int] | None = None,
    ) -> None:
        self.engine = engine
        self.connection = engine.connection
        self.folders = folders
        self.target = target
        self.spool = spool
        self.parts = parts
        self.loaded: tuple[LoadedTable, ...] = ()

    def of(self, program: Program, rejects: Rejects | None = None) -> Outcome:
        """Read the sources and write the quads.

        Args:
            program: The program.
            rejects: Where to note the values that it leaves out; None if it stops at them.

        Raises:
            duckdb.InvalidInputException: A value makes no valid term.
        """
        connection, self.loaded = self.connection, ()
        noted = recording.current()
        if noted is not None:
            noted.restart()
        for number, source in enumerate(program.tables):
            progress.part(number, len(program.tables) + 1)
            self.loaded += (load_any(connection, source, self.loaded, self.folders),)
            if noted is not None and source.rows is None:
                noted.tables.append(self.loaded[-1])
        progress.part(len(program.tables), len(program.tables) + 1)
        _drop_under_views(connection, program, self.loaded)
        find_names(connection, program.checks, self.loaded)
        if any(entry.incomplete for entry in self.loaded):
            raise duckdb.InvalidInputException(dialect.BAD_VALUE)
        if rejects is not None:
            note_terms(connection, program.checks, self.loaded, rejects)
        counted = count_all(connection, program, self.loaded)
        counts = counted.maps
        if noted is not None:
            noted.counts += counts
            record_made(connection, program, noted)
        if program.targets:
            taken = self.folders.outputs | self.folders.inputs
            return _write_targets(connection, program, self.loaded, counted, self.target, taken)
        codes = Codes(program.order, program.predicates, program.graphs)
        if self.parts is not None:
            rules, rows = counted.live(program.rules), f"SELECT 0 AS part, * FROM ({_NOTHING})"
            if rules:
                rows = _staged(connection, rules, (), self.loaded, (), self.parts)
            marked = write_marked(connection, rows, self.target, codes)
            return Outcome(marked, self.loaded, counts)
        extra = [codes.encoded(spooled(self.spool))] if self.spool else []
        stream_from = self.engine.stream_from
        table = _write(connection, program, self.loaded, counted, extra, self.target, stream_from)
        return Outcome(table, self.loaded, counts)

    def drop(self) -> None:
        """Drop the source tables that are still there."""
        for entry in self.loaded:
            drop_table(self.connection, entry)

    def clear(self) -> None:
        """Drop the source tables that are still there, and write elsewhere from now on."""
        self.drop()
        self.target = self.target.with_name(f"skipped-{self.target.name}")


def _drop_under_views(
    connection: duckdb.DuckDBPyConnection, program: Program, loaded: Sequence[LoadedTable]
) -> None:
    """Drop the tables that only views are made of."""
    read = {name for rule in program.rules for name in rule.tables}
    read |= {each.table.name for each in program.maps}
    if all(table.rows is None for table in program.tables):
        return
    for entry in loaded:
        if entry.table.name not in read:
            drop_table(connection, entry)


def _write_targets(
    connection: duckdb.DuckDBPyConnection,
    program: Program,
    loaded: tuple[LoadedTable, ...],
    counted: Counted,
    target: Path,
    taken: frozenset[Path],
) -> Outcome:
    """Write the rules of the default output and those of each target to tables of their own."""
    codes = Codes(program.order, program.predicates, program.graphs)
    tables = {entry.table.name for entry in loaded}

    def written(rules: Sequence[RuleSql], path: Path) -> QuadTable:
        selects = [rule.sql for rule in rules]
        rows = " UNION ALL ".join(selects) or _NOTHING
        if selects and _is_large(connection, rules, loaded):
            rows = _staged(connection, rules, (), loaded, kept=tables)
        return write_coded(connection, rows, path, codes)

    default = counted.live(rule for rule in program.rules if not rule.targets)
    table = written(default, target)
    made: dict[LogicalTarget, list[QuadTable]] = {}
    for number, logical in enumerate(program.targets):
        rules = [rule for rule in program.rules if rule.targets & 1 << number]
        path = target.with_name(f"target{number}-{target.name}")
        own = written(rules, path)
        if logical.name is None:
            made.setdefault(logical, []).append(own)
            continue
        for file, rows in by_name(connection, logical, own, program.maps, loaded, taken):
            made.setdefault(file, []).append(rows)
    targets = tuple((file, merged(connection, tables)) for file, tables in made.items())
    return Outcome(table, loaded, counted.maps, targets)


def _write(
    connection: duckdb.DuckDBPyConnection,
    program: Program,
    loaded: Sequence[LoadedTable],
    counted: Counted,
    extra: Sequence[str],
    target: Path,
    stream_from: int,
) -> QuadTable:
    """Run the rules, and write what they and the extra queries give."""
    codes = Codes(program.order, program.predicates, program.graphs)
    streams: list[Stream] = []
    if _quads(program.rules, loaded) >= stream_from:
        streams = _streams(connection, program, loaded, extra)
    streamed = {number for stream in streams for number in stream.rules}
    rules = counted.live(rule for n, rule in enumerate(program.rules) if n not in streamed)
    selects = [*(rule.sql for rule in rules), *extra]
    rows = " UNION ALL ".join(selects) or _NOTHING
    if selects and (streams or _is_large(connection, rules, loaded)):
        kept = {stream.table for stream in streams}
        rows = _staged(connection, rules, extra, loaded, kept)
    if not streams:
        return write_coded(connection, rows, target, codes)
    return write_parts(connection, rows, target, codes, program, streams)


def _quads(rules: Sequence[RuleSql], loaded: Sequence[LoadedTable]) -> int:
    """Return about how many quads rules make: as many as there are records, for each rule."""
    records = {entry.table.name: entry.records for entry in loaded}
    return sum(max(records[name] for name in rule.tables) for rule in rules)


def _spool_terms(
    connection: duckdb.DuckDBPyConnection, spool: Path
) -> tuple[list[str] | None, list[str]]:
    """Return the predicates and graphs of a spool; None where they are too many for numbers."""
    found: list[list[str]] = []
    for column in "pg":
        with translated():
            rows = connection.execute(
                f"SELECT DISTINCT {column} FROM ({spooled(spool)}) WHERE {column} IS NOT NULL"
                f" LIMIT {MOST_CODES + 1}"
            ).fetchall()
        found.append([row[0] for row in rows])
    many = max(map(len, found)) > MOST_CODES
    return None if many else found[0], found[1]


_NOTHING: Final = "SELECT 0 AS b, '' AS s, NULL AS p, '' AS o, NULL AS g WHERE false"


def _streams(
    connection: duckdb.DuckDBPyConnection,
    program: Program,
    loaded: Sequence[LoadedTable],
    extra: Sequence[str],
) -> list[Stream]:
    """Return the streams that give all quads of their blocks, in order of the blocks."""
    sorted_by = {entry.table.name: entry.table.sorted_by for entry in loaded}
    wanted = [s for s in program.streams if sorted_by[s.table] == s.column]
    distinct = {
        table: has_distinct(connection, sql_name(table), sorted_by[table])
        for table in {stream.table for stream in wanted}
    }
    streams = [stream for stream in wanted if distinct[stream.table]]
    loose = [rule.sql for rule in program.rules if rule.subject.number is None]
    taken = {
        row[0]
        for sql in (*loose, *extra)
        if streams
        for row in connection.execute(f"SELECT DISTINCT b FROM ({sql})").fetchall()
    }
    return [stream for stream in streams if stream.block not in taken]


def _is_large(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[RuleSql], loaded: Sequence[LoadedTable]
) -> bool:
    """Whether the rules together may not fit in memory.

    In one query the engine works at all rules at once, with buffers for each.
    """
    quads = _quads(rules, loaded)
    if _are_many(rules, quads) or any(rule.sorts for rule in rules):
        return True
    return quads * BYTES_PER_QUAD > memory_limit(connection) * SHARE_OF_MEMORY


def _are_many(rules: Sequence[RuleSql], quads: int) -> bool:
    most = min(MOST_RULES_AT_ONCE, _MOST_OF_FEW) if quads < _FEW_QUADS else MOST_RULES_AT_ONCE
    return len(rules) > most


def _staged(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[RuleSql],
    extra: Sequence[str],
    loaded: Sequence[LoadedTable],
    kept: Container[str],
    parts: Mapping[str, int] | None = None,
) -> str:
    """Run queries one after another into a table that spills.

    Args:
        connection: From `kg.duck.engine`.
        rules: The rules; if there are many, those of the same rows run together.
        extra: Further queries.
        loaded: The source tables.
        kept: Those that are needed afterwards; others are dropped after their last use.
        parts: The number of the part that a triples map belongs to, for a column ``part``.

    Returns:
        A query for the rows of the table.
    """
    late, batches = LateTerms(), [Batch(r.sql, r.tables, r.triples_map) for r in rules]
    if parts is not None or _are_many(rules, _quads(rules, loaded)):
        batches = list(rule_batches(rules, late))
    columns = "b, s, p, g" if parts is None else "part, b, s, p, g"
    batches += (Batch(sql, ()) for sql in extra)
    groups = list(together(batches, {entry.table.name: entry.records for entry in loaded}))
    used = enumerate([name for batch in group for name in batch.tables] for group in groups)
    last_use = {name: number for number, names in used for name in names}
    done: dict[int, list[LoadedTable]] = {}
    for entry in loaded:
        if entry.table.name in last_use and entry.table.name not in kept:
            done.setdefault(last_use[entry.table.name], []).append(entry)
    for number, group in enumerate(groups):
        selects = []
        for batch in group:
            lacks = "" if batch.is_late else ", NULL::INTEGER AS k, NULL::VARCHAR AS t"
            if parts is not None:
                lacks += f", {parts[batch.triples_map]}::INTEGER AS part"
            selects.append(f"SELECT *{lacks} FROM ({batch.sql})")
        verb = "INSERT INTO kg_quads" if number else "CREATE OR REPLACE TEMP TABLE kg_quads AS"
        with translated():
            connection.execute(f"{verb} {' UNION ALL '.join(selects)}")
        for entry in done.get(number, ()):
            drop_table(connection, entry)
    return late.finished("kg_quads", columns)


def explain(plan: Plan) -> str:
    """Return the source tables and the SQL of a plan, as a text for people."""
    program = compile_plan(plan)
    lines: list[str] = []
    for table in program.tables:
        source = table.source
        kind = source.formulation.value
        what = f"{without_login(source.path)} ({kind}) {source.iterator}".rstrip()
        if table.rows is not None:
            what = f"the view {table.rows.name}, over {table.rows.base.name}"
        lines.append(f"-- {table.name}: {what}")
        lines += [
            f"--   {'list ' if column.many else ''}c{column.index} = {column.reference}"
            for column in table.columns
        ]
        lines += [f"--   {column.name} = {column.sql}" for column in table.computed]
        if table.rows is not None:
            lines.append(f"CREATE TEMP TABLE {table.name} AS\n{explained_view(table)};")
    lines += [f"-- b = {2 * n + 1}: {block}" for n, block in enumerate(program.order.blocks)]
    for name, terms in (("p", program.predicates), ("g", program.graphs)):
        lines += [f"-- {name} = {number}: {term}" for number, term in enumerate(terms or ())]
    for rule in program.rules:
        lines.append(f"\n-- {rule.triples_map}\n{rule.sql};")
    return "\n".join(lines)
