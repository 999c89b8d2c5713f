"""RDF terms and triples for Python programs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from kg.datatypes import INTEGER_RANGES
from kg.terms import XSD, split_literal, text_of

Value = str | int | float | bool | Decimal | date | datetime


class Term(str):
    """An RDF term: its canonical N-Triples text, which can be taken apart.

    >>> Term('"1"^^<http://www.w3.org/2001/XMLSchema#integer>').value
    1
    >>> Term("<http://example.org/a>").text
    'http://example.org/a'
    """

    __slots__ = ()

    @property
    def is_iri(self) -> bool:
        """Whether it is an IRI."""
        return self.startswith("<") and not self.is_triple

    @property
    def is_blank(self) -> bool:
        """Whether it is a blank node."""
        return self.startswith("_:")

    @property
    def is_literal(self) -> bool:
        """Whether it is a literal."""
        return self.startswith('"')

    @property
    def is_triple(self) -> bool:
        """Whether it is a triple term."""
        return self.startswith("<<(")

    @property
    def text(self) -> str:
        """The IRI, the label of the blank node, or the lexical form of the literal."""
        return str(self) if self.is_triple else text_of(self)

    @property
    def datatype(self) -> str | None:
        """The IRI of a literal's datatype; None for other terms."""
        return split_literal(self).datatype if self.is_literal else None

    @property
    def language(self) -> str | None:
        """The language tag of a literal, in lower case; None if there is none."""
        return split_literal(self).language if self.is_literal else None

    @property
    def value(self) -> Value:
        """The Python value; the text where Python has no value for the term."""
        return python_value(self)


class Triple(NamedTuple):
    """A triple of an answer."""

    subject: Term
    predicate: Term
    object: Term


def python_value(term: str) -> Value:
    """Return the Python value of an RDF term; its text where Python has no value for it.

    >>> python_value('"7"^^<http://www.w3.org/2001/XMLSchema#integer>')
    7
    >>> python_value("<http://example.org/a>")
    'http://example.org/a'
    """
    if not term.startswith('"'):
        return Term(term).text
    parts = split_literal(term)
    try:
        return _convert(parts.lexical, parts.datatype.removeprefix(XSD))
    except (ValueError, InvalidOperation):  # no value of the datatype, or none that Python has
        return parts.lexical


def _convert(text: str, name: str) -> Value:
    if XSD + name in INTEGER_RANGES:
        return int(text)
    if name == "decimal":
        return Decimal(text)
    if name in ("double", "float"):
        return float(text)
    if name == "boolean":
        return text in ("true", "1")
    if name == "date":
        return date.fromisoformat(text)
    if name == "dateTime":
        return datetime.fromisoformat(text)
    return text
