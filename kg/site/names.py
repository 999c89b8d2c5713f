"""The names of a site, for its search: files by the first letters of words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from kg.duck import Connection
from kg.site.addresses import entity_path
from kg.site.folder import Folder
from kg.terms import text_of

# Letters of a word that its file is named by, and names in one file.
_LETTERS: Final = 3
_MOST: Final = 3_000
_FETCHED: Final = 10_000
_SQL: Final = rf"""
WITH named AS (
  SELECT t, coalesce(label, '') AS label, regexp_extract(t, '([^/#:]*)[/#]?>$', 1) AS tail
  FROM kg_pages LEFT JOIN kg_labels USING (t)
), words AS (
  SELECT DISTINCT t, label, tail, array_to_string(list_slice(
    string_split(word, ''), 1, {_LETTERS}), '') AS first
  FROM named,
    unnest(regexp_split_to_array(lower(label || ' ' || tail), '[^\p{{L}}\p{{N}}]+')) w(word)
  WHERE word <> ''
)
SELECT first, t, label, tail FROM words
QUALIFY row_number() OVER (
  PARTITION BY first ORDER BY label = '', length(label), label, t
) <= {_MOST + 1}
ORDER BY first, label = '', length(label), label, t
"""


def write_names(connection: Connection, base: str, folder: Folder) -> None:
    """Write the files of names.

    Args:
        connection: With the tables of `kg.site.tables.prepare`.
        base: The base IRI of the workspace.
        folder: The folder of the site.
    """
    for first, rows in groupby(_rows(connection), key=lambda row: row[0]):
        listed = [_entry(term, label, tail, base) for _, term, label, tail in rows]
        left = "true" if len(listed) > _MOST else "false"
        name = "-".join(f"{ord(letter):x}" for letter in first)
        text = f"kgNames({json.dumps(listed[:_MOST], separators=(',', ':'))},{left});\n"
        folder.put(f"search/{name}.js", text.encode("ascii"))


def _entry(term: str, label: str, tail: str, base: str) -> list[str]:
    text = text_of(label) if label else ""
    shown = text if tail.lower() in text.lower() else f"{text} ({tail})" if text else tail
    return [shown, f"{entity_path(term[1:-1], base)}.html"]


def _rows(connection: Connection) -> Iterator[tuple[str, str, str, str]]:
    found = connection.execute(_SQL)
    while rows := found.fetchmany(_FETCHED):
        yield from rows
