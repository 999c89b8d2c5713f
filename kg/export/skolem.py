"""Blank nodes as IRIs, for stores that rename blank nodes when they load them.

Spec: https://www.w3.org/TR/rdf11-concepts/#section-skolemization
"""

from __future__ import annotations

from kg.duck import sql_text

# The registered name, https://www.iana.org/assignments/well-known-uris/; it goes below the base.
WELL_KNOWN = ".well-known/genid/"


def skolemized_sql(rows: str, base: str) -> str:
    """Return a query for rows in which each blank node is an IRI made of its label.

    The rows are not in order any more.

    Args:
        rows: A query with the columns s, p, o, g.
        base: The base IRI; ends in ``/`` or ``#``.
    """
    start = sql_text(f"<{base}{WELL_KNOWN}")
    columns = ", ".join(
        f"CASE WHEN {name} >= '_' THEN concat({start}, substr({name}, 3), '>') ELSE {name} END"
        f" AS {name}"
        for name in "sog"
    )
    return f"SELECT s, p, o, g FROM (SELECT p, {columns} FROM ({rows}))"
