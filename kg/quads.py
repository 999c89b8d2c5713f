"""The quad table: a Parquet file of the whole graph, and the only writer and reader of it.

Columns ``s``, ``p``, ``o``, ``g`` (text): terms in the form of `kg.terms`; ``g`` is NULL for the
default graph. Rows are distinct and sorted by subject, then ``rdf:type`` first, then predicate,
object and graph, so that every export is a scan. It can be read as COTTAS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import sql_text, translated
from kg.mapping.order import SubjectOrder
from kg.terms import RDF_TYPE

SORT: Final = f"s, p <> '{RDF_TYPE}', p, o, g NULLS FIRST"
# Small enough that a lookup by subject skips most of the file, large enough to compress well.
ROW_GROUP: Final = 61_440


@dataclass(frozen=True, slots=True)
class QuadTable:
    """A quad table on disk.

    Attributes:
        path: The Parquet file.
    """

    path: Path

    @property
    def sql(self) -> str:
        """The table as it stands in a FROM clause."""
        return f"read_parquet({sql_text(str(self.path))})"

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
        graphs: What the numbers in g stand for, sorted; None if g holds terms.
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
            g = f"list_position({_array(self.graphs)}, g) - 1"
        return f"SELECT {block} AS b, {rest} AS s, {p} AS p, o, {g} AS g FROM ({select})"

    def decoded(self, select: str) -> str:
        """Return a query for s, p, o, g of rows that are written this way."""
        p, g = "p", "g"
        if self.predicates is not None and self.graphs is not None:
            p = f"{_array(self.predicates)}[p + 1]"
            g = f"{_array(self.graphs)}[g + 1]"
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
    columns = "s, p, o, g" if codes is None else "b, s, p, o, g"
    # The rows are compared with the one before them as they stream out of the sort: a DISTINCT
    # would hold all of them in a hash table first.
    fresh = " OR ".join(
        f"{name} IS DISTINCT FROM lag({name}) OVER ()" for name in columns.split(", ")
    )
    sort = SORT if codes is None else codes.sort
    rows = f"SELECT {columns} FROM ({select}) ORDER BY {sort}"
    rows = f"SELECT {columns} FROM (SELECT *, {fresh} AS fresh FROM ({rows})) WHERE fresh"
    if codes is not None:
        rows = codes.decoded(rows)
    part = target.with_name(target.name + ".part")
    copy_rows(connection, rows, part)
    part.replace(target)
    return QuadTable(target)


def copy_rows(connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> int:
    """Write rows that are sorted and distinct as the file of a quad table; return their number.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    with translated():
        row = connection.execute(
            f"COPY ({rows}) TO {sql_text(str(target))} (FORMAT parquet, COMPRESSION zstd,"
            f" ROW_GROUP_SIZE {ROW_GROUP}, USE_TMP_FILE false)"
        ).fetchone()
    assert row is not None
    return int(row[0])


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
            f"COPY ({select}) TO {sql_text(str(target))} (FORMAT csv, HEADER false, QUOTE '',"
            " ESCAPE '', DELIMITER '\x01', USE_TMP_FILE false)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def spooled(path: Path) -> str:
    """Return a query for the columns s, p, o, g of a file that `kg.rdf.spool_rdf` wrote."""
    return f"SELECT s, p, o, g FROM read_parquet({sql_text(str(path))})"


def _integer(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
