"""A logical view becomes a table, made of the tables under it.

SQL makes the rows. Only values that are documents of another format are read by other libraries,
some thousands at a time, and what they find is joined to the rows as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import sql_file, sql_name
from kg.engines.duckdb.bad_values import (
    BAD,
    bad_columns,
    column_error,
    note_columns,
    odd_kinds,
    without_bad,
)
from kg.engines.duckdb.host import DuckHost
from kg.engines.duckdb.loading import load_table, make_table
from kg.engines.duckdb.view_sql import ViewSql, shown_sql
from kg.engines.loaded import LoadedTable, locate
from kg.errors import MOST_TOLD, InputError, InputErrors, KgError, Location
from kg.mapping.plan import Formulation
from kg.mapping.source_table import FieldDocument, SourceTable
from kg.rejects import current
from kg.sources import Folders
from kg.sources.embedded import ReadText, text_reader
from kg.sources.json_files import LOSABLE
from kg.sql import sql_text

# Texts that are read between two queries.
_AT_ONCE: Final = 2000
# White space, as SQL.
_BLANK: Final = "E' \\t\\r\\n'"
_SMALLEST_BUFFER: Final = 1 << 20


def load_any(
    connection: duckdb.DuckDBPyConnection,
    table: SourceTable,
    loaded: Iterable[LoadedTable],
    folders: Folders,
) -> LoadedTable:
    """Make the table of a logical source, or of a view over tables that were loaded before.

    Raises:
        InputError: As for `load_table` and `load_view`.
        ListsFound: As for `load_table`.
    """
    if table.rows is None:
        return load_table(connection, table, folders)
    return load_view(connection, table, {each.table.name: each for each in loaded}, folders)


def load_view(
    connection: duckdb.DuckDBPyConnection,
    table: SourceTable,
    loaded: Mapping[str, LoadedTable],
    folders: Folders,
) -> LoadedTable:
    """Make the table of a view.

    Args:
        connection: From `kg.duck.engine`, with the macros of `kg.engines.duckdb.dialect`.
        table: What to make.
        loaded: The tables that it is made of, by name.
        folders: Where files may be written on the way.

    Raises:
        InputError: A value cannot be read as the document that it should be, or is an array or
            object where a single value is needed.
    """
    rows = table.rows
    assert rows is not None
    base = loaded[rows.base.name]
    view = _View(connection, table, base, folders)
    select = view.select()
    records, incomplete = make_table(connection, table, select)
    nothing = base.nothing
    if base.records and not records:
        nothing = f"no record is left by the joins of the view {rows.name}"
    made = LoadedTable(table, base.parts, records, folders.spill, incomplete, base.notes, nothing)
    bad = bad_columns(connection, made) if BAD in odd_kinds(connection, made) else []
    if bad:
        rejects = current()
        if rejects is None:
            raise column_error(connection, made, bad)
        note_columns(connection, made, bad, rejects)
        connection.execute(f"DROP TABLE {sql_name(table.name)}")
        _, incomplete = make_table(connection, table, without_bad(select, bad))
        made = replace(made, incomplete=incomplete)
    view.drop()
    return made


class _View:
    """The making of one view's table."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: SourceTable,
        base: LoadedTable,
        folders: Folders,
    ) -> None:
        self.connection = connection
        self.table = table
        self.base = base
        self.spill = folders.spill
        self.made: list[str] = []

    def select(self) -> str:
        """Return the query for the view's columns; documents in values are read meanwhile."""
        rows = self.table.rows
        assert rows is not None
        made = ViewSql(rows, self.table.source.nulls or ())
        for step in rows.steps:
            if isinstance(step, FieldDocument):
                made.set(self._read(step, made.query))
            else:
                made.add(step)
        return shown_sql(self.table, made.query)

    def drop(self) -> None:
        """Drop the tables that were made on the way."""
        for name in self.made:
            self.connection.execute(f"DROP TABLE IF EXISTS {sql_name(name)}")

    def _read(self, step: FieldDocument, before: str) -> str:
        """Read the texts of a field, and return the rows with what is found in them."""
        name = f"{self.table.name}_p{step.number}"
        self.made += [name, f"{name}_d"]
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {sql_name(name)} AS SELECT *, {_text(step)} AS kg_text,"
            f" row_number() OVER () AS kg_n FROM ({before})"
        )
        slow, fast = "true", "NULL"
        if step.formulation is Formulation.JSON and step.nest is None:
            # Libraries only look at what is no JSON, and at numbers that DuckDB would change.
            valid = "json_valid(kg_text)"
            slow = f"(NOT {valid} OR regexp_matches(kg_text, {sql_text(LOSABLE)}))"
            fast = f"CASE WHEN {valid} THEN json_extract(kg_text, '$') END"
        self._read_slowly(step, name, slow)
        return (
            f"SELECT p.* EXCLUDE (kg_text, kg_n), CASE WHEN {slow} THEN f.d ELSE {fast} END"
            f" AS d{step.number} FROM {sql_name(name)} AS p"
            f" LEFT JOIN {sql_name(f'{name}_d')} AS f ON p.kg_n = f.n"
        )

    def _read_slowly(self, step: FieldDocument, name: str, slow: str) -> None:
        """Make the table of what libraries find in the texts of a table."""
        read = text_reader(step, self.table.source, DuckHost(self.connection))
        target, largest = self.spill / f"{name}.jsonl", 0
        where = f"{slow} AND trim(kg_text, {_BLANK}) <> ''"
        with target.open("w", encoding="utf-8") as out:
            for number, made in _Texts(self, step, name, where).read(read):
                line = f'{{"n":{number},"d":{made}}}\n'
                largest = max(largest, len(line))
                out.write(line)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {sql_name(f'{name}_d')} AS SELECT * FROM"
            f" read_json({sql_file(target)}, format = 'newline_delimited', compression = 'none',"
            " columns = {'n': 'BIGINT', 'd': 'JSON'},"
            f" maximum_object_size = {max(_SMALLEST_BUFFER, 4 * largest)})"
        )
        target.unlink()


class _Texts:
    """Reads the texts of a table, some at a time; those that cannot be read are told, or noted."""

    def __init__(self, view: _View, step: FieldDocument, name: str, where: str) -> None:
        self.view = view
        self.step = step
        self.name = sql_name(name)
        self.where = where
        self.errors: list[InputError] = []
        self.count = 0

    def read(self, read: ReadText) -> Iterator[tuple[int, str]]:
        """Yield the number of each row with what is read in its text.

        Raises:
            InputError: Some cannot be read, and they are not to be left out.
        """
        rejects = current()
        if rejects is None:
            yield from self._read(read, self._keep)
            if self.errors:
                raise self._together()
            return
        key = ("no document", self.view.table.source, self.step)
        with rejects.noting(*key, of_records=False) as note:
            yield from self._read(read, lambda place, text, error: note(place, text, error.message))

    def _read(
        self, read: ReadText, bad: Callable[[Location, str, InputError], None]
    ) -> Iterator[tuple[int, str]]:
        row = self.view.connection.execute(f"SELECT count(*) FROM {self.name}").fetchone()
        assert row is not None
        for start in range(1, row[0] + 1, _AT_ONCE):
            found = self.view.connection.execute(
                f"SELECT kg_n, file, record, kg_text FROM {self.name} WHERE {self.where}"
                f" AND kg_n BETWEEN {start} AND {start + _AT_ONCE - 1} ORDER BY file, record, kg_n"
            ).fetchall()
            for number, file, record, text in found:
                try:
                    made = read(text)
                except InputError as error:
                    bad(self._place(file, record), text, error)
                except KgError as error:
                    raise error.at(self._place(file, record)) from error
                else:
                    if made is not None:
                        yield number, made

    def _place(self, file: int, record: int) -> Location:
        # A file is read again for the line; of many bad values not all are told.
        if self.count > MOST_TOLD:
            return Location(self.view.base.parts[file].shown, record=record, column=self.step.name)
        return locate(self.view.base, file, record, self.step.name)

    def _keep(self, place: Location, text: str, error: InputError) -> None:
        del text
        self.count += 1
        if len(self.errors) < MOST_TOLD:
            made = InputError(error.code, error.message, location=place, hint=error.hint)
            self.errors.append(made)

    def _together(self) -> InputError:
        if self.count == 1:
            return self.errors[0]
        files = dict.fromkeys(part.shown for part in self.view.base.parts)
        name = next(iter(files)) if len(files) == 1 else "the sources"
        return InputErrors(self.errors, name, self.count)


def _text(step: FieldDocument) -> str:
    """Return the SQL of the text of a document: that of a value, or the JSON of a record."""
    if not step.of.startswith("j") or not step.is_value:
        return f"CAST({step.of} AS VARCHAR)"
    content = f"json_extract_string({step.of}, '$')"
    whole = f"nullif(CAST({step.of} AS VARCHAR), 'null')"
    return f"CASE WHEN starts_with({step.of}, '\"') THEN {content} ELSE {whole} END"
