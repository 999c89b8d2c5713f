"""The URLs of a store: of its graphs, and of its endpoints for queries and updates."""

from __future__ import annotations

import re
import urllib.parse
from typing import Final

from kg.errors import UsageError
from kg.http import refuse_login, web_parts

# Ends of Graph Store URLs, and what replaces them in the URLs of the endpoints for queries and
# for updates.
_ENDPOINTS: Final = (
    (r"/rdf-graphs/service/?$", "", "/statements"),  # RDF4J, GraphDB
    (r"/sparql-graph-crud(-auth)?/?$", "/sparql", "/sparql-auth"),  # Virtuoso
    (r"/store/?$", "/query", "/update"),  # Oxigraph
    (r"/data/?$", "/sparql", "/update"),  # Fuseki
    (r"/sparql/gsp/?$", "/sparql", "/sparql"),  # Neptune
)


def check_url(url: str) -> None:
    """Check a Graph Store URL.

    Raises:
        UsageError: It is not a URL of http or https, has a query, or contains a password.
    """
    refuse_login(url)
    parts = web_parts(url)
    if parts is None or parts.query or parts.fragment:
        raise UsageError(
            "bad-endpoint",
            f"{url!r} is not a Graph Store URL",
            hint="It starts with http:// or https:// and has no ?, # or space;"
            " see `kg help stores`.",
        )


def check_endpoint(url: str | None, option: str) -> None:
    """Check the URL of an endpoint, if one is given.

    Raises:
        UsageError: It is not a URL of http or https, or contains a password.
    """
    if url is None:
        return
    refuse_login(url)
    if web_parts(url) is None:
        raise UsageError(
            "bad-endpoint",
            f"{option} takes a URL that starts with http:// or https://, not {url!r}",
            hint="Give the URL of the store's endpoint, or leave the option out.",
        )


def endpoint_of(url: str) -> str | None:
    """Return the SPARQL endpoint that belongs to a Graph Store URL, or None if it is unknown.

    >>> endpoint_of("http://localhost:3030/ds/data")
    'http://localhost:3030/ds/sparql'
    """
    return _beside(url, 0)


def update_of(url: str) -> str | None:
    """Return the endpoint for updates that belongs to a Graph Store URL, or None if it is unknown.

    >>> update_of("http://localhost:7878/store")
    'http://localhost:7878/update'
    """
    return _beside(url, 1)


def _beside(url: str, which: int) -> str | None:
    for ending, *others in _ENDPOINTS:
        if re.search(ending, url):
            return re.sub(ending, others[which], url)
    return None


def graph_url(url: str, name: str | None) -> str:
    """Return the URL of a graph of a store.

    >>> graph_url("http://localhost/store", "http://e/g")
    'http://localhost/store?graph=http%3A%2F%2Fe%2Fg'
    """
    if name is None:
        return f"{url}?default"
    return f"{url}?graph={urllib.parse.quote(name, safe='')}"
