"""Answers of Oxigraph and of rdflib, in a form in which they compare."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pyoxigraph as ox
import rdflib

from tests.sparql.evaluator import Dataset
from tests.sparql.values import canonical

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


def rdflib_dataset(quads: Iterable[ox.Quad]) -> rdflib.Dataset:
    """Return quads as rdflib holds them, with the lexical forms that they have."""
    data = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert data is not None
    with patch.object(rdflib, "NORMALIZE_LITERALS", False):
        return rdflib.Dataset().parse(data=data, format="nquads")


def rdflib_answer(dataset: rdflib.Dataset, text: str, base: str) -> Any:
    """Return what rdflib answers, in the form of `answer`; None where it fails."""
    try:
        with patch.object(rdflib, "NORMALIZE_LITERALS", False):
            found = dataset.query(text, base=base)
            if found.type == "ASK":
                return found.askAnswer
            if found.type == "SELECT":
                names = [str(name) for name in found.vars or ()]
                rows = [[row.get(name) for name in found.vars or ()] for row in found.bindings]
                return names, Counter(tuple(_shown(_term(each)) for each in row) for row in rows)
            return Counter(" ".join(_shown(_term(each)) for each in row) for row in found)
    except Exception:  # noqa: BLE001  (it has many ways to fail; none says a thing about kg)
        return None


def _term(term: object) -> object:
    """Return a term of rdflib as one of Oxigraph."""
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode()
    if isinstance(term, rdflib.Literal):
        datatype = term.datatype and ox.NamedNode(str(term.datatype))
        return ox.Literal(str(term), datatype=datatype, language=term.language)
    return term


def load(data: str) -> ox.Store:
    """Return a store that holds N-Quads."""
    store = ox.Store()
    store.load(data.encode(), ox.RdfFormat.N_QUADS)
    return store


def dataset_of(store: ox.Store) -> Dataset:
    """Return what a store holds, for the evaluator."""
    data = Dataset()
    for quad in store:
        triple = (str(quad.subject), str(quad.predicate), str(quad.object))
        if isinstance(quad.graph_name, ox.DefaultGraph):
            data.default.add(triple)
        else:
            data.named.setdefault(str(quad.graph_name), set()).add(triple)
    return data


def plain(found: Any) -> Any:
    """Return an answer of `answer` or of the evaluator so that numbers compare by value.

    Graphs are sets, since Oxigraph gives some triples more than once.
    """
    if isinstance(found, tuple):
        names, rows = found
        return Counter(
            frozenset((n, canonical(t)) for n, t in zip(names, row, strict=True) if t)
            for row in rows.elements()
        )
    if isinstance(found, list):
        return Counter(frozenset((n, canonical(t)) for n, t in row.items()) for row in found)
    if isinstance(found, set):
        return {" ".join(map(canonical, triple)) for triple in found}
    if isinstance(found, Counter):
        lines = (re.sub("_:(?= )", "_:b", f"{each} .") for each in found.elements())
        triples = (ox.parse(line, ox.RdfFormat.N_TRIPLES) for line in lines)
        terms = (next(iter(each)).triple for each in triples)
        return {" ".join(canonical(str(t)) for t in triple) for triple in terms}
    return found
