"""Basic graph patterns as joins of scans of the copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kg.queries.table.relation import Column, Names, NotCompiledError, Relation
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.table import ids
from kg.table.ids import Kind
from kg.table.write import Statistics
from kg.terms import RDF_TYPE

# The rows of the merge of all graphs.
MERGED: Final = "first"
# What is no id. To test for one of two values tells DuckDB that they may be many.
_NO_ID: Final = -1
# Triples from which on those of a subject are counted before they are joined: DuckDB takes them to
# be a fifth of all, and would hold all texts in memory. Counting them takes some 30 ms.
COUNTED_FROM: Final = 5_000_000
# How much less frequent than others a predicate is that is rare.
_RARE: Final = 16


@dataclass(frozen=True, slots=True)
class ActiveGraph:
    """The graph that patterns are matched with.

    Attributes:
        condition: SQL over ``g`` and ``first`` for the rows of the graph, empty for all.
        several: Whether a triple may be in several of these rows, where it counts once.
        variable: The variable that has the graph's name.
    """

    condition: str
    several: bool = False
    variable: str | None = None


_NODES = frozenset({Kind.NODE, Kind.NUMBERED})


def kinds_of(bits: int) -> frozenset[Kind]:
    """Return the kinds whose bits are set."""
    return frozenset(kind for kind in Kind if bits >> kind & 1)


class Scans:
    """Makes relations of patterns.

    Args:
        statistics: What is known of the table.
        id_of: Returns the id of a term.
        names: Gives names.
        column: Returns the column's name of a variable.
        count: Counts the rows of a FROM item; None where nothing may be asked.
    """

    def __init__(
        self,
        statistics: Statistics,
        id_of: Callable[[str], int],
        names: Names,
        column: Callable[[str], str],
        count: Callable[[str], int] | None = None,
    ) -> None:
        self.statistics = statistics
        self._count = count
        self.id_of = id_of
        self._names = names
        self._column = column

    def rows(self, copy: str, graph: ActiveGraph, conditions: Sequence[str] = ()) -> str:
        """Return a FROM item: rows ``s``, ``p``, ``o``, ``g`` of a copy in the active graph."""
        tests = [each for each in (graph.condition, *conditions) if each]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        if graph.several:
            return f"(SELECT DISTINCT s, p, o, NULL::BIGINT AS g FROM {copy}{where})"
        return f"(SELECT s, p, o, g FROM {copy}{where})"

    def bgp(self, triples: Sequence[algebra.Triple], graph: ActiveGraph) -> Relation:
        """Return the solutions of a basic graph pattern of one triple or more."""
        first: dict[str, str] = {}
        kinds: dict[str, frozenset[Kind]] = {}
        tables, conditions = [], []
        for triple in self._ordered(triples):
            alias = self._names.new("t")
            tests = []
            constants = ""
            for place, part in zip("spo", triple, strict=True):
                if isinstance(part, algebra.Constant):
                    id_ = self.id_of(part.term)
                    often = place == "o" and constants == "p" and self._is_frequent(triple)
                    tests.append(f"o IN ({id_}, {_NO_ID})" if often else f"{place} = {id_}")
                    constants += place
                elif not isinstance(part, Variable):
                    raise NotCompiledError("triple terms")
            rows = self.rows(copy_for(constants), graph, tests)
            if constants == "p" and graph.condition == MERGED and not graph.several:
                rows = self._few(rows, triple)
            elif constants == "s" and self._count and self.statistics.triples > COUNTED_FROM:
                rows = f"{rows[:-1]} LIMIT {self._count(rows)})"
            tables.append(f"{rows} AS {alias}")
            places = [*zip("spo", triple, strict=True)]
            if graph.variable is not None:
                places.append(("g", Variable(graph.variable)))
            for place, part in places:
                if not isinstance(part, Variable):
                    continue
                sql = f"{alias}.{place}"
                known = self.kinds(triple, place)
                if part.name in first:
                    conditions.append(f"{first[part.name]} = {sql}")
                    kinds[part.name] &= known
                else:
                    first[part.name], kinds[part.name] = sql, known
        columns = {name: Column(self._column(name), kinds[name]) for name in first}
        items = ", ".join(f"{sql} AS {columns[name].name}" for name, sql in first.items())
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return Relation(f"SELECT {items or '1 AS one'} FROM {', '.join(tables)}{where}", columns)

    def _few(self, rows: str, triple: algebra.Triple) -> str:
        """Return the rows of a predicate; of a rare one, so that DuckDB knows that they are few.

        It takes all predicates to be as frequent, and would begin joins with others.
        """
        assert isinstance(triple.predicate, algebra.Constant)
        counts = self.statistics.predicates
        known = counts.get(self.id_of(triple.predicate.term))
        most = 0 if known is None else known.triples
        if most * len(counts) * _RARE > self.statistics.triples:
            return rows
        return f"{rows[:-1]} LIMIT {most})"

    def _is_frequent(self, triple: algebra.Triple) -> bool:
        """Return whether an object of a predicate, such as a class, is that of very many triples.

        DuckDB takes all objects to be as frequent, and would begin joins with this one.
        """
        return self.size(triple) * len(self.statistics.predicates) * 2 > self.statistics.triples

    def kinds(self, triple: algebra.Triple, place: str) -> frozenset[Kind]:
        """Return the kinds of the ids at a place of a pattern."""
        if place in "pg":
            return _NODES
        counts = list(self.statistics.predicates.values())
        if isinstance(triple.predicate, algebra.Constant):
            known = self.statistics.predicates.get(self.id_of(triple.predicate.term))
            counts = [] if known is None else [known]
        bits = 0
        for each in counts:
            bits |= each.subject_kinds if place == "s" else each.object_kinds
        return kinds_of(bits) or frozenset({Kind.NODE})

    def _ordered(self, triples: Sequence[algebra.Triple]) -> list[algebra.Triple]:
        """Return patterns so that each has a variable with those before it, the rarest first."""
        left = sorted(triples, key=self.size)
        found: list[algebra.Triple] = []
        seen: set[str] = set()
        while left:
            joined = [each for each in left if seen & _variables(each)]
            chosen = (joined or left)[0]
            left = [each for each in left if each is not chosen]
            seen |= _variables(chosen)
            found.append(chosen)
        return found

    def size(self, triple: algebra.Triple) -> float:
        """Return about how many triples match a pattern."""
        counts = self.statistics.predicates
        subject, predicate, object_ = (isinstance(each, algebra.Constant) for each in triple)
        known = None
        if predicate:
            assert isinstance(triple.predicate, algebra.Constant)
            known = counts.get(self.id_of(triple.predicate.term))
            if known is None:
                return 0
            is_class = triple.predicate.term == RDF_TYPE and object_ and not subject
            if is_class and isinstance(triple.object, algebra.Constant):
                of_class = self.statistics.classes.get(self.id_of(triple.object.term))
                if of_class is not None:
                    return of_class
        size = float(known.triples if known else self.statistics.triples)
        if subject:
            size /= max(known.subjects if known else size / 8, 1)
        if object_:
            size /= max(known.objects if known else size / 8, 1)
        return size


def copy_for(constants: str) -> str:
    """Return the copy in which the triples are together that have constants at some places."""
    if "s" in constants:
        return "spo" if "p" not in constants else "pso"
    return "pos" if "o" in constants else "pso"


def _variables(triple: algebra.Triple) -> set[str]:
    return {each.name for each in triple if isinstance(each, Variable)}


def all_kinds(statistics: Statistics) -> frozenset[Kind]:
    """Return the kinds of the ids of all subjects and objects."""
    bits = 0
    for each in statistics.predicates.values():
        bits |= each.subject_kinds | each.object_kinds
    return kinds_of(bits) or ids.EVERY
