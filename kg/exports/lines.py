"""Merges and sorts rows for a format, and writes them as N-Triples and N-Quads.

Spec: https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples
"""

from __future__ import annotations


def merged_sql(rows: str) -> str:
    """Return a query for the merge of all graphs: each triple once, in the default graph.

    Args:
        rows: A query with the columns s, p, o, g in the order of the quad table, where equal
            triples of several graphs are in consecutive rows.
    """
    fresh = " OR ".join(f"lag({name}) OVER () IS DISTINCT FROM {name}" for name in "ops")
    return (
        "SELECT s, p, o, NULL::VARCHAR AS g"
        f" FROM (SELECT s, p, o, {fresh} AS fresh FROM ({rows})) WHERE fresh"
    )


def by_graph_sql(rows: str) -> str:
    """Return a query for the rows ordered by graph, the default graph first.

    Args:
        rows: A query with the columns s, p, o, g in the order of the quad table.
    """
    return (
        f"SELECT s, p, o, g FROM (SELECT *, row_number() OVER () AS n FROM ({rows}))"
        " ORDER BY g NULLS FIRST, n"
    )


def ntriples_sql(rows: str) -> str:
    """Return a query for the lines of an N-Triples file of these rows."""
    return f"SELECT concat(s, ' ', p, ' ', o, ' .') FROM ({rows})"


def nquads_sql(rows: str) -> str:
    """Return a query for the lines of an N-Quads file of these rows."""
    return (
        "SELECT CASE WHEN g IS NULL THEN concat(s, ' ', p, ' ', o, ' .')"
        f" ELSE concat(s, ' ', p, ' ', o, ' ', g, ' .') END FROM ({rows})"
    )
