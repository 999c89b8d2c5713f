"""What a triples map may lose: the records that give no subject, or no object, and why.

A record is lost where a value is missing, or where no record of the parent has the values that are
joined. What a condition leaves out is not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kg.mapping.plan import (
    Constant,
    Plan,
    PredicateObjectMap,
    RefObjectMap,
    TermMap,
    TriplesMap,
    references,
    term_references,
)
from kg.mapping.term_sql import SourceTable, TermCompiler, TermSql


@dataclass(frozen=True, slots=True)
class Loss:
    """A reason for which a record may give no triple.

    Attributes:
        what: ``subject``, ``predicate``, ``graph``, or the predicate whose object is missing.
        references: The references that may be missing, or whose values no parent has.
        missing: Condition on the source table.
        parent: Name of the triples map that has no record with the values; empty where values
            are missing.
    """

    what: str
    references: tuple[str, ...]
    missing: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What is counted for one triples map: records, and losses by reason."""

    triples_map: str
    table: SourceTable
    losses: tuple[Loss, ...]


def account(plan: Plan, triples_map: TriplesMap, terms_of: Mapping[str, TermCompiler]) -> Account:
    """Return what is to be counted for a triples map.

    Args:
        plan: The plan.
        triples_map: The triples map.
        terms_of: The compilers of the terms of all triples maps, by name.
    """
    compiler = terms_of[triples_map.name]
    losses = list(_Accountant(plan, triples_map, terms_of).losses())
    return Account(triples_map.name, compiler.table, tuple(losses))


class _Accountant:
    def __init__(
        self, plan: Plan, triples_map: TriplesMap, terms_of: Mapping[str, TermCompiler]
    ) -> None:
        self.plan = plan
        self.triples_map = triples_map
        self.terms_of = terms_of
        self.compiler = terms_of[triples_map.name]
        condition = triples_map.subject.condition
        self.chosen = f" AND {self.compiler.holds(condition)}" if condition is not None else ""

    def losses(self) -> Iterator[Loss]:
        subject = self.compiler.term(self.triples_map.subject)
        if subject.lost:
            yield Loss("subject", _names(self.triples_map.subject), subject.lost)
        for pair in self.triples_map.predicate_objects:
            for object_map in pair.objects:
                yield from self.of_object(_label(pair), object_map)
            yield from self.of_terms("predicate", pair.predicates)
            yield from self.of_terms("graph", pair.graphs)
        yield from self.of_terms("graph", self.triples_map.graphs)

    def of_terms(self, what: str, term_maps: Sequence[TermMap]) -> Iterator[Loss]:
        for term_map in term_maps:
            lost = self.compiler.term(term_map).lost
            if lost:
                yield Loss(what, _names(term_map), f"({lost}){self.chosen}")

    def of_object(self, label: str, object_map: TermMap | RefObjectMap) -> Iterator[Loss]:
        if isinstance(object_map, TermMap):
            yield from self.of_terms(label, (object_map,))
        elif object_map.joins:
            yield from self.of_join(label, object_map)

    def of_join(self, label: str, object_map: RefObjectMap) -> Iterator[Loss]:
        """Yield the losses of a join: values that are missing, and values that no parent has."""
        parent = self.plan.triples_map(object_map.parent)
        other = self.terms_of[parent.name]
        child = [self.compiler.key(join.child) for join in object_map.joins]
        keys = [other.key(join.parent) for join in object_map.joins]
        names = _unique(r.name for join in object_map.joins for r in references(join.child))
        chosen = self.chosen
        if object_map.condition is not None:
            chosen += f" AND {self.compiler.holds(object_map.condition)}"
        missing = " OR ".join(key.missing for key in child if key.missing)
        if missing:
            yield Loss(label, names, f"({missing}){chosen}")
        there = f"NOT ({missing})" if missing else "true"
        subject = other.term(parent.subject).missing
        lacking = _lacking(self.compiler.table.name, child, other.table.name, keys, subject)
        yield Loss(label, names, f"{there} AND {lacking}{chosen}", parent.name)


def _lacking(
    table: str, child: Sequence[TermSql], parents: str, keys: Sequence[TermSql], missing: str
) -> str:
    """Return the condition that no parent with a subject has the values of the child.

    Args:
        table: The child's table.
        child: Values of the child.
        parents: The parent's table.
        keys: Values of the parent that they must equal.
        missing: Condition that a parent gives no subject.
    """
    rows, found = _unnested(parents, keys)
    there = [f"{name} IS NOT NULL" for name in found] + ([f"NOT ({missing})"] if missing else [])
    parent = f"SELECT {', '.join(found)} FROM {rows} WHERE {' AND '.join(there)}"
    if not any(key.many for key in child):
        return f"{_tuple([key.sql for key in child])} NOT IN ({parent})"
    rows, own = _unnested(table, child)
    joined = f"SELECT file, record FROM {rows} WHERE {_tuple(own)} IN ({parent})"
    return f"(file, record) NOT IN ({joined})"


def _unnested(table: str, keys: Sequence[TermSql]) -> tuple[str, list[str]]:
    """Return rows with a column for each value, lists unnested one after another."""
    rows, names = table, []
    for number, key in enumerate(keys):
        if key.many:
            rows = f"(SELECT *, unnest({key.sql}) AS m{number} FROM {rows})"
        names.append(f"m{number}" if key.many else key.sql)
    return rows, names


def _tuple(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _label(pair: PredicateObjectMap) -> str:
    predicate = pair.predicates[0].expression
    return predicate.value if isinstance(predicate, Constant) else "object"


def _names(term_map: TermMap) -> tuple[str, ...]:
    needed = term_references(replace(term_map, condition=None))
    return _unique(reference.name for reference in needed)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
