"""Replaces blank nodes by IRIs, for stores that rename blank nodes on loading.

Spec: https://www.w3.org/TR/rdf11-concepts/#section-skolemization
"""

from __future__ import annotations

from kg.duck import sql_text

# Registered at https://www.iana.org/assignments/well-known-uris/; appended to the base.
WELL_KNOWN = ".well-known/genid/"


def skolemized_sql(rows: str, base: str) -> str:
    """Return a query for the rows with each blank node replaced by an IRI made of its label.

    The rows are no longer sorted.

    Args:
        rows: A query with the columns s, p, o, g.
        base: The base IRI; a ``/`` is added unless it ends in one or in ``#``.
    """
    end = "" if base.endswith(("/", "#")) else "/"
    start = sql_text(f"<{base}{end}{WELL_KNOWN}")
    columns = ", ".join(
        f"CASE WHEN {name} >= '_' THEN concat({start}, substr({name}, 3), '>') ELSE {name} END"
        f" AS {name}"
        for name in "sog"
    )
    return f"SELECT s, p, o, g FROM (SELECT p, {columns} FROM ({rows}))"
