"""Rules that are run together: those that make quads of the same rows, some at a time.

DuckDB needs time and memory to plan a query for each column of its tables. A query for each rule
of a wide table would cost the square of its width, and so would one query for all rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.program import Part, RuleSql

# Rules that one query holds.
MOST_TOGETHER: Final = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """A query that gives the quads of several rules.

    Attributes:
        sql: The query, with the columns of a rule.
        tables: Names of the source tables that are read.
    """

    sql: str
    tables: tuple[str, ...]


def rule_batches(rules: Sequence[RuleSql]) -> Iterator[Batch]:
    """Yield queries that together give the quads of rules; each rule is in one of them."""
    groups: dict[tuple[object, ...], list[RuleSql]] = {}
    for number, rule in enumerate(rules):
        rows = number if rule.part is None else (rule.part.rows, rule.part.block, rule.part.rest)
        groups.setdefault((rows, rule.tables), []).append(rule)
    for group in groups.values():
        for start in range(0, len(group), MOST_TOGETHER):
            some = group[start : start + MOST_TOGETHER]
            parts = [rule.part for rule in some if rule.part is not None]
            sql = some[0].sql if len(some) == 1 else _together(parts)
            yield Batch(sql, some[0].tables)


def _together(parts: Sequence[Part]) -> str:
    singles = [part.made for part in parts if not part.many]
    lists = ([array(singles)] if singles else []) + [part.made for part in parts if part.many]
    whole = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
    rows, block, rest = parts[0].rows, parts[0].block, parts[0].rest
    return (
        f"SELECT b, s, u.p AS p, u.o AS o, u.g AS g FROM (SELECT {block} AS b, {rest} AS s,"
        f" unnest({whole}) AS u FROM {rows} WHERE {rest} IS NOT NULL)"
        " WHERE u.o IS NOT NULL AND u.p IS NOT NULL"
    )
