"""What a triples map may lose: the records that give no subject, or no object, and why.

A record is lost where a value is missing, or where no record of the parent has the values that are
joined. What a condition leaves out is not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from kg.engines.duckdb.term_sql import TermCompiler, TermSql
from kg.mapping.plan import (
    Constant,
    Plan,
    PredicateObjectMap,
    RefObjectMap,
    Template,
    TermMap,
    TriplesMap,
    references,
    term_references,
)
from kg.mapping.source_table import SourceTable
from kg.terms import RDF


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
    unfit: Unfit | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Values that cannot be what they should be.

    Attributes:
        values: Such a value, or a list of values; NULL, or a list of NULLs, where there are none.
        what: The datatype that they are not of, or the function that makes no date of them.
        references: Where the values come from.
    """

    values: TermSql
    what: str
    references: tuple[str, ...]

    @property
    def first(self) -> str:
        """SQL of the first such value of a record."""
        found = self.values.sql
        return f"list_filter({found}, lambda v: v IS NOT NULL)[1]" if self.values.many else found

    @property
    def count(self) -> str:
        """SQL of the number of such values in a record."""
        found = self.values.sql
        if self.values.many:
            return f"coalesce(len(list_filter({found}, lambda v: v IS NOT NULL)), 0)"
        return f"(({found}) IS NOT NULL)::INTEGER"


@dataclass(frozen=True, slots=True)
class Crossing:
    """References in one term, or one statement, that may each give several values.

    Attributes:
        lists: Their columns.
        references: Their names.
        is_template: Whether they stand in one template.
    """

    lists: tuple[str, ...]
    references: tuple[str, ...]
    is_template: bool

    @property
    def count(self) -> str:
        """SQL of the number of combinations that a record gives."""
        return " * ".join(f"coalesce(len({name}), 0)::DOUBLE" for name in self.lists)

    @property
    def crosses(self) -> str:
        """SQL of whether a record has several values for more than one of them."""
        return " + ".join(f"(len({name}) > 1)::INTEGER" for name in dict.fromkeys(self.lists))


@dataclass(frozen=True, slots=True)
class Account:
    """What is counted for one triples map: records, and losses by reason.

    Attributes:
        ill_typed: Values that may not be of their datatype.
        crossings: References whose values are combined, each with each.
        notes: What the user should know of how the triples map was read.
        subject: SQL of the subject where each record should have one of its own; else empty.
        key: References that make that subject.
    """

    triples_map: str
    table: SourceTable
    losses: tuple[Loss, ...]
    ill_typed: tuple[Unfit, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    notes: tuple[str, ...] = ()
    subject: str = ""
    key: tuple[str, ...] = ()


def account(plan: Plan, triples_map: TriplesMap, terms_of: Mapping[str, TermCompiler]) -> Account:
    """Return what is to be counted for a triples map.

    Args:
        plan: The plan.
        triples_map: The triples map.
        terms_of: The compilers of the terms of all triples maps, by name.
    """
    compiler = terms_of[triples_map.name]
    accountant = _Accountant(plan, triples_map, terms_of)
    return Account(
        triples_map.name,
        compiler.table,
        tuple(accountant.losses()),
        tuple(dict.fromkeys(accountant.ill_typed())),
        tuple(dict.fromkeys(accountant.crossings())),
        tuple(dict.fromkeys(_notes(plan, triples_map))),
        accountant.own_subject(),
        _names(triples_map.subject),
    )


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
            if not lost:
                continue
            found, there = self.compiler.unfit(term_map), ""
            if found is not None:
                unfit = Unfit(*found, _names(term_map))
                there = f"{unfit.count} = 0 AND "
                missing = f"{unfit.count} > 0 AND ({lost}){self.chosen}"
                yield Loss(what, unfit.references, missing, unfit=unfit)
            yield Loss(what, _names(term_map), f"{there}({lost}){self.chosen}")

    def own_subject(self) -> str:
        """Return the SQL of the subject if records are things of a class, each one of its own.

        Where no class is stated, records may well be statements about one thing.
        """
        subject = self.compiler.term(self.triples_map.subject)
        if subject.many or not _names(self.triples_map.subject) or not _has_class(self.triples_map):
            return ""
        return f"CASE WHEN true{self.chosen} THEN {subject.sql} END" if self.chosen else subject.sql

    def ill_typed(self) -> Iterator[Unfit]:
        """Yield the values that may not be of the datatype that the mapping says."""
        subject = self.compiler.term(self.triples_map.subject)
        there = f"NOT ({subject.missing})" if subject.missing else "true"
        chosen = f"{there}{self.chosen}"
        for pair in self.triples_map.predicate_objects:
            for object_map in pair.objects:
                if isinstance(object_map, TermMap):
                    found = self.compiler.ill_typed(object_map)
                    if found is not None and object_map.datatype is not None:
                        assert isinstance(object_map.datatype.expression, Constant)
                        datatype = object_map.datatype.expression.value
                        if chosen != "true":
                            found = replace(found, sql=f"CASE WHEN {chosen} THEN {found.sql} END")
                        yield Unfit(found, datatype, _names(object_map))

    def crossings(self) -> Iterator[Crossing]:
        """Yield the references whose values are combined, each with each."""
        for term_map in _terms(self.triples_map):
            lists = self.compiler.crossed(term_map)
            if len(lists) > 1:
                shown = isinstance(term_map.expression, Template)
                yield Crossing((*lists.values(),), (*lists,), shown)
        for pair in self.triples_map.predicate_objects:
            objects = [each for each in pair.objects if isinstance(each, TermMap)]
            graphs = (*self.triples_map.graphs, *pair.graphs) or (None,)
            for predicate, made, graph in product(pair.predicates, objects, graphs):
                parts = [each for each in (predicate, made, graph) if each is not None]
                crossed = [self.compiler.crossed(each) for each in parts]
                if sum(map(bool, crossed)) > 1:
                    columns = tuple(c for each in crossed for c in each.values())
                    names = tuple(n for each in crossed for n in each)
                    yield Crossing(columns, names, is_template=False)

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


def _terms(triples_map: TriplesMap) -> Iterator[TermMap]:
    """Yield the term maps of a triples map."""
    yield from (triples_map.subject, *triples_map.graphs)
    for pair in triples_map.predicate_objects:
        yield from (*pair.predicates, *pair.graphs)
        yield from (each for each in pair.objects if isinstance(each, TermMap))


def _has_class(triples_map: TriplesMap) -> bool:
    """Tell whether a triples map says of what class its subjects are."""
    return any(
        isinstance(predicate.expression, Constant) and predicate.expression.value == f"{RDF}type"
        for pair in triples_map.predicate_objects
        for predicate in pair.predicates
    )


def _notes(plan: Plan, triples_map: TriplesMap) -> Iterator[str]:
    if not triples_map.predicate_objects and triples_map.name not in plan.parents:
        yield (
            f"line {triples_map.origin.line}: nothing is said of its subjects, so that it makes no"
            " triple; add predicates and objects (po)"
        )
    for term_map in _terms(triples_map):
        if term_map.note:
            yield f"line {term_map.origin.line}: {term_map.note}"


def _label(pair: PredicateObjectMap) -> str:
    predicate = pair.predicates[0].expression
    return predicate.value if isinstance(predicate, Constant) else "object"


def _names(term_map: TermMap) -> tuple[str, ...]:
    needed = term_references(replace(term_map, condition=None))
    return _unique(reference.name for reference in needed)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
