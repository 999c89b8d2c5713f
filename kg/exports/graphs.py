"""Translates the names of graphs that the user gives into a condition on rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from kg.duck import sql_text
from kg.errors import InputError
from kg.quads import QuadTable
from kg.records import dataclass
from kg.terms import expand

if TYPE_CHECKING:
    import duckdb

# The name of the default graph in --graph.
DEFAULT_GRAPH: Final = "default"
_SHOWN: Final = 10  # graphs in a message


@dataclass(frozen=True, slots=True)
class Selection:
    """The graphs of a quad table that are exported.

    Attributes:
        condition: The SQL condition on a row's column ``g``.
        overlapping: Whether there is more than one, so that a triple may have several rows.
    """

    condition: str
    overlapping: bool

    def rows_of(self, table: QuadTable) -> str:
        """Return a query for the rows, in the order of the table."""
        return f"SELECT s, p, o, g FROM {table.sql} WHERE {self.condition}"


def select_graphs(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    wanted: Iterable[str] = (),
    prefixes: Mapping[str, str] | None = None,
    left_out: Iterable[str] = (),
) -> Selection:
    """Return the graphs to export.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.
        wanted: Names from the user: an IRI, a prefixed name, the last part of a graph's path, or
            ``default``; none for all graphs.
        prefixes: Prefix to namespace.
        left_out: Graphs, as terms, that are left out unless they are wanted.

    Raises:
        InputError: A name matches no graph, or more than one.
    """
    chosen = {_find(connection, table, name, prefixes or {}) for name in wanted}
    if chosen:
        condition = _is_one_of(chosen)
    else:
        condition = " AND ".join(f"g IS DISTINCT FROM {sql_text(graph)}" for graph in left_out)
    condition = condition or "true"
    two = connection.execute(
        f"SELECT DISTINCT g FROM {table.sql} WHERE {condition} LIMIT 2"
    ).fetchall()
    return Selection(condition, overlapping=len(two) > 1)


def _is_one_of(graphs: set[str | None]) -> str:
    named = ", ".join(sql_text(graph) for graph in sorted(graphs - {None}, key=str) if graph)
    parts = [f"g IN ({named})"] if named else []
    if None in graphs:
        parts.append("g IS NULL")
    return f"({' OR '.join(parts)})"


def _find(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, name: str, prefixes: Mapping[str, str]
) -> str | None:
    whole = [name, f"<{name.removeprefix('<').removesuffix('>')}>"]
    expanded = expand(name, prefixes)
    if expanded is not None:
        whole.append(f"<{expanded}>")
    conditions = [
        f"g IN ({', '.join(map(sql_text, whole))})",
        " OR ".join(f"ends_with(g, {sql_text(f'{mark}{name}>')})" for mark in "/#:"),
    ]
    if name == DEFAULT_GRAPH:
        conditions.insert(0, "g IS NULL")
    for condition in conditions:
        found = _some_graphs(connection, table, condition)
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                "ambiguous-graph",
                f"the name {name} matches several graphs: {_listed(found)}",
                hint="Give more of the graph's IRI.",
            )
    present = _some_graphs(connection, table, "true")
    raise InputError(
        "unknown-graph",
        f"there is no graph {name}",
        hint=f"The graphs are: {_listed(present)}." if present else "There are no triples at all.",
    )


def _some_graphs(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, condition: str
) -> list[str | None]:
    rows = connection.execute(
        f"SELECT DISTINCT g FROM {table.sql} WHERE {condition}"
        f" ORDER BY g NULLS FIRST LIMIT {_SHOWN + 1}"
    ).fetchall()
    return [graph for (graph,) in rows]


def _listed(graphs: list[str | None]) -> str:
    shown = [graph or DEFAULT_GRAPH for graph in graphs[:_SHOWN]]
    return ", ".join(shown) + (" and more" if len(graphs) > _SHOWN else "")
