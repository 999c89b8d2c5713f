"""Runs a plan: reads each source once, makes the quads, writes the quad table.

Nothing that grows with the data is held in Python: DuckDB does the work and spills to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kg.duck import sql_name, translated
from kg.errors import InputError, KgError
from kg.mapping import dialect
from kg.mapping.compile import Account, compile_plan
from kg.mapping.plan import Plan
from kg.mapping.term_sql import Check
from kg.quads import Codes, QuadTable, spooled, write_table
from kg.sources import Folders, LoadedTable, load_table, locate

# Above this number of distinct predicates or graphs, finding a number costs more than it saves.
MOST_CODES = 512


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
    more = _spool_codes(connection, spool) if spool else Codes((), ())
    program = compile_plan(plan, more.predicates, more.graphs) if more else compile_plan(plan, None)
    for macro in dialect.MACROS:
        connection.execute(macro)
    loaded = tuple(load_table(connection, table, folders) for table in program.tables)
    counts = tuple(_count(connection, account) for account in program.accounts)
    codes = None
    if program.predicates is not None and program.graphs is not None:
        codes = Codes(program.predicates, program.graphs)
    selects = [rule.sql for rule in program.rules]
    if spool:
        selects.append(codes.encoded(spooled(spool)) if codes else spooled(spool))
    if not selects:
        selects = ["SELECT '' AS s, NULL AS p, '' AS o, NULL AS g WHERE false"]
    try:
        table = write_table(connection, " UNION ALL ".join(selects), target, codes)
    except duckdb.InvalidInputException as error:
        raise _bad_value(connection, program.checks, loaded) or error from error
    return Materialization(table, loaded, counts)


def _spool_codes(connection: duckdb.DuckDBPyConnection, spool: Path) -> Codes | None:
    """Return the predicates and graphs of a spool; None where they are too many for codes."""
    found: list[list[str]] = []
    for column in "pg":
        with translated():
            rows = connection.execute(
                f"SELECT DISTINCT {column} FROM ({spooled(spool)}) WHERE {column} IS NOT NULL"
                f" LIMIT {MOST_CODES + 1}"
            ).fetchall()
        found.append([row[0] for row in rows])
    if max(map(len, found)) > MOST_CODES:
        return None
    return Codes.of(*found)


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
