"""Reads what a page says of an IRI through a query engine; how much it reads is bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from kg.page.entity import LABELS, Entity, Group, best_text, grouped
from kg.queries.engine import Engine, Row, Rows
from kg.queries.syntax import check_query
from kg.terms import RDF_TYPE, is_blank, is_iri, is_named

# What a page shows at most: of what is said, of one blank node, of all blank nodes, and of the
# subjects that lead here by one predicate.
MOST_SAID = 2_000
MOST_OF_NODE = 100
MOST_NODES = 200
MOST_LEADING = 25
# Subjects that are looked at together before they are asked for predicate by predicate.
_LEADING = 500
# IRIs whose labels are asked for at once, and labels that are read then. To put them in order takes
# longer than to find them, and so many are there only where a label is no label.
_ASKED = 1_000
_MOST_TEXTS = 100_000


class Reader:
    """Asks an engine what pages show.

    Args:
        engine: What is asked.
        base: What relative IRIs are resolved against.
        counts: Predicate and class to the number of instances: totals that need not be counted.
        predicates: The predicates of the graph as terms, for IRIs to which very much leads.
    """

    def __init__(
        self,
        engine: Engine,
        base: str,
        counts: Mapping[tuple[str, str], int] | None = None,
        predicates: Sequence[str] = (),
    ) -> None:
        self._engine = engine
        self._base = base
        self._counts = counts or {}
        self._predicates = predicates

    def rows(self, text: str) -> Iterator[Row]:
        """Yield the rows of a SELECT that a page is made of."""
        query = check_query(text, "a page", {}, self._base).query
        answer = self._engine.ask(query, {}, self._base)
        assert isinstance(answer, Rows)
        return iter(answer)

    def entity(self, iri: str) -> Entity | None:
        """Return what a page says of an IRI; None if the text is no IRI that can be asked for."""
        if not is_iri(iri):
            return None
        term = f"<{iri}>"
        pairs = self._said(term)
        outgoing = grouped(pairs, complete=len(pairs) <= MOST_SAID)
        entity = Entity(term, outgoing, self._leading(term), self._used(term), self._nested(pairs))
        return replace(entity, labels=self.labels(_terms(entity)))

    def leading(self, iri: str, predicate: str, start: int, most: int) -> list[str]:
        """Return subjects that lead to an IRI by a predicate, from one of them on.

        Subjects are in order: engines give rows in any, and another each time, so that one page of
        a list would repeat what another has.
        """
        if not (is_iri(iri) and is_iri(predicate)):
            return []
        text = (
            f"SELECT DISTINCT ?s {{ ?s <{predicate}> <{iri}> }}"
            f" ORDER BY ?s OFFSET {start} LIMIT {most}"
        )
        return [row[0] for row in self.rows(text) if row[0] is not None]

    def labels(self, terms: Iterable[str]) -> dict[str, str]:
        """Return the labels of IRIs; those without one are left out."""
        wanted = sorted({term for term in terms if is_named(term) and is_iri(term[1:-1])})
        said: dict[str, list[tuple[str, str]]] = {}
        for start in range(0, len(wanted), _ASKED):
            text = (
                f"SELECT ?s ?p ?o {{ VALUES ?s {{ {' '.join(wanted[start : start + _ASKED])} }}"
                f" VALUES ?p {{ {' '.join(LABELS)} }} ?s ?p ?o }} LIMIT {_MOST_TEXTS}"
            )
            for s, p, o in self.rows(text):
                if s and p and o:
                    said.setdefault(s, []).append((p, o))
        found = {term: best_text(pairs, LABELS) for term, pairs in said.items()}
        return {term: text for term, text in found.items() if text}

    def _said(self, term: str) -> list[tuple[str, str]]:
        text = f"SELECT DISTINCT ?p ?o {{ {term} ?p ?o }} ORDER BY ?p ?o LIMIT {MOST_SAID + 1}"
        return [(row[0], row[1]) for row in self.rows(text) if row[0] and row[1]]

    def _used(self, term: str) -> tuple[tuple[str, str], ...]:
        text = f"SELECT ?s ?o {{ ?s {term} ?o }} ORDER BY ?s ?o LIMIT {MOST_LEADING}"
        return tuple((row[0], row[1]) for row in self.rows(text) if row[0] and row[1])

    def _nested(self, pairs: Sequence[tuple[str, str]]) -> dict[str, tuple[Group, ...]]:
        """Return what is said of blank nodes, and of blank nodes in that."""
        found: dict[str, tuple[Group, ...]] = {}
        waiting = [o for _, o in pairs if is_blank(o)]
        while waiting and len(found) < MOST_NODES:
            node = waiting.pop(0)
            if node in found:
                continue
            said = [(p, o) for _, p, o in islice(self._engine.triples(s=node), MOST_OF_NODE)]
            found[node] = grouped(said, complete=len(said) < MOST_OF_NODE)
            waiting += [o for _, o in said if is_blank(o)]
        return found

    def _leading(self, term: str) -> tuple[Group, ...]:
        """Return what leads to an IRI, the first of each predicate."""
        text = f"SELECT DISTINCT ?p ?s {{ ?s ?p {term} }} ORDER BY ?p ?s LIMIT {_LEADING + 1}"
        pairs = [(row[0], row[1]) for row in self.rows(text) if row[0] and row[1]]
        if len(pairs) <= _LEADING:
            return tuple(
                Group(each.predicate, each.terms[:MOST_LEADING], each.total)
                for each in grouped(pairs)
            )
        found = []
        for predicate in self._predicates or sorted({p for p, _ in pairs}):
            first = self.leading(term[1:-1], predicate[1:-1], 0, MOST_LEADING + 1)
            if first:
                total = len(first) if len(first) <= MOST_LEADING else None
                total = self._counts.get((predicate, term), total)
                found.append(Group(predicate, tuple(first[:MOST_LEADING]), total))
        return tuple(sorted(found, key=lambda each: (each.predicate != RDF_TYPE, each.predicate)))


def _terms(entity: Entity) -> Iterator[str]:
    """Yield the terms that a page shows."""
    yield entity.term
    for group in (
        *entity.outgoing,
        *entity.incoming,
        *(g for n in entity.nested.values() for g in n),
    ):
        yield group.predicate
        yield from group.terms
    for pair in entity.used:
        yield from pair
