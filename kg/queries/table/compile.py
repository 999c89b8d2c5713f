"""SPARQL's algebra as SQL, operator by operator.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kg.queries.table.aggregates import aggregate, with_empty
from kg.queries.table.calls import ROW, makes_blanks
from kg.queries.table.counted import Counted
from kg.queries.table.describe import Steps, described
from kg.queries.table.expressions import (
    ConstantOperand,
    Expressions,
    IntegerOperand,
    Operand,
    TruthOperand,
    VariableOperand,
)
from kg.queries.table.functions import now
from kg.queries.table.joins import HIDDEN, Joins, compatible, merged
from kg.queries.table.leaves import Leaves
from kg.queries.table.modifiers import csv_sql, cut, distinct, projected, texts_sql
from kg.queries.table.ordering import order_keys
from kg.queries.table.paths import is_empty
from kg.queries.table.relation import (
    UNIT,
    Column,
    Names,
    NotCompiledError,
    Relation,
    Texts,
    View,
)
from kg.queries.table.scans import ActiveGraph, Scans
from kg.queries.table.semijoins import SemiJoins, halved
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.table.ids import Kind, id_of
from kg.table.write import Statistics

_NODES = frozenset({Kind.NODE, Kind.NUMBERED})
# What the names of variables begin with that have a value of an expression.
_KEY = " key"


class Compiler:
    """Turns the algebra of one query into SQL.

    Args:
        statistics: What is known of the table.
        prefixes: The table of prefixes.
        default: SQL for the rows of the default graph.
        query: The query.
        count: As for `Scans`.
    """

    def __init__(
        self,
        statistics: Statistics,
        prefixes: Mapping[str, int],
        default: str,
        query: algebra.Query,
        count: Callable[[str], int] | None = None,
    ) -> None:
        self._statistics = statistics
        self._prefixes = prefixes
        self._query = query
        self.names = Names()
        self._now = now()
        self._columns: dict[str, str] = {}
        self._scans = Scans(statistics, self.id_of, self.names, self.column, count)
        self._counted = Counted(self._scans, self.column)
        self._texts = Texts.of(prefixes)
        self._leaves = Leaves(self._scans, self.id_of, self.names, self.column, self._texts)
        self.joins = Joins(self.names, self._texts)
        self._semijoins = SemiJoins(self)
        self._named = "g IS NOT NULL"
        self._default = ActiveGraph(default)
        if query.default_graphs or query.named_graphs:
            self._default = self._chosen(query.default_graphs)
            self._named = _among([self.id_of(each) for each in query.named_graphs])

    def _chosen(self, graphs: tuple[str, ...]) -> ActiveGraph:
        found = dict.fromkeys(self.id_of(each) for each in graphs)
        return ActiveGraph(_among(list(found)), several=len(found) > 1)

    def id_of(self, term: str) -> int:
        """Return the id of a term."""
        return id_of(term, self._prefixes)

    def column(self, name: str) -> str:
        """Return the column's name of a variable."""
        return self._columns.setdefault(name, f"v{len(self._columns)}")

    def solutions(self) -> Relation:
        """Return the solutions of the query's pattern."""
        if self._query.pattern is None:
            return UNIT
        return self.relation(self._query.pattern, self._default, ())

    def view(self, relation: Relation) -> View:
        """Return a view of a relation."""
        return View(relation, self.names, self._texts)

    def expressions(self, view: View, graph: ActiveGraph, outer: tuple[View, ...]) -> Expressions:
        """Return what turns expressions over a view into SQL."""

        def exists(pattern: algebra.Operator, inside: View) -> str:
            return self._semijoins.exists(pattern, inside, graph, outer)

        return Expressions(
            view,
            outer,
            self.id_of,
            exists,
            beyond=self._statistics.beyond > 0,
            base=self._query.base,
            now=self._now,
        )

    # -- operators ---------------------------------------------------------------------------

    def relation(
        self, node: algebra.Operator, graph: ActiveGraph, outer: tuple[View, ...]
    ) -> Relation:
        """Return the solutions of an operator.

        Args:
            node: The operator.
            graph: The active graph.
            outer: The solutions that an EXISTS around it is asked of, the nearest first.

        Raises:
            NotCompiledError: SQL cannot say it.
        """
        match node:
            case algebra.BGP(triples):
                if not triples:
                    return self._leaves.unit(graph)
                return self._scans.bgp(triples, graph)
            case algebra.Path():
                return self._leaves.path(node, graph, None)
            case algebra.Join(left, right):
                return self._joined(left, right, graph, outer)
            case algebra.LeftJoin(left, right, condition):
                a, b = self.relation(left, graph, outer), self.relation(right, graph, outer)
                return self._left_join(a, b, condition, graph, outer)
            case algebra.Filter(condition, pattern):
                if (kept := self._semijoins.absent(node, graph, outer)) is not None:
                    return kept
                return self.filtered(condition, self.relation(pattern, graph, outer), graph, outer)
            case algebra.Union(left, right):
                a, b = self.relation(left, graph, outer), self.relation(right, graph, outer)
                return self.joins.union(a, b)
            case algebra.Minus(left, right):
                a = self.relation(left, graph, outer)
                right = halved(right, a.columns)
                return self.joins.minus(a, self.relation(right, graph, outer))
            case algebra.Extend():
                return self._extended(node, graph, outer)
            case algebra.Graph(name, pattern):
                found = self._graph(name, pattern, outer)
                # What another graph is asked has solutions in each graph of a GRAPH around it.
                alone = graph.variable is None
                return found if alone else self.joins.join(found, self._leaves.unit(graph))
            case algebra.Values():
                found = self._leaves.values(node)
                if graph.variable is None:
                    return found
                return self.joins.join(found, self._leaves.unit(graph))
            case algebra.ToMultiset(query):
                return replace(self.relation(query, graph, ()), order=())
            case algebra.AggregateJoin():
                if (counted := self._counted.groups(node, graph)) is not None:
                    return counted
                inner = self.relation(node.group.pattern, graph, outer)
                return self._aggregates(node, inner, graph, outer)
            case algebra.Group():
                raise NotCompiledError("a group without aggregates")
            case _:
                return self._modified(node, graph, outer)

    def _modified(
        self, node: algebra.Operator, graph: ActiveGraph, outer: tuple[View, ...]
    ) -> Relation:
        match node:
            case algebra.OrderBy(pattern, keys):
                return self._order(self.relation(pattern, graph, outer), keys, graph, outer)
            case algebra.Project(pattern, variables):
                hidden = () if graph.variable is None else (Variable(graph.variable),)
                inner = self.relation(pattern, graph, outer)
                return projected(inner, (*variables, *hidden), self.column)
            case algebra.Distinct(pattern):
                known = self._counted.distinct(node, graph)
                return known or distinct(self.relation(pattern, graph, outer), pattern)
            case algebra.Reduced(pattern):
                return self.relation(pattern, graph, outer)
            case algebra.Slice(pattern, start, length):
                inner = self.relation(pattern, graph, outer)
                within = None if graph.variable is None else inner.columns[graph.variable].name
                return cut(inner, start, length, within)
        raise NotCompiledError(type(node).__name__.lower())

    def _graph(
        self, name: algebra.Term, pattern: algebra.Operator, outer: tuple[View, ...]
    ) -> Relation:
        if isinstance(name, algebra.Constant):
            condition = f"{self._named} AND g = {self.id_of(name.term)}"
            found = self.relation(pattern, ActiveGraph(condition), outer)
            if (isinstance(pattern, algebra.Path) and not is_empty(pattern.path)) or (
                isinstance(pattern, algebra.BGP) and pattern.triples
            ):
                return found
            # What asks no triple has no solution either if there is no such graph.
            there = f"EXISTS (SELECT 1 FROM spo WHERE {condition})"
            return replace(found, sql=f"SELECT * FROM ({found.sql}) WHERE {there}")
        assert isinstance(name, Variable)
        hidden = self.names.new(HIDDEN)
        graph = ActiveGraph(self._named, variable=hidden)
        inner = self.relation(pattern, graph, outer)
        if hidden not in inner.columns:
            inner = self.joins.join(inner, self._leaves.unit(graph))
        own, mine = inner.columns[hidden], inner.columns.get(name.name)
        rest = {n: column for n, column in inner.columns.items() if n not in (hidden, name.name)}
        column = Column(self.column(name.name), _NODES)
        items = [each.name for each in rest.values()]
        where = ""
        if mine is None:
            items.append(f"{own.name} AS {column.name}")
        else:
            if mine.kinds is None:
                raise NotCompiledError("a computed graph")
            items.append(f"coalesce({mine.name}, {own.name}) AS {column.name}")
            where = f" WHERE {mine.name} = {own.name} OR {mine.name} IS NULL"
        return Relation(
            f"SELECT {', '.join(items)} FROM ({inner.sql}){where}", {**rest, name.name: column}
        )

    # -- joins -------------------------------------------------------------------------------

    def _joined(
        self,
        left: algebra.Operator,
        right: algebra.Operator,
        graph: ActiveGraph,
        outer: tuple[View, ...],
    ) -> Relation:
        a = self.relation(left, graph, outer)
        # What depends on what is around an EXISTS would be followed for each solution there.
        alone = not any(f"{view.alias}." in a.sql for view in outer)
        if alone and isinstance(right, algebra.Path) and isinstance(right.subject, Variable):
            column = a.columns.get(right.subject.name)
            if column is not None and column.bound and column.kinds is not None:
                return self._followed(a, column, right, graph)
        return self.joins.join(a, self.relation(right, graph, outer))

    def _followed(
        self, a: Relation, column: Column, path: algebra.Path, graph: ActiveGraph
    ) -> Relation:
        """Return a join with a path that starts from what a column has."""
        known = self.names.new("known")
        b = self._leaves.path(path, graph, f"SELECT {column.name} FROM {known}")
        joined = self.joins.join(replace(a, sql=f"SELECT * FROM {known}"), b)
        return replace(joined, sql=f"WITH {known} AS MATERIALIZED ({a.sql}) {joined.sql}")

    def _left_join(
        self,
        a: Relation,
        b: Relation,
        condition: algebra.Expression,
        graph: ActiveGraph,
        outer: tuple[View, ...],
    ) -> Relation:
        a, b = self.joins.aligned(a, b)
        left, right = self.names.new("a"), self.names.new("b")
        if condition == algebra.TRUE:
            columns, items = merged(a, b, left, right, optional=True)
            on = compatible(a, b, left, right) or "true"
            return Relation(
                f"SELECT {items} FROM ({a.sql}) AS {left} LEFT JOIN ({b.sql}) AS {right} ON {on}",
                columns,
            )
        # Number the left side, so that what fits it with the condition joins it again.
        number, numbered = self.names.new("n"), self.names.new("numbered")
        mine = Relation(f"SELECT * FROM {numbered}", a.columns)
        fits = self.filtered(
            condition, self.joins.join(mine, b, (number,)), graph, outer, (number,)
        )
        kept: list[str] = []
        found: dict[str, Column] = {}
        for name, column in fits.columns.items():
            own = a.columns.get(name)
            if own is None:
                found[name] = column.unbound()
                kept.append(f"{right}.{column.name} AS {column.name}")
            else:
                kinds = None if own.kinds is None else own.kinds | (column.kinds or frozenset())
                found[name] = Column(own.name, kinds, own.bound, own.stored and column.stored)
                kept.append(f"coalesce({left}.{own.name}, {right}.{own.name}) AS {own.name}")
        return Relation(
            f"WITH {numbered} AS MATERIALIZED (SELECT *, row_number() OVER () AS {number} FROM"
            f" ({a.sql})) SELECT {', '.join(kept) or '1 AS one'} FROM {numbered} AS {left}"
            f" LEFT JOIN ({fits.sql}) AS {right} ON {left}.{number} = {right}.{number}",
            found,
        )

    # -- values and rows -----------------------------------------------------------------------

    def filtered(
        self,
        condition: algebra.Expression,
        inner: Relation,
        graph: ActiveGraph,
        outer: tuple[View, ...],
        also: tuple[str, ...] = (),
    ) -> Relation:
        """Return the solutions for which a condition holds.

        Args:
            condition: The condition.
            inner: The solutions.
            graph: The active graph.
            outer: The solutions that an EXISTS around them is asked of, the nearest first.
            also: Columns that are kept beside those of its variables.
        """
        view = self.view(inner)
        test = self.expressions(view, graph, outer).truth(condition)
        items = [f"{view.alias}.{name}" for name in (*inner.names, *also)]
        return replace(inner, sql=view.select(items, test))

    def _extended(
        self, node: algebra.Extend, graph: ActiveGraph, outer: tuple[View, ...]
    ) -> Relation:
        """Return the solutions of assignments to one solution, one after the other."""
        assigned = [(node.variable.name, node.expression)]
        pattern = node.pattern
        while isinstance(pattern, algebra.Extend):
            assigned.append((pattern.variable.name, pattern.expression))
            pattern = pattern.pattern
        found = self.relation(pattern, graph, outer)
        if any(makes_blanks(expression) for _, expression in assigned):
            row = Column(self.column(ROW), None)
            sql = f"SELECT *, uuid()::VARCHAR AS {row.name} FROM ({found.sql})"
            found = Relation(sql, {**found.columns, ROW: row}, found.order)
        for name, expression in reversed(assigned):
            found = self._extend(found, name, expression, graph, outer)
        shown = {name: column for name, column in found.columns.items() if name != ROW}
        return replace(found, columns=shown)

    def _extend(
        self,
        inner: Relation,
        name: str,
        expression: algebra.Expression,
        graph: ActiveGraph,
        outer: tuple[View, ...],
    ) -> Relation:
        view = self.view(inner)
        operand = self.expressions(view, graph, outer).operand(expression)
        column, sql = self.made(name, operand)
        items = [f"{view.alias}.{each}" for each in inner.names]
        return Relation(
            view.select([*items, f"{sql} AS {column.name}"]),
            {**inner.columns, name: column},
            inner.order,
        )

    def made(self, name: str, operand: Operand) -> tuple[Column, str]:
        """Return the column of a variable that gets what an expression gives, and its SQL."""
        if isinstance(operand, VariableOperand):
            return replace(operand.column, name=self.column(name)), operand.id
        if isinstance(operand, ConstantOperand):
            self._leaves.keep(operand.term)
            column = Column(self.column(name), frozenset({operand.kind}), stored=False)
            return column, f"{operand.id}::BIGINT"
        made = Column(self.column(name), bound=False)
        if isinstance(operand, IntegerOperand):
            return replace(made, kinds=frozenset({Kind.INTEGER})), f"integer_id({operand.sql})"
        if isinstance(operand, TruthOperand):
            return replace(made, kinds=frozenset({Kind.TRUTH})), f"truth_id({operand.sql})"
        return made, operand.text()

    def _aggregates(
        self,
        node: algebra.AggregateJoin,
        inner: Relation,
        graph: ActiveGraph,
        outer: tuple[View, ...],
    ) -> Relation:
        keyed, keys = inner, []
        for key in node.group.keys:
            name = key.name if isinstance(key, Variable) else self.names.new(_KEY)
            if not isinstance(key, Variable):
                keyed = self._extend(keyed, name, key, graph, outer)
            keys.append(name)
        if graph.variable is not None:
            keys.append(graph.variable)
        aggregations = []
        for variable, aggregation in node.aggregations:
            if aggregation.expression is not None:
                keyed, named = self._named_apart([aggregation.expression], keyed, graph, outer)
                aggregation = replace(aggregation, expression=named[0])
            aggregations.append((variable, aggregation))
        view = self.view(keyed)
        expressions = self.expressions(view, graph, outer)
        columns, items = {}, []
        for name in keys:
            column = keyed.columns.get(name)
            if column is None:
                continue
            columns[name] = column
            items.append(f"{view.value(column)} AS {column.name}")
        grouped = ", ".join(view.value(column) for column in columns.values())
        for variable, aggregation in aggregations:
            name = self.column(variable.name)
            columns[variable.name], sql = aggregate(aggregation, expressions, keyed, name)
            items.append(f"{sql} AS {name}")
        sql = view.select(items or ["1 AS one"])
        if grouped:
            sql += f" GROUP BY {grouped}"
        elif keys:
            sql += " GROUP BY 1 HAVING count(*) > 0" if not items else " HAVING count(*) > 0"
        elif not items:
            sql = "SELECT 1 AS one"
        shown = {n: c for n, c in columns.items() if not n.startswith(_KEY)}
        found = Relation(sql, shown)
        if graph.variable is None or node.group.keys:
            return found
        unit = self._leaves.unit(graph)
        return with_empty(found, unit, graph.variable, dict(aggregations), self.names)

    def _order(
        self,
        inner: Relation,
        keys: tuple[tuple[algebra.Expression, bool], ...],
        graph: ActiveGraph,
        outer: tuple[View, ...],
    ) -> Relation:
        inner, named = self._named_apart([key for key, _ in keys], inner, graph, outer)
        view = self.view(inner)
        expressions = self.expressions(view, graph, outer)
        items = [f"{view.alias}.{name}" for name in inner.names]
        order = []
        for expression, (_, descending) in zip(named, keys, strict=True):
            for sql in order_keys(expressions.operand(expression)):
                name = self.names.new("k")
                items.append(f"{sql} AS {name}")
                order.append((name, descending))
        shown = {n: c for n, c in inner.columns.items() if not n.startswith(_KEY)}
        return Relation(view.select(items), shown, (*order, *inner.order))

    def _named_apart(
        self,
        expressions: list[algebra.Expression],
        inner: Relation,
        graph: ActiveGraph,
        outer: tuple[View, ...],
    ) -> tuple[Relation, list[algebra.Expression]]:
        """Return a relation with a column for each expression, and the variables for them.

        SQL that names the facets of an expression often would repeat it as often.
        """
        found: list[algebra.Expression] = []
        for each in expressions:
            if isinstance(each, Variable | algebra.Constant):
                found.append(each)
                continue
            name = self.names.new(_KEY)
            inner = self._extend(inner, name, each, graph, outer)
            found.append(Variable(name))
        return inner, found

    # -- answers -----------------------------------------------------------------------------

    def described(self) -> tuple[Steps, Relation]:
        """Return what a DESCRIBE asks first, and its triples."""
        found, graph = self.solutions(), self._default
        about = self._query.targets
        return described(about, found, self._scans, graph, self.names, self._texts)

    def texts(self, relation: Relation, names: list[str]) -> str:
        """Return a SELECT of the texts of variables, in the relation's order."""
        return texts_sql(relation, names, self.view(relation))

    def lines(self, relation: Relation, names: list[str]) -> str:
        """Return a SELECT of the lines of CSV of variables, in the relation's order."""
        return csv_sql(relation, names, self.view(relation))


def _among(graphs: list[int]) -> str:
    return f"g IN ({', '.join(map(str, graphs))})" if graphs else "false"
