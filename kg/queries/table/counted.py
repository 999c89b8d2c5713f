"""Counts that the statistics of the table have: no row is read for them.

They are those of one triple pattern asked of the merge of all graphs, in which each triple counts
once: how many triples, of a predicate or with a class, there are, one number or one for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg.queries.table.relation import Column, Relation
from kg.queries.table.scans import MERGED, ActiveGraph, Scans
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.table.ids import Kind
from kg.terms import RDF_TYPE, XSD

# Numbers that are written into a query.
_MOST: Final = 500


class Counted:
    """Answers from statistics.

    Args:
        scans: What scans the copies otherwise.
        column: Returns the column's name of a variable.
    """

    def __init__(self, scans: Scans, column: Callable[[str], str]) -> None:
        self._scans = scans
        self._statistics = scans.statistics
        self._column = column

    def groups(self, node: algebra.AggregateJoin, graph: ActiveGraph) -> Relation | None:
        """Return the groups of one pattern with their numbers of triples; None for others."""
        pattern = node.group.pattern
        key = next(iter(node.group.keys), None)
        if len(node.group.keys) > 1 or not isinstance(key, Variable | None):
            return None
        if (triple := _single(pattern, graph)) is None:
            return None
        counts = self._of(triple) if key is None else self._for_each(triple, key)
        if counts is None or not all(_counts(each, triple) for _, each in node.aggregations):
            return None
        columns = {} if key is None else {key.name: self._key(triple, key)}
        for variable, _ in node.aggregations:
            name = self._column(variable.name)
            columns[variable.name] = Column(name, frozenset({Kind.INTEGER}), stored=False)
        rows = [
            (*([] if key is None else [id_]), *[self._number(count)] * len(node.aggregations))
            for id_, count in counts.items()
        ]
        return _relation(rows, columns)

    def distinct(self, node: algebra.Distinct, graph: ActiveGraph) -> Relation | None:
        """Return the predicates, or the classes, of the graph, each once; None for others."""
        match node.pattern:
            case algebra.Project(pattern, (key,)):
                triple = _single(pattern, graph)
                counts = None if triple is None else self._for_each(triple, key)
                if triple is not None and counts is not None:
                    return _relation([(id_,) for id_ in counts], {key.name: self._key(triple, key)})
        return None

    def _key(self, triple: algebra.Triple, key: Variable) -> Column:
        place = "p" if triple.predicate == key else "o"
        return Column(self._column(key.name), self._scans.kinds(triple, place))

    def _number(self, count: int) -> int:
        return self._scans.id_of(f'"{count}"^^<{XSD}integer>')

    def _of(self, triple: algebra.Triple) -> Mapping[int, int] | None:
        """Return the number of matches of a pattern, by nothing."""
        subject, predicate, object_ = triple
        if not isinstance(subject, Variable):
            return None
        if isinstance(predicate, Variable):
            return {0: self._statistics.triples} if isinstance(object_, Variable) else None
        assert isinstance(predicate, algebra.Constant)
        if isinstance(object_, Variable):
            known = self._statistics.predicates.get(self._scans.id_of(predicate.term))
            return {0: 0 if known is None else known.triples}
        if predicate.term != RDF_TYPE or not isinstance(object_, algebra.Constant):
            return None
        return {0: self._statistics.classes.get(self._scans.id_of(object_.term), 0)}

    def _for_each(self, triple: algebra.Triple, key: Variable) -> Mapping[int, int] | None:
        """Return the number of matches of a pattern by the ids of a variable."""
        subject, predicate, object_ = triple
        if not (isinstance(subject, Variable) and isinstance(object_, Variable)):
            return None
        if predicate == key:
            known = self._statistics.predicates.items()
            found: Mapping[int, int] = {id_: counts.triples for id_, counts in known}
        elif object_ == key and predicate == algebra.Constant(RDF_TYPE):
            found = self._statistics.classes
        else:
            return None
        return found if len(found) <= _MOST else None


def _single(pattern: algebra.Operator, graph: ActiveGraph) -> algebra.Triple | None:
    """Return the triple pattern that is all of a pattern, if its places are independent."""
    match pattern:
        case algebra.BGP((triple,)) if graph == ActiveGraph(MERGED):
            names = [part.name for part in triple if isinstance(part, Variable)]
            return triple if len(names) == len(set(names)) else None
    return None


def _counts(each: algebra.Aggregation, triple: algebra.Triple) -> bool:
    """Return whether an aggregate counts the matches of a pattern."""
    if each.function != "COUNT":
        return False
    if each.expression is None:  # no two matches are alike
        return True
    return (
        each.expression in triple
        and isinstance(each.expression, Variable)
        and (not each.distinct or _is_key(each.expression, triple))
    )


def _is_key(variable: Variable, triple: algebra.Triple) -> bool:
    """Return whether no two matches of a pattern have the same value of a variable."""
    return all(part == variable or isinstance(part, algebra.Constant) for part in triple)


def _relation(rows: list[tuple[int, ...]], columns: dict[str, Column]) -> Relation:
    names = ", ".join(column.name for column in columns.values())
    listed = ", ".join(f"({', '.join(f'{id_}::BIGINT' for id_ in row)})" for row in rows)
    if not rows:
        empty = ", ".join(f"NULL::BIGINT AS {column.name}" for column in columns.values())
        return Relation(f"SELECT {empty} WHERE false", columns)
    return Relation(f"SELECT {names} FROM (VALUES {listed}) AS x({names})", columns)
