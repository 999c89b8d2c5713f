"""What is told of values that are there but are not what the mapping says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import duckdb

from kg.duck import sql_name
from kg.engines.doubtful import advice, unfit
from kg.engines.duckdb.losses_sql import LossSql, UnfitSql, combinations, crosses
from kg.engines.loaded import LoadedTable, locate
from kg.engines.outcome import IllTyped
from kg.errors import LimitError, Location
from kg.mapping.rules import Crossing
from kg.terms import XSD
from kg.wording import counted

# Combinations of values that one record may give.
MOST_COMBINATIONS: Final = 1_000_000
# Records up to which the line of one is looked for: a file is read up to it.
_FEW_RECORDS: Final = 100_000


def crossing_notes(
    connection: duckdb.DuckDBPyConnection, crossings: Sequence[Crossing], loaded: LoadedTable
) -> list[str]:
    """Return notes on templates that pair each value of one reference with each of another.

    Raises:
        LimitError: A record gives more combinations than can be made.
    """
    notes = []
    for crossing in crossings:
        row = connection.execute(
            f"SELECT max({combinations(crossing)}),"
            f" count(*) FILTER (WHERE {crosses(crossing)} > 1) FROM {sql_name(loaded.table.name)}"
        ).fetchone()
        assert row is not None
        if row[0] is not None and row[0] > MOST_COMBINATIONS:
            raise _too_many(connection, crossing, loaded)
        if row[1] and crossing.is_template:
            notes.append(
                f"a template pairs each value of {' with each of '.join(crossing.references)}, in"
                f" {counted(row[1], 'record')}; to keep values of one element together, make it"
                " the iterator"
            )
    return notes


def _too_many(
    connection: duckdb.DuckDBPyConnection, crossing: Crossing, loaded: LoadedTable
) -> LimitError:
    row = connection.execute(
        f"SELECT file, record, {combinations(crossing)} AS made FROM {sql_name(loaded.table.name)}"
        f" WHERE made > {MOST_COMBINATIONS} ORDER BY file, record LIMIT 1"
    ).fetchone()
    assert row is not None
    return LimitError(
        "too-many-combinations",
        f"{' and '.join(dict.fromkeys(crossing.references))} make {row[2]:,.0f} combinations in one"
        f" record; {MOST_COMBINATIONS:,} are allowed",
        location=_place(loaded, row[0], row[1], ()),
        hint="Make the element that they belong to the iterator.",
    )


def number_of(values: UnfitSql) -> str:
    """Return the SQL of how many values of a table are so."""
    return f"coalesce(sum({values.count}), 0)"


def ill_typed(
    connection: duckdb.DuckDBPyConnection,
    values: Sequence[UnfitSql],
    numbers: Mapping[str, int],
    loaded: LoadedTable,
) -> list[IllTyped]:
    """Return for each reference the values that are not of their datatype.

    Args:
        connection: From `kg.duck.engine`.
        values: What may be so.
        numbers: How many there are, by `number_of`.
        loaded: The table.
    """
    found = []
    for each in values:
        number = numbers[number_of(each)]
        if number:
            value, place = _first(connection, each, "", loaded)
            name = each.what.removeprefix(XSD)
            shown = f"xsd:{name}" if name != each.what else each.what
            told = each.advice or advice(name, value)
            found.append(IllTyped(number, shown, tuple(each.references), value, place, told))
    return found


def unfit_value(connection: duckdb.DuckDBPyConnection, loss: LossSql, loaded: LoadedTable) -> str:
    """Return the first value that gives nothing though it is there, and where; or nothing."""
    if loss.unfit is None:
        return ""
    value, place = _first(connection, loss.unfit, loss.missing, loaded)
    return f"{unfit(loss.unfit.what, value)}, at {place}"


def first_record(
    connection: duckdb.DuckDBPyConnection, loss: LossSql, loaded: LoadedTable
) -> Location | None:
    """Return the place of the first record that a loss counts; None if there is none."""
    row = connection.execute(
        f"SELECT file, record FROM {sql_name(loaded.table.name)} WHERE {loss.missing}"
        " ORDER BY file, record LIMIT 1"
    ).fetchone()
    return None if row is None else _place(loaded, row[0], row[1], loss.references)


def _first(
    connection: duckdb.DuckDBPyConnection, each: UnfitSql, condition: str, loaded: LoadedTable
) -> tuple[str, Location]:
    where = condition or f"{each.count} > 0"
    row = connection.execute(
        f"SELECT file, record, {each.first} FROM {sql_name(loaded.table.name)}"
        f" WHERE {where} ORDER BY file, record LIMIT 1"
    ).fetchone()
    assert row is not None
    return str(row[2]), _place(loaded, row[0], row[1], each.references)


def _place(loaded: LoadedTable, file: int, record: int, references: Sequence[str]) -> Location:
    column = " ".join(references) or None
    if record > _FEW_RECORDS:
        return Location(loaded.parts[file].shown, record=record, column=column)
    return locate(loaded, file, record, column)
