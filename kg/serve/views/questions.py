"""The questions of a workspace: the list, each with its form and answer, and downloads."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import Final
from urllib.parse import urlencode

from kg.errors import InputError, KgError
from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.page.question import (
    query_string,
    question_form,
    question_head,
    questions_main,
    same_answer,
)
from kg.queries.answer import Style
from kg.queries.formats import FORMATS
from kg.queries.question import Question
from kg.queries.run import Prepared, Source, prepare
from kg.serve.endpoint import error_reply, for_web, status_of, written
from kg.serve.messages import Reply, Request, text_reply
from kg.serve.negotiation import formats
from kg.serve.state import State
from kg.serve.views.answers import first_row, shown
from kg.sparql.guard import read_tree
from kg.sparql.names import Names
from kg.sparql.volatile import is_volatile
from kg.terms import expand, is_iri

HTML: Final = "text/html; charset=utf-8"
# Entities that are offered for a parameter.
_OFFERED: Final = 50


def questions(state: State, request: Request) -> Reply:
    """Return the list of questions."""
    del request
    faults = [error_part(error) for error in state.found.faults.values()]
    main = joined([questions_main(state.questions, state.links), *faults])
    return Reply(200, HTML, document(state.frame, "Questions", main, view="questions"))


def question(state: State, request: Request) -> Reply:
    """Return the page of a question, or its answer as a file (``NAME/answer.csv``)."""
    name, _, file = request.path.removeprefix("questions/").partition("/")
    found = next((each for each in state.questions if each.name == name), None)
    if found is None and name in state.found.faults:
        return error_reply(state.found.faults[name])
    if found is None or (file and not file.startswith(("answer.", "chart."))):
        return text_reply(404, f"there is no question {name[:200]}")
    values = given(found, request)
    if file.startswith("chart."):
        return _chart(state, found, values, file.removeprefix("chart."))
    if file:
        return _file(state, found, values, file.removeprefix("answer."))
    return _page(state, found, values, first_row(request))


def given(found: Question, request: Request) -> dict[str, str]:
    """Return the values of parameters in an address; an empty one is the default."""
    known = {each.name for each in found.parameters}
    return {name: value for name, value in request.pairs if name in known and value}


def prepared_question(state: State, found: Question, values: dict[str, str]) -> Prepared:
    """Set the parameters of a question and check it.

    Raises:
        InputError: A value is wrong or missing, or the query is.
    """
    source = Source(state.workspace, engine=lambda _, __: state.engine)
    return prepare(found, values, source)


def _file(state: State, found: Question, values: dict[str, str], ending: str) -> Reply:
    try:
        prepared = prepared_question(state, found, values)
    except KgError as error:
        return error_reply(error)
    named = [each for each in FORMATS.values() if f".{ending}" in each.endings]
    if not named or named[0].name not in formats(prepared.form):
        return text_reply(404, f"the answer cannot be had as {ending[:20]}")
    return written(state, prepared, named[0], f"{found.name}.{ending}")


_PICTURES: Final = {"svg": "image/svg+xml", "png": "image/png"}


def _chart(state: State, found: Question, values: dict[str, str], ending: str) -> Reply:
    """Return the answer as a picture, as the chart line of the question says."""
    line = found.chart_line()
    if line is None or ending not in _PICTURES:
        return text_reply(404, f"{found.name} has no chart as {ending[:20]}")
    from kg.charts import check_drawable, write_chart

    out = BytesIO()
    try:
        check_drawable(FORMATS[ending])
        prepared = prepared_question(state, found, values)
        style = Style(prepared.prefixes, title=found.title, rows=state.orders.rows)
        write_chart(prepared.ask(), line, FORMATS[ending], out, style)
    except KgError as error:
        return error_reply(error)
    is_stable = not is_volatile(found.text)
    return Reply(200, _PICTURES[ending], out.getvalue(), is_stable=is_stable)


def _picture(found: Question, address: str, asked: str) -> Html | None:
    """Return the chart of a question, which the browser asks for; None if it has none."""
    if found.chart_line() is None or find_spec("vl_convert") is None:
        return None
    told = f"Chart of {found.title or found.name}; the table below has its values"
    source = f"{address}/chart.svg{asked}"
    return tag("p", tag("img", src=source, alt=told, class_="chart", loading="lazy"))


def _page(state: State, found: Question, values: dict[str, str], first: int) -> Reply:
    address = state.links.question(found.name)
    status, answer = 200, Html("")
    missing = [
        each.name for each in found.parameters if each.default is None and each.name not in values
    ]
    if not missing:
        try:
            prepared = prepared_question(state, found, values)
            answer = _answer(state, found, values, prepared, first)
        except InputError as error:
            status, answer = status_of(error), error_part(error)
    main = joined(
        [
            question_head(found),
            question_form(found, values, address, _offered(state, found)),
            tag("section", answer, id="answer", aria_label="Answer"),
            same_answer(found, values),
            tag("details", tag("summary", "The query"), tag("pre", found.text)),
        ]
    )
    title = found.title or found.name
    page = document(state.frame, title, main, view="questions")
    return Reply(status, HTML, page, is_stable=not is_volatile(found.text))


def _answer(
    state: State, found: Question, values: dict[str, str], prepared: Prepared, first: int
) -> Html:
    address = state.links.question(found.name)
    asked = query_string(values)
    part = shown(state, prepared, first, address + asked)
    endings = {name: FORMATS[name].endings[0] for name in formats(prepared.form) if name != "table"}
    files = (
        tag("a", name.upper() if len(name) < 5 else name, download=True,
            href=f"{address}/answer{ending}{asked}")
        for name, ending in endings.items()
    )  # fmt: skip
    editor = f"{state.links.view('editor')}?{urlencode({'query': prepared.text})}"
    return joined(
        [
            None if part.is_empty else _picture(found, address, asked),
            part.html,
            tag(
                "p",
                "As a file: ",
                joined(files, ", "),
                " · ",
                tag("a", "Open in the editor", href=editor) if len(editor) < 30_000 else None,
                class_="downloads",
            ),
        ]
    )


def error_part(error: KgError) -> Html:
    """Return an error on a page: what is wrong, where, and what to do."""
    return tag("div", tag("pre", str(for_web(error))), class_="error", role="alert")


def _offered(state: State, found: Question) -> dict[str, list[tuple[str, str]]]:
    """Return for parameters that are IRIs which entities may be meant: those like the default."""
    offered = {}
    query = read_tree(found.text)
    known = state.workspace.prefixes
    declared = known if query is None else Names(query, known).prefixes
    for each in found.parameters:
        default = each.default or ""
        iri = default[1:-1] if default.startswith("<") else expand(default, declared)
        if not each.type.is_iri or iri is None or not is_iri(iri):
            continue
        text = (
            f"SELECT DISTINCT ?x {{ <{iri}> a ?class . ?x a ?class }} ORDER BY ?x LIMIT {_OFFERED}"
        )
        terms = [row[0] for row in state.reader.rows(text) if row[0] is not None]
        labels = state.reader.labels(terms)
        offered[each.name] = sorted(
            (state.namer(term).strip("<>"), labels.get(term, ""))
            for term in terms
            if term.startswith("<")
        )
    return offered
