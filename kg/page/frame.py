"""The frame of every page: head, menu, main part, foot."""

from __future__ import annotations

from collections.abc import Sequence

from kg.page.links import Links
from kg.page.markup import NOTHING, Html, Piece, joined, tag
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages of one graph share.

    Attributes:
        title: The title of the data set.
        views: Name and label of each view in the menu.
        links: Where the views are.
        foot: What stands at the end of each page.
        head: What stands at the end of the head of each page, such as structured data.
        search: Whether the menu has a search field; it is sent to the view ``search`` as ``q``.
        language: The language of the pages' own words.
    """

    title: str
    views: Sequence[tuple[str, str]]
    links: Links
    foot: Html = NOTHING
    head: Html = NOTHING
    search: bool = True
    language: str = "en"


def document(
    frame: Frame,
    title: str,
    main: Html,
    *,
    view: str = "",
    scripts: Sequence[str] = (),
    head: Piece = None,
) -> bytes:
    """Return a whole page.

    Args:
        frame: What it shares with the others.
        title: Of this page; empty for the first.
        main: The main part.
        view: The view that is marked in the menu as the current one.
        scripts: Names of assets that this page runs, besides ``page.js``.
        head: What else stands in the head.
    """
    whole = f"{title} · {frame.title}" if title else frame.title
    links = frame.links
    top = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", whole),
        tag("link", rel="icon", href=links.asset("icon.svg"), type="image/svg+xml"),
        tag("link", rel="stylesheet", href=links.asset("page.css")),
        *(
            tag("script", src=links.asset(name), defer=True)
            for name in dict.fromkeys(("page.js", *scripts))
        ),
        frame.head,
        head,
    )
    body = tag(
        "body",
        tag("a", "To the content", href="#main", class_="skip"),
        _menu(frame, view),
        tag("main", main, id="main", tabindex="-1"),
        tag("footer", frame.foot),
    )
    page = joined([Html("<!doctype html>\n"), tag("html", top, "\n", body, lang=frame.language)])
    return f"{page}\n".encode("utf-8", "replace")


def _menu(frame: Frame, current: str) -> Html:
    links = frame.links
    items = [
        tag(
            "li",
            tag(
                "a",
                label,
                href=links.view(name),
                aria_current="page" if name == current else None,
            ),
        )
        for name, label in frame.views
    ]
    search = tag(
        "form",
        tag("label", "Search", for_="q", class_="unseen"),
        tag("input", id="q", name="q", type="search", placeholder="Search", autocomplete="off"),
        action=links.view("search"),
        role="search",
    )
    return tag(
        "header",
        tag("a", frame.title, href=links.view(""), class_="home", title=frame.title),
        tag("nav", tag("ul", *items), aria_label="Views"),
        search if frame.search else None,
    )
