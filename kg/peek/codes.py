"""Codes that look like numbers, and would be others if they were read as such."""

from __future__ import annotations

import re
from typing import Final

import duckdb

from kg.duck import only_row
from kg.peek.model import Kind, Written

# Digits of the longest number that each program reckons with.
_LONGEST: Final = 18
# With a sign, numbers of telephones are so long.
_TELEPHONE: Final = 8
_VERSION: Final = re.compile(r"(.*[ _.-])?(version|release)s?([ _.-].*)?", re.IGNORECASE)


def why_text(
    connection: duckdb.DuckDBPyConnection, table: str, kind: Kind, written: Written, name: str
) -> tuple[str, ...] | None:
    """Return what is told of texts that look like numbers but are codes; None if they are none.

    Args:
        connection: Where the values are.
        table: Has the different values, as ``v``.
        kind: What the values look like.
        written: How they are written.
        name: The name of the column.
    """
    if written is not Written.PLAIN or not kind.is_number:
        return None
    if kind is Kind.DECIMAL:
        return () if _VERSION.fullmatch(name.strip()) else None
    digits = "regexp_full_match(v, '[-+]?[0-9]+')"
    long = f"{digits} AND length(ltrim(v, '+-')) > {_LONGEST}"
    first, are_signed, has_plain_powers = only_row(
        connection.execute(
            f"SELECT min(v) FILTER ({long}),"
            f" bool_and(v LIKE '+%' AND length(v) > {_TELEPHONE}),"
            f" bool_and({digits} OR regexp_full_match(v, '[0-9]+[eE][0-9]+')) FROM {table}"
        )
    )
    if kind is Kind.INTEGER and first is not None:
        return (f"{first} is too long to reckon with, so it stays a text",)
    if kind is Kind.INTEGER and are_signed:
        return ()
    if kind is Kind.DOUBLE and has_plain_powers:
        return ("numbers such as 1e5 without a sign or point look like codes, so they stay texts",)
    return None
