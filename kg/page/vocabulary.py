"""The page of a vocabulary: each class and property with its anchor, from the graph itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kg.page.markup import Html, joined, tag
from kg.page.show import Shower, outside
from kg.vocabulary import Vocabulary, VocabularyTerm


def anchor(term: VocabularyTerm) -> str:
    """Return the anchor of a term on the page: its short name, or its IRI, without other marks."""
    name = term.iri if term.name.startswith("<") else term.name
    return re.sub(r"[^A-Za-z0-9_.:/#-]", lambda m: f"%{ord(m[0]):X}", name)


def vocabulary_main(
    vocabulary: Vocabulary,
    shower: Shower,
    details: Mapping[str, Html] | None = None,
) -> Html:
    """Return the main part of the page of a vocabulary.

    Args:
        vocabulary: The classes and properties.
        shower: Writes terms.
        details: IRI to what else is to be said of a term, such as what shapes demand.
    """
    known = details or {}
    anchors = {each.iri: anchor(each) for each in (*vocabulary.classes, *vocabulary.properties)}
    return joined(
        [
            tag("h1", "Vocabulary"),
            tag(
                "p",
                f"{len(vocabulary.classes):,} classes and {len(vocabulary.properties):,} properties"
                " that the graph declares or uses, those that occur most first.",
            ),
            _index("Classes", vocabulary.classes, anchors),
            _index("Properties", vocabulary.properties, anchors),
            tag("h2", "Classes", id="classes"),
            *(_term(each, "instances", anchors, shower, known) for each in vocabulary.classes),
            tag("h2", "Properties", id="properties"),
            *(_term(each, "triples", anchors, shower, known) for each in vocabulary.properties),
            _prefixes(vocabulary),
        ]
    )


def _index(title: str, terms: Sequence[VocabularyTerm], anchors: Mapping[str, str]) -> Html | None:
    if not terms:
        return None
    items = (
        tag("li", tag("a", each.name, href=f"#{anchors[each.iri]}", title=each.label or None))
        for each in sorted(terms, key=lambda each: each.name.lower())
    )
    return tag("details", tag("summary", f"{title} by name"), tag("ul", *items, class_="names"))


def _term(
    term: VocabularyTerm,
    counted: str,
    anchors: Mapping[str, str],
    shower: Shower,
    details: Mapping[str, Html],
) -> Html:
    def listed(iris: Iterable[str]) -> Html:
        return joined((_link(iri, anchors, shower) for iri in iris), ", ")

    facts = [
        ("above it", listed(term.broader)),
        ("of", listed(term.domain)),
        ("leads to", listed(term.range)),
    ]
    count = f"{term.count:,} {counted}" if term.count else "not used"
    if not term.is_declared:
        count += ", not declared"
    rows = [joined([tag("dt", name), tag("dd", value)]) for name, value in facts if value]
    return tag(
        "section",
        tag(
            "h3",
            tag("a", term.name, href=shower.links.entity(term.iri)),
            " ",
            tag("span", count, class_="count"),
            id=anchors[term.iri],
        ),
        tag("p", tag("strong", term.label), class_="label") if term.label else None,
        tag("p", term.comment, class_="comment", dir="auto") if term.comment else None,
        tag("dl", *rows) if rows else None,
        details.get(term.iri),
        tag("p", outside(term.iri, term.iri), class_="address"),
        class_="term",
    )


def _link(iri: str, anchors: Mapping[str, str], shower: Shower) -> Html:
    if iri in anchors:
        return tag("a", shower.namer(f"<{iri}>"), href=f"#{anchors[iri]}")
    return shower.term(f"<{iri}>")


def _prefixes(vocabulary: Vocabulary) -> Html | None:
    if not vocabulary.prefixes:
        return None
    rows = [
        tag("tr", tag("th", tag("code", f"{prefix}:"), scope="row"), tag("td", tag("code", space)))
        for prefix, space in sorted(vocabulary.prefixes.items())
    ]
    return joined(
        [
            tag("h2", "Prefixes", id="prefixes"),
            tag(
                "div",
                tag("table", tag("tbody", *rows)),
                class_="scroll",
                tabindex="0",
                role="region",
                aria_label="Prefixes",
            ),
        ]
    )
