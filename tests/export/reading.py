"""What other libraries read in exported files, as rows of a quad table."""

import gzip
from pathlib import Path

import duckdb
import pyoxigraph as ox
import rdflib

from kg.workspace import rdf_suffix
from tests.terms import row

FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
}


def read(path: Path):
    """The rows of a file, as pyoxigraph reads it; COTTAS as DuckDB reads it."""
    if path.suffix == ".cottas":
        return duckdb.sql(f"SELECT s, p, o, g FROM read_parquet('{path}')").fetchall()
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if path.suffix == ".zst":
        import zstandard

        content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return [row(quad) for quad in ox.parse(content, FORMATS[rdf_suffix(path.name)])]


def read_rdflib(path: Path):
    """The quads of a file as rdflib reads it, for comparison with another reading of rdflib."""
    dataset = rdflib.Dataset()
    dataset.parse(path, format={".nt": "nt11", ".rdf": "xml"}.get(path.suffix))
    return dataset
