"""Which collections and containers a triples map makes statements about the members of.

A term map that gathers terms gives their head node, as other term maps give terms. What is said of
the members goes to the graphs and targets of the statements that the head node is in, and only if
there is such a statement.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kg.mapping.losses import Pair
from kg.mapping.plan import RefObjectMap, TermMap, TriplesMap
from kg.mapping.rules import Collection, Gathered, Parent, Term, bare
from kg.mapping.source_table import SourceTable
from kg.records import dataclass

# Returns the bits of the targets of a statement, by the maps of its terms.
Mask = Callable[..., int]
# A graph with the map that makes it; neither: the default graph.
Place = tuple[TermMap | None, Term | None]
_Needs = tuple[tuple[Term | Parent, ...], ...]


@dataclass(frozen=True, slots=True)
class CollectionFinder:
    """Finds the collections and containers of a triples map.

    Attributes:
        triples_map: The triples map.
        number: Its number in the plan.
        table: The table of its records.
        subject: Its subject.
        mask: Returns the bits of targets.
    """

    triples_map: TriplesMap
    number: int
    table: SourceTable
    subject: Term
    mask: Mask

    def find(
        self, places: Sequence[Place], pairs: Sequence[tuple[Pair, Sequence[Place]]]
    ) -> tuple[Collection, ...]:
        """Return what makes the statements about members, each once.

        Args:
            places: The graphs of the subject.
            pairs: The terms of each predicate-object map, and the graphs of its statements.
        """
        found: dict[tuple[str, Term | None, int], Collection] = {}
        numbers: dict[str, int] = {}
        for each in (*self._of_subject(places), *self._of_pairs(pairs)):
            scope = each.gathered.scope
            number = (self.number, numbers.setdefault(scope, len(numbers)))
            made = Collection(
                each.triples_map,
                number,
                each.table,
                each.gathered,
                each.needs,
                each.graph,
                each.targets,
            )
            found.setdefault((scope, each.graph, each.targets), made)
        return tuple(found.values())

    def _of_subject(self, places: Sequence[Place]) -> Iterator[Collection]:
        for graph_map, graph in places:
            mask = self.mask(self.triples_map.subject, graph_map)
            yield from self._of(self.subject, (), graph, mask)

    def _of_pairs(self, pairs: Sequence[tuple[Pair, Sequence[Place]]]) -> Iterator[Collection]:
        given = zip(self.triples_map.predicate_objects, pairs, strict=True)
        for maps, (pair, places) in given:
            for graph_map, graph in places:
                if graph is not None:
                    mask = self.mask(self.triples_map.subject, graph_map)
                    yield from self._of(graph, ((self.subject,),), None, mask)
                for object_map, made in zip(maps.objects, pair.objects, strict=True):
                    by_mask = self._by_mask(maps.predicates, pair, object_map, graph_map)
                    for mask, predicates in by_mask.items():
                        needs = ((self.subject,), tuple(predicates))
                        if not isinstance(made, Parent):
                            yield from self._of(made, needs, graph, mask)
                        for predicate in predicates:
                            yield from self._of(predicate, ((self.subject,),), graph, mask)

    def _by_mask(
        self,
        maps: Sequence[TermMap],
        pair: Pair,
        object_map: TermMap | RefObjectMap,
        graph_map: TermMap | None,
    ) -> dict[int, list[Term]]:
        """Return the predicates of statements by the targets that these go to."""
        found: dict[int, list[Term]] = {}
        for predicate_map, predicate in zip(maps, pair.predicates, strict=True):
            mask = self.mask(self.triples_map.subject, predicate_map, object_map, graph_map)
            found.setdefault(mask, []).append(predicate)
        return found

    def _of(self, term: Term, needs: _Needs, graph: Term | None, mask: int) -> Iterator[Collection]:
        """Yield what a term gathers, and what its members gather."""
        made = bare(term)
        if not isinstance(made, Gathered):
            return
        needs = (*needs, (term,))
        name = self.triples_map.name
        yield Collection(name, (self.number, 0), self.table, made, needs, graph, mask)
        for member in made.members:
            if not isinstance(member, Parent):
                yield from self._of(member, needs, graph, mask)
