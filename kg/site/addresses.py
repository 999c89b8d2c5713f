"""Where things are in a site: paths of files from its root, and links between pages.

Links are relative, so that the site works below any address and from ``file://``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Final
from urllib.parse import quote

# What every system takes in the name of a file; the rest is written as its code point.
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST: Final = 120
VIEWS: Final = {"": "index.html", "search": "search.html"}


def entity_path(iri: str, base: str) -> str:
    """Return the path of the page of an IRI, without its ending.

    Folders have no dot in their names and files have one, so that no page is in the way of another.

    >>> entity_path("http://e.org/id/launch/L.1", "http://e.org/id/")
    'id/launch/L~2E1'
    >>> entity_path("http://e.org/id/", "http://e.org/id/")
    'id/~'
    """
    if iri.startswith(base):
        parts = [_part(part) for part in iri.removeprefix(base).split("/")]
        return "/".join(["id", *parts])
    tail = _part(re.split(r"[/#:]", iri.rstrip("/#"))[-1])[:_LONGEST]
    return f"iri/{tail}-{sha256(iri.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _part(text: str) -> str:
    name = _ODD.sub(lambda match: f"~{ord(match[0]):X}", text) or "~"
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}~{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def question_path(name: str) -> str:
    """Return the path of the page of a question, without its ending."""
    return f"questions/{_part(name)}"


class SiteLinks:
    """Links of pages at one depth; see `kg.page.links.Links`.

    Args:
        base: The base IRI of the workspace.
        depth: Folders between the root and the page.

    Attributes:
        known: IRIs that have a page, of those that the page names.
    """

    def __init__(self, base: str, depth: int) -> None:
        self._base = base
        self._up = "../" * depth
        self.known: Collection[str] = ()

    def to(self, path: str) -> str:
        """Return the link to a file, by its path from the root."""
        return self._up + quote(path, safe="/~")

    def entity(self, iri: str) -> str | None:
        """Return the link to the page of an IRI, None if it has none."""
        if iri not in self.known:
            return None
        return self.to(f"{entity_path(iri, self._base)}.html")

    def data(self, iri: str, ending: str) -> str | None:
        """Return the link to an entity as RDF: N-Triples alone are there."""
        return self.to(f"{entity_path(iri, self._base)}.nt") if ending == "nt" else None

    def records(self, iri: str) -> str | None:
        """Return None: source records are on the page or nowhere."""
        del iri
        return None

    def incoming(self, iri: str, predicate: str, start: int) -> str | None:
        """Return None: a site has the first of what leads to an IRI."""
        del iri, predicate, start
        return None

    def view(self, name: str) -> str:
        """Return the link to a view."""
        return self.to(VIEWS.get(name, f"{name}.html"))

    def question(self, name: str) -> str:
        """Return the link to a question's page."""
        return self.to(f"{question_path(name)}.html")

    def asset(self, name: str) -> str:
        """Return the link to a file of `kg.page.assets`."""
        return self.to(f"assets/{name}")
