"""RDF terms and triples for Python programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from kg.datatypes import INTEGER_RANGES, is_lexical_form
from kg.terms import XSD, split_literal, text_of

# Digits of the fraction of a second that Python's datetime has.
_MICROSECONDS: Final = 6

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

    A literal whose text is not in the lexical space of its datatype has no value.

    >>> python_value('"7"^^<http://www.w3.org/2001/XMLSchema#integer>')
    7
    >>> python_value("<http://example.org/a>")
    'http://example.org/a'
    >>> python_value('"1_000"^^<http://www.w3.org/2001/XMLSchema#integer>')
    '1_000'
    """
    if not term.startswith('"'):
        return Term(term).text
    parts = split_literal(term)
    make = _MAKERS.get(parts.datatype)
    if make is None or not is_lexical_form(parts.lexical, parts.datatype):
        return parts.lexical
    try:
        return make(parts.lexical)
    except (ValueError, OverflowError):  # a value that Python's type does not have
        return parts.lexical


def instant(text: str) -> datetime:
    """Return the instant that a lexical form of ``xsd:dateTime`` means.

    Raises:
        ValueError: Python's datetime does not have it: it has years from 1 to 9999, and no more
            than microseconds.

    >>> instant("2022-11-18T01:02:03.5Z")
    datetime.datetime(2022, 11, 18, 1, 2, 3, 500000, tzinfo=datetime.timezone.utc)
    """
    fraction = text.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0]
    if len(fraction.rstrip("0")) > _MICROSECONDS:
        raise ValueError(f"{text} is finer than microseconds")
    return datetime.fromisoformat(text)


def truth(text: str) -> bool:
    """Return the truth that a lexical form of ``xsd:boolean`` means."""
    return text in ("true", "1")


_MAKERS: Final[Mapping[str, Callable[[str], Value]]] = {
    **dict.fromkeys(INTEGER_RANGES, int),
    f"{XSD}decimal": Decimal,
    f"{XSD}double": float,
    f"{XSD}float": float,
    f"{XSD}boolean": truth,
    f"{XSD}date": date.fromisoformat,
    f"{XSD}dateTime": instant,
}
