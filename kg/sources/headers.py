"""The names of a table's columns, and which of them a mapping refers to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kg.errors import InputError, Location
from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import Column
from kg.sources.files import missing_reference


def names_of(
    first: Sequence[str],
    source: LogicalSource,
    place: Location,
    code: str,
    called: str = "the file",
) -> list[str]:
    """Return the names of the columns: those of the first row, of the mapping, or numbers from 1.

    Args:
        first: The texts of the first row.
        source: Its dialect says whether they are names, and may give others.
        place: Where the row is.
        code: The code of the error for a row that does not fit the mapping.
        called: What messages call the table.

    Raises:
        InputError: The mapping names more or fewer columns than there are.
    """
    dialect = source.dialect
    if dialect.names and len(dialect.names) != len(first):
        raise InputError(
            code,
            f"the mapping names {len(dialect.names)} columns, {called} has {len(first)}",
            location=place,
            hint=f"Name all columns, in the order of {called}.",
        )
    if dialect.names:
        return list(dialect.names)
    return list(first) if dialect.header else [str(n) for n in range(1, len(first) + 1)]


def picked(
    columns: Iterable[Column], names: Sequence[str], source: LogicalSource, place: Location
) -> list[int]:
    """Return for each column that is wanted the number, from 0, of the table's column.

    Args:
        columns: What the mapping refers to.
        names: The names of the table's columns. Those that nothing refers to may be there twice.
        source: The source, for messages.
        place: Where the names are.

    Raises:
        InputError: A name is not there, or is there twice.
    """
    numbers, counts = {name: number for number, name in enumerate(names)}, Counter(names)
    found = []
    for column in columns:
        name = column.reference
        if not name or name not in numbers:
            raise missing_reference(column, [each for each in names if each], source, place.file)
        if counts[name] > 1:
            raise duplicate_column(name, place)
        found.append(numbers[name])
    return found


def duplicate_column(name: str, place: Location) -> InputError:
    """Return the error for a reference to a name that two columns have."""
    return InputError(
        "duplicate-column",
        f"the header has {name!r} twice, and the mapping refers to it",
        location=place,
        hint="Rename one: references go by the name of the column.",
    )
