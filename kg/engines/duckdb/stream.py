"""The quads of a block of subjects, in the order of the quad table, straight from sorted records.

Where each record has a subject of its own and the records are sorted by it, the quads of a record
only have to come in order of predicate, object and graph: most of that order is known when the
mapping is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.term_sql import TermSql


@dataclass(frozen=True, slots=True)
class Entry:
    """What one rule adds to the quads of a record.

    Attributes:
        table: The source table.
        column: The computed column with the rest of the subject.
        predicate: Number of the predicate.
        object: The object, or a list of objects.
        graph: Number of the graph.
        condition: Which records have it; empty: all.
    """

    table: str
    column: str
    predicate: int
    object: TermSql
    graph: int
    condition: str


def stream_sql(block: int, entries: Sequence[Entry]) -> str:
    """Return a query for b, s, p, o, g over the entries of one table and column."""
    ordered = sorted(entries, key=lambda entry: entry.predicate)
    parts: list[str] = []
    singles: list[str] = []
    for _, group in groupby(ordered, key=lambda entry: entry.predicate):
        same = list(group)
        if len(same) == 1 and not same[0].object.many:
            singles.append(_struct(same[0], _when(same[0])))
            continue
        if singles:
            parts.append(array(singles))
            singles = []
        parts.append(_sorted(same))
    if singles:
        parts.append(array(singles))
    listed = parts[0] if len(parts) == 1 else f"flatten({array(parts)})"
    table, column = entries[0].table, entries[0].column
    return (
        f"SELECT b, s, u.p AS p, u.o AS o, u.g AS g FROM (SELECT {block}::INTEGER AS b,"
        f" {column} AS s, unnest({listed}) AS u FROM {table} WHERE {column} IS NOT NULL)"
        " WHERE u.o IS NOT NULL"
    )


def _sorted(entries: Sequence[Entry]) -> str:
    """Return the list of several values of one predicate, sorted, each once."""
    lists = [
        f"list_transform({_when(entry)}, lambda x: {_struct(entry, 'x')})"
        if entry.object.many
        else array([_struct(entry, _when(entry))])
        for entry in entries
    ]
    whole = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
    kept = f"list_filter(coalesce({whole}, []), lambda e: e.o IS NOT NULL)"
    return f"list_sort(list_distinct({kept}))"


def _when(entry: Entry) -> str:
    if not entry.condition:
        return entry.object.sql
    return f"CASE WHEN {entry.condition} THEN {entry.object.sql} END"


def _struct(entry: Entry, value: str) -> str:
    return f"{{'p': {entry.predicate}::INTEGER, 'o': {value}, 'g': {entry.graph}::INTEGER}}"
