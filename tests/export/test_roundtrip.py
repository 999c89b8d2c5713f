"""Any terms survive a round trip through the table and every format.

``KG_FUZZ_EXAMPLES`` sets the number of examples of each test.
"""

import os
import tempfile
from pathlib import Path

import pyoxigraph as ox
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.exports import ExportOptions, export_files
from kg.exports.api import export_quads
from tests.export.conftest import make_table
from tests.export.reading import QUAD_FORMATS, TRIPLE_FORMATS, read
from tests.export.samples import EX
from tests.terms import NAMED_NODES, OBJECTS, PLAIN_QUADS, QUADS, XSD, canonical, row

EXAMPLES = int(os.environ.get("KG_FUZZ_EXAMPLES", "15"))
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Nested namespaces, one that ends in a letter, two prefixes for one.
PREFIXES = {
    "": "urn:x:",
    "ex": EX,
    "exam": EX,
    "a": f"{EX}a",
    "aa": f"{EX}a/",
    "ns": f"{EX}ns#",
    "xsd": XSD,
    "é": "http://é.example/",
    "bad": "not an IRI",
}
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FORMATS = (*TRIPLE_FORMATS, *QUAD_FORMATS)


def written(rows, folder, ending):
    """Export rows and return the path; None if RDF/XML cannot express them."""
    path = folder / f"out.{ending}"
    table = make_table(folder / "quads.parquet", rows)
    return in_reach(
        path,
        lambda: export_quads(table, str(path), ExportOptions(threads=1), PREFIXES, origins=None),
    )


def in_reach(path, act):
    """Call `act`, which writes the path, and return the path; None if RDF/XML cannot express it."""
    try:
        act()
    except InputError as error:
        if error.code != "not-rdf-xml" or path.exists() or path.suffix != ".rdf":
            raise
        return None
    return path


def wanted(rows, ending):
    return {(s, p, o, None if ending in TRIPLE_FORMATS else g) for s, p, o, g in rows}


@FUZZ
@given(quads=st.lists(PLAIN_QUADS, max_size=15), ending=st.sampled_from(FORMATS))
def test_terms_survive_every_format(quads, ending):
    rows = {row(quad) for quad in quads}
    with tempfile.TemporaryDirectory() as name:
        path = written(rows, Path(name), ending)
        if path is not None:
            found = read(path)
            assert set(found) == wanted(rows, ending)
            assert len(found) == len(set(found))


@FUZZ
@given(quads=st.lists(QUADS, max_size=15), ending=st.sampled_from(FORMATS))
def test_graphs_with_blank_nodes_survive_every_format(quads, ending):
    rows = {row(quad) for quad in quads}
    with tempfile.TemporaryDirectory() as name:
        path = written(rows, Path(name), ending)
        if path is not None:
            assert canonical(read(path)) == canonical(wanted(rows, ending))


BLANK = st.integers(0, 7).map(lambda number: f"_:b{number}")
NODE = st.one_of(BLANK, BLANK, st.sampled_from([f"<{EX}x>", f"<{RDF}nil>"]))
NESTED_ROWS = st.lists(
    st.tuples(
        NODE,
        st.sampled_from([f"<{RDF}first>", f"<{RDF}rest>", f"<{EX}p>", f"<{RDF}type>"]),
        st.one_of(NODE, st.just('"o"'), NAMED_NODES.map(str)),
        st.sampled_from([None, None, None, f"<{EX}g>", "_:b7"]),
    ),
    max_size=14,
)


@FUZZ
@given(rows=NESTED_ROWS, ending=st.sampled_from(["ttl", "trig"]))
def test_nested_nodes_and_lists_survive(rows, ending):
    rows = set(rows)
    with tempfile.TemporaryDirectory() as name:
        path = written(rows, Path(name), ending)
        assert canonical(read(path)) == canonical(wanted(rows, ending))


@st.composite
def trees(draw):
    """Draw rows of a tree of blank nodes and lists, all of which can be nested."""
    rows = []
    fresh = iter(range(10_000))

    def node(depth):
        if depth == 0 or draw(st.booleans()):
            return str(draw(OBJECTS.filter(lambda term: not isinstance(term, ox.BlankNode))))
        if draw(st.booleans()):
            label = f"_:n{next(fresh)}"
            parts = [node(depth - 1) for _ in range(draw(st.integers(0, 3)))]
            rows.extend((label, f"<{EX}p{n % 2}>", part, None) for n, part in enumerate(parts))
            return label
        items = [node(depth - 1) for _ in range(draw(st.integers(0, 3)))]
        tail = f"<{RDF}nil>"
        for item in reversed(items):
            label = f"_:n{next(fresh)}"
            rows.extend([(label, f"<{RDF}first>", item, None), (label, f"<{RDF}rest>", tail, None)])
            tail = label
        return tail

    tops = [node(4) for _ in range(draw(st.integers(1, 3)))]
    rows.extend((f"<{EX}s>", f"<{EX}q{n}>", top, None) for n, top in enumerate(tops))
    return set(rows)


@FUZZ
@given(rows=trees())
def test_trees_are_written_without_labels(rows):
    with tempfile.TemporaryDirectory() as name:
        path = written(rows, Path(name), "ttl")
        assert canonical(read(path)) == canonical(rows)
        text = path.read_text(encoding="utf-8")
        assert not any(line.startswith(("_:", "[]")) for line in text.splitlines())


@FUZZ
@given(quads=st.lists(QUADS, max_size=10), ending=st.sampled_from(FORMATS))
def test_files_survive_every_format(quads, ending):
    rows = {row(quad) for quad in quads}
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "in.nq", Path(name) / f"out.{ending}"
        ox.serialize(quads, str(source))
        if in_reach(target, lambda: export_files([source], str(target), ExportOptions())):
            assert canonical(read(target)) == canonical(wanted(rows, ending))
