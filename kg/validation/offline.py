"""rdflib is kept from the network while pySHACL asks its queries.

The queries of shapes are read by the guard of `kg.sparql` before. This holds even where rdflib
would read a text otherwise: it evaluates no SERVICE, and loads no graph that FROM names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

_NAME: Final = "kg-offline"


@contextmanager
def offline() -> Iterator[None]:
    """Let no query that rdflib evaluates within the body reach the network."""
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
    """Refuse SERVICE; what rdflib takes NotImplementedError for is: evaluate it as usual."""
    if getattr(part, "name", "") == "ServiceGraphPattern":
        raise ValueError("SERVICE would ask another server, and kg fetches nothing")
    raise NotImplementedError
