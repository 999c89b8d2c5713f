"""An rdflib graph that reads the text of a query once.

pySHACL asks the query of a constraint anew for each focus node, with the same text, and rdflib
takes ten times as long to read it as to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery

if TYPE_CHECKING:
    from rdflib.plugins.sparql.sparql import Query
    from rdflib.query import Processor, Result
    from rdflib.term import Identifier

_TEXTS = 256  # more queries than a shapes graph has, and little memory


class ReadOnceGraph(Graph):
    """A graph whose `query` takes the algebra of a text that it has read before."""

    def query(
        self,
        query_object: str | Query,
        processor: str | Processor = "sparql",
        result: str | type[Result] = "sparql",
        initNs: Mapping[str, Any] | None = None,
        initBindings: Mapping[str, Identifier] | None = None,
        use_store_provided: bool = True,
        **named: object,
    ) -> Result:
        """Answer a query as rdflib's graph does; the arguments are those of `Graph.query`."""
        if isinstance(query_object, str):
            prefixes = dict(self.namespaces()) if initNs is None else dict(initNs)
            query_object = _read(query_object, tuple(sorted(prefixes.items())))
        return super().query(
            query_object, processor, result, initNs, initBindings, use_store_provided, **named
        )


@lru_cache(maxsize=_TEXTS)
def _read(text: str, prefixes: tuple[tuple[str, Any], ...]) -> Query:
    return prepareQuery(text, dict(prefixes))
