"""The search: questions by their words, things by their names, what happened on a day, texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.labelled import day_in, find_on_day, find_said
from kg.page.entity import LABELS
from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.queries.question import Question
from kg.serve.messages import Reply, Request
from kg.serve.state import State
from kg.terms import expand, text_of

HTML: Final = "text/html; charset=utf-8"
# Things that a search finds, and characters of what is searched for.
_FOUND: Final = 100
_LONGEST: Final = 200
# Texts that are shown, and characters of one.
_SAID: Final = 30
_SNIPPET: Final = 160
# Words of a question that say little of what it asks.
_PLAIN_WORDS: Final = frozenset(
    (
        *("a", "an", "and", "are", "by", "did", "do", "does", "for", "from", "how", "in", "is"),
        *("it", "of", "on", "or", "the", "to", "was", "were", "what", "when", "where", "which"),
        *("who", "why", "with"),
    )
)


def search(state: State, request: Request) -> Reply:
    """Return what bears a name, or the way to the IRI that was typed."""
    wanted = request.value("q").strip()[:_LONGEST]
    iri = _as_iri(state, wanted)
    if iri is not None:
        address = state.links.entity(iri)
        return Reply(303, "text/plain", headers=(("location", address),), is_stable=False)
    lists: list[Html | None] = []
    if wanted:
        asked = (
            tag("a", each.title or each.name, href=state.links.question(each.name))
            for each in questions_with(state.questions, wanted)
        )
        lists = [
            _list("Questions", list(asked)),
            _list("Things", _named(state, wanted)),
            _list("On that day", _on_day(state, wanted)),
            _list("In texts", _said(state, wanted)),
        ]
    found = [each for each in lists if each is not None]
    main = joined(
        [
            tag("h1", f"Search: {wanted}" if wanted else "Search"),
            *found,
            None if found else tag(
                "p",
                f"Nothing bears a name with “{wanted}”, and no text holds it." if wanted else
                "Type a part of a name or of a text, a day, an IRI or a short name such as ex:a.",
                class_="empty",
            ),
        ]
    )  # fmt: skip
    return Reply(200, HTML, document(state.frame, "Search", main, view="search"))


def questions_with(questions: Sequence[Question], wanted: str) -> list[Question]:
    """Return the questions that hold a text; else those that hold most of its words.

    Args:
        questions: All questions.
        wanted: What somebody types, be it a word or a whole question.
    """
    text = wanted.lower()
    held = {each.name: f"{each.name} {each.title} {each.question}".lower() for each in questions}
    whole = [each for each in questions if text in held[each.name]]
    words = {word.strip("?!.,;:“”\"'") for word in text.split()} - _PLAIN_WORDS - {""}
    if whole or not words:
        return whole
    counts = {name: sum(word in told for word in words) for name, told in held.items()}
    most = max(counts.values(), default=0)
    # Of two words both, of more of them more than half.
    return [each for each in questions if counts[each.name] == most and 2 * most > len(words)]


def _list(title: str, items: Sequence[Html]) -> Html | None:
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


def _on_day(state: State, wanted: str) -> list[Html]:
    """Return the things that have a date on the day that a text names."""
    day = day_in(wanted)
    rows = find_on_day(state.build, day, _FOUND) if day else []
    labels = state.reader.labels([term for row in rows for term in row[:2]])
    shower = state.shower.with_labels(labels)
    dates: dict[tuple[str, str], list[str]] = {}
    for term, predicate, date in rows:
        dates.setdefault((term, text_of(date)), []).append(predicate)
    # What has a name is easier to know again.
    ordered = sorted(dates.items(), key=lambda each: each[0][0] not in labels)
    return [
        joined(
            [
                shower.term(term),
                tag("span", f" {', '.join(map(shower.label, predicates))} ", class_="soft"),
                date,
            ]
        )
        for (term, date), predicates in ordered
    ]


def _said(state: State, wanted: str) -> list[Html]:
    """Return the things that a text is said of which holds what is wanted."""
    rows = find_said(state.build, wanted, LABELS, _SAID)
    shower = state.shower.with_labels(state.reader.labels([term for term, _ in rows]))
    return [
        joined([shower.term(term), " ", tag("span", _snippet(text_of(text), wanted), dir="auto")])
        for term, text in rows
    ]


def _snippet(text: str, wanted: str) -> str:
    """Return the part of a text that holds what is wanted."""
    place = max(0, text.lower().find(wanted.lower()) - _SNIPPET // 3)
    start, end = place if len(text) > _SNIPPET else 0, place + _SNIPPET
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"
