"""N-Triples and N-Quads as SQL: a statement a line, in the canonical form.

Spec: https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples
"""

from __future__ import annotations


def ntriples_sql(rows: str, *, overlapping: bool) -> str:
    """Return a query for the lines of an N-Triples file.

    Args:
        rows: A query with the columns s, p, o in the order of the quad table.
        overlapping: Whether a triple may stand in several rows; it is written once.
    """
    if overlapping:
        rows = (
            "SELECT s, p, o FROM (SELECT s, p, o,"
            " lag(o) OVER () IS DISTINCT FROM o OR lag(p) OVER () IS DISTINCT FROM p"
            f" OR lag(s) OVER () IS DISTINCT FROM s AS fresh FROM ({rows})) WHERE fresh"
        )
    return f"SELECT concat(s, ' ', p, ' ', o, ' .') FROM ({rows})"


def nquads_sql(rows: str) -> str:
    """Return a query for the lines of an N-Quads file.

    Args:
        rows: A query with the columns s, p, o, g.
    """
    return (
        "SELECT CASE WHEN g IS NULL THEN concat(s, ' ', p, ' ', o, ' .')"
        f" ELSE concat(s, ' ', p, ' ', o, ' ', g, ' .') END FROM ({rows})"
    )
