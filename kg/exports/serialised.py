"""Writes JSON-LD and RDF/XML with Oxigraph's streaming serializers, from DuckDB's N-Quads.

No Python runs per statement: the serializer reads from the parser's iterator. Both keep lexical
forms. Terms that RDF/XML cannot express are found before anything is written.

Spec: https://www.w3.org/TR/json-ld11/ and https://www.w3.org/TR/rdf-syntax-grammar/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Final, cast

from kg.duck import sql_text, translated
from kg.exports.formats import RDF_XML, Format
from kg.exports.lines import nquads_sql
from kg.exports.sinks import Writer, piped
from kg.exports.xml_names import XML_NAMESPACES
from kg.terms import RDF_TYPE, is_iri

if TYPE_CHECKING:
    import duckdb

# Prefixes that the writer declares itself.
_TAKEN: Final = frozenset(("rdf", "its", "oxprefix"))
# Attributes cannot use the empty prefix, and XML parsers disagree on non-ASCII letters in names.
_PREFIX: Final = re.compile(r"(?!xml)[A-Za-z_][A-Za-z0-9._-]*", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<rdf:RDF[^>]*>")
_DECLARATION: Final = re.compile(rb" xmlns:[^=]+=\"[^\"]*\"")


def write_serialised(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    form: Format,
    sink: Writer,
    prefixes: Mapping[str, str],
) -> int:
    """Write rows as JSON-LD or RDF/XML, and return their number.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g, in the order of writing.
        form: The format.
        sink: Receives the bytes.
        prefixes: Prefix to namespace, for the names of RDF/XML.

    Raises:
        OSError: The sink failed.
        LimitError: The memory limit was reached.
    """
    import pyoxigraph as ox

    written = ox.RdfFormat.RDF_XML if form == RDF_XML else ox.RdfFormat.JSON_LD
    usable = _needed(connection, rows, prefixes) if form == RDF_XML else None
    with piped(connection, nquads_sql(rows)) as pipe:
        # The terms have been checked, so the parser may be lenient.
        quads = ox.parse(pipe.source, ox.RdfFormat.N_QUADS, lenient=True)
        ox.serialize(
            quads,
            cast(IO[bytes], _Whole(sink, xml=form == RDF_XML)),
            written,
            prefixes=usable,
        )
    return pipe.count


class _Whole:
    """A writer for pyoxigraph that makes RDF/XML reproducible and correct.

    pyoxigraph declares prefixes in a different order in each run, so they are sorted here. It
    does not escape carriage returns, so they are escaped here.
    """

    def __init__(self, sink: Writer, *, xml: bool) -> None:
        self._sink = sink
        self._xml = xml
        self._head: bytes | None = b"" if xml else None

    def write(self, data: bytes) -> int:
        size = len(data)
        if self._head is not None:
            self._head += data
            root = _ROOT.search(self._head)
            if root is None:
                return size
            names = b"".join(sorted(_DECLARATION.findall(root[0])))
            data = self._head[: root.start()] + b"<rdf:RDF" + names + self._head[root.end() - 1 :]
            self._head = None
        if self._xml:
            # https://www.w3.org/TR/xml/#sec-line-ends: parsers turn a plain one into a line feed.
            data = data.replace(b"\r", b"&#13;")
        self._sink.write(data)
        return size

    def flush(self) -> None:
        """Do nothing: the buffered part is incomplete."""


def _needed(
    connection: duckdb.DuckDBPyConnection, rows: str, prefixes: Mapping[str, str]
) -> dict[str, str]:
    """Return the prefixes that can shorten a predicate or a class."""
    usable = [
        (prefix, iri)
        for prefix, iri in prefixes.items()
        if prefix not in _TAKEN
        and _PREFIX.fullmatch(prefix)
        and iri not in XML_NAMESPACES
        and is_iri(iri)
    ]
    if not usable:
        return {}
    tests = ", ".join(f"bool_or(starts_with(t, {sql_text('<' + iri)}))" for _, iri in usable)
    terms = (
        f"SELECT DISTINCT p AS t FROM ({rows})"
        f" UNION SELECT DISTINCT o AS t FROM ({rows}) WHERE p = {sql_text(RDF_TYPE)}"
    )
    with translated():
        row = connection.execute(f"SELECT {tests} FROM ({terms})").fetchone()
    assert row is not None
    return dict(pair for pair, used in zip(usable, row, strict=True) if used)
