"""The view of claims, for graphs that use the vocabulary of claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from kg.page.claims import Claim, Evidence, Filter, Opened, Word, claims_main, opened_part
from kg.page.frame import document
from kg.page.markup import joined, tag
from kg.serve.messages import Reply, Request, text_reply
from kg.serve.state import State
from kg.serve.views.home import not_there
from kg.terms import is_iri, is_named, text_of

HTML: Final = "text/html; charset=utf-8"
# Claims that are looked at, and that are shown.
_MOST: Final = 5_000
_SHOWN: Final = 300
_OTHERS: Final = 50
_HEAD: Final = (
    "PREFIX ace: <https://w3id.org/ace-kg/ns#> PREFIX cito: <http://purl.org/spar/cito/>"
    " PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
    " PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
_ASPECTS: Final = ("mode", "certainty", "polarity", "delivery")
_CLAIMS: Final = _HEAD + (
    "SELECT ?claim ?document ?paragraph ?sentence ?id ?who ?text ?mode ?certainty ?polarity"
    " ?delivery { ?claim a ace:Claim"
    " OPTIONAL { ?claim ace:statedAt ?at OPTIONAL { ?at ace:inDocument ?document }"
    " OPTIONAL { ?at ace:paragraph ?paragraph } OPTIONAL { ?at ace:sentence ?sentence } }"
    " OPTIONAL { ?claim dcterms:identifier ?id } OPTIONAL { ?claim ace:claimant ?who }"
    " OPTIONAL { ?claim ace:proposition/ace:paraphrase ?text }"
    " OPTIONAL { ?claim ace:attributionMode/skos:prefLabel ?mode }"
    " OPTIONAL { ?claim ace:certainty/skos:prefLabel ?certainty }"
    " OPTIONAL { ?claim ace:polarity/skos:prefLabel ?polarity }"
    f" OPTIONAL {{ ?claim ace:delivery/skos:prefLabel ?delivery }} }} ORDER BY ?claim LIMIT {_MOST}"
)
_CONCEPTS: Final = _HEAD + (
    "SELECT DISTINCT ?kind ?concept ?label ?meaning {"
    " VALUES (?property ?kind) { (ace:attributionMode 'mode') (ace:certainty 'certainty')"
    " (ace:polarity 'polarity') (ace:delivery 'delivery') (ace:direction 'direction') }"
    " { SELECT DISTINCT ?property ?concept { VALUES ?property { ace:attributionMode ace:certainty"
    " ace:polarity ace:delivery ace:direction } ?it ?property ?concept } }"
    " ?concept skos:prefLabel ?label OPTIONAL { ?concept skos:definition ?meaning } }"
    f" ORDER BY ?kind ?concept ?label LIMIT {_MOST}"
)
# What other claims have to do with one: predicate, and what it is called in both directions.
_RELATIONS: Final = (
    ("cito:disagreesWith", "disagrees with", "disagreed with by"),
    ("ace:adopts", "takes over", "taken over by"),
    ("ace:drawnFrom", "drawn from", "drawn on by"),
    ("ace:embeds", "passes on", "passed on in"),
)


def claims(state: State, request: Request) -> Reply:
    """Return the list of claims, narrowed by the parameters."""
    if not state.facts.has_claims:
        return not_there(state, "The graph holds no claims.")
    rows = list(_rows(state))
    documents = _counted(row["document"] for row in rows)
    pairs = dict(request.pairs)
    # At first the document that has places in reading order, not databases and their rows.
    read = [row["document"] for row in rows if row["paragraph"]]
    chosen = pairs.get("document", read[0] if read else "")
    found = _claims(state, [row for row in rows if chosen in ("", row["document"])])
    speakers = {claim.chain[-1] for claim in found if claim.chain}
    known = state.reader.labels([*speakers, *documents, *(t for c in found for t in c.chain)])
    shower = state.shower.with_labels(known)

    def named(terms: Iterable[str]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(((t, shower.label(t)) for t in terms), key=lambda pair: pair[1]))

    filters = [
        Filter("document", "Document", named(filter(None, documents)), chosen),
        Filter("who", "Claimant", named(speakers), pairs.get("who", "")),
        *(
            Filter(name, name.capitalize(), _labels(found, name), pairs.get(name, ""))
            for name in ("mode", "certainty", "polarity")
        ),
        Filter("record", "Record", _directions(found), pairs.get("record", "")),
    ]
    fitting = [claim for claim in found if _fits(claim, pairs)]
    shown = fitting[:_SHOWN]
    opens = {each.term: f"/claims/one?{urlencode({'iri': each.term[1:-1]})}" for each in shown}
    main = claims_main(shown, filters, shower, opens, len(fitting), _words(state))
    if len(rows) >= _MOST:
        notice = tag("p", f"Only the first {_MOST:,} claims are looked at.", class_="notice")
        main = joined([main, notice])
    return Reply(200, HTML, document(state.frame, "Claims", main, view="claims"))


_Row = Mapping[str, str]
_COLUMNS: Final = ("claim", "document", "paragraph", "sentence", "id", "who", "text", *_ASPECTS)


def _rows(state: State) -> Iterable[_Row]:
    """Yield one row for each claim, in reading order."""
    found: dict[str, _Row] = {}
    for row in state.reader.rows(_CLAIMS):
        named = {name: term or "" for name, term in zip(_COLUMNS, row, strict=True)}
        found.setdefault(named["claim"], named)
    return sorted(
        found.values(),
        key=lambda row: (
            row["document"],
            _number(row["paragraph"]),
            _number(row["sentence"]),
            row["id"] or row["claim"],
        ),
    )


def _number(term: str) -> float:
    text = text_of(term) if term else ""
    return int(text) if text.isascii() and text.isdecimal() else float("inf")


def _counted(documents: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for each in documents:
        counts[each] += 1
    return dict(counts)


def _claims(state: State, rows: Sequence[_Row]) -> list[Claim]:
    text = (
        f"{_HEAD} SELECT ?outer ?inner {{ ?outer ace:embeds ?inner }}"
        f" ORDER BY ?outer ?inner LIMIT {_MOST}"
    )
    outer = {str(row[1]): str(row[0]) for row in state.reader.rows(text)}
    text = (
        f"{_HEAD} SELECT DISTINCT ?claim ?label {{ ?link ace:assesses ?claim ;"
        f" ace:direction/skos:prefLabel ?label }} ORDER BY ?claim ?label LIMIT {_MOST}"
    )
    judged: dict[str, list[str]] = defaultdict(list)
    for claim, label in state.reader.rows(text):
        if claim and label:
            judged[claim].append(text_of(label))
    text = (
        f"{_HEAD} SELECT ?claim ?who {{ ?claim a ace:Claim ; ace:claimant ?who }}"
        f" ORDER BY ?claim ?who LIMIT {_MOST}"
    )
    speaker = {str(row[0]): str(row[1]) for row in state.reader.rows(text)} if outer else {}
    passed: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["claim"] in outer and row["text"]:
            passed[outer[row["claim"]]].append(text_of(row["text"]))
    return [
        Claim(
            term=row["claim"],
            identifier=_text(row["id"]),
            place=_place(row),
            chain=_chain(row, outer, speaker),
            text=_text(row["text"]),
            passed_on=tuple(passed[row["claim"]]),
            directions=tuple(sorted(judged[row["claim"]])),
            **{name: _text(row[name]) for name in _ASPECTS},
        )
        for row in rows
    ]


def _words(state: State) -> dict[tuple[str, str], Word]:
    """Return what the labels of aspects stand for."""
    found: dict[tuple[str, str], Word] = {}
    for kind, concept, label, meaning in state.reader.rows(_CONCEPTS):
        if kind and concept and label and is_named(concept):
            word = Word(concept[1:-1], text_of(meaning) if meaning else "")
            found.setdefault((text_of(kind), text_of(label)), word)
    return found


def _text(term: str) -> str:
    return text_of(term) if term else ""


def _place(row: _Row) -> str:
    return ".".join(filter(None, (_text(row["paragraph"]), _text(row["sentence"]))))


def _chain(row: _Row, outer: Mapping[str, str], speaker: Mapping[str, str]) -> tuple[str, ...]:
    """Return who says a claim, beginning with who passes it on first."""
    chain, claim, seen = [row["who"]], row["claim"], {row["claim"]}
    while (claim := outer.get(claim, "")) and claim not in seen:
        seen.add(claim)
        if claim in speaker:
            chain.insert(0, speaker[claim])
    return tuple(dict.fromkeys(filter(None, chain)))


def _labels(found: Iterable[Claim], name: str) -> tuple[tuple[str, str], ...]:
    values = sorted({str(getattr(claim, name)) for claim in found} - {""})
    return tuple((value, value) for value in values)


def _directions(found: Iterable[Claim]) -> tuple[tuple[str, str], ...]:
    values = sorted({each for claim in found for each in claim.directions})
    return (*((value, value) for value in values), ("-", "not judged"))


def _fits(claim: Claim, wanted: Mapping[str, str]) -> bool:
    record = wanted.get("record", "")
    return (
        all(
            getattr(claim, name) == wanted[name]
            for name in ("mode", "certainty", "polarity")
            if wanted.get(name)
        )
        and wanted.get("who", "") in ("", *claim.chain[-1:])
        and (not record or (record in claim.directions if record != "-" else not claim.directions))
    )


def one_claim(state: State, request: Request) -> Reply:
    """Return what a claim shows when it is opened, as a page of its own."""
    iri = request.value("iri")
    if not is_iri(iri) or not state.facts.has_claims:
        return text_reply(404, "give the IRI of a claim")
    opened = _opened(state, f"<{iri}>")
    shower = state.shower.with_labels(opened.labels)
    timeline = None
    if state.facts.dates and opened.about:
        marked = [("mark", each[1:-1]) for each in opened.about]
        timeline = f"{state.links.view('timeline')}?{urlencode(marked)}"
    main = joined(
        [
            tag("h1", "Claim ", shower.term(f"<{iri}>")),
            tag("div", opened_part(opened, state.shower, timeline), data_part=True),
        ]
    )
    return Reply(200, HTML, document(state.frame, "Claim", main, view="claims"))


def _opened(state: State, term: str) -> Opened:
    def column(pattern: str) -> tuple[str, ...]:
        text = f"{_HEAD} SELECT DISTINCT ?x {{ {pattern} }} ORDER BY ?x LIMIT {_OTHERS}"
        return tuple(str(row[0]) for row in state.reader.rows(text) if row[0])

    about = column(f"{term} ace:proposition/ace:about ?x FILTER(isIRI(?x))")
    others = []
    for predicate, forth, back in _RELATIONS:
        others += [
            (forth, column(f"{term} {predicate} ?x")),
            (back, column(f"?x {predicate} {term}")),
        ]
    kept = tuple((name, found) for name, found in others if found)
    evidence = tuple(_evidence(state, term))
    terms = {
        *about,
        *(each for _, found in kept for each in found),
        *(each for part in evidence for each in (*part.items, *part.rows)),
        term,
    }
    return Opened(
        term, about, kept, evidence, {**state.reader.labels(terms), **_said(state, terms)}
    )


def _said(state: State, terms: Iterable[str]) -> dict[str, str]:
    """Return what claims among some terms say, as their labels."""
    listed = " ".join(sorted(term for term in terms if term.startswith("<")))
    text = (
        f"{_HEAD} SELECT ?x ?text {{ VALUES ?x {{ {listed} }}"
        " ?x ace:proposition/ace:paraphrase ?text }"
    )
    return {str(row[0]): text_of(str(row[1])) for row in state.reader.rows(text)}


def _evidence(state: State, term: str) -> Iterable[Evidence]:
    text = (
        f"{_HEAD} SELECT ?link ?direction ?confidence ?grounds {{ ?link ace:assesses {term}"
        " OPTIONAL { ?link ace:direction/skos:prefLabel ?direction }"
        " OPTIONAL { ?link ace:analyticConfidence/skos:prefLabel ?confidence }"
        f" OPTIONAL {{ ?link rdfs:comment ?grounds }} }} ORDER BY ?link LIMIT {_OTHERS}"
    )
    for link, direction, confidence, grounds in list(state.reader.rows(text)):
        text = (
            f"{_HEAD} SELECT ?item ?row {{ {link} ace:evidence ?item"
            f" OPTIONAL {{ ?item ace:fromRow ?row }} }} ORDER BY ?item ?row LIMIT {_OTHERS}"
        )
        pairs = [(row[0], row[1]) for row in state.reader.rows(text)]
        yield Evidence(
            str(link),
            _text(direction or ""),
            _text(confidence or ""),
            _text(grounds or ""),
            tuple(dict.fromkeys(item for item, _ in pairs if item)),
            tuple(dict.fromkeys(row for _, row in pairs if row)),
        )
