"""Triples of an answer in an order, and with labels of blank nodes, that are always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from kg.queries.engine import Term, Triple
from kg.terms import RDF_TYPE

# Triples that are held in memory; a larger answer comes as it is found.
MOST: Final = 50_000
# Rounds of telling nodes apart by those around them.
_ROUNDS: Final = 20
# Nodes that are looked at to tell alike ones apart by choice, and the most that choose one.
_WORK: Final = 20_000
_CANDIDATES: Final = 16

_Edges = dict[Term, list[tuple[str, Term | None]]]


def ordered(triples: Iterator[Triple]) -> Iterator[Triple]:
    """Yield triples as exports order them, each once, if there are not more than `MOST`.

    Blank nodes are called b0, b1 and so on by what is said of them, whatever the engine calls
    them in this run.
    """
    head = list(islice(triples, MOST + 1))
    if len(head) > MOST:
        yield from chain(head, triples)
        return
    found = set(head)
    labels = _labels(found)
    if labels:
        found = {_relabelled(triple, labels) for triple in found}
    yield from sorted(found, key=_key)


def _key(triple: Triple) -> tuple[str, bool, str, str]:
    subject, predicate, object_ = triple
    return subject, predicate != RDF_TYPE, predicate, object_


def _relabelled(triple: Triple, labels: dict[Term, Term]) -> Triple:
    subject, predicate, object_ = triple
    return labels.get(subject, subject), predicate, labels.get(object_, object_)


def _labels(triples: set[Triple]) -> dict[Term, Term]:
    edges: _Edges = {}
    for subject, predicate, object_ in triples:
        near = subject if subject.startswith("_:") else None
        far = object_ if object_.startswith("_:") else None
        said = f"{predicate} {'' if near else subject} {'' if far else object_}"
        if near is not None:
            edges.setdefault(near, []).append((f"> {said} {near == far}", far))
        if far is not None:
            edges.setdefault(far, []).append((f"< {said} {near == far}", near))
    hashes = _refined(dict.fromkeys(edges, ""), edges)
    work = 0
    while work < _WORK:
        counts = Counter(hashes.values())
        alike = min((value for value, count in counts.items() if count > 1), default=None)
        if alike is None:
            break
        members = (node for node, value in hashes.items() if value == alike)
        tried = [
            _refined({**hashes, node: f"{alike}!"}, edges) for node in islice(members, _CANDIDATES)
        ]
        work += len(tried) * len(edges)
        # Mostly it is the same which of them is taken: the graph looks alike from each.
        hashes = min(tried, key=lambda each: sorted(each.values()))
    in_order = sorted(hashes, key=hashes.__getitem__)
    return {node: f"_:b{number}" for number, node in enumerate(in_order)}


def _refined(hashes: dict[Term, str], edges: _Edges) -> dict[Term, str]:
    """Return hashes that hold those of the nodes around, until that tells no more apart."""
    kinds = 0
    for _ in range(_ROUNDS):
        hashes = {
            node: _hash(
                hashes[node],
                *sorted(said + (hashes[other] if other else "") for said, other in edges[node]),
            )
            for node in edges
        }
        before, kinds = kinds, len(set(hashes.values()))
        if kinds in (before, len(edges)):
            break
    return hashes


def _hash(*parts: str) -> str:
    import hashlib  # loads OpenSSL, which rows of answers do not need

    return hashlib.md5("\n".join(parts).encode(), usedforsecurity=False).hexdigest()
