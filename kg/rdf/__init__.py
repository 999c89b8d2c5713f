"""Reads RDF files as a stream, with errors that name file, line and column.

Every format of `kg.rdf.formats` is read, plain or compressed. Nothing is fetched: remote JSON-LD
contexts, external XML entities and entities that could expand without bound are refused.
"""

from kg.rdf.files import (
    Quad,
    bad_encoding,
    format_of,
    open_binary,
    open_rdf,
    parse_rdf,
    quads_about,
    quads_with_lines,
)
from kg.rdf.spool import SPOOL_MEMORY, Spooled, spool_rdf, terms_of_lines_sql

__all__ = [
    "SPOOL_MEMORY",
    "Quad",
    "Spooled",
    "bad_encoding",
    "format_of",
    "open_binary",
    "open_rdf",
    "parse_rdf",
    "quads_about",
    "quads_with_lines",
    "spool_rdf",
    "terms_of_lines_sql",
]
