"""Nests blank nodes and lists as ``[ ]`` and ``( )``, where that is safe.

A blank node is nested in the triple that refers to it if there is exactly one such triple, if all
its triples are in the same graph, and if it is not on a cycle. A list is written as ``( )`` if
all its cells are such nodes, have only ``rdf:first`` and ``rdf:rest``, and end in ``rdf:nil``. A
blank node that nothing refers to is written as ``[]``. All others keep their labels.

DuckDB finds them from the rows with blank nodes only, so a table without any costs nothing. The
depth and length of nested nodes are limited, so that neither texts nor a reader's stack grow
with the data.

Spec: https://www.w3.org/TR/turtle/#unlabeled-bnodes and https://www.w3.org/TR/turtle/#collections
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.duck import sql_text, translated
from kg.exports.names import Names
from kg.exports.turtle import Printable
from kg.terms import RDF

if TYPE_CHECKING:
    import duckdb

# Depth of nested nodes and lists. Many readers use recursion for nested nodes.
MOST_LEVELS: Final = 16
# Characters of the terms within a nested node; a node with more keeps its label.
MOST_TEXT: Final = 100_000
# A list has at most two to this power cells.
LIST_DOUBLINGS: Final = 14

_FIRST: Final = sql_text(f"<{RDF}first>")
_REST: Final = sql_text(f"<{RDF}rest>")
_NIL: Final = sql_text(f"<{RDF}nil>")
# Terms sort by their first character: quotation mark, <, underscore.
BLANK: Final = "_"


class Nesting:
    """Finds the nodes and lists to nest, once for all rows of a file.

    Args:
        connection: From `kg.duck.engine`; temporary tables are created in it.
        rows: A query with the columns s, p, o, g in the order of the file, each row once.

    Raises:
        LimitError: The memory limit was reached.
        WorldError: The disk failed.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: str) -> None:
        self._connection = connection
        self._numbered = f"SELECT *, row_number() OVER () AS n FROM ({rows})"
        with translated():
            self._find_nodes()
            self._find_lists()
            self._find_levels()
            self._drop_large_nodes()

    @property
    def count(self) -> int:
        """Number of rows, including nested ones."""
        return self._run(f"SELECT count(*) FROM ({self._numbered})")

    @property
    def plain_rows(self) -> str:
        """A query for the rows for `kg.exports.names.survey`: NULL where a term is not written.

        Of the cells of a list only the items are written.
        """
        return (
            f"SELECT s, p, o, g FROM ({self._numbered})"
            f" WHERE s < '{BLANK}' AND o < '{BLANK}' UNION ALL"
            " SELECT s, CASE WHEN cell.b IS NULL THEN p END AS p,"
            f" CASE WHEN cell.b IS NULL OR p = {_FIRST} THEN o END AS o, g"
            " FROM blank_row LEFT JOIN short_cell AS cell ON s = cell.b"
        )

    def printable(self, names: Names) -> Printable:
        """Make the texts of the nested nodes, and return the remaining rows to print."""
        with translated():
            self._write_texts(names)
        return Printable(
            "SELECT s, p, o, g, piece, anonymous FROM ("
            "SELECT n, s, p, o, g, NULL::VARCHAR AS piece, false AS anonymous"
            f" FROM ({self._numbered}) WHERE s < '{BLANK}' AND o < '{BLANK}' UNION ALL"
            " SELECT n, s, p, o, g, node.text AS piece, free.b IS NOT NULL AS anonymous"
            " FROM blank_row LEFT JOIN text AS node ON o = node.b"
            " LEFT JOIN free_node AS free ON s = free.b"
            " WHERE s NOT IN (SELECT b FROM text) AND s NOT IN (SELECT b FROM short_cell)"
            ") ORDER BY n",
            shortened=True,
        )

    def _run(self, sql: str) -> int:
        row = self._connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _table(self, name: str, select: str) -> None:
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")

    def _find_nodes(self) -> None:
        """Create tables of rows with blank nodes, nodes that may be nested, and free nodes."""
        self._table(
            "blank_row",
            f"SELECT n, s, p, o, g FROM ({self._numbered}) WHERE s >= '{BLANK}' OR o >= '{BLANK}'",
        )
        self._table(
            "graph_label", f"SELECT DISTINCT g AS b FROM ({self._numbered}) WHERE g >= '{BLANK}'"
        )
        graphs = "min(coalesce(g, '')) AS g, max(coalesce(g, '')) AS other_g"
        used = (
            f"SELECT o AS b, count(*) AS uses, any_value(s) AS parent, {graphs}"
            f" FROM blank_row WHERE o >= '{BLANK}' GROUP BY o"
        )
        own = (
            f"SELECT s AS b, count(*) AS own, {graphs}"
            f" FROM blank_row WHERE s >= '{BLANK}' GROUP BY s"
        )
        named = "SELECT b FROM graph_label"
        self._table(
            "node",
            f"SELECT used.b, parent, coalesce(own, 0) AS own FROM ({used}) AS used"
            f" LEFT JOIN ({own}) AS own ON own.b = used.b"
            " WHERE uses = 1 AND (own.b IS NULL OR (own.g = used.g AND own.other_g = used.g))"
            f" AND used.b NOT IN ({named})",
        )
        self._table(
            "free_node",
            f"SELECT b FROM ({own}) AS own WHERE g = other_g AND b NOT IN ({named})"
            f" AND b NOT IN (SELECT o FROM blank_row WHERE o >= '{BLANK}')",
        )

    def _find_lists(self) -> None:
        """Create the table of cells, with the first cell of each one's list and its position.

        Each round doubles how far a cell looks back, so a list of a thousand cells takes ten
        rounds. Cells on a cycle never find a first cell.
        """
        self._table(
            "cell",
            f"SELECT b, min(o) FILTER (WHERE p = {_FIRST}) AS item,"
            f" min(o) FILTER (WHERE p = {_REST}) AS rest"
            " FROM node JOIN blank_row ON s = b WHERE own = 2 GROUP BY b"
            f" HAVING count(*) FILTER (WHERE p = {_FIRST}) = 1"
            f" AND count(*) FILTER (WHERE p = {_REST}) = 1",
        )
        self._table(
            "step",
            "SELECT cell.b, coalesce(before.b, cell.b) AS head, (before.b IS NOT NULL)::BIGINT"
            " AS place, before.b IS NULL AS found"
            " FROM cell LEFT JOIN cell AS before ON before.rest = cell.b",
        )
        for _ in range(LIST_DOUBLINGS):
            if not self._run("SELECT count(*) FROM step WHERE NOT found"):
                break
            self._table(
                "step",
                "SELECT step.b, CASE WHEN step.found THEN step.head ELSE back.head END AS head,"
                " CASE WHEN step.found THEN step.place ELSE step.place + back.place END AS place,"
                " step.found OR back.found AS found FROM step JOIN step AS back"
                " ON back.b = step.head",
            )
        ends = f"SELECT head FROM step JOIN cell USING (b) WHERE found AND rest = {_NIL}"
        self._table(
            "list_cell",
            f"SELECT b, head, place, item FROM step JOIN cell USING (b)"
            f" WHERE found AND head IN ({ends})",
        )

    def _find_levels(self) -> None:
        """Create the table of nested nodes with their depth; a list is its first cell."""
        self._table(
            "tree",
            "SELECT node.b, coalesce(above.head, parent) AS parent FROM node"
            " LEFT JOIN list_cell AS above ON above.b = parent"
            " LEFT JOIN list_cell AS self ON self.b = node.b"
            " WHERE self.b IS NULL OR self.head = self.b",
        )
        self._table(
            "nested",
            "SELECT b, 1 AS level FROM tree WHERE parent NOT IN (SELECT b FROM tree)",
        )
        for level in range(1, MOST_LEVELS):
            deeper = self._run(
                f"INSERT INTO nested SELECT tree.b, {level + 1} FROM tree"
                f" JOIN nested ON nested.b = tree.parent AND level = {level}"
            )
            if not deeper:
                break

    def _drop_large_nodes(self) -> None:
        """Remove nodes whose text would be too long, and cells of lists that are not nested."""
        self._table("weight", "SELECT '' AS b, 0::BIGINT AS size WHERE false")
        for level in self._levels():
            self._run(
                "INSERT INTO weight SELECT nested.b,"
                " coalesce(sum(length(part.p) + coalesce(inner_node.size, length(part.o))), 0)"
                f" AS size FROM nested LEFT JOIN ({self._parts(level)}) AS part USING (b)"
                " LEFT JOIN weight AS inner_node ON inner_node.b = part.o"
                f" WHERE level = {level} GROUP BY nested.b HAVING size <= {MOST_TEXT}"
            )
        self._run("DELETE FROM nested WHERE b NOT IN (SELECT b FROM weight)")
        self._table("short_cell", "SELECT * FROM list_cell WHERE head IN (SELECT b FROM nested)")

    def _levels(self) -> range:
        """Return the levels, deepest first."""
        return range(self._run("SELECT coalesce(max(level), 0) FROM nested"), 0, -1)

    def _parts(self, level: int) -> str:
        """Return a query for the content of the nodes of a level: b, p, o, and n for the order."""
        here = f"SELECT b FROM nested WHERE level = {level}"
        return (
            "SELECT s AS b, p, o, n, g FROM blank_row"
            f" WHERE s IN ({here}) AND s NOT IN (SELECT b FROM list_cell) UNION ALL"
            " SELECT head AS b, '' AS p, item AS o, place AS n, NULL AS g FROM list_cell"
            f" WHERE head IN ({here})"
        )

    def _write_texts(self, names: Names) -> None:
        self._table("text", "SELECT '' AS b, '' AS text WHERE false")
        for level in self._levels():
            short = (
                "SELECT part.b, p, n, g, coalesce(inner_node.text,"
                f" {names.short_object_sql('part.o')}) AS o FROM ({self._parts(level)}) AS part"
                " LEFT JOIN text AS inner_node ON inner_node.b = part.o"
            )
            self._run(f"INSERT INTO text {_list_texts(short)}")
            self._run(f"INSERT INTO text {_node_texts(short, names, level)}")
            self._run(
                "INSERT INTO text SELECT b, '[]' FROM nested"
                f" WHERE level = {level} AND b NOT IN (SELECT b FROM text)"
            )


def _list_texts(parts: str) -> str:
    return (
        "SELECT b, concat('( ', string_agg(o, ' ' ORDER BY n), ' )')"
        f" FROM ({parts}) WHERE p = '' GROUP BY b"
    )


def _node_texts(parts: str, names: Names, level: int) -> str:
    margin = (
        f"concat(e'\\n', CASE WHEN g IS NULL THEN '' ELSE '    ' END, repeat(' ', {level * 8 + 4}))"
    )
    window = "(PARTITION BY b ORDER BY n)"
    before = f"SELECT *, lag(p) OVER {window} AS last_p FROM ({parts}) WHERE p <> ''"
    pieces = (
        f"SELECT b, n, concat(CASE WHEN last_p IS NULL THEN '' WHEN last_p = p THEN"
        f" concat(' ,', {margin}, '    ') ELSE concat(' ;', {margin}) END,"
        f" CASE WHEN last_p = p THEN '' ELSE concat({names.short_predicate_sql('p')}, ' ') END, o)"
        f" AS piece FROM ({before})"
    )
    return (
        f"SELECT b, concat('[ ', string_agg(piece, '' ORDER BY n), ' ]') FROM ({pieces}) GROUP BY b"
    )
