"""Convert terms between the quad table and rdflib.

rdflib would rewrite lexical forms (``01`` to ``1``) and the white space of ``xsd:token``. Both are
switched off here, so that pySHACL sees and reports terms exactly as in the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.terms import XSD, XSD_STRING, literal
from kg.terms import is_blank as is_blank
from kg.terms import is_literal as is_literal
from kg.terms import split_literal as split_literal

if TYPE_CHECKING:
    from rdflib.term import Node

# Datatypes whose white space rdflib always collapses.
_COLLAPSED: Final = frozenset({f"{XSD}token", f"{XSD}normalizedString"})


def is_true(term: str) -> bool:
    """Return whether a value of a shapes graph is true: only ``true`` is, as in pySHACL."""
    return is_literal(term) and split_literal(term).lexical.lower() == "true"


def to_rdflib(term: str) -> Node:
    """Return a term of the quad table as a node of rdflib, with its lexical form unchanged.

    Plain strings have no datatype, as in rdflib's own parsers.

    Raises:
        ValueError: The text is not a term.
    """
    from rdflib.term import BNode, Literal, URIRef

    if term.startswith("<"):
        return URIRef(term[1:-1])
    if term.startswith("_:"):
        return BNode(term[2:])
    if term.startswith('"'):
        parts = split_literal(term)
        if parts.language:
            return Literal(parts.lexical, lang=parts.language)
        if parts.datatype == XSD_STRING:
            return Literal(parts.lexical)
        if parts.datatype in _COLLAPSED:
            kept = Literal(parts.lexical)
            kept._datatype = URIRef(parts.datatype)
            return kept
        return Literal(parts.lexical, datatype=parts.datatype, normalize=False)
    raise ValueError(f"not a term: {term!r}")


def from_rdflib(node: Node) -> str:
    """Return a node of rdflib as a term of the quad table.

    Raises:
        ValueError: The node is neither an IRI, a blank node nor a literal.
    """
    from rdflib.term import BNode, Literal, URIRef

    if isinstance(node, URIRef):
        return f"<{node}>"
    if isinstance(node, BNode):
        return f"_:{node}"
    if isinstance(node, Literal):
        if node.language:
            return literal(str(node), language=node.language)
        return literal(str(node), None if node.datatype is None else str(node.datatype))
    raise ValueError(f"not a term: {node!r}")
