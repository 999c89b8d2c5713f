"""Where pages and files are: what a server and a static site answer differently."""

from __future__ import annotations

from typing import Protocol


class Links(Protocol):
    """Addresses for links on one page. All may be relative to that page."""

    def entity(self, iri: str) -> str | None:
        """Return the address of the page of an IRI; None if there is no such page."""

    def data(self, iri: str, ending: str) -> str | None:
        """Return the address of an entity as RDF, by a file ending such as ``ttl``; or None."""

    def records(self, iri: str) -> str | None:
        """Return the address of the source records of an IRI; None if they are not shown."""

    def incoming(self, iri: str, predicate: str, start: int) -> str | None:
        """Return the address of more subjects that have an IRI as object, or None."""

    def view(self, name: str) -> str:
        """Return the address of a view, such as ``questions``; home is the empty text."""

    def question(self, name: str) -> str:
        """Return the address of a question's page."""

    def asset(self, name: str) -> str:
        """Return the address of a file of `kg.page.assets`."""
