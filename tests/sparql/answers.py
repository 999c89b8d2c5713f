"""Answers of Oxigraph, in a form in which they compare."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pyoxigraph as ox

_BLANK = re.compile(r"_:\w+")


def answer(store: ox.Store, text: str, base: str | None = None) -> Any:
    """Return what Oxigraph answers: rows or triples as a bag, a truth value, or what it says.

    Blank nodes are all one.
    """
    try:
        found = store.query(text, base_iri=base)
        if isinstance(found, ox.QueryBoolean):
            return bool(found)
        if isinstance(found, ox.QuerySolutions):
            names = [variable.value for variable in found.variables]
            return names, Counter(tuple(_shown(each) for each in row) for row in found)
        return Counter(_shown(triple) for triple in found)
    except (RuntimeError, ValueError) as error:
        return str(error)


def _shown(term: object) -> str:
    return "" if term is None else _BLANK.sub("_:", str(term))


def load(data: str) -> ox.Store:
    """Return a store that holds N-Quads."""
    store = ox.Store()
    store.load(data.encode(), ox.RdfFormat.N_QUADS)
    return store
