"""Property paths as SQL: relations of their two ends, ``a`` and ``b``, and of the graph, ``g``.

Spec: https://www.w3.org/TR/sparql11-query/#propertypaths
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kg.queries.table.relation import Names
from kg.queries.table.scans import ActiveGraph, Scans, all_kinds
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.table.ids import Kind


def is_empty(path: algebra.PathExpression) -> bool:
    """Return whether a path may lead from a node to itself without a step."""
    match path:
        case algebra.ZeroOrMorePath() | algebra.ZeroOrOnePath():
            return True
        case algebra.Inv(inner) | algebra.OneOrMorePath(inner):
            return is_empty(inner)
        case algebra.Seq(paths):
            return all(map(is_empty, paths))
        case algebra.Alt(paths):
            return any(map(is_empty, paths))
    return False


class Paths:
    """Makes relations of property paths in one active graph.

    Args:
        scans: Makes relations of patterns.
        graph: The active graph.
        id_of: Returns the id of a term.
        names: Gives names.
    """

    def __init__(
        self, scans: Scans, graph: ActiveGraph, id_of: Callable[[str], int], names: Names
    ) -> None:
        self._scans = scans
        self._graph = graph
        self._id_of = id_of
        self._names = names
        self._g = "g" if graph.variable is not None else "NULL::BIGINT AS g"
        self._by_graph = graph.variable is not None

    def sql(
        self, path: algebra.PathExpression, start: str | None = None, end: str | None = None
    ) -> str:
        """Return a SELECT of the pairs that a path joins.

        Args:
            path: The path.
            start: SQL for ids that it starts from: a number or a SELECT; None for all.
            end: The same for where it ends.
        """
        match path:
            case algebra.Link(iri):
                return self._step([f"p = {self._id_of(iri)}"], start, end)
            case algebra.NPS(iris):
                listed = ", ".join(str(self._id_of(iri)) for iri in iris)
                return self._step([f"p NOT IN ({listed})"] if listed else [], start, end)
            case algebra.Inv(inner):
                turned = self.sql(inner, end, start)
                return f"SELECT b AS a, a AS b, g FROM ({turned})"
            case algebra.Seq(paths):
                return self._sequence(paths, start, end)
            case algebra.Alt(paths):
                return " UNION ALL ".join(f"({self.sql(each, start, end)})" for each in paths)
            case algebra.ZeroOrOnePath(inner):
                found = self.sql(inner, start, end)
                return f"({found}) UNION ({self._no_step(start, end)})"
            case algebra.OneOrMorePath(inner) if not is_empty(inner):
                return self._closure(inner, start, end)
            case algebra.OneOrMorePath(inner) | algebra.ZeroOrMorePath(inner):
                found = self._closure(inner, start, end)
                return f"({found}) UNION ({self._no_step(start, end)})"

    def kinds(self, path: algebra.PathExpression) -> tuple[frozenset[Kind], frozenset[Kind]]:
        """Return the kinds of the ids that a path starts from, and of those that it ends at."""
        every = all_kinds(self._scans.statistics)
        match path:
            case _ if is_empty(path):
                return every, every
            case algebra.Link(iri):
                triple = algebra.Triple(Variable("s"), algebra.Constant(iri), Variable("o"))
                return self._scans.kinds(triple, "s"), self._scans.kinds(triple, "o")
            case algebra.Inv(inner):
                start, end = self.kinds(inner)
                return end, start
            case algebra.Seq(paths):
                return self.kinds(paths[0])[0], self.kinds(paths[-1])[1]
            case algebra.Alt(paths):
                starts, ends = zip(*map(self.kinds, paths), strict=True)
                return frozenset().union(*starts), frozenset().union(*ends)
            case algebra.OneOrMorePath(inner):
                return self.kinds(inner)
        return every, every

    def _step(self, tests: Sequence[str], start: str | None, end: str | None) -> str:
        tests = [*tests]
        if start is not None:
            tests.append(_within("s", start))
        if end is not None:
            tests.append(_within("o", end))
        copy = "pos" if end is not None and start is None else "pso"
        rows = self._scans.rows(copy, self._graph, tests)
        return f"SELECT s AS a, o AS b, {self._g} FROM {rows}"

    def _sequence(
        self, paths: Sequence[algebra.PathExpression], start: str | None, end: str | None
    ) -> str:
        last = len(paths) - 1
        names: list[str] = []
        tables, joins = [], []
        for number, each in enumerate(paths):
            name = self._names.new("p")
            inner = self.sql(each, start if number == 0 else None, end if number == last else None)
            tables.append(f"({inner}) AS {name}")
            if names:
                joins.append(f"{names[-1]}.b = {name}.a")
                if self._by_graph:
                    joins.append(f"{names[-1]}.g = {name}.g")
            names.append(name)
        return (
            f"SELECT {names[0]}.a AS a, {names[-1]}.b AS b, {names[0]}.g AS g"
            f" FROM {', '.join(tables)} WHERE {' AND '.join(joins)}"
        )

    def _closure(self, path: algebra.PathExpression, start: str | None, end: str | None) -> str:
        step, found = self._names.new("step"), self._names.new("found")
        same_graph = f" AND {found}.g = {step}.g" if self._by_graph else ""
        # From the end that is known, so that no more is followed than is asked for.
        backwards = start is None and end is not None
        near, far = ("b", "a") if backwards else ("a", "b")
        seed = end if backwards else start
        where = "" if seed is None else f" WHERE {_within(near, seed)}"
        # What is found counts once; the steps of one property are distinct anyway.
        once = "" if isinstance(path, algebra.Link) else "DISTINCT "
        rest = "" if backwards or end is None else f" WHERE {_within('b', end)}"
        return (
            f"WITH RECURSIVE {step} AS MATERIALIZED (SELECT {once}a, b, g FROM"
            f" ({self.sql(path)})), {found} AS (SELECT {near}, {far}, g FROM {step}{where}"
            f" UNION SELECT {found}.{near}, {step}.{far}, {step}.g FROM {found} JOIN {step}"
            f" ON {step}.{near} = {found}.{far}{same_graph})"
            f" SELECT a, b, g FROM {found}{rest}"
        )

    def _no_step(self, start: str | None, end: str | None) -> str:
        """Return the pairs of a node with itself: nodes of the graph, and a constant end."""
        rows = self._scans.rows("spo", self._graph)
        nodes = f"SELECT s AS a, {self._g} FROM {rows} UNION SELECT o, {self._g} FROM {rows}"
        tests = [_within("a", each) for each in (start, end) if each is not None]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        constants = [each for each in (start, end) if each is not None and each.isdigit()]
        found = f"SELECT DISTINCT a, a AS b, g FROM ({nodes}){where}"
        if not constants:
            return found
        if self._by_graph:
            graphs = self._scans.rows("spo", self._graph)
            own = f"SELECT DISTINCT {constants[0]}::BIGINT AS a, g FROM {graphs}"
        else:
            own = f"SELECT {constants[0]}::BIGINT AS a, NULL::BIGINT AS g"
        return f"{found} UNION SELECT a, a, g FROM ({own}){where}"


def _within(column: str, ends: str) -> str:
    return f"{column} = {ends}" if ends.isdigit() else f"{column} IN ({ends})"
