"""HTML built from pieces: whatever is not HTML already is text, and is escaped.

Spec: https://html.spec.whatwg.org/multipage/syntax.html
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from kg.queries.tabular import html_text

# Elements that hold nothing and have no end.
_VOID: Final = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})


class Html(str):
    """A text that is HTML: what was text in it has been escaped."""

    __slots__ = ()


NOTHING: Final = Html("")
Piece = str | Html | None


def tag(name: str, /, *inner: Piece, **attributes: str | int | bool | None) -> Html:
    """Return an element.

    Args:
        name: Its name.
        inner: What is in it, in order; a `str` that is not `Html` is escaped, None is nothing.
        attributes: Name to value. An underscore stands for a hyphen, one at the end for nothing.
            True is an attribute without a value; None and False leave it out.

    >>> tag("a", "x < y", href="/a?b&c", class_="term", hidden=True)
    '<a href="/a?b&amp;c" class="term" hidden>x &lt; y</a>'
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{head}>")
    return Html(f"<{name}{head}>{joined(inner)}</{name}>")


def joined(pieces: Iterable[Piece], between: Piece = "") -> Html:
    """Return pieces one behind the other, with something between them.

    >>> joined(["a", tag("b", "c")], ", ")
    'a, <b>c</b>'
    """
    return Html(_html(between).join([_html(piece) for piece in pieces if piece is not None]))


def _html(piece: Piece) -> str:
    if piece is None:
        return ""
    return piece if isinstance(piece, Html) else html_text(piece)


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = _name(key)
    return f" {name}" if value is True else f' {name}="{html_text(str(value))}"'


@cache
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
