"""Rules beside the grammar: where a variable has a value already, and where labels may stand.

Spec: https://www.w3.org/TR/sparql11-query/#variableScope,
https://www.w3.org/TR/sparql11-query/#grammarBNodes,
https://www.w3.org/TR/sparql11-query/#aggregateRestrictions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.walk import find, walk

_NEW_NAME: Final = "Take a new name behind AS."


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a query breaks.

    Attributes:
        offset: Where.
        message: What is wrong.
        hint: What to do.
    """

    offset: int
    message: str
    hint: str


def find_fault(query: tree.Query) -> Fault | None:
    """Return the first rule that a query breaks, or None."""
    try:
        _Scopes().form(query.body)
    except _Broken as broken:
        return broken.fault
    return None


def visible(query: tree.Query) -> list[str]:
    """Return the variables of a query's solutions: the columns of a SELECT.

    Those of ``*`` are in the order in which the text has them.
    """
    return visible_in(query.body)


def visible_in(body: tree.QueryForm) -> list[str]:
    """Return the variables of the solutions of a query or of a SELECT in a group."""
    if isinstance(body, tree.Select) and body.items is not None:
        return [_named(item).name for item in body.items]
    names = _Scopes(checks=False).form(body)
    order = dict.fromkeys(each.name for each in find(body, tree.Variable))
    return [name for name in order if name in names]


class _Broken(Exception):
    def __init__(self, node: tree.Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.fault = Fault(node.span.start, message, hint)


class _Scopes:
    """Walks over the groups of a query, and knows which variables are in scope."""

    def __init__(self, *, checks: bool = True) -> None:
        self._checks = checks
        self._labels: dict[str, int] = {}
        self._blocks = 0

    def _refuse(self, node: tree.Node, message: str, hint: str) -> None:
        if self._checks:
            raise _Broken(node, message, hint)

    # -- groups ------------------------------------------------------------------------------

    def _within(self, node: tree.Group | tree.Select, outer: frozenset[str]) -> set[str]:
        """Return the variables in scope of a group; see `group`."""
        return self.form(node, outer) if isinstance(node, tree.Select) else self.group(node, outer)

    def group(self, node: tree.Group, outer: frozenset[str] = frozenset()) -> set[str]:
        """Return the variables in scope at the end of a group.

        Args:
            node: The group.
            outer: What LATERAL gives to it.
        """
        scope: set[str] = set()
        block: int | None = None
        for each in node.elements:
            if isinstance(each, tree.Triples):
                if block is None:
                    self._blocks += 1
                    block = self._blocks
                scope.update(self._triples(each, block))
            elif isinstance(each, tree.Filter):
                self._expression(each.condition, "FILTER")
            else:
                block = None
                scope.update(self._element(each, scope, outer))
        return scope

    def _element(self, node: tree.Element, scope: set[str], outer: frozenset[str]) -> Iterable[str]:
        """Return the variables that an element brings into scope."""
        match node:
            case tree.Optional(group):
                return self._within(group, outer)
            case tree.Group() | tree.Select():
                return self._within(node, outer)
            case tree.Lateral(group):
                return self._within(group, outer | scope)
            case tree.Minus(group):
                self._within(group, outer)
                return ()
            case tree.Union(groups):
                return set().union(*(self._within(each, outer) for each in groups))
            case tree.GraphGroup(name, group) | tree.Service(name, group):
                found = self._within(group, outer)
                return found | {name.name} if isinstance(name, tree.Variable) else found
            case tree.Bind(expression, variable):
                self._expression(expression, "BIND")
                self._assign(variable, scope | outer)
                return (variable.name,)
            case tree.Values():
                return self._values(node, outer)
        raise AssertionError(node)

    def _triples(self, node: tree.Triples, block: int) -> Iterator[str]:
        for each in walk(node):
            if isinstance(each, tree.Variable):
                yield each.name
            elif (
                isinstance(each, tree.Blank) and self._labels.setdefault(each.label, block) != block
            ):
                self._refuse(
                    each,
                    f"_:{each.label} stands in two patterns, and a blank node is of one",
                    "Write a variable instead; it may stand in several.",
                )

    def _values(self, node: tree.Values, outer: frozenset[str]) -> list[str]:
        names: list[str] = []
        for each in node.variables:
            if each.name in names:
                self._refuse(each, f"VALUES names ?{each.name} twice", "Take one away.")
            if each.name in outer:
                self._assign(each, outer)
            names.append(each.name)
        return names

    def _assign(self, variable: tree.Variable, scope: Iterable[str]) -> None:
        if variable.name in scope:
            self._refuse(
                variable, f"?{variable.name} has a value already, so AS cannot name it", _NEW_NAME
            )

    def _expression(self, node: tree.Expression, where: str = "") -> None:
        """Check an expression, and the groups in it; aggregates are in no `where`."""
        waiting: list[tuple[tree.Node, str]] = [(node, where)]
        while waiting:
            each, inside = waiting.pop()
            if isinstance(each, tree.Exists):
                self._within(each.group, frozenset())
                continue
            if isinstance(each, tree.Aggregate):
                if inside:
                    self._refuse_aggregate(each, inside)
                inside = "another aggregate"
            waiting += [(part, inside) for part in _operands(each)]

    def _refuse_aggregate(self, node: tree.Aggregate, where: str) -> None:
        self._refuse(
            node,
            f"{node.function} cannot stand in {where}",
            "Aggregates stand in SELECT, HAVING and ORDER BY; reckon with them around a query"
            " in braces: { SELECT (COUNT(?x) AS ?n) { … } }",
        )

    # -- forms -------------------------------------------------------------------------------

    def form(self, node: tree.QueryForm, outer: frozenset[str] = frozenset()) -> set[str]:
        """Return the variables of the solutions of a query or of a SELECT in a group."""
        inner = outer  # a variable that is not selected is another one within
        if isinstance(node, tree.Select) and node.items is not None:
            inner &= {_named(item).name for item in node.items}
        scope = self._within(node.where, inner) if node.where is not None else set()
        modifiers = node.modifiers
        keys: set[str] = set()
        for key in modifiers.group:
            self._expression(key.expression if isinstance(key, tree.As) else key, "GROUP BY")
            if isinstance(key, tree.As | tree.Variable):
                keys.add(_named(key).name)
        for condition in modifiers.having:
            self._expression(condition)
        for order in modifiers.order:
            self._expression(order.expression)
        grouped = bool(modifiers.group) or has_aggregates(node)
        scope = keys if grouped else scope
        if node.values is not None:
            scope = scope | set(self._values(node.values, inner))
        if not isinstance(node, tree.Select):
            return scope
        if node.items is None:
            if grouped:
                self._refuse_star(node)
            return scope
        return self._items(node, node.items, scope, grouped, outer)

    def _refuse_star(self, node: tree.Select) -> None:
        place = tree.Node(span=node.star)
        self._refuse(
            place,
            "SELECT * cannot stand beside GROUP BY or an aggregate",
            "Name the variables that are grouped: SELECT ?x (COUNT(*) AS ?n)",
        )

    def _items(
        self,
        node: tree.Select,
        items: tuple[tree.Variable | tree.As, ...],
        scope: set[str],
        grouped: bool,
        outer: frozenset[str],
    ) -> set[str]:
        names: set[str] = set()
        for item in items:
            variable = _named(item)
            if isinstance(item, tree.As):
                self._expression(item.expression)
                self._assign(variable, scope | outer | names)
            elif variable.name in names:
                self._refuse(variable, f"SELECT names ?{variable.name} twice", "Take one away.")
            if grouped:
                expression = item.expression if isinstance(item, tree.As) else item
                for free in _outside_aggregates(expression):
                    if free.name not in scope:
                        self._refuse_ungrouped(free, node, names)
            names.add(variable.name)
        return names

    def _refuse_ungrouped(
        self, variable: tree.Variable, node: tree.Select, named: set[str]
    ) -> None:
        """Refuse a variable beside an aggregate, and say what is usually meant.

        Args:
            variable: The variable.
            node: The SELECT.
            named: The columns before the one in which it stands.
        """
        name = f"?{variable.name}"
        hint = f"Add GROUP BY {name} behind the pattern, or take it away."
        if variable.name in named:
            hint = (
                f"What AS names has no value yet beside an aggregate: write the expression of"
                f" {name} again, or reckon around a query in braces."
            )
        elif any(variable in find(key, tree.Variable) for key in node.modifiers.group):
            hint = "Name what is grouped, and select the name: GROUP BY (STR(?x) AS ?key)"
        self._refuse(
            variable, f"{name} may be selected beside an aggregate only if it is grouped", hint
        )


def _named(item: tree.Expression | tree.As) -> tree.Variable:
    found = item.variable if isinstance(item, tree.As) else item
    assert isinstance(found, tree.Variable)
    return found


def _operands(node: tree.Node) -> list[tree.Node]:
    """Return the expressions in an expression, the last one first."""
    match node:
        case tree.Operation(first, rest):
            return [*(operand for _, operand in reversed(rest)), first]
        case tree.Unary(_, operand):
            return [operand]
        case tree.In(value, options):
            return [*reversed(options), value]
        case tree.Call(_, arguments) | tree.FunctionCall(_, arguments):
            return list(reversed(arguments))
        case tree.Aggregate(_, argument):
            return [] if argument is None else [argument]
        case tree.TripleTerm(subject, verb, object_):
            return [object_, verb, subject]
    return []


def _outside_aggregates(expression: tree.Expression) -> Iterator[tree.Variable]:
    """Yield the variables that an expression has outside of aggregates and of EXISTS."""
    waiting: list[tree.Node] = [expression]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tree.Variable):
            yield each
        elif not isinstance(each, tree.Aggregate):
            waiting += _operands(each)


def has_aggregates(node: tree.QueryForm) -> bool:
    """Return whether a query has aggregates of its own, those of queries in it not counted."""
    waiting: list[tree.Node] = [
        *node.modifiers.having,
        *(each.expression for each in node.modifiers.order),
    ]
    if isinstance(node, tree.Select):
        waiting += [each.expression for each in node.items or () if isinstance(each, tree.As)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tree.Aggregate):
            return True
        waiting += _operands(each)
    return False
