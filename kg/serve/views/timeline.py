"""The view of time: what has a date, by kind, for any graph with dates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Final
from urllib.parse import urlencode

from kg.names import local_name
from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.page.timeline import Event, Lane, Span, day_of, events_table, picture, years
from kg.records import dataclass
from kg.serve.messages import Reply, Request
from kg.serve.state import State, shared
from kg.serve.views.home import not_there
from kg.terms import is_iri, is_named, text_of

HTML: Final = "text/html; charset=utf-8"
# Events that are drawn at once, and that the table has.
_MOST: Final = 4_000
_TABLE: Final = 500
_MOST_LANES: Final = 24
_STARTS: Final = re.compile(r"start|begin|began|from|since|inception|opened|date\Z", re.IGNORECASE)
_PAIRS: Final = (("start", "end"), ("begin", "end"), ("from", "to"), ("from", "until"))
_KINDS: Final = re.compile(r"(?:class|kind|type|category)\Z", re.IGNORECASE)
# A year in which what lasts longer than a week is a band.
_WEEK: Final = 7 / 365
# Instances of a class that are looked at for what divides them.
_LOOKED_AT: Final = 2_000
_FEWEST: Final = 100
# Events whose kind is asked for at once.
_ASKED: Final = 2_000


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a timeline shows.

    Attributes:
        start: The predicate with the begin.
        end: That with the end; empty for none.
        first: Only events from then on; empty for all.
        last: Only events up to then; likewise.
    """

    start: str
    end: str
    first: str
    last: str


def timeline(state: State, request: Request) -> Reply:
    """Return the timeline."""
    if not state.facts.dates:
        return not_there(state, "Nothing in the graph has a date.")
    chosen = _chosen(state, request)
    marked = {f"<{value}>" for name, value in request.pairs if name == "mark" and is_iri(value)}
    lanes, is_whole = _lanes(state, chosen, marked)
    events = sorted((e for lane in lanes for e in lane.events), key=lambda e: (e.start, e.term))
    span = _span(events, chosen)
    shower = state.shower.with_labels({each.term: each.label for each in events})
    pinned = [each for each in events if each.term in marked]
    notice = (
        None
        if is_whole
        else tag(
            "p",
            f"Only {_MOST:,} events are drawn. Choose a shorter time to see all of it.",
            class_="notice",
        )
    )
    main = joined(
        [
            tag("h1", "Timeline"),
            _form(state, chosen, span, marked),
            notice,
            tag("div", picture(lanes, span, shower, marked), class_="scroll", tabindex="0",
                role="region", aria_label="Picture of the timeline")
            if events else tag("p", "Nothing lies in that time.", class_="empty"),
            tag("p", "Point at a mark, or drag over a time to come closer.", id="pointed",
                role="status", class_="soft") if events else None,
            joined([tag("h2", "Marked"), events_table(pinned, shower, _TABLE)]) if pinned else None,
            tag("details", tag("summary", _told(len(events))),
                events_table(events, shower, _TABLE)) if events else None,
        ]
    )  # fmt: skip
    page = document(state.frame, "Timeline", main, view="timeline", scripts=("timeline.js",))
    return Reply(200, HTML, page)


def _told(count: int) -> str:
    if count > _TABLE:
        return f"As a table: the first {_TABLE:,} of {count:,}"
    return f"As a table: {count:,} event{'' if count == 1 else 's'}"


def _chosen(state: State, request: Request) -> _Chosen:
    dates = state.facts.dates
    named = request.value("date")
    start = (
        named
        if named in dates
        else next((each for each in dates if _STARTS.search(local_name(f"<{each}>"))), dates[0])
    )
    first, last = (
        text if years(text) is not None else ""
        for text in (request.value("from")[:16], request.value("to")[:16])
    )
    return _Chosen(start, _end_of(start, dates), first, last)


def _end_of(start: str, dates: Iterable[str]) -> str:
    """Return the predicate with the end of what begins by another; empty if there is none."""
    small = {each.lower(): each for each in dates}
    for begin, end in _PAIRS:
        for name, other in ((begin, end), (begin.capitalize(), end.capitalize())):
            head, found, tail = start.rpartition(name)
            if found and (partner := small.get(f"{head}{other}{tail}".lower())):
                return partner
    return ""


def _lanes(state: State, chosen: _Chosen, marked: Iterable[str]) -> tuple[list[Lane], bool]:
    """Return the lanes, and whether they hold all events."""
    end = f"OPTIONAL {{ ?s <{chosen.end}> ?end }}" if chosen.end else "BIND(?start AS ?end)"
    limits = [
        f"FILTER(STR(?{name}) {sign} '{text}')"
        for name, sign, text in (
            ("start", ">=", chosen.first if not chosen.end else ""),
            ("start", "<=", f"{chosen.last}~" if chosen.last else ""),
        )
        if text
    ]
    if chosen.end and chosen.first:
        limits.append(f"FILTER(STR(COALESCE(?end, ?start)) >= '{chosen.first}')")
    text = (
        f"SELECT ?s ?class ?start ?end {{ ?s <{chosen.start}> ?start ; a ?class {end}"
        f" {' '.join(limits)} }} ORDER BY ?s ?start LIMIT {_MOST + 1}"
    )
    rows = [row for row in state.reader.rows(text) if row[0] and row[1] and row[2]]
    is_whole = len(rows) <= _MOST
    rows = rows[:_MOST]
    wanted = {str(row[0]) for row in rows} | {str(row[1]) for row in rows}
    labels = state.reader.labels([*wanted, *marked])
    kinds = shared(state, "kinds", lambda: _kinds(state))
    by_lane: dict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    parts = _parts(state, [str(row[0]) for row in rows], kinds)
    for term, kind, start, stop in rows:
        event = _event(str(term), str(start), stop or str(start), labels, state)
        if event is not None:
            by_lane[str(kind), parts.get(str(term), "")].setdefault(event.term, event)
    more = state.reader.labels({part for _, part in by_lane if part})
    shower = state.shower.with_labels({**labels, **more})
    # What bears no name is no landmark: statements about events, for one.
    named = _named(by_lane, labels)
    made = [
        _lane(shower.label(kind), shower.label(part) if part else "", events)
        for (kind, part), events in by_lane.items()
        if kind in named
    ]
    made.sort(key=lambda lane: (lane.lasting, lane.kind or lane.name, lane.name))
    return made[:_MOST_LANES], is_whole and len(made) <= _MOST_LANES


def _named(
    by_lane: Mapping[tuple[str, str], Mapping[str, Event]], labels: Mapping[str, str]
) -> set[str]:
    """Return the kinds of which an event has a name; if none has, all of them."""
    named = {
        kind for (kind, _), events in by_lane.items() if any(each in labels for each in events)
    }
    return named or {kind for kind, _ in by_lane}


def _event(
    term: str, start: str, end: str, labels: Mapping[str, str], state: State
) -> Event | None:
    begun, ended = years(text_of(start)), years(text_of(end))
    if begun is None or not term.startswith("<"):
        return None
    ended = begun if ended is None else max(begun, ended)
    told = (
        text_of(start) if text_of(end) == text_of(start) else f"{text_of(start)} to {text_of(end)}"
    )
    return Event(term, labels.get(term) or state.namer(term), begun, ended, told)


def _lane(kind: str, part: str, events: Mapping[str, Event]) -> Lane:
    ordered = tuple(sorted(events.values(), key=lambda each: (each.start, each.term)))
    lasting = median(each.end - each.start for each in ordered) > _WEEK
    return Lane(part or kind, ordered, lasting, kind if part else "")


def _kinds(state: State) -> dict[str, str]:
    """Return for large classes the predicate that divides their instances into a few kinds."""
    found = {}
    for each in state.facts.vocabulary.classes:
        if each.count < _FEWEST:
            continue
        text = (
            f"SELECT ?p (COUNT(DISTINCT ?o) AS ?n) (COUNT(DISTINCT ?s) AS ?all)"
            f" {{ {{ SELECT ?s {{ ?s a <{each.iri}> }} ORDER BY ?s LIMIT {_LOOKED_AT} }} ?s ?p ?o"
            " FILTER(isIRI(?o)) } GROUP BY ?p"
        )
        most = min(each.count, _LOOKED_AT)
        fitting = [
            (int(text_of(n or "")), str(p))
            for p, n, among in state.reader.rows(text)
            if _KINDS.search(local_name(str(p)))
            and 2 <= int(text_of(n or "")) <= 12
            and int(text_of(among or "")) >= 0.9 * most
        ]
        if fitting:
            found[f"<{each.iri}>"] = min(fitting)[1]
    return found


def _parts(state: State, terms: Iterable[str], kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the kind of each event, for classes that are divided."""
    found: dict[str, str] = {}
    named = [term for term in terms if is_named(term)]
    for kind, predicate in kinds.items():
        for start in range(0, len(named), _ASKED):
            values = " ".join(named[start : start + _ASKED])
            text = f"SELECT ?s ?o {{ VALUES ?s {{ {values} }} ?s a {kind} ; {predicate} ?o }}"
            found |= {str(s): str(o) for s, o in state.reader.rows(text) if o}
    return found


def _span(events: Iterable[Event], chosen: _Chosen) -> Span:
    held = list(events)
    starts = [each.start for each in held]
    ends = [each.end for each in held]
    first = years(chosen.first) if chosen.first else min(starts, default=2000.0)
    last = years(chosen.last) if chosen.last else max(ends, default=2001.0)
    assert first is not None
    assert last is not None
    first, last = min(first, last), max(first, last)
    room = 0.0 if chosen.first or chosen.last else (last - first) * 0.01
    return Span(first - room, last + max(room, 0.003))


def _form(state: State, chosen: _Chosen, span: Span, marked: Iterable[str]) -> Html:
    labels = {f"<{each.iri}>": each.label for each in state.facts.vocabulary.properties}
    choices = (
        tag("option", labels.get(f"<{each}>") or state.namer(f"<{each}>"), value=each,
            selected=each == chosen.start)
        for each in state.facts.dates
    )  # fmt: skip
    fields = [
        tag("div", tag("label", "Date", for_="f-date"),
            tag("select", *choices, id="f-date", name="date")),
        *(
            tag("div", tag("label", label, for_=f"f-{name}"),
                tag("input", id=f"f-{name}", name=name, value=value, size=11,
                    placeholder="YYYY-MM-DD", autocomplete="off"))
            for name, label, value in (("from", "From", chosen.first), ("to", "To", chosen.last))
        ),
        *(tag("input", type="hidden", name="mark", value=each[1:-1]) for each in marked),
        tag("div", tag("button", "Show")),
    ]  # fmt: skip
    steps = joined(_moves(state, chosen, span, marked), " ")
    return joined(
        [
            tag("form", *fields, class_="fields", action=state.links.view("timeline")),
            tag("p", steps, class_="steps"),
        ]
    )


def _moves(state: State, chosen: _Chosen, span: Span, marked: Iterable[str]) -> Iterable[Html]:
    """Yield links that move the time that is shown."""
    quarter, middle = span.length / 4, (span.start + span.end) / 2
    moves = (
        ("Earlier", span.start - quarter * 2, span.end - quarter * 2),
        ("Closer", middle - quarter, middle + quarter),
        ("Wider", span.start - quarter * 2, span.end + quarter * 2),
        ("Later", span.start + quarter * 2, span.end + quarter * 2),
    )
    kept = [("date", chosen.start), *(("mark", each[1:-1]) for each in marked)]
    address = state.links.view("timeline")
    for name, first, last in moves:
        if first < 1 or last > 9_990:
            continue
        asked = urlencode([*kept, ("from", day_of(first)), ("to", day_of(last))])
        yield tag("a", name, href=f"{address}?{asked}", class_="step")
    yield tag("a", "All", href=f"{address}?{urlencode(kept)}", class_="step")
