"""The page of one IRI: what the graph says of it, and what says something with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from kg.page.answer import table
from kg.page.markup import Html, joined, tag
from kg.page.show import Shower, outside
from kg.records import dataclass
from kg.terms import RDF_TYPE, is_named, split_literal

_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
# Of several predicates, the first that an entity has gives its label.
LABELS: Final = (
    f"<{_SKOS}prefLabel>",
    f"<{_RDFS}label>",
    "<http://purl.org/dc/terms/title>",
    "<https://schema.org/name>",
    "<http://schema.org/name>",
    "<http://xmlns.com/foaf/0.1/name>",
)
COMMENTS: Final = (
    f"<{_SKOS}definition>",
    f"<{_RDFS}comment>",
    "<http://purl.org/dc/terms/description>",
)
# Blank nodes are shown within each other no deeper than this.
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Group:
    """The terms that one predicate leads to, or that lead here by it.

    Attributes:
        predicate: An IRI as a term.
        terms: Those that are shown.
        total: How many there are; None if it is only known that there are more.
    """

    predicate: str
    terms: tuple[str, ...]
    total: int | None

    @property
    def has_more(self) -> bool:
        """Whether there are others than those that are shown."""
        return self.total is None or self.total > len(self.terms)


@dataclass(frozen=True, slots=True)
class Entity:
    """What a page says of one IRI. All terms are as N-Triples writes them.

    Attributes:
        term: The IRI.
        outgoing: What the graph says of it, the types included, in the order of the page.
        incoming: What says something with it as object.
        used: Subjects and objects of triples that it is the predicate of, the first of them.
        nested: Blank node to what is said of it, for those within `outgoing`.
        labels: Term to label, for terms on the page.
    """

    term: str
    outgoing: tuple[Group, ...] = ()
    incoming: tuple[Group, ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    nested: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def iri(self) -> str:
        """The IRI, without brackets."""
        return self.term[1:-1]

    @property
    def is_known(self) -> bool:
        """Whether the graph says anything with it."""
        return bool(self.outgoing or self.incoming or self.used)

    @property
    def types(self) -> tuple[str, ...]:
        """The classes that it is an instance of."""
        return self.of(RDF_TYPE)

    def of(self, predicate: str) -> tuple[str, ...]:
        """Return the objects that a predicate leads to."""
        return next((g.terms for g in self.outgoing if g.predicate == predicate), ())

    def text(self, predicates: Sequence[str]) -> str:
        """Return the text that the first of some predicates gives, in English if there is one."""
        return best_text([(p, o) for p in predicates for o in self.of(p)], predicates)

    def triples(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is said of it, and of the blank nodes in that: its concise description.

        Spec: https://www.w3.org/submissions/CBD/
        """
        yield from _triples(self.term, self.outgoing)
        for node, groups in self.nested.items():
            yield from _triples(node, groups)


def _triples(subject: str, groups: Sequence[Group]) -> Iterator[tuple[str, str, str]]:
    for group in groups:
        for term in group.terms:
            yield subject, group.predicate, term


def best_text(said: Sequence[tuple[str, str]], predicates: Sequence[str]) -> str:
    """Return the text of the first predicate that gives one; English or without a language first.

    Args:
        said: Predicate and object.
        predicates: In the order in which they are wanted.
    """
    for predicate in predicates:
        parts = [split_literal(o) for p, o in said if p == predicate and o.startswith('"')]
        if parts:
            parts.sort(key=lambda each: (not (each.language or "en").startswith("en"), each))
            return parts[0].lexical
    return ""


def grouped(pairs: Sequence[tuple[str, str]], *, complete: bool = True) -> tuple[Group, ...]:
    """Return pairs of predicate and term as groups: the type first, then labels, then the rest.

    Args:
        pairs: Predicate and term.
        complete: Whether these are all that there are.
    """
    found: dict[str, dict[str, None]] = {}
    for predicate, term in pairs:
        found.setdefault(predicate, {})[term] = None
    order = (RDF_TYPE, *LABELS, *COMMENTS)
    ranked = sorted(found, key=lambda p: (order.index(p) if p in order else len(order), p))
    return tuple(
        Group(p, tuple(sorted(found[p])), len(found[p]) if complete else None) for p in ranked
    )


def entity_main(entity: Entity, shower: Shower, records: Html | None = None) -> Html:
    """Return the main part of the page of an IRI.

    Args:
        entity: What is said.
        shower: Writes terms; the entity's labels are added to it.
        records: The source records, if they are known; else a link to them, where there is one.
    """
    shower = shower.with_labels(entity.labels)
    title = entity.text(LABELS) or shower.label(entity.term)
    types = joined((shower.term(each) for each in entity.types), ", ")
    comment = entity.text(COMMENTS)
    return joined(
        [
            tag("h1", title, dir="auto"),
            tag(
                "p",
                tag("code", shower.namer(entity.term), class_="short"),
                " ",
                joined([types, " "]) if types else None,
                class_="kind",
            ),
            tag("p", outside(entity.iri, entity.iri), class_="address"),
            tag("p", comment, class_="comment", dir="auto") if comment else None,
            None if entity.is_known else tag("p", "The graph says nothing of it.", class_="empty"),
            _section("What is said of it", entity.outgoing, entity, shower, "says"),
            _incoming(entity, shower),
            _used(entity, shower),
            _records(entity, shower, records),
            _downloads(entity, shower),
        ]
    )


def _section(
    title: str, groups: Sequence[Group], entity: Entity, shower: Shower, id_: str
) -> Html | None:
    if not groups:
        return None
    return tag("section", tag("h2", title, id=id_), _facts(groups, entity, shower), class_="facts")


def _facts(groups: Sequence[Group], entity: Entity, shower: Shower, depth: int = 0) -> Html:
    return tag(
        "dl",
        *(
            joined(
                [
                    tag("dt", shower.term(group.predicate)),
                    *(tag("dd", _value(term, entity, shower, depth)) for term in group.terms),
                    tag("dd", "and more", class_="more") if group.has_more else None,
                ]
            )
            for group in groups
        ),
    )


def _value(term: str, entity: Entity, shower: Shower, depth: int) -> Html:
    groups = entity.nested.get(term)
    if groups and depth < _DEEPEST:
        return _facts(groups, entity, shower, depth + 1)
    return shower.term(term)


def _incoming(entity: Entity, shower: Shower) -> Html | None:
    if not entity.incoming:
        return None
    rows = [
        joined(
            [
                tag("dt", "is ", shower.term(group.predicate), " of", _count(group)),
                *(tag("dd", shower.term(term)) for term in group.terms),
                _more(entity, group, shower),
            ]
        )
        for group in entity.incoming
    ]
    return tag(
        "section",
        tag("h2", "What leads to it", id="leads"),
        tag("dl", *rows, class_="incoming"),
        class_="facts",
    )


def _used(entity: Entity, shower: Shower) -> Html | None:
    if not entity.used:
        return None
    return tag(
        "section",
        tag("h2", "Where it is used", id="used"),
        table(("of", "leads to"), entity.used, shower, "The first of the triples with it"),
    )


def _count(group: Group) -> Html | None:
    if group.total is None or group.total <= 1:
        return None
    return tag("span", f" {group.total:,}", class_="count")


def _more(entity: Entity, group: Group, shower: Shower) -> Html | None:
    if not group.has_more:
        return None
    address = shower.links.incoming(entity.iri, group.predicate[1:-1], len(group.terms))
    text = "more" if group.total is None else f"all {group.total:,}"
    inner: str | Html = text if address is None else tag("a", text, href=address)
    return tag("dd", inner, class_="more")


def _records(entity: Entity, shower: Shower, records: Html | None) -> Html | None:
    if records is None:
        address = shower.links.records(entity.iri)
        if address is None or not entity.outgoing:
            return None
        records = tag(
            "p",
            tag("a", "Show the records that it comes from", href=address, data_fill="records"),
        )
    return tag("section", tag("h2", "Source records", id="records"), records, class_="records")


def _downloads(entity: Entity, shower: Shower) -> Html | None:
    found = [
        (name, address)
        for name, ending in (
            ("Turtle", "ttl"),
            ("JSON-LD", "jsonld"),
            ("N-Triples", "nt"),
            ("RDF/XML", "rdf"),
        )
        if is_named(entity.term) and (address := shower.links.data(entity.iri, ending)) is not None
    ]
    if not found:
        return None
    items = (tag("a", name, href=address, download=True) for name, address in found)
    return tag("p", "As data: ", joined(items, ", "), class_="downloads")
