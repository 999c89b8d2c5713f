"""The quad table: a Parquet file of the whole graph, and the only writer and reader of it.

Columns ``s``, ``p``, ``o``, ``g`` (text): terms in the form of `kg.terms`; ``g`` is NULL for the
default graph. Rows are distinct and sorted by subject, then ``rdf:type`` first, then predicate,
object and graph, so that every export is a scan. It can be read as COTTAS.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import read_parquet, sql_target, sql_text, translated
from kg.mapping.order import SubjectOrder
from kg.terms import RDF_TYPE

SORT: Final = f"s, p <> '{RDF_TYPE}', p, o, g NULLS FIRST"
# Small enough that a lookup by subject skips most of the file, large enough to compress well.
ROW_GROUP: Final = 61_440


@dataclass(frozen=True, slots=True)
class QuadTable:
    """A quad table on disk.

    Attributes:
        path: The Parquet file, or the folder of files that follow one another by name.
    """

    path: Path

    @property
    def sql(self) -> str:
        """The table as it stands in a FROM clause."""
        if self.path.is_dir():
            return read_parquet(*sorted(self.path.glob("*.parquet")))
        return read_parquet(self.path)

    def moved(self, connection: duckdb.DuckDBPyConnection, target: Path) -> QuadTable:
        """Make the table one file of another name; it is gone from its place then.

        Raises:
            WorldError: The disk failed.
        """
        if self.path.is_dir():
            copy_rows(connection, f"SELECT * FROM {self.sql}", target)
            shutil.rmtree(self.path)
        else:
            self.path.replace(target)
        return QuadTable(target)

    def count(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Return the number of quads."""
        return _integer(connection, f"SELECT count(*) FROM {self.sql}")

    def count_triples(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Return the number of distinct triples in the merge of all graphs."""
        return _integer(
            connection,
            "SELECT count(*) FROM (SELECT (s, p, o) IS DISTINCT FROM lag((s, p, o)) OVER () AS new"
            f" FROM {self.sql}) WHERE new",
        )

    def graphs(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str | None, int]]:
        """Return each graph (None for the default graph) with its number of triples, sorted."""
        return connection.execute(
            f"SELECT g, count(*) FROM {self.sql} GROUP BY g ORDER BY g NULLS FIRST"
        ).fetchall()


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

    def decoded(self, select: str) -> str:
        """Return a query for s, p, o, g of rows that are written this way."""
        p, g = "p", "g"
        if self.predicates is not None and self.graphs is not None:
            p = f"{_array(self.predicates)}[p + 1]"
            g = f"{_array(self.graphs)}[g + 1]"  # NULL for -1: lists start at 1
        subject = self.order.joined("b", "s")
        return f"SELECT {subject} AS s, {p} AS p, o, {g} AS g FROM ({select})"

    @property
    def sort(self) -> str:
        """What to order by, so that the terms come in the order of the quad table."""
        p = "p" if self.predicates is not None else f"p <> '{RDF_TYPE}', p"
        return f"b, s, {p}, o, g NULLS FIRST"


def write_table(
    connection: duckdb.DuckDBPyConnection, select: str, target: Path, codes: Codes | None = None
) -> QuadTable:
    """Sort rows, drop those that stand twice, and write a quad table.

    Args:
        connection: From `kg.duck.engine`.
        select: A query with the columns s, p, o, g, or those of `codes`.
        target: The file to write; replaced in one step.
        codes: How the rows are written.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    rows = _sorted(select, codes)
    part = target.with_name(target.name + ".part")
    copy_rows(connection, codes.decoded(rows) if codes else rows, part)
    part.replace(target)
    return QuadTable(target)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A query that gives all rows of one block, sorted and distinct.

    Attributes:
        block: Number of the block.
        sql: The query, with the columns of `Codes`.
        unordered: Queries that give the same rows in any order.
        joins: Whether the query has a join. A join keeps the order of the rows only while one
            thread works and its other side fits in memory, so the result is looked at.
    """

    block: int
    sql: str
    unordered: tuple[str, ...]
    joins: bool


def write_parts(
    connection: duckdb.DuckDBPyConnection,
    select: str,
    folder: Path,
    codes: Codes,
    streams: Sequence[Ordered],
) -> QuadTable:
    """Write a quad table as a folder of files that follow one another.

    Args:
        connection: From `kg.duck.engine`.
        select: A query with the columns of `codes`, for rows in any order.
        folder: The folder to make.
        codes: How the rows are written.
        streams: Blocks in ascending order; `select` has no rows of theirs.

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
            rows = codes.decoded(_sorted(inside, codes))
            copy_rows(connection, rows, folder / f"{number:05}-0.parquet")
        if stream is not None:
            _write_stream(connection, stream, codes, folder / f"{number:05}-1.parquet")
            low = stream.block
    return QuadTable(folder)


def _write_stream(
    connection: duckdb.DuckDBPyConnection, stream: Ordered, codes: Codes, target: Path
) -> None:
    rows = codes.decoded(stream.sql)
    if not stream.joins:
        copy_rows(connection, rows, target)
        return
    threads = connection.execute("SELECT current_setting('threads')").fetchone()
    assert threads is not None
    connection.execute("SET threads = 1")
    copy_rows(connection, rows, target)
    disorder = connection.execute(
        "SELECT 1 FROM (SELECT s < lag(s) OVER () AS wrong FROM"
        f" {read_parquet(target)}) WHERE wrong LIMIT 1"
    ).fetchone()
    connection.execute(f"SET threads = {threads[0]}")
    if disorder:
        unordered = " UNION ALL ".join(stream.unordered)
        copy_rows(connection, codes.decoded(_sorted(unordered, codes)), target)


def copy_rows(
    connection: duckdb.DuckDBPyConnection, rows: str, target: Path, index: str | None = None
) -> int:
    """Write rows that are sorted and distinct as the file of a quad table; return their number.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g.
        target: The file to write, in place.
        index: What COTTAS calls the order of the rows, such as ``spo``; written into the file.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    noted = "" if index is None else f", KV_METADATA {{index: {sql_text(index)}}}"
    with translated():
        row = connection.execute(
            f"COPY ({rows}) TO {sql_target(target)} (FORMAT parquet, COMPRESSION zstd,"
            f" ROW_GROUP_SIZE {ROW_GROUP}, USE_TMP_FILE false{noted})"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _sorted(select: str, codes: Codes | None) -> str:
    """Return a query for the rows of a query, sorted, each once."""
    columns = "s, p, o, g" if codes is None else "b, s, p, o, g"
    # The rows are compared with the one before them as they stream out of the sort: a DISTINCT
    # would hold all of them in a hash table first.
    fresh = " OR ".join(
        f"{name} IS DISTINCT FROM lag({name}) OVER ()" for name in columns.split(", ")
    )
    sort = SORT if codes is None else codes.sort
    rows = f"SELECT {columns} FROM ({select}) ORDER BY {sort}"
    return f"SELECT {columns} FROM (SELECT *, {fresh} AS fresh FROM ({rows})) WHERE fresh"


def _array(terms: tuple[str, ...]) -> str:
    return f"CAST([{', '.join(sql_text(term) for term in terms)}] AS VARCHAR[])"


def write_index_files(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, folder: Path
) -> list[tuple[Path, int]]:
    """Write the N-Quads files that a SPARQL index is loaded from, with their numbers of lines.

    The first holds each triple once, in the default graph: SPARQL's merge of all graphs. The
    second holds what lies in named graphs.

    Raises:
        WorldError: The disk failed.
    """
    fresh = " OR ".join(f"{name} IS DISTINCT FROM lag({name}) OVER ()" for name in "spo")
    merged = f"SELECT s, p, o FROM (SELECT *, {fresh} AS fresh FROM {table.sql}) WHERE fresh"
    parts = {
        "merged.nq": f"SELECT s || ' ' || p || ' ' || o || ' .' FROM ({merged})",
        "named.nq": f"SELECT s || ' ' || p || ' ' || o || ' ' || g || ' .' FROM {table.sql}"
        " WHERE g IS NOT NULL",
    }
    return [
        (folder / name, copy_lines(connection, sql, folder / name)) for name, sql in parts.items()
    ]


def copy_lines(connection: duckdb.DuckDBPyConnection, select: str, target: Path) -> int:
    """Write the one text column of a query to a file, a line a row; return the number of rows.

    Raises:
        WorldError: The disk failed.
    """
    with translated():
        row = connection.execute(
            f"COPY ({select}) TO {sql_target(target)} (FORMAT csv, HEADER false, QUOTE '',"
            " ESCAPE '', DELIMITER '\x01', USE_TMP_FILE false)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def spooled(path: Path) -> str:
    """Return a query for the columns s, p, o, g of a file that `kg.rdf.spool_rdf` wrote."""
    return f"SELECT s, p, o, g FROM {read_parquet(path)}"


def _integer(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
