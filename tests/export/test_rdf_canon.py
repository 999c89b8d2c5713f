"""The W3C's tests of RDFC-1.0, run through `export_files`.

``KG_CONFORMANCE`` is the folder with ``rdf-canon``, the suite's data.
"""

import os
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import LimitError
from kg.exports import ExportOptions, export_files

FOLDER = Path(os.environ.get("KG_CONFORMANCE", "")) / "rdf-canon"
RDFC = "https://w3c.github.io/rdf-canon/tests/vocab#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("KG_CONFORMANCE" not in os.environ, reason="KG_CONFORMANCE is not set"),
]


def cases(kind):
    """Return the properties of each test of a kind in the manifest, named by its IRI."""
    manifest = FOLDER / "manifest.ttl"
    if "KG_CONFORMANCE" not in os.environ:
        return []
    graph = ox.Dataset(ox.parse(path=str(manifest), base_iri="http://manifest/"))
    found = []
    for quad in graph.quads_for_object(ox.NamedNode(RDFC + kind)):
        if quad.predicate == RDF_TYPE:
            properties = {
                q.predicate.value: q.object.value for q in graph.quads_for_subject(quad.subject)
            }
            found.append(pytest.param(properties, id=quad.subject.value.rpartition("#")[2]))
    return sorted(found, key=lambda case: case.id)


def file(properties, name):
    return FOLDER / properties[MF + name].removeprefix("http://manifest/")


EVALUATION = cases("RDFC10EvalTest")
NEGATIVE = cases("RDFC10NegativeEvalTest")


def test_the_suite_is_complete():
    assert (len(EVALUATION), len(NEGATIVE)) == (64, 1)


@pytest.mark.parametrize("properties", EVALUATION)
def test_the_canonical_form_is_that_of_the_suite(tmp_path, properties):
    digest = properties.get(f"{RDFC}hashAlgorithm", "sha256").lower()
    target = tmp_path / "out.nq"
    options = ExportOptions(canonical=True, digest=digest, threads=1)
    export_files([file(properties, "action")], str(target), options)
    assert target.read_bytes() == file(properties, "result").read_bytes()


@pytest.mark.parametrize("properties", NEGATIVE)
def test_a_poison_graph_ends_at_the_limit(tmp_path, properties):
    target = tmp_path / "out.nq"
    options = ExportOptions(canonical=True, timeout=1)
    with pytest.raises(LimitError) as caught:
        export_files([file(properties, "action")], str(target), options)
    assert caught.value.code == "canonical-limit"
    assert not target.exists()
