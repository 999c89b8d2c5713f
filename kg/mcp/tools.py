"""What the tools do, in a worker: from the arguments of a call to a text and to JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from kg.errors import InputError, KgError
from kg.lineage import Trace, Wanted
from kg.mcp.catalogue import ASK, DESCRIBE, FIRST, RECORDS, ROWS, SEARCH, SPARQL, VOCABULARY
from kg.page.entity import COMMENTS, LABELS, Entity, Group
from kg.paths import real_path
from kg.queries.display import Shortener
from kg.queries.engine import Answer, Row, Rows
from kg.queries.ordered import ordered
from kg.queries.question import Question, parse_question
from kg.queries.run import Prepared, Source, prepare
from kg.queries.tabular import write_markdown
from kg.queries.values import typed
from kg.schema_card import schema_card
from kg.serve.messages import Reply, Request
from kg.serve.state import State, shared
from kg.terms import is_blank, is_named, split_literal
from kg.wording import counted

# Characters of one value, and terms of one predicate, that a text holds.
_LONGEST: Final = 2_000
_MOST_OF_GROUP: Final = 25
_GRAPH: Final = ("subject", "predicate", "object")

Arguments = Mapping[str, Any]
Json = dict[str, Any]


def reply(state: State, request: Request) -> Reply:
    """Answer a call: the text for assistants and the same as JSON.

    Raises:
        KgError: The call is wrong, or a limit was reached.
    """
    call = request.tool
    assert call is not None
    arguments: Arguments = json.loads(call.arguments)
    if call.question:
        text, found = _question(state, call.question, arguments)
    else:
        text, found = _TOOLS[call.name](state, arguments)
    found["build"] = state.build.id
    body = json.dumps({"text": text, "found": found}, ensure_ascii=False)
    return Reply(200, "application/json", body.encode("utf-8", "surrogatepass"))


# --- questions and SPARQL ---------------------------------------------------------------------


def _question(state: State, name: str, arguments: Arguments) -> tuple[str, Json]:
    question = next((each for each in state.questions if each.name == name), None)
    if question is None:  # changed since the call was looked at
        raise state.found.faults.get(name) or InputError(
            "unknown-question", f"there is no question {name} any more"
        )
    own = {each.name for each in question.parameters}
    values = {key: typed(value) for key, value in arguments.items() if key in own}
    return _asked(state, question, values, arguments)


def _sparql(state: State, arguments: Arguments) -> tuple[str, Json]:
    question = parse_question(arguments["query"], "the query", state.workspace.prefixes)
    return _asked(state, question, {}, arguments)


def _asked(
    state: State, question: Question, values: Mapping[str, str], arguments: Arguments
) -> tuple[str, Json]:
    source = Source(state.workspace, engine=lambda _, __: state.engine)
    prepared = prepare(question, values, source)
    answer = prepared.watched(prepared.ask())
    if isinstance(answer, bool):
        return ("yes" if answer else "no"), {"boolean": answer}
    return _rows(state, prepared, answer, arguments)


def _rows(
    state: State, prepared: Prepared, answer: Answer, arguments: Arguments
) -> tuple[str, Json]:
    first, most = arguments[FIRST], arguments[ROWS]
    columns: Sequence[str] = _GRAPH
    rows: Iterable[Row]
    if isinstance(answer, Rows):
        columns, rows = answer.columns, answer
    else:
        assert not isinstance(answer, bool)
        rows = ordered(iter(answer))
    held = list(islice(rows, first, first + most + 1))
    has_more, held = len(held) > most, held[:most]
    records, remark = (
        records_of(state, chain.from_iterable(held)) if arguments[RECORDS] else ({}, "")
    )
    remarks = [*prepared.remarks(), *([remark] if remark else [])]
    if not held and not first:
        remarks += prepared.why_empty()
    out = StringIO()
    write_markdown(columns, (_cut(row) for row in held), out, Shortener(prepared.prefixes))
    text = [out.getvalue().rstrip(), "", _count(first, len(held), has_more)]
    text += [f"Note: {each}" for each in remarks]
    if records:
        text += ["", "Source records:", *lines(records, state)]
    found = {
        "columns": list(columns),
        "rows": [
            {name: _value(term) for name, term in zip(columns, row, strict=True) if term}
            for row in held
        ],
        "first": first,
        "has_more": has_more,
        "remarks": remarks,
        "records": records,
    }
    return "\n".join(text), found


def _count(first: int, count: int, has_more: bool) -> str:
    if not count:
        return "No rows." if not first else "No further rows."
    part = first or has_more
    told = f"Rows {first + 1:,} to {first + count:,}" if part else counted(count, "row")
    return f"{told}; there are more: ask again with {FIRST} {first + count}." if has_more else told


def _cut(row: Row) -> Row:
    """Return a row without the end of very long texts."""
    return [
        term[:_LONGEST] + '…"' if term and term[0] == '"' and len(term) > _LONGEST else term
        for term in row
    ]


def _value(term: str) -> Json:
    """Return a term as SPARQL's JSON has it.

    Spec: https://www.w3.org/TR/sparql11-results-json/#select-encode-terms
    """
    if is_named(term):
        return {"type": "uri", "value": term[1:-1]}
    if is_blank(term):
        return {"type": "bnode", "value": term[2:]}
    if not term.startswith('"'):
        return {"type": "triple", "value": term}
    parts = split_literal(term)
    found: Json = {"type": "literal", "value": parts.lexical}
    if parts.language:
        return found | {"xml:lang": parts.language}
    return found | {"datatype": parts.datatype}


# --- names and things -------------------------------------------------------------------------


def _search(state: State, arguments: Arguments) -> tuple[str, Json]:
    wanted, most = arguments["text"].strip(), arguments[ROWS]
    hits: list[Json] = []
    folded = wanted.casefold()
    vocabulary = state.facts.vocabulary
    for kind, terms in (("class", vocabulary.classes), ("property", vocabulary.properties)):
        hits += [
            {"kind": kind, "iri": each.iri, "name": each.name, "label": each.label}
            | {"count": each.count}
            for each in terms
            if folded in f"{each.name} {each.label} {each.comment}".casefold()
        ]
    hits += [
        {"kind": "question", "name": f"{ASK}{each.name}", "label": each.title or each.question}
        for each in state.questions
        if folded in f"{each.name} {each.title} {each.question}".casefold()
    ]
    known = {hit.get("iri") for hit in hits}
    if wanted:
        hits += [
            {"kind": "thing", "iri": term[1:-1], "name": state.namer(term), "label": label}
            for term, label in state.named(wanted, most)
            if term[1:-1] not in known
        ]
    shown = hits[:most]
    text = [f"- {hit['kind']} {hit['name']}: {hit['label']}" for hit in shown]
    return "\n".join(text) or "Nothing bears such a name.", {"found": shown}


def _describe(state: State, arguments: Arguments) -> tuple[str, Json]:
    term = state.graph.tracer.term(arguments["term"])
    entity = state.reader.entity(term[1:-1])
    if entity is None or not entity.is_known:
        near = state.graph.tracer.near(arguments["term"])
        meant = f" Did you mean {near}?" if near else " Search for its name."
        return f"The graph says nothing of {term}.{meant}", {"iri": term[1:-1], "known": False}
    records, remark = records_of(state, [term]) if arguments[RECORDS] else ({}, "")
    text = list(_entity_lines(state, entity))
    if records:
        text += ["", "Source records:", *lines(records, state)]
    if remark:
        text.append(f"Note: {remark}")
    found = {
        "iri": entity.iri,
        "known": True,
        "label": entity.text(LABELS),
        "comment": entity.text(COMMENTS),
        "says": _groups(entity.outgoing),
        "leads_here": _groups(entity.incoming),
        "records": records.get(entity.iri, []),
        "remarks": [remark] if remark else [],
    }
    return "\n".join(text), found


def _entity_lines(state: State, entity: Entity) -> Iterable[str]:
    short = Shortener(state.workspace.prefixes)

    def shown(term: str) -> str:
        label = entity.labels.get(term)
        text = short.text(term)[:_LONGEST]
        return f"{text} ({label})" if label else text

    yield f"# {entity.text(LABELS) or state.namer(entity.term)}"
    yield f"{entity.iri}"
    for title, mark, groups in (
        ("What is said of it", "", entity.outgoing),
        ("What leads to it", "by ", entity.incoming),
    ):
        if groups:
            yield from ("", f"## {title}")
        for group in groups:
            listed = ", ".join(shown(term) for term in group.terms[:_MOST_OF_GROUP])
            left = group.has_more or len(group.terms) > _MOST_OF_GROUP
            yield f"- {mark}{shown(group.predicate)}: {listed}{', and more' if left else ''}"


def _groups(groups: Sequence[Group]) -> list[Json]:
    return [
        {
            "predicate": group.predicate[1:-1],
            "terms": [_value(term) for term in group.terms[:_MOST_OF_GROUP]],
            "total": group.total,
        }
        for group in groups
    ]


def _vocabulary(state: State, arguments: Arguments) -> tuple[str, Json]:
    del arguments
    known = state.facts.vocabulary
    name = f"schema-card-{state.mark}"
    text: str = shared(state, name, lambda: schema_card(state.graph, known, state.questions))
    found = {
        "prefixes": dict(known.prefixes),
        "classes": [{"iri": each.iri, "count": each.count} for each in known.classes],
        "properties": [{"iri": each.iri, "count": each.count} for each in known.properties],
    }
    return text, found


_TOOLS: Final[Mapping[str, Callable[[State, Arguments], tuple[str, Json]]]] = {
    SEARCH.name: _search,
    DESCRIBE.name: _describe,
    VOCABULARY.name: _vocabulary,
    SPARQL.name: _sparql,
}


# --- Where the things of an answer come from: files, lines and records ----------------------------


# Things that are traced for one answer, and places told for one thing.
_THINGS: Final = 100
_PLACES: Final = 5

Record = dict[str, Any]


def records_of(state: State, terms: Iterable[str | None]) -> tuple[dict[str, list[Record]], str]:
    """Return the source records of the IRIs among some terms, and a remark if some are left out.

    Args:
        state: The build.
        terms: Terms; what is no IRI is passed over.
    """
    things = dict.fromkeys(term for term in terms if term is not None and is_named(term))
    asked = list(islice(things, _THINGS))
    if not asked:
        return {}, ""
    try:
        traces = state.graph.tracer.trace_all([Wanted(term) for term in asked])
    except KgError as error:
        return {}, f"the source records cannot be told: {error.message}"
    left = len(things) - len(asked)
    remark = f"source records are told of the first {_THINGS} things only" if left else ""
    return _by_thing(state, traces), remark


def _by_thing(state: State, traces: Iterable[Trace]) -> dict[str, list[Record]]:
    """Return thing to its places; columns of one record are told together."""
    found: dict[str, dict[str, Record]] = {}
    for trace in traces:
        place = trace.location
        thing = found.setdefault(trace.wanted.subject[1:-1], {})
        record = thing.setdefault(str(place.within(None)), _record(state, trace))
        if place.column is not None and place.column not in record.get("columns", ()):
            record.setdefault("columns", []).append(place.column)
    return {iri: list(islice(places.values(), _PLACES)) for iri, places in found.items()}


def _record(state: State, trace: Trace) -> Record:
    place = trace.location
    told = {"file": _in_workspace(state, place.file), "line": place.line, "record": place.record}
    return {name: value for name, value in told.items() if value is not None}


def _in_workspace(state: State, file: str) -> str:
    """Return the name of a file as it is in the workspace: where that lies is nobody's business."""
    path, root = real_path(Path(file)), real_path(state.workspace.root)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def lines(records: Mapping[str, list[Record]], state: State) -> list[str]:
    """Return records as lines of Markdown."""
    told = []
    for iri, places in records.items():
        shown = []
        for place in places:
            text = str(place["file"])
            text += f":{place['line']}" if "line" in place else ""
            text += f" (record {place['record']})" if "record" in place else ""
            shown.append(text)
        told.append(f"- {state.namer(f'<{iri}>')}: {'; '.join(shown)}")
    return told
