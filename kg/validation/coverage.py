"""Count the focus nodes of shapes, without validating them."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from kg.quads import QuadTable
from kg.validation.shape_reader import read_model
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.run import Sieve
from kg.validation.sieve.triples import merged_triples


def focus_counts(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, shapes: ShapesGraph
) -> Mapping[str, int]:
    """Return the number of focus nodes of each shape that has targets and is not deactivated.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table; all its graphs are merged.
        shapes: The shapes graph, from `kg.validation.load_shapes` or `read_shapes`.

    Raises:
        InputError: A shape cannot be read.
        LimitError: The memory limit was reached.

    Spec: https://www.w3.org/TR/shacl/#targets
    """
    model = read_model(shapes)
    with (
        merged_triples(connection, table) as triples,
        Sieve(connection, triples, model) as sieve,
    ):
        tables = {
            shape.node: sieve.compiler.targets(shape)
            for shape in model.values()
            if shape.targets and not shape.deactivated
        }
        sieve.build_tables(lambda _: None)
        return {node: sieve.count(name) for node, name in tables.items()}
