"""Queries whose FROM names several graphs, asked of the merge of these, each triple once.

Oxigraph asks the graphs one after the other, so that a triple of two of them counts twice.

Spec: https://www.w3.org/TR/sparql11-query/#specifyingDataset
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.records import dataclass
from kg.sparql.guard import Guarded, guard
from kg.sparql.names import Names
from kg.store import empty_store
from kg.terms import is_iri

# Triples of a merge that is held in memory.
_IN_MEMORY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Clauses:
    """What FROM names: graphs for the default graph, named graphs, and where the clauses stand."""

    default: tuple[ox.NamedNode, ...]
    named: tuple[ox.NamedNode, ...]
    start: int
    end: int


def merged(
    store: ox.Store,
    query: Guarded,
    prefixes: Mapping[str, str],
    base: str,
    folder: Callable[[], Path] | None,
) -> tuple[ox.Store, Guarded]:
    """Return what to ask instead of a query that has several FROM: a store and a query.

    Where no triple is in two of the graphs, these are what was given.

    Args:
        store: What would be asked.
        query: The query.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        folder: Makes a folder for a merge that is large; by default memory is used.
    """
    clauses = _clauses(query, prefixes, base)
    if clauses is None or len(clauses.default) < 2 or not _overlap(store, clauses.default):
        return store, query
    count = sum(1 for _ in _quads(store, clauses))
    place = folder() / "merge" if folder is not None and count > _IN_MEMORY else None
    made = empty_store(place)
    made.bulk_extend(_quads(store, clauses))
    text = f"{query.text[: clauses.start]} {query.text[clauses.end :]}"
    return made, guard(text, query.source, prefixes, base or None)


def _clauses(query: Guarded, prefixes: Mapping[str, str], base: str) -> _Clauses | None:
    names = Names(query.tree, prefixes, base or None)
    clauses = query.tree.body.datasets
    default: list[ox.NamedNode] = []
    named: list[ox.NamedNode] = []
    for each in clauses:
        iri = names.iri(each.graph)
        if iri is None or not is_iri(iri):
            return None
        (named if each.named else default).append(ox.NamedNode(iri))
    start, end = clauses[0].span.start, clauses[-1].span.end
    return _Clauses(tuple(default), tuple(named), start, end)


def _overlap(store: ox.Store, graphs: Sequence[ox.NamedNode]) -> bool:
    """Return whether a triple is in two of the graphs, or a graph is named twice."""
    if len(set(graphs)) < len(graphs):
        return True
    for at, graph in enumerate(graphs[1:], 1):
        for quad in store.quads_for_pattern(None, None, None, graph):
            triple = (quad.subject, quad.predicate, quad.object)
            if any(ox.Quad(*triple, other) in store for other in graphs[:at]):
                return True
    return False


def _quads(store: ox.Store, clauses: _Clauses) -> Iterator[ox.Quad]:
    for graph in dict.fromkeys(clauses.default):
        for quad in store.quads_for_pattern(None, None, None, graph):
            yield ox.Quad(quad.subject, quad.predicate, quad.object)
    for graph in dict.fromkeys(clauses.named):
        yield from store.quads_for_pattern(None, None, None, graph)
