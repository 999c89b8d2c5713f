"""How quads are written until they are sorted, and how they become a quad table.

Subjects travel in blocks (see `kg.engines.duckdb.order`), constant predicates and graphs as
numbers, so that the sort compares little. Blocks that come sorted are written one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

import duckdb

from kg.duck import only_row, read_parquet
from kg.engines.duckdb.order import SubjectOrder
from kg.engines.duckdb.program import Program, Stream
from kg.quads import QuadTable, copy_plain, copy_rows, sorted_rows, write_sorted
from kg.records import dataclass
from kg.sql import sql_text
from kg.terms import RDF_TYPE


@dataclass(frozen=True, slots=True)
class Codes:
    """How quads are written until they are sorted: columns b, s, p, o, g.

    Attributes:
        order: What b and s are.
        predicates: What the numbers in p stand for: terms, ``rdf:type`` first, the rest sorted;
            None if p holds terms.
        graphs: What the numbers in g stand for, sorted, -1 being the default graph; None if g
            holds terms.
    """

    order: SubjectOrder = field(default_factory=SubjectOrder)
    predicates: tuple[str, ...] | None = None
    graphs: tuple[str, ...] | None = None

    def encoded(self, select: str) -> str:
        """Return a query that writes the rows of a query for s, p, o, g this way."""
        block, rest = self.order.split("s")
        p, g = "p", "g"
        if self.predicates is not None and self.graphs is not None:
            p = f"list_position({_array(self.predicates)}, p) - 1"
            g = f"coalesce(list_position({_array(self.graphs)}, g) - 1, -1)"
        return f"SELECT {block} AS b, {rest} AS s, {p} AS p, o, {g} AS g FROM ({select})"

    def decoded(self, select: str, more: str = "") -> str:
        """Return a query for s, p, o, g of rows that are written this way.

        Args:
            select: A query for the rows.
            more: Further columns to have before these, each with a comma behind it.
        """
        p, g = "p", "g"
        if self.predicates is not None and self.graphs is not None:
            p = f"{_array(self.predicates)}[p + 1]"
            g = f"{_array(self.graphs)}[g + 1]"  # NULL for -1: lists start at 1
        subject = self.order.joined("b", "s")
        return f"SELECT {more}{subject} AS s, {p} AS p, o, {g} AS g FROM ({select})"

    @property
    def sort(self) -> str:
        """What to order by, so that the terms come in the order of the quad table."""
        p = "p" if self.predicates is not None else f"p <> '{RDF_TYPE}', p"
        return f"b, s, {p}, o, g NULLS FIRST"

    def sorted(self, select: str) -> str:
        """Return a query for s, p, o, g of rows written this way: sorted, each once."""
        return self.decoded(sorted_rows(select, "b, s, p, o, g", self.sort))


def write_coded(
    connection: duckdb.DuckDBPyConnection, select: str, target: Path, codes: Codes
) -> QuadTable:
    """Sort the rows of a query with the columns of `codes`, and write them as `write_table` does.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    return write_sorted(connection, codes.sorted(select), target)


def write_marked(
    connection: duckdb.DuckDBPyConnection, select: str, target: Path, codes: Codes
) -> QuadTable:
    """Write the rows of a query with the columns of `codes` and ``part``, in any order.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    copy_plain(connection, codes.decoded(select, "part, "), target)
    return QuadTable(target)


def write_parts(
    connection: duckdb.DuckDBPyConnection,
    select: str,
    folder: Path,
    codes: Codes,
    program: Program,
    streams: Sequence[Stream],
) -> QuadTable:
    """Write a quad table as a folder of files that follow one another.

    Args:
        connection: From `kg.duck.engine`.
        select: A query with the columns of `codes`, for rows in any order.
        folder: The folder to make.
        codes: How the rows are written.
        program: What the streams are of.
        streams: In ascending order of their blocks; `select` has no rows of these.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    folder.mkdir()
    found = connection.execute(f"SELECT DISTINCT b FROM ({select}) ORDER BY b").fetchall()
    loose = [row[0] for row in found]
    low = -1
    for number, stream in enumerate((*streams, None)):
        high = stream.block if stream else max(loose, default=low) + 1
        # One file for each: DuckDB 2.0 with one thread does not keep the order of UNION ALL.
        if any(low < b < high for b in loose) or (stream is None and number == 0):
            inside = f"SELECT * FROM ({select}) WHERE b > {low} AND b < {high}"
            copy_rows(connection, codes.sorted(inside), folder / f"{number:05}-0.parquet")
        if stream is not None:
            unordered = [program.rules[n].sql for n in stream.rules]
            _write_stream(connection, stream, unordered, codes, folder / f"{number:05}-1.parquet")
            low = stream.block
    return QuadTable(folder)


def _write_stream(
    connection: duckdb.DuckDBPyConnection,
    stream: Stream,
    unordered: Sequence[str],
    codes: Codes,
    target: Path,
) -> None:
    """Write a stream, or the same quads in any order where they do not come in order after all.

    A join keeps the order of the rows only while one thread works and its other side fits in
    memory, so the result is looked at.
    """
    rows = codes.decoded(stream.sql)
    if not stream.joins:
        copy_rows(connection, rows, target)
        return
    threads = only_row(connection.execute("SELECT current_setting('threads')"))
    connection.execute("SET threads = 1")
    copy_rows(connection, rows, target)
    disorder = connection.execute(
        "SELECT 1 FROM (SELECT s < lag(s) OVER () AS wrong FROM"
        f" {read_parquet(target)}) WHERE wrong LIMIT 1"
    ).fetchone()
    connection.execute(f"SET threads = {threads[0]}")
    if disorder:
        copy_rows(connection, codes.sorted(" UNION ALL ".join(unordered)), target)


def _array(terms: tuple[str, ...]) -> str:
    return f"CAST([{', '.join(sql_text(term) for term in terms)}] AS VARCHAR[])"
