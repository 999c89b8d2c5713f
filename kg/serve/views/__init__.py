"""The pages of a server: which function makes which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kg.page.frame import document
from kg.page.markup import Html, joined, tag
from kg.serve.messages import Reply, Request, text_reply
from kg.serve.negotiation import HTML, chosen
from kg.serve.state import State
from kg.serve.views.claims import claims, one_claim
from kg.serve.views.description import description
from kg.serve.views.editor import check, editor
from kg.serve.views.entity import data, entity, leading, own_entity, records
from kg.serve.views.home import home, vocabulary
from kg.serve.views.map import places
from kg.serve.views.questions import question, questions
from kg.serve.views.search import search
from kg.serve.views.timeline import timeline

View = Callable[[State, Request], Reply]
_VIEWS: Final[dict[str, View]] = {
    "": home,
    "check": check,
    "claims": claims,
    "claims/one": one_claim,
    "editor": editor,
    "questions": questions,
    "map": places,
    "search": search,
    "timeline": timeline,
    "vocabulary": vocabulary,
    "sparql": description,
    "void": description,
    ".well-known/void": description,
    "entity": entity,
    "records": records,
    "leading": leading,
}


def page(state: State, request: Request) -> Reply:
    """Return the page, or the data, that a path names."""
    view = _VIEWS.get(request.path)
    if view is not None:
        return view(state, request)
    if request.path.startswith("id/"):
        return own_entity(state, request)
    if request.path.startswith("questions/"):
        return question(state, request)
    if request.path.startswith("data."):
        return data(state, request)
    return not_found(state, request)


def not_found(state: State, request: Request) -> Reply:
    """Return that there is no such page."""
    if chosen(request.accept, [(HTML, HTML), ("text/plain", "text")]) != HTML:
        return text_reply(404, "there is no such page")
    main: Html = joined(
        [
            tag("h1", "There is no such page"),
            tag("p", "Take a view from the menu, or search for a name."),
        ]
    )
    body = document(state.frame, "Not found", main)
    return Reply(404, "text/html; charset=utf-8", body, is_stable=False)
