r"""Turtle and TriG, pretty, as one SQL query over rows that are sorted already.

The rows come in the order of the quad table. What is printed on a row depends on its neighbours
alone: a new subject starts a block, a new predicate a line, and a row ends in the sign that the
next row needs (`` .`` `` ;`` `` ,``), so that the query streams and nothing is aggregated.

Spec: https://www.w3.org/TR/turtle/ and https://www.w3.org/TR/trig/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.duck import sql_text
from kg.export.names import Names
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    import duckdb


def used_names(connection: duckdb.DuckDBPyConnection, rows: str, names: Names) -> Names:
    """Return the prefixes that a Turtle or TriG file of these rows uses.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g.
        names: All prefixes.
    """
    datatype = names.prefix_sql("regexp_extract(o, '\"\\^\\^(<[^>]*>)$', 1)")
    bare = names.short_object_sql("o")
    found = connection.execute(
        f"SELECT {names.prefix_sql('s')} FROM ({rows}) UNION"
        f" SELECT {names.prefix_sql('p')} FROM ({rows}) WHERE p <> {sql_text(RDF_TYPE)} UNION"
        f" SELECT {names.prefix_sql('o')} FROM ({rows}) UNION"
        f" SELECT {names.prefix_sql('g')} FROM ({rows}) UNION"
        f" SELECT {datatype} FROM ({rows}) WHERE starts_with(o, '\"') AND ends_with(o, '>')"
        f" AND starts_with({bare}, '\"')"
    ).fetchall()
    return names.only(prefix for (prefix,) in found if prefix is not None)


def turtle_sql(rows: str, names: Names, *, overlapping: bool) -> str:
    """Return a query for the lines of a Turtle file, in order.

    Args:
        rows: A query with the columns s, p, o in the order of the quad table.
        names: The prefixes to declare.
        overlapping: Whether a triple may stand in several rows; it is printed once.
    """
    changes = (
        "SELECT s, p, o, lag(s) OVER () IS NULL AS first,"
        " lag(s) OVER () IS DISTINCT FROM s AS new_s,"
        " lag(p) OVER () IS DISTINCT FROM p AS new_p,"
        f" lag(o) OVER () IS DISTINCT FROM o AS new_o FROM ({rows})"
    )
    if overlapping:
        changes = f"SELECT * FROM ({changes}) WHERE new_s OR new_p OR new_o"
    following = (
        "SELECT *, lead(new_s, 1, true) OVER () AS ends_s, lead(new_p) OVER () AS ends_p"
        f" FROM ({changes})"
    )
    return (
        f"SELECT concat(CASE WHEN first THEN {_text(names.header())} ELSE '' END,"
        f" CASE WHEN new_s THEN concat({names.short_iri_sql('s')}, ' ') WHEN new_p THEN '    '"
        " ELSE '       ' END,"
        f" CASE WHEN new_s OR new_p THEN {names.short_predicate_sql('p')} ELSE '' END,"
        f" ' ', {names.short_object_sql('o')},"
        " CASE WHEN ends_s THEN e' .\\n' WHEN ends_p THEN ' ;' ELSE ' ,' END)"
        f" FROM ({following})"
    )


def trig_sql(rows: str, names: Names) -> str:
    """Return a query for the lines of a TriG file, in order: the default graph comes first.

    Args:
        rows: A query with the columns s, p, o, g in the order of the quad table.
        names: The prefixes to declare.
    """
    ordered = (
        f"SELECT s, p, o, g FROM (SELECT *, row_number() OVER () AS n FROM ({rows}))"
        " ORDER BY g NULLS FIRST, n"
    )
    changes = (
        "SELECT s, p, o, g, lag(s) OVER () IS NULL AS first,"
        " lag(s) OVER () IS NOT NULL AND lag(g) OVER () IS DISTINCT FROM g AS new_g,"
        " lag(s) OVER () IS DISTINCT FROM s AS new_s,"
        f" lag(p) OVER () IS DISTINCT FROM p AS new_p FROM ({ordered})"
    )
    flags = "SELECT *, lead(new_g, 1, true) OVER () AS ends_g, lead(new_s) OVER () AS next_s,"
    following = f"{flags} lead(new_p) OVER () AS next_p FROM ({changes})"
    grouped = (
        "SELECT s, p, o, g, first, ends_g, first OR new_g AS new_g,"
        " first OR new_g OR new_s AS new_s, first OR new_g OR new_s OR new_p AS new_p,"
        " ends_g OR next_s AS ends_s, ends_g OR next_s OR next_p AS ends_p,"
        f" CASE WHEN g IS NULL THEN '' ELSE '    ' END AS margin FROM ({following})"
    )
    return (
        f"SELECT concat(CASE WHEN first THEN {_text(names.header())} ELSE '' END,"
        f" CASE WHEN new_g AND g IS NOT NULL THEN concat({names.short_iri_sql('g')}, e' {{\\n')"
        " ELSE '' END, margin,"
        f" CASE WHEN new_s THEN concat({names.short_iri_sql('s')}, ' ') WHEN new_p THEN '    '"
        " ELSE '       ' END,"
        f" CASE WHEN new_p THEN {names.short_predicate_sql('p')} ELSE '' END,"
        f" ' ', {names.short_object_sql('o')},"
        " CASE WHEN ends_g AND g IS NOT NULL THEN e' .\\n}\\n' WHEN ends_s THEN e' .\\n'"
        " WHEN ends_p THEN ' ;' ELSE ' ,' END)"
        f" FROM ({grouped})"
    )


def _text(value: str) -> str:
    return sql_text(value)
