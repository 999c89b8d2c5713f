"""Counts what each triples map read and lost, and notes what is doubtful in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import only_row, sql_name
from kg.engines.duckdb.batches import MOST_RECORDS
from kg.engines.duckdb.doubts import (
    crossing_notes,
    first_record,
    ill_typed,
    number_of,
    unfit_value,
)
from kg.engines.duckdb.losses_sql import LossPrinter, LossSql
from kg.engines.duckdb.program import Program, RuleSql, SubjectSql
from kg.engines.loaded import LoadedTable
from kg.engines.outcome import LossCount, MapCount, Shared
from kg.engines.recording import Made, Recording, current
from kg.errors import Location
from kg.mapping.rules import MapRules, names
from kg.records import dataclass

# Losses that one query counts: what the engine holds grows with their square.
MOST_COUNTS_AT_ONCE: Final = 50
# Predicates of a triples map that are counted each for itself.
MOST_PREDICATES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of the records before they are mapped.

    Attributes:
        maps: What is said of each triples map; what is noted of a source, at its first.
        records: The number of records of each table.
        numbers: The aggregates of each table that are known.
    """

    maps: tuple[MapCount, ...]
    records: Mapping[str, int]
    numbers: Mapping[str, Numbers]

    def live(self, rules: Iterable[RuleSql]) -> list[RuleSql]:
        """Return the rules that make quads; planning the others takes time all the same."""
        return [rule for rule in rules if not self._makes_nothing(rule)]

    def _makes_nothing(self, rule: RuleSql) -> bool:
        # What is joined or gathered may be missing: an empty collection is a value.
        if not any(self.records[name] for name in rule.sources):
            return True
        table = rule.tables[0]
        known, records = self.numbers[table], self.records[table]
        return any(known.get(_missing(each)) == records for each in rule.absent)


def count_all(
    connection: duckdb.DuckDBPyConnection, program: Program, loaded: Sequence[LoadedTable]
) -> Counted:
    """Count what each triples map reads and loses."""
    tables = {entry.table.name: entry for entry in loaded}
    told = [_Told(rules, tables, program.subjects[rules.name]) for rules in program.maps]
    numbers = {name: Numbers(connection, sql_name(name)) for name in tables}
    asked: dict[str, list[str]] = {}
    for each in told:
        asked.setdefault(each.rules.table.name, []).extend(each.asked())
    for name, wanted in asked.items():
        numbers[name].ask(wanted)
    counts: list[MapCount] = []
    noted: set[tuple[str, str]] = set()
    for each in told:
        rules, entry, known = each.rules, each.entry, numbers[each.rules.table.name]
        found: list[str] = []
        count = MapCount(rules.name, 0, ())
        if entry.records:
            found = crossing_notes(connection, rules.losses.crossings, entry)
            count = MapCount(
                rules.name,
                entry.records,
                tuple(
                    _lost(connection, loss, number, entry)
                    for loss in each.losses
                    if (number := known[_missing(loss.missing)])
                ),
                shared=_shared(known, each),
                origin=rules.origin.location(),
            )
        found += rules.losses.notes
        # What several triples maps of one mapping share is reported once.
        notes = [note for note in (*entry.notes, *found) if (entry.table.name, note) not in noted]
        noted.update((entry.table.name, note) for note in notes)
        unfit = [
            one
            for one in ill_typed(connection, each.suspects, known, entry)
            if (entry.table.name, str(one)) not in noted
        ]
        noted.update((entry.table.name, str(one)) for one in unfit)
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
    records = {name: entry.records for name, entry in tables.items()}
    return Counted(tuple(counts), records, numbers)


class _Told:
    """What is to be told of a triples map."""

    def __init__(
        self, rules: MapRules, tables: Mapping[str, LoadedTable], subject: SubjectSql
    ) -> None:
        printer = LossPrinter(rules)
        self.rules = rules
        self.entry = tables[rules.table.name]
        self.subject = subject
        there = self.entry.records > 0
        self.losses = [*printer.losses()] if there else []
        self.suspects = [*printer.ill_typed(), *printer.doubtful()] if there else []
        self.has_own_subject = there and printer.has_own_subject()

    @property
    def is_sorted(self) -> bool:
        """Whether the table is sorted by the subject."""
        return self.subject.rest == self.entry.table.sorted_by

    def asked(self) -> Iterator[str]:
        """Yield the numbers that are asked of the table, but for those that take much memory."""
        yield from (_missing(loss.missing) for loss in self.losses)
        yield from map(number_of, self.suspects)
        if self.is_small and self.has_own_subject and self.subject.rows == self.entry.table.name:
            yield from self.subjects

    @property
    def is_small(self) -> bool:
        """Whether the table has few records, so that planning a statement takes longest."""
        return self.entry.records <= MOST_RECORDS

    @property
    def subjects(self) -> tuple[str, str]:
        """The numbers of subjects, and of those that are distinct, as SQL."""
        apart = self.subject.apart
        distinct = f"len(list_distinct(list({apart})))"  # planned in half the time
        return f"count({apart})", distinct if self.is_small else f"count(DISTINCT {apart})"


def _missing(condition: str) -> str:
    return f"count_if({condition})"


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


def _shared(numbers: Numbers, told: _Told) -> Shared | None:
    """Return what records of a triples map share their subjects, if any do."""
    if not told.has_own_subject:
        return None
    subject, entry, connection = told.subject, told.entry, numbers.connection
    all_subjects, distinct = told.subjects
    if distinct not in numbers:
        if told.is_sorted and numbers.has_distinct(subject.rest):
            return None  # neighbours are compared faster than all subjects are counted
        numbers = Numbers(connection, subject.rows)
        numbers.ask((all_subjects, distinct))
    counts = numbers[all_subjects], numbers[distinct]
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
    key = names(told.rules.subject)
    # The line is not looked for: that reads the file again, though it may be meant to be so.
    place = Location(entry.parts[file].shown, record=record, column=key[0])
    return Shared(counts[0], counts[1], first, key, place)


class Numbers(Mapping[str, int]):
    """Aggregates of a table, each asked once, and many in one statement.

    Args:
        connection: From `kg.duck.engine`.
        rows: What is in the FROM clause.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: str) -> None:
        self.connection = connection
        self._rows = rows
        self._known: dict[str, int] = {}
        self._distinct: dict[str, bool] = {}

    def ask(self, wanted: Iterable[str]) -> None:
        """Find aggregates, given as SQL, that are not known yet."""
        asked = [sql for sql in dict.fromkeys(wanted) if sql not in self._known]
        for start in range(0, len(asked), MOST_COUNTS_AT_ONCE):
            some = asked[start : start + MOST_COUNTS_AT_ONCE]
            row = self.connection.execute(f"SELECT {', '.join(some)} FROM {self._rows}").fetchone()
            assert row is not None
            self._known.update(zip(some, map(int, row), strict=True))

    def __getitem__(self, sql: str) -> int:
        """Return an aggregate that is known."""
        return self._known[sql]

    def __iter__(self) -> Iterator[str]:
        """Return the aggregates that are known."""
        return iter(self._known)

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._known)

    def has_distinct(self, column: str) -> bool:
        """Whether no value occurs twice in the column that the table is sorted by."""
        if column not in self._distinct:
            self._distinct[column] = has_distinct(self.connection, self._rows, column)
        return self._distinct[column]


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
        f"SELECT 1 FROM (SELECT {column} = lag({column}) OVER () AS twice FROM {table})"
        " WHERE twice LIMIT 1"
    ).fetchone()
    return row is None
