"""Writes differences as text for people, as JSON, as RDF Patch or as SPARQL Update.

All are queries over the view ``changes`` (sign, s, p, o, g, part, copy, copies) with one text
column. Removed statements come before added ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from kg.duck import sql_text
from kg.errors import InputError, LimitError
from kg.exports.names import Names
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    import duckdb

_ORDER: Final = f"s, p <> '{RDF_TYPE}', p, sign DESC, o, g NULLS FIRST"
# Statements of a part that a SPARQL pattern can match in reasonable time.
_LARGEST_PATTERN: Final = 200


def text_sql(prefixes: Mapping[str, str]) -> str:
    """Return a query for lines grouped by entity.

    Args:
        prefixes: Prefix to namespace.
    """
    names = Names.of(prefixes)
    graph = f"CASE WHEN g IS NULL THEN '' ELSE concat('  # in ', {names.short_iri_sql('g')}) END"
    ordered = (
        "SELECT *, lag(s) OVER () IS DISTINCT FROM s AS new_s, lag(s) OVER () IS NULL AS first"
        f" FROM (SELECT * FROM changes ORDER BY {_ORDER})"
    )
    # `-` sorts after `+`, so DESC puts removed statements first.
    return (
        f"SELECT concat(CASE WHEN new_s AND NOT first THEN e'\\n' ELSE '' END,"
        f" CASE WHEN new_s THEN concat({names.short_iri_sql('s')}, e'\\n') ELSE '' END,"
        f" '  ', sign, ' ', {names.short_predicate_sql('p')}, ' ',"
        f" {names.short_object_sql('o')}, {graph}) FROM ({ordered})"
    )


def json_sql(head: Mapping[str, object]) -> str:
    """Return a query for the lines of a JSON object: its first members, and the statements.

    Args:
        head: The members before ``changes``.
    """
    start = json.dumps(head, ensure_ascii=False).removesuffix("}")
    item = (
        "json_object('change', CASE WHEN sign = '-' THEN 'removed' ELSE 'added' END,"
        " 'subject', s, 'predicate', p, 'object', o, 'graph', g)"
    )
    lines = (
        f"SELECT 1 AS block, row_number() OVER () AS n, concat({item}::VARCHAR,"
        " CASE WHEN lead(s) OVER () IS NULL THEN '' ELSE ',' END) AS line"
        f" FROM (SELECT * FROM changes ORDER BY {_ORDER})"
    )
    opening = sql_text(start + ', "changes": [')
    return _in_order(f"VALUES (0, 0, {opening}), (2, 0, ']}}') UNION ALL ({lines})")


def patch_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """Return a query for the lines of an RDF Patch.

    Raises:
        InputError: A removed statement has a blank node. A patch cannot name it, because labels
            are local to a store.

    Spec: https://afs.github.io/rdf-delta/rdf-patch.html
    """
    row = connection.execute(
        "SELECT concat_ws(' ', s, p, o, g) FROM changes WHERE sign = '-' AND part IS NOT NULL"
        " ORDER BY ALL LIMIT 1"
    ).fetchone()
    if row:
        raise InputError(
            "blank-node-in-patch",
            f"a removed statement has a blank node, which an RDF Patch cannot name: {row[0]}",
            hint="Use --format update, or compare exports made with `kg export --skolemize`.",
        )
    lines = (
        "SELECT 1 AS block, row_number() OVER () AS n, concat(CASE WHEN sign = '-' THEN 'D ' ELSE"
        " 'A ' END, concat_ws(' ', s, p, o, g, '.')) AS line FROM"
        f" (SELECT * FROM changes ORDER BY sign DESC, {_ORDER})"
    )
    return _in_order(f"VALUES (0, 0, 'TX .'), (2, 0, 'TC .') UNION ALL ({lines})")


def _in_order(lines: str) -> str:
    # DuckDB does not keep the order of UNION ALL.
    return f"SELECT line FROM ({lines}) AS t(block, n, line) ORDER BY block, n"


def update_sql(connection: duckdb.DuckDBPyConnection, chunk: int) -> str:
    """Return a query for the lines of a SPARQL Update.

    Removed blank nodes are found by a pattern that matches only equal parts of the graph. It
    removes all copies of a part, and those that remain are inserted again.

    Args:
        connection: From `kg.duck.engine`.
        chunk: Maximum number of triples of one operation.

    Raises:
        LimitError: A removed part with blank nodes is too large for a pattern.

    Spec: https://www.w3.org/TR/sparql11-update/#updateLanguage
    """
    _find_blank_removals(connection)
    # A blank node in two INSERT DATA would become two, so a part is never split.
    ground = (
        "SELECT sign, s, p, o, g, (row_number() OVER (PARTITION BY sign, g ORDER BY s, p, o) - 1)"
        f" // {chunk} AS piece, '' AS part FROM changes WHERE part IS NULL"
    )
    blank = "SELECT sign, s, p, o, g, copy AS piece, part FROM blank_inserts"
    ordered = (
        f"SELECT * FROM ({ground} UNION ALL {blank}) ORDER BY sign DESC, part, piece,"
        " g NULLS FIRST, s, p, o"
    )
    marked = (
        "SELECT *, row_number() OVER () = 1 AS first,"
        " (lag(piece) OVER (), lag(part) OVER (), lag(sign) OVER ())"
        " IS DISTINCT FROM (piece, part, sign) AS opens,"
        " (lead(piece) OVER (), lead(part) OVER (), lead(sign) OVER ())"
        " IS DISTINCT FROM (piece, part, sign) AS closes,"
        " lag(g) OVER () IS DISTINCT FROM g AS new_g, lead(g) OVER () IS DISTINCT FROM g AS ends_g"
        f" FROM ({ordered})"
    )
    data = (
        "SELECT 1 AS block, row_number() OVER () AS n, concat(CASE WHEN opens THEN"
        " concat(CASE WHEN sign = '-' THEN 'DELETE'"
        " ELSE 'INSERT' END, e' DATA {\\n') ELSE '' END,"
        " CASE WHEN g IS NOT NULL AND (opens OR new_g) THEN concat('GRAPH ', g, e' {\\n')"
        " ELSE '' END, s, ' ', p, ' ', o, ' .',"
        " CASE WHEN g IS NOT NULL AND (closes OR ends_g) THEN e'\\n}' ELSE '' END,"
        f" CASE WHEN closes THEN e'\\n}} ;' ELSE '' END) FROM ({marked})"
    )
    return _in_order(f"SELECT 0 AS block, n, text FROM blank_removals UNION ALL ({data})")


def _find_blank_removals(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables ``blank_removals`` (n, text) and ``blank_inserts`` (as ``changes``)."""
    connection.execute("CREATE OR REPLACE TEMP TABLE blank_removals (n INTEGER, text VARCHAR)")
    removed = "FROM changes WHERE sign = '-' AND part IS NOT NULL"
    parts = connection.execute(
        f"SELECT part, min(copy) {removed} GROUP BY part ORDER BY part"
    ).fetchall()
    for number, (part, first) in enumerate(parts):
        rows = connection.execute(
            f"SELECT s, p, o, g {removed} AND part = ? AND copy = ? ORDER BY ALL", [part, first]
        ).fetchall()
        text = removal_of_part(rows)
        connection.execute("INSERT INTO blank_removals VALUES (?, ?)", [number, text])
    # The pattern removes all copies of a part, so insert again those that remain.
    label = ", ".join(
        f"CASE WHEN starts_with({name}, '_:') THEN concat({name}, 'k', i) ELSE {name} END AS {name}"
        for name in "sog"
    )
    kept = (
        f"SELECT '+' AS sign, p, {label}, part, i::INTEGER AS copy FROM (SELECT *,"
        f" unnest(range(1, first)) AS i FROM (SELECT *, min(copy) OVER (PARTITION BY part) AS first"
        f" {removed}) WHERE copy = first)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE blank_inserts AS SELECT sign, s, p, o, g, part, copy"
        " FROM changes WHERE sign = '+' AND part IS NOT NULL UNION ALL"
        f" SELECT sign, s, p, o, g, part, copy FROM ({kept})"
    )


Row = tuple[str, str, str, str | None]


def removal_of_part(rows: list[Row]) -> str:
    """Return the operation that removes all parts of a graph that are equal to this one.

    Args:
        rows: All statements of a part.

    Raises:
        LimitError: There are too many for a pattern, or a blank node names a graph.
    """
    if len(rows) > _LARGEST_PATTERN or any(g and g.startswith("_:") for *_, g in rows):
        raise LimitError(
            "blank-node-limit",
            f"{len(rows):,} statements that blank nodes connect are removed: a SPARQL pattern can"
            f" match at most {_LARGEST_PATTERN}, and none in a graph named by a blank node",
            hint="Compare exports made with `kg export --skolemize`.",
        )
    labels = sorted({term for s, _, o, _ in rows for term in (s, o) if term.startswith("_:")})
    names = {label: f"?b{number}" for number, label in enumerate(labels)}
    said = [(names.get(s, s), p, names.get(o, o), g) for s, p, o, g in rows]
    pattern = "\n".join(
        f"{s} {p} {o} ." if g is None else f"GRAPH {g} {{ {s} {p} {o} . }}" for s, p, o, g in said
    )
    filters = [f"FILTER(isBlank({name}))" for name in names.values()]
    filters += [
        f"FILTER({one} != {other})"
        for at, one in enumerate(names.values())
        for other in list(names.values())[:at]
    ]
    for name in names.values():
        filters += _nothing_else(name, said)
    return f"DELETE {{\n{pattern}\n}} WHERE {{\n{pattern}\n" + "\n".join(filters) + "\n} ;"


def _nothing_else(name: str, said: list[Row]) -> list[str]:
    """Return filters that a blank node has no statements beside those of the pattern."""
    found = []
    for ours, triple in ((0, f"{name} ?p ?t"), (2, f"?t ?p {name}")):
        for named in (False, True):
            wanted = [
                f"(?p = {row[1]} && sameTerm(?t, {row[2 - ours]})"
                + (f" && ?g = {row[3]})" if named else ")")
                for row in said
                if row[ours] == name and (row[3] is not None) == named
            ]
            other = f" FILTER(!({' || '.join(wanted)}))" if wanted else ""
            where = f"GRAPH ?g {{ {triple} }}" if named else triple
            found.append(f"FILTER NOT EXISTS {{ {where}{other} }}")
    return found
