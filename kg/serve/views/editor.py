"""The editor of SPARQL: a form that works alone, and what its script asks as one types."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlencode

from kg.errors import InputError, KgError
from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.queries.question import parse_question
from kg.queries.run import Prepared
from kg.serve.endpoint import SOURCE, for_web, prepare, status_of
from kg.serve.messages import Reply, Request, SparqlRequest
from kg.serve.negotiation import formats
from kg.serve.state import State
from kg.serve.views.answers import first_row, shown
from kg.serve.views.questions import error_part
from kg.sparql.pieces import KEYWORDS, pieces
from kg.sparql.places import offset_of
from kg.sparql.volatile import is_volatile
from kg.vocabulary import VocabularyTerm

HTML: Final = "text/html; charset=utf-8"
_FIRST: Final = "SELECT * WHERE {\n  ?s a ?class .\n}\nLIMIT 20\n"
# What is completed: what stands before the place, up to there.
_WORD: Final = re.compile(r"[?$]\w*\Z|[\w.-]*:[\w./-]*\Z|[A-Za-z]\w*\Z")
# A class is wanted behind ``a`` and ``rdf:type``.
_TYPE: Final = re.compile(r"(?:\ba|rdf:type)\s+\Z")
_MOST: Final = 12
# Tokens that the script is told of; a longer text is shown without colours.
_MOST_PIECES: Final = 5_000


def editor(state: State, request: Request) -> Reply:
    """Return the page of the editor, with the answer to the query in the address."""
    text = request.value("query")
    status, answer = 200, Html("")
    if text.strip():
        try:
            prepared = prepare(state, SparqlRequest(text))
            answer = _answer(state, prepared, text, first_row(request))
        except KgError as error:
            status, answer = status_of(error), error_part(error)
    main = joined(
        [
            tag("h1", "SPARQL"),
            _form(text or _FIRST),
            tag("section", answer, id="answer", aria_label="Answer"),
            _prefixes(state),
        ]
    )
    page = document(state.frame, "SPARQL", main, view="editor", scripts=("editor.js",))
    return Reply(status, HTML, page, is_stable=not is_volatile(text))


def _form(text: str) -> Html:
    field = tag(
        "textarea",
        "\n",  # HTML leaves out the first line end
        text,
        id="query",
        name="query",
        rows=min(24, max(10, text.count("\n") + 2)),
        spellcheck="false",
        autocapitalize="off",
        autocomplete="off",
        wrap="off",
        aria_describedby="told",
    )
    return tag(
        "form",
        tag("label", "Query", for_="query"),
        tag("div", field, class_="editor"),
        tag("div", id="told", role="status", class_="told"),
        tag("p", tag("button", "Ask"), " ",
            tag("span", "Ctrl+Enter asks, Ctrl+Space completes", class_="soft")),
        action="/editor",
    )  # fmt: skip


def _answer(state: State, prepared: Prepared, text: str, first: int) -> Html:
    address = f"/editor?{urlencode({'query': text})}"
    part = shown(state, prepared, first, address)
    files = (
        tag("a", name, href=f"/sparql?{urlencode({'query': text, 'format': name})}", download=True)
        for name in formats(prepared.form)
        if name != "table"
    )
    return joined([part.html, tag("p", "As a file: ", joined(files, ", "), class_="downloads")])


def _prefixes(state: State) -> Html:
    rows = (
        tag("tr", tag("th", tag("code", f"{prefix}:"), scope="row"), tag("td", tag("code", space)))
        for prefix, space in sorted(state.workspace.prefixes.items())
    )
    inner = tag("table", tag("tbody", *rows))
    return tag(
        "details",
        tag("summary", "Prefixes that need no PREFIX line"),
        tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label="Prefixes"),
    )


def check(state: State, request: Request) -> Reply:
    """Return what is known of a text that is being typed, as JSON.

    Parameters: ``query``, the text, and ``at``, an offset in it, as browsers count (UTF-16). The
    answer has ``pieces`` (start, end, kind), ``error`` (start, message, hint) or null, and
    ``words`` that may be meant at the offset, from ``start`` on.
    """
    text = request.value("query")
    at = request.value("at", "0")[:9]
    place = _from_utf16(text, int(at) if at.isascii() and at.isdecimal() else 0)
    start, words = completions(state, text, place)
    offsets = _Utf16(text)
    found = [(offsets(p.start), offsets(p.end), p.kind) for p in pieces(text)][:_MOST_PIECES]
    told = {
        "pieces": found,
        "error": _error(state, text),
        "start": offsets(start),
        "words": words,
    }
    body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
    return Reply(200, "application/json", body, is_stable=False)


def _error(state: State, text: str) -> dict[str, object] | None:
    if not text.strip():
        return None
    try:
        prepare(state, SparqlRequest(text))
    except InputError as error:
        place = error.location
        message, _, _ = error.message.partition("\n")
        line = place.line if place is not None else None
        column = place.column_number if place is not None else None
        start = offset_of(parse_question(text, SOURCE).text, line, column) if line and column else 0
        return {
            "start": _Utf16(text)(start),
            "place": f"line {line}, column {column}" if line and column else "",
            "message": message,
            "hint": for_web(error).hint or "",
        }
    return None


def completions(state: State, text: str, place: int) -> tuple[int, list[dict[str, str]]]:
    """Return what may be meant at a place: where the word begins, and words with what they are."""
    before = text[:place]
    match = _WORD.search(before)
    word = match[0] if match else ""
    start = place - len(word)
    if word[:1] in ("?", "$"):
        known = {piece for piece in re.findall(r"[?$]\w+", text) if piece != word}
        return start, [{"text": each, "is": "variable"} for each in _near(word, sorted(known))]
    terms = state.facts.vocabulary
    wants_class = _TYPE.search(before[:start]) is not None
    ranked = [*terms.classes, *terms.properties]
    if not wants_class:
        ranked = [*terms.properties, *terms.classes]
    found = list(_terms(word, ranked)) if word else []
    if ":" not in word and word:
        spaces = sorted(state.workspace.prefixes.items())
        prefixes = [{"text": f"{p}:", "is": iri} for p, iri in spaces if p.startswith(word)]
        keywords = [{"text": each, "is": "keyword"} for each in _near(word.upper(), KEYWORDS)]
        # Within braces one means a name, unless one writes as keywords are written.
        within = before.count("{") > before.count("}")
        if wants_class or (within and not word.isupper()):
            found = [*prefixes, *found, *keywords]
        else:
            found = [*keywords, *prefixes, *found]
    elif not word and wants_class:
        found = [_told(each) for each in terms.classes if not each.name.startswith("<")]
    return start, found[:_MOST]


def _near(word: str, known: Iterable[str]) -> list[str]:
    return [each for each in known if each.startswith(word) and each != word]


def _terms(word: str, ranked: Iterable[VocabularyTerm]) -> Iterator[dict[str, str]]:
    """Yield terms whose short name begins with a word, or whose name behind the prefix does."""
    small = word.lower()
    for each in ranked:
        name = each.name.lower()
        local = name.partition(":")[2]
        if each.name.startswith("<") or each.name == word:
            continue
        if name.startswith(small) or (":" not in small and local.startswith(small)):
            yield _told(each)


def _told(term: VocabularyTerm) -> dict[str, str]:
    return {"text": term.name, "is": term.label or f"{term.count:,}"}


class _Utf16:
    """Turns offsets in a text into those that browsers count.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        # The offsets of characters of two units.
        self._double = [number for number, char in enumerate(text) if ord(char) > 0xFFFF]

    def __call__(self, offset: int) -> int:
        """Return an offset in units of UTF-16."""
        return offset + bisect_left(self._double, offset)


def _from_utf16(text: str, offset: int) -> int:
    """Return the offset in characters for one in units of UTF-16."""
    units = 0
    for number, char in enumerate(text):
        if units >= offset:
            return number
        units += 2 if ord(char) > 0xFFFF else 1
    return len(text)
