"""Answers of remote stores, read from the formats that Oxigraph parses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final, Protocol, cast

import pyoxigraph as ox

from kg.queries.engine import Answer, Triple
from kg.queries.oxigraph import Tell, answer_of, triple_texts
from kg.serialize import FORMATS

_RESULTS: Final = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "tsv": ox.QueryResultsFormat.TSV,
}


class Readable(Protocol):
    """Something that bytes are read from."""

    def read(self, size: int = -1) -> bytes:
        """Return some bytes; none at the end."""


def read_results(source: Readable, form: str, tell: Tell) -> Answer:
    """Return rows, or yes or no.

    Args:
        source: Where they are read from, as they are asked for.
        form: json, xml or tsv.
        tell: Returns the error to raise where the answer is not in its format.
    """
    try:
        found = ox.parse_query_results(cast(IO[bytes], source), _RESULTS[form])
    except (SyntaxError, ValueError) as error:
        raise tell(error) from error
    return answer_of(found, tell)


def read_triples(source: Readable, form: str, base: str, tell: Tell) -> Iterator[Triple]:
    """Yield triples, whose IRIs may hold what IRIs do not.

    Args:
        source: Where they are read from, as they are asked for.
        form: One of `kg.serialize.FORMATS`.
        base: What relative IRIs are resolved against.
        tell: Returns the error to raise where the answer is not in its format.
    """
    try:
        quads = ox.parse(cast(IO[bytes], source), FORMATS[form], base_iri=base, lenient=True)
        yield from map(triple_texts, quads)
    except (SyntaxError, ValueError) as error:
        raise tell(error) from error
