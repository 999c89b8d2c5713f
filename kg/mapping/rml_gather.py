"""Gather maps of RML documents: term maps of collections and containers.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from typing import Final

import pyoxigraph as ox

from kg.mapping.gather import CollectionKind, Gather
from kg.mapping.plan import RefObjectMap, TermMap, TriplesMap
from kg.mapping.rml_graph import RmlGraph, Term, Value
from kg.terms import RDF, XSD

# Gather maps in one another; more of them no query can be made of.
MOST_NESTED: Final = 20
_STRATEGIES: Final = {"append": False, "cartesianProduct": True}
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
_PARTS: Final = ("gatherAs", "strategy", "allowEmptyListAndContainer")
# Reads a map of a member.
ReadMap = Callable[[Value], TermMap | RefObjectMap]


class GatherReader:
    """Reads the gather maps of one document.

    Args:
        graph: The document.
        read: Reads the map of a member.
    """

    def __init__(self, graph: RmlGraph, read: ReadMap) -> None:
        self.graph = graph
        self.read = read
        self.open: list[Term] = []

    def gather(self, value: Value) -> Gather | None:
        """Return what a term map gathers; None if it is no gather map.

        Raises:
            InputError: It is not one that the specification allows.

        Spec: https://kg-construct.github.io/rml-cc/spec/docs/#gathermapidentification
        """
        stated = self.graph.one(value.term, "gather")
        if stated is None:
            for name in _PARTS:
                for each in self.graph.all(value.term, name):
                    raise each.error(
                        f"rml:{name} says how terms are gathered, but there is no rml:gather",
                        hint="Add rml:gather ( … ) with the term maps of the members.",
                    )
            return None
        if value.term in self.open:
            raise stated.error("the gather map gathers itself", hint="Take it out of its list.")
        if len(self.open) == MOST_NESTED:
            raise stated.error(
                f"more than {MOST_NESTED} gather maps are in one another",
                hint="Make the inner ones subjects of triples maps of their own.",
            )
        self.open.append(value.term)
        try:
            members = tuple(map(self.read, self._listed(stated)))
        finally:
            self.open.pop()
        return Gather(
            members, self._kind(value, stated), self._is_product(value), self._keeps_empty(value)
        )

    def _listed(self, stated: Value) -> list[Value]:
        """Return the members of the list that ``rml:gather`` is.

        Raises:
            InputError: It is no list, or an empty one.
        """
        found: list[Value] = []
        seen: set[Term] = set()
        node = stated.term
        while node != ox.NamedNode(f"{RDF}nil"):
            firsts = self.graph.iri_values(node, f"{RDF}first")
            rests = self.graph.iri_values(node, f"{RDF}rest")
            if len(firsts) != 1 or len(rests) != 1 or node in seen:
                raise stated.error(
                    "rml:gather needs a list of term maps",
                    hint="Write them in parentheses: rml:gather ( [ rml:reference … ] ).",
                )
            seen.add(node)
            found.append(firsts[0])
            node = rests[0].term
        if not found:
            raise stated.error(
                "rml:gather has an empty list",
                hint="Give it the term maps of the members: ( [ rml:reference … ] ).",
            )
        for each in found:
            if each.is_literal:
                raise each.error(
                    "rml:gather needs term maps, not a literal",
                    hint=f"Write [ rml:constant {each.text!r} ].",
                )
        return found

    def _kind(self, value: Value, stated: Value) -> CollectionKind:
        found = self.graph.one(value.term, "gatherAs")
        kinds = {f"{RDF}{kind.value}": kind for kind in CollectionKind}
        names = ", ".join(f"rdf:{kind.value}" for kind in CollectionKind)
        if found is None:
            raise stated.error(
                "the gather map does not say what terms are gathered as",
                hint=f"Give it rml:gatherAs with one of {names}.",
            )
        if found.text not in kinds or found.is_literal:
            raise found.error(
                f"rml:gatherAs must not be {found.text}", hint=f"It is one of {names}."
            )
        return kinds[found.text]

    def _is_product(self, value: Value) -> bool:
        found = self.graph.one(value.term, "strategy")
        if found is None:
            return False
        if found.name not in _STRATEGIES:
            names = " or ".join(f"rml:{name}" for name in _STRATEGIES)
            raise found.error(f"{found.text} is no strategy that kg knows", hint=f"It is {names}.")
        return _STRATEGIES[found.name]

    def _keeps_empty(self, value: Value) -> bool:
        found = self.graph.one(value.term, "allowEmptyListAndContainer")
        if found is None:
            return False
        datatype = found.term.datatype.value if isinstance(found.term, ox.Literal) else ""
        if datatype != f"{XSD}boolean" or found.text.strip() not in _TRUTHS:
            raise found.error(
                "rml:allowEmptyListAndContainer must be true or false",
                hint="Write it without quotation marks.",
            )
        return _TRUTHS[found.text.strip()]


def without_parents(triples_map: TriplesMap, names: Container[str]) -> TriplesMap:
    """Return a triples map without its references to others of some names."""
    pairs = (
        replace(pair, objects=tuple(_kept(pair.objects, names)))
        for pair in triples_map.predicate_objects
    )
    subject = next(_kept([triples_map.subject], names), triples_map.subject)
    assert isinstance(subject, TermMap)
    kept = tuple(pair for pair in pairs if pair.objects)
    return replace(triples_map, subject=subject, predicate_objects=kept)


def _kept(
    maps: Iterable[TermMap | RefObjectMap], names: Container[str]
) -> Iterator[TermMap | RefObjectMap]:
    """Yield maps without such references; one that gathers nothing else is left out."""
    for each in maps:
        if isinstance(each, RefObjectMap):
            if each.parent not in names:
                yield each
        elif each.gather is None:
            yield each
        elif members := tuple(_kept(each.gather.members, names)):
            yield replace(each, gather=replace(each.gather, members=members))
