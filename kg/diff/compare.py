"""Compares sorted tables range by range, so that no hash table contains a whole graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.diff.sides import Side
from kg.duck import sql_text
from kg.sql import HAS_BLANK

if TYPE_CHECKING:
    import duckdb

# Rows of a side in one range: about 200 MB as a hash table of terms.
RANGE: Final = 500_000


def rows_of(side: Side, *, merged: bool) -> str:
    """Return a query for the rows of a side to compare, with the columns s, p, o, g.

    Args:
        side: The side.
        merged: Whether to ignore graphs and put all rows into the default graph.
    """
    condition = "true"
    if side.left_out is not None:
        condition = f"g IS DISTINCT FROM {sql_text(side.left_out)}"
    graph = "NULL::VARCHAR AS g" if merged else "g"
    distinct = "DISTINCT " if merged else ""
    # The DISTINCT covers one range only, because callers add a condition on s.
    return f"SELECT {distinct}s, p, o, {graph} FROM {side.table.sql} WHERE {condition}"


def compare_ground(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, cuts: Sequence[str], folder: Path
) -> None:
    """Write the differing rows without blank nodes to files in a folder.

    Args:
        connection: From `kg.duck.engine`.
        old: A query for the rows of one side, from `rows_of`.
        new: The same for the other.
        cuts: Subjects at which ranges begin, sorted.
        folder: Gets Parquet files with the columns sign (``-`` or ``+``), s, p, o, g.
    """
    for number, within in enumerate(_ranges(cuts)):
        inside = f"WHERE {within} AND NOT {HAS_BLANK}"
        left = f"SELECT s, p, o, g FROM ({old}) {inside}"
        right = f"SELECT s, p, o, g FROM ({new}) {inside}"
        union = (
            f"SELECT '-' AS sign, * FROM (({left}) EXCEPT ({right})) UNION ALL"
            f" SELECT '+' AS sign, * FROM (({right}) EXCEPT ({left}))"
        )
        target = sql_text(str(folder / f"{number:06}.parquet"))
        connection.execute(f"COPY ({union}) TO {target} (FORMAT parquet)")


def cuts_of(connection: duckdb.DuckDBPyConnection, sides: Sequence[Side]) -> list[str]:
    """Return the subjects that cut the tables into ranges of about `RANGE` rows."""
    found: set[str] = set()
    for side in sides:
        found.update(
            row[0]
            for row in connection.execute(
                f"SELECT s FROM (SELECT s, row_number() OVER () AS n FROM {side.table.sql})"
                f" WHERE n % {RANGE} = 0"
            ).fetchall()
        )
    # Two similar tables give nearly the same cuts, so every other one is enough.
    return sorted(found)[:: len(sides)]


def _ranges(cuts: Sequence[str]) -> Iterator[str]:
    bounds = [None, *cuts, None]
    for low, high in pairwise(bounds):
        parts = []
        if low is not None:
            parts.append(f"s >= {sql_text(low)}")
        if high is not None:
            parts.append(f"s < {sql_text(high)}")
        yield " AND ".join(parts) or "true"
