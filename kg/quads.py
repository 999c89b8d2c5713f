"""Writes and reads the quad table: the whole graph as Parquet.

Columns ``s``, ``p``, ``o``, ``g`` (text): terms in the form of `kg.terms`; ``g`` is NULL for the
default graph. Rows are distinct and sorted by subject, then ``rdf:type`` first, then predicate,
object and graph, so that every export is a scan. The file can be read as COTTAS.

The table of a large graph is a folder of such files, its parts, which follow one another in order
of name. It is cut at the subjects whose MD5 is smallest, so at places that only its content tells:
a changed row makes one part new, and leaves the bytes of the others. Tables that other engines
have written as files in that order (``part-*.parquet``) are read the same way.
"""

from __future__ import annotations

import shutil
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import only_row, read_parquet, sql_target, sql_text, translated
from kg.files import link
from kg.paths import find_files, plain_path
from kg.sizes import is_large
from kg.terms import RDF_TYPE

SORT: Final = f"s, p <> '{RDF_TYPE}', p, o, g NULLS FIRST"
# Rows: few enough that a lookup by subject skips most of the file, enough to compress well.
ROW_GROUP: Final = 61_440
# Parts of the table of a large graph.
PARTS: Final = 64
# Subjects whose rows differ that are held in a table: writing and reading small files takes longer.
_MOST_HELD: Final = 20_000
_NOTHING: Final = (
    "(SELECT NULL::VARCHAR AS s, NULL::VARCHAR AS p, NULL::VARCHAR AS o, NULL::VARCHAR AS g"
    " WHERE false)"
)


@dataclass(frozen=True, slots=True)
class QuadTable:
    """A quad table on disk.

    Attributes:
        path: The Parquet file, or a folder of files that make up the table in order of name.
        without: Names of files that are left out.
        held: Name of a table of DuckDB that has the rows; empty: files have them.
    """

    path: Path
    without: frozenset[str] = frozenset()
    held: str = ""

    @property
    def files(self) -> list[Path]:
        """The files of the table, in their order."""
        if not self.path.is_dir():
            found: tuple[Path, ...] = (self.path,)
        else:
            found = find_files(self.path, lambda name: name.endswith(".parquet"), deep=False)
        return [file for file in found if file.name not in self.without]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.files)

    @property
    def sql(self) -> str:
        """The table for a FROM clause."""
        if self.held:
            return self.held
        files = self.files
        return read_parquet(*files) if files else _NOTHING

    def moved(
        self, connection: duckdb.DuckDBPyConnection, target: Path, before: QuadTable | None = None
    ) -> QuadTable:
        """Move the table to where a build has it, unless it is there, and return it.

        Args:
            connection: From `kg.duck.engine`.
            target: The file of a small graph; a large one becomes a folder of parts, with its name
                but for the suffix.
            before: A table in parts: a part with the same rows becomes a second name of its file.

        Raises:
            WorldError: The disk failed.
            LimitError: The memory limit was reached.
        """
        if self.path == target:
            return self
        quads = self.count(connection)
        if is_large(quads):
            target = target.with_suffix("")
            _write_parts(connection, self, target, before)
        elif self.path.is_dir() or quads > ROW_GROUP:
            copy_rows(connection, _again_sorted(f"SELECT * FROM {self.sql}"), target)
        else:
            self.path.replace(target)
            return QuadTable(target)
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()
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


def _write_parts(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, folder: Path, before: QuadTable | None
) -> None:
    """Write a table as a folder of parts, as `QuadTable.moved` says."""
    folder.mkdir()
    first = f"SELECT s FROM (SELECT s, lag(s) OVER () AS before FROM {table.sql})"
    with translated():
        cuts = connection.execute(
            f"SELECT s FROM ({first} WHERE s IS DISTINCT FROM before ORDER BY md5(s), s"
            f" LIMIT {PARTS - 1}) ORDER BY s"
        ).fetchall()
    known = {} if before is None else _firsts(connection, before)
    bounds = [None, *(cut for (cut,) in cuts), None]
    for number, (low, high) in enumerate(pairwise(bounds)):
        rows = f"SELECT s, p, o, g FROM {table.sql} WHERE {_within(low, high)}"
        target, kept = folder / f"{number:02}.parquet", known.get(low)
        if kept is not None and _are_the_same(connection, rows, kept):
            link(kept, target)
        else:
            copy_rows(connection, _again_sorted(rows), target)


def change_parts(
    connection: duckdb.DuckDBPyConnection,
    before: QuadTable,
    folder: Path,
    subjects: str,
    old: str,
    new: str,
) -> QuadTable | None:
    """Write a table in parts of which the rows of some subjects are others: the parts of these.

    Args:
        connection: From `kg.duck.engine`.
        before: The table before, in parts.
        folder: The folder to make; the parts that stay become second names of their files.
        subjects: Name of a table of the subjects, column s.
        old: Name of a table of their rows in the table before, as `rows_of` makes it.
        new: Name of a table of their rows, each once.

    Returns:
        The table; None if it may be cut at other subjects now, or be no longer large.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    known = _firsts(connection, before)
    if [*known.values()] != before.files or len(known) != PARTS:
        return None
    cuts = [low for low in known if low is not None]
    gone = f"SELECT s FROM {old} WHERE s NOT IN (SELECT s FROM {new})"
    come = f"SELECT md5(s) AS cut FROM {new} WHERE s NOT IN (SELECT s FROM {old})"
    last = "(SELECT max(md5(s)) FROM (SELECT unnest($cuts) AS s))"
    others = (
        f"SELECT 1 FROM ({gone}) WHERE list_contains($cuts, s)"
        f" UNION ALL SELECT 1 FROM ({come}) WHERE cut <= {last}"
    )
    with translated():
        if connection.execute(others, {"cuts": cuts}).fetchone():
            return None
        counts = (f"SELECT count(*) FROM {name}" for name in (old, new))
        fewer, more = (_integer(connection, query) for query in counts)
        if not is_large(before.count(connection) - fewer + more):
            return None
        differing = connection.execute(
            f"SELECT DISTINCT s FROM ((FROM {old} EXCEPT FROM {new})"
            f" UNION ALL (FROM {new} EXCEPT FROM {old}))"
        ).fetchall()
    changed, made = {bisect_right(cuts, subject) for (subject,) in differing}, False
    folder.mkdir()
    try:
        bounds = pairwise([*known, None])
        for number, ((low, high), file) in enumerate(zip(bounds, before.files, strict=True)):
            target = folder / file.name
            if number in changed:
                stay = f"FROM {read_parquet(file)} AS f ANTI JOIN {subjects} AS g ON f.s = g.s"
                rows = f"SELECT s, p, o, g FROM {new} WHERE {_within(low, high)}"
                both = f"SELECT f.s, f.p, f.o, f.g {stay} UNION ALL {rows}"
                copy_rows(connection, _again_sorted(f"SELECT * FROM ({both})"), target)
            else:
                link(file, target)
        made = True
    finally:
        if not made:
            shutil.rmtree(folder)
    return QuadTable(folder)


def rows_of(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, subjects: str, name: str
) -> None:
    """Make a temporary table of the rows of a table that have some subjects.

    Args:
        connection: From `kg.duck.engine`.
        table: The table.
        subjects: Name of a table of the subjects, column s.
        name: What the table that is made is called.
    """
    with translated():
        connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT s, p, o, g FROM {table.sql}"
            f" WHERE s IN (SELECT s FROM {subjects})"
        )


def differing(
    connection: duckdb.DuckDBPyConnection, old: QuadTable, new: QuadTable, folder: Path
) -> tuple[QuadTable, QuadTable]:
    """Return the rows of two tables that have a subject of which they have other rows, sorted.

    Args:
        connection: From `kg.duck.engine`.
        old: A table, or its files of which the other has none.
        new: The other.
        folder: Where files are made, if the rows are not few.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    one, other = (f"SELECT s, p, o, g FROM {side.sql}" for side in (old, new))
    made = tuple(QuadTable(folder / f"{name}.parquet") for name in ("replaced", "made"))
    with translated():
        row = connection.execute(
            # Each has a row once, so that what is there once is in one of them alone.
            "CREATE OR REPLACE TEMP TABLE kg_differ AS SELECT DISTINCT s FROM (SELECT s FROM"
            f" ({one} UNION ALL {other}) GROUP BY s, p, o, g HAVING count(*) = 1)"
        ).fetchone()
        if row is not None and row[0] <= _MOST_HELD:
            made = tuple(QuadTable(table.path, held=f"kg_{table.path.stem}") for table in made)
        for side, target in zip((old, new), made, strict=True):
            rows = f"SELECT q.* FROM {side.sql} AS q SEMI JOIN kg_differ AS d ON q.s = d.s"
            rows += f" ORDER BY {SORT}"
            if target.held:
                # Not a temporary one, which other cursors would not see.
                connection.execute(f"CREATE OR REPLACE TABLE {target.held} AS {rows}")
            else:
                copy_plain(connection, rows, target.path)
        connection.execute("DROP TABLE kg_differ")
    return made[0], made[1]


def _within(low: str | None, high: str | None) -> str:
    """Return the condition that a subject is in a part, which begins at one and ends before one."""
    found = [f"s >= {sql_text(low)}"] if low is not None else []
    found += [f"s < {sql_text(high)}"] if high is not None else []
    return " AND ".join(found) or "true"


def _firsts(connection: duckdb.DuckDBPyConnection, table: QuadTable) -> dict[str | None, Path]:
    """Return the files of a table in parts by their first subject; None for that of the first."""
    names = {str(plain_path(file)): file for file in table.files}
    # Rows are sorted by subject: the first is the least, which the file tells of a row group, but
    # for very long ones.
    rows = connection.execute(
        "SELECT file_name, stats_min_value FROM parquet_metadata"
        f"([{', '.join(map(sql_text, names))}]) WHERE row_group_id = 0 AND path_in_schema = 's'"
    ).fetchall()
    least = dict(rows)
    found: dict[str | None, Path] = {}
    for number, (name, file) in enumerate(names.items()):
        first = least.get(name)
        if first is None:
            row = connection.execute(f"SELECT s FROM {read_parquet(file)} LIMIT 1").fetchone()
            first = row[0] if row else None
        found[str(first) if first is not None and number else None] = file
    return found


def _are_the_same(connection: duckdb.DuckDBPyConnection, rows: str, file: Path) -> bool:
    """Return whether a file has the rows of a query in their order, a quarter of writing it."""
    differ = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in "spog")
    with translated():
        found = connection.execute(
            f"SELECT 1 FROM ({rows}) AS a POSITIONAL JOIN"
            f" (SELECT s, p, o, g FROM {read_parquet(file)}) AS b WHERE {differ} LIMIT 1"
        ).fetchone()
    return found is None


def _again_sorted(rows: str) -> str:
    """Return a query for rows that are sorted, so that their file hangs on nothing but the rows.

    Where row groups end hangs on how many rows an operator gives at once: one that leaves out rows
    gives as many as there are left, a sort always the same number.
    """
    return f"{rows} ORDER BY {SORT}"


def write_table(connection: duckdb.DuckDBPyConnection, select: str, target: Path) -> QuadTable:
    """Sort rows, drop duplicates, and write a quad table.

    Args:
        connection: From `kg.duck.engine`.
        select: A query with the columns s, p, o, g.
        target: The file to write; replaced in one step.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    return write_sorted(connection, sorted_rows(select), target)


def write_sorted(connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> QuadTable:
    """Write sorted, distinct rows as a quad table, replaced in one step.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    part = target.with_name(target.name + ".part")
    copy_rows(connection, rows, part)
    part.replace(target)
    return QuadTable(target)


def copy_rows(
    connection: duckdb.DuckDBPyConnection, rows: str, target: Path, index: str | None = None
) -> int:
    """Write sorted, distinct rows to the file of a quad table; return their number.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g.
        target: The file to write, in place.
        index: COTTAS's name for the order of the rows, such as ``spo``, for the file's metadata.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    noted = "" if index is None else f", KV_METADATA {{index: {sql_text(index)}}}"
    if index is None:
        # Whether the file tells for each value that it is not NULL hangs on what DuckDB knows of
        # nulls in the query, and so on how the rows were made. With this it never knows.
        never = ", ".join(f"nullif({name}, '') AS {name}" for name in "spog")
        rows = f"SELECT {never} FROM ({rows})"
    with translated():
        row = connection.execute(
            f"COPY ({rows}) TO {sql_target(target)} (FORMAT parquet, COMPRESSION zstd,"
            f" ROW_GROUP_SIZE {ROW_GROUP}, USE_TMP_FILE false{noted})"
        ).fetchone()
    assert row is not None
    return int(row[0])


def copy_plain(connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    """Write the rows of a query to a Parquet file of kg's own, which no program of others reads.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    with translated():
        connection.execute(
            f"COPY ({rows}) TO {sql_target(target)} (FORMAT parquet, USE_TMP_FILE false)"
        )


def sorted_rows(select: str, columns: str = "s, p, o, g", sort: str = SORT) -> str:
    """Return a query for the sorted, distinct rows of a query."""
    # Compare each row with the one before it after the sort: a DISTINCT would keep all rows in a
    # hash table.
    fresh = " OR ".join(
        f"{name} IS DISTINCT FROM lag({name}) OVER ()" for name in columns.split(", ")
    )
    rows = f"SELECT {columns} FROM ({select}) ORDER BY {sort}"
    return f"SELECT {columns} FROM (SELECT *, {fresh} AS fresh FROM ({rows})) WHERE fresh"


def write_index_files(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, folder: Path
) -> list[tuple[Path, int]]:
    """Write the N-Quads files from which a SPARQL index is loaded; return their numbers of lines.

    The first has each triple once, in the default graph: the merge of all graphs. The second has
    the quads of named graphs.

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
    """Write the only column of a query, text, as lines to a file; return the number of rows.

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
    row = only_row(connection.execute(sql))
    return int(row[0])
