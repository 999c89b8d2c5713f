"""Pages of IRIs, and the same as RDF."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kg.errors import KgError
from kg.page.entity import LABELS, Entity, entity_main
from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.page.records import records_part
from kg.queries.formats import FORMATS
from kg.serve.endpoint import graph_reply
from kg.serve.messages import Reply, Request, text_reply
from kg.serve.negotiation import graph_format
from kg.serve.state import State

_HTML: Final = "text/html; charset=utf-8"
_BY_ENDING: Final = {
    ending.removeprefix("."): each.name
    for each in FORMATS.values()
    if each.rdf
    for ending in each.endings
}
# Subjects on one page.
_PAGE: Final = 200


def own_entity(state: State, request: Request) -> Reply:
    """Return what is said of an IRI below the base of the workspace."""
    iri = state.links.iri_of(request.path)
    return (
        text_reply(404, "there is no IRI in the address")
        if iri is None
        else _of(state, request, iri)
    )


def entity(state: State, request: Request) -> Reply:
    """Return what is said of the IRI in the parameter ``iri``."""
    return _of(state, request, request.value("iri"))


def _of(state: State, request: Request, iri: str) -> Reply:
    found = state.reader.entity(iri)
    if found is None:
        return text_reply(400, f"no absolute IRI: {iri[:500]}")
    form = graph_format(request.accept)
    if form is not None:
        return as_rdf(state, found, form)
    main = entity_main(found, state.shower)
    title = found.text(LABELS) or state.shower.label(found.term)
    body = document(state.frame, title, main)
    return Reply(200 if found.is_known else 404, _HTML, body)


def data(state: State, request: Request) -> Reply:
    """Return what is said of an IRI in the format that the ending of the path names."""
    form = _BY_ENDING.get(request.path.rpartition(".")[2])
    found = state.reader.entity(request.value("iri"))
    if form is None or found is None:
        return text_reply(404, "give an IRI, and an ending such as ttl")
    return as_rdf(state, found, form)


def as_rdf(state: State, found: Entity, form: str) -> Reply:
    """Return what is said of an IRI, and of the blank nodes in that, as RDF.

    Raises:
        InputError: The format has no way to write it.
    """
    reply = graph_reply(found.triples(), form, state.workspace.prefixes)
    return reply if found.is_known else replace(reply, status=404)


def leading(state: State, request: Request) -> Reply:
    """Return a page of subjects that lead to an IRI by a predicate."""
    iri, predicate = request.value("iri"), request.value("predicate")
    start = request.value("from", "0")
    first = int(start[:9]) if start.isascii() and start.isdecimal() else 0
    found = state.reader.leading(iri, predicate, first, _PAGE + 1)
    shown = found[:_PAGE]
    known = state.reader.labels([f"<{iri}>", f"<{predicate}>", *shown])
    shower = state.shower.with_labels(known)
    items = (tag("li", shower.term(term)) for term in shown)
    main = joined(
        [
            tag("h1", shower.term(f"<{predicate}>"), " of ", shower.term(f"<{iri}>")),
            _range(first, len(shown)),
            tag("ol", *items, start=first + 1) if shown else None,
            _steps(state, iri, predicate, first, has_more=len(found) > _PAGE),
        ]
    )
    return Reply(200, _HTML, document(state.frame, "What leads to it", main))


def _range(first: int, count: int) -> Html:
    told = f"{first + 1:,} to {first + count:,}" if count else "Nothing"
    return tag("p", told, class_="soft")


def _steps(state: State, iri: str, predicate: str, first: int, *, has_more: bool) -> Html:
    links = state.links
    before = links.incoming(iri, predicate, max(0, first - _PAGE)) if first else None
    after = links.incoming(iri, predicate, first + _PAGE) if has_more else None
    steps = [
        tag("a", name, href=address, rel=rel)
        for name, address, rel in (("Before", before, "prev"), ("More", after, "next"))
        if address
    ]
    return tag("p", joined(steps, " · "), class_="steps")


def records(state: State, request: Request) -> Reply:
    """Return the source records of an IRI."""
    iri = request.value("iri")
    try:
        traces = state.graph.trace(f"<{iri}>")
    except KgError as error:
        main = tag("pre", error.report(), class_="error")
    else:
        main = records_part(traces, state.shower, state.workspace.root)
    whole = joined(
        [
            tag("h1", "Source records of ", state.shower.term(f"<{iri}>")),
            tag("div", main, data_part=True),
        ]
    )
    # Sources may change while the build stays.
    return Reply(200, _HTML, document(state.frame, "Source records", whole), is_stable=False)
