"""Conditions on texts in the SQL of DuckDB: see `kg.engines.sql.datatypes`."""

from __future__ import annotations

from kg.sql import sql_text


def fits(value: str, pattern: str) -> str:
    """Return the condition that a whole text fits a pattern."""
    return f"regexp_full_match({value}, {sql_text(pattern)})"


def matches(value: str, pattern: str) -> str:
    """Return the condition that a part of a text fits a pattern."""
    return f"regexp_matches({value}, {sql_text(pattern)})"


def out_of_range(value: str, low: int, high: int) -> str:
    """Return the condition that a text is no integer between two."""
    number = f"TRY_CAST({value} AS HUGEINT)"
    return f"coalesce({number} NOT BETWEEN {low}::HUGEINT AND {high}::HUGEINT, true)"


def plain_date(value: str) -> str:
    """Return a condition that only dates hold that are there.

    Most dates are of the plain form, which is quicker to read than patterns are to match.
    """
    return f"length({value}) = 10 AND TRY_CAST({value} AS DATE)::VARCHAR = {value}"
