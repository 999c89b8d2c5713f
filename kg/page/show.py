"""Writes terms as HTML: short names that lead to pages, labels, texts in their language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kg.names import Namer, local_name
from kg.page.links import Links
from kg.page.markup import Html, joined, tag
from kg.queries.display import is_number
from kg.terms import RDF, XSD, XSD_STRING, is_blank, is_literal, is_named, split_literal

_WEB: Final = re.compile(r"https?://[^/]")
_LONGEST: Final = 20_000
# Datatypes that the form of a text shows.
_EVIDENT: Final = frozenset(
    {XSD_STRING, f"{RDF}langString"}
    | {f"{XSD}{name}" for name in ("integer", "decimal", "double", "boolean", "date", "dateTime")}
    | {f"{XSD}{name}" for name in ("gYear", "gYearMonth", "anyURI", "nonNegativeInteger", "time")}
)


class Shower:
    """Writes terms.

    Args:
        namer: Makes short names.
        links: Knows where pages are.
        labels: Term to what people call it; the short name is shown beside it as a title.
    """

    def __init__(self, namer: Namer, links: Links, labels: Mapping[str, str] | None = None) -> None:
        self.namer = namer
        self.links = links
        self._labels = labels or {}

    def with_labels(self, labels: Mapping[str, str]) -> Shower:
        """Return one that knows other labels."""
        return Shower(self.namer, self.links, labels)

    def label(self, term: str) -> str:
        """Return what people call a term: its label, else its short name.

        The name of an IRI without a prefix is its end.
        """
        if found := self._labels.get(term):
            return found
        short = self.namer(term)
        if is_named(term) and short.startswith("<"):
            return local_name(term) or term
        return short

    def term(self, term: str | None, language: str | None = None) -> Html:
        """Return a term of a graph, with a link where there is a page; None is an empty cell.

        Args:
            term: The term.
            language: The language that texts need not name.
        """
        if term is None:
            return Html("")
        if is_literal(term):
            return self.literal(term, language)
        if is_named(term):
            return self.iri(term)
        return tag("span", "[ ]" if is_blank(term) else term, class_="blank", title=term)

    def iri(self, term: str) -> Html:
        """Return an IRI by its label, or its short name; its title is the whole IRI."""
        text = self.label(term)
        known = term in self._labels
        address = self.links.entity(term[1:-1])
        classes = "iri labelled" if known else "iri"
        if address is None:
            return tag("span", text, class_=classes, title=term[1:-1])
        return tag("a", text, class_=classes, href=address, title=term[1:-1])

    def literal(self, term: str, language: str | None = None) -> Html:
        """Return a literal: its text, with its language and datatype where they are not evident."""
        parts = split_literal(term)
        text = parts.lexical
        cut = text[:_LONGEST] + "…" if len(text) > _LONGEST else text
        if is_number(term):
            return tag("span", cut, class_="number")
        inner: Html = tag("span", cut, class_="text", lang=parts.language, dir="auto")
        if language is not None and parts.language == language:
            return inner
        if parts.language:
            return joined([inner, " ", tag("span", parts.language, class_="mark")])
        if parts.datatype == f"{XSD}anyURI" and _WEB.match(text):
            return outside(text, text)
        if parts.datatype not in _EVIDENT:
            short = self.namer(f"<{parts.datatype}>")
            return joined([inner, " ", tag("span", short, class_="mark")])
        return inner


def outside(address: str, text: str) -> Html:
    """Return a link out of the pages; only to the web, never to a script.

    >>> outside("javascript:alert(1)", "x")
    '<span>x</span>'
    """
    if not _WEB.match(address):
        return tag("span", text)
    return tag("a", text, href=address, rel="noreferrer noopener", class_="outside")
