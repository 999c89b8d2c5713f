"""The tables of workbooks: which cells of a sheet are one, and which sheets are alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from kg.errors import InputError
from kg.mapping.cell_range import RANGE_HINT, parse_range
from kg.mapping.plan import Dialect, LogicalSource
from kg.peek.guess import PADDED, is_padded
from kg.peek.header import header_notes, header_of, is_header, passed_over
from kg.peek.model import Sight
from kg.records import dataclass
from kg.sources import excel_files
from kg.sources.files import PATTERN, SourceFile
from kg.wording import nearest

# Rows of a sheet that are looked at for the header.
_LOOKED_AT: Final = 50
_SHEET: Final = "sheet"


@dataclass(frozen=True, slots=True)
class _Found:
    """The table of one sheet: how it is read, its header row, and what was guessed."""

    dialect: Dialect
    names: tuple[str, ...]
    header: int
    notes: tuple[str, ...]


def sights(file: SourceFile, source: LogicalSource, stem: str) -> Iterator[Sight]:
    """Yield the tables of a workbook: one a sheet, or one of all sheets that match a pattern.

    Args:
        file: The workbook. Its member is the name of a sheet or a pattern; behind ``!`` a range.
        source: The source.
        stem: What the only table is called.

    Raises:
        InputError: It is no workbook, has no such sheet, or there is nothing in it.
        LimitError: A sheet does not fit in memory.
    """
    whole = SourceFile(file.path)
    sheets = excel_files.sheet_names(whole, source)
    wanted, dialect = _asked(file, source, sheets)
    source = replace(source, dialect=dialect)
    if wanted in sheets:
        sheets_wanted = [wanted]
    elif re.search(PATTERN, wanted):
        sheets_wanted = [name for name in sheets if fnmatchcase(name, wanted)]
    else:
        sheets_wanted = [] if wanted else sheets
    if not sheets_wanted:
        near = nearest(wanted, sheets)
        raise InputError(
            "missing-sheet",
            f"there is no sheet {wanted!r}",
            location=file.location,
            hint=(f"Did you mean {near!r}? " if near else "") + f"Sheets: {', '.join(sheets)}.",
        )
    found = {name: made for name in sheets_wanted if (made := _looked_at(whole, source, name))}
    if not found:
        raise InputError(
            "empty-file",
            f"there is nothing in the sheet {', '.join(map(repr, sheets_wanted))}",
            location=file.location,
            hint="Is the file what you think it is? Formulas without a stored result and errors are"
            " no values.",
        )
    if wanted and wanted not in sheets:
        yield _together(replace(source, iterator=wanted), stem, found)
        return
    alike = _alike(found, sheets)
    for number, (name, made) in enumerate(found.items()):
        notes = made.notes + ((alike.format(file.path.name),) if alike and not number else ())
        of_sheet = replace(source, iterator=name, dialect=made.dialect)
        called = name if len(sheets) > 1 else stem
        yield Sight(of_sheet, called, made.names, made.names, made.header, notes)


def _asked(file: SourceFile, source: LogicalSource, sheets: Sequence[str]) -> tuple[str, Dialect]:
    """Return the sheet or pattern that is asked for, and how the source is written."""
    if file.member in sheets or "!" not in file.member:
        return file.member, source.dialect
    sheet, _, cells = file.member.rpartition("!")
    if parse_range(cells) is None:
        raise InputError(
            "bad-mapping",
            f"{cells!r} is no range of cells",
            location=file.location,
            hint=RANGE_HINT,
        )
    return sheet, replace(source.dialect, cells=cells)


def _looked_at(file: SourceFile, source: LogicalSource, name: str) -> _Found | None:
    """Return the table of a sheet; None if the sheet is empty."""
    of_sheet = replace(source, iterator=name)
    sheet = excel_files.look_at(file, of_sheet, _LOOKED_AT)
    if not sheet.rows:
        return None
    raw = [[text or "" for text in cells] for _, cells in sheet.rows]
    texts = [[text.strip() for text in cells] for cells in raw]
    dialect, notes = source.dialect, []
    header = header_of(texts)
    row = sheet.rows[header.skip][0]
    # Columns beside the table are empty from its header on.
    empty = next((n for n, last in enumerate(sheet.last) if last >= row), 0)
    if empty and not dialect.cells:
        right = max(n for n, last in enumerate(sheet.last) if last >= row)
        cells = f"{_letters(sheet.unused + empty)}:{_letters(sheet.unused + right)}"
        dialect = replace(dialect, cells=cells)
        texts, raw = ([cells_of[empty : right + 1] for cells_of in each] for each in (texts, raw))
        header = header_of(texts)
        notes.append(f"the columns beside {cells} are empty")
    if is_padded(raw[header.skip + header.is_there :]):
        dialect = replace(dialect, trim="true")
        notes.append(PADDED)
    row = sheet.rows[header.skip][0]
    cells_asked = parse_range(dialect.cells)
    skip = row - 1 - (cells_asked.top if cells_asked else 0)
    titles = skip - row + sheet.rows[header.skip + 1 - header.rows][0]
    notes += [passed_over(titles, "row")] * bool(titles)
    notes += header_notes(header)
    if sheet.merged > row:
        notes.append("each of merged cells has their value")
    dialect = replace(
        dialect,
        skip_rows=skip,
        header=header.is_there,
        names=header.names,
        fills_merged=sheet.merged > row,
    )
    notes += _apart(texts, [number for number, _ in sheet.rows], header.skip)
    names = header.names or tuple(texts[header.skip])
    return _Found(dialect, names, row if header.is_there else 0, tuple(notes))


def _apart(texts: Sequence[Sequence[str]], numbers: Sequence[int], skip: int) -> Iterator[str]:
    """Yield what tells that a sheet has several tables: below each other, or side by side."""
    for place in range(skip + 2, len(texts)):
        if numbers[place] > numbers[place - 1] + 1 and is_header(
            texts[place], texts[skip + 1 : place], texts[place + 1 :]
        ):
            yield (
                f"row {numbers[place]} looks like the header of another table: name the cells of"
                f" each behind the sheet, as in #SHEET!A{numbers[skip]}:"
                f"{_letters(len(texts[skip]) - 1)}{numbers[place - 1]}"
            )
            return
    first = texts[skip]
    for place in range(2, len(first) - 2):
        is_gap = not any(cells[place] for cells in texts[skip:])
        if is_gap and all(first[place - 2 : place]) and all(first[place + 1 : place + 3]):
            yield (
                f"the column {_letters(place)} is empty: if there are two tables side by side, name"
                " the columns of each behind the sheet, as in #SHEET!A:B"
            )
            return


def _together(source: LogicalSource, stem: str, found: Mapping[str, _Found]) -> Sight:
    """Return the table of several sheets: that of the first, with a column for their names."""
    first = next(iter(found.values()))
    column, number = _SHEET, 2
    while column in first.names:
        column, number = f"{_SHEET}_{number}", number + 1
    dialect = replace(first.dialect, sheet_column=column)
    if any(made.dialect.fills_merged for made in found.values()):
        dialect = replace(dialect, fills_merged=True)
    names = (*first.names, column)
    notes = (f"the sheets {', '.join(found)} are one table", *first.notes)
    return Sight(replace(source, dialect=dialect), stem, names, names, first.header, notes)


def _alike(found: Mapping[str, _Found], sheets: Sequence[str]) -> str:
    """Return the advice to read sheets as one, if those with the same columns have a pattern."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, made in found.items():
        groups.setdefault(made.names, []).append(name)
    for names in groups.values():
        start = _same_start(names)
        end = _same_start([name[::-1] for name in names])[::-1]
        for pattern in (f"{start}*", f"*{end}"):
            matching = [name for name in sheets if fnmatchcase(name, pattern)]
            if len(names) > 1 and matching == names and not re.search(PATTERN, start + end):
                return f"{', '.join(names)} have the same columns: {{}}#{pattern} is one table"
    return ""


def _same_start(names: Sequence[str]) -> str:
    shortest = min(names, key=len)
    ends = (n for n, char in enumerate(shortest) if any(name[n] != char for name in names))
    return shortest[: next(ends, len(shortest))]


def _letters(column: int) -> str:
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return letters
