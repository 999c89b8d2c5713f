"""JSON-LD and RDF/XML: pyoxigraph's streaming writers, fed with N-Quads from DuckDB.

No statement passes through Python: the parser's iterator is handed to the writer. Both keep
lexical forms. What RDF/XML cannot hold is found before anything is written.

Spec: https://www.w3.org/TR/json-ld11/ and https://www.w3.org/TR/rdf-syntax-grammar/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Final, cast

from kg.duck import sql_text, translated
from kg.errors import InputError
from kg.export.checks import shown
from kg.export.formats import RDF_XML, Format
from kg.export.lines import nquads_sql
from kg.export.sinks import Writer, piped
from kg.terms import RDF, RDF_TYPE, is_iri

if TYPE_CHECKING:
    import duckdb

# https://www.w3.org/TR/REC-xml-names/#NT-NCName; of its characters those that readers agree on.
_NAME_START: Final = (
    r"A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}"
    r"\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}"
    r"\x{FDF0}-\x{FFFD}"
)
_NAME: Final = (
    rf"[{_NAME_START}][{_NAME_START}\-.0-9\x{{B7}}\x{{300}}-\x{{36F}}\x{{203F}}-\x{{2040}}]*"
)
# https://www.w3.org/TR/rdf-syntax-grammar/#section-Namespace: no property element may have
# these names; rdf:li would be read as rdf:_1.
_RESERVED_NAMES: Final = (
    *("RDF", "Description", "ID", "about", "parseType", "resource", "nodeID", "datatype", "li"),
    *("aboutEach", "aboutEachPrefix", "bagID"),
)
# Prefixes that the writer declares itself; XML has no name for the empty one in attributes.
_TAKEN: Final = frozenset(("", "rdf", "its", "oxprefix"))
_ROOT: Final = re.compile(rb"<rdf:RDF[^>]*>")
_DECLARATION: Final = re.compile(rb" xmlns:[^=]+=\"[^\"]*\"")
# Escapes of characters that XML 1.0 has no way to write.
_NOT_XML: Final = r"(?:[^\\]|\\[tnr\"\\])*(?:\\[bf]|\\u00[01]|\\uFFF[EF])"


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
        sink: Where the bytes go.
        prefixes: Prefix to namespace, for the names of RDF/XML.

    Raises:
        OSError: The sink failed.
        LimitError: The memory limit was reached.
    """
    import pyoxigraph as ox

    written = ox.RdfFormat.RDF_XML if form == RDF_XML else ox.RdfFormat.JSON_LD
    usable = _needed(connection, rows, prefixes) if form == RDF_XML else None
    with piped(connection, nquads_sql(rows)) as pipe:
        # The terms were checked: the parser need not look again.
        quads = ox.parse(pipe.source, ox.RdfFormat.N_QUADS, lenient=True)
        ox.serialize(
            quads,
            cast(IO[bytes], _Whole(sink, xml=form == RDF_XML)),
            written,
            prefixes=usable,
        )
    return pipe.count


class _Whole:
    """A writer as pyoxigraph expects it: it tells how much it took.

    The writer of RDF/XML declares prefixes in an order that changes from run to run: here they
    are sorted.
    """

    def __init__(self, sink: Writer, *, xml: bool) -> None:
        self._sink = sink
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
        self._sink.write(data)
        return size

    def flush(self) -> None:
        """Do nothing: what is held back is not whole."""


def _needed(
    connection: duckdb.DuckDBPyConnection, rows: str, prefixes: Mapping[str, str]
) -> dict[str, str]:
    """Return the prefixes that can shorten a predicate or a class."""
    usable = [
        (prefix, iri)
        for prefix, iri in prefixes.items()
        if prefix not in _TAKEN and not prefix.lower().startswith("xml") and is_iri(iri)
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


def refuse_unnameable(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Find what RDF/XML cannot hold.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g.

    Raises:
        InputError: A predicate that is no XML name, a blank node label that is none, or a
            character that XML 1.0 does not have.
    """
    reserved = ", ".join(sql_text(f"<{RDF}{name}>") for name in _RESERVED_NAMES)
    label = sql_text(f"_:{_NAME}")
    for condition, what, hint in (
        (
            f"p IN ({reserved}) OR NOT regexp_full_match(p, {sql_text(f'<.+{_NAME}>')})",
            "RDF/XML cannot name this predicate",
            "Choose another format, or end the predicate's IRI in a name.",
        ),
        (
            f"o < '<' AND contains(o, '\\') AND regexp_matches(o, {sql_text('^' + _NOT_XML)})",
            "XML has no way to write a character of this literal",
            "Choose another format, or take the control characters out.",
        ),
        (
            f"s >= '_' AND NOT regexp_full_match(s, {label})"
            f" OR o >= '_' AND NOT regexp_full_match(o, {label})",
            "RDF/XML cannot hold the label of this blank node",
            "Give --skolemize, or choose another format.",
        ),
    ):
        with translated():
            row = connection.execute(
                f"SELECT s, p, o FROM ({rows}) WHERE {condition} LIMIT 1"
            ).fetchone()
        if row:
            s, p, o = row
            raise InputError("not-rdf-xml", f"{what}: {shown((s, p, o, None))}", hint=hint)
