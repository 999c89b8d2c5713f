"""Damaged RDF files: an error with its place, or the statements on which other readers agree.

`KG_FUZZ_EXAMPLES` sets the number of examples for each format.
"""

import os
import random
import warnings
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from kg.errors import InputError
from kg.notes import hearing
from kg.rdf import parse_rdf
from kg.rdf.formats import SUFFIXES
from tests.fuzz import BASE, SAMPLES, damaged_bytes

EXAMPLES = int(os.environ.get("KG_FUZZ_EXAMPLES", "25"))
NAMES = {".ttl": "turtle", ".nt": "nt", ".rdf": "xml"}

Found = rdflib.Graph | None


def by_kg(path: Path) -> tuple[Found, bool]:
    """Return the statements, or None for an error, and whether there was a note."""
    wrong = None
    with hearing() as notes:
        try:
            quads = list(parse_rdf(path, BASE))
        except InputError as error:
            wrong = error
    if wrong is None:
        return as_graph(quads), bool(notes)
    assert wrong.hint
    assert wrong.location is not None
    assert wrong.location.line is not None or wrong.code == "bad-encoding"
    return None, False


def by_oxigraph(path: Path, suffix: str) -> Found:
    form = SUFFIXES.get(suffix, ox.RdfFormat.RDF_XML)
    try:
        return as_graph(list(ox.parse(path.read_bytes(), form, base_iri=BASE)))
    except (SyntaxError, ValueError):
        return None


def by_rdflib(path: Path, suffix: str) -> Found:
    if suffix not in NAMES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            graph = rdflib.Graph().parse(path, format=NAMES[suffix], publicID=BASE)
            return rdflib.Graph().parse(data=graph.serialize(format="nt"), format="nt")
        except Exception:  # noqa: BLE001  (any exception: rdflib rejects the file)
            return None


def as_graph(quads: list[ox.Quad]) -> rdflib.Graph:
    """Return the quads as one graph, with the name of each quad's graph in its predicate."""
    graph = rdflib.Graph()
    for quad in quads:
        name = "" if isinstance(quad.graph_name, ox.DefaultGraph) else f"~{quad.graph_name}"
        subject, object_ = (
            rdflib.BNode(term.value)
            if isinstance(term, ox.BlankNode)
            else rdflib.URIRef("x:" + str(term).encode().hex())
            for term in (quad.subject, quad.object)
        )
        # All graphs named by blank nodes are treated as one.
        name = "~_" if name.startswith("~_:") else name
        predicate = rdflib.URIRef("x:" + (quad.predicate.value + name).encode().hex())
        graph.add((subject, predicate, object_))
    return graph


def check(suffix: str, seed: int, folder: Path) -> None:
    random_ = random.Random(f"{suffix} {seed}")
    path = folder / f"in{suffix}"
    path.write_bytes(damaged_bytes(random_, SAMPLES[suffix]))
    mine, noted = by_kg(path)
    oxigraph = by_oxigraph(path, suffix)
    if suffix == ".jsonld":
        # Compare only files without dropped values. kg resolves some references that Oxigraph
        # drops, as the specification says.
        if mine is not None and oxigraph is not None and not noted:
            assert len(mine) >= len(oxigraph), path.read_bytes()
            same = len(mine) == len(oxigraph)
            assert not same or isomorphic(mine, oxigraph), path.read_bytes()
        return
    if suffix != ".rdf":
        assert (mine is None) == (oxigraph is None), path.read_bytes()
        assert mine is None or isomorphic(mine, oxigraph), path.read_bytes()
        return
    other = by_rdflib(path, suffix)
    agreed = oxigraph is not None and other is not None and len(oxigraph) == len(other)
    if agreed and b'version="1.0"' in path.read_bytes():
        assert mine is not None, path.read_bytes()
        assert mine is None or len(mine) == len(other or ()), path.read_bytes()
    if mine is not None and oxigraph is not None and other is None:
        assert isomorphic(mine, oxigraph), path.read_bytes()


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_damaged_file_is_an_error_or_read_as_by_others(tmp_path, suffix):
    for seed in range(EXAMPLES):
        check(suffix, seed, tmp_path)
