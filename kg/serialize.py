"""Small RDF graphs written in the formats that Oxigraph writes. Exports have writers of their own.

Spec: https://www.w3.org/TR/rdf12-n-triples/ for the terms that come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import IO, Final

import pyoxigraph as ox

# The names that ``--format`` takes.
FORMATS: Final[Mapping[str, ox.RdfFormat]] = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
# Formats of lines, which write every IRI in full.
LINES: Final = frozenset({"ntriples", "nquads"})
# Triples that are handed to Oxigraph at once.
_TOGETHER: Final = 1_000


def write_triples(
    triples: Iterable[tuple[str, str, str]],
    name: str,
    out: IO[bytes],
    prefixes: Mapping[str, str] | None = None,
) -> None:
    r"""Write triples as they come.

    Args:
        triples: Subject, predicate and object, as N-Triples text.
        name: One of `FORMATS`.
        out: Where the bytes go.
        prefixes: Prefix to namespace, for formats that have prefixes.

    Raises:
        ValueError: A triple cannot be written in this format.

    >>> from io import BytesIO
    >>> write_triples([("<http://e/a>", "<http://e/p>", '"b"')], "nquads", made := BytesIO())
    >>> made.getvalue()
    b'<http://e/a> <http://e/p> "b" .\n'
    """
    blocks = _blocks(iter(triples))
    if name in LINES:
        for block in blocks:
            out.write(block.encode())
        return
    known = dict(prefixes) if prefixes else None
    ox.serialize(_parsed(blocks), out, FORMATS[name], prefixes=known)


def _blocks(triples: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    while block := "".join([f"{s} {p} {o} .\n" for s, p, o in islice(triples, _TOGETHER)]):
        yield block


def _parsed(blocks: Iterator[str]) -> Iterator[ox.Triple]:
    for lines in blocks:
        # Lenient: readers let IRIs through that hold what IRIs do not.
        for quad in ox.parse(lines, ox.RdfFormat.N_TRIPLES, lenient=True):
            yield quad.triple
