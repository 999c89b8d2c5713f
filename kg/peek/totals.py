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
# Marks that a condition of a mapping would read otherwise in a text.
_MARKS: Final = re.compile(r'["\\${}\r\n]')


def leave_out(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> LeftOut | None:
    """Delete the records at the end of a table that are totals or notes, and return which.

    Args:
        connection: Where the table is.
        table: A table that was read.
    """
    if table.source.formulation not in (Formulation.CSV, Formulation.EXCEL):
        return None
    if table.source.dialect.sheet_column or not table.columns:
        return None
    cells = [f"c{column.index}" for column in table.columns]
    filled = " + ".join(f"({cell} IS NOT NULL)::INTEGER" for cell in cells)
    name = sql_name(table.name)
    usual = only_row(connection.execute(f"SELECT mode({filled}), count(*) FROM {name}"))
    if usual[1] <= _FEWEST:
        return None
    rows = connection.execute(
        f"SELECT {', '.join(cells)} FROM {name} ORDER BY record DESC LIMIT {_LAST}"
    ).fetchall()
    place = next((n for n, text in enumerate(rows[0]) if text is not None), 0)
    texts = tuple(_none(rows, place, int(usual[0])))
    if not texts or len(texts) + _FEWEST > usual[1]:
        return None
    found = LeftOut(table.columns[place].reference, texts)
    return found if _is_deleted(connection, name, table.columns[place], texts) else None


def _none(rows: Sequence[Sequence[str | None]], place: int, usual: int) -> Iterator[str]:
    """Yield what those rows from the end have in a column that are no records."""
    for row in rows:
        first = next((n for n, text in enumerate(row) if text is not None), None)
        text, others = row[place], [each for each in row[place + 1 :] if each is not None]
        if first != place or text is None:
            return
        is_total = _TOTAL.fullmatch(text.strip(" :.*")) and all(map(is_value, others))
        is_note = usual >= _WIDE and not others and not is_value(text) and place == 0
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
