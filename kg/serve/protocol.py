"""The SPARQL 1.1 protocol: what a request of HTTP asks.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from kg.errors import InputError
from kg.serve.messages import MOST_FIELDS, SparqlRequest
from kg.sparql import tree
from kg.sparql.guard import read_tree
from kg.sparql.printer import print_query
from kg.terms import is_iri

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"


class ProtocolError(Exception):
    """A request that the protocol does not have.

    Args:
        status: The status of HTTP.
        text: What is wrong, and what to do.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def read_request(method: str, query: bytes, content_type: str, body: bytes) -> SparqlRequest | None:
    """Return what a request asks; None if it has no query, and so asks what the service is.

    Args:
        method: ``GET`` or ``POST``.
        query: The query part of the address.
        content_type: Of the body.
        body: The body of a POST.

    Raises:
        ProtocolError: The request is malformed, or would change the graph.
    """
    fields = _fields(query, "the address")
    if method == "POST":
        media, _, rest = content_type.partition(";")
        _check_charset(rest)
        media = media.strip().lower()
        if media == UPDATE:
            raise _read_only()
        if media == QUERY:
            if _values(fields, "query"):
                raise ProtocolError(400, "the query is given twice: in the body and the address")
            fields = [*fields, ("query", _decoded(body, "the body"))]
        elif media == FORM:
            fields = [*fields, *_fields(body, "the body")]
        else:
            raise ProtocolError(
                415, f"a query is sent as {QUERY} or {FORM}, not as {media or 'nothing'}"
            )
    return _asked(fields, method)


def _asked(fields: Sequence[tuple[str, str]], method: str) -> SparqlRequest | None:
    if _values(fields, "update") or _values(fields, "using-graph-uri"):
        raise _read_only()
    texts = _values(fields, "query")
    if not texts:
        if method == "POST":
            raise ProtocolError(400, "there is no query in the request: send the parameter query")
        return None
    if len(texts) > 1:
        raise ProtocolError(400, f"the request has {len(texts)} queries; one is answered at a time")
    defaults = _graphs(fields, "default-graph-uri")
    named = _graphs(fields, "named-graph-uri")
    form = next(iter(_values(fields, "format")), "")
    return SparqlRequest(texts[0], defaults, named, form)


def _graphs(fields: Sequence[tuple[str, str]], name: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_values(fields, name)))
    for each in found:
        if not is_iri(each):
            raise ProtocolError(400, f"{name} is no absolute IRI: {each}")
    return found


def _fields(data: bytes, place: str) -> list[tuple[str, str]]:
    text = _decoded(data, place)
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise ProtocolError(
            400, f"{place} holds percent-encoded bytes that are not UTF-8"
        ) from error
    except ValueError as error:
        raise ProtocolError(400, f"{place} has more than {MOST_FIELDS} parameters") from error


def _decoded(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(400, f"{place} is not UTF-8 at byte {error.start}") from error


def _values(fields: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in fields if key == name]


def _check_charset(parameters: str) -> None:
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8", "us-ascii"):
            raise ProtocolError(415, f"a query is sent as UTF-8, not as {charset}")


def _read_only() -> ProtocolError:
    return ProtocolError(
        403, "this service only reads: change the facts under data/ and run kg build"
    )


def with_dataset(text: str, defaults: Sequence[str], named: Sequence[str]) -> str:
    """Return a query with the dataset that a request names, in place of its own FROM clauses.

    Args:
        text: A query.
        defaults: IRIs of the graphs of its default graph.
        named: IRIs of its named graphs.

    Raises:
        InputError: The text is no query.

    Spec: https://www.w3.org/TR/sparql11-protocol/#dataset
    """
    if not (defaults or named):
        return text
    query = read_tree(text)
    if query is None:
        raise InputError("bad-query", "a dataset is named for what is no query")
    datasets = tuple(
        tree.Dataset(tree.Iri(graph), is_named)
        for graphs, is_named in ((defaults, False), (named, True))
        for graph in graphs
    )
    return print_query(replace(query, body=replace(query.body, datasets=datasets)))
