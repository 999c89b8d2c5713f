"""The first page, the vocabulary, and the search for names."""

from __future__ import annotations

from typing import Final

from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.page.vocabulary import vocabulary_main
from kg.serve.messages import Reply, Request
from kg.serve.state import State, shared
from kg.terms import OWL, expand

HTML: Final = "text/html; charset=utf-8"
# Questions and classes on the first page; things that a search finds.
_FEW: Final = 12
_FOUND: Final = 100
_LONGEST: Final = 200


def home(state: State, request: Request) -> Reply:
    """Return the first page: what the graph is, and where to begin."""
    del request
    workspace, known = state.workspace, state.facts.vocabulary
    card = shared(state, "counts", lambda: _counts(state))
    tiles = (tag("div", tag("b", f"{count:,}"), name) for name, count in card)
    used = [each for each in known.classes if each.count and not each.iri.startswith(OWL)]
    classes = (
        tag(
            "li",
            tag("a", each.label or each.name, href=state.links.entity(each.iri), title=each.iri),
            tag("span", f" {each.count:,}", class_="count"),
        )
        for each in used[:_FEW]
    )
    asked = (
        tag("li", tag("a", each.title or each.question or each.name,
                      href=state.links.question(each.name)))
        for each in [q for q in state.questions if not q.name.startswith("check-")][:_FEW]
    )  # fmt: skip
    more = len(state.questions) > _FEW
    main = joined(
        [
            tag("h1", workspace.title),
            tag("p", workspace.description, class_="comment") if workspace.description else None,
            tag("div", *tiles, class_="tiles"),
            joined(
                [
                    tag("h2", "Ask"),
                    tag("ul", *asked, class_="list"),
                    tag("p", tag("a", f"All {len(state.questions)} questions",
                                 href=state.links.view("questions"))) if more else None,
                ]
            )
            if state.questions
            else None,
            tag("h2", "Look at"),
            tag("ul", *classes, class_="names"),
            tag(
                "p",
                "Programs ask ",
                tag("a", "/sparql", href="/sparql"),
                ", which describes itself at ",
                tag("a", "/.well-known/void", href="/.well-known/void"),
                ".",
                class_="soft",
            ),
        ]
    )  # fmt: skip
    return Reply(200, HTML, document(state.frame, "", main))


def not_there(state: State, reason: str) -> Reply:
    """Return the page of a view that has nothing to show."""
    main = joined([tag("h1", "Nothing to show"), tag("p", reason, class_="empty")])
    return Reply(404, HTML, document(state.frame, "Nothing to show", main))


def _counts(state: State) -> list[tuple[str, int]]:
    card = state.graph.describe(with_inferred=True)
    return [
        ("triples", card.triples),
        ("entities", card.entities),
        ("classes", len(card.classes)),
        ("properties", len(card.properties)),
    ]


def vocabulary(state: State, request: Request) -> Reply:
    """Return the page of the vocabulary."""
    del request
    main = vocabulary_main(state.facts.vocabulary, state.shower)
    return Reply(200, HTML, document(state.frame, "Vocabulary", main, view="vocabulary"))


def search(state: State, request: Request) -> Reply:
    """Return what bears a name, or the way to the IRI that was typed."""
    wanted = request.value("q").strip()[:_LONGEST]
    iri = _as_iri(state, wanted)
    if iri is not None:
        address = state.links.entity(iri)
        return Reply(303, "text/plain", headers=(("location", address),), is_stable=False)
    rows = _named(state, wanted) if wanted else []
    questions = [
        each
        for each in state.questions
        if wanted and wanted.lower() in f"{each.name} {each.title} {each.question}".lower()
    ]
    main = joined(
        [
            tag("h1", f"Search: {wanted}" if wanted else "Search"),
            _list(
                "Questions",
                [
                    tag("a", each.title or each.name, href=state.links.question(each.name))
                    for each in questions
                ],
            ),
            _list("Things", rows),
            None if rows or questions else tag(
                "p",
                f"Nothing bears a name with “{wanted}”." if wanted else
                "Type a part of a name, an IRI or a short name such as ex:a.",
                class_="empty",
            ),
        ]
    )  # fmt: skip
    return Reply(200, HTML, document(state.frame, "Search", main, view="search"))


def _list(title: str, items: list[Html]) -> Html | None:
    if not items:
        return None
    listed = (tag("li", each) for each in items)
    return joined([tag("h2", title), tag("ul", *listed, class_="list")])


def _as_iri(state: State, text: str) -> str | None:
    """Return the IRI that a text is, or stands for, if the graph knows it."""
    # A short name may look like an IRI of a scheme of its own.
    for iri in (expand(text, state.workspace.prefixes), text.strip("<>")):
        if iri is not None and (found := state.reader.entity(iri)) and found.is_known:
            return iri
    return None


def _named(state: State, wanted: str) -> list[Html]:
    labels = dict(state.named(wanted, _FOUND))
    shower = state.shower.with_labels(labels)
    return [
        joined([shower.term(term), " ", tag("code", state.namer(term), class_="soft")])
        for term in labels
    ]
