"""Values that no term can be made of: told with their places, or left out and noted.

A reference that must give single values may give an array or an object, or what its source has no
datatype for. A value may be no IRI, or no language tag.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, groupby
from typing import Final

import duckdb

from kg.duck import only_row, sql_name
from kg.engines.doubtful import column_of, grouped, no_term, no_value
from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.loaded import LoadedTable, locate_all
from kg.errors import MOST_TOLD, InputError, InputErrors, KgError, Location
from kg.mapping.lists import with_lists
from kg.mapping.plan import Formulation, LogicalSource, Plan
from kg.mapping.rules import Check
from kg.mapping.source_table import Column
from kg.rejects import Rejects
from kg.sources.csv_files import numbered_lines

# The kinds of values that are none, and of numbers that may be beyond xsd:double.
BAD: Final = "!"
DOUBLE: Final = "d"
_ODD: Final = (BAD, DOUBLE)
# Columns that one query looks through for values that are none.
_CHECKED_AT_ONCE: Final = 50
# Values whose lines are looked for in one pass through their file.
_NOTED_AT_ONCE: Final = 100_000
# Number of the file, number of the record, and the value.
_Found = tuple[int, int, str]

# --- references that give no single value ---------------------------------------------------


def odd_kinds(connection: duckdb.DuckDBPyConnection, loaded: LoadedTable) -> set[str]:
    """Return which of the kinds `BAD` and `DOUBLE` values of a table have, asked in one statement.

    Few tables have either, and which columns have them takes DuckDB long to plan.
    """
    typed = [column for column in loaded.table.columns if column.typed]
    found: set[str] = set()
    for start in range(0, len(typed), _CHECKED_AT_ONCE):
        some = typed[start : start + _CHECKED_AT_ONCE]
        kinds = [f"t{column.index}" for column in some if not column.many]
        if lists := [f"c{column.index}" for column in some if column.many]:
            of_lists = f"list_transform(flatten({array(lists)}), lambda e: e.t)"
            kinds.append(f"array_to_string({of_lists}, '')")
        asked = ", ".join(f"bool_or(contains(kinds, '{kind}'))" for kind in _ODD)
        rows = f"SELECT concat({', '.join(kinds)}) AS kinds FROM {sql_name(loaded.table.name)}"
        row = only_row(connection.execute(f"SELECT {asked} FROM ({rows})"))
        found.update(kind for kind, is_there in zip(_ODD, row, strict=True) if is_there)
    return found


def bad_columns(connection: duckdb.DuckDBPyConnection, loaded: LoadedTable) -> list[Column]:
    """Return the columns that hold arrays, objects, or what has no datatype."""
    table = sql_name(loaded.table.name)
    typed = [column for column in loaded.table.columns if column.typed]
    bad: list[Column] = []
    for start in range(0, len(typed), _CHECKED_AT_ONCE):
        some = typed[start : start + _CHECKED_AT_ONCE]
        found = connection.execute(
            f"SELECT {', '.join(f'bool_or({_is_bad(column)})' for column in some)} FROM {table}"
        ).fetchone()
        assert found is not None
        bad += [column for column, is_bad in zip(some, found, strict=True) if is_bad]
    return bad


class ListsFound(Exception):
    """References to single values have lists: the plan is to be read anew with their members.

    Args:
        source: The source.
        names: The references.
    """

    def __init__(self, source: LogicalSource, names: Collection[str]) -> None:
        super().__init__()
        self.source = source
        self.names = names

    def applied(self, plan: Plan) -> Plan:
        """Return a plan that takes them."""
        return with_lists(plan, self.source, self.names)


def list_names(
    connection: duckdb.DuckDBPyConnection, loaded: LoadedTable, columns: Sequence[Column]
) -> list[str]:
    """Return the references among bad ones that have lists, and can lead to their members."""
    source = loaded.table.source
    if not source.has_members or source.formulation not in (Formulation.JSON, Formulation.YAML):
        return []
    found = []
    for column in columns:
        is_list = f"{_is_bad(column)} AND starts_with(c{column.index}, '[')"
        if (
            not column.many
            and connection.execute(
                f"SELECT 1 FROM {sql_name(loaded.table.name)} WHERE {is_list} LIMIT 1"
            ).fetchone()
        ):
            found.append(column.reference)
    return found


def column_error(
    connection: duckdb.DuckDBPyConnection, loaded: LoadedTable, columns: Sequence[Column]
) -> InputError:
    """Return the error for the first such values; some columns hold them."""
    errors: list[InputError] = []
    count = 0
    for column in columns:
        found, number = _first(connection, _bad_cells(loaded, column), MOST_TOLD - len(errors))
        count += number
        kind = loaded.table.source.formulation
        for place, value in _placed(loaded, found, column.reference):
            errors.append(no_value(value, column.reference, place, kind))
    return _together(errors, count, loaded)


def note_columns(
    connection: duckdb.DuckDBPyConnection,
    loaded: LoadedTable,
    columns: Sequence[Column],
    rejects: Rejects,
) -> None:
    """Note all such values."""
    kind = loaded.table.source.formulation
    for column in columns:
        key = ("no value", loaded.table.source, column.reference)
        with rejects.noting(*key, of_records=False) as note:
            found = found_rows(connection, _bad_cells(loaded, column))
            for place, value in placed_all(loaded, found, column.reference):
                error = no_value(value, column.reference, place, kind)
                note(place, value, error.message)


def without_bad(select: str, columns: Sequence[Column]) -> str:
    """Return a query for the columns of a table without such values."""

    def kept(column: Column) -> str:
        value, kind = f"c{column.index}", f"t{column.index}"
        if column.many:
            return f"list_filter({value}, lambda e: e.t IS DISTINCT FROM '!') AS {value}"
        empty = f"CASE WHEN {kind} = '!' THEN NULL ELSE"
        return f"{empty} {value} END AS {value}, nullif({kind}, '!') AS {kind}"

    shown = ", ".join(kept(column) for column in columns if column.typed)
    return f"SELECT * REPLACE ({shown}) FROM ({select})" if shown else select


def _is_bad(column: Column) -> str:
    if column.many:
        return f"list_contains(list_transform(c{column.index}, lambda e: e.t), '!')"
    return f"t{column.index} = '!'"


def _bad_cells(loaded: LoadedTable, column: Column) -> str:
    """Return a query for file, record and value of what is bad in a column."""
    table, value = sql_name(loaded.table.name), f"c{column.index}"
    if not column.many:
        return f"SELECT file, record, {value} AS value FROM {table} WHERE {_is_bad(column)}"
    bad = f"list_filter({value}, lambda e: e.t = '!')"
    return f"SELECT file, record, unnest({bad}).v AS value FROM {table} WHERE {_is_bad(column)}"


# --- values that make no valid term ---------------------------------------------------------


def term_error(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[Check], loaded: Sequence[LoadedTable]
) -> KgError | None:
    """Return the error for the first values that make no valid term, if some do.

    Args:
        connection: From `kg.duck.engine`.
        checks: What to look at.
        loaded: The source tables; those that were dropped had no such value.
    """
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()"
    ).fetchall()
    there = {row[0] for row in rows}
    tables = {entry.table.name: entry for entry in loaded if entry.table.name in there}
    errors: list[InputError] = []
    count = 0
    for same in grouped(checks):
        entry = tables.get(same[0].table.name)
        if entry is None:
            continue
        # The first that has one tells, as what is good under one base may be bad under another.
        check = next((each for each in same[:-1] if _has_bad(connection, each)), same[-1])
        found, number = _first(connection, _bad_terms(same), MOST_TOLD - len(errors))
        count += number
        for place, value in _placed(entry, found, column_of(check)):
            errors.append(no_term(check, value, place))
    return _together(errors, count, *tables.values()) if errors else None


def _has_bad(connection: duckdb.DuckDBPyConnection, check: Check) -> bool:
    return (
        connection.execute(f"SELECT 1 FROM ({_bad_terms([check])}) LIMIT 1").fetchone() is not None
    )


def note_terms(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Check],
    loaded: Sequence[LoadedTable],
    rejects: Rejects,
) -> None:
    """Note all values that make no valid term."""
    tables = {entry.table.name: entry for entry in loaded}
    for same in grouped(checks):
        entry, check = tables[same[0].table.name], same[0]
        key = ("no term", entry.table.source, check.term.value, check.expected)
        with rejects.noting(*key, of_records=False) as note:
            found = found_rows(connection, _bad_terms(same))
            for place, value in placed_all(entry, found, column_of(check)):
                note(place, value, f"it is not {check.expected}")


def _bad_terms(checks: Sequence[Check]) -> str:
    """Return a query for file, record and value of what is bad by any check, each once."""
    return " UNION ".join(TermPrinter(check.table).bad_values(check) for check in checks)


# --- both -----------------------------------------------------------------------------------


def _first(connection: duckdb.DuckDBPyConnection, bad: str, most: int) -> tuple[list[_Found], int]:
    """Return the first values of a query, and how many there are in all."""
    rows = connection.execute(
        f"SELECT file, record, value, count(*) OVER () FROM ({bad})"
        f" ORDER BY file, record LIMIT {max(1, most)}"
    ).fetchall()
    count = rows[0][3] if rows else 0
    return [row[:3] for row in rows[: max(0, most)]], count


def found_rows(connection: duckdb.DuckDBPyConnection, bad: str) -> Iterator[list[_Found]]:
    """Yield the values of a query, some at a time."""
    connection.execute(f"SELECT file, record, value FROM ({bad}) ORDER BY file, record")
    while rows := connection.fetchmany(_NOTED_AT_ONCE):
        yield rows


def _placed(
    loaded: LoadedTable, found: Sequence[_Found], column: str | None
) -> Iterator[tuple[Location, str]]:
    """Yield values with their places."""
    places = locate_all(loaded, dict.fromkeys((file, record) for file, record, _ in found))
    for file, record, value in found:
        place = places[file, record]
        yield place if column is None else place.within(column), value


def placed_all(
    loaded: LoadedTable, found: Iterator[list[_Found]], column: str | None
) -> Iterator[tuple[Location, str]]:
    """Yield values with their places, in the order of files and records.

    A CSV file is gone through once beside them, however many there are.
    """
    if loaded.table.source.formulation is not Formulation.CSV:
        for some in found:
            yield from _placed(loaded, some, column)
        return
    by_file = groupby(chain.from_iterable(found), key=lambda row: row[0])
    for file, rows in by_file:
        part, number, line = loaded.parts[file], 0, None
        shown, lines = part.shown, numbered_lines(part, loaded.table.source)
        for _, record, value in rows:
            while number < record:
                number, line = next(lines, (record, None))
            yield Location(shown, line, record=record, column=column), value


def _together(errors: Sequence[InputError], count: int, *loaded: LoadedTable) -> InputError:
    if count == 1:
        return errors[0]
    files = dict.fromkeys(part.shown for entry in loaded for part in entry.parts)
    return InputErrors(errors, next(iter(files)) if len(files) == 1 else "the sources", count)
