"""SPARQL's algebra evaluated bottom up, plainly and slowly: an oracle for engines.

Solutions are dictionaries from names of variables to N-Triples text; bags are lists of them.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from kg.sparql import algebra
from kg.sparql.algebra import Constant, Exists, Expression, Function, Operator, Term
from kg.sparql.names import resolve
from kg.sparql.tree import Variable
from kg.terms import literal
from tests.sparql.functions import FUNCTIONS, cast, string
from tests.sparql.values import (
    Solution,
    SparqlError,
    equals,
    of_number,
    of_truth,
    order_key,
    truth,
)

Triple = tuple[str, str, str]
_BLANKS = count()


@dataclass
class Dataset:
    """A default graph and named graphs."""

    default: set[Triple] = field(default_factory=set)
    named: dict[str, set[Triple]] = field(default_factory=dict)


def evaluate(query: algebra.Query, data: Dataset) -> Any:
    """Return the answer: a list of solutions, a truth value, or a set of triples."""
    if query.default_graphs or query.named_graphs:
        chosen = [data.named.get(name, set()) for name in query.default_graphs]
        named = {name: data.named.get(name, set()) for name in query.named_graphs}
        data = Dataset(set().union(*chosen), named)
    evaluator = _Evaluator(data, base=query.base)
    rows = [{}] if query.pattern is None else evaluator.rows(query.pattern, {})
    if query.form.value == "ASK":
        return bool(rows)
    if query.form.value == "DESCRIBE":
        return _described(query.targets, rows, data.default)
    return rows if query.form.value == "SELECT" else _constructed(query.template, rows)


def _described(targets: tuple[Term, ...], rows: list[Solution], graph: set[Triple]) -> set[Triple]:
    waiting = [each.term for each in targets if isinstance(each, Constant)]
    names = {each.name for each in targets if isinstance(each, Variable)}
    waiting += [term for row in rows for name, term in row.items() if name in names]
    found: set[Triple] = set()
    seen = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            found |= (own := {each for each in graph if each[0] == node})
            waiting += [o for _, _, o in own if o.startswith("_:")]
    return found


def _constructed(template: Iterable[algebra.Triple], rows: list[Solution]) -> set[Triple]:
    found = set()
    for row_number, row in enumerate(rows):
        for triple in template:
            terms = [_made(part, row, row_number) for part in triple]
            s, p, o = terms
            if None not in terms and s and p and s[0] != '"' and p[0] == "<":
                found.add((s, p, o))
    return found


def _made(part: Term, row: Solution, number_of_row: int) -> str | None:
    if isinstance(part, algebra.NewBlank):
        return f"_:row{number_of_row}.{part.label.encode().hex()}"
    return part.term if isinstance(part, Constant) else row.get(part.name)  # type: ignore[union-attr]


def compatible(left: Solution, right: Solution) -> bool:
    """Tell whether two solutions agree on the variables that both have."""
    return all(right.get(name, term) == term for name, term in left.items())


def partners(
    left: list[Solution], right: list[Solution]
) -> Iterator[tuple[Solution, list[Solution]]]:
    """Yield each solution of one bag with those of another that are compatible with it."""
    every = [set.intersection(*map(set, rows)) for rows in (left, right) if rows]
    # Names that all have. What differs in one of them need not be looked at.
    shared = sorted(set.intersection(*every)) if left and right else []
    known: dict[tuple[str, ...], list[Solution]] = {}
    for other in right:
        known.setdefault(tuple(other[name] for name in shared), []).append(other)
    for row in left:
        near = known.get(tuple(row[name] for name in shared), []) if right else []
        yield row, [other for other in near if compatible(row, other)]


class _Evaluator:
    """Evaluates operators over one dataset; `outer` is what EXISTS puts in for variables."""

    def __init__(
        self, data: Dataset, graph: set[Triple] | None = None, base: str | None = None
    ) -> None:
        self.data = data
        self.base = base
        self.blanks: dict[tuple[Any, ...], str] = {}
        self.graph = data.default if graph is None else graph

    def rows(self, node: Operator, outer: Solution) -> list[Solution]:
        return getattr(self, f"_{type(node).__name__.lower()}")(node, outer)  # type: ignore[no-any-return]

    # -- patterns ----------------------------------------------------------------------------

    def _bgp(self, node: algebra.BGP, outer: Solution) -> list[Solution]:
        rows: list[Solution] = [{}]
        for pattern in node.triples:
            parts = [_put(part, outer) for part in pattern]
            rows = [
                found
                for row in rows
                for triple in self.graph
                if (found := _match(parts, triple, row)) is not None
            ]
        return rows

    def _path(self, node: algebra.Path, outer: Solution) -> list[Solution]:
        start, end = _put(node.subject, outer), _put(node.object, outer)
        ends = [part.term for part in (start, end) if isinstance(part, Constant)]
        pairs = self._pairs(node.path, [*self._nodes(), *ends])
        found = (_match([start, end], pair, {}) for pair in pairs)
        return [row for row in found if row is not None]

    def _nodes(self) -> set[str]:
        return {term for s, _, o in self.graph for term in (s, o)}

    def _pairs(self, path: algebra.PathExpression, nodes: list[str]) -> list[tuple[str, str]]:
        """Return the pairs that a path leads between, each as often as it does.

        Spec: https://www.w3.org/TR/sparql11-query/#PropertyPathPatterns
        """
        match path:
            case algebra.Link(iri):
                return [(s, o) for s, p, o in self.graph if p == iri]
            case algebra.NPS(iris):
                return [(s, o) for s, p, o in self.graph if p not in iris]
            case algebra.Inv(inner):
                return [(o, s) for s, o in self._pairs(inner, nodes)]
            case algebra.Alt(paths):
                return [pair for each in paths for pair in self._pairs(each, nodes)]
            case algebra.Seq(paths):
                found = self._pairs(paths[0], nodes)
                for each in paths[1:]:
                    steps = self._pairs(each, nodes)
                    found = [(s, o) for s, mid in found for start, o in steps if mid == start]
                return found
            case algebra.ZeroOrOnePath(inner):
                same = [(term, term) for term in nodes]
                return list(dict.fromkeys([*same, *self._pairs(inner, nodes)]))
            case algebra.ZeroOrMorePath(inner):
                same = [(term, term) for term in nodes]
                return list(dict.fromkeys([*same, *self._closure(inner, nodes)]))
        return list(dict.fromkeys(self._closure(path.path, nodes)))

    def _closure(self, path: algebra.PathExpression, nodes: list[str]) -> Iterator[tuple[str, str]]:
        steps: dict[str, list[str]] = {}
        for s, o in self._pairs(path, nodes):
            steps.setdefault(s, []).append(o)
        for start in steps:
            seen: set[str] = set()
            waiting = list(steps[start])
            while waiting:
                term = waiting.pop()
                if term not in seen:
                    seen.add(term)
                    waiting += steps.get(term, [])
            yield from ((start, term) for term in seen)

    def _join(self, node: algebra.Join, outer: Solution) -> list[Solution]:
        left, right = self.rows(node.left, outer), self.rows(node.right, outer)
        return [{**a, **b} for a, found in partners(left, right) for b in found]

    def _leftjoin(self, node: algebra.LeftJoin, outer: Solution) -> list[Solution]:
        found: list[Solution] = []
        left, right = self.rows(node.left, outer), self.rows(node.right, outer)
        for row, others in partners(left, right):
            merged = [{**row, **other} for other in others]
            kept = [each for each in merged if self._holds(node.condition, each, outer)]
            found += kept or [row]
        return found

    def _lateral(self, node: algebra.Lateral, outer: Solution) -> list[Solution]:
        return [
            {**row, **other}
            for row in self.rows(node.left, outer)
            for other in self.rows(node.right, {**outer, **row})
        ]

    def _filter(self, node: algebra.Filter, outer: Solution) -> list[Solution]:
        rows = self.rows(node.pattern, outer)
        return [row for row in rows if self._holds(node.condition, row, outer)]

    def _union(self, node: algebra.Union, outer: Solution) -> list[Solution]:
        return self.rows(node.left, outer) + self.rows(node.right, outer)

    def _minus(self, node: algebra.Minus, outer: Solution) -> list[Solution]:
        left, right = self.rows(node.left, outer), self.rows(node.right, outer)
        return [
            row
            for row, others in partners(left, right)
            if not any(row.keys() & other.keys() for other in others)
        ]

    def _extend(self, node: algebra.Extend, outer: Solution) -> list[Solution]:
        found = []
        for row in self.rows(node.pattern, outer):
            try:
                value = self.value(node.expression, row, outer)
            except SparqlError:
                found.append(row)
                continue
            name = node.variable.name
            if outer.get(name, value) == value:
                found.append({**row, name: value})
        return found

    def _graph(self, node: algebra.Graph, outer: Solution) -> list[Solution]:
        name = _put(node.name, outer)
        found: list[Solution] = []
        for iri, graph in self.data.named.items():
            if isinstance(name, Constant) and name.term != iri:
                continue
            rows = _Evaluator(self.data, graph, self.base).rows(node.pattern, outer)
            bound = {name.name: iri} if isinstance(name, Variable) else {}
            found += [{**row, **bound} for row in rows if compatible(bound, row)]
        return found

    def _values(self, node: algebra.Values, outer: Solution) -> list[Solution]:
        names = [variable.name for variable in node.variables]
        rows = (
            {name: each.term for name, each in zip(names, row, strict=True) if each is not None}  # type: ignore[union-attr]
            for row in node.rows
        )
        return [row for row in rows if compatible(outer, row)]

    def _tomultiset(self, node: algebra.ToMultiset, outer: Solution) -> list[Solution]:
        shown = {variable.name for variable in _projected(node.query)}
        return self.rows(node.query, {k: v for k, v in outer.items() if k in shown})

    # -- grouping and modifiers --------------------------------------------------------------

    def _aggregatejoin(self, node: algebra.AggregateJoin, outer: Solution) -> list[Solution]:
        groups: dict[tuple[str | None, ...], list[Solution]] = {}
        keys = node.group.keys
        if not keys:
            groups[()] = []
        for row in self.rows(node.group.pattern, outer):
            key = tuple(self._maybe(each, row, outer) for each in keys)
            groups.setdefault(key, []).append(row)
        found = []
        for key, rows in groups.items():
            made = {
                each.name: term
                for each, term in zip(keys, key, strict=True)
                if isinstance(each, Variable) and term is not None
            }
            for variable, aggregation in node.aggregations:
                try:
                    made[variable.name] = self._aggregate(aggregation, rows, outer)
                except SparqlError:
                    continue
            found.append(made)
        return found

    def _aggregate(self, node: algebra.Aggregation, rows: list[Solution], outer: Solution) -> str:
        """Return an aggregate's value: https://www.w3.org/TR/sparql11-query/#setFunctions."""
        if node.expression is None:
            kept = {tuple(sorted(row.items())) for row in rows} if node.distinct else rows
            return of_number(len(kept))
        found = [self._maybe(node.expression, row, outer) for row in rows]
        terms = [term for term in found if term is not None]
        if node.distinct:
            terms = list(dict.fromkeys(terms))
        if node.function == "COUNT":
            return of_number(len(terms))
        if node.function == "SAMPLE":
            if not terms:
                raise SparqlError("nothing to sample")
            return terms[0]
        # An error within makes the whole an error.
        if None in found:
            raise SparqlError("an error within")
        if node.function == "GROUP_CONCAT":
            return literal(node.separator.join(string(term)[0] for term in terms))
        if node.function in ("MIN", "MAX"):
            if not terms:
                raise SparqlError("nothing to compare")
            return (min if node.function == "MIN" else max)(terms, key=order_key)
        total = of_number(0)
        for term in terms:
            total = FUNCTIONS["+"](total, term)
        if node.function == "SUM" or not terms:
            return total
        return FUNCTIONS["/"](total, of_number(len(terms)))

    def _orderby(self, node: algebra.OrderBy, outer: Solution) -> list[Solution]:
        rows = self.rows(node.pattern, outer)
        for expression, descending in reversed(node.keys):
            rows.sort(
                key=lambda row, e=expression: order_key(self._maybe(e, row, outer)),  # type: ignore[misc]
                reverse=descending,
            )
        return rows

    def _project(self, node: algebra.Project, outer: Solution) -> list[Solution]:
        names = {variable.name for variable in node.variables}
        rows = self.rows(node.pattern, outer)
        return [{k: v for k, v in row.items() if k in names} for row in rows]

    def _distinct(self, node: algebra.Distinct, outer: Solution) -> list[Solution]:
        rows = self.rows(node.pattern, outer)
        return list({tuple(sorted(row.items())): row for row in rows}.values())

    def _reduced(self, node: algebra.Reduced, outer: Solution) -> list[Solution]:
        return self.rows(node.pattern, outer)

    def _slice(self, node: algebra.Slice, outer: Solution) -> list[Solution]:
        end = None if node.length is None else node.start + node.length
        return self.rows(node.pattern, outer)[node.start : end]

    # -- expressions -------------------------------------------------------------------------

    def _holds(self, node: Expression, row: Solution, outer: Solution) -> bool:
        try:
            return truth(self.value(node, row, outer))
        except SparqlError:
            return False

    def _maybe(self, node: Expression, row: Solution, outer: Solution) -> str | None:
        try:
            return self.value(node, row, outer)
        except SparqlError:
            return None

    def value(self, node: Expression, row: Solution, outer: Solution) -> str:
        """Return the value of an expression.

        Raises:
            SparqlError: It has none.
        """
        match node:
            case Constant(term):
                return term
            case Variable(name):
                if name not in row and name not in outer:
                    raise SparqlError(f"?{name} has no value")
                return row.get(name) or outer[name]
            case Exists(pattern):
                return of_truth(bool(self.rows(pattern, {**outer, **row})))
            case Function(name, operands):
                special = _SPECIAL.get(name)
                if special is not None:
                    return special(self, operands, row, outer)
                terms = [self.value(each, row, outer) for each in operands]
                if name.startswith("<") and len(name) > 2:
                    return cast(name[1:-1], terms[0])
                return FUNCTIONS[name](*terms)
        raise SparqlError("not known here")

    def _logical(
        self, operands: Iterable[Expression], row: Solution, outer: Solution, end: bool
    ) -> str:
        """Return ``||`` (`end` is true) or ``&&`` (false), with SPARQL's errors."""
        failed: SparqlError | None = None
        for each in operands:
            try:
                if truth(self.value(each, row, outer)) is end:
                    return of_truth(end)
            except SparqlError as error:
                failed = error
        if failed:
            raise failed
        return of_truth(not end)

    def _in(self, operands: tuple[Expression, ...], row: Solution, outer: Solution) -> str:
        value = self.value(operands[0], row, outer)
        failed: SparqlError | None = None
        for each in operands[1:]:
            try:
                if equals(value, self.value(each, row, outer)):
                    return of_truth(True)
            except SparqlError as error:
                failed = error
        if failed:
            raise failed
        return of_truth(False)

    def _if(self, operands: tuple[Expression, ...], row: Solution, outer: Solution) -> str:
        chosen = 1 if truth(self.value(operands[0], row, outer)) else 2
        return self.value(operands[chosen], row, outer)

    def _coalesce(self, operands: tuple[Expression, ...], row: Solution, outer: Solution) -> str:
        for each in operands:
            found = self._maybe(each, row, outer)
            if found is not None:
                return found
        raise SparqlError("no value")

    def _iri(self, operands: tuple[Expression, ...], row: Solution, outer: Solution) -> str:
        term = self.value(operands[0], row, outer)
        text = term[1:-1] if term.startswith("<") else _plain(term)
        return FUNCTIONS["IRI"](f"<{text if self.base is None else resolve(self.base, text)}>")

    def _blank(self, operands: tuple[Expression, ...], row: Solution, outer: Solution) -> str:
        if not operands:
            return f"_:new{next(_BLANKS)}"
        # The same for the same text in one solution, which may have grown by such nodes.
        text = _plain(self.value(operands[0], row, outer))
        known = sorted(each for each in row.items() if not each[1].startswith("_:new"))
        return self.blanks.setdefault((text, *known), f"_:new{next(_BLANKS)}")

    def _bound(self, operands: tuple[Expression, ...], row: Solution, outer: Solution) -> str:
        return of_truth(self._maybe(operands[0], row, outer) is not None)


_SPECIAL: dict[str, Callable[..., str]] = {
    "||": lambda self, operands, row, outer: self._logical(operands, row, outer, True),
    "&&": lambda self, operands, row, outer: self._logical(operands, row, outer, False),
    "IN": _Evaluator._in,
    "IF": _Evaluator._if,
    "COALESCE": _Evaluator._coalesce,
    "BOUND": _Evaluator._bound,
    "IRI": _Evaluator._iri,
    "URI": _Evaluator._iri,
    "BNODE": _Evaluator._blank,
}


def _plain(term: str) -> str:
    """Return the text of a string without a language."""
    text, language = string(term)
    if language:
        raise SparqlError("a text with a language")
    return text


def _put(part: Term, outer: Solution) -> Term:
    """Return a term with what EXISTS puts in."""
    name = part.name if isinstance(part, Variable) else ""
    return Constant(outer[name]) if name in outer else part


def _match(parts: list[Term], terms: tuple[str, ...], row: Solution) -> Solution | None:
    """Return a solution with what a triple gives to a pattern; None if it does not fit."""
    found = dict(row)
    for part, term in zip(parts, terms, strict=True):
        if isinstance(part, Variable):
            if found.setdefault(part.name, term) != term:
                return None
        elif not isinstance(part, Constant) or part.term != term:
            return None
    return found


def _projected(node: Operator) -> tuple[Variable, ...]:
    while not isinstance(node, algebra.Project):
        node = node.pattern  # type: ignore[union-attr]
    return node.variables
