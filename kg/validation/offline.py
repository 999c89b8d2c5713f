"""Keep rdflib off the network while pySHACL runs queries.

The guard of `kg.sparql` has already read the queries. This module is a second barrier, in case
rdflib parses a text differently: SERVICE is not evaluated, and FROM loads no graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

_NAME: Final = "kg-offline"


@contextmanager
def offline() -> Iterator[None]:
    """Keep queries that rdflib evaluates within the body off the network."""
    import rdflib.plugins.sparql as plugin

    loads, plugin.SPARQL_LOAD_GRAPHS = plugin.SPARQL_LOAD_GRAPHS, False
    before = plugin.CUSTOM_EVALS.get(_NAME)
    plugin.CUSTOM_EVALS[_NAME] = _refuse
    try:
        yield
    finally:
        plugin.SPARQL_LOAD_GRAPHS = loads
        if before is None:
            del plugin.CUSTOM_EVALS[_NAME]


def _refuse(_context: object, part: object) -> NoReturn:
    """Refuse SERVICE; NotImplementedError makes rdflib evaluate other parts as usual."""
    if getattr(part, "name", "") == "ServiceGraphPattern":
        raise ValueError("SERVICE would ask another server, and kg fetches nothing")
    raise NotImplementedError
