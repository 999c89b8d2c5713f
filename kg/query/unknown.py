"""Terms of a query that the data do not have: why an answer is empty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from kg.query.display import Shortener
from kg.sparql.cursor import TriplePattern
from kg.sparql.grammar import triple_patterns
from kg.sparql.guard import guard
from kg.sparql.lexer import Kind, Token, declared_prefixes, tokens
from kg.sparql.mistakes import nearest
from kg.store import ask
from kg.terms import RDF, expand, is_iri

_TYPE: Final = ox.NamedNode(f"{RDF}type")
# Terms of one query that are looked up, and hints that are given, at most.
_LOOKED_UP: Final = 50
_GIVEN: Final = 3
# Candidates that a misspelt term is compared with, at most.
_CANDIDATES: Final = 20_000
_VOCABULARY: Final = """
SELECT DISTINCT ?term WHERE {
  VALUES ?kind {
    <http://www.w3.org/2002/07/owl#Class> <http://www.w3.org/2000/01/rdf-schema#Class>
    <http://www.w3.org/2002/07/owl#ObjectProperty>
    <http://www.w3.org/2002/07/owl#DatatypeProperty>
    <http://www.w3.org/2002/07/owl#AnnotationProperty>
    <http://www.w3.org/1999/02/22-rdf-syntax-ns#Property>
    <http://www.w3.org/2004/02/skos/core#Concept>
  }
  ?term a ?kind .
}"""


def why_empty(store: ox.Store, text: str, prefixes: Mapping[str, str]) -> list[str]:
    """Return remarks on the terms of a query that its data do not have, at most three.

    Args:
        store: What was asked.
        text: The query, whose answer is empty.
        prefixes: Known without a PREFIX line.
    """
    found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
    known = {**prefixes, **declared_prefixes(found)}
    shortener = Shortener(known)
    remarks: dict[str, None] = {}
    candidates: list[str] | None = None
    for token, role in _roles(triple_patterns(found))[:_LOOKED_UP]:
        iri = _expanded(token, known)
        if iri is None:
            continue
        node = ox.NamedNode(iri)
        if _stands(store, node):
            remark = _unused(store, node, role, shortener)
        else:
            if candidates is None:
                candidates = _vocabulary(store)
            remark = _nowhere(iri, candidates, shortener)
        if remark:
            remarks[remark] = None
    return list(remarks)[:_GIVEN]


def _roles(patterns: Sequence[TriplePattern]) -> list[tuple[Token, str]]:
    """Return the IRIs in triple patterns, each with its role, in the order of the text."""
    roles: dict[tuple[str, str], Token] = {}
    for pattern in patterns:
        is_type = len(pattern.verb) == 1 and pattern.verb[0].text in ("a", "rdf:type")
        for part, role in (
            (pattern.subject, ""),
            (pattern.verb, "property"),
            (pattern.object, "class" if is_type else ""),
        ):
            bracketed = role != "property" and part[0].is_mark("[", "(")
            simple = len(part) == 1
            for token in () if bracketed else part:
                if token.kind in (Kind.IRI, Kind.NAME):
                    roles.setdefault((token.text, role if simple else ""), token)
    return [(token, role) for (_, role), token in roles.items()]


def _expanded(token: Token, prefixes: Mapping[str, str]) -> str | None:
    if token.kind is Kind.IRI:
        iri: str | None = token.text[1:-1]
    else:
        iri = expand(re.sub(r"\\(.)", r"\1", token.text), prefixes)
    return iri if iri is not None and is_iri(iri) else None


def _stands(store: ox.Store, node: ox.NamedNode) -> bool:
    lookups: Iterable[tuple[ox.NamedNode | None, ox.NamedNode | None, ox.NamedNode | None]] = (
        (node, None, None),
        (None, node, None),
        (None, None, node),
    )
    return any(next(store.quads_for_pattern(*each), None) is not None for each in lookups)


def _unused(store: ox.Store, node: ox.NamedNode, role: str, shortener: Shortener) -> str | None:
    shown = shortener.iri(node.value)
    if role == "property" and next(store.quads_for_pattern(None, node, None), None) is None:
        return f"no triple has the property {shown}"
    if role == "class" and next(store.quads_for_pattern(None, _TYPE, node), None) is None:
        return f"nothing has the type {shown}"
    return None


def _vocabulary(store: ox.Store) -> list[str]:
    found = ask(store, guard(_VOCABULARY, "the vocabulary", {}))
    assert isinstance(found, ox.QuerySolutions)
    terms = []
    for row in found:
        if isinstance(row[0], ox.NamedNode):
            terms.append(row[0].value)
        if len(terms) >= _CANDIDATES:
            break
    return terms or _in_use(store)


def _in_use(store: ox.Store) -> list[str]:
    """Return the properties and classes of the first triples of data without a vocabulary."""
    terms: dict[str, None] = {}
    for number, quad in enumerate(store.quads_for_pattern(None, None, None)):
        if number >= _CANDIDATES:
            break
        terms[quad.predicate.value] = None
        if quad.predicate == _TYPE and isinstance(quad.object, ox.NamedNode):
            terms[quad.object.value] = None
    return list(terms)


def _nowhere(iri: str, candidates: Sequence[str], shortener: Shortener) -> str:
    near = nearest(shortener.iri(iri), {shortener.iri(each) for each in candidates})
    hint = f"; did you mean {near}?" if near else ""
    return f"{shortener.iri(iri)} stands nowhere in the data{hint}"
