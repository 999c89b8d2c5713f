"""The description of the service, in the format of RDF that the client accepts."""

from __future__ import annotations

from kg.serve.description import FORMATS, SCHEMA, SD, SH, service_triples
from kg.serve.endpoint import graph_reply
from kg.serve.messages import Reply, Request
from kg.serve.negotiation import graph_format
from kg.serve.state import State


def description(state: State, request: Request) -> Reply:
    """Return the description in the format of RDF that the client accepts.

    Spec: https://www.w3.org/TR/sparql11-service-description/
    """
    if request.path == "sparql" and graph_format(request.accept) is None:
        return Reply(303, "text/plain", headers=(("location", "/editor"),), is_stable=False)
    form = graph_format(request.accept) or "turtle"
    prefixes = {
        **state.workspace.prefixes,
        "sd": SD,
        "sh": SH,
        "void": "http://rdfs.org/ns/void#",
        "schema": SCHEMA,
        "format": FORMATS,
    }
    return graph_reply(service_triples(state, request.address), form, prefixes)
