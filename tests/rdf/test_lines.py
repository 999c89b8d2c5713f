"""A parser gets lines, never more bytes than it requests, and each triple has its line."""

import io
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.lines import LineReader
from kg.rdf import quads_with_lines
from kg.validation.shapes import read_shapes
from kg.workspace import read_workspace

BOM = "\ufeff".encode()


@given(
    text=st.text(alphabet="ab\n\ufeff", max_size=30).map(str.encode),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=9),
    marked=st.booleans(),
)
def test_pieces_have_at_most_the_requested_size_and_make_up_the_text(text, sizes, marked):
    reader, seen, turn = LineReader(io.BytesIO(BOM + text if marked else text)), b"", 0
    while piece := reader.read(sizes[turn % len(sizes)]):
        assert len(piece) <= sizes[turn % len(sizes)]
        seen += piece
        turn += 1
        assert reader.line == seen[:-1].count(b"\n") + 1
    assert seen == (text if marked else text.removeprefix(BOM))


@pytest.mark.parametrize("suffix", ["nt", "nq", "ttl", "trig"])
@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 70_000])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_statements_on_long_lines_have_their_line_numbers(tmp_path, suffix, size, start):
    path: Path = tmp_path / f"a.{suffix}"
    line = f'<http://e/s> <http://e/p> "{"é" * size}" .\n'
    path.write_text(start + line * 3, encoding="utf-8")
    found = list(quads_with_lines(path))
    assert [number for _, number in found] == [1, 2, 3]
    assert {quad.object for quad, _ in found} == {ox.Literal("é" * size)}


def test_shapes_and_kg_toml_may_begin_with_a_byte_order_mark(tmp_path):
    shapes = tmp_path / "s.ttl"
    shapes.write_bytes(BOM + b"@prefix sh: <http://www.w3.org/ns/shacl#> .\n<e:S> a sh:NodeShape .")
    assert read_shapes([shapes]).shapes == ("<e:S>",)
    (tmp_path / "kg.toml").write_bytes(BOM + b'base = "http://example.org/"\n')
    assert read_workspace(tmp_path).base == "http://example.org/"
