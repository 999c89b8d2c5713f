"""The format of an RDF file: as declared, by its suffix, by its first bytes."""

import bz2
import gzip
import lzma
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.rdf import format_of, parse_rdf
from kg.rdf.formats import NAMES, declared, sniffed
from tests.graph_copy import ROOT

TRIPLE = ox.Triple(
    ox.NamedNode("http://e/a"), ox.NamedNode("http://e/p"), ox.Literal("{ x <y> : z", language="en")
)
OTHER = ox.Triple(ox.NamedNode("urn:x"), ox.NamedNode("http://e/p"), ox.BlankNode("b"))
BINARY = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def written(form, graph=None):
    quads = [ox.Quad(t.subject, t.predicate, t.object, graph) for t in (TRIPLE, OTHER)]
    return ox.serialize(quads if form.supports_datasets else [TRIPLE, OTHER], format=form)


def predicates(path):
    return [quad.predicate.value for quad in parse_rdf(path)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_any_format_is_recognised_by_its_first_bytes(tmp_path, name, head):
    form = NAMES[name]
    graph = ox.NamedNode("http://e/g") if form.supports_datasets else None
    if form == ox.RdfFormat.RDF_XML and head.isspace():
        head = b""  # nothing may precede the XML declaration
    path = tmp_path / "graph"
    path.write_bytes(head + written(form, graph))
    found = format_of(path)
    # N-Triples is Turtle as well.
    assert found == form or (form, found) == (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TURTLE)
    assert predicates(path) == ["http://e/p"] * 2


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("# comment { \n@prefix : <http://e/> .\n:a :p 1 .", ox.RdfFormat.TURTLE),
        ("[] <urn:p> <urn:o> .", ox.RdfFormat.TURTLE),
        ("[ <urn:p> <urn:o> ] .", ox.RdfFormat.TURTLE),
        ("[ a <urn:o> ] .", ox.RdfFormat.TURTLE),
        ("<urn:x> a <urn:y> .", ox.RdfFormat.TURTLE),
        ("PREFIX : <urn:>\n:g { :a :b :c }", ox.RdfFormat.TRIG),
        ("{ <urn:a> <urn:b> <urn:c> }", ox.RdfFormat.TRIG),
        ("# all\nGRAPH <urn:g> { }", ox.RdfFormat.TRIG),
        ('{"@id": "urn:a"}', ox.RdfFormat.JSON_LD),
        ('[\n {"@id": "urn:a"}]', ox.RdfFormat.JSON_LD),
        ("{}", ox.RdfFormat.JSON_LD),
        ("<!-- x --><rdf:RDF/>", ox.RdfFormat.RDF_XML),
        ("<r:RDF\n  xmlns:r='x'/>", ox.RdfFormat.RDF_XML),
        ("<!DOCTYPE rdf:RDF []><rdf:RDF/>", ox.RdfFormat.RDF_XML),
        ("<!DOCTYPE html><html/>", "a web page"),
        ("Prefix(:=<urn:>)\nOntology(", "OWL in functional syntax"),
        ("Prefix: ex: <urn:>", "OWL in Manchester syntax"),
        ("\0\1\2", None),
        ("name,height\nK2,8611", None),
    ],
)
def test_the_first_bytes_decide_the_format(text, form):
    assert sniffed(text.encode()) == form


@pytest.mark.parametrize("suffix", [".owl", ".rdf", ".xml", ".rdfs"])
def test_files_of_ontologies_may_contain_turtle_or_xml(tmp_path, suffix):
    path = tmp_path / f"graph{suffix}"
    for form in (ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML):
        path.write_bytes(written(form))
        assert predicates(path) == ["http://e/p"] * 2
    path.write_bytes(b"")
    assert predicates(path) == []


@pytest.mark.parametrize("ending", BINARY)
@pytest.mark.parametrize("name", ["graph.nt", "graph"])
def test_compressed_files_are_read_and_damaged_ones_refused(tmp_path, ending, name):
    path = tmp_path / f"{name}{ending}"
    path.write_bytes(BINARY[ending](written(ox.RdfFormat.N_TRIPLES)))
    assert predicates(path) == ["http://e/p"] * 2
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError) as broken:
        predicates(path)
    assert broken.value.code == "bad-compression"
    path.write_bytes(b"no compression")
    with pytest.raises(InputError) as none:
        predicates(path)
    assert none.value.code == "bad-compression"


def test_a_declared_format_overrides_the_suffix(tmp_path):
    path = tmp_path / "graph.ttl"
    path.write_bytes(written(ox.RdfFormat.JSON_LD))
    with declared([path], "jsonld"):
        assert predicates(path) == ["http://e/p"] * 2
    assert format_of(path) == ox.RdfFormat.TURTLE
    with pytest.raises(InputError) as caught, declared([path], "json-ld"):
        pass
    assert caught.value.code == "unknown-format"


@pytest.mark.parametrize(
    "address", ["https://e/x.ttl", "http://e/a?b=c", "s3://b/x.nt", "hf://d/x", "az://c/x"]
)
def test_an_address_instead_of_a_file_is_an_error(address):
    with pytest.raises(InputError) as caught:
        list(parse_rdf(Path(address)))
    assert caught.value.code == "missing-file"
    assert f"{address} is an address, and kg fetches nothing" in str(caught.value)
    assert f"curl -LO {address}" in str(caught.value)


def run(folder, text, *words):
    command = [sys.executable, "-m", "kg", *words]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.run(
        command, input=text, cwd=folder, env=environment, capture_output=True, check=False
    )


def test_data_can_be_read_from_standard_input(tmp_path):
    turtle = b"<a> <http://e/p> 'x' ."
    export = ["export", "-f", "ntriples", "-o", "-", "--data", "-"]
    done = run(tmp_path, turtle, *export)
    assert done.stdout.decode() == f'<{tmp_path.as_uri()}/a> <http://e/p> "x" .\n'
    wrong = run(tmp_path, b"<a> <b>", *export)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(b"kg: standard input:1:")
    json = run(tmp_path, written(ox.RdfFormat.JSON_LD), *export, "--data-format", "jsonld")
    assert json.returncode == 0
    assert run(tmp_path, turtle, *export, "--data", "-").returncode == 2
    (tmp_path / "shapes.ttl").write_text("")
    checked = run(tmp_path, turtle, "validate", "--data", "-", "--shapes", "shapes.ttl")
    assert checked.returncode == 0
    both = run(tmp_path, turtle, "query", "-", "--data", "-")
    assert both.returncode == 2
    assert b"cannot both be standard input" in both.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
