"""The first page, and the vocabulary."""

from __future__ import annotations

from typing import Final

from kg.counts import read_counts
from kg.page.frame import document
from kg.page.markup import joined, tag
from kg.page.question import CHECK
from kg.page.vocabulary import vocabulary_main
from kg.serve.messages import Reply, Request
from kg.serve.state import State, shared
from kg.terms import OWL

HTML: Final = "text/html; charset=utf-8"
# Questions and classes on the first page.
_FEW: Final = 12
# Triples of a graph from which on its entities are not counted for the first page, if its build
# has not counted them.
_LARGE: Final = 5_000_000


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
        for each in [q for q in state.questions if not q.name.startswith(CHECK)][:_FEW]
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
    triples = state.build.info()["triples"]
    base = state.workspace.base
    counts = read_counts(state.build, base, with_inferred=True)
    if counts is None and triples > _LARGE:  # counting entities would take the worker's memory
        known = state.facts.vocabulary
        return [
            ("triples", triples),
            ("classes", sum(1 for each in known.classes if each.count)),
            ("properties", sum(1 for each in known.properties if each.count)),
        ]
    found = counts or state.graph.describe(with_inferred=True)
    return [
        ("triples", found.triples),
        ("entities", found.entities),
        ("classes", len(found.classes)),
        ("properties", len(found.properties)),
    ]


def vocabulary(state: State, request: Request) -> Reply:
    """Return the page of the vocabulary."""
    del request
    main = vocabulary_main(state.facts.vocabulary, state.shower)
    return Reply(200, HTML, document(state.frame, "Vocabulary", main, view="vocabulary"))
