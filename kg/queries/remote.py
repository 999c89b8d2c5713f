"""A question asked of a remote store, by the SPARQL Protocol over HTTP.

The standard library does it: it streams, follows the environment's proxies, and costs no package.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, Final, cast

from kg.errors import InputError, LimitError, WorldError
from kg.http import (
    excerpt,
    find_credentials,
    read_some,
    refuse_login,
    unreachable,
    web_parts,
)
from kg.queries.engine import Answer, Triples
from kg.queries.odd_terms import Mender, Odd, mended_triples
from kg.queries.oxigraph.received import read_results, read_triples
from kg.sparql.guard import read_tree
from kg.sparql.tree import Name, Prefix
from kg.sparql.walk import find
from kg.sparql.words import Form

_ROWS: Final = {
    "application/sparql-results+json": "json",
    "application/json": "json",
    "application/sparql-results+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/tab-separated-values": "tsv",
}
_GRAPHS: Final = {
    "application/n-triples": "ntriples",
    "text/plain": "ntriples",
    "application/n-quads": "nquads",
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "application/trig": "trig",
    "application/rdf+xml": "rdfxml",
    "application/ld+json": "jsonld",
}
_ACCEPT_ROWS: Final = "application/sparql-results+json, application/sparql-results+xml;q=0.9"
_ACCEPT_GRAPH: Final = (
    "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.5, application/ld+json;q=0.4"
)
# Bytes of an answer that are mended at once.
_PIECE: Final = 64 * 1024
_AGENT: Final = "kg (SPARQL client)"


def check_endpoint(url: str) -> str:
    """Return the URL of an endpoint.

    Raises:
        InputError: It is not an http or https URL.
        UsageError: It holds a login.
    """
    refuse_login(url)
    if web_parts(url) is None:
        raise InputError(
            "bad-endpoint",
            f"--endpoint takes a URL that starts with http:// or https://, not {url!r}",
            hint="Give for example --endpoint http://localhost:7878/query",
        )
    return url


def with_prologue(text: str, prefixes: Mapping[str, str]) -> str:
    """Return a query with PREFIX declarations for the names that it uses and does not declare.

    They are on the first line, so that line numbers stay.
    """
    query = read_tree(text)
    if query is None:
        return text
    used = {name.prefix for name in find(query, Name)}
    missing = used - {each.name for each in query.prologue if isinstance(each, Prefix)}
    lines = [f"PREFIX {name}: <{prefixes[name]}> " for name in sorted(missing & set(prefixes))]
    at = query.span.start
    return f"{text[:at]}{''.join(lines)}{text[at:]}"


def ask_endpoint(
    url: str, text: str, form: Form, seconds: float | None = None, odd: Odd | None = None
) -> Answer:
    """Send a query to an endpoint, and return the answer as a stream.

    Args:
        url: The endpoint.
        text: SPARQL that needs nothing declared.
        form: The query form.
        seconds: How long to wait for the network at most, at each step.
        odd: Counts the terms of the answer that had to be mended.

    Raises:
        InputError: The netrc file cannot be read.
        LimitError: The store says that its answer is not complete.
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
    login = find_credentials(url).basic
    if login is not None:  # a redirect does not carry it on
        request.add_unredirected_header("Authorization", login)
    opener = urllib.request.build_opener(_KeepMethod(url))
    try:
        response = opener.open(request, timeout=seconds)
    except ValueError as error:  # a redirect to what is not an URL
        raise broken_answer(url, error) from error
    except urllib.error.HTTPError as error:
        raise _refused(url, error) from error
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise unreachable(url, error) from error
    response = cast(HTTPResponse, response)
    _refuse_partial(url, response)
    return _parse(url, response, form, odd or Odd())


# How Virtuoso says that it stopped at its time limit, with what it had found.
_STOPPED: Final = "S1T"


def _refuse_partial(url: str, response: HTTPResponse) -> None:
    state = response.headers.get("X-SQL-State", "")
    if response.status != 206 and not state.startswith(_STOPPED):
        return
    said = response.headers.get("X-SQL-Message", "").strip()
    reason = f"X-SQL-State: {state}" if state else "HTTP status 206"
    response.close()
    raise LimitError(
        "partial-answer",
        f"{url} gives a part of the answer only ({reason})" + (f": {said}" if said else ""),
        hint="Ask for less, or have the store's time limit raised.",
    )


def default_graph_is_empty(url: str, seconds: float | None) -> bool:
    """Return whether a store says that its default graph is empty; False if it says nothing."""
    try:
        return not bool(ask_endpoint(url, "ASK { ?s ?p ?o }", Form.ASK, seconds))
    except (InputError, LimitError, WorldError):
        return False


class _Received:
    """Reads an answer from the network; what fails there is reported as such, not as a file's."""

    def __init__(self, url: str, response: HTTPResponse, mender: Mender | None = None) -> None:
        self._url = url
        self._response = response
        self._mender = mender
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        try:
            if self._mender is None:
                return self._response.read(size)
            return self._mended(size, self._mender)
        except (OSError, HTTPException, ValueError) as error:
            raise broken_answer(self._url, error) from error

    def _mended(self, size: int, mender: Mender) -> bytes:
        while not self._ready:
            piece = self._response.read(_PIECE)
            self._ready = mender.feed(piece)
            if not piece:
                break
        cut = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:cut], self._ready[cut:]
        return given


def _parse(url: str, response: HTTPResponse, form: Form, odd: Odd) -> Answer:
    kind = response.headers.get_content_type()

    def tell(error: Exception) -> WorldError:
        return broken_answer(url, error)

    if form.is_graph and kind in _GRAPHS:
        read = read_triples(_Received(url, response), _GRAPHS[kind], url, tell)
        return Triples(mended_triples(read, odd, tell))
    if not form.is_graph and kind in _ROWS:
        mender = None
        if _ROWS[kind] != "tsv":
            mender = Mender(is_json=_ROWS[kind] == "json", odd=odd)
        return read_results(_Received(url, response, mender), _ROWS[kind], tell)
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
    """Follows redirects with the query within one host, where the default would drop it."""

    def __init__(self, url: str) -> None:
        self._asked = urllib.parse.urlsplit(url)

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the same request for another URL of the server; None for another server's.

        Whom the user did not name is sent nothing.
        """
        if not _is_same_server(self._asked, newurl):
            return None
        return urllib.request.Request(newurl, req.data, dict(req.headers), method="POST")


_PORTS: Final = {"http": 80, "https": 443}


def _is_same_server(asked: urllib.parse.SplitResult, url: str) -> bool:
    """Return whether a URL is of the server that was asked, or of its secure side."""
    try:
        other = urllib.parse.urlsplit(url)
        place = (other.hostname, other.port or _PORTS.get(other.scheme))
    except ValueError:
        return False
    port = asked.port or _PORTS[asked.scheme]
    if place == (asked.hostname, port) and other.scheme == asked.scheme:
        return True
    # The usual step from http to https.
    return (other.scheme, *place, port) == ("https", asked.hostname, 443, 80)


def _refused(url: str, error: urllib.error.HTTPError) -> WorldError:
    said = excerpt(error.headers, read_some(error))
    hints = {
        400: "The store does not take the query: see what it says.",
        401: "Set KG_USER and KG_PASSWORD, or KG_TOKEN, or add the host to your netrc file.",
        403: "The login does not allow this. Check the rights of the user in the store.",
        404: "Check the URL: it must be that of the SPARQL endpoint itself.",
        405: "Check the URL: it must be that of the SPARQL endpoint itself.",
        429: "The store wants fewer queries: wait, then ask again.",
    }
    hint = hints.get(error.code, "Ask again later, or ask for less.")
    if 300 <= error.code < 400:
        hint = (
            f"It refers to another server, which kg does not follow: {error.headers['Location']}."
            " If that is the store, give its URL with --endpoint."
        )
    return WorldError(
        "remote-refused",
        f"{url} answered {error.code} {error.reason}{said}",
        hint=hint,
    )
