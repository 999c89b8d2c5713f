"""Finds the RDF format of a file: as declared, by the suffix of its name, by its first bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from kg.errors import UsageError
from kg.serialize import FORMATS

# The values of --data-format; the same names as for --format of exports.
NAMES: Final = FORMATS
SUFFIXES: Final[Mapping[str, ox.RdfFormat]] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".turtle": ox.RdfFormat.TURTLE,
    ".n3": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ntriples": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".nquads": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
}
# Suffixes that are used for several formats: the first bytes decide.
UNSURE: Final = (".rdf", ".owl", ".rdfs", ".xml")
COMPRESSIONS: Final = (".gz", ".zst", ".bz2", ".xz")
# Bytes at the start of a file that `sniffed` needs.
HEAD: Final = 1 << 14

_XML: Final = re.compile(r"<\?[A-Za-z_]|<!--|<!DOCTYPE\b|<[A-Za-z_][\w.:-]*\s[^<>]*\bxmlns")
_JSON: Final = re.compile(r"\{\s*[\"}]|\[\s*(?:[{\"]|\]\s*$)")
_TURTLE: Final = re.compile(r"<[^<>\s]*>|_:|^\s*@?(?:prefix|base)\b", re.I | re.M)
_NO_RDF: Final = (
    (re.compile(r"<!doctype\s+html|<html\b", re.I), "a web page"),
    (re.compile(r"Ontology\s*\(|Prefix\s*\("), "OWL in functional syntax"),
    (re.compile(r"Prefix:|Ontology:"), "OWL in Manchester syntax"),
    (re.compile(r"format-version:"), "OBO"),
    (re.compile(r"HDT|\$HDT"), "HDT"),
    (re.compile(r"PK\x03\x04"), "a zip archive"),
    (re.compile(r"PAR1"), "Parquet"),
)
_COMMENTS: Final = re.compile(r"(?:\s+|#[^\n]*(?:\n|$))*+")
_TERM: Final = r"(?:<[^<>\s]*>|_:\S+)"
_LITERAL: Final = r"\"(?:[^\"\\\n]|\\.)*\"(?:@[\w-]+|\^\^<[^<>\s]*>)?"
_QUAD: Final = re.compile(
    rf"^{_TERM}\s+<[^<>\s]*>\s+(?:{_TERM}|{_LITERAL})\s+{_TERM}\s*\.\s*$", re.MULTILINE
)
_GRAPH: Final = re.compile(r"^\s*(?:GRAPH\b|(?:<[^<>\s]*>|[\w.-]*:[\w.-]*)?\s*\{)", re.I | re.M)

_NONE: Final[Mapping[Path, ox.RdfFormat]] = MappingProxyType({})
_declared: ContextVar[Mapping[Path, ox.RdfFormat]] = ContextVar("declared", default=_NONE)


@contextmanager
def declared(files: Sequence[Path], name: str | None) -> Iterator[None]:
    """Read files in this format, whatever their suffix, while the `with` block runs.

    Args:
        files: The files.
        name: One of `NAMES`; None changes nothing.

    Raises:
        UsageError: There is no format with this name.
    """
    if name is None:
        yield
        return
    token = _declared.set({**_declared.get(), **dict.fromkeys(files, by_name(name))})
    try:
        yield
    finally:
        _declared.reset(token)


def by_name(name: str) -> ox.RdfFormat:
    """Return the format with this name.

    Raises:
        UsageError: There is no such format.
    """
    form = NAMES.get(name.lower())
    if form is None:
        raise UsageError(
            "unknown-format",
            f"kg does not read the format {name!r}",
            hint=f"It reads {', '.join(NAMES)}.",
        )
    return form


def declared_format(path: Path) -> ox.RdfFormat | None:
    """Return the format set by `declared` for a file, if any."""
    return _declared.get().get(path)


def suffix_of(name: str) -> str:
    """Return the suffix of a file name before that of a compression, in lower case.

    >>> suffix_of("Graph.NT.gz"), suffix_of("graph")
    ('.nt', '')
    """
    name = name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return Path(name).suffix


def sniffed(head: bytes) -> ox.RdfFormat | str | None:
    """Guess the format from the first bytes of a file.

    Args:
        head: The first bytes, decompressed.

    Returns:
        The format; or the name of a format that kg does not read; or None if it is unknown.
    """
    text = _text(head)
    begin = text[match.end() :] if (match := _COMMENTS.match(text)) else text
    for pattern, name in _NO_RDF:
        if pattern.match(begin):
            return name
    if _XML.match(begin):
        return ox.RdfFormat.RDF_XML
    if _JSON.match(begin):
        return ox.RdfFormat.JSON_LD
    if "\0" in text or not _TURTLE.search(text):
        return None
    if _QUAD.search(text):
        return ox.RdfFormat.N_QUADS
    return ox.RdfFormat.TRIG if _GRAPH.search(text) else ox.RdfFormat.TURTLE


def _text(head: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
