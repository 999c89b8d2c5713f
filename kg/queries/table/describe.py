"""What DESCRIBE tells of its resources: their triples, and those of the blank nodes they lead to.

SPARQL leaves it to an engine; Oxigraph gives the same. What is found is kept in tables, step by
step: of a table DuckDB knows how few rows it has. It expects of a join with the quads that a fifth
of them fit, and would hold the texts of all terms in memory for those.

Spec: https://www.w3.org/TR/sparql11-query/#describe
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from kg.duck import only_row
from kg.queries.table.relation import (
    Column,
    Names,
    NotCompiledError,
    Relation,
    Texts,
    View,
)
from kg.queries.table.scans import ActiveGraph, Scans, all_kinds
from kg.sparql import algebra
from kg.table.ids import Kind

# Tables of the connection that asks: the nodes that are described, each with the number of blank
# nodes before it, the triples, and the texts of their terms.
_NODES: Final = "described_nodes"
_TOLD: Final = "described_told"
_TEXTS: Final = "described_texts"
# Stands for the number of a step.
_STEP: Final = "$step"


@dataclass(frozen=True, slots=True)
class Steps:
    """What is asked before the triples of a DESCRIBE can be read, each a SELECT.

    Attributes:
        nodes: The ids of the resources.
        told: The triples of the nodes of a step.
        blank: The ids of the blank nodes in these that are not described yet.
        texts: The texts of the terms of the triples.
    """

    nodes: str
    told: str
    blank: str
    texts: str

    @property
    def sql(self) -> tuple[str, ...]:
        """All of them, those of a step for the first one."""
        first = (each.replace(_STEP, "0") for each in (self.told, self.blank))
        return self.nodes, *first, self.texts

    def define(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make the tables that they name, without rows."""
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_NODES} (id BIGINT, step BIGINT)")
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_TOLD} (s BIGINT, p BIGINT, o BIGINT)")
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_TEXTS} (id BIGINT, t VARCHAR)")

    def run(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Fill the tables.

        Raises:
            duckdb.Error: The disk failed, or a query was interrupted.
        """
        self.define(cursor)
        step, wanted = 0, self.nodes
        while True:
            cursor.execute(f"INSERT INTO {_NODES} SELECT id, {step} FROM ({wanted})")
            new = cursor.execute(f"SELECT count(*) FROM {_NODES} WHERE step = {step}")
            if not only_row(new)[0]:
                break
            cursor.execute(f"INSERT INTO {_TOLD} {self.told.replace(_STEP, str(step))}")
            wanted = self.blank.replace(_STEP, str(step))
            step += 1
        cursor.execute(f"INSERT INTO {_TEXTS} {self.texts}")


def described(
    targets: Iterable[algebra.Term],
    found: Relation,
    scans: Scans,
    graph: ActiveGraph,
    names: Names,
    texts: Texts,
) -> tuple[Steps, Relation]:
    """Return the triples that tell of resources: columns ``s``, ``p`` and ``o``, as text.

    Args:
        targets: What is described.
        found: The solutions of the query's pattern.
        scans: Makes relations of patterns.
        graph: The default graph.
        names: Gives names.
        texts: Where texts are.

    Returns:
        What is asked first, and the triples.

    Raises:
        NotCompiledError: A resource is a computed term.
    """
    sides = list(_sides(targets, found, scans, wanted := names.new("wanted")))
    nodes = " UNION ".join(sides) or "SELECT NULL::BIGINT AS id WHERE false"
    if any(f"FROM {wanted}" in side for side in sides):
        nodes = f"WITH {wanted} AS MATERIALIZED ({found.sql}) {nodes}"
    rows = scans.rows("spo", replace(graph, several=False))
    steps = Steps(
        f"SELECT id FROM ({nodes}) WHERE id IS NOT NULL",
        f"SELECT DISTINCT q.s, q.p, q.o FROM (SELECT id FROM {_NODES} WHERE step = {_STEP})"
        f" AS d JOIN {rows} AS q ON q.s = d.id",
        f"SELECT DISTINCT t.id FROM (SELECT DISTINCT q.o FROM {_TOLD} AS q JOIN {_NODES} AS d"
        f" ON d.id = q.s WHERE d.step = {_STEP} AND id_kind(q.o) = {int(Kind.NODE)}) AS q"
        f" JOIN terms AS t ON t.id = q.o WHERE is_blank(t.t)"
        f" AND t.id NOT IN (SELECT id FROM {_NODES})",
        "SELECT t.id, t.t FROM (SELECT DISTINCT unnest([s, p, o]) AS id FROM"
        f" {_TOLD}) AS d JOIN terms AS t ON t.id = d.id",
    )
    columns = {name: Column(name, all_kinds(scans.statistics)) for name in "spo"}
    triples = Relation(f"SELECT s, p, o FROM {_TOLD}", columns)
    view = View(triples, names, replace(texts, table=_TEXTS))
    items = [f"{view.text(column)} AS {name}" for name, column in columns.items()]
    return steps, Relation(view.select(items), {name: Column(name) for name in columns})


def _sides(
    targets: Iterable[algebra.Term], found: Relation, scans: Scans, wanted: str
) -> Iterator[str]:
    """Yield a SELECT of the ids of each target, of the solutions by the name ``wanted``."""
    for each in targets:
        if isinstance(each, algebra.Constant):
            yield f"SELECT {scans.id_of(each.term)}::BIGINT AS id"
            continue
        column = found.columns.get(getattr(each, "name", ""))
        if column is None:
            continue
        if column.kinds is None:
            raise NotCompiledError("DESCRIBE of a computed term")
        yield f"SELECT {column.name} AS id FROM {wanted}"
