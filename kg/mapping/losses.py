"""What a triples map may lose: terms that a record fails to give, and values that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from kg.mapping.calls import asked
from kg.mapping.plan import Constant, Expression, Plan, RefObjectMap, Template, TermMap, TriplesMap
from kg.mapping.rules import (
    Bare,
    Crossing,
    Fixed,
    Gathered,
    Iri,
    Literal,
    Loss,
    Losses,
    MapRules,
    Parent,
    Term,
    bare,
    crossed,
    expressions,
    may_be_missing,
    names,
)
from kg.mapping.source_table import Column, SourceTable
from kg.records import dataclass
from kg.terms import RDF_TYPE

# What comes of a text that is a condition, and says neither true nor false.
NEITHER: Final = "as a condition it counts as false"


@dataclass(frozen=True, slots=True)
class Pair:
    """The terms of a predicate-object map."""

    predicates: tuple[Term, ...]
    objects: tuple[Term | Parent, ...]
    graphs: tuple[Term, ...]


def losses_of(
    plan: Plan,
    triples_map: TriplesMap,
    table: SourceTable,
    subject: Term,
    graphs: Sequence[Term],
    pairs: Sequence[Pair],
) -> Losses:
    """Return what is to be counted for a triples map.

    Args:
        plan: The plan.
        triples_map: The triples map.
        table: The table of its records.
        subject: Its subject.
        graphs: Its own graphs.
        pairs: Its predicates and objects.
    """
    return Losses(
        tuple(_losses(triples_map, subject, graphs, pairs)),
        tuple(dict.fromkeys(_typed(subject, pairs))),
        tuple(dict.fromkeys(_crossings(table, subject, graphs, pairs))),
        tuple(dict.fromkeys(_notes(plan, triples_map))),
        # Where no class is stated, records may well be statements about one thing.
        # Rows of a view may well repeat what they are of.
        bool(names(subject))
        and any(_has_class(pair) for pair in pairs)
        and (table.rows is None or table.rows.is_flat),
    )


def _losses(
    triples_map: TriplesMap, subject: Term, graphs: Sequence[Term], pairs: Sequence[Pair]
) -> Iterator[Loss]:
    yield from _of_terms("subject", [subject], [triples_map.subject])
    for pair, written in zip(pairs, triples_map.predicate_objects, strict=True):
        made = bare(pair.predicates[0]) if pair.predicates else None
        what = made.term[1:-1] if isinstance(made, Fixed) else "object"
        for each, said in zip(pair.objects, written.objects, strict=True):
            if not isinstance(each, Parent):
                yield from _of_terms(what, [each], [said])
            elif each.keys:
                yield Loss(what, each, said.origin)
        yield from _of_terms("predicate", pair.predicates, written.predicates)
        yield from _of_terms("graph", pair.graphs, written.graphs)
    yield from _of_terms("graph", graphs, triples_map.graphs)


def _of_terms(
    what: str, terms: Sequence[Term], written: Sequence[TermMap | RefObjectMap]
) -> Iterator[Loss]:
    for term, said in zip(terms, written, strict=True):
        if may_be_missing(term):
            yield Loss(what, term, said.origin)


def _typed(subject: Term, pairs: Sequence[Pair]) -> Iterator[Term]:
    """Yield the literals whose values may not be of the datatype that the mapping says."""
    for term in _parts([subject, *(term for pair in pairs for term in _own(pair))]):
        made = bare(term)
        if (
            isinstance(made, Literal)
            and isinstance(made.datatype, Fixed)
            and not isinstance(made.value, Constant)
        ):
            yield term


def _crossings(
    table: SourceTable, subject: Term, graphs: Sequence[Term], pairs: Sequence[Pair]
) -> Iterator[Crossing]:
    """Yield the references whose values are combined, each with each."""
    terms = [subject, *graphs]
    for pair in pairs:
        terms += [*pair.predicates, *pair.graphs, *_own(pair)]
    for term in _parts(terms):
        columns = _crossed(table, term)
        if len(columns) > 1:
            yield Crossing(columns, _is_template(bare(term)))
    for pair in pairs:
        places = (*graphs, *pair.graphs) or (None,)
        for predicate, made, graph in product(pair.predicates, _own(pair), places):
            several = [_crossed(table, each) for each in (predicate, made, graph) if each]
            if sum(map(bool, several)) > 1:
                yield Crossing(tuple(c for each in several for c in each), is_template=False)


def _crossed(table: SourceTable, term: Term) -> tuple[Column, ...]:
    """Return the columns whose values are combined to terms, each with each.

    Those of members that are appended to one another are not among them.
    """
    made = bare(term)
    if not isinstance(made, Gathered):
        return crossed(table, term)
    head = (made.head,) if made.head is not None else ()
    members = [each for each in made.members if not isinstance(each, Parent)]
    combined = (*head, *(members if made.is_product else ()))
    return tuple(column for each in combined for column in _crossed(table, each))


def _parts(terms: Iterable[Term]) -> Iterator[Term]:
    """Yield terms, each before those that it gathers."""
    for term in terms:
        yield term
        made = bare(term)
        if isinstance(made, Gathered):
            yield from _parts(each for each in made.members if not isinstance(each, Parent))


def _is_template(term: Bare) -> bool:
    if isinstance(term, Iri):
        return True
    return not isinstance(term, Fixed | Gathered) and isinstance(term.value, Template)


def _own(pair: Pair) -> list[Term]:
    return [each for each in pair.objects if not isinstance(each, Parent)]


def _has_class(pair: Pair) -> bool:
    """Return whether a predicate says of what class subjects are."""
    return any(bare(predicate) == Fixed(RDF_TYPE) for predicate in pair.predicates)


def _notes(plan: Plan, triples_map: TriplesMap) -> Iterator[str]:
    gathers = triples_map.subject.gather is not None
    if not (triples_map.predicate_objects or gathers or triples_map.name in plan.parents):
        yield (
            f"line {triples_map.origin.line}: nothing is said of its subjects, so that it makes no"
            " triple; add predicates and objects (po)"
        )
    for term_map in triples_map.maps:
        if isinstance(term_map, TermMap) and term_map.note:
            place, own = term_map.origin, triples_map.origin
            # A mapping may be completed in another file.
            at = f"line {place.line}" if place.file == own.file else str(place.location())
            yield f"{at}: {term_map.note}"


def asked_in(rules: MapRules) -> tuple[Expression, ...]:
    """Return the texts that conditions of a triples map ask whether they are true."""
    terms: list[Term | Parent | None] = [rules.subject]
    for rule in rules.rules:
        terms += [rule.predicate, rule.object, rule.graph]
    found: list[Expression] = []
    for term in dict.fromkeys(terms):
        if isinstance(term, Parent):
            found += [term.condition] if term.condition else []
        elif term is not None:
            found += expressions(term)
    return asked(*found)
