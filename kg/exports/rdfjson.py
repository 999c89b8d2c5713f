r"""Writes RDF/JSON as one SQL query over sorted rows.

The escapes of canonical N-Triples are also escapes of JSON, so the text between the quotes of a
literal is copied as it is. As in Turtle, the text of a row depends only on its neighbours.

Spec: https://www.w3.org/TR/rdf-json/
"""

from __future__ import annotations

from typing import Final

EMPTY: Final = "{}"


def rdf_json_sql(rows: str) -> str:
    """Return a query for the lines of an RDF/JSON file, in order; no lines if there are no rows.

    Args:
        rows: A query with the columns s, p, o in the order of the quad table, each triple once.
    """
    changes = (
        "SELECT s, p, o, lag(s) OVER () IS NULL AS first,"
        " lag(s) OVER () IS DISTINCT FROM s AS new_s, lag(p) OVER () IS DISTINCT FROM p AS new_p"
        f" FROM ({rows})"
    )
    grouped = f"SELECT s, p, o, first, new_s, new_s OR new_p AS new_p FROM ({changes})"
    following = (
        "SELECT *, lead(new_s) OVER () IS NULL AS last, lead(new_s, 1, true) OVER () AS ends_s,"
        f" lead(new_p, 1, true) OVER () AS ends_p FROM ({grouped})"
    )
    return (
        "SELECT concat(CASE WHEN first THEN e'{\\n' ELSE '' END,"
        f" CASE WHEN new_s THEN concat('  ', {_name('s')}, e': {{\\n') ELSE '' END,"
        f" CASE WHEN new_p THEN concat('    ', {_name('p')}, e': [\\n') ELSE '' END,"
        f" '      ', {_object('o')},"
        " CASE WHEN NOT ends_p THEN ',' WHEN NOT ends_s THEN e'\\n    ],'"
        " WHEN NOT last THEN e'\\n    ]\\n  },' ELSE e'\\n    ]\\n  }\\n}' END)"
        f" FROM ({following})"
    )


def _name(term: str) -> str:
    """Return SQL for an IRI or blank node as a key or value of JSON."""
    return (
        f"CASE WHEN starts_with({term}, '<') THEN concat('\"', {term}[2:-2], '\"')"
        f" ELSE concat('\"', {term}, '\"') END"
    )


def _object(term: str) -> str:
    quoted = f"regexp_extract({term}, '(?s)^(\".*\")', 1)"
    return (
        f"CASE WHEN starts_with({term}, '<') THEN"
        f' concat(\'{{"type": "uri", "value": \', {_name(term)}, \'}}\')'
        f" WHEN starts_with({term}, '_') THEN"
        f' concat(\'{{"type": "bnode", "value": \', {_name(term)}, \'}}\')'
        f' ELSE concat(\'{{"type": "literal", "value": \', {quoted},'
        f" CASE WHEN ends_with({term}, '\"') THEN ''"
        f" WHEN ends_with({term}, '>') THEN"
        f" concat(', \"datatype\": \"', regexp_extract({term}, '<([^<>]*)>$', 1), '\"')"
        f" ELSE concat(', \"lang\": \"', regexp_extract({term}, '@([^\"]*)$', 1), '\"') END, '}}')"
        " END"
    )
