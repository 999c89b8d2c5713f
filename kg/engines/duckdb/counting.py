"""Counts what each triples map read and lost, and notes what is doubtful in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import only_row, sql_name
from kg.engines.duckdb.doubts import crossing_notes, first_record, ill_typed, unfit_value
from kg.engines.duckdb.losses_sql import LossPrinter, LossSql
from kg.engines.duckdb.program import Program, RuleSql, SubjectSql
from kg.engines.loaded import LoadedTable
from kg.engines.outcome import LossCount, MapCount, Shared
from kg.engines.recording import Made, Recording, current
from kg.errors import Location
from kg.mapping.rules import names

# Losses that one query counts: what the engine holds grows with their square.
MOST_COUNTS_AT_ONCE: Final = 50
# Predicates of a triples map that are counted each for itself.
MOST_PREDICATES: Final = 1_000


def count_all(
    connection: duckdb.DuckDBPyConnection, program: Program, loaded: Sequence[LoadedTable]
) -> tuple[MapCount, ...]:
    """Return what is said of each triples map; what is noted of a source, at its first."""
    tables = {entry.table.name: entry for entry in loaded}
    printers = {rules.name: LossPrinter(rules) for rules in program.maps}
    losses = _losses(connection, printers.values(), tables)
    distinct = Distinct(connection)
    counts: list[MapCount] = []
    noted: set[tuple[str, str]] = set()
    for rules in program.maps:
        entry, printer = tables[rules.table.name], printers[rules.name]
        found: list[str] = []
        count = MapCount(rules.name, 0, ())
        if entry.records:
            found = crossing_notes(connection, rules.losses.crossings, entry)
            count = MapCount(
                rules.name,
                entry.records,
                tuple(losses[rules.name]),
                shared=_shared(distinct, printer, entry, program.subjects[rules.name]),
                origin=rules.origin.location(),
            )
        found += rules.losses.notes
        # What several triples maps of one mapping share is reported once.
        notes = [note for note in (*entry.notes, *found) if (entry.table.name, note) not in noted]
        noted.update((entry.table.name, note) for note in notes)
        suspects = [*printer.ill_typed(), *printer.doubtful()] if entry.records else []
        unfit = [
            each
            for each in ill_typed(connection, suspects, entry)
            if (entry.table.name, str(each)) not in noted
        ]
        noted.update((entry.table.name, str(each)) for each in unfit)
        is_empty = not entry.records and not entry.nothing
        counts.append(
            replace(
                count,
                notes=tuple(notes),
                nothing=entry.nothing,
                empty=tuple(part.shown for part in entry.parts) if is_empty else (),
                ill_typed=tuple(unfit),
            )
        )
    return tuple(counts)


def _losses(
    connection: duckdb.DuckDBPyConnection,
    printers: Iterable[LossPrinter],
    tables: Mapping[str, LoadedTable],
) -> dict[str, list[LossCount]]:
    """Count the losses of triples maps: of all that read a table, some at a time."""
    of_tables: dict[str, list[tuple[str, LossSql]]] = {}
    found: dict[str, list[LossCount]] = {}
    for printer in printers:
        name = printer.rules.name
        found[name] = []
        if tables[printer.rules.table.name].records:
            of_table = of_tables.setdefault(printer.rules.table.name, [])
            of_table += ((name, loss) for loss in printer.losses())
    for table, losses in of_tables.items():
        conditions, numbers = [*dict.fromkeys(loss.missing for _, loss in losses)], dict[str, int]()
        for start in range(0, len(conditions), MOST_COUNTS_AT_ONCE):
            some = conditions[start : start + MOST_COUNTS_AT_ONCE]
            counts = ", ".join(f"count(*) FILTER (WHERE {each})" for each in some)
            row = only_row(connection.execute(f"SELECT {counts} FROM {sql_name(table)}"))
            numbers.update(zip(some, row, strict=True))
        for name, loss in losses:
            if numbers[loss.missing]:
                lost = _lost(connection, loss, numbers[loss.missing], tables[table])
                found[name].append(lost)
    return found


def _lost(
    connection: duckdb.DuckDBPyConnection, loss: LossSql, number: int, entry: LoadedTable
) -> LossCount:
    return LossCount(
        loss.what,
        loss.references,
        number,
        loss.parent,
        unfit_value(connection, loss, entry),
        is_partial=loss.is_partial,
        origin=loss.origin.location(),
        place=None if current() is None else first_record(connection, loss, entry),
    )


def _shared(
    distinct: Distinct, printer: LossPrinter, entry: LoadedTable, subject: SubjectSql
) -> Shared | None:
    """Return what records of a triples map share their subjects, if any do."""
    if not printer.has_own_subject():
        return None
    if subject.rest == entry.table.sorted_by and distinct.of(entry.table.name, subject.rest):
        return None  # neighbours are compared faster than all subjects are counted
    connection = distinct.connection
    numbers = f"count({subject.apart}), count(DISTINCT {subject.apart})"
    counts = only_row(connection.execute(f"SELECT {numbers} FROM {subject.rows}"))
    if counts[0] == counts[1]:
        return None
    rows = f"SELECT file, record, {subject.whole} AS s FROM {subject.rows}"
    numbered = (
        f"SELECT *, row_number() OVER (PARTITION BY s ORDER BY file, record) AS n FROM ({rows})"
    )
    first, file, record = only_row(
        connection.execute(
            f"SELECT s, file, record FROM ({numbered}) WHERE n = 2 AND s IS NOT NULL"
            " ORDER BY file, record LIMIT 1"
        )
    )
    key = names(printer.rules.subject)
    # The line is not looked for: that reads the file again, though it may be meant to be so.
    place = Location(entry.parts[file].shown, record=record, column=key[0])
    return Shared(counts[0], counts[1], first, key, place)


class Distinct:
    """Which columns that tables are sorted by have no value twice, each asked once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._known: dict[tuple[str, str], bool] = {}

    def of(self, table: str, column: str) -> bool:
        """Whether no value occurs twice in the column that a table is sorted by."""
        known = self._known.get((table, column))
        if known is None:
            known = self._known[table, column] = has_distinct(self.connection, table, column)
        return known


def record_made(
    connection: duckdb.DuckDBPyConnection, program: Program, recording: Recording
) -> None:
    """Count the subjects and the statements of each triples map, and record them."""
    of_map: dict[str, list[RuleSql]] = {rules.name: [] for rules in program.maps}
    for rule in program.rules:
        of_map[rule.triples_map].append(rule)
    tables = {rules.name: rules.table.name for rules in program.maps}
    for name, rules in of_map.items():
        subjects = 0
        for subject in [rule.subject for rule in rules][:1]:  # members of collections come last
            row = connection.execute(f"SELECT count({subject.rest}) FROM {subject.rows}").fetchone()
            assert row is not None
            subjects = row[0]
        found: dict[str, int] = {}
        for start in range(0, len(rules), MOST_COUNTS_AT_ONCE):
            some = rules[start : start + MOST_COUNTS_AT_ONCE]
            union = " UNION ALL ".join(f"SELECT p FROM ({rule.sql})" for rule in some)
            rows = connection.execute(
                f"SELECT p, count(*) AS n FROM ({union}) GROUP BY p ORDER BY n DESC, p"
            )
            while batch := rows.fetchmany(MOST_PREDICATES):
                for code, number in batch:
                    term = _predicate(program, code) if len(found) < MOST_PREDICATES else ""
                    found[term] = found.get(term, 0) + number
        recording.made[name] = Made(tables[name], subjects, found)


def _predicate(program: Program, code: str | int) -> str:
    return program.predicates[code] if isinstance(code, int) and program.predicates else str(code)


def has_distinct(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether no value occurs twice in the column that a table is sorted by."""
    row = connection.execute(
        f"SELECT 1 FROM (SELECT {column} = lag({column}) OVER () AS twice FROM {sql_name(table)})"
        " WHERE twice LIMIT 1"
    ).fetchone()
    return row is None
