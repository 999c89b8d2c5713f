"""Addresses of the pages of a server."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from kg.page import assets

# The path below which the IRIs of the workspace are.
_OWN: Final = "/id/"
_SAFE: Final = "/:@!$&'()*+,;=-._~"


class ServerLinks:
    """Links from the root of the server; see `kg.page.links.Links`.

    Args:
        base: The base IRI of the workspace: IRIs below it have a path of their own.
    """

    def __init__(self, base: str) -> None:
        self._base = base

    def entity(self, iri: str) -> str:
        """Return the address of the page of an IRI."""
        local = iri.removeprefix(self._base)
        # Dots would be taken for folders, a query or fragment for another part of the address.
        if iri.startswith(self._base) and local and not _is_odd(local):
            return _OWN + quote(local, safe=_SAFE)
        return f"/entity?{urlencode({'iri': iri})}"

    def data(self, iri: str, ending: str) -> str:
        """Return the address of an entity as RDF."""
        return f"/data.{ending}?{urlencode({'iri': iri})}"

    def records(self, iri: str) -> str:
        """Return the address of the source records of an IRI."""
        return f"/records?{urlencode({'iri': iri})}"

    def incoming(self, iri: str, predicate: str, start: int) -> str:
        """Return the address of more subjects that have an IRI as object."""
        return f"/leading?{urlencode({'iri': iri, 'predicate': predicate, 'from': start})}"

    def view(self, name: str) -> str:
        """Return the address of a view."""
        return f"/{name}"

    def question(self, name: str) -> str:
        """Return the address of a question's page."""
        return f"/questions/{quote(name, safe='')}"

    def asset(self, name: str) -> str:
        """Return the address of a file, which changes when the file does."""
        return f"/assets/{assets.digest(name)}/{name}"

    def iri_of(self, path: str) -> str | None:
        """Return the IRI of a path below that of the workspace's IRIs, or None."""
        local = f"/{path}".removeprefix(_OWN)
        return None if not f"/{path}".startswith(_OWN) or not local else self._base + local


def _is_odd(local: str) -> bool:
    return any(mark in local for mark in "?#%\\") or any(
        part in ("", ".", "..") for part in local.split("/")
    )
