"""Texts and names as SQL writes them."""

from __future__ import annotations


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
