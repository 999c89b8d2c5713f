"""JSON and JSON Lines: records by an iterator, values by JSONPath.

DuckDB reads JSON Lines and arrays of records as they are. From any other document, the records are
first cut out as a stream and written one a line. So only the size of a record matters, not that of
the document.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (reference formulation JSONPath)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kg.errors import InputError, KgError, Location
from kg.mapping.jsonpath import JsonPath, Step, Wildcard, parse_jsonpath
from kg.mapping.plan import LogicalSource
from kg.rejects import current
from kg.sources import json_trees
from kg.sources.files import SourceFile
from kg.sources.json_around import Around, around
from kg.sources.json_lines import faults_of, good_lines, half_character
from kg.sources.json_numbers import mark_numbers
from kg.sources.json_scan import JsonScanner, too_large
from kg.sources.reading import Host, Reading
from kg.sources.records import JsonRecords
from kg.sources.streams import plain_name, plain_text, text_blocks

# Bytes of a document, or of a record, that DuckDB holds in memory at once.
LARGEST_OBJECT: Final = 16 * 2**20
# Bytes of a document whose records need not be cut out first.
LARGEST_UNCUT: Final = 16 * 2**20
# Wildcards in a path: DuckDB takes twice the time to plan for each more.
_MOST_WILDCARDS: Final = 8
# Numbers whose text DuckDB may change: with an exponent, more digits than a double keeps, a zero at
# the end, or a very small value. Texts may match too, which only costs time. DuckDB looks for them:
# its patterns are ten times as fast as Python's.
LOSABLE: Final = r"[0-9][eE][-+0-9]|[0-9.]{17}|\.[0-9]+0(?:[^0-9.]|$)|(?:^|[^0-9])0\.000"
# Characters of such a number that may be in the next block.
_OVERLAP: Final = 64
_BLOCK: Final = 2**20
_LINES: Final = re.compile(r".*\.(jsonl|ndjson)")


def read(reading: Reading) -> JsonRecords:
    """Return the records of a JSON file.

    Raises:
        InputError: The iterator or a reference is not JSONPath, or the file is not valid JSON.
        LimitError: A record is too large.
    """
    iterator = _iterator(reading)
    paths = [parse_jsonpath(column.reference) for column in reading.table.columns]
    seen = _around(reading, iterator)
    start = "" if reading.skips else next(text_blocks(reading.file, reading.source), "")
    if doubled := json_trees.doubled_key(start):
        key, line, column = doubled
        place = Location(reading.file.shown, line, column)
        reading.notes.append(
            f"{place}: the key {key!r} stands twice in an object; the first counts"
        )
    if told := _array_told(reading, iterator, paths):
        reading.notes.append(told)
    form = "" if reading.is_large else _native_form(reading, iterator, paths, seen)
    if form:
        return _native(reading, iterator.steps or (), form, seen)
    several = is_lines(reading.file, reading.source)
    return _cut(reading, iterator, _text(reading), several=several, marks=reading.is_repaired)


def _array_told(reading: Reading, iterator: JsonPath, paths: Sequence[JsonPath]) -> str:
    """Return what is told of a record that is an array, where all references want keys of it.

    Some engines take the elements of such an array for the records.
    """
    steps = iterator.steps
    if steps is None or steps[-1:] == (Wildcard.ALL,) or iterator.looks_around or not paths:
        return ""
    if any(path.looks_around or not isinstance((*path.head, 0)[0], str) for path in paths):
        return ""
    if is_lines(reading.file, reading.source) or not _is_small(reading.file, reading.source):
        return ""
    if not _is_array(reading, steps):
        return ""
    path = reading.source.iterator or "$"
    return (
        f"{reading.file.shown}: the iterator {path} leads to an array, which is one record without"
        f" keys; write {path}[*] for its elements"
    )


def read_lines(reading: Reading, path: Path) -> JsonRecords:
    """Return the records of a file of JSON documents, one a line, that a reader wrote."""
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


def may_lose(host: Host, file: SourceFile, source: LogicalSource) -> bool:
    """Return whether a file has numbers whose text DuckDB may change."""
    last = ""
    for block in text_blocks(file, source):
        if host.matches(LOSABLE, last + block, is_whole=False):
            return True
        last = block[-_OVERLAP:]
    return False


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass.

    Returns nothing for an iterator with a filter, slice or descendant step.
    """
    iterator = parse_jsonpath(source.iterator or "$")
    steps, tail = iterator.split()
    if tail:
        return {}
    wanted, last, number = set(records), max(records, default=0), 0
    found = {}
    several = is_lines(file, source)
    text = good_lines(file, source) if several and current() is not None else _utf8(file, source)
    scanner = JsonScanner(text, file)
    for _ in scanner.documents(several=several):
        for _ in scanner.walk(steps):
            number += 1
            if number in wanted:
                found[number] = scanner.line()
            if number >= last:
                return found
            scanner.value(None)
    return found


def is_mendable(text: str) -> bool:
    """Return whether DuckDB stopped at a record too large for it that kg may still cut out."""
    return "maximum_object_size" in text


def explain(text: str, source: LogicalSource, file: SourceFile) -> KgError:
    """Turn DuckDB's error about a JSON file into one of kg; read the file again for the place.

    Args:
        text: DuckDB's message.
        source: The logical source.
        file: The file.
    """
    if "maximum_object_size" in text:
        return too_large(file.location, LARGEST_OBJECT)
    if is_lines(file, source) and (fault := faults_of(file, source)):
        return fault
    scanner = JsonScanner(_utf8(file, source), file)
    try:
        for _ in scanner.documents(several=is_lines(file, source)):
            scanner.value(None)
    except KgError as error:
        return error
    if "surrogate" in text:
        return half_character(file.location)
    reason = re.sub(r".*: ", "", text.splitlines()[0]).strip().rstrip(".")
    return InputError(
        "bad-json",
        f"not valid JSON: {reason}",
        location=file.location,
        hint="Mend the file, or write it again with a JSON library.",
    )


# --- read by DuckDB as it is ----------------------------------------------------------------------


def _native_form(
    reading: Reading, iterator: JsonPath, paths: Sequence[JsonPath], seen: Around | None
) -> str:
    """Return how DuckDB is to read the file as it is; empty if it cannot."""
    file, source = reading.file, reading.source
    steps = iterator.steps
    if steps is None or any(path.steps is None for path in paths):
        return ""
    if is_lines(file, source):
        return "" if Wildcard.ALL in steps else "newline_delimited"
    is_array = steps[:1] == (Wildcard.ALL,) and Wildcard.ALL not in steps[1:]
    is_array &= seen is None or seen.depth(counts=True) > 0
    if is_array and _starts_with(file, source, "["):
        return "array"
    return "unstructured" if _is_small(file, source) else ""


def _is_small(file: SourceFile, source: LogicalSource) -> bool:
    """Return whether a file is one document that DuckDB can hold in memory."""
    size, empty = 0, True
    for block in text_blocks(file, source):
        size += len(block)
        empty = empty and not block.strip()
        if size > LARGEST_UNCUT:
            return False
    return not empty


def is_lines(file: SourceFile, source: LogicalSource) -> bool:
    """Return whether each line of a file is a document."""
    return source.lines or _LINES.fullmatch(plain_name(file)) is not None


def _starts_with(file: SourceFile, source: LogicalSource, mark: str) -> bool:
    for block in text_blocks(file, source):
        if stripped := block.lstrip():
            return stripped.startswith(mark)
    return False


def _native(
    reading: Reading, steps: tuple[Step, ...], form: str, seen: Around | None
) -> JsonRecords:
    file, source = reading.file, reading.source
    if reading.is_repaired:
        path, packing = reading.copy(".json"), "none"
        with path.open("wb") as out:
            out.writelines(mark_numbers(_text(reading)))
    else:
        path, packing = plain_text(file, source, reading.copy(".json"))
    return JsonRecords(
        path,
        form,
        packing,
        LARGEST_OBJECT,
        steps[form == "array" :],
        _values(reading),
        reading.is_repaired,
        *_looking(seen),
        form == "array",
    )


# --- cut out first --------------------------------------------------------------------------


def _cut(
    reading: Reading, iterator: JsonPath, blocks: Iterator[bytes], *, several: bool, marks: bool
) -> JsonRecords:
    """Write the records one a line, and return where they are.

    Args:
        reading: The reading.
        iterator: Where the records are.
        blocks: The document.
        several: Whether there may be several documents.
        marks: Whether to mark numbers.
    """
    seen, numbered = _around(reading, iterator), False
    rest: tuple[Step, ...] = ()
    if seen is not None:
        depth, counted = seen.depth(), seen.depth(counts=True)
        if counted > depth and not several and _is_array(reading, seen.steps[: counted - 1]):
            depth, numbered = counted, True
        iterator = JsonPath(iterator.text, seen.steps[:depth], seen.steps[:depth])
        rest = seen.steps[depth:]
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
    values = _values(reading, cutter.finders)
    marks = marks or cutter.marks
    return JsonRecords(
        target,
        "newline_delimited",
        "none",
        cutter.largest,
        rest,
        values,
        marks,
        *_looking(seen),
        numbered,
    )


def _around(reading: Reading, iterator: JsonPath) -> Around | None:
    columns = reading.table.columns
    paths = [parse_jsonpath(column.reference) for column in columns]
    return around(iterator, paths, [c.origin for c in columns], reading.source.origin)


def _looking(seen: Around | None) -> tuple[Mapping[int, JsonPath], bool]:
    return ({}, False) if seen is None else (seen.columns, seen.of_keys)


def _is_array(reading: Reading, steps: Sequence[Step]) -> bool:
    """Return whether some steps lead to an array in a document."""
    scanner = JsonScanner(_text(reading), reading.file)
    for _ in scanner.documents(several=False):
        return next((scanner.kind() for _ in scanner.walk(steps)), "") == "an array"
    return False


def _values(reading: Reading, found: Collection[int] = ()) -> tuple[tuple[Step, ...], ...]:
    """Return where the values of each column are in a record.

    Args:
        reading: The reading.
        found: Numbers of the columns whose values the JSONPath library found.
    """
    at: tuple[Step, ...] = ("r",) if found else ()
    return tuple(
        (f"x{number}", Wildcard.ALL)
        if number in found
        else (*at, *(parse_jsonpath(column.reference).steps or ()))
        for number, column in enumerate(reading.table.columns)
    )


class _Cutter:
    """Cuts the records out of a document.

    Args:
        reading: The reading.
        iterator: Where the records are.
        several: Whether there may be several documents.

    Attributes:
        finders: The columns, by number, whose values the JSONPath library finds. In a line, ``r``
            is then the record, and ``x3`` has the values of column 3.
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
            self.tail = json_trees.Finder(f"${tail}", iterator.text, source, reading.host)
        self.finders = {
            number: json_trees.Finder(path.standard, path.text, source, reading.host)
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
            raise half_character(self.file.location) from error


def _shallow(tree: json_trees.Tree) -> json_trees.Tree:
    """Return a value; of an array or object, which cannot become a term, only its kind."""
    return type(tree)() if isinstance(tree, dict | list) else tree


def _text(reading: Reading) -> Iterator[bytes]:
    """Yield the text of a file, without bad JSON Lines if those are skipped."""
    read = good_lines if reading.skips else _utf8
    return read(reading.file, reading.source)


def _utf8(file: SourceFile, source: LogicalSource) -> Iterator[bytes]:
    return (text.encode() for text in text_blocks(file, source))
