"""Reads exported files with other libraries, as rows of a quad table."""

import gzip
import warnings
from pathlib import Path

import duckdb
import pyoxigraph as ox
import rdflib
import zstandard

from kg.exports.formats import FORMATS as WRITTEN
from kg.workspace import rdf_suffix
from tests.terms import row

# Endings of the formats that kg writes: of triples, and of quads.
TRIPLE_FORMATS = tuple(form.suffixes[0][1:] for form in WRITTEN if not form.quads)
QUAD_FORMATS = tuple(form.suffixes[0][1:] for form in WRITTEN if form.quads)
FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
}


def read(path: Path):
    """Return the rows of a file, read with pyoxigraph, or with DuckDB for COTTAS."""
    if path.suffix == ".cottas":
        found = duckdb.sql(f"FROM read_parquet('{path}')")
        assert found.columns in (["s", "p", "o"], ["s", "p", "o", "g"])
        return [tuple(each) if len(each) == 4 else (*each, None) for each in found.fetchall()]
    form = FORMATS[rdf_suffix(path.name)]
    return [row(quad) for quad in ox.parse(decompressed(path), form)]


def decompressed(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content


def read_rdflib(path: Path):
    """Return the quads of a file, read with rdflib."""
    dataset = rdflib.Dataset()
    names = {".nq": "nquads", ".trig": "trig", ".jsonld": "json-ld"}
    with warnings.catch_warnings():
        # rdflib's own parsers use deprecated parts of rdflib.
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset.parse(data=path.read_text(encoding="utf-8"), format=names[path.suffix])
    return dataset
