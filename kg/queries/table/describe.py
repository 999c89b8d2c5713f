"""What DESCRIBE tells of its resources: their triples, and those of the blank nodes they lead to.

SPARQL leaves it to an engine; Oxigraph gives the same.

Spec: https://www.w3.org/TR/sparql11-query/#describe
"""

from __future__ import annotations

from collections.abc import Iterable

from kg.queries.table.relation import Column, Names, NotCompiledError, Relation
from kg.queries.table.scans import ActiveGraph, Scans, all_kinds
from kg.sparql import algebra
from kg.table.ids import Kind


def described(
    targets: Iterable[algebra.Term],
    found: Relation,
    scans: Scans,
    graph: ActiveGraph,
    names: Names,
) -> Relation:
    """Return the triples that tell of resources: columns ``s``, ``p`` and ``o``.

    Args:
        targets: What is described.
        found: The solutions of the query's pattern.
        scans: Makes relations of patterns.
        graph: The default graph.
        names: Gives names.

    Raises:
        NotCompiledError: A resource is a computed term.
    """
    wanted = names.new("wanted")
    sides = []
    for each in targets:
        if isinstance(each, algebra.Constant):
            sides.append(f"SELECT {scans.id_of(each.term)}::BIGINT AS id")
            continue
        column = found.columns.get(getattr(each, "name", ""))
        if column is None:
            continue
        if column.kinds is None:
            raise NotCompiledError("DESCRIBE of a computed term")
        sides.append(f"SELECT {column.name} AS id FROM {wanted}")
    nodes = " UNION ".join(sides) or "SELECT NULL::BIGINT AS id WHERE false"
    rows = scans.rows("spo", graph)
    return Relation(
        f"WITH RECURSIVE {wanted} AS MATERIALIZED ({found.sql}), described AS ({nodes}"
        f" UNION SELECT q.o AS id FROM described AS d JOIN {rows} AS q ON q.s = d.id"
        f" JOIN terms AS t ON t.id = q.o WHERE id_kind(q.o) = {int(Kind.NODE)} AND is_blank(t.t))"
        f" SELECT DISTINCT q.s, q.p, q.o FROM described AS d JOIN {rows} AS q ON q.s = d.id",
        {name: Column(name, all_kinds(scans.statistics)) for name in "spo"},
    )
