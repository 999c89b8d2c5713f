"""``kg peek``: what kg sees in a file of tables, before there is a mapping."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import settings, show
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.errors import ExitCode, UsageError
from kg.wording import counted, printable, width

if TYPE_CHECKING:
    from kg.peek import Column, Table

# Characters of an example that are shown.
_EXAMPLE = 24


def peek_command(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="CSV, TSV, JSON, YAML, Excel, Parquet, SQLite or DuckDB files, or the address of a"
            " database server; FILE#NAME for one sheet, table or member of an archive.",
        ),
    ],
    form: Annotated[
        str, typer.Option("-f", "--format", metavar="FORMAT", help="table or json.")
    ] = "table",
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
    timeout: TimeoutOption = None,
) -> int:
    """Show what kg sees in a file: columns, types, examples."""
    if form not in ("table", "json"):
        raise UsageError("unknown-format", f"there is no format {form}", hint="Take table or json.")
    limit(memory, timeout, threads)
    from kg.peek import peek

    with settings(context).status() as status:
        status("read")
        with peek(files, memory, threads) as found:
            tables = found.tables
    if form == "json":
        json.dump([_as_json(each) for each in tables], sys.stdout, ensure_ascii=False, indent=2)
        print()
        return ExitCode.DONE
    for number, table in enumerate(tables):
        if number:
            show("")
        _show(table)
    return ExitCode.DONE


def _show(table: Table) -> None:
    show(": ".join((_place(table), ", ".join(_facts(table)))))
    for note in table.notes:
        show(f"  {note}")
    rows = [("column", "type", "empty", "different", "for example")]
    rows += [_row(table, column) for column in table.columns]
    widths = [max(width(row[n]) for row in rows) for n in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [
            _padded(text, size, n in (2, 3))
            for n, (text, size) in enumerate(zip(row, widths, strict=False))
        ]
        show(f"  {'  '.join(cells)}  {row[-1]}".rstrip())
    for column in table.columns:
        for doubt in column.doubts:
            show(f"  {column.name}: {doubt}")


def _padded(text: str, size: int, is_number: bool) -> str:
    blanks = " " * (size - width(text))
    return blanks + text if is_number else text + blanks


def _place(table: Table) -> str:
    source = table.source
    where = f"{source.iterator}!{source.dialect.cells}".strip("!")
    return printable(source.path + (f" {where}" if where else ""))


def _facts(table: Table) -> list[str]:
    source, facts = table.source, [table.format_name]
    if table.format_name in ("CSV", "TSV"):
        mark = "a tab" if source.dialect.delimiter == "\t" else f'"{source.dialect.delimiter}"'
        where = f"header in line {table.header}" if table.header else "no header"
        facts += [source.encoding.upper(), f"delimiter {mark}", where]
    elif table.format_name == "Excel":
        facts.append(f"header in row {table.header}" if table.header else "no header")
    return [*facts, counted(table.rows, "record"), counted(len(table.columns), "column")]


def _row(table: Table, column: Column) -> tuple[str, str, str, str, str]:
    kind = column.kind.value + (f" ({_written(column)})" if column.written else "")
    if column.many:
        kind = f"list of {kind}"
    empty = "" if column.many else f"{table.rows - column.filled:,}"
    spelled = [text for text in column.nulls if text]
    if spelled and empty:
        empty += f" ({', '.join(spelled)})"
    distinct = "unique" if column.unique else f"{column.distinct:,}"
    return printable(column.name), kind, empty, distinct, _examples(column.examples)


def _written(column: Column) -> str:
    return column.pattern if column.written.value in ("pattern", "words") else column.written.value


def _examples(texts: Sequence[str]) -> str:
    cut = (text if len(text) <= _EXAMPLE else f"{text[: _EXAMPLE - 1]}…" for text in texts)
    return ", ".join(map(printable, cut))


def _as_json(table: Table) -> dict[str, object]:
    source = table.source
    return {
        "file": source.path,
        "folder": source.folder,
        "name": table.name,
        "format": table.format_name,
        "iterator": source.iterator,
        "range": source.dialect.cells or None,
        "encoding": source.encoding,
        "delimiter": source.dialect.delimiter if table.format_name in ("CSV", "TSV") else None,
        "header": table.header or None,
        "records": table.rows,
        "notes": list(table.notes),
        "columns": [
            {
                "name": column.name,
                "reference": column.reference,
                "type": column.kind.value,
                "written": column.written.value or None,
                "pattern": column.pattern or None,
                "list": column.many,
                "empty": None if column.many else table.rows - column.filled,
                "nulls": list(column.nulls),
                "different": column.distinct,
                "unique": column.unique,
                "longest": column.longest,
                "examples": list(column.examples),
                "notes": list(column.doubts),
            }
            for column in table.columns
        ],
    }
