"""Compares sorted tables range by range, so that no hash table contains a whole graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.diff.sides import Side
from kg.duck import lines_sql, sql_text
from kg.errors import LimitError
from kg.quads import copy_lines
from kg.rdf.canonical import canonicalise
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


# --- Compares statements with blank nodes, by the canonical form of connected components ----------


# Statements with blank nodes on one side that fit into the child's memory.
MOST_BLANK: Final = 500_000


def compare_blank(
    connection: duckdb.DuckDBPyConnection,
    old: str,
    new: str,
    folder: Path,
    *,
    timeout: float | None = None,
    memory: str | None = None,
) -> str | None:
    """Compare the rows with blank nodes of two sides.

    A part is a set of statements connected by blank nodes. If one side has more copies of a part,
    all its statements differ. Labels in the result are made of the digest of the part, so that
    they do not depend on the labels in the files.

    Args:
        connection: From `kg.duck.engine`.
        old: A query for the rows of one side.
        new: The same for the other.
        folder: Folder for intermediate files.
        timeout: Seconds that a side may take.
        memory: Memory limit of the child process.

    Returns:
        A query with the columns sign, s, p, o, g, part (the digest), copy, copies (how many the
        old side has); None if no side has blank nodes.

    Raises:
        LimitError: There are too many, or the limit on time or memory was reached.
        WorldError: The disk failed.
    """
    sides = []
    for name, rows in (("old", old), ("new", new)):
        lines, done = folder / f"{name}.nq", folder / f"{name}.tsv"
        statement = "concat_ws(' ', s, p, o, g, '.')"
        select = f"SELECT {statement} FROM ({rows}) WHERE {HAS_BLANK} LIMIT {MOST_BLANK + 1}"
        count = copy_lines(connection, select, lines)
        if count > MOST_BLANK:
            raise LimitError(
                "blank-node-limit",
                f"more than {MOST_BLANK:,} statements have blank nodes",
                hint="Compare exports made with `kg export --skolemize`.",
            )
        if count:
            canonicalise(
                lines,
                done,
                parts=True,
                timeout=timeout or None,
                memory=memory,
                code="blank-node-limit",
                advice="Compare exports made with `kg export --skolemize`",
            )
        else:
            done.touch()
        sides.append(done)
    if not any(done.stat().st_size for done in sides):
        return None
    return _differing(connection, *sides)


def _differing(connection: duckdb.DuckDBPyConnection, old: Path, new: Path) -> str:
    for name, path in (("old", old), ("new", new)):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE blank_{name} AS {_read(path)}")
    counts = " FULL JOIN ".join(
        f"(SELECT part, max(copy) AS {name} FROM blank_{name} GROUP BY part) AS of_{name}"
        for name in ("old", "new")
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE blank_parts AS SELECT part, coalesce(old, 0) AS old,"
        f" coalesce(new, 0) AS new FROM {counts} USING (part)"
    )
    labelled = ", ".join(_labelled(name) for name in "sog")
    return " UNION ALL ".join(
        f"SELECT '{sign}' AS sign, p, {labelled}, part, copy, old AS copies FROM blank_{mine}"
        f" JOIN blank_parts USING (part) WHERE copy > {other}"
        for sign, mine, other in (("-", "old", "new"), ("+", "new", "old"))
    )


def _labelled(name: str) -> str:
    """Return SQL for a term with the part and copy in its label: ``_:b3f2…n0``, ``_:b3f2…x2n0``."""
    copy = "CASE WHEN copy = 1 THEN '' ELSE concat('x', copy) END"
    number = f"substr({name}, length('_:c14n') + 1)"
    return (
        f"CASE WHEN starts_with({name}, '_:') THEN concat('_:b', left(part, 16), {copy}, 'n',"
        f" {number}) ELSE {name} END AS {name}"
    )


def _read(path: Path) -> str:
    """Return a query for part, copy, s, p, o, g of a file of canonical statements."""
    fields = (
        "SELECT split_part(line, e'\\t', 1) AS part, split_part(line, e'\\t', 2)::INTEGER AS copy,"
        r" regexp_extract(line, '^[^\t]*\t[^\t]*\t[^\t]*\t(.*) \.$', 1) AS rest"
        f" FROM {lines_sql(path)}"
    )
    # Subject and predicate contain no space; a graph follows the last quote of a literal.
    pattern = r"""^(\S+) (\S+) ("(?:[^"\\]|\\.)*"\S*|\S+)(?: (\S+))?$"""
    parts = ", ".join(
        f"regexp_extract(rest, {sql_text(pattern)}, {place}) AS {name}"
        for place, name in ((1, "s"), (2, "p"), (3, "o"))
    )
    graph = f"nullif(regexp_extract(rest, {sql_text(pattern)}, 4), '') AS g"
    return f"SELECT part, copy, {parts}, {graph} FROM ({fields})"
