"""What Oxigraph's answers and its data show of the differences that `kg.queries.differences` lists.

Told is what may have changed an answer; what the text of a query shows is told by the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Final

import pyoxigraph as ox

from kg.queries.engine import Row
from kg.sparql import tree
from kg.sparql.guard import Guarded
from kg.sparql.names import Names
from kg.sparql.walk import find, triple_patterns
from kg.terms import is_iri

# Triples of one property that are looked at for a second one with the same ends.
_LOOKED_AT: Final = 10_000
# Pairs of ways of one path that are compared: all pairs of ten ways.
_PAIRS: Final = 45
_SUMS: Final = ("SUM", "AVG")


@dataclass
class Watch:
    """Columns of an answer that are reckoned, and in how many rows each is empty.

    Attributes:
        columns: Name to what makes it: ``GROUP_CONCAT``, ``SUM`` or an operator.
        empty: Name to rows.
    """

    columns: Mapping[str, str]
    empty: dict[str, int] = field(default_factory=dict)

    def rows(self, names: Sequence[str], rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and count what is empty in them."""
        places = [(at, name) for at, name in enumerate(names) if name in self.columns]
        for row in rows:
            for at, name in places:
                if row[at] is None:
                    self.empty[name] = self.empty.get(name, 0) + 1
            yield row

    def remarks(self) -> Iterator[str]:
        """Yield what to tell of empty columns."""
        for name, count in self.empty.items():
            rows = "1 row" if count == 1 else f"{count:,} rows"
            made_by = self.columns[name]
            if made_by == "GROUP_CONCAT":
                reason = "GROUP_CONCAT joins texts alone; write GROUP_CONCAT(STR(…)) for the others"
            elif made_by in _SUMS:
                reason = (
                    f"{made_by} takes numbers alone, and whole ones up to 64 bits; for larger"
                    f" ones write {made_by}(xsd:double(…))"
                )
            else:
                reason = (
                    "its values cannot be reckoned with; whole numbers end at 64 bits, and days"
                    " and times take no months: only --engine table adds those"
                )
            yield f"?{name} is empty in {rows}: {reason}"


def watched(query: Guarded) -> Watch | None:
    """Return the columns of a SELECT that may be empty where SPARQL has a value, if there are."""
    body = query.tree.body
    if not isinstance(body, tree.Select):
        return None
    may_lack = any(find(query.tree, tree.Optional, tree.Union, tree.Undef))
    columns = {}
    for item in body.items or ():
        if not isinstance(item, tree.As):
            continue
        made_by = _made_by(item.expression)
        if made_by is not None and not (may_lack and made_by == "+"):
            columns[item.variable.name] = made_by
    return Watch(columns) if columns else None


def _made_by(expression: tree.Expression) -> str | None:
    """Return what makes the values of an expression that may lack one."""
    for each in find(expression, tree.Aggregate):
        if each.function in _SUMS:
            return each.function
        if each.function == "GROUP_CONCAT":
            # STR may have been written already.
            calls = find(expression, tree.Call)
            return None if any(call.function == "STR" for call in calls) else each.function
    signs = {each.rest[0][0] for each in find(expression, tree.Operation)}
    signs |= {each.operator for each in find(expression, tree.Unary)}
    return "+" if signs & {"+", "-", "*", "/"} else None


def path_remarks(store: ox.Store, query: Guarded, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Yield what to tell of paths with ``|`` whose ways lead between the same terms."""
    names = Names(query.tree, prefixes)
    for pattern in triple_patterns(query.tree):
        ways = pattern.verb.parts if isinstance(pattern.verb, tree.PathAlternative) else ()
        if not all(isinstance(each, tree.Iri | tree.Name) for each in ways):
            continue
        iris = [_iri(each, names) for each in ways]
        for first, second in islice(combinations(iris, 2), _PAIRS):
            ends = tuple(_iri(part, names) for part in (pattern.subject, pattern.object))
            if first and second and _overlap(store, first, second, *ends):
                shown = "|".join(query.text[slice(*each.span)] for each in ways)
                yield (
                    f"{shown} leads by more than one way between some terms: Oxigraph counts that"
                    " once, SPARQL once for each way; write UNION for the latter"
                )
                return


def _iri(node: tree.GraphNode | tree.Path, names: Names) -> ox.NamedNode | None:
    """Return the IRI that a node stands for; None where it is something else, or relative."""
    iri = names.iri(node) if isinstance(node, tree.Iri | tree.Name) else None
    return ox.NamedNode(iri) if iri is not None and is_iri(iri) else None


def _overlap(
    store: ox.Store,
    first: ox.NamedNode,
    second: ox.NamedNode,
    subject: ox.NamedNode | None,
    object_: ox.NamedNode | None,
) -> bool:
    default = ox.DefaultGraph()
    found = islice(store.quads_for_pattern(subject, first, object_, default), _LOOKED_AT)
    return any(ox.Quad(quad.subject, second, quad.object) in store for quad in found)
