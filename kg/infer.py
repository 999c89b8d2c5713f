"""Infers triples from subclasses and subproperties by SQL, into a separate graph.

Domains and ranges are ignored: they would give a type to every mistaken value of a property, and
shapes are there to find such mistakes.

Spec: https://www.w3.org/TR/rdf11-mt/#patterns-of-rdfs-entailment-informative (rdfs5, 7, 9, 11)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from kg.duck import only_row, sql_text, translated
from kg.quads import QuadTable, write_table
from kg.terms import RDF_TYPE, RDFS

SUBCLASS: Final = f"<{RDFS}subClassOf>"
SUBPROPERTY: Final = f"<{RDFS}subPropertyOf>"


def infer_rdfs(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, graph: str, target: Path
) -> tuple[QuadTable, int]:
    """Write a quad table with inferred triples added; return it with the number of new triples.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table to start from.
        graph: IRI of the graph for new triples; a triple that any graph has is not new.
        target: The quad table to write.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    with translated():
        for name, predicate in (("kg_classes", SUBCLASS), ("kg_properties", SUBPROPERTY)):
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {name} AS {_closure(table, predicate)}"
            )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE kg_follows AS {_what_follows(table)}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE kg_inferred AS {_new_triples(table)}")
        connection.execute("DROP TABLE kg_follows")
    row = only_row(connection.execute("SELECT count(*) FROM kg_inferred"))
    added = f"SELECT s, p, o, {sql_text(f'<{graph}>')} AS g FROM kg_inferred"
    written = write_table(
        connection, f"SELECT s, p, o, g FROM {table.sql} UNION ALL {added}", target
    )
    connection.execute("DROP TABLE kg_inferred")
    return written, int(row[0])


def _closure(table: QuadTable, predicate: str) -> str:
    """Return a query for the transitive pairs (low, high) of different terms."""
    pairs = (
        f"SELECT DISTINCT s AS low, o AS high FROM {table.sql} WHERE p = {sql_text(predicate)}"
        " AND starts_with(o, '<')"
    )
    return (
        f"WITH RECURSIVE pairs AS ({pairs}), closure AS (SELECT low, high FROM pairs UNION"
        " SELECT closure.low, pairs.high FROM closure JOIN pairs ON closure.high = pairs.low)"
        " SELECT low, high FROM closure WHERE low <> high"
    )


def _what_follows(table: QuadTable) -> str:
    kind, subclass, subproperty = map(sql_text, (RDF_TYPE, SUBCLASS, SUBPROPERTY))
    by_property = (
        f"SELECT t.s, high AS p, t.o FROM {table.sql} AS t JOIN kg_properties ON t.p = low"
    )
    typed = (
        f"SELECT s, o FROM {table.sql} WHERE p = {kind}"
        f" UNION ALL SELECT s, o FROM ({by_property}) WHERE p = {kind}"
    )
    made = (
        f"{by_property} UNION ALL"
        f" SELECT s, {kind}, high FROM ({typed}) JOIN kg_classes ON o = low UNION ALL"
        f" SELECT low, {subclass}, high FROM kg_classes UNION ALL"
        f" SELECT low, {subproperty}, high FROM kg_properties"
    )
    return f"SELECT DISTINCT s, p, o FROM ({made})"


def _new_triples(table: QuadTable) -> str:
    # Compare only with triples whose predicate was inferred, to bound the hash table.
    known = f"SELECT s, p, o FROM {table.sql} WHERE p IN (SELECT DISTINCT p FROM kg_follows)"
    return (
        f"SELECT s, p, o FROM kg_follows AS made WHERE NOT EXISTS (SELECT 1 FROM ({known}) AS old"
        " WHERE old.s = made.s AND old.p = made.p AND old.o = made.o)"
    )
