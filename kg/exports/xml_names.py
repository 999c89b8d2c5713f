"""Finds terms that RDF/XML cannot express, before anything is written.

Spec: https://www.w3.org/TR/rdf-syntax-grammar/#section-Namespace,
https://www.w3.org/TR/xml-names/#NT-NCName
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from kg.duck import sql_text, translated
from kg.errors import InputError
from kg.exports.checks import shown
from kg.terms import RDF, RDF_TYPE

if TYPE_CHECKING:
    import duckdb

# Reserved namespaces: https://www.w3.org/TR/xml-names/#ns-decl
XML_NAMESPACES: Final = (
    "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/XML/1998/namespace",
)
# Names that all parsers accept; others are tried one by one.
_PLAIN: Final = r"<[!-~]*[A-Za-z_][A-Za-z0-9._-]*>"
_NODE_ID: Final = r"_:[A-Za-z_][A-Za-z0-9._-]*"
# Escapes of characters that XML 1.0 does not allow, after any others:
# https://www.w3.org/TR/xml/#charsets
_NOT_XML: Final = r"(?:[^\\]|\\[tnr\"\\]|\\u007F)*(?:\\[bf]|\\u00[01]|\\uFFF[EF])"
_ROWS: Final = 1000  # names fetched at a time


def refuse_unnameable(connection: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Refuse rows that RDF/XML cannot express.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g.

    Raises:
        InputError: A predicate, a class or a blank node label is not an XML name, or a literal
            has a character that XML 1.0 does not allow.
    """
    is_class = f"p = {sql_text(RDF_TYPE)} AND starts_with(o, '<')"
    _refuse_names(connection, rows, "p", "true", "RDF/XML cannot name this predicate")
    _refuse_names(connection, rows, "o", is_class, "RDF/XML cannot name this class")
    label = sql_text(_NODE_ID)
    for condition, what, hint in (
        (
            f"o < '<' AND contains(o, '\\') AND regexp_matches(o, {sql_text('^' + _NOT_XML)})",
            "XML does not allow a character of this literal",
            "Choose another format, or remove the control characters.",
        ),
        (
            f"s >= '_' AND NOT regexp_full_match(s, {label})"
            f" OR o >= '_' AND NOT regexp_full_match(o, {label})",
            "RDF/XML does not allow the label of this blank node",
            "Add --skolemize, or choose another format.",
        ),
    ):
        _refuse(connection, rows, condition, what, hint)


def _refuse(
    connection: duckdb.DuckDBPyConnection, rows: str, condition: str, what: str, hint: str
) -> None:
    with translated():
        row = connection.execute(
            f"SELECT s, p, o FROM ({rows}) WHERE {condition} LIMIT 1"
        ).fetchone()
    if row:
        s, p, o = row
        raise InputError("not-rdf-xml", f"{what}: {shown((s, p, o, None))}", hint=hint)


def _refuse_names(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    condition: str,
    what: str,
) -> None:
    """Raise an error for the first IRI of a column that cannot name an element."""
    odd = " OR ".join(f"starts_with(n, {sql_text(f'<{each}')})" for each in (RDF, *XML_NAMESPACES))
    with translated():
        found = connection.execute(
            f"SELECT DISTINCT {column} AS n FROM ({rows}) WHERE {condition}"
            f" AND ({odd} OR NOT regexp_full_match(n, {sql_text(_PLAIN)}))"
        )
        refused = None
        while refused is None and (names := found.fetchmany(_ROWS)):
            refused = next((n for (n,) in names if not _is_readable(n[1:-1], column == "o")), None)
    if refused is not None:
        is_name = f"{condition} AND {column} = {sql_text(refused)}"
        hint = "Choose another format, or let the IRI end in a name."
        _refuse(connection, rows, is_name, what, hint)


def _is_readable(name: str, is_class: bool) -> bool:
    """Return whether a name can be written with pyoxigraph and read with another XML parser.

    pyoxigraph follows the fifth edition of XML, many parsers the fourth.
    """
    import pyoxigraph as ox

    try:
        named, subject = ox.NamedNode(name), ox.NamedNode("http://example.org/s")
        triple = (
            ox.Triple(subject, ox.NamedNode(RDF_TYPE[1:-1]), named)
            if is_class
            else ox.Triple(subject, named, ox.Literal("x"))
        )
        written = ox.serialize([triple], format=ox.RdfFormat.RDF_XML)
        assert written is not None
        expat.ParserCreate(namespace_separator=" ").Parse(written, True)
        return [quad.triple for quad in ox.parse(written, ox.RdfFormat.RDF_XML)] == [triple]
    except (OSError, SyntaxError, ValueError, expat.ExpatError):
        return False
