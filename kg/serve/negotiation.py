"""Which format an answer gets: the media types of formats, and what a client accepts.

Spec: https://www.rfc-editor.org/rfc/rfc9110#name-content-negotiation
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.queries.formats import FORMATS, Format
from kg.sparql.words import Form

# Format to media types: the first is sent, the others are understood.
_ROWS: Final = {
    "json": ("application/sparql-results+json", "application/json"),
    "xml": ("application/sparql-results+xml", "application/xml", "text/xml"),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
    "table": ("text/plain",),
}
_GRAPHS: Final = {
    "turtle": ("text/turtle", "application/x-turtle", "application/turtle"),
    "ntriples": ("application/n-triples", "text/plain"),
    "jsonld": ("application/ld+json", "application/json"),
    "rdfxml": ("application/rdf+xml", "application/xml", "text/xml"),
    "trig": ("application/trig",),
    "nquads": ("application/n-quads",),
}
HTML: Final = "text/html"


def formats(form: Form) -> dict[str, tuple[str, ...]]:
    """Return the formats for a query form, with their media types; the first is the usual one."""
    if form.is_graph:
        return _GRAPHS
    # The formats of columns have no way to say yes or no.
    names = ("json", "xml", "table") if form is Form.ASK else tuple(_ROWS)
    return {name: _ROWS[name] for name in names}


def graph_format(accept: str) -> str | None:
    """Return the format of RDF that a client prefers to HTML; None if it prefers HTML."""
    offered = [(HTML, "")] + [(media, name) for name, each in _GRAPHS.items() for media in each]
    return chosen(accept, offered) or None


def media_type(name: str) -> str:
    """Return the media type of a format, with the charset where text needs one."""
    media = (_ROWS.get(name) or _GRAPHS[name])[0]
    return f"{media}; charset=utf-8" if media.startswith("text/") else media


def format_for(form: Form, accept: str, named: str = "") -> Format | None:
    """Return the format for an answer; None if the client accepts none of them.

    Args:
        form: The query form.
        accept: What the client accepts.
        named: A format that it names besides; a name that does not fit is not obeyed.
    """
    known = formats(form)
    if named in known:
        return FORMATS[named]
    offered = [(media, name) for name, each in known.items() for media in each]
    found = chosen(accept, offered)
    return None if found is None else FORMATS[found]


def chosen(accept: str, offered: Sequence[tuple[str, str]]) -> str | None:
    """Return the name that suits a client best: the first of those that it likes most.

    Args:
        accept: The header ``Accept``; empty for anything.
        offered: Media type and name, those first that are preferred.

    >>> chosen("text/csv;q=0.5, application/json", [("text/csv", "csv"), ("application/json", "j")])
    'j'
    """
    wanted = _ranges(accept or "*/*")
    best, found = 0.0, None
    for media, name in offered:
        quality = _quality(media, wanted)
        if quality > best:
            best, found = quality, name
    return found


def _ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for each in accept.split(","):
        media, *parameters = (part.strip().lower() for part in each.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        if media:
            ranges.append((media, quality))
    return ranges


def _quality(media: str, wanted: Sequence[tuple[str, float]]) -> float:
    """Return how much a client likes a media type: what names it most closely counts."""
    kind = media.partition("/")[0]
    for pattern in (media, f"{kind}/*", "*/*"):
        found = [quality for each, quality in wanted if each == pattern]
        if found:
            return max(found)
    return 0.0
