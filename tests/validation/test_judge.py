"""pySHACL spends no time on logs and descriptions that are not used."""

from __future__ import annotations

import logging
from pathlib import Path
from unittest import mock

from kg.validation.judge import Judge, to_graph
from kg.validation.shapes import read_shapes

SHAPES = """@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:S a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .
"""
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


def test_pyshacl_writes_neither_log_records_nor_descriptions(tmp_path: Path) -> None:
    path = tmp_path / "shapes.ttl"
    path.write_text(SHAPES, encoding="utf-8")
    graph = to_graph(
        (f"<http://example.org/{n}>", TYPE, "<http://example.org/A>") for n in range(5)
    )
    with (
        mock.patch.object(logging.Logger, "makeRecord", side_effect=AssertionError),
        mock.patch("pyshacl.constraints.constraint_component.stringify_node") as told,
    ):
        results = list(Judge(read_shapes([path])).judge(graph))
    assert len(results) == 5
    assert not told.called
