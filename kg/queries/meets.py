"""Whether what the two engines answer otherwise can touch a query: a test for each difference.

Each finds too much rather than too little. `kg.queries.differences` lists what they are about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from kg.datatypes import INTEGER_RANGES
from kg.queries import kinds
from kg.queries.engine import Engine
from kg.queries.kinds import Facts, Value, Values
from kg.sparql import tree
from kg.sparql.guard import Guarded
from kg.sparql.names import Names
from kg.sparql.walk import find, triple_patterns
from kg.terms import XSD

_PARTS: Final = (
    *("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS"),
    *("TIMEZONE", "TZ", "ADJUST"),
)
_ROUNDING: Final = ("ABS", "CEIL", "FLOOR", "ROUND")
# Kinds that only one of the engines compares by `<`.
_UNORDERED: Final = frozenset({kinds.NODE, kinds.TAGGED, kinds.TRUTH, kinds.OTHER})
# Kinds of whose truth only one of the engines tells.
_UNTRUE: Final = frozenset({kinds.TAGGED, kinds.HUGE, kinds.OTHER})
_TIMES: Final = frozenset({kinds.DAY, kinds.MOMENT, kinds.TIME, kinds.SPAN})
_ORDERS: Final = frozenset({"<", ">", "<=", ">="})
# A regular expression that all engines read alike: letters, digits, anchors, choices, classes.
_SAFE_PATTERN: Final = re.compile(
    r"\^?(?:[A-Za-z0-9 _/:;,=<>#@!%&~'\"-]|\\[.()\[\]{}*+?^$|\\/-]"
    r"|\[\^?(?:[A-Za-z0-9 _/.](?:-[A-Za-z0-9])?)+\]|[()|])[*+?]?"
    r"(?:(?:[A-Za-z0-9 _/:;,=<>#@!%&~'\"-]|\\[.()\[\]{}*+?^$|\\/-]"
    r"|\[\^?(?:[A-Za-z0-9 _/.](?:-[A-Za-z0-9])?)+\]|[()|])[*+?]?)*\$?"
)


@dataclass
class Asked:
    """A query, and what is known of the graph that it is asked of.

    Attributes:
        query: The query.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        facts: Of which kinds the objects of each predicate are.
        engine: Looks up whether the graph has a triple.
    """

    query: Guarded
    prefixes: Mapping[str, str]
    base: str | None
    facts: Facts
    engine: Callable[[], Engine]
    names: Names = field(init=False)
    values: Values = field(init=False)

    def __post_init__(self) -> None:
        """Read the query."""
        self.names = Names(self.query.tree, self.prefixes, self.base)
        self.values = Values(self.query.tree, self.names, self.facts)

    def calls(self, *functions: str) -> Iterator[tree.Call]:
        """Yield the calls of some functions."""
        for each in find(self.query.tree, tree.Call):
            if each.function in functions:
                yield each

    def aggregates(self, *functions: str) -> Iterator[tree.Aggregate]:
        """Yield the calls of some aggregates, of all if none is named."""
        for each in find(self.query.tree, tree.Aggregate):
            if not functions or each.function in functions:
                yield each

    def reckonings(self) -> Iterator[tuple[tree.Node, list[Value]]]:
        """Yield each sum, difference, product and quotient, with what its operands may be."""
        for each in find(self.query.tree, tree.Operation):
            if each.rest[0][0] in kinds.RECKONED:
                operands = (each.first, *(operand for _, operand in each.rest))
                yield each, [self.values.of(operand) for operand in operands]
        for sign in find(self.query.tree, tree.Unary):
            if sign.operator != "!":
                yield sign, [self.values.of(sign.operand)]


# -- what is looked for --------------------------------------------------------------------------


def respelled(asked: Asked) -> bool:
    """Return whether the form of a value may matter that Oxigraph keeps in another."""
    for each in find(asked.query.tree, tree.Literal):
        if kinds.RESPELLED in asked.values.of(each).kinds:
            return True
    if any(asked.calls("STRDT")):
        return True
    calls = find(asked.query.tree, tree.FunctionCall)
    if any(kinds.RESPELLED in asked.values.of(call).kinds for call in calls):
        return True
    return spelled(asked)


def spelled(asked: Asked) -> bool:
    """Return whether the form of a value of the graph may matter that Oxigraph keeps in another."""
    if kinds.RESPELLED not in asked.values.touched():
        return False
    # Graphs of FROM are one graph, which is no part of what was counted.
    is_one = asked.facts.merged or bool(asked.query.tree.body.datasets)
    return is_one or _shows_form(asked)


def _shows_form(asked: Asked) -> bool:
    """Return whether more than the values matters of variables that may have a respelled one.

    The form of a value is in a solution, and what matches a pattern. It is not in what is compared
    and reckoned.
    """
    body = asked.query.tree.body
    if isinstance(body, tree.Describe) or (
        isinstance(body, tree.Construct) and body.template is None
    ):
        return True
    matched: Counter[str] = Counter()
    for pattern in triple_patterns(asked.query.tree):
        if isinstance(pattern.object, tree.Literal):
            return True
        if any(find(pattern.verb, tree.PathRepeat)):  # leads to each term once
            return True
        matched.update(
            end.name for end in (pattern.subject, pattern.object) if isinstance(end, tree.Variable)
        )
    used = Counter(each.name for each in find(asked.query.tree, tree.Variable))
    by_value = Counter(each.name for each in _by_value(asked))
    stars = any(each.items is None for each in find(asked.query.tree, tree.Select))
    stars = stars or any(each.distinct and each.argument is None for each in asked.aggregates())
    for name in used:
        if kinds.RESPELLED not in asked.values.of(tree.Variable(name)).kinds:
            continue
        if stars or matched[name] > 1 or used[name] > matched[name] + by_value[name]:
            return True
    return False


def _by_value(asked: Asked) -> Iterator[tree.Variable]:
    """Yield the variables of which only the value counts where they are."""
    found: list[Any] = []
    for operation in find(asked.query.tree, tree.Operation):
        found += (operation.first, *(operand for _, operand in operation.rest))
    found += (each.operand for each in find(asked.query.tree, tree.Unary))
    summed = asked.aggregates("SUM", "AVG", "COUNT")
    found += (
        each.argument for each in summed if not each.distinct
    )  # terms are distinct, not values
    found += (argument for each in asked.calls("BOUND", *_ROUNDING) for argument in each.arguments)
    for modifiers in find(asked.query.tree, tree.Modifiers):
        found += (each.expression for each in modifiers.order)
    yield from (each for each in found if isinstance(each, tree.Variable))


def subtypes(asked: Asked) -> bool:
    """Return whether a datatype derived from xsd:integer is named."""
    iris = (asked.names.iri(each) for each in find(asked.query.tree.body, tree.Iri, tree.Name))
    return any(iri in INTEGER_RANGES and iri != f"{XSD}integer" for iri in iris)


def inexact(asked: Asked) -> bool:
    """Return whether numbers are reckoned with, or compared, that an engine rounds or refuses."""
    compared = (side for sides in _compared(asked) for side in sides)
    if any(kinds.HUGE in asked.values.of(each).kinds for each in compared):
        return True
    for node, operands in asked.reckonings():
        found = asked.values.of(node)
        if found.numbers and not (found.is_exact and all(each.is_exact for each in operands)):
            return True
    for each in asked.aggregates("SUM", "AVG"):
        given, found = asked.values.of(each.argument), asked.values.of(each)
        if given.numbers and not found.is_exact:
            return True
    rounded = asked.calls(*_ROUNDING)
    return any(not asked.values.of(each).is_exact for each in rounded)


def ways(asked: Asked) -> bool:
    """Return whether two ways of a path may lead between the same terms."""
    for pattern in triple_patterns(asked.query.tree):
        if any(find(pattern.verb, tree.PathNegated)):  # any other property is a way
            return True
        if any(_may_overlap(asked, each) for each in find(pattern.verb, tree.PathAlternative)):
            return True
    return False


def _may_overlap(asked: Asked, path: tree.PathAlternative) -> bool:
    """Return whether two ways of a path lead between the same terms."""
    ways = [_way(asked, part) for part in path.parts]
    if None in ways:
        return True
    engine = asked.engine()
    for first, second in combinations(filter(None, ways), 2):
        if first == second:
            return True
        for s, _, o in engine.triples(p=first[0]):
            start, end = (o, s) if first[1] else (s, o)
            start, end = (end, start) if second[1] else (start, end)
            if not start.startswith('"') and engine.has(s=start, p=second[0], o=end):
                return True
    return False


def _way(asked: Asked, path: tree.Path) -> tuple[str, bool] | None:
    """Return the predicate of a way and whether it goes against it; None for a longer one."""
    inner = path.path if isinstance(path, tree.PathInverse) else path
    if not isinstance(inner, tree.Iri | tree.Name):
        return None
    iri = asked.names.iri(inner)
    return None if iri is None else (f"<{iri}>", inner is not path)


def joined_terms(asked: Asked) -> bool:
    """Return whether GROUP_CONCAT may join texts with a language."""
    joined = asked.aggregates("GROUP_CONCAT")
    return any(kinds.TAGGED in asked.values.of(each.argument).kinds for each in joined)


def times(asked: Asked) -> bool:
    """Return whether times of day and the like may be reckoned with, ordered or taken apart."""
    return _reckons_or_orders(asked, kinds.TIME) or any(
        kinds.TIME in asked.values.of(each.arguments[0]).kinds for each in asked.calls(*_PARTS)
    )


def durations(asked: Asked) -> bool:
    """Return whether durations may be reckoned with, or put in an order."""
    return _reckons_or_orders(asked, kinds.SPAN)


def _reckons_or_orders(asked: Asked, kind: str) -> bool:
    if any(kind in operand.kinds for _, found in asked.reckonings() for operand in found):
        return True
    orders = [each.first for each in _comparisons(asked) if each.rest[0][0] in _ORDERS]
    orders += [each.argument for each in asked.aggregates("MIN", "MAX") if each.argument]
    for modifiers in find(asked.query.tree, tree.Modifiers):
        orders += [each.expression for each in modifiers.order]
    return any(kind in asked.values.of(each).kinds for each in orders)


def equal_times(asked: Asked) -> bool:
    """Return whether days, times or durations may be compared by `=`, `!=` or `IN`.

    Times of day and years count beside any other literal, too.
    """
    return any(
        _are_times(*(asked.values.of(side).kinds for side in sides))
        for sides in _compared(asked, orders=False)
    )


def _are_times(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two values may be times, or the like, that the engines compare otherwise."""
    if one & _TIMES and other & _TIMES:
        return True
    return any(
        kinds.TIME in first and second - {kinds.NODE, kinds.RESPELLED}
        for first, second in ((one, other), (other, one))
    )


def _compared(asked: Asked, *, orders: bool = True) -> Iterator[tuple[tree.Node, tree.Node]]:
    """Yield what is compared with each other, also by `IN`.

    Args:
        asked: The query.
        orders: Whether `<` and the like count.
    """
    for each in _comparisons(asked):
        if orders or each.rest[0][0] not in _ORDERS:
            yield each.first, each.rest[0][1]
    for listed in find(asked.query.tree, tree.In):
        yield from ((listed.value, option) for option in listed.options)


def _comparisons(asked: Asked) -> Iterator[tree.Operation]:
    for each in find(asked.query.tree, tree.Operation):
        if each.rest[0][0] in (*_ORDERS, "=", "!="):
            yield each


def tagged(asked: Asked) -> bool:
    """Return whether `<` may compare, or a condition be, what only one engine takes."""
    for each in _comparisons(asked):
        sides = (each.first, each.rest[0][1])
        if each.rest[0][0] in _ORDERS and all(
            asked.values.of(side).kinds & _UNORDERED for side in sides
        ):
            return True
    return any(asked.values.of(each).kinds & _UNTRUE for each in _conditions(asked))


def _conditions(asked: Asked) -> Iterator[tree.Node]:
    """Yield the expressions whose truth is asked."""
    for each in find(asked.query.tree, tree.Filter):
        yield each.condition
    for modifiers in find(asked.query.tree, tree.Modifiers):
        yield from modifiers.having
    for operation in find(asked.query.tree, tree.Operation):
        if operation.rest[0][0] in ("&&", "||"):
            yield from (operation.first, *(operand for _, operand in operation.rest))
    for sign in find(asked.query.tree, tree.Unary):
        if sign.operator == "!":
            yield sign.operand
    yield from (call.arguments[0] for call in asked.calls("IF"))


# Kinds that have an order among each other.
_GROUPS: Final = (
    frozenset({kinds.WHOLE, kinds.LONG, kinds.DECIMAL, kinds.DOUBLE}),
    *(frozenset({kind}) for kind in (kinds.TEXT, kinds.TAGGED, kinds.TRUTH, kinds.DAY)),
    frozenset({kinds.MOMENT}),
)


def mixed(asked: Asked) -> bool:
    """Return whether values of different kinds may be put in an order."""
    keys: list[Any] = [each.argument for each in asked.aggregates("MIN", "MAX")]
    for modifiers in find(asked.query.tree, tree.Modifiers):
        keys += [each.expression for each in modifiers.order]
    for key in keys:
        found = asked.values.of(key).kinds - {kinds.NODE, kinds.RESPELLED}
        if not any(found <= group for group in _GROUPS):
            return True
    return False


def graphs(asked: Asked) -> bool:
    """Return whether ``GRAPH ?g`` holds more than triples and filters of their variables."""
    for each in find(asked.query.tree, tree.GraphGroup):
        if not isinstance(each.name, tree.Variable):
            continue
        parts = each.group.elements if isinstance(each.group, tree.Group) else (each.group,)
        is_plain = all(isinstance(part, tree.Triples | tree.Filter) for part in parts)
        has_triples = any(isinstance(part, tree.Triples) for part in parts)
        is_apart = each.name not in find(each.group, tree.Variable)
        if not (is_plain and has_triples and is_apart) or any(find(each.group, tree.Exists)):
            return True
    return False


def subtracted(asked: Asked) -> bool:
    """Return whether ``EXISTS`` holds ``MINUS``."""
    return any(any(find(each, tree.Minus)) for each in find(asked.query.tree, tree.Exists))


def absent(asked: Asked) -> bool:
    """Return whether a path that may have no step begins or ends with a term the graph lacks."""
    is_whole = not asked.query.tree.body.datasets
    for pattern in triple_patterns(asked.query.tree):
        if not any(each.mark != "+" for each in find(pattern.verb, tree.PathRepeat)):
            continue
        for end in (pattern.subject, pattern.object):
            if isinstance(end, tree.Literal):
                return True
            if isinstance(end, tree.Iri | tree.Name):
                term, engine = f"<{asked.names.iri(end)}>", asked.engine()
                there = engine.has(s=term) or engine.has(o=term)
                if not (there and is_whole and pattern.graph is None):
                    return True
    return False


def patterns(asked: Asked) -> bool:
    """Return whether a regular expression has more than letters, classes, choices, repetitions."""
    for each in asked.calls("REGEX", "REPLACE"):
        at = 3 if each.function == "REPLACE" else 2
        pattern, flags = each.arguments[1], each.arguments[at:]
        if not isinstance(pattern, tree.Literal) or not _SAFE_PATTERN.fullmatch(pattern.lexical):
            return True
        if _is_doubtful(pattern.lexical, may_match_nothing=at == 2):
            return True
        if any(not isinstance(flag, tree.Literal) or flag.lexical not in "i" for flag in flags):
            return True
        made = each.arguments[2] if at == 3 else pattern
        if not isinstance(made, tree.Literal) or (at == 3 and re.search(r"[\\$]", made.lexical)):
            return True
    return False


def _is_doubtful(pattern: str, *, may_match_nothing: bool) -> bool:
    """Return whether a pattern is invalid, or matches the empty text, which REPLACE may not."""
    try:
        found = re.search(pattern, "")
    except re.error:
        return True
    return found is not None and not may_match_nothing


def described(asked: Asked) -> bool:
    """Return whether DESCRIBE names a term beside a WHERE."""
    body = asked.query.tree.body
    if not isinstance(body, tree.Describe) or body.where is None:
        return False
    return any(isinstance(each, tree.Iri | tree.Name) for each in body.targets or ())


def pieces(asked: Asked) -> bool:
    """Return whether SUBSTR may have numbers that are not whole."""
    for each in asked.calls("SUBSTR"):
        for place in each.arguments[1:]:
            found = asked.values.of(place)
            if not found.kinds <= {kinds.WHOLE, kinds.RESPELLED}:
                return True
    return False


def labelled_blanks(asked: Asked) -> bool:
    """Return whether BNODE has a text."""
    return any(each.arguments for each in asked.calls("BNODE"))


def counted_expressions(asked: Asked) -> bool:
    """Return whether COUNT has another expression than a variable."""
    counted = (each.argument for each in asked.aggregates("COUNT"))
    return any(each is not None and not isinstance(each, tree.Variable) for each in counted)


def empty_lists(asked: Asked) -> bool:
    """Return whether IN has an empty list."""
    return any(not each.options for each in find(asked.query.tree, tree.In))
