"""Runs a plan: reads each source once, makes the quads, writes the quad table.

Nothing that grows with the data is held in Python: DuckDB does the work and spills to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import sql_name, translated
from kg.errors import InputError, KgError
from kg.mapping import dialect
from kg.mapping.compile import Account, Program, compile_plan
from kg.mapping.plan import Plan
from kg.mapping.term_sql import Check
from kg.quads import Codes, QuadTable, spooled, write_table
from kg.sizes import parse_size
from kg.sources import Folders, LoadedTable, load_table, locate

# Above this number of distinct predicates or graphs, finding a number costs more than it saves.
MOST_CODES: Final = 512
# Rules that one query may hold; planning more of them takes longer than they do.
MOST_RULES_AT_ONCE: Final = 200
# What a quad takes while it is sorted, in bytes; measured on timetables and on this graph.
BYTES_PER_QUAD: Final = 110
# Of the memory limit; the sort spills, but the engine's estimates of its own needs are rough.
SHARE_OF_MEMORY: Final = 0.4


@dataclass(frozen=True, slots=True)
class LossCount:
    """How many records of a triples map gave no subject, or no object of one predicate.

    Attributes:
        what: ``subject`` or the predicate's IRI.
        references: The references of which at least one had no value.
    """

    what: str
    references: tuple[str, ...]
    records: int


@dataclass(frozen=True, slots=True)
class MapCount:
    """What one triples map read and lost."""

    triples_map: str
    records: int
    losses: tuple[LossCount, ...]


@dataclass(frozen=True, slots=True)
class Materialization:
    """The result of running a plan.

    Attributes:
        table: The quad table.
        loaded: The source tables as they were read.
        counts: One entry for each triples map.
    """

    table: QuadTable
    loaded: tuple[LoadedTable, ...]
    counts: tuple[MapCount, ...]


def materialize(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    folders: Folders,
    target: Path,
    spool: Path | None = None,
) -> Materialization:
    """Run a plan and write its quads.

    Args:
        connection: From `kg.duck.engine`; used for this alone.
        plan: The plan.
        folders: Where the sources are.
        target: The quad table to write.
        spool: Quads that go in beside those of the plan, from `kg.rdf.spool_rdf`.

    Raises:
        InputError: The mapping does not fit the sources, or a value makes no valid term; the
            message names the first such record.
        LimitError: The memory limit was reached.
        WorldError: The disk failed.
    """
    predicates, graphs = _spool_terms(connection, spool) if spool else ([], [])
    program = compile_plan(plan, predicates, graphs)
    for macro in dialect.MACROS:
        connection.execute(macro)
    codes = Codes(program.order, program.predicates, program.graphs)
    try:
        loaded = tuple(load_table(connection, table, folders) for table in program.tables)
        if any(entry.incomplete for entry in loaded):
            raise _bad_value(connection, program.checks, loaded) or AssertionError
        counts = tuple(_count(connection, account) for account in program.accounts)
        selects = [rule.sql for rule in program.rules]
        if spool:
            selects.append(codes.encoded(spooled(spool)))
        rows = _union(selects)
        if _is_large(connection, program, loaded):
            rows = _staged(connection, program, selects)
        table = write_table(connection, rows, target, codes)
    except duckdb.InvalidInputException as error:
        raise _bad_value(connection, program.checks, loaded) or error from error
    return Materialization(table, loaded, counts)


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


def _union(selects: Sequence[str]) -> str:
    nothing = "SELECT 0 AS b, '' AS s, NULL AS p, '' AS o, NULL AS g WHERE false"
    return " UNION ALL ".join(selects) or nothing


def _is_large(
    connection: duckdb.DuckDBPyConnection, program: Program, loaded: Sequence[LoadedTable]
) -> bool:
    """Whether the rules together may not fit in memory.

    In one query the engine works at all rules at once, with buffers for each.
    """
    if len(program.rules) > MOST_RULES_AT_ONCE:
        return True
    records = {entry.table.name: entry.records for entry in loaded}
    quads = sum(max(records[name] for name in rule.tables) for rule in program.rules)
    row = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    assert row is not None
    return quads * BYTES_PER_QUAD > parse_size(row[0]) * SHARE_OF_MEMORY


def _staged(connection: duckdb.DuckDBPyConnection, program: Program, selects: Sequence[str]) -> str:
    """Run the rules one after another into a table that spills; drop each source after its last.

    Returns:
        A query for the rows of the table.
    """
    last_use = {name: n for n, rule in enumerate(program.rules) for name in rule.tables}
    for number, select in enumerate(selects):
        verb = "INSERT INTO kg_quads" if number else "CREATE TEMP TABLE kg_quads AS"
        with translated():
            connection.execute(f"{verb} {select}")
        for name in [name for name, last in last_use.items() if last == number]:
            connection.execute(f"DROP TABLE {sql_name(name)}")
    return "SELECT * FROM kg_quads"


def _count(connection: duckdb.DuckDBPyConnection, account: Account) -> MapCount:
    conditions = [f"count(*) FILTER (WHERE {loss.missing})" for loss in account.losses]
    row = connection.execute(
        f"SELECT {', '.join(['count(*)', *conditions])} FROM {sql_name(account.table.name)}"
    ).fetchone()
    assert row is not None
    losses = tuple(
        LossCount(loss.what, loss.references, number)
        for loss, number in zip(account.losses, row[1:], strict=True)
        if number
    )
    return MapCount(account.triples_map, row[0], losses)


def _bad_value(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Check],
    loaded: Sequence[LoadedTable],
) -> KgError | None:
    """Return the error for the first record whose value makes no valid term."""
    tables = {entry.table.name: entry for entry in loaded}
    for check in checks:
        row = connection.execute(
            f"SELECT file, record, value, count(*) OVER () FROM ({check.sql})"
            " ORDER BY file, record LIMIT 1"
        ).fetchone()
        if row:
            file, record, value, number = row
            more = f" ({number} values like it)" if number > 1 else ""
            return InputError(
                check.code,
                f"{value!r} is not {check.expected}{more}",
                location=locate(tables[check.table.name], file, record, check.references[0]),
                hint=f"It makes a term of {check.triples_map}; mend the value or the mapping.",
            )
    return None


def explain(plan: Plan) -> str:
    """Return the source tables and the SQL of a plan, as a text for people."""
    program = compile_plan(plan)
    lines: list[str] = []
    for table in program.tables:
        source = table.source
        kind = source.formulation.value
        lines.append(f"-- {table.name}: {source.path} ({kind}) {source.iterator}".rstrip())
        lines += [
            f"--   {'list ' if column.many else ''}c{column.index} = {column.reference}"
            for column in table.columns
        ]
    for name, terms in (("p", program.predicates), ("g", program.graphs)):
        lines += [f"-- {name} = {number}: {term}" for number, term in enumerate(terms or ())]
    for rule in program.rules:
        lines.append(f"\n-- {rule.triples_map}\n{rule.sql};")
    return "\n".join(lines)
