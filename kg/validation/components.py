"""Constraint components that replace pySHACL's own.

pySHACL compares values as Python does: a date with a dateTime, texts in different languages; a
blank node aborts the run. Its patterns are Python's. The components here compare values as SPARQL
does and read patterns as XPath does, as SHACL requires. All others remain pySHACL's.

Import this module lazily: importing pySHACL is slow.

Spec: https://www.w3.org/TR/shacl/#core-components-range,
https://www.w3.org/TR/shacl/#PatternConstraintComponent
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core import property_pair_constraints as pairs
from pyshacl.constraints.core import string_based_constraints as strings
from pyshacl.constraints.core import value_range_constraints as ranges
from pyshacl.pytypes import RDFNode as Node
from pyshacl.shape import Shape
from rdflib import BNode, Graph

from kg.validation.compare import holds
from kg.validation.regex import read_regex
from kg.validation.terms import from_rdflib

# pySHACL's form of an evaluation: whether there are violations, and a result for each.
Reports = tuple[bool, list[Any]]


@contextmanager
def own_components() -> Iterator[None]:
    """Make pySHACL use kg's components within the body."""
    known = CONSTRAINT_PARAMETERS_MAP
    before = {parameter: known[parameter] for parameter in _COMPONENTS}
    known.update(_COMPONENTS)
    described = ConstraintComponent.make_v_result_description
    ConstraintComponent.make_v_result_description = _undescribed  # type: ignore[method-assign]
    try:
        yield
    finally:
        ConstraintComponent.make_v_result_description = described  # type: ignore[method-assign]
        known.update(before)


def _undescribed(*_: object, **__: object) -> str:
    """Return an empty description instead of pySHACL's, which is slow and not used."""
    return ""


class LessThan(pairs.LessThanConstraintComponent):
    """Each value is less than all values of another property."""

    def _compare_lt(
        self, values: Iterable[Node], others: Iterable[Node], graph: Graph, focus: Node
    ) -> Reports:
        return _pairs(self, "<", values, others, graph, focus)


class LessThanOrEquals(pairs.LessThanOrEqualsConstraintComponent):
    """Each value is less than or equal to all values of another property."""

    def _compare_ltoe(
        self, values: Iterable[Node], others: Iterable[Node], graph: Graph, focus: Node
    ) -> Reports:
        return _pairs(self, "<=", values, others, graph, focus)


class MinExclusive(ranges.MinExclusiveConstraintComponent):
    """Each value is greater than a bound."""

    def _evaluate_min_rule(
        self, bound: Node, graph: Graph, values: Mapping[Node, Iterable[Node]]
    ) -> Reports:
        return _bounded(self, ">", bound, graph, values)


class MinInclusive(ranges.MinInclusiveConstraintComponent):
    """Each value is greater than or equal to a bound."""

    def _evaluate_min_rule(
        self, bound: Node, graph: Graph, values: Mapping[Node, Iterable[Node]]
    ) -> Reports:
        return _bounded(self, ">=", bound, graph, values)


class MaxExclusive(ranges.MaxExclusiveConstraintComponent):
    """Each value is less than a bound."""

    def _evaluate_max_rule(
        self, bound: Node, graph: Graph, values: Mapping[Node, Iterable[Node]]
    ) -> Reports:
        return _bounded(self, "<", bound, graph, values)


class MaxInclusive(ranges.MaxInclusiveConstraintComponent):
    """Each value is less than or equal to a bound."""

    def _evaluate_max_rule(
        self, bound: Node, graph: Graph, values: Mapping[Node, Iterable[Node]]
    ) -> Reports:
        return _bounded(self, "<=", bound, graph, values)


class Pattern(strings.PatternConstraintComponent):
    """The text of each value matches regular expressions."""

    def __init__(self, shape: Shape) -> None:
        # Skip pySHACL's own constructor: it would compile the patterns with Python's re.
        strings.StringBasedConstraintBase.__init__(self, shape)
        self.string_rules = [*shape.sg.graph.objects(shape.node, strings.SH_pattern)]  # type: ignore[list-item]
        flags = next(iter(shape.sg.graph.objects(shape.node, strings.SH_flags)), "")
        self._given = str(flags).lower()

    def _evaluate_string_rule(
        self, pattern: Node, graph: Graph, values: Mapping[Node, Iterable[Node]]
    ) -> Reports:
        regex = read_regex(str(pattern), self._given)
        rows = [(focus, value) for focus, found in values.items() for value in found]
        # Blank nodes match no pattern.
        asked = [(focus, value) for focus, value in rows if not isinstance(value, BNode)]
        told = regex.matches([str(value) for _, value in asked])
        good = {row for row, matches in zip(asked, told, strict=True) if matches}
        return _reports(self, graph, (row for row in rows if row not in good))


def _pairs(
    component: ConstraintComponent,
    sign: str,
    values: Iterable[Node],
    others: Iterable[Node],
    graph: Graph,
    focus: Node,
) -> Reports:
    compared = [from_rdflib(other) for other in others]
    bad = (
        (focus, value)
        for value in values
        for other in compared
        if not holds(from_rdflib(value), sign, other)
    )
    return _reports(component, graph, bad)


def _bounded(
    component: ConstraintComponent,
    sign: str,
    bound: Node,
    graph: Graph,
    values: Mapping[Node, Iterable[Node]],
) -> Reports:
    limit = from_rdflib(bound)
    bad = (
        (focus, value)
        for focus, found in values.items()
        for value in found
        if not holds(from_rdflib(value), sign, limit)
    )
    return _reports(component, graph, bad)


def _reports(
    component: ConstraintComponent, graph: Graph, bad: Iterable[tuple[Node, Node]]
) -> Reports:
    found = [component.make_v_result(graph, focus, value_node=value) for focus, value in bad]
    return bool(found), found


_COMPONENTS: Final = {
    parameter: component
    for component in (
        *(LessThan, LessThanOrEquals, MinExclusive, MinInclusive, MaxExclusive, MaxInclusive),
        Pattern,
    )
    for parameter in component.constraint_parameters()
}
