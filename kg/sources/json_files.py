"""JSON and JSON Lines: records by an iterator, values by JSONPath.

An array of records and JSON Lines are read by DuckDB as they are. For everything else the records
are cut out of the document first, as a stream, and written one a line; so the size of a document
does not matter, only that of a record.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (reference formulation JSONPath)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import sql_file, sql_name, sql_text
from kg.errors import InputError, KgError
from kg.mapping.jsonpath import JsonPath, Step, Wildcard, engine_path, parse_jsonpath
from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import Column, SourceTable
from kg.sources import json_trees
from kg.sources.files import SourceFile
from kg.sources.json_numbers import kind_sql, mark_numbers, text_sql
from kg.sources.json_scan import JsonScanner, too_large
from kg.sources.reading import Reading
from kg.sources.streams import plain_name, plain_text, text_blocks

# Bytes of a document, or of a record, that DuckDB holds in memory at once.
LARGEST_OBJECT: Final = 16 * 2**20
# Bytes of a document whose records need not be cut out first.
LARGEST_UNCUT: Final = 16 * 2**20
# Wildcards in a path: DuckDB takes twice the time to plan for each more.
_MOST_WILDCARDS: Final = 8
_SMALLEST_BUFFER: Final = 2**20
# What a number looks like that the engine may write anew: an exponent, more digits than a double
# keeps, a zero at the end, a very small value. Texts may look so too, which costs time only.
# The engine looks for it, whose patterns are ten times as fast as Python's.
_LOSABLE: Final = r"[0-9][eE][-+0-9]|[0-9.]{17}|\.[0-9]+0(?:[^0-9.]|$)|(?:^|[^0-9])0\.000"
# Characters that such a number may reach over from one block to the next.
_OVERLAP: Final = 64
_BLOCK: Final = 2**20
# SQL of the text of a JSON value and of the kind of its natural datatype.
_PLAIN: Final = ("kg_json_text({})".format, "kg_json_kind({})".format)
_LINES: Final = re.compile(r".*\.(jsonl|ndjson)")


def select(reading: Reading) -> str:
    """Return a query for one JSON file; see `kg.engines.duckdb.loading`.

    Raises:
        InputError: The iterator or a reference is no JSONPath, or the file is not valid JSON.
        LimitError: A record is too large.
    """
    iterator = _iterator(reading)
    paths = [parse_jsonpath(column.reference) for column in reading.table.columns]
    if key := json_trees.doubled_key(next(text_blocks(reading.file, reading.source), "")):
        reading.notes.append(
            f"{reading.file.shown}: the key {key!r} stands twice in an object; the first counts"
        )
    form = "" if reading.is_large else _native_form(reading, iterator, paths)
    if form:
        return _native(reading, iterator.steps or (), form)
    several = _is_lines(reading.file, reading.source)
    blocks = _utf8(reading.file, reading.source)
    return _cut(reading, iterator, blocks, several=several, marks=reading.is_repaired)


def select_lines(reading: Reading, path: Path) -> str:
    """Return a query over a file of JSON documents, one a line, that a reader wrote."""
    iterator = _iterator(reading)
    with path.open("rb") as stream:
        blocks = iter(lambda: stream.read(_BLOCK), b"")
        return _cut(reading, iterator, blocks, several=True, marks=True)


def _iterator(reading: Reading) -> JsonPath:
    """Return the path of the records; the paths of a table must not have too many wildcards."""
    iterator = parse_jsonpath(reading.source.iterator or "$")
    places = [(iterator, reading.source.origin)]
    places += [(parse_jsonpath(c.reference), c.origin) for c in reading.table.columns]
    for path, origin in places:
        if (path.steps or ()).count(Wildcard.ALL) > _MOST_WILDCARDS:
            raise InputError(
                "bad-jsonpath",
                f"the path has more than {_MOST_WILDCARDS} times [*]",
                location=origin.location(),
                hint="Let the iterator lead to the records, and references start there.",
            )
    return iterator


def needs_marks(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, files: Sequence[SourceFile]
) -> bool:
    """Tell whether a table has numbers that the engine may have written anew.

    Those with a fraction or an exponent may have had another text; then the file is read once
    more, with its numbers marked.
    """
    doubles = [
        f"list_contains(list_transform(c{c.index}, lambda e: e.t), 'd')"
        if c.many
        else f"t{c.index} = 'd'"
        for c in table.columns
        if c.typed and c.textual
    ]
    if not doubles:
        return False
    row = connection.execute(
        f"SELECT 1 FROM {sql_name(table.name)} WHERE {' OR '.join(doubles)} LIMIT 1"
    ).fetchone()
    return row is not None and any(_may_lose(connection, file, table.source) for file in files)


def _may_lose(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, source: LogicalSource
) -> bool:
    last = ""
    for block in text_blocks(file, source):
        found = connection.execute(
            f"SELECT regexp_matches(?, {sql_text(_LOSABLE)})", [last + block]
        ).fetchone()
        if found == (True,):
            return True
        last = block[-_OVERLAP:]
    return False


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass.

    Records that a filter, slice or descendant chooses have none.
    """
    iterator = parse_jsonpath(source.iterator or "$")
    steps, tail = iterator.split()
    if tail:
        return {}
    wanted, last, number = set(records), max(records, default=0), 0
    found = {}
    scanner = JsonScanner(_utf8(file, source), file)
    for _ in scanner.documents(several=_is_lines(file, source)):
        for _ in scanner.walk(steps):
            number += 1
            if number in wanted:
                found[number] = scanner.line()
            if number >= last:
                return found
            scanner.value(None)
    return found


def is_mendable(text: str) -> bool:
    """Tell whether DuckDB stopped at a record that is larger than it reads, but may be cut out."""
    return "maximum_object_size" in text


def explain(text: str, source: LogicalSource, file: SourceFile) -> KgError:
    """Turn DuckDB's error about a JSON file into ours: the file is read once more for the place.

    Args:
        text: What DuckDB says.
        source: What the mapping says of the source.
        file: The file.
    """
    if "maximum_object_size" in text:
        return too_large(file.location, LARGEST_OBJECT)
    scanner = JsonScanner(_utf8(file, source), file)
    try:
        for _ in scanner.documents(several=_is_lines(file, source)):
            scanner.value(None)
    except KgError as error:
        return error
    if "surrogate" in text:
        return _half_character(file)
    reason = re.sub(r".*: ", "", text.splitlines()[0]).strip().rstrip(".")
    return InputError(
        "bad-json",
        f"not valid JSON: {reason}",
        location=file.location,
        hint="Mend the file, or write it again with a JSON library.",
    )


def _half_character(file: SourceFile) -> InputError:
    return InputError(
        "bad-json",
        "not valid JSON: a text holds half of a character (a surrogate without its other half,"
        " such as \\ud83d alone)",
        location=file.location,
        hint="Look for \\ud8 to \\udf in the file, and write the character itself.",
    )


# --- read as it is --------------------------------------------------------------------------


def _native_form(reading: Reading, iterator: JsonPath, paths: Sequence[JsonPath]) -> str:
    """Return how DuckDB is to read the file as it is; empty if it cannot."""
    file, source = reading.file, reading.source
    steps = iterator.steps
    if steps is None or any(path.steps is None for path in paths):
        return ""
    if _is_lines(file, source):
        return "" if Wildcard.ALL in steps else "newline_delimited"
    is_array = steps[:1] == (Wildcard.ALL,) and Wildcard.ALL not in steps[1:]
    if is_array and _starts_with(file, source, "["):
        return "array"
    return "unstructured" if _is_small(file, source) else ""


def _is_small(file: SourceFile, source: LogicalSource) -> bool:
    """Whether a document is one that the engine may hold in memory, and not several."""
    size, empty = 0, True
    for block in text_blocks(file, source):
        size += len(block)
        empty = empty and not block.strip()
        if size > LARGEST_UNCUT:
            return False
    return not empty


def _is_lines(file: SourceFile, source: LogicalSource) -> bool:
    return source.lines or _LINES.fullmatch(plain_name(file)) is not None


def _starts_with(file: SourceFile, source: LogicalSource, mark: str) -> bool:
    for block in text_blocks(file, source):
        if stripped := block.lstrip():
            return stripped.startswith(mark)
    return False


def _native(reading: Reading, steps: Sequence[Step], form: str) -> str:
    file, source = reading.file, reading.source
    if reading.is_repaired:
        path, packing = reading.copy(".json"), "none"
        with path.open("wb") as out:
            out.writelines(mark_numbers(_utf8(file, source)))
    else:
        path, packing = plain_text(file, source, reading.copy(".json"))
    scan = _scan(path, form, packing, LARGEST_OBJECT)
    if form == "unstructured":
        # A second document stops the query, and is then told with its place.
        told = f"more text follows the document: {path}"
        only = f"CASE WHEN row_number() OVER () > 1 THEN error({sql_text(told)}) ELSE json END"
        scan = f"(SELECT {only} AS json FROM {scan})"
    records = _found(scan, steps[form == "array" :])
    return _query(reading, records, marks=reading.is_repaired)


def _scan(path: Path, form: str, packing: str, largest: int) -> str:
    return (
        f"read_json({sql_file(path)}, format = '{form}', records = false,"
        f" compression = '{packing}', columns = {{'json': 'JSON'}},"
        f" maximum_object_size = {max(_SMALLEST_BUFFER, largest + 1)})"
    )


def _found(scan: str, steps: Sequence[Step]) -> str:
    """Return a query for the records of documents."""
    if not steps:
        return f"SELECT row_number() OVER () AS record, json AS rec FROM {scan}"
    head, rest = _until_wildcard(tuple(steps))
    found = f"json_extract(json, {sql_text(engine_path(head))})" if head else "json"
    if rest:
        found = f"unnest({_all(found, rest)})"
    return (
        f"SELECT row_number() OVER () AS record, rec FROM (SELECT {found} AS rec FROM {scan})"
        " WHERE rec IS NOT NULL"
    )


# --- cut out first --------------------------------------------------------------------------


def _cut(
    reading: Reading, iterator: JsonPath, blocks: Iterator[bytes], *, several: bool, marks: bool
) -> str:
    """Write the records one a line, and return a query over them.

    Args:
        reading: The reading.
        iterator: Where the records are.
        blocks: The document.
        several: Whether there may be several documents.
        marks: Whether numbers are to be marked.
    """
    cutter = _Cutter(reading, iterator, several=several)
    target = reading.copy(".jsonl")
    with target.open("wb") as out:
        for record in cutter.records(blocks):
            out.write(record)
            out.write(b"\n")
    if marks and not cutter.marks:
        plain, target = target, reading.copy(".jsonl")
        with plain.open("rb") as stream, target.open("wb") as out:
            out.writelines(mark_numbers(iter(lambda: stream.read(_BLOCK), b"")))
        plain.unlink()
    scan = _scan(target, "newline_delimited", "none", cutter.largest)
    records = _found(scan, ())
    return _query(reading, records, cutter.finders, marks=marks or cutter.marks)


class _Cutter:
    """Cuts the records out of a document.

    Args:
        reading: The reading.
        iterator: Where the records are.
        several: Whether there may be several documents.

    Attributes:
        finders: By number of the column, for columns whose values a library finds. The record
            then is ``r`` in a line, and the values of column 3 are ``x3``.
        largest: Bytes of the longest record.
        marks: Whether numbers come marked (see `kg.sources.json_numbers`).
    """

    def __init__(self, reading: Reading, iterator: JsonPath, *, several: bool) -> None:
        source = reading.source
        self.file = reading.file
        self.several = several
        self.limit = reading.largest_tree()
        self.steps, tail = iterator.split()
        self.tail: json_trees.Finder | None = None
        self.is_wrapped = json_trees.looks_at_elements(tail)
        if self.is_wrapped:
            self.steps += (Wildcard.ALL,)
        if tail:
            self.tail = json_trees.Finder(f"${tail}", iterator.text, source, reading.connection)
        self.finders = {
            number: json_trees.Finder(path.standard, path.text, source, reading.connection)
            for number, column in enumerate(reading.table.columns)
            if (path := parse_jsonpath(column.reference)).steps is None
        }
        self.marks = bool(self.finders) or self.tail is not None
        self.largest = 0

    def records(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the lines to write."""
        scanner = JsonScanner(blocks, self.file)
        for _ in scanner.documents(several=self.several):
            for value in scanner.records(self.steps, self.limit):
                for record in self._made(value) if self.marks else (value,):
                    self.largest = max(self.largest, len(record))
                    yield record

    def _made(self, value: bytes) -> Iterator[bytes]:
        place = self.file.location
        tree = json_trees.parse(value, place)
        if self.is_wrapped:
            tree = [tree]
        for record in self.tail.find(tree, place) if self.tail else (tree,):
            if not self.finders:
                yield self._encoded(json_trees.write(record, place))
                continue
            parts = [f'"r":{json_trees.write(record, place)}']
            for number, finder in self.finders.items():
                found = finder.find(record, place)
                listed = ",".join(json_trees.write(_shallow(v), place) for v in found)
                parts.append(f'"x{number}":[{listed}]')
            yield self._encoded("{" + ",".join(parts) + "}")

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise _half_character(self.file) from error


def _shallow(tree: json_trees.Tree) -> json_trees.Tree:
    """Return a value; of an array or object, which is no value of a term, only its kind."""
    return type(tree)() if isinstance(tree, dict | list) else tree


def _utf8(file: SourceFile, source: LogicalSource) -> Iterator[bytes]:
    return (text.encode() for text in text_blocks(file, source))


# --- columns --------------------------------------------------------------------------------


def _query(
    reading: Reading, records: str, found: Collection[int] = (), *, marks: bool = False
) -> str:
    """Return a query for the columns of records.

    Args:
        reading: The reading.
        records: Query for record and rec.
        found: Numbers of the columns whose values were found by a library.
        marks: Whether numbers are marked.
    """
    at: tuple[Step, ...] = ("r",) if found else ()
    needed: dict[tuple[Step, ...], int] = {}
    shown = []
    for number, column in enumerate(reading.table.columns):
        steps: tuple[Step, ...] = (f"x{number}", Wildcard.ALL)
        if number not in found:
            steps = (*at, *(parse_jsonpath(column.reference).steps or ()))
        shown.append(_column(column, steps, needed, marks=marks))
    listed = "".join(f", {sql}" for sql in shown)
    values = ""
    if needed:
        paths = ", ".join(sql_text(engine_path(path)) for path in needed)
        values = f", json_extract(rec, [{paths}]) AS v"
    return f"SELECT record{listed} FROM (SELECT record, rec{values} FROM ({records}))"


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
    head, rest = _until_wildcard(steps)
    found = f"v[{needed.setdefault(head, len(needed) + 1)}]"
    index = column.index
    text, kind = (text_sql, kind_sql) if marks else _PLAIN
    if not column.many:
        return f"{text(found)} AS c{index}, {kind(found)} AS t{index}"
    return (
        f"list_filter(list_transform({_all(found, rest, lenient=True)}, lambda e:"
        f" {{'v': {text('e')}, 't': {kind('e')}}}), lambda e: e.v IS NOT NULL) AS c{index}"
    )


def _all(parent: str, steps: tuple[Step, ...], depth: int = 0, *, lenient: bool = False) -> str:
    """Return the SQL of the list of values below `parent`; the first step is a wildcard.

    A wildcard stands for the elements of an array and for the members of an object; DuckDB has a
    path for each.

    Args:
        parent: SQL of a JSON value.
        steps: A wildcard, and what follows.
        depth: How many wildcards stand before.
        lenient: Whether one value counts as a list of one, as many programs write lists.
    """
    head, rest = _until_wildcard(steps[1:])
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


def _until_wildcard(steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    end = steps.index(Wildcard.ALL) if Wildcard.ALL in steps else len(steps)
    return steps[:end], steps[end:]
