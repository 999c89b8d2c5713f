"""Makes the coded copies of a quad table out of those of a table that differs little from it.

Only the parts of changed subjects and terms are written; the others get a second name. The files
are those that `kg.table.write.write_copies` makes, byte for byte. What is not certain to be so (a
prefix that becomes common or rare, two terms of one id) is left to that.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import only_row, read_parquet, translated
from kg.files import link
from kg.table import ids
from kg.table.write import (
    ORDERS,
    PREFIXES,
    TERMS,
    coded_sql,
    copy_parts,
    define_macros,
    part_of_quad,
    part_of_term,
    read_copy,
    read_statistics,
    terms_sql,
    write_quads,
    write_statistics,
    write_terms,
)

# Where more rows than this share of all have changed, all is made anew.
_LITTLE: Final = 1 / 16
_COLUMNS: Final = "s, p, o, g"
# What ids are made with and told apart by.
_MACROS: Final = ("id_kind", "integer_id", "truth_id", "id_prefix")
_HASHED: Final = ", ".join(str(int(kind)) for kind in ids.HASHED)
_TABLES: Final = (
    "gone",
    "new",
    "rows",
    "terms",
    "prefixes",
    "delta",
    "coded",
    "known",
    "fresh",
    "lost",
)


def change_copies(
    connection: duckdb.DuckDBPyConnection, before: Path, old: str, new: str, folder: Path
) -> bool:
    """Write the copies of a table that differs from one whose copies there are.

    Args:
        connection: From `kg.duck.engine`.
        before: The folder of those copies.
        old: A relation with the columns s, p, o, g as text: rows of the table before, of which all
            that are in the new table too may be left out.
        new: The same for the new table; it has all rows of each subject that differs, a triple's
            rows beside each other.
        folder: The folder, which is made.

    Returns:
        Whether they were made; if not, there is no such folder.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    parts = len(copy_parts(before, "spo"))
    if not parts:
        return False
    folder.mkdir()
    made = False
    try:
        with translated():
            define_macros(connection, _MACROS)
            made = _Change(connection, before, folder, parts).run(old, new)
    finally:
        for name in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS table_{name}")
        if not made:
            shutil.rmtree(folder)
    return made


def object_rows(
    connection: duckdb.DuckDBPyConnection, folder: Path, terms: Sequence[str]
) -> dict[str, int] | None:
    """Return in how many rows of copies each of some terms is the object, if it is in any.

    Args:
        connection: From `kg.duck.engine`, with which copies were made.
        folder: The folder of copies.
        terms: The terms; few.

    Returns:
        The numbers; None if an id is that of two terms.

    Raises:
        LimitError: The memory limit was reached.
    """
    asked = ids.id_sql("(SELECT DISTINCT unnest($t) AS t)", read_parquet(folder / PREFIXES))
    with translated():
        of_id = {id_: t for t, id_ in connection.execute(asked, {"t": [*terms]}).fetchall()}
        # Numbers in the text of a query are compared with the least and most of row groups.
        some = f"IN ({', '.join(map(str, of_id)) or 'NULL'})"
        texts = connection.execute(
            f"SELECT id, t FROM {read_copy(folder, TERMS)} WHERE id {some}"
        ).fetchall()
        if len(of_id) < len({*terms}) or not {*texts} <= of_id.items():
            return None
        rows = connection.execute(
            f"SELECT o, count(*) FROM {read_copy(folder, 'pos')} WHERE o {some} GROUP BY o"
        ).fetchall()
    return {of_id[id_]: count for id_, count in rows}


class _Change:
    """The steps of a change, in the order of `run`."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, before: Path, folder: Path, parts: int
    ) -> None:
        self.connection = connection
        self.before = before
        self.folder = folder
        self.parts = parts

    def run(self, old: str, new: str) -> bool:
        for name, one, other in (("gone", old, new), ("new", new, old)):
            self.table(name, f"SELECT {_COLUMNS} FROM {one} EXCEPT SELECT {_COLUMNS} FROM {other}")
        if not self.is_little():
            return False
        rows = f"SELECT {_COLUMNS} FROM {new} AS q WHERE {self.has_changed('q.s')}"
        self.table("rows", f"{rows} ORDER BY {_COLUMNS} NULLS FIRST")
        self.table("prefixes", f"SELECT * FROM {read_parquet(self.before / PREFIXES)}")
        self.table("terms", ids.id_sql(f"({self.terms_of('rows', 'gone')})", "table_prefixes"))
        # Terms of rows that are gone, and not in new ones, and the other way round.
        self.table(
            "delta",
            f"SELECT d.*, t.id FROM (SELECT t, true AS is_new FROM (({self.terms_of('new')}) EXCEPT"
            f" ({self.terms_of('gone')})) UNION ALL SELECT t, false FROM (({self.terms_of('gone')})"
            f" EXCEPT ({self.terms_of('new')}))) AS d JOIN table_terms AS t ON t.t = d.t",
        )
        if not self.keeps_prefixes():
            return False
        self.quads()
        return self.terms() and self.has_common_prefixes() and self.rest()

    def table(self, name: str, sql: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE table_{name} AS {sql}")

    def number(self, sql: str) -> int:
        return int(only_row(self.connection.execute(sql))[0])

    def is_little(self) -> bool:
        count = "SELECT (SELECT count(*) FROM table_gone) + (SELECT count(*) FROM table_new)"
        quads = self.number(f"SELECT count(*) FROM {read_copy(self.before, 'spo')}")
        return self.number(count) <= quads * _LITTLE

    def has_changed(self, subject: str) -> str:
        return (
            f"({subject} IN (SELECT s FROM table_gone) OR {subject} IN (SELECT s FROM table_new))"
        )

    def terms_of(self, *tables: str) -> str:
        """Return a query for the distinct terms of tables, column ``t``."""
        return " UNION ".join(
            f"SELECT {column} AS t FROM table_{table} WHERE {column} IS NOT NULL"
            for table in tables
            for column in "spog"
        )

    def keeps_prefixes(self) -> bool:
        """Return whether no new term may make a prefix common."""
        prefix = ids.numbered_prefix_sql("t")
        return not self.number(
            f"SELECT count(*) FROM table_delta WHERE is_new AND {prefix} IS NOT NULL"
            f" AND {prefix} NOT IN (SELECT t FROM table_prefixes)"
        )

    def quads(self) -> None:
        """Write the parts of subjects that have changed, and take over the others."""
        self.table(
            "coded",
            f"SELECT *, {part_of_quad(self.parts)} AS part FROM ({coded_sql('table_rows')})",
        )
        subjects = f"SELECT id FROM table_terms WHERE {self.has_changed('t')}"
        affected = self.numbers(
            f"SELECT DISTINCT {part_of_quad(self.parts)} FROM ({subjects}) AS x(s)"
        )
        for name in ORDERS:
            for number, kept, target in self.targets(name):
                if number not in affected:
                    link(kept, target)
                    continue
                rows = (
                    f"SELECT s, p, o, g, first FROM {read_parquet(kept)}"
                    f" WHERE s NOT IN ({subjects}) UNION ALL"
                    f" SELECT s, p, o, g, first FROM table_coded WHERE part = {number}"
                )
                write_quads(self.connection, rows, target, name)

    def terms(self) -> bool:
        """Write the parts of terms that have come or gone; return whether ids tell them apart."""
        stored = read_copy(self.before, TERMS)
        hashed = f"id_kind(id) IN ({_HASHED})"
        self.table("known", f"SELECT id, t FROM {stored} WHERE id IN (SELECT id FROM table_terms)")
        clashes = (
            "SELECT count(*) FROM table_known AS k JOIN table_terms AS t ON t.id = k.id"
            " WHERE t.t <> k.t"
        )
        again = f"SELECT count(*) - count(DISTINCT id) FROM table_terms WHERE {hashed}"
        if self.number(clashes) or self.number(again):
            return False
        asked = f"SELECT id FROM table_delta WHERE NOT is_new AND {hashed}"
        self.table("lost", asked)
        if self.number("SELECT count(*) FROM table_lost"):
            coded = read_copy(self.folder, "spo")
            there = " UNION ".join(
                f"SELECT {column} FROM {coded} WHERE {column} IN ({asked})" for column in "spog"
            )
            self.table("lost", f"{asked} AND id NOT IN ({there})")
        new = (
            f"SELECT id FROM table_delta WHERE is_new AND {hashed}"
            " AND id NOT IN (SELECT id FROM table_known)"
        )
        # What numbers are worth is much SQL, even for no rows.
        texts = f"SELECT * FROM {stored} LIMIT 0"
        if self.numbers(new):
            define_macros(self.connection)
            texts = terms_sql()
        self.table("fresh", f"SELECT * FROM ({texts}) WHERE id IN ({new})")
        affected = self.numbers(
            f"SELECT DISTINCT {part_of_term(self.parts)} FROM"
            " (SELECT id FROM table_lost UNION ALL SELECT id FROM table_fresh)"
        )
        for number, kept, target in self.targets(TERMS):
            if number not in affected:
                link(kept, target)
                continue
            rows = (
                f"SELECT id, t, rank, exact, double FROM {read_parquet(kept)}"
                " WHERE id NOT IN (SELECT id FROM table_lost) UNION ALL"
                " SELECT id, t, rank, exact, double FROM table_fresh"
                f" WHERE {part_of_term(self.parts)} = {number}"
            )
            write_terms(self.connection, rows, target)
        return True

    def has_common_prefixes(self) -> bool:
        """Return whether each prefix of a term that may be gone is still as common as it must."""
        kind = int(ids.Kind.NUMBERED)
        asked = (
            "SELECT DISTINCT id_prefix(id) AS x FROM table_delta WHERE NOT is_new"
            f" AND id_kind(id) = {kind}"
        )
        if not self.number(f"SELECT count(*) FROM ({asked})"):
            return True
        coded = read_copy(self.folder, "spo")
        held = " UNION ".join(
            f"SELECT {column} AS id FROM {coded} WHERE id_kind({column}) = {kind}"
            for column in "spog"
        )
        counts = f"SELECT id_prefix(id) AS x, count(*) AS n FROM ({held}) GROUP BY x"
        return not self.number(
            f"SELECT count(*) FROM ({asked}) AS a LEFT JOIN ({counts}) AS c ON a.x = c.x"
            f" WHERE coalesce(n, 0) < {ids.COMMON}"
        )

    def rest(self) -> bool:
        """Take over the prefixes, and count anew what predicates of changed rows have."""
        link(self.before / PREFIXES, self.folder / PREFIXES)
        predicates = self.numbers(
            "SELECT id FROM table_terms WHERE t IN"
            " (SELECT p FROM table_gone UNION SELECT p FROM table_new)"
        )
        write_statistics(self.connection, self.folder, read_statistics(self.before), predicates)
        return True

    def numbers(self, sql: str) -> set[int]:
        return {int(row[0]) for row in self.connection.execute(sql).fetchall()}

    def targets(self, name: str) -> Iterable[tuple[int, Path, Path]]:
        """Return number, file and file to make of each part of a copy, in a folder that is made."""
        (self.folder / name).mkdir()
        return [
            (number, kept, self.folder / name / kept.name)
            for number, kept in enumerate(copy_parts(self.before, name))
        ]
