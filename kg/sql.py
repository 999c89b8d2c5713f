"""Texts and names as SQL writes them, and conditions on columns that hold terms."""

from __future__ import annotations

from typing import Final

# Whether a row s, p, o, g has a blank node. No other term sorts behind `_`.
HAS_BLANK: Final = "(s >= '_' OR o >= '_' OR coalesce(g >= '_', false))"


def some_blank(rows: str, columns: str = "sog") -> str:
    """Return a query for a row with a blank node, if there is one.

    Each column is asked for itself: then statistics of files and row groups answer for those that
    have none, without a scan.

    Args:
        rows: A query with the columns s, p, o, g.
        columns: The names of those to look at.
    """
    return " UNION ALL ".join(
        f"(SELECT s, p, o, g FROM ({rows}) WHERE {column} >= '_' LIMIT 1)" for column in columns
    )


def sql_text(value: str) -> str:
    """Return the text as an SQL string literal.

    >>> sql_text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def sql_name(value: str) -> str:
    """Return the text as a quoted SQL identifier.

    >>> sql_name('a"b')
    '"a""b"'
    """
    return '"' + value.replace('"', '""') + '"'


def is_iri(column: str) -> str:
    """Return the condition that a column holds an IRI, or a triple term."""
    return f"starts_with({column}, '<')"


def is_blank(column: str) -> str:
    """Return the condition that a column holds a blank node."""
    return f"starts_with({column}, '_')"


def is_literal(column: str) -> str:
    """Return the condition that a column holds a literal."""
    return f"starts_with({column}, '\"')"
