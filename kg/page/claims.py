"""Claims in reading order: who says what, how firmly, and what the record says to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from kg.page.links import Links
from kg.page.markup import Html, Piece, joined, tag
from kg.page.show import Shower
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as a list shows it. Terms are as N-Triples writes them.

    Attributes:
        term: The claim.
        identifier: Its key in the source; or nothing.
        place: Where it stands in its document, such as paragraph and sentence.
        chain: Who says it, the outermost speaker first, as terms.
        mode: How the speaker stands to it, as a label: asserts, hears …
        certainty: How firmly, as a label.
        polarity: Whether it is affirmed or denied, as a label.
        delivery: How it is put, as a label.
        text: What is claimed, put positively; empty for a claim that passes on others.
        passed_on: What those claim that it passes on.
        directions: What judgements of it say: contradicts, supports …
    """

    term: str
    identifier: str
    place: str
    chain: tuple[str, ...]
    mode: str
    certainty: str
    polarity: str
    delivery: str
    text: str
    directions: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """What the label of an aspect stands for.

    Attributes:
        iri: The concept.
        meaning: Its definition; or nothing.
    """

    iri: str
    meaning: str


# Aspect and label to the concept.
Words = Mapping[tuple[str, str], Word]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A judgement of a claim.

    Attributes:
        term: The judgement.
        direction: What it says, as a label.
        confidence: How sure the assessor is, as a label.
        grounds: Why, in words.
        items: What it rests on, as terms.
        rows: The rows of sources that those come from, as terms.
    """

    term: str
    direction: str
    confidence: str
    grounds: str
    items: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a claim shows when it is opened.

    Attributes:
        claim: The claim.
        about: What it is about, as terms.
        others: Relation in words, and other claims with it as terms: those that disagree, say.
        evidence: The judgements of it.
        labels: Term to label.
    """

    claim: str
    about: tuple[str, ...]
    others: tuple[tuple[str, tuple[str, ...]], ...]
    evidence: tuple[Evidence, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that narrows the list.

    Attributes:
        name: The name of the parameter.
        label: What it is called.
        choices: Values with their labels.
        value: What is chosen; empty for all.
    """

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    value: str = ""


def claims_main(
    claims: Sequence[Claim],
    filters: Iterable[Filter],
    shower: Shower,
    opens: Mapping[str, str],
    total: int,
    words: Words,
) -> Html:
    """Return the main part of the view of claims.

    Args:
        claims: Those that are shown.
        filters: The fields that narrow the list.
        shower: Writes terms; it knows the labels of speakers.
        opens: Claim to the address of what it shows when opened.
        total: How many claims fit, if not all are shown.
        words: What the labels of aspects stand for.
    """
    shown = len(claims)
    told = f"{total:,} claim{'' if total == 1 else 's'}"
    if shown < total:
        told += f", the first {shown:,} of them shown"
    return joined(
        [
            tag("h1", "Claims"),
            tag(
                "form",
                *(_field(each) for each in filters),
                tag("div", tag("button", "Show")),
                class_="fields",
                action=shower.links.view("claims"),
            ),
            tag("p", told, class_="soft", role="status"),
            tag("ol", *(_claim(each, shower, opens, words) for each in claims), class_="claims")
            if claims
            else tag("p", "No claim fits. Choose less, or “all”.", class_="empty"),
        ]
    )


def _field(each: Filter) -> Html:
    name = f"f-{each.name}"
    # What an address asks for is shown, also if no claim has it.
    is_known = each.value in ("", *(value for value, _ in each.choices))
    unknown = () if is_known else ((each.value, each.value),)
    options = (
        tag("option", label, value=value, selected=value == each.value)
        for value, label in (("", "all"), *each.choices, *unknown)
    )
    return tag(
        "div",
        tag("label", each.label, for_=name),
        tag("select", *options, id=name, name=each.name),
    )


def _claim(claim: Claim, shower: Shower, opens: Mapping[str, str], words: Words) -> Html:
    speakers = joined((shower.term(each) for each in claim.chain), " → ")
    delivery = claim.delivery if claim.delivery != "stated" else ""
    aspects = [
        *(("mode", claim.mode), ("certainty", claim.certainty), ("polarity", claim.polarity)),
        *(("delivery", delivery), *(("direction", each) for each in claim.directions)),
    ]
    marks = [_mark(label, kind, words.get((kind, label)), shower.links) for kind, label in aspects]
    address = opens.get(claim.term)
    more = (
        tag("a", "What it is about, and what the record says", href=address, data_fill=True)
        if address
        else None
    )
    return tag(
        "li",
        tag(
            "p",
            tag("span", claim.place, class_="soft place"),
            " ",
            speakers,
            tag("span", ":", class_="unseen"),
            class_="who",
        ),
        tag("p", claim.text, class_="said", dir="auto") if claim.text else None,
        tag(
            "div",
            tag("span", "passes on:", class_="soft"),
            tag("ul", *(tag("li", each, dir="auto") for each in claim.passed_on)),
        )
        if claim.passed_on
        else None,
        tag("p", joined(filter(None, marks), " "), class_="marks"),
        tag(
            "p",
            tag("a", claim.identifier or shower.label(claim.term),
                href=shower.links.entity(claim.term[1:-1])),
            " · ",
            more,
            class_="soft",
        ),
        id=claim.identifier or None,
    )  # fmt: skip


def _mark(
    label: str, kind: str, word: Word | None = None, links: Links | None = None
) -> Html | None:
    """Return the label of an aspect, which leads to what it means if that is known."""
    if not label:
        return None
    look = f"mark {_TONES.get(label, '')}".rstrip()
    address = links.entity(word.iri) if word is not None and links is not None else None
    if word is None or address is None:
        return tag("span", label, class_=look, title=kind)
    title = f"{kind}: {word.meaning}" if word.meaning else kind
    return tag("a", label, class_=look, title=title, href=address)


# What is worth a colour at a glance; the word says the same.
_TONES = {
    "contradicts": "bad",
    "supports": "good",
    "negative": "bad",
    "has heard": "doubt",
    "possible": "doubt",
    "probable": "doubt",
    "uncertain": "doubt",
    "inconclusive": "doubt",
}


def opened_part(opened: Opened, shower: Shower, timeline: str | None) -> Html:
    """Return what a claim shows when it is opened.

    Args:
        opened: What it shows.
        shower: Writes terms; the labels are added to it.
        timeline: The address of the timeline with what it is about marked, if there is one.
    """
    shower = shower.with_labels(opened.labels)
    rows: list[Piece] = []
    if opened.about:
        marked = tag("a", "on the timeline", href=timeline) if timeline else None
        rows.append(_row("about", [*map(shower.term, opened.about), marked]))
    for relation, claims in opened.others:
        rows.append(_row(relation, [_other(each, shower) for each in claims]))
    parts = [tag("dl", *rows)] if rows else []
    parts += [_evidence(each, shower) for each in opened.evidence]
    if not parts:
        return tag("p", "Nothing is said to it: no judgement, no other claim.", class_="empty")
    return tag("div", *parts, class_="facts opened")


def _other(claim: str, shower: Shower) -> Html:
    return joined([shower.term(claim), " ", tag("code", shower.namer(claim), class_="soft")])


def _row(name: str, values: Iterable[Html | None]) -> Html:
    return joined([tag("dt", name), *(tag("dd", each) for each in values if each is not None)])


def _evidence(evidence: Evidence, shower: Shower) -> Html:
    rows = [
        _row("rests on", map(shower.term, evidence.items)),
        _row("source rows", (_source(each, shower) for each in evidence.rows)),
    ]
    return tag(
        "div",
        tag(
            "p",
            "The record ",
            _mark(evidence.direction, "direction"),
            tag("span", f" confidence {evidence.confidence}", class_="soft")
            if evidence.confidence
            else None,
        ),
        tag("p", evidence.grounds, dir="auto") if evidence.grounds else None,
        tag("dl", *rows),
        tag("p", tag("a", "The judgement", href=shower.links.entity(evidence.term[1:-1]))),
        class_="evidence",
    )


def _source(term: str, shower: Shower) -> Html:
    links: Links = shower.links
    records = links.records(term[1:-1])
    return joined(
        [
            shower.term(term),
            " ",
            tag("a", "the row in its file", href=records, data_fill=True) if records else None,
        ]
    )
