"""Answers as .xlsx workbooks, one sheet, written as a stream.

A cell holds a double. A number that is none exactly, such as one of 20 digits, is a text; so are
days before March 1900, which workbooks do not agree on, and times with a zone.

Spec: https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import IO, Final
from xml.sax.saxutils import escape

from kg.datatypes import INTEGER_RANGES
from kg.errors import InputError
from kg.queries.engine import Row, Term
from kg.terms import XSD, split_literal, text_of

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# What a sheet can hold.
_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_LONGEST: Final = 32_767
# Rows and characters that are written at once.
_BATCH: Final = 500
_EPOCH: Final = datetime(1899, 12, 30)
_FIRST_DAY: Final = date(1900, 3, 1)
_NUMBERS: Final = frozenset(
    {*INTEGER_RANGES, *(f"{XSD}{name}" for name in ("decimal", "double", "float"))}
)
# A double holds every number of so many digits.
_SURE_DIGITS: Final = 15
# Characters that XML does not have, as workbooks write them; and what looks like one.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
# Styles of cells.
_BOLD, _DAY, _TIME = 1, 2, 3
_STYLES: Final = f"""{_HEAD}<styleSheet xmlns="{_MAIN}">\
<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>\
<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>\
<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>\
<cellXfs count="4"><xf numFmtId="0"/><xf fontId="1" applyFont="1"/>\
<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/></cellXfs>\
</styleSheet>"""
_PARTS: Final = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_OFFICE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_OFFICE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_OFFICE}.styles+xml"/></Types>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_REL}">'
    '<sheets><sheet name="Answer" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": _STYLES,
}


def write_workbook(columns: Sequence[str], rows: Iterable[Row], out: IO[bytes]) -> int:
    """Write rows as a workbook, and return their number.

    Args:
        columns: Their names, the first row of the sheet.
        rows: A term for each column, None where it is unbound: an empty cell.
        out: Where the file goes; it need not be a file that can be read again.

    Raises:
        InputError: There are more rows, columns or characters than a sheet holds.
    """
    if len(columns) > _MOST_COLUMNS:
        raise _too_large(f"the answer has {len(columns):,} columns, a sheet {_MOST_COLUMNS:,}")
    with zipfile.ZipFile(_Forward(out), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(_entry(name), text)
        with archive.open(_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            return _write_sheet(columns, rows, sheet)


class _Forward(io.RawIOBase):
    """A stream that tells where it is and cannot go back, whatever it writes to."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # what zipfile writes
        return self._out.write(data)


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry of one time, so that an answer gives the same bytes again."""
    made = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def _write_sheet(columns: Sequence[str], rows: Iterable[Row], sheet: IO[bytes]) -> int:
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    head = "".join(_text(name, _BOLD) for name in columns)
    parts = [
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}'
        f"</sheetView></sheetViews><sheetData><row>{head}</row>"
    ]
    count = 0
    for count, row in enumerate(rows, 1):
        if count >= _MOST_ROWS:
            raise _too_large(f"the answer has more rows than a sheet holds, {_MOST_ROWS - 1:,}")
        parts.append(f"<row>{''.join(map(_cell, row))}</row>")
        if count % _BATCH == 0:
            sheet.write("".join(parts).encode())
            parts = []
    parts.append("</sheetData></worksheet>")
    sheet.write("".join(parts).encode())
    return count


def _cell(term: Term | None) -> str:
    if term is None:
        return "<c/>"
    if not term.startswith('"'):
        return _text(term if term.startswith(("_:", "<<(")) else text_of(term))
    text, datatype, _ = split_literal(term)
    if datatype in _NUMBERS and (number := _number(text)):
        return f"<c><v>{number}</v></c>"
    if datatype == f"{XSD}boolean" and text in ("true", "false", "1", "0"):
        return f'<c t="b"><v>{int(text in ("true", "1"))}</v></c>'
    if datatype == f"{XSD}date" and (days := _days(text)):
        return f'<c s="{_DAY}"><v>{days}</v></c>'
    if datatype == f"{XSD}dateTime" and (days := _days(text)):
        return f'<c s="{_TIME}"><v>{days}</v></c>'
    return _text(text)


def _number(text: str) -> str:
    """Return a number as a cell has it; empty if a double is not that number."""
    try:
        exact = Decimal(text)
        near = float(text)
    except (InvalidOperation, ValueError):
        return ""
    if not exact.is_finite():
        return ""
    digits = len(exact.normalize().as_tuple().digits)
    is_same = digits <= _SURE_DIGITS or Decimal(repr(near)) == exact
    return repr(near).removesuffix(".0") if is_same and abs(near) < 1e308 else ""


def _days(text: str) -> str:
    """Return the days since the end of 1899, with the time as a fraction; empty if there are none.

    They are doubles, which tell milliseconds apart.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if value.tzinfo is not None or value.date() < _FIRST_DAY or value.microsecond % 1000:
        return ""
    return repr((value - _EPOCH) / timedelta(days=1)).removesuffix(".0")


def _text(text: str, style: int = 0) -> str:
    if len(text) > _LONGEST:
        raise _too_large(f"a value has {len(text):,} characters, a cell holds {_LONGEST:,}")
    plain = escape(_NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    shown = f' s="{style}"' if style else ""
    return f'<c{shown} t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'


def _too_large(message: str) -> InputError:
    return InputError(
        "too-large-for-sheet", message, hint="Write it as .csv or .parquet, or ask for less."
    )
