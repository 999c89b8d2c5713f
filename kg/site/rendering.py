"""Rendering many pages: what is the same on most of them is made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg.names import Namer
from kg.page.frame import Frame, document
from kg.page.markup import Html, tag
from kg.page.show import Shower
from kg.site.addresses import SiteLinks

# Terms that are remembered as HTML for pages of one depth.
_REMEMBERED: Final = 20_000
# Stands for the title and for the main part of a page; no text of a graph holds it, since control
# characters are shown as what they are.
_GAP: Final = "\x1f"


class SiteShower(Shower):
    """Writes terms for pages at one depth, whose links and labels are the same on all of them.

    Args:
        namer: Makes short names.
        links: The links of that depth.
        labels: Term to label, for terms on the page.
        made: What was made before.
    """

    def __init__(
        self,
        namer: Namer,
        links: SiteLinks,
        labels: Mapping[str, str] | None = None,
        made: dict[str, Html] | None = None,
    ) -> None:
        super().__init__(namer, links, labels)
        self._site_links = links
        self._made = {} if made is None else made

    def with_labels(self, labels: Mapping[str, str]) -> SiteShower:
        """Return one that knows other labels, and what was made before."""
        return SiteShower(self.namer, self._site_links, labels, self._made)

    def iri(self, term: str) -> Html:
        """Return an IRI by its label, or its short name."""
        found = self._made.get(term)
        if found is None:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            found = self._made[term] = super().iri(term)
        return found


class PageMaker:
    """Makes whole pages of one frame from their titles and main parts.

    Args:
        frame: What they share.
    """

    def __init__(self, frame: Frame) -> None:
        page = document(frame, "\x1e", Html(_GAP)).decode()
        # The title is escaped in the frame, and so is the mark for it.
        before, _, rest = page.partition(_TITLE)
        between, _, after = rest.partition(_GAP)
        self._parts = before, between, after

    def page(self, title: str, main: Html) -> bytes:
        """Return a page."""
        before, between, after = self._parts
        text = tag("i", title)[len("<i>") : -len("</i>")]
        return f"{before}{text}{between}{main}{after}".encode("utf-8", "replace")


_TITLE: Final = r"\x1E"
