"""A syntax tree becomes algebra, step by step as the specification has it.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlQuery
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kg.sparql import algebra, tree
from kg.sparql.algebra import TRUE, UNIT, Function
from kg.sparql.names import Names
from kg.sparql.patterns import PatternReader
from kg.sparql.scopes import has_aggregates, visible_in
from kg.sparql.tree import Variable


def translate(
    query: tree.Query, prefixes: Mapping[str, str], base: str | None = None
) -> algebra.Query:
    """Return a query in algebra.

    Args:
        query: A query that keeps to the rules of `kg.sparql.scopes`.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.

    Raises:
        ValueError: A prefix is not known.
        RecursionError: The query nests too deep for the caller's stack.
    """
    names = Names(query, prefixes, base)
    return replace(_Translator(PatternReader(names)).whole(query), base=names.base)


@dataclass
class _Grouped:
    """What a query with GROUP BY or aggregates has at hand.

    Attributes:
        keys: The variables that are grouped.
        aggregations: The aggregates so far, each with the variable that holds its value.
    """

    keys: set[Variable]
    aggregations: dict[algebra.Aggregation, Variable] = field(default_factory=dict)


class _Translator:
    def __init__(self, patterns: PatternReader) -> None:
        self._patterns = patterns

    # -- forms -------------------------------------------------------------------------------

    def whole(self, query: tree.Query) -> algebra.Query:
        body = query.body
        pattern = None if body.where is None else self.form(body)
        template: tuple[algebra.Triple, ...] = ()
        targets: tuple[algebra.Term, ...] = ()
        if isinstance(body, tree.Construct):
            written = body.template
            if written is None:  # the pattern is the template
                assert isinstance(body.where, tree.Group)
                written = tuple(e for e in body.where.elements if isinstance(e, tree.Triples))
            template = self._patterns.template(written)
        elif isinstance(body, tree.Describe):
            named = body.targets
            if named is None:
                targets = tuple(map(Variable, visible_in(body)))
            else:
                targets = tuple(self._patterns.term(each) for each in named)
        graphs = [(self._patterns.iri(each.graph), each.named) for each in body.datasets]
        return algebra.Query(
            query.form,
            pattern,
            template,
            targets,
            tuple(graph for graph, named in graphs if not named),
            tuple(graph for graph, named in graphs if named),
        )

    def form(self, body: tree.QueryForm) -> algebra.Operator:
        """Return the solutions of a query.

        Spec: https://www.w3.org/TR/sparql11-query/#convertSolMod
        """
        assert body.where is not None
        pattern = self.group(body.where)
        modifiers = body.modifiers
        grouped: _Grouped | None = None
        items = body.items or () if isinstance(body, tree.Select) else ()
        if modifiers.group or has_aggregates(body):
            pattern, keys = self._group_keys(pattern, modifiers.group)
            grouped = _Grouped({key for key in keys if isinstance(key, Variable)})
        # The aggregates are collected first: what stands outside comes around their join.
        having = [self.expression(each, grouped) for each in modifiers.having]
        extended = [
            (item.variable, self.expression(item.expression, grouped))
            for item in items
            if isinstance(item, tree.As)
        ]
        named = {variable for variable, _ in extended}
        if grouped is not None:
            grouped.keys |= named
        order = tuple(
            (self.expression(each.expression, grouped), each.descending) for each in modifiers.order
        )
        if grouped is not None:
            aggregations = tuple((v, each) for each, v in grouped.aggregations.items())
            pattern = algebra.AggregateJoin(aggregations, algebra.Group(keys, pattern))
        if having:
            pattern = algebra.Filter(_all(having), pattern)
        if body.values is not None:
            pattern = _join(pattern, self.values(body.values))
        for variable, expression in extended:
            pattern = algebra.Extend(pattern, variable, expression)
        if order:
            pattern = algebra.OrderBy(pattern, order)
        if isinstance(body, tree.Select):
            pattern = algebra.Project(pattern, tuple(map(Variable, visible_in(body))))
            if body.modifier == "DISTINCT":
                pattern = algebra.Distinct(pattern)
            elif body.modifier == "REDUCED":
                pattern = algebra.Reduced(pattern)
        if modifiers.limit is not None or modifiers.offset is not None:
            pattern = algebra.Slice(pattern, modifiers.offset or 0, modifiers.limit)
        return pattern

    def _group_keys(
        self, pattern: algebra.Operator, written: tuple[tree.Expression | tree.As, ...]
    ) -> tuple[algebra.Operator, tuple[algebra.Expression, ...]]:
        keys: list[algebra.Expression] = []
        for each in written:
            if isinstance(each, tree.As):
                expression = self.expression(each.expression)
                pattern = algebra.Extend(pattern, each.variable, expression)
                keys.append(each.variable)
            else:
                keys.append(self.expression(each))
        return pattern, tuple(keys)

    # -- groups ------------------------------------------------------------------------------

    def group(self, group: tree.Group | tree.Select) -> algebra.Operator:
        """Return the algebra of a group.

        Spec: https://www.w3.org/TR/sparql11-query/#convertGraphPattern
        """
        if isinstance(group, tree.Select):
            return algebra.ToMultiset(self.form(group))
        found: algebra.Operator = UNIT
        filters: list[algebra.Expression] = []
        triples: list[tree.Triples] = []
        for each in group.elements:
            if isinstance(each, tree.Filter):
                filters.append(self.expression(each.condition))
            elif isinstance(each, tree.Triples):
                triples.append(each)
            else:
                found = self._with_triples(found, triples)
                found = self._element(found, each)
        found = self._with_triples(found, triples)
        return algebra.Filter(_all(filters), found) if filters else found

    def _with_triples(
        self, found: algebra.Operator, triples: list[tree.Triples]
    ) -> algebra.Operator:
        for part in self._patterns.block(triples):
            found = _join(found, part)
        triples.clear()
        return found

    def _element(self, found: algebra.Operator, node: tree.Element) -> algebra.Operator:
        match node:
            case tree.Optional(group):
                inner = self.group(group)
                if isinstance(inner, algebra.Filter) and _has_filter(group):
                    return algebra.LeftJoin(found, inner.pattern, inner.condition)
                return algebra.LeftJoin(found, inner, TRUE)
            case tree.Minus(group):
                return algebra.Minus(found, self.group(group))
            case tree.Lateral(group):
                return algebra.Lateral(found, self.group(group))
            case tree.Bind(expression, variable):
                return algebra.Extend(found, variable, self.expression(expression))
            case tree.Group() | tree.Select():
                return _join(found, self.group(node))
            case tree.Union(groups):
                union = self.group(groups[0])
                for each in groups[1:]:
                    union = algebra.Union(union, self.group(each))
                return _join(found, union)
            case tree.GraphGroup(name, group):
                inner = self.group(group)
                return _join(found, algebra.Graph(self._patterns.term(name), inner))
            case tree.Service(name, group, silent):
                inner = self.group(group)
                return _join(found, algebra.Service(self._patterns.term(name), inner, silent))
            case tree.Values():
                return _join(found, self.values(node))
        raise AssertionError(node)

    def values(self, node: tree.Values) -> algebra.Values:
        """Return the solutions that VALUES gives."""
        rows = (
            tuple(
                None if isinstance(each, tree.Undef) else self._patterns.ground(each)
                for each in row
            )
            for row in node.rows
        )
        return algebra.Values(node.variables, tuple(rows))

    # -- expressions -------------------------------------------------------------------------

    def expression(
        self, node: tree.Expression, grouped: _Grouped | None = None
    ) -> algebra.Expression:
        """Return an expression; of a query that groups, with aggregates as variables."""
        match node:
            case tree.Variable():
                if grouped is None or node in grouped.keys:
                    return node
                return self._aggregated(grouped, algebra.Aggregation("SAMPLE", node))
            case tree.Operation(first, rest):
                return self._operation(first, rest, grouped)
            case tree.Unary(operator, operand):
                return Function(operator, (self.expression(operand, grouped),))
            case tree.In(value, options, negated):
                inside = (self.expression(each, grouped) for each in (value, *options))
                found = Function("IN", tuple(inside))
                return Function("!", (found,)) if negated else found
            case tree.Call(name, arguments):
                return Function(name, tuple(self.expression(each, grouped) for each in arguments))
            case tree.FunctionCall(iri, arguments):
                named = self._patterns.iri(iri)
                return Function(named, tuple(self.expression(each, grouped) for each in arguments))
            case tree.Exists(group, negated):
                exists = algebra.Exists(self.group(group))
                return Function("!", (exists,)) if negated else exists
            case tree.Aggregate(name, argument, distinct, separator):
                assert grouped is not None, "the rules of scopes have been checked"
                inner = None if argument is None else self.expression(argument)
                between = " " if separator is None else separator
                found_ = algebra.Aggregation(name, inner, distinct, between)
                return self._aggregated(grouped, found_)
        term = self._patterns.term(node)
        assert not isinstance(term, algebra.NewBlank)
        return term

    def _operation(
        self,
        first: tree.Expression,
        rest: tuple[tuple[str, tree.Expression], ...],
        grouped: _Grouped | None,
    ) -> algebra.Expression:
        found = self.expression(first, grouped)
        if rest[0][0] in ("||", "&&"):
            others = (self.expression(operand, grouped) for _, operand in rest)
            return Function(rest[0][0], (found, *others))
        for operator, operand in rest:
            found = Function(operator, (found, self.expression(operand, grouped)))
        return found

    def _aggregated(self, grouped: _Grouped, aggregation: algebra.Aggregation) -> Variable:
        number = len(grouped.aggregations) + 1
        return grouped.aggregations.setdefault(aggregation, Variable(f".agg{number}"))


def _has_filter(group: tree.Group | tree.Select) -> bool:
    """Return whether a group has a filter of its own: that of a group in it is not OPTIONAL's."""
    own = group.elements if isinstance(group, tree.Group) else ()
    return any(isinstance(each, tree.Filter) for each in own)


def _join(left: algebra.Operator, right: algebra.Operator) -> algebra.Operator:
    """Return a join, simplified: https://www.w3.org/TR/sparql11-query/#sparqlSimplification."""
    if left == UNIT:
        return right
    return left if right == UNIT else algebra.Join(left, right)


def _all(conditions: list[algebra.Expression]) -> algebra.Expression:
    return conditions[0] if len(conditions) == 1 else Function("&&", tuple(conditions))
