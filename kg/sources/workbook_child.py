"""The process that reads a workbook: ``python -P workbook_child.py PATH TARGET BYTES``.

The library holds the whole sheet in memory, with all cells between the first and the last one in
use. It aborts if memory runs out, and a small file can need any amount. So it runs in a separate
process with a limit on its memory. Of kg, only `lexical` is imported.

It writes lines of JSON to its standard output, and reads them from its standard input:

- it writes the names of the sheets, and reads the number of one, which rows and columns of it are
  the table, whether merged cells are filled, how many rows to skip, and which ends of texts lose
  their white space;
- it writes the number of the first row with a value and its cells, the last row, or 0, of cells
  that are merged down, and how many columns stand before the first that is used; it reads the
  numbers of the columns to read (-1 stands for the name of the sheet), and whether that row is a
  record;
- it writes the records to TARGET, one a line: the number of the row, then texts and kinds in turn;
  it then writes the length of the longest line, and the notes for the user.

A line with ``error`` ends the exchange.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from xml.etree import ElementTree

# A double holds every integer up to here.
_EXACT: Final = 2**53
_BLANKS: Final = " \t\r\n"
_BLOCK: Final = 1 << 20
# A longer row is not checked for lost cells.
_LONGEST_ROW: Final = 1 << 24
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR: Final = re.compile(
    rb"<(?:\w+:)?c\b(?=[^<>]*?\st=[\"']e[\"'])[^<>]*?\sr=[\"']([A-Z]+[0-9]+)[\"'][^<>]*>"
)
_NOT_COMPUTED: Final = re.compile(
    rb"<(?:\w+:)?c\b[^<>]*?\sr=[\"']([A-Z]+[0-9]+)[\"'][^<>]*>\s*<(?:\w+:)?f\b"
    rb"(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
Cell = Any
Made = tuple[str | None, str | None]


def main(arguments: Sequence[str]) -> int:
    """Read one sheet."""
    import python_calamine

    path, target, size = arguments
    _limit_memory(int(size))
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            _say({"sheets": workbook.sheet_names})
            asked = _hear()
            name = workbook.sheet_names[asked["sheet"]]
            sheet = workbook.get_sheet_by_name(name)
            _read(sheet, asked, Path(path), Path(target))
    except python_calamine.CalamineError as error:
        _say({"error": str(error)})
    return 0


def _limit_memory(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _say(message: object) -> None:
    print(json.dumps(message), flush=True)


def _hear() -> Any:  # noqa: ANN401  (what JSON holds)
    line = sys.stdin.readline()
    if not line:  # the parent has ended
        sys.exit(1)
    return json.loads(line)


def _read(sheet: Any, asked: dict[str, Any], path: Path, target: Path) -> None:  # noqa: ANN401
    make = _maker(asked["trim"])
    rows = _rows(sheet, asked)
    first = next(rows, None)
    number, header = first or (asked["cells"][0] + asked["skip"] + 1, [])
    cells = [make(value)[0] for value in header]
    merged, unused = _last_merged(sheet), _unused(sheet)
    _say({"row": number, "cells": cells, "merged": merged, "unused": unused})
    wanted = _hear()
    above = number - 1 if wanted["again"] else number
    noticed = _noticed(sheet, path, above, fills=asked["fill"])
    records = chain((first,), rows) if first and wanted["again"] else rows
    named = make(sheet.name)
    largest = _write(records, wanted["columns"], make, named, target)
    _say({"largest": largest, "noticed": noticed})


def _rows(sheet: Any, asked: dict[str, Any]) -> Iterator[tuple[int, Sequence[Cell]]]:  # noqa: ANN401
    """Yield the rows of the table that have a value: their numbers in the sheet, and cells."""
    top, bottom, left, right = asked["cells"]
    end = None if right is None else right + 1
    fill = _filler(sheet) if asked["fill"] else None
    # The library gives the rows from the first column that is used on. Ranges count from A.
    before = [""] * _unused(sheet)
    if right is None:  # the columns before belong to no table
        left = max(left, len(before))
    for number, used in enumerate(sheet.iter_rows(), 1):
        row = before + used
        if bottom is not None and number > bottom + 1:
            return
        # What merged cells are filled with makes no record of an empty row.
        has_value = any(value != "" for value in row[left:end])
        cells = fill(number - 1, row) if fill else row
        if has_value and number > top + asked["skip"]:
            yield number, cells[left:end]


def _unused(sheet: Any) -> int:  # noqa: ANN401
    """Return how many columns stand before the first that is used."""
    columns: int = sheet.start[1] if sheet.start else 0
    return columns


def _last_merged(sheet: Any) -> int:  # noqa: ANN401
    """Return the last row, from 1, of cells that are merged over several rows; 0 without such."""
    merged = getattr(sheet, "merged_cell_ranges", None) or ()
    return max((bottom + 1 for (top, _), (bottom, _) in merged if bottom > top), default=0)


def _filler(sheet: Any) -> Callable[[int, Sequence[Cell]], Sequence[Cell]]:  # noqa: ANN401
    """Return the function that gives each of merged cells their value, row after row."""
    waiting = sorted(getattr(sheet, "merged_cell_ranges", None) or (), reverse=True)
    open_ranges: list[tuple[int, int, int, Cell]] = []

    def fill(index: int, row: Sequence[Cell]) -> Sequence[Cell]:
        nonlocal open_ranges
        open_ranges = [each for each in open_ranges if each[0] >= index]
        while waiting and waiting[-1][0][0] <= index:
            (_, left), (bottom, right) = waiting.pop()
            open_ranges.append((bottom, left, right + 1, row[left] if left < len(row) else ""))
        if not open_ranges:
            return row
        filled = list(row)
        for _, left, end, value in open_ranges:
            for column in range(left, min(end, len(filled))):
                filled[column] = value
        return filled

    return fill


def _write(
    rows: Iterator[tuple[int, Sequence[Cell]]],
    columns: Sequence[int],
    make: Callable[[Cell], Made],
    named: Made,
    target: Path,
) -> int:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    largest = 0
    with target.open("w", encoding="utf-8") as out:
        for number, row in rows:
            cells = (part for n in columns for part in (named if n < 0 else make(row[n])))
            line = encode([str(number), *cells])
            largest = max(largest, len(line))
            out.write(f"{line}\n")
    return largest


def _maker(trim: str) -> Callable[[Cell], Made]:
    """Return the function that gives the text and the kind of a cell."""
    lexical = _lexical()
    ends = {"true": str.strip, "start": str.lstrip, "end": str.rstrip}.get(trim)

    def make(value: Cell) -> Made:
        if isinstance(value, str):
            return (ends(value, _BLANKS) if ends else value) or None, None
        if isinstance(value, bool):
            return ("true" if value else "false"), "b"
        if isinstance(value, float):
            if value.is_integer() and abs(value) <= _EXACT:
                return str(int(value)), "i"
            return repr(value), "d"
        if isinstance(value, int):
            return str(value), "i"
        if isinstance(value, datetime):
            return value.isoformat(), "T"
        if isinstance(value, date):
            return value.isoformat(), "D"
        if isinstance(value, time):
            return value.isoformat(), "t"
        if isinstance(value, timedelta):
            made = lexical.duration(value)
            return made.text, made.kind
        return str(value), None

    return make


def _lexical() -> ModuleType:
    path = Path(__file__).with_name("lexical.py")
    spec = importlib.util.spec_from_file_location("kg_lexical", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# --- lost cells of a sheet ------------------------------------------------------------------


def _noticed(sheet: Any, path: Path, above: int, *, fills: bool) -> list[str]:  # noqa: ANN401
    """Return the notes for the user about cells that read as empty and are not.

    Merged cells in the first `above` rows, such as those of a title, hold no values of records.
    """
    found = []
    known = getattr(sheet, "merged_cell_ranges", None)
    merged = [each for each in known or () if each[1][0] >= above]
    if fills and known is None:
        found.append("merged: fill has no effect: this kind of workbook does not tell merged cells")
    if merged and not fills:
        ((row, column), _), *more = merged
        first = f"{_letters(column)}{row + 1}"
        found.append(
            f"{len(more) + 1:,} merged {'cell' if not more else 'cells'}, the first at {first}: the"
            " value is that of the first cell alone, the others are empty; merged: fill in the"
            " source gives it to all"
        )
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            part = _part(archive, sheet.name)
            if part:
                found += _lost(archive, part)
    return found


def _lost(archive: zipfile.ZipFile, part: str) -> Iterator[str]:
    errors, formulas = _Places(), _Places()
    with archive.open(part) as stream:
        rest = b""
        while block := stream.read(_BLOCK):
            rest += block
            end = rest.rfind(b"</c>") + 4 if b"</c>" in rest else 0
            if not end and len(rest) > _LONGEST_ROW:
                return
            done, rest = rest[:end], rest[end:]
            errors.count(_ERROR, done)
            formulas.count(_NOT_COMPUTED, done)
    if errors.number:
        yield f"{errors} {errors.verb} an error such as #REF! or #N/A, which is no value"
    if formulas.number:
        yield (
            f"{formulas} {formulas.verb} a formula without a stored result, which is no value; open"
            " the file in a spreadsheet program and save it"
        )


class _Places:
    """Counts cells, and knows the first."""

    def __init__(self) -> None:
        self.number = 0
        self.first = ""

    def count(self, pattern: re.Pattern[bytes], text: bytes) -> None:
        places = pattern.findall(text)
        if places and not self.number:
            self.first = places[0].decode()
        self.number += len(places)

    @property
    def verb(self) -> str:
        return "holds" if self.number == 1 else "hold"

    def __str__(self) -> str:
        noun = "cell" if self.number == 1 else "cells"
        return f"{self.number:,} {noun}, the first at {self.first},"


def _part(archive: zipfile.ZipFile, name: str) -> str:
    """Return the name of the file of a sheet in an .xlsx file; empty if it is not known."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile):
        return ""
    number = next(
        (e.get(_RELATION) for e in book.iter() if e.get("name") == name and e.get(_RELATION)), None
    )
    target = next((e.get("Target", "") for e in relations if e.get("Id") == number), "")
    part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return part if part in archive.namelist() else ""


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
