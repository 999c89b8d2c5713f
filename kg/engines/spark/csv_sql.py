"""CSV as Spark SQL: lines of text, taken apart as RFC 4180 says.

Most lines have no quote, and are split. The others are taken apart by Spark's own reader; whether
they are what RFC 4180 allows is looked at first, since that reader would guess.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kg.engines.spark.dialect import text, without_nulls
from kg.mapping.plan import LogicalSource
from kg.mapping.source_table import Column

# Marks are characters that Unicode leaves to programs; where one alone would change a value, it is
# two of them. What stands for a field in quotes without content, which Spark would take for one
# without quotes:
_EMPTY: Final = "\ufdd0\ufdd1"
_FIELD: Final = "\ufdd0"
_PAIR: Final = "\ufdd1"
# Line ends within quotes, in files that are read as a whole.
_HIDDEN, _HIDDEN_CR = "\ufdd2\ufdd3", "\ufdd3\ufdd2"
_LINE_FEED, _RETURN = "'\\n'", "'\\r'"
_ENDS: Final = r"\r\n|\r|\n"
_END: Final = r"(?:\r\n|\r|\n)\z"


@dataclass(frozen=True, slots=True)
class CsvTable:
    """Files of the same header.

    Attributes:
        source: Its dialect, and the texts that mean null.
        header: The line of the header; empty if there is none.
        width: Number of columns.
        picked: For each column of the table, the number of the file's column, from 0.
    """

    source: LogicalSource
    header: str
    width: int
    picked: tuple[int, ...]


def is_header(table: CsvTable) -> str:
    """Return the condition that a line at the start of a file is the header."""
    line = text(table.header)
    return f"(kg_b = 0 AND (value = {line} OR value = {text(chr(0xFEFF) + table.header)}))"


def _pattern(mark: str) -> str:
    return mark if mark.isalnum() else f"\\{mark}"


def _without_fields(source: LogicalSource) -> str:
    """Return a line whose fields in quotes are marks; a quote that is left has no partner."""
    quote = source.dialect.quote
    pairs = f"replace(value, {text(2 * quote)}, {text(_PAIR)})"
    mark = _pattern(quote)
    return f"regexp_replace({pairs}, {text(f'{mark}[^{mark}]*+{mark}')}, {text(_FIELD)})"


def is_open(source: LogicalSource) -> str:
    """Return the condition that a line ends within quotes, or has one that has no partner."""
    if not source.dialect.quote:
        return "false"
    quote = text(source.dialect.quote)
    rest = f"contains({_without_fields(source)}, {quote})"
    return f"CASE WHEN contains(value, {quote}) THEN {rest} ELSE false END"


def lines_query(
    rows: str, table: CsvTable, columns: Sequence[Column], *, is_whole: bool = False
) -> str:
    """Return a query for the records of lines.

    Args:
        rows: What is in the FROM clause: the place of files, and their lines in ``value``.
        table: What the files are like.
        columns: The columns.
        is_whole: Whether the lines are those of `whole_query`.
    """
    where = ["value <> ''"] if table.width > 1 else []
    if table.source.dialect.header and not is_whole:
        where.append(f"NOT {is_header(table)}")
    chosen = f" WHERE {' AND '.join(where)}" if where else ""
    shown = "".join(
        f", get(f, {number}) AS c{column.index}"
        for number, column in zip(table.picked, columns, strict=True)
    )
    return (
        f"SELECT kg_p, kg_b, monotonically_increasing_id() AS kg_i,"
        f" size(f) <> {table.width} AS kg_bad{shown}"
        f" FROM (SELECT kg_p, kg_b, plain, {_fields(table, is_whole=is_whole)} AS f FROM"
        f" (SELECT *, {_is_plain(table)} AS plain FROM {rows}{chosen}))"
    )


def _is_plain(table: CsvTable) -> str:
    quote = table.source.dialect.quote
    return f"NOT contains(value, {text(quote)})" if quote else "true"


def _fields(table: CsvTable, *, is_whole: bool) -> str:
    """Return the SQL of the values of a line; of none if it cannot be taken apart.

    What makes values of fields stands in it once and not for each column: Java does not compile
    methods that are too long.
    """
    dialect = table.source.dialect
    mark = dialect.delimiter
    pattern = _pattern(mark)
    kept = _value(table, "x", is_plain=True, is_whole=is_whole)
    plain = f"transform(split(value, {text(pattern)}, -1), x -> {kept})"
    if not dialect.quote:
        return plain
    names = [f"h{number}" for number in range(table.width)]
    schema = ", ".join(f"{each} STRING" for each in (*names, "wrong"))
    options = {
        **{"sep": mark, "quote": dialect.quote, "escape": dialect.quote},
        **{"columnNameOfCorruptRecord": "wrong", "emptyValue": _EMPTY, "maxColumns": "1000000"},
    }
    listed = ", ".join(text(part) for pair in options.items() for part in pair)
    fields = ", ".join(f"s.{each}" for each in names)
    parsed = (
        f"transform(array(from_csv(value, {text(schema)}, map({listed}))),"
        f" s -> CASE WHEN s.wrong IS NULL THEN array({fields}) END)[0]"
    )
    kept = _value(table, "x", is_plain=False, is_whole=is_whole)
    # Beside quotes that have no partner: text before or behind what stands in quotes.
    inside = f"[^{pattern}{_FIELD}{_PAIR}]"
    marks = f"[{_FIELD}{_PAIR}]"
    odd = f"{_without_fields(table.source)} RLIKE {text(f'{inside}{marks}|{marks}{inside}')}"
    return (
        f"CASE WHEN plain THEN {plain} WHEN {is_open(table.source)} OR {odd} THEN array()"
        f" ELSE transform(coalesce({parsed}, array()), x -> {kept}) END"
    )


def whole_query(raw: str, table: CsvTable) -> str:
    """Return a query for the records of whole files as lines, with line ends in fields hidden.

    Args:
        raw: A view with the place of files, and their texts in ``value``.
        table: What the files are like.
    """
    quote = text(table.source.dialect.quote)
    # What stands between an odd number of quotes and the next is within quotes.
    hidden = f"replace(replace(x, {_LINE_FEED}, {text(_HIDDEN)}), {_RETURN}, {text(_HIDDEN_CR)})"
    pattern = text(_pattern(table.source.dialect.quote))
    parts = (
        f"transform(split(value, {pattern}, -1),"
        f" (x, k) -> CASE WHEN k % 2 = 1 THEN {hidden} ELSE x END)"
    )
    last = f"regexp_replace(array_join({parts}, {quote}), {text(_END)}, '')"
    first = 1 if table.source.dialect.header else 0
    return (
        f"SELECT kg_p, kg_b, value FROM (SELECT kg_p, kg_b,"
        f" posexplode(split({last}, {text(_ENDS)}, -1)) AS (k, value) FROM {raw})"
        f" WHERE k >= {first}"
    )


def _value(table: CsvTable, value: str, *, is_plain: bool, is_whole: bool) -> str:
    """Return the SQL of a field's value: a field without quotes and content is none."""
    nulls = table.source.nulls
    if is_whole:
        shown = f"replace({value}, {text(_HIDDEN)}, {_LINE_FEED})"
        value = f"replace({shown}, {text(_HIDDEN_CR)}, {_RETURN})"
    if nulls is None:
        if is_plain:
            return f"nullif({value}, '')"
        return f"CASE {value} WHEN {text(_EMPTY)} THEN '' ELSE {value} END"
    whole = f"coalesce(nullif({value}, {text(_EMPTY)}), '')"
    return without_nulls(whole, nulls)
