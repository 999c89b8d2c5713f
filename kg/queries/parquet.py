"""Answers as Parquet, with a type for each column; they are spooled to the disk, not held.

A column whose terms are all of one kind gets its type, as `kg.queries.frames` says; integers among
decimals become decimals. Every other column is text.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Final

from kg.duck import Connection, engine, only_row, sql_file, sql_name, sql_text, translated
from kg.queries.engine import Row, Term
from kg.queries.frames import kind_of
from kg.temporary import temporary_folder
from kg.terms import split_literal, text_of

_MEMORY: Final = "1GB"
# Digits of the widest decimal of DuckDB, and the bytes of its buffer for rows.
_DIGITS: Final = 38
_SMALLEST: Final = 1 << 20
_ZONE: Final = r"(Z|[+-]\d\d:\d\d)$"


def write_parquet(columns: Sequence[str], rows: Iterable[Row], out: IO[bytes]) -> int:
    """Write rows as a Parquet file, and return their number.

    Args:
        columns: Their names.
        rows: A term for each column, None where it is unbound.
        out: Where the file goes.

    Raises:
        WorldError: The disk failed.
    """
    with temporary_folder("answer") as folder:
        spooled, target = Path(folder) / "rows.jsonl", Path(folder) / "answer.parquet"
        kinds: list[set[str]] = [set() for _ in columns]
        count, longest = _spool(rows, spooled, kinds)
        with engine(Path(folder), _MEMORY) as connection, translated():
            scan = (
                f"read_json({sql_file(spooled)}, format = 'newline_delimited',"
                " columns = {'row': 'VARCHAR[]'}, records = false,"
                f" maximum_object_size = {max(_SMALLEST, 4 * longest)})"
            )
            shown = [
                f"{_typed(connection, scan, f'row[{n}]', kind)} AS {sql_name(name)}"
                for n, (name, kind) in enumerate(zip(columns, kinds, strict=True), 1)
            ]
            listed = ", ".join(shown) or "1 AS nothing"
            connection.execute(
                f"COPY (SELECT {listed} FROM {scan}) TO {sql_text(str(target))}"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
        with target.open("rb") as made:
            shutil.copyfileobj(made, out)
    return count


def _spool(rows: Iterable[Row], target: Path, kinds: Sequence[set[str]]) -> tuple[int, int]:
    """Write the texts of rows to a file, and note the kinds of their terms.

    Returns:
        The number of rows, and the characters of the longest.
    """
    count = longest = 0
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with target.open("w", encoding="utf-8", errors="surrogatepass") as spool:
        for count, row in enumerate(rows, 1):  # noqa: B007  (the last one is the answer)
            for found, term in zip(kinds, row, strict=True):
                if term is not None:
                    found.add(kind_of(term))
            line = encode([None if term is None else _text(term) for term in row])
            longest = max(longest, len(line))
            spool.write(f"{line}\n")
    return count, longest


def _text(term: Term) -> str:
    if term.startswith('"'):
        return split_literal(term).lexical
    return term if term.startswith(("_:", "<<(")) else text_of(term)


def _typed(connection: Connection, scan: str, value: str, kinds: set[str]) -> str:
    """Return the SQL of a column in the type that all of its values have."""
    wanted = {"decimal"} if kinds == {"integer", "decimal"} else kinds
    for kind in wanted if len(wanted) == 1 else ():
        for made in _casts(connection, scan, value, kind):
            test = f"{value} IS NOT NULL AND ({made}) IS NULL"
            query = f"SELECT count(*) FROM {scan} WHERE {test}"
            if only_row(connection.execute(query))[0] == 0:
                return made
    return value


def _casts(connection: Connection, scan: str, value: str, kind: str) -> list[str]:
    """Return the SQL that gives a value in a type, NULL where that cannot hold it; best first."""
    if kind == "integer":
        return [f"TRY_CAST({value} AS BIGINT)", f"TRY_CAST({value} AS DECIMAL({_DIGITS}, 0))"]
    if kind == "decimal":
        fraction = f"length(rtrim(split_part({value}, '.', 2), '0'))"
        whole = f"length(ltrim(split_part({value}, '.', 1), '-+0'))"
        query = f"SELECT coalesce(max({whole}), 0), coalesce(max({fraction}), 0) FROM {scan}"
        before, behind = only_row(connection.execute(query))
        fits = before + behind <= _DIGITS
        return [f"TRY_CAST({value} AS DECIMAL({_DIGITS}, {behind}))"] if fits else []
    if kind == "double":
        plain = f"replace(replace({value}, 'INF', 'Infinity'), '+', '')"
        return [f"TRY_CAST({plain} AS DOUBLE)"]
    if kind == "boolean":
        return [
            f"CASE WHEN {value} IN ('true', '1') THEN true"
            f" WHEN {value} IN ('false', '0') THEN false END"
        ]
    has_zone = f"regexp_matches({value}, {sql_text(_ZONE)})"
    if kind == "date":
        return [f"CASE WHEN NOT {has_zone} THEN TRY_CAST({value} AS DATE) END"]
    if kind == "instant":
        return [
            f"CASE WHEN NOT {has_zone} THEN TRY_CAST({value} AS TIMESTAMP) END",
            f"CASE WHEN {has_zone} THEN TRY_CAST({value} AS TIMESTAMPTZ) END",
        ]
    return []
