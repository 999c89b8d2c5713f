"""Records at the end of a sheet or CSV file that are none: totals of a column, and footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import duckdb

from kg.duck import only_row, sql_name, sql_text
from kg.mapping.plan import Formulation
from kg.mapping.source_table import Column, SourceTable
from kg.peek.header import is_value
from kg.peek.model import LeftOut

# Records at the end that are looked at, and others that a table must have.
_LAST: Final = 8
_FEWEST: Final = 2
# A footnote fills one cell of a table of at least so many columns.
_WIDE: Final = 3
_TOTAL: Final = re.compile(
    r"((grand|sub)[ -]?)?total(e|en|s)?|sum(me|a)?|gesamt(summe|betrag)?|insgesamt|zusammen|somme"
    r"|totaal|average|mean|durchschnitt|mittelwert|moyenne",
    re.IGNORECASE,
)
# How a footnote begins, or what it has: a mark, a word for what it is, or a sentence.
_NOTE: Final = re.compile(
    r"[*†‡§©(\[].*|(https?://|www\.).*|(foot)?notes?\b.*|remarks?\b.*|(data )?sources?\b.*"
    r"|n\.?b\.?[ :].*|as of\b.*|(last )?updated\b.*|anmerkung(en)?\b.*|hinweise?\b.*|quellen?\b.*"
    r"|stand\b.*|fu(ss|ß)noten?\b.*|remarques?\b.*|fuentes?\b.*|nota\b.*|bron(nen)?\b.*"
    r"|\S+(\s+\S+){2,}\.|\S+(\s+\S+){5,}",
    re.IGNORECASE | re.DOTALL,
)
# The most, as a share, that a total may be from the sum of values that were rounded.
_ROUNDED: Final = 0.005
# Marks that a condition of a mapping would read otherwise in a text.
_MARKS: Final = re.compile(r'["\\${}\r\n]')


def leave_out(
    connection: duckdb.DuckDBPyConnection, table: SourceTable
) -> tuple[LeftOut | None, str]:
    """Delete the records at the end of a table that are totals or notes.

    A word alone does not make a total: a number of the record must be the sum or the mean of those
    above.

    Args:
        connection: Where the table is.
        table: A table that was read.

    Returns:
        What was deleted; a note where the last record is called like a total and is none.
    """
    if table.source.formulation not in (Formulation.CSV, Formulation.EXCEL):
        return None, ""
    if table.source.dialect.sheet_column or not table.columns:
        return None, ""
    cells = [f"c{column.index}" for column in table.columns]
    filled = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in cells)
    name = sql_name(table.name)
    usual = only_row(connection.execute(f"SELECT mode({filled}), count(*) FROM {name}"))
    if usual[1] <= _FEWEST:
        return None, ""
    rows = connection.execute(
        f"SELECT {', '.join(cells)} FROM {name} ORDER BY record DESC LIMIT {_LAST}"
    ).fetchall()
    place = next((n for n, text in enumerate(rows[0]) if text is not None), 0)
    texts = tuple(_none(rows, place, int(usual[0])))
    if not texts or len(texts) + _FEWEST > usual[1]:
        return None, ""
    column = table.columns[place]
    listed = ", ".join(map(sql_text, texts))
    totals = [row for row in rows[: len(texts)] if any(row[place + 1 :])]
    rest = f"{name} WHERE c{column.index} IS NULL OR c{column.index} NOT IN ({listed})"
    if totals and not _is_summed(connection, rest, cells[place + 1 :], totals, place + 1):
        return None, f"a record at the end is called {totals[0][place]}, but has no sum: it is read"
    found = LeftOut(column.reference, texts)
    return (found, "") if _is_deleted(connection, name, column, texts) else (None, "")


def _is_summed(
    connection: duckdb.DuckDBPyConnection,
    rest: str,
    cells: Sequence[str],
    totals: Sequence[Sequence[str | None]],
    first: int,
) -> bool:
    """Return whether a number of some records is the sum or the mean of a column of the others.

    Args:
        connection: Where the table is.
        rest: The other records, for a FROM clause.
        cells: The columns to look at.
        totals: The cells of the records.
        first: The place in these of the first of the columns.
    """
    ways = [way for cell in cells for way in _numbers(cell)]
    asked = ", ".join(f"sum({way}), avg({way}), count({way})" for way in ways)
    found = only_row(connection.execute(f"SELECT {asked} FROM {rest}"))
    for row in totals:
        told = [way for text in row[first:] for way in _numbers(sql_text(text or ""))]
        values = only_row(connection.execute(f"SELECT {', '.join(told)}"))
        for number, value in enumerate(values):
            total, mean, count = found[3 * number : 3 * number + 3]
            if value is None or not count:
                continue
            off = _half_a_digit(value)
            if abs(value - mean) <= off:
                return True
            if abs(value - total) <= max(off, min(off * (count + 1), _ROUNDED * abs(total))):
                return True
    return False


def _half_a_digit(value: float) -> float:
    """Return by how much a number can be off that was rounded to the digits that it has."""
    digits = repr(value).partition(".")[2]
    return 0.5 if digits in ("", "0") or "e" in digits else 0.5 * 10.0 ** -len(digits)


def _numbers(text: str) -> tuple[str, str]:
    """Return the number of a text in SQL, with a decimal point and with a decimal comma."""
    plain = f"regexp_replace({text}, '[\\s''’€$£%]', '', 'g')"
    return (
        f"TRY_CAST(replace({plain}, ',', '') AS DOUBLE)",
        f"TRY_CAST(replace(replace({plain}, '.', ''), ',', '.') AS DOUBLE)",
    )


def _none(rows: Sequence[Sequence[str | None]], place: int, usual: int) -> Iterator[str]:
    """Yield what those rows from the end have in a column that are no records."""
    for row in rows:
        first = next((n for n, text in enumerate(row) if text is not None), None)
        text, others = row[place], [each for each in row[place + 1 :] if each is not None]
        if first != place or text is None:
            return
        is_total = _TOTAL.fullmatch(text.strip(" :.*")) and all(map(is_value, others))
        is_total = is_total and (bool(others) or usual >= _WIDE)
        is_note = usual >= _WIDE and not others and place == 0 and _NOTE.fullmatch(text.strip())
        if not (is_total or is_note) or _MARKS.search(text):
            return
        yield text


def _is_deleted(
    connection: duckdb.DuckDBPyConnection, name: str, column: Column, texts: Sequence[str]
) -> bool:
    """Delete the records with some texts, unless others have them too."""
    listed = ", ".join(map(sql_text, texts))
    which = f"FROM {name} WHERE c{column.index} IN ({listed})"
    if only_row(connection.execute(f"SELECT count(*) {which}"))[0] != len(texts):
        return False
    connection.execute(f"DELETE {which}")
    return True
