"""What was found in the graph of the build before, and is found still where no row differs.

A step that looks at each row for itself finds the same again if it finds nothing in the rows that
went and those that came. Counts are those from before, without the former and with the latter.
Links lead to what nothing is said of as before, if no subject came or went.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.duck import sql_text, translated
from kg.findings.model import Finding, as_record, from_record
from kg.findings.terms import Used
from kg.quads import QuadTable, copy_plain
from kg.records import dataclass
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    import duckdb

_USED: Final = "used"
Find = Callable[[QuadTable], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Before:
    """What was found in the graph before.

    Attributes:
        found: Records of findings by the name of a step, and of the terms that are used.
        old: Rows of the table before of all subjects whose rows differ.
        new: Rows of the new table of these.
        differ: The rows that only one of them has, with a column that says whether it is the new.
    """

    found: Mapping[str, Sequence[Any]]
    old: QuadTable
    new: QuadTable
    differ: QuadTable

    @classmethod
    def of(
        cls,
        connection: duckdb.DuckDBPyConnection,
        found: Mapping[str, Sequence[Any]] | None,
        near: tuple[QuadTable, QuadTable] | None,
        target: Path,
    ) -> Before | None:
        """Return what was found before, if it is known.

        Args:
            connection: From `kg.duck.engine`.
            found: What was kept of it.
            near: As `old` and `new`; None if they are not known, or too many.
            target: The file to write for rows that differ, if those before are in files.

        Raises:
            WorldError: The disk failed.
        """
        if found is None or near is None:
            return None
        old, new = (f"SELECT s, p, o, g FROM {side.sql}" for side in near)
        rows = (
            f"SELECT *, false AS came FROM ({old} EXCEPT {new})"
            f" UNION ALL SELECT *, true FROM ({new} EXCEPT {old})"
        )
        if not near[0].held:
            copy_plain(connection, rows, target)
            return cls(found, *near, QuadTable(target))
        differ = QuadTable(target, held="kg_turned")
        with translated():
            connection.execute(f"CREATE OR REPLACE TABLE {differ.held} AS {rows}")
        return cls(found, *near, differ)


class GraphFindings:
    """Finds what is doubtful in a graph, step by step, and holds it for the next build.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.
        before: What was found before, if that is known.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable, before: Before | None
    ) -> None:
        self._connection = connection
        self._table = table
        self._before = before
        self.found: dict[str, list[Any]] = {}

    def used(self, find: Callable[[QuadTable], Iterable[Used]]) -> list[Used]:
        """Return the properties and classes that the graph uses, with their counts."""
        before = self._before
        if before is None or _USED not in before.found:
            terms = list(find(self._table))
        else:
            counts = Counter({(role, iri): n for role, iri, n in before.found[_USED]})
            for role, iri, n in self._changes():
                counts[role, iri] += n
            listed = sorted(
                counts, key=lambda term: (term[0] != "property", f"<{term[1]}>".encode())
            )
            terms = [Used(iri, role, count=counts[role, iri]) for role, iri in listed]
            terms = [each for each in terms if each.count]
        self.found[_USED] = [(each.role, each.iri, each.count) for each in terms]
        return terms

    def of_rows(self, step: str, find: Find) -> list[Finding]:
        """Return the findings of a step that looks at each row for itself."""
        before = self._before
        is_same = before is not None and step in before.found and not any(find(before.differ))
        return self._keep(step, find, is_same=is_same)

    def of_links(self, step: str, find: Find, own: str) -> list[Finding]:
        """Return the findings about links that lead to what nothing is said of.

        Args:
            step: A name for it.
            find: Finds them in a whole table.
            own: The condition that the object of a row, ``o``, should be described.
        """
        before = self._before
        is_same = before is not None and step in before.found and self._has_same_links(step, own)
        return self._keep(step, find, is_same=is_same)

    def _keep(self, step: str, find: Find, *, is_same: bool) -> list[Finding]:
        if self._before is not None and is_same:
            found = [from_record(record) for record in self._before.found[step]]
        else:
            found = list(find(self._table))
        self.found[step] = [as_record(each) for each in found]
        return found

    def _has_same_links(self, step: str, own: str) -> bool:
        assert self._before is not None
        differ, whole = self._before.differ.sql, self._table.sql
        old, new = self._before.old.sql, self._before.new.sql
        gone = f"SELECT s FROM {differ} WHERE NOT came AND s NOT IN (SELECT s FROM {new})"
        come = f"SELECT s FROM {differ} WHERE came AND s NOT IN (SELECT s FROM {old})"
        link = f"{own} AND p <> {sql_text(RDF_TYPE)}"
        had_some = bool(self._before.found[step])
        if had_some and self._finds(f"{gone} UNION ALL {come}"):
            return False
        if self._finds(gone) and self._finds(
            f"SELECT 1 FROM {whole} WHERE o IN ({gone}) AND {link}"
        ):
            return False
        links = f"SELECT o FROM {differ} WHERE {link}" + ("" if had_some else " AND came")
        there = f"SELECT s FROM {whole} WHERE s IN ({links})"
        return not self._finds(f"SELECT 1 FROM ({links}) WHERE o NOT IN ({there})")

    def _changes(self) -> list[tuple[str, str, int]]:
        """Return by how much the counts of terms have changed."""
        assert self._before is not None
        rows = f"(SELECT *, if(came, 1, -1) AS n FROM {self._before.differ.sql})"
        is_class = f"p = {sql_text(RDF_TYPE)} AND starts_with(o, '<')"
        with translated():
            found = self._connection.execute(
                f"SELECT 'property', p[2:-2], sum(n)::BIGINT FROM {rows} GROUP BY p UNION ALL"
                f" SELECT 'class', o[2:-2], sum(n)::BIGINT FROM {rows} WHERE {is_class} GROUP BY o"
            ).fetchall()
        return [(role, iri, count) for role, iri, count in found]

    def _finds(self, query: str) -> bool:
        with translated():
            return self._connection.execute(f"{query} LIMIT 1").fetchone() is not None
