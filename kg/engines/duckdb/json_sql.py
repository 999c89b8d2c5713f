"""JSON as SQL: the records of a file, and their values by paths of keys, indices and wildcards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

from kg.duck import sql_file
from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.json_around_sql import keys_of, records_around
from kg.mapping.jsonpath import Asks, JsonPath, Step, Wildcard, engine_path, until_wildcard
from kg.mapping.source_table import Column
from kg.sources.json_numbers import MARK, MARK_AS_JSON
from kg.sources.records import JsonRecords
from kg.sql import sql_text

_SMALLEST_BUFFER: Final = 2**20
# Bytes of files up to which planning what is made of their values takes longer than making it.
_SMALL: Final = 2**20


def json_query(
    files: Mapping[int, JsonRecords], columns: Sequence[Column], most: int | None = None
) -> str:
    """Return a query for the columns file, record, and those of a table, of files of JSON.

    What is made of the values stands in it once for all files that are read alike: DuckDB takes
    longer to plan it than to run it on a small file.

    Args:
        files: What is read, by number of the file.
        columns: The columns of the table.
        most: How many records to read of each file; None: all.
    """
    alike = groupby(files, key=lambda number: _manner(files[number]))
    return " UNION ALL ".join(
        _alike({number: files[number] for number in numbers}, columns, most) for _, numbers in alike
    )


def _manner(records: JsonRecords) -> object:
    """Return what the columns of a file depend on besides its records."""
    return records.values, records.around, records.marks


def _alike(files: Mapping[int, JsonRecords], columns: Sequence[Column], most: int | None) -> str:
    records = next(iter(files.values()))
    needed: dict[tuple[Step, ...], int] = {}
    made = ""
    if not records.around and _is_small(files.values()):
        shown, made = _at_once(columns, records, needed)
    else:
        shown = [
            _around(column, number, records.around[number], needed, marks=records.marks)
            if number in records.around
            else _column(column, steps, needed, marks=records.marks)
            for number, (column, steps) in enumerate(zip(columns, records.values, strict=True))
        ]
    listed = "".join(f", {sql}" for sql in shown)
    values = f", {_taken('rec', needed)} AS v" if needed else ""
    first = "" if most is None else f" LIMIT {most}"
    found = " UNION ALL ".join(
        f"(SELECT {number}::INTEGER AS file, * FROM ({_found(each)}){first})"
        for number, each in files.items()
    )
    rows = f"SELECT *{values} FROM ({found})"
    return f"SELECT file, record{listed} FROM ({f'SELECT *{made} FROM ({rows})' if made else rows})"


def _is_small(files: Collection[JsonRecords]) -> bool:
    with suppress(OSError):
        sizes = [each.path.stat().st_size for each in files if each.packing == "none"]
        return len(sizes) == len(files) and sum(sizes) <= _SMALL
    return False


def _at_once(
    columns: Sequence[Column], records: JsonRecords, needed: dict[tuple[Step, ...], int]
) -> tuple[list[str], str]:
    """Return the SQL of columns, and of lists that they are taken of, each with a comma before it.

    The expression that makes a value stands in a lambda function, once for all columns: that is
    planned in a quarter of the time, and runs in half as much again.
    """
    single: dict[str, int] = {}
    several: dict[tuple[Step, ...], dict[str, int]] = {}
    shown: list[str] = []
    for column, steps in zip(columns, records.values, strict=True):
        head, rest = until_wildcard(steps)
        if column.is_document or (column.many and not rest):
            shown.append(_column(column, steps, needed, marks=records.marks))
            continue
        found = f"v[{needed.setdefault(head, len(needed) + 1)}]"
        alike = several.setdefault(rest, {}) if column.many else single
        place = alike.setdefault(found, len(alike) + 1)
        made, index = f"m{[*several].index(rest)}" if column.many else "w", column.index
        own = f"{made}[{place}]"
        shown.append(
            f"{own} AS c{index}" if column.many else f"{own}.v AS c{index}, {own}.t AS t{index}"
        )
    marks = records.marks
    pair = f"{{'v': {_text('e', marks=marks)}, 't': {_kind('e', marks=marks)}}}"
    lists = [f", list_transform({array([*single])}, lambda e: {pair}) AS w"] if single else []
    for number, (rest, alike) in enumerate(several.items()):
        values = _values(_all("d", rest, lenient=True), marks=marks)
        lists.append(f", list_transform({array([*alike])}, lambda d: {values}) AS m{number}")
    return shown, "".join(lists)


def columns_within(
    rows: str, document: str, columns: Sequence[Column], places: Sequence[tuple[Step, ...]]
) -> str:
    """Return rows with columns of what is in a document of JSON, whose numbers may be marked.

    Args:
        rows: A query.
        document: Its column of documents.
        columns: The columns to add.
        places: Where the values of each are.
    """
    if not columns:
        return rows
    needed: dict[tuple[Step, ...], int] = {}
    shown = [
        _column(column, steps, needed, marks=True)
        for column, steps in zip(columns, places, strict=True)
    ]
    taken = f"SELECT *, {_taken(document, needed)} AS v FROM ({rows})"
    return f"SELECT * EXCLUDE (v), {', '.join(shown)} FROM ({taken})"


def _taken(document: str, needed: Mapping[tuple[Step, ...], int]) -> str:
    paths = ", ".join(sql_text(engine_path(path)) for path in needed)
    return f"json_extract({document}, [{paths}])"


def items_within(document: str, steps: tuple[Step, ...]) -> str:
    """Return the SQL of the list of the records that an iterator finds in a document of JSON."""
    head, rest = until_wildcard(steps)
    found = f"json_extract({document}, {sql_text(engine_path(head))})"
    if rest:
        return _all(found, rest)
    return f"CASE WHEN {found} IS NULL OR {found} = 'null' THEN [] ELSE [{found}] END"


def value_of(document: str) -> tuple[str, str]:
    """Return the SQL of the text and of the kind of a JSON value whose numbers may be marked."""
    return _text(document, marks=True), _kind(document, marks=True)


def _found(records: JsonRecords) -> str:
    """Return a query for the records of documents."""
    scan = (
        f"read_json({sql_file(records.path)}, format = '{records.form}', records = false,"
        f" compression = '{records.packing}', columns = {{'json': 'JSON'}},"
        f" maximum_object_size = {max(_SMALLEST_BUFFER, records.largest + 1)})"
    )
    if records.form == "unstructured":
        # A second document stops the query, and is then told with its place.
        told = f"more text follows the document: {records.path}"
        only = f"CASE WHEN row_number() OVER () > 1 THEN error({sql_text(told)}) ELSE json END"
        scan = f"(SELECT {only} AS json FROM {scan})"
    if records.around or records.of_keys:
        return records_around(records, scan)
    if not records.steps:
        return f"SELECT row_number() OVER () AS record, json AS rec FROM {scan}"
    head, rest = until_wildcard(records.steps)
    found = f"json_extract(json, {sql_text(engine_path(head))})" if head else "json"
    if rest:
        found = f"unnest({_all(found, rest)})"
    return (
        f"SELECT row_number() OVER () AS record, rec FROM (SELECT {found} AS rec FROM {scan})"
        " WHERE rec IS NOT NULL"
    )


def _column(
    column: Column,
    steps: tuple[Step, ...],
    needed: dict[tuple[Step, ...], int],
    *,
    marks: bool,
) -> str:
    """Return the SQL of a column.

    Args:
        column: The column.
        steps: Where its values are in a record.
        needed: Paths without wildcards that are taken out of each record, with their numbers.
        marks: Whether numbers are marked.
    """
    head, rest = until_wildcard(steps)
    found = f"v[{needed.setdefault(head, len(needed) + 1)}]"
    if column.is_document:
        listed = f"list_transform({_all(found, rest)}, lambda e: {{'v': e}})" if rest else found
        return f"{listed} AS c{column.index}"
    if not column.many:
        return _single(column, found, marks=marks)
    return _several(column, _all(found, rest, lenient=True), marks=marks)


def _around(
    column: Column,
    number: int,
    path: JsonPath,
    needed: dict[tuple[Step, ...], int],
    *,
    marks: bool,
) -> str:
    """Return the SQL of a column that asks for what is around a record; see `_column`."""
    found = f"a{number}"
    if path.asks is Asks.POSITION:
        return _single(column, "to_json(record - 1)", marks=marks)
    head, rest = until_wildcard(path.steps or ())
    if not path.up and path.steps:
        at = head if rest or not path.steps else path.steps
        found = f"v[{needed.setdefault(at, len(needed) + 1)}]"
    if path.asks is Asks.VALUE or not path.steps:
        if not column.many:
            return _single(column, found, marks=marks)
        return _several(column, _all(found, rest, lenient=True), marks=marks)
    last = path.steps[-1]
    if not column.many:
        key = sql_text(last) if isinstance(last, str) else str(last)
        return _single(
            column, f"CASE WHEN {found} IS NOT NULL THEN to_json({key}) END", marks=marks
        )
    if last is not Wildcard.ALL:
        values = _all(found, rest, lenient=True)
        key = f"to_json({sql_text(last) if isinstance(last, str) else last})"
        return _several(column, f"list_transform({values}, lambda e: {key})", marks=marks)
    if len(rest) == 1:
        return _several(column, keys_of(found), marks=marks)
    owners = _all(found, rest[:-1], lenient=True)
    keys = f"flatten(list_transform({owners}, lambda owner: {keys_of('owner')}))"
    return _several(column, keys, marks=marks)


def _single(column: Column, found: str, *, marks: bool) -> str:
    index = column.index
    text, kind = _text(found, marks=marks), _kind(found, marks=marks)
    return f"{text} AS c{index}, {kind} AS t{index}"


def _several(column: Column, values: str, *, marks: bool) -> str:
    return f"{_values(values, marks=marks)} AS c{column.index}"


def _values(values: str, *, marks: bool) -> str:
    """Return the SQL of the list of texts and kinds of a list of JSON values."""
    return (
        f"list_filter(list_transform({values}, lambda e:"
        f" {{'v': {_text('e', marks=marks)}, 't': {_kind('e', marks=marks)}}}),"
        " lambda e: e.v IS NOT NULL)"
    )


def _text(found: str, *, marks: bool) -> str:
    """Return the SQL of the text of a JSON value, whose SQL is given."""
    if not marks:
        return f"kg_json_text({found})"
    return (
        f"CASE WHEN starts_with({found}, {sql_text(MARK_AS_JSON)})"
        f" THEN substr(json_extract_string({found}, '$'), {len(MARK) + 1})"
        f" ELSE kg_json_text({found}) END"
    )


def _kind(found: str, *, marks: bool) -> str:
    """Return the SQL of the kind of a JSON value's natural datatype."""
    if not marks:
        return f"kg_json_kind({found})"
    starts = f"starts_with({found}, {sql_text(MARK_AS_JSON)})"
    return f"CASE WHEN {starts} THEN 'd' ELSE kg_json_kind({found}) END"


def _all(parent: str, steps: tuple[Step, ...], depth: int = 0, *, lenient: bool = False) -> str:
    """Return the SQL of the list of values below `parent`; the first step is a wildcard.

    A wildcard stands for the elements of an array and for the members of an object; DuckDB has a
    path for each.

    Args:
        parent: SQL of a JSON value.
        steps: A wildcard, and what follows.
        depth: How many wildcards are before.
        lenient: Whether one value counts as a list of one, as many programs write lists.
    """
    head, rest = until_wildcard(steps[1:])
    below = engine_path(head)[1:]
    members, other = f"json_extract({parent}, {sql_text('$.*' + below)})", "[]"
    if lenient and below:
        own = f"json_extract({parent}, {sql_text('$' + below)})"
        members = (
            f"CASE WHEN len({members}) > 0 THEN {members} WHEN {own} IS NOT NULL THEN [{own}]"
            " ELSE [] END"
        )
    elif lenient:
        other = f"CASE WHEN {parent} IS NULL OR {parent} = 'null' THEN [] ELSE [{parent}] END"
    items = (
        f"CASE WHEN starts_with({parent}, '[')"
        f" THEN json_extract({parent}, {sql_text('$[*]' + below)})"
        f" WHEN starts_with({parent}, '{{') THEN {members} ELSE {other} END"
    )
    if not rest:
        return items
    name = f"w{depth}"
    inner = _all(name, rest, depth + 1, lenient=lenient)
    return f"flatten(list_transform({items}, lambda {name}: {inner}))"
