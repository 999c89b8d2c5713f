"""A question asked of a remote store, by the SPARQL Protocol over HTTP.

The standard library does it: it streams, follows the environment's proxies, and costs no package.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from __future__ import annotations

import base64
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, Final, cast

import pyoxigraph as ox

from kg.errors import InputError, WorldError
from kg.http import Credentials, find_credentials, refuse_login
from kg.query.answer import Answer
from kg.sparql.lexer import Form, Kind, declared_prefixes, tokens, used_prefixes

_ROWS: Final = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
_GRAPHS: Final = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/x-turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
_ACCEPT_ROWS: Final = "application/sparql-results+json, application/sparql-results+xml;q=0.9"
_ACCEPT_GRAPH: Final = (
    "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.5, application/ld+json;q=0.4"
)
_AGENT: Final = "kg (SPARQL client)"
# Characters of a remote store's error message that are shown.
_EXCERPT: Final = 300


def check_endpoint(url: str) -> str:
    """Return the URL of an endpoint.

    Raises:
        InputError: It is no http or https URL.
        UsageError: It holds a login.
    """
    refuse_login(url)
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that is not closed, a port that is no number
        usable = False
    if not usable:
        raise InputError(
            "bad-endpoint",
            f"--endpoint takes a URL that starts with http:// or https://, not {url!r}",
            hint="Give for example --endpoint http://localhost:7878/query",
        )
    return url


def with_prologue(text: str, prefixes: Mapping[str, str]) -> str:
    """Return a query with PREFIX declarations for the names that it uses and does not declare.

    They stand on the first line, so that line numbers stay.
    """
    found = tokens(text)
    missing = used_prefixes(found) - set(declared_prefixes(found))
    lines = [f"PREFIX {name}: <{prefixes[name]}> " for name in sorted(missing & set(prefixes))]
    first = next((token for token in found if token.kind is not Kind.COMMENT), None)
    at = first.start if first else 0
    return f"{text[:at]}{''.join(lines)}{text[at:]}"


def ask_endpoint(url: str, text: str, form: Form, seconds: float | None = None) -> Answer:
    """Send a query to an endpoint, and return the answer as a stream.

    Args:
        url: The endpoint.
        text: SPARQL that needs nothing declared.
        form: The query form.
        seconds: How long to wait for the network at most, at each step.

    Raises:
        InputError: The netrc file cannot be read.
        WorldError: The endpoint cannot be reached, refuses, or answers something else.
    """
    request = urllib.request.Request(
        url,
        data=urllib.parse.urlencode({"query": text}).encode(),
        headers={
            "Accept": _ACCEPT_GRAPH if form.is_graph else _ACCEPT_ROWS,
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": _AGENT,
        },
        method="POST",
    )
    _authorize(request, find_credentials(url))
    opener = urllib.request.build_opener(_KeepMethod)
    try:
        response = opener.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        raise _refused(url, error) from error
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise _unreachable(url, error) from error
    return _parse(url, cast(HTTPResponse, response), form)


def default_graph_is_empty(url: str, seconds: float | None) -> bool:
    """Tell whether a store says that its default graph holds nothing; False if it says nothing."""
    try:
        return not bool(ask_endpoint(url, "ASK { ?s ?p ?o }", Form.ASK, seconds))
    except (InputError, WorldError):
        return False


def _authorize(request: urllib.request.Request, credentials: Credentials) -> None:
    """Add what the environment or netrc has for the host; a redirect does not carry it on."""
    if credentials.token:
        value = f"Bearer {credentials.token}"
    elif credentials.user is not None:
        pair = f"{credentials.user}:{credentials.password or ''}"
        value = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        return
    request.add_unredirected_header("Authorization", value)


class _Reader:
    """Reads an answer from the network; what fails there is told as such, not as a file's."""

    def __init__(self, url: str, response: HTTPResponse) -> None:
        self._url = url
        self._response = response

    def read(self, size: int = -1) -> bytes:
        try:
            return self._response.read(size)
        except (OSError, HTTPException, ValueError) as error:
            raise broken_answer(self._url, error) from error


def _parse(url: str, response: HTTPResponse, form: Form) -> Answer:
    kind = response.headers.get_content_type()
    source = cast(IO[bytes], _Reader(url, response))  # it only calls read
    try:
        if form.is_graph and kind in _GRAPHS:
            return ox.parse(source, _GRAPHS[kind], base_iri=url)
        if not form.is_graph and kind in _ROWS:
            return ox.parse_query_results(source, _ROWS[kind])
    except (SyntaxError, ValueError) as error:
        raise broken_answer(url, error) from error
    raise WorldError(
        "remote-broken-answer",
        f"{url} answered with {kind}, which is no answer to a query",
        hint="Check that the URL is that of the SPARQL endpoint itself.",
    )


def broken_answer(url: str, error: Exception) -> WorldError:
    """Return the error for an answer that ends too early or is not in its format."""
    return WorldError(
        "remote-broken-answer",
        f"the answer of {url} breaks off or is not in its format: {error}",
        hint="The store may have stopped the query. Ask for less, or ask again.",
    )


class _KeepMethod(urllib.request.HTTPRedirectHandler):
    """Follows redirects with the query, where the default would drop it or refuse."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the same request for another URL."""
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in ("http", "https"):
            return None
        return urllib.request.Request(newurl, req.data, dict(req.headers), method="POST")


def _refused(url: str, error: urllib.error.HTTPError) -> WorldError:
    try:
        body = error.read(4096).decode("utf-8", errors="replace")
    except (OSError, HTTPException):
        body = ""
    is_page = "html" in (error.headers.get_content_type() if error.headers else "")
    said = "" if is_page else " ".join(body.split())[:_EXCERPT]
    hints = {
        400: "The store does not take the query: see what it says.",
        401: "Set KG_USER and KG_PASSWORD, or KG_TOKEN, or add the host to your netrc file.",
        403: "The login does not allow this. Check the rights of the user in the store.",
        404: "Check the URL: it must be that of the SPARQL endpoint itself.",
        405: "Check the URL: it must be that of the SPARQL endpoint itself.",
        429: "The store wants fewer queries: wait, then ask again.",
    }
    return WorldError(
        "remote-refused",
        f"{url} answered {error.code} {error.reason}" + (f": {said}" if said else ""),
        hint=hints.get(error.code, "Ask again later, or ask for less."),
    )


def _unreachable(url: str, error: Exception) -> WorldError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return WorldError(
        "remote-unreachable",
        f"{url} cannot be reached: {text}",
        hint="Check the URL, the network, and that the store runs.",
    )
