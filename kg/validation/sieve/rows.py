"""Violations of a component, as rows of focus node, value and property.

The rows are the only definition of a component in SQL. They are the results of a shape that is
reported; an outer shape uses their focus nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kg.duck import sql_text
from kg.validation import model
from kg.validation.model import Constraint
from kg.validation.names import RDF_TYPE, RDFS_RESOURCE
from kg.validation.paths import Predicate
from kg.validation.sieve.nested import NO_PROPERTY, NO_VALUE, Failing, NestedRows
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import Side, Values
from kg.validation.sieve.triples import Triples
from kg.validation.sieve.values import (
    KINDS,
    bound,
    keyed,
    kinds_of,
    language,
    less_than,
    value_test,
)


class RowCompiler:
    """Compiles components.

    Args:
        triples: The triples.
        paths: Compiles property paths.
        instances_of: Returns the table (n) of the instances of a class.
        failing: Compiles which values fail another shape.
    """

    def __init__(
        self,
        triples: Triples,
        paths: PathCompiler,
        instances_of: Callable[[str], str],
        failing: Failing,
    ) -> None:
        self._triples = triples
        self._paths = paths
        self._instances_of = instances_of
        self._nested = NestedRows(failing)

    def rows(self, constraint: Constraint, values: Values, side: Side) -> list[str] | None:
        """Return queries (n, v, p) for the violations of a constraint.

        Each row is a result: v is its value, p the property that a closed shape does not allow;
        both are NULL if the result has none. Returns None for property shapes, which report their
        own results, and for SPARQL constraints.

        Args:
            constraint: The constraint.
            values: The value nodes.
            side: The side to compile; if nothing is in doubt, maybe and surely are the same, and
                there are no queries for doubt.
        """
        test = value_test(constraint, "v")
        if test is not None:
            if side is Side.DOUBT and test.maybe_bad == test.surely_bad:
                return []
            return [f"SELECT n, v, {NO_PROPERTY} FROM {values.pairs} WHERE {side.of(test)}"]
        if isinstance(constraint, model.Pair) and constraint.kind.startswith("less"):
            return [self._compared(constraint, values, side)]
        nested = self._nested.rows(constraint, values, side)
        if nested is not None:
            return nested
        found = self._exact(constraint, values)
        return [] if side is Side.DOUBT and found is not None else found

    def _exact(self, constraint: Constraint, values: Values) -> list[str] | None:
        match constraint:
            case model.Class(iri):
                instances = self._instances_of(iri)
                return [
                    f"SELECT n, v, {NO_PROPERTY} FROM {values.pairs}"
                    f" ANTI JOIN {instances} i ON v = i.n"
                ]
            case model.MinCount(least):
                return self._too_few(values, least)
            case model.MaxCount(most):
                more = f"GROUP BY n HAVING count(*) > {bound(most)}"
                return [f"SELECT n, {NO_VALUE} FROM {values.pairs} {more}"]
            case model.UniqueLang():
                tagged = f"SELECT n, {language('v')} AS tag FROM {values.pairs}"
                return [
                    f"SELECT n, {NO_VALUE} FROM ({tagged}) WHERE tag <> ''"
                    " GROUP BY n, tag HAVING count(*) > 1"
                ]
            case model.HasValue(term):
                has = f"SELECT n FROM {values.pairs} WHERE v = {sql_text(term)}"
                return [self._missing(values, has)]
            case model.Pair():
                return [self._paired(constraint, values)]
            case model.Closed(allowed):
                return [self._closed(values, allowed)]
        return None

    def _missing(self, values: Values, good: str) -> str:
        return f"SELECT n, {NO_VALUE} FROM {values.domain.table} ANTI JOIN ({good}) g USING (n)"

    def _too_few(self, values: Values, least: int) -> list[str]:
        if least == 0:
            return []
        if least == 1:
            return [self._missing(values, f"SELECT n FROM {values.pairs}")]
        enough = f"SELECT n FROM {values.pairs} GROUP BY n HAVING count(*) >= {bound(least)}"
        return [self._missing(values, enough)]

    def _closed(self, values: Values, allowed: Iterable[str]) -> str:
        listed = ", ".join(map(sql_text, allowed))
        other = f"t.p NOT IN ({listed})" if listed else "true"
        return (
            f"SELECT x.n, t.o AS v, t.p AS p FROM {values.pairs} x"
            f" JOIN {self._triples.name} t ON t.s = x.v WHERE {other}"
            f" AND NOT (t.p = {sql_text(RDF_TYPE)} AND t.o = {sql_text(RDFS_RESOURCE)})"
        )

    def _paired(self, constraint: model.Pair, values: Values) -> str:
        others = self._others(constraint, values)
        if constraint.kind == "equals":
            pairs = f"SELECT n, v FROM {values.pairs}"
            return (
                f"SELECT n, v, {NO_PROPERTY}"
                f" FROM (({pairs} EXCEPT ({others})) UNION ALL (({others}) EXCEPT {pairs}))"
            )
        return (
            f"SELECT n, a.v AS v, {NO_PROPERTY} FROM {values.pairs} a JOIN ({others}) b USING (n)"
            " WHERE a.v = b.v"
        )

    def _compared(self, constraint: model.Pair, values: Values, side: Side) -> str:
        """Return a query with a row for each pair of values in the wrong order."""
        test = less_than("a", "b", "<" if constraint.kind == "lessThan" else "<=")
        # A value that does not have the datatype required by the shape is a suspect anyway.
        kinds = kinds_of(values.shape.constraints) if side is Side.MAYBE else KINDS
        left = keyed(values.pairs, kinds)
        right = keyed(f"({self._others(constraint, values)})", kinds)
        return (
            f"SELECT n, a.v AS v, {NO_PROPERTY} FROM ({left}) a JOIN ({right}) b USING (n)"
            f" WHERE {side.of(test)}"
        )

    def _others(self, constraint: model.Pair, values: Values) -> str:
        return self._paths.pairs(Predicate(constraint.predicate), values.domain.table)
